//! `mmdiff defects`

use super::{fuzz::stop_flag, kernel, DefectsArgs, Format, Outcome};
use crate::defects::{Caught, Hunt, Hunter, Options};
use crate::observe::Capabilities;
use crate::run::RunError;
use crate::subject::Config;
use anyhow::{bail, Context, Result};
use mm_reference::defect::{Defect, DEFECTS};
use mm_reference::profile::Profile;
use mm_reference::text::write;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::time::Instant;

pub(super) fn defects(args: DefectsArgs) -> Result<Outcome> {
    let (profile, _) = kernel()?;
    let wanted: Vec<Defect> =
        DEFECTS.iter().copied().filter(|d| d.name().contains(&args.only)).collect();
    if wanted.is_empty() {
        bail!("no defect is called like {:?}", args.only);
    }
    let stop = stop_flag()?;
    let started = Instant::now();
    let mut results = Vec::new();
    let options = Options { seed: args.seed, time: args.time_each };
    let jobs = args.jobs.unwrap_or_else(|| crate::sys::allowed_cpus().len());
    hunt_all(&profile, &wanted, jobs, &options, &stop, |defect, hunt| {
        if args.format == Format::Text {
            print!("{}", entry(defect, &hunt));
        }
        results.push((defect, hunt));
    })
    .context("failed to run the programs")?;
    results.sort_by_key(|(defect, _)| *defect);
    let survivors: Vec<&str> = results
        .iter()
        .filter(|(_, hunt)| matches!(hunt, Hunt::Survived { .. }))
        .map(|(defect, _)| defect.name())
        .collect();
    let seconds = started.elapsed().as_secs_f64();
    let count = |is: fn(&Hunt) -> bool| results.iter().filter(|(_, hunt)| is(hunt)).count();
    let caught = count(|hunt| matches!(hunt, Hunt::Caught(_)));
    let absent = count(|hunt| matches!(hunt, Hunt::NotHere(_)));
    match args.format {
        Format::Json => {
            let entries: Vec<_> =
                results.iter().map(|(defect, hunt)| record(*defect, hunt)).collect();
            println!(
                "{:#}",
                json!({
                    "seed": args.seed,
                    "seconds": seconds,
                    "caught": caught,
                    "not_here": absent,
                    "survivors": survivors,
                    "defects": entries,
                })
            );
        }
        Format::Text => {
            println!(
                "{caught} defects caught, {} survived, {absent} not to be seen on this kernel, in {seconds:.1} s (seed {})",
                survivors.len(),
                args.seed
            );
            for name in &survivors {
                println!("survived: {name}");
            }
        }
    }
    if caught + absent + survivors.len() < wanted.len() {
        bail!("interrupted");
    }
    Ok(if survivors.is_empty() { Outcome::Agree } else { Outcome::Diverged })
}

/// Hunts all of them, several at a time; each is told as soon as it is done.
fn hunt_all(
    profile: &Arc<Profile>,
    wanted: &[Defect],
    jobs: usize,
    options: &Options,
    stop: &AtomicBool,
    mut done: impl FnMut(Defect, Hunt),
) -> Result<(), RunError> {
    let cpus = crate::sys::allowed_cpus();
    let caps = Capabilities::detect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for number in 0..jobs.clamp(1, wanted.len()) {
            let (send, next, caps) = (send.clone(), &next, caps.clone());
            let config =
                Config { cpu: cpus.get(number % cpus.len().max(1)).copied(), ..Config::default() };
            scope.spawn(move || {
                let mut hunter = Hunter::new(config, profile, caps);
                while let Some(&defect) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = hunter.hunt(defect, options, stop);
                    let failed = result.is_err();
                    if stop.load(Ordering::Relaxed)
                        || send.send((defect, result)).is_err()
                        || failed
                    {
                        break;
                    }
                }
            });
        }
        drop(send);
        for (defect, result) in receive {
            match result {
                Ok(hunt) => done(defect, hunt),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

fn entry(defect: Defect, hunt: &Hunt) -> String {
    let verdict = match hunt {
        Hunt::Caught(caught) => caught_by(caught),
        Hunt::Survived { programs, .. } => format!("SURVIVED {programs} programs"),
        Hunt::NotHere(lack) => format!("not on this kernel: {lack}"),
    };
    let mut text =
        format!("{:<30} {:<10} {verdict}\n    {}\n", defect.name(), defect.area(), defect.text());
    match hunt {
        Hunt::Caught(caught) => {
            for line in write(&caught.program).lines() {
                text.push_str(&format!("        {line}\n"));
            }
            text.push_str(&format!("        # the defect would show as {}\n", caught.difference));
        }
        Hunt::Survived { unconfirmed: Some(program), .. } => {
            text.push_str("      the models differ by this program, but the kernel is with neither or both:\n");
            for line in write(program).lines() {
                text.push_str(&format!("        {line}\n"));
            }
        }
        _ => {}
    }
    text
}

fn caught_by(caught: &Caught) -> String {
    let operations = caught.program.ops().count();
    format!(
        "{operations} operation{}, {} program{} tried, {:.2} s",
        if operations == 1 { "" } else { "s" },
        caught.programs,
        if caught.programs == 1 { "" } else { "s" },
        caught.time.as_secs_f64()
    )
}

fn record(defect: Defect, hunt: &Hunt) -> serde_json::Value {
    let mut record = json!({
        "name": defect.name(),
        "area": defect.area(),
        "text": defect.text(),
    });
    let more = match hunt {
        Hunt::Caught(caught) => json!({
            "verdict": "caught",
            "programs": caught.programs,
            "seconds": caught.time.as_secs_f64(),
            "program": write(&caught.program),
            "difference": caught.difference.to_string(),
        }),
        Hunt::Survived { programs, unconfirmed } => json!({
            "verdict": "survived",
            "programs": programs,
            "unconfirmed": unconfirmed.as_ref().map(write),
        }),
        Hunt::NotHere(lack) => json!({ "verdict": "not here", "lacks": lack }),
    };
    if let (Some(record), serde_json::Value::Object(more)) = (record.as_object_mut(), more) {
        record.extend(more);
    }
    record
}
