//! `mmdiff distinguish`

use super::{fuzz::stop_flag, sides, DistinguishArgs, Format, Outcome};
use crate::columns::paragraph;
use crate::distinguish::{distinguish as search, Bug, ChangeLog, Entry, Options};
use crate::words::counted;
use anyhow::{bail, Result};
use mm_reference::profile::{Profile, Switch};
use mm_reference::text::write;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(super) fn distinguish(args: DistinguishArgs) -> Result<Outcome> {
    let (a, b) = (Profile::named(&args.a)?, Profile::named(&args.b)?);
    let stop = stop_flag()?;
    let options = Options {
        seed: args.seed,
        time: args.time,
        jobs: args.jobs.unwrap_or_else(|| crate::sys::allowed_cpus().len()),
    };
    let started = Instant::now();
    let log = search(&a, &b, &options, &stop);
    let seconds = started.elapsed().as_secs_f64();
    match args.format {
        Format::Text => print!("{}", text(&log, &args, seconds)),
        Format::Json => println!("{:#}", json(&log, &args, seconds)),
    }
    if stop.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    let same = log.entries.is_empty() && log.bugs.is_empty();
    Ok(if same { Outcome::Agree } else { Outcome::Diverged })
}

fn text(log: &ChangeLog, args: &DistinguishArgs, seconds: f64) -> String {
    let (a, b) = (&args.a, &args.b);
    let mut text = format!(
        "What changes from {a} to {b}: each entry with its rule alone switched, - as in {a}, + as in {b}\n"
    );
    for (number, entry) in log.entries.iter().enumerate() {
        text.push_str(&format!("\n{}. {}", number + 1, entry.render(a, b)));
    }
    text.push('\n');
    match log.rules() {
        0 => text.push_str("no rule differs, so there was nothing to search for\n"),
        rules => text.push_str(&format!(
            "{}: {} shown by a program, {} not found, {} not to be seen, in {seconds:.1} s ({}, seed {})\n",
            match rules {
                1 => "1 rule differs".to_owned(),
                rules => format!("{rules} rules differ"),
            },
            log.entries.len(),
            log.missing.len(),
            log.unseen.len(),
            counted(log.programs, "program"),
            args.seed
        )),
    }
    let mut say = |line: String| {
        text.push_str(&paragraph(&line, ""));
        text.push('\n');
    };
    for switch in &log.missing {
        say(format!("not found: {}: {}", switch.name(), switch.text()));
    }
    for switch in &log.unseen {
        let why = switch.unseen().unwrap_or_default();
        say(format!("not to be seen: {}: {why}", switch.name()));
    }
    say(match log.bugs.len() {
        0 => "no known bug differs".to_owned(),
        1 => "1 known bug differs (mmdiff known):".to_owned(),
        bugs => format!("{bugs} known bugs differ (mmdiff known):"),
    });
    for Bug { quirk, in_b } in &log.bugs {
        let (has, lacks) = if *in_b { (b, a) } else { (a, b) };
        let line = format!("{}, in {has}, not in {lacks}: {}", quirk.name(), quirk.text());
        text.push_str(&paragraph(&line, "  "));
        text.push('\n');
    }
    text
}

fn json(log: &ChangeLog, args: &DistinguishArgs, seconds: f64) -> serde_json::Value {
    let name = |switch: &Switch| switch.name();
    json!({
        "mmdiff": env!("CARGO_PKG_VERSION"),
        "a": args.a,
        "b": args.b,
        "seed": args.seed,
        "seconds": seconds,
        "programs": log.programs,
        "rules": log.rules(),
        "entries": log.entries.iter().map(record).collect::<Vec<_>>(),
        "missing": log.missing.iter().map(name).collect::<Vec<_>>(),
        "unseen": log.unseen.iter().map(name).collect::<Vec<_>>(),
        "bugs": log.bugs.iter().map(bug).collect::<Vec<_>>(),
    })
}

fn bug(bug: &Bug) -> serde_json::Value {
    let Bug { quirk, in_b } = bug;
    json!({
        "name": quirk.name(),
        "text": quirk.text(),
        "function": quirk.function(),
        "in": if *in_b { "b" } else { "a" },
        "program": quirk.program(),
    })
}

fn record(entry: &Entry) -> serde_json::Value {
    json!({
        "rule": entry.cause.name(),
        "text": entry.cause.text(),
        "function": entry.cause.function(),
        "in": if entry.on_in_b { "b" } else { "a" },
        "needs": entry.needs.iter().map(|switch| switch.name()).collect::<Vec<_>>(),
        "program": write(&entry.program),
        "lines": sides::lines(&entry.lines),
        "differences": sides::differences(&entry.differences),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    fn args(a: &str, b: &str) -> DistinguishArgs {
        let (time, format) = (Duration::ZERO, Format::Text);
        DistinguishArgs { a: a.to_owned(), b: b.to_owned(), time, seed: 1, jobs: Some(1), format }
    }

    fn log(a: &str, b: &str) -> (ChangeLog, String) {
        let args = args(a, b);
        let profile = |name| Profile::named(name).expect("a profile");
        let options = Options { seed: 1, time: Duration::ZERO, jobs: 1 };
        let log = search(&profile(a), &profile(b), &options, &AtomicBool::new(false));
        let text = text(&log, &args, 0.0);
        (log, text)
    }

    #[test]
    fn nothing_to_search_for_is_not_nothing_found() {
        let (log, text) = log("6.18", "6.18");
        assert_eq!((log.rules(), log.bugs.len()), (0, 0));
        insta::assert_snapshot!(text, @r"
        What changes from 6.18 to 6.18: each entry with its rule alone switched, - as in 6.18, + as in 6.18

        no rule differs, so there was nothing to search for
        no known bug differs
        ");
    }

    #[test]
    fn known_bugs_that_differ_are_told() {
        let (log, text) = log("7.0", "7.1");
        let names: Vec<_> = log.bugs.iter().map(|bug| (bug.quirk.name(), bug.in_b)).collect();
        assert!(names.contains(&("anon-shown-as-ksm", false)), "{names:?}");
        assert!(
            text.contains("  anon-shown-as-ksm, in 7.0, not in 7.1: kpageflags shows"),
            "{text}"
        );
        assert!(log.rules() > 0 && text.contains(" not found, "), "{text}");
        assert_eq!(json(&log, &args("7.0", "7.1"), 0.0)["bugs"][0]["in"], "a");
    }
}
