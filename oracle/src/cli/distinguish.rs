//! `mmdiff distinguish`

use super::{fuzz::stop_flag, sides, DistinguishArgs, Format, Outcome};
use crate::distinguish::{distinguish as search, ChangeLog, Entry, Options};
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
    Ok(if log.entries.is_empty() { Outcome::Agree } else { Outcome::Diverged })
}

fn text(log: &ChangeLog, args: &DistinguishArgs, seconds: f64) -> String {
    let (a, b) = (&args.a, &args.b);
    let mut text = format!(
        "What changes from {a} to {b}: each entry with its rule alone switched, - as in {a}, + as in {b}\n"
    );
    for (number, entry) in log.entries.iter().enumerate() {
        text.push_str(&format!("\n{}. {}", number + 1, entry.render(a, b)));
    }
    text.push_str(&format!(
        "\n{} found, {} not found, {} not to be seen, in {seconds:.1} s ({} programs, seed {})\n",
        log.entries.len(),
        log.missing.len(),
        log.unseen.len(),
        log.programs,
        args.seed
    ));
    for switch in &log.missing {
        text.push_str(&format!("not found: {}: {}\n", switch.name(), switch.text()));
    }
    for switch in &log.unseen {
        let why = switch.unseen().unwrap_or_default();
        text.push_str(&format!("not to be seen: {}: {why}\n", switch.name()));
    }
    text
}

fn json(log: &ChangeLog, args: &DistinguishArgs, seconds: f64) -> serde_json::Value {
    let name = |switch: &Switch| switch.name();
    json!({
        "a": args.a,
        "b": args.b,
        "seed": args.seed,
        "seconds": seconds,
        "programs": log.programs,
        "entries": log.entries.iter().map(record).collect::<Vec<_>>(),
        "missing": log.missing.iter().map(name).collect::<Vec<_>>(),
        "unseen": log.unseen.iter().map(name).collect::<Vec<_>>(),
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
