//! `mmdiff defects`

use super::{fuzz::stop_flag, kernel_with, DefectsArgs, Format, Outcome};
use crate::defects::{hunt_all, named, End, Hunted, Options};
use crate::words::counted;
use anyhow::{bail, Context, Result};
use mm_reference::defect::Defect;
use serde_json::json;
use std::time::Instant;

pub(super) fn defects(args: DefectsArgs) -> Result<Outcome> {
    let mut show = Show::new(&args)?;
    let (profile, _, control) = kernel_with(args.settings)?;
    let stop = stop_flag()?;
    let options = Options { seed: args.seed, time: args.time_each };
    let jobs = args.jobs.unwrap_or_else(|| crate::sys::allowed_cpus().len());
    let wanted = show.wanted.clone();
    let kernel = (&*profile, control.as_ref());
    hunt_all(kernel, &wanted, jobs, &options, &stop, |hunted| show.hunted(hunted))
        .context("failed to run the programs")?;
    show.finish()
}

/// Prints what hunts came to.
pub(super) struct Show {
    format: Format,
    seed: u64,
    started: Instant,
    wanted: Vec<Defect>,
    results: Vec<Hunted>,
}

impl Show {
    pub(super) fn new(args: &DefectsArgs) -> Result<Show> {
        let wanted = named(&args.only);
        if wanted.is_empty() {
            bail!("no defect is called like `{}`", args.only);
        }
        let (format, seed, results) = (args.format, args.seed, Vec::new());
        Ok(Show { format, seed, started: Instant::now(), wanted, results })
    }

    pub(super) fn hunted(&mut self, hunted: Hunted) {
        if self.format == Format::Text {
            print!("{}", hunted.text);
        }
        self.results.push(hunted);
    }

    /// Prints the numbers of all.
    pub(super) fn finish(mut self) -> Result<Outcome> {
        let place = |hunted: &Hunted| self.wanted.iter().position(|d| d.name() == hunted.name);
        self.results.sort_by_key(place);
        let of = |end| self.results.iter().filter(move |hunted| hunted.end == end);
        let survivors: Vec<&str> = of(End::Survived).map(|hunted| hunted.name.as_str()).collect();
        let (caught, absent) = (of(End::Caught).count(), of(End::NotHere).count());
        let seconds = self.started.elapsed().as_secs_f64();
        match self.format {
            Format::Json => {
                let entries: Vec<_> = self.results.iter().map(|hunted| &hunted.record).collect();
                println!(
                    "{:#}",
                    json!({
                        "mmdiff": env!("CARGO_PKG_VERSION"),
                        "seed": self.seed,
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
                    "{} caught, {} survived, {absent} not to be seen on this kernel, in {seconds:.1} s (seed {})",
                    counted(caught, "defect"),
                    survivors.len(),
                    self.seed
                );
                for name in &survivors {
                    println!("survived: {name}");
                }
            }
        }
        if self.results.len() < self.wanted.len() {
            bail!("interrupted");
        }
        Ok(if survivors.is_empty() { Outcome::Agree } else { Outcome::Diverged })
    }
}
