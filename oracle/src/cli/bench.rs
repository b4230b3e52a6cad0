//! `mmdiff bench`

use super::{runner, BenchArgs, Format, Outcome};
use crate::bench;
use anyhow::{Context, Result};

pub(super) fn bench(args: BenchArgs) -> Result<Outcome> {
    let effort = if args.quick { bench::Effort::QUICK } else { bench::Effort::FULL };
    let report = bench::measure(&mut runner(false)?, &effort, bench::Machine::Hardware)
        .context("failed to measure")?;
    match args.format {
        Format::Text => print!("{report}"),
        Format::Json => println!("{:#}", serde_json::to_value(&report)?),
    }
    Ok(Outcome::Agree)
}
