//! `mmdiff fuzz`

use super::{kernel_with, Format, FuzzArgs, Outcome};
use crate::campaign::{self, Limit, Options, Progress};
use crate::generate::Theme;
use crate::observe::Capabilities;
use crate::profile::contradictions;
use crate::words::counted;
use anyhow::{bail, Context, Result};
use mm_reference::profile::Profile;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// How long a campaign takes if nothing is said.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

pub(super) fn fuzz(args: FuzzArgs) -> Result<Outcome> {
    let (mut profile, origins, control) = kernel_with(args.settings)?;
    if args.defect.is_some() {
        profile = Arc::new(Profile { defect: args.defect, ..(*profile).clone() });
    }
    let caps = Capabilities::detect();
    let limit = match (args.programs, args.time) {
        (Some(programs), _) => Limit::Programs(programs),
        (None, time) => Limit::Time(time.unwrap_or(DEFAULT_TIME)),
    };
    let options = Options {
        limit,
        seed: args.seed.unwrap_or_else(rand::random),
        jobs: args.jobs.unwrap_or_else(|| crate::sys::allowed_cpus().len()),
        observe: args.observe.observe(),
        max_ops: args.max_ops.into(),
        theme: args.focus.and_then(|focus| Theme::of_focus(focus.name())),
        until_found: args.until_found,
        out: args.out,
        contradictions: contradictions(&origins),
        control,
    };
    if args.format == Format::Text {
        println!(
            "mmdiff: Linux {} against the reference, {}, seed {}",
            profile.version,
            counted(options.jobs, "worker"),
            options.seed
        );
    }
    let stop = stop_flag()?;
    let progress = Progress::new(args.format == Format::Json);
    let summary = campaign::run(&options, &profile, &caps, stop, &progress)
        .context("failed to run the campaign")?;
    match args.format {
        Format::Text => print!("{summary}"),
        Format::Json => println!("{:#}", summary.json()),
    }
    match summary.incomplete() {
        None if summary.findings.is_empty() => Ok(Outcome::Agree),
        Some(why) if summary.findings.is_empty() => bail!("{why}"),
        _ => Ok(Outcome::Diverged),
    }
}

/// A flag that Ctrl-C sets; a second Ctrl-C ends the process at once.
pub(super) fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("failed to start the thread that watches for Ctrl-C")?;
    Ok(stop)
}
