//! A program that should show a difference.

use super::{operations, read, refused, ProgramError};
use crate::campaign::{investigate, Finding, Investigation, Record};
use crate::corpus;
use crate::run::{Met, Observe, Replay, RunError, Runner, Trial};
use mm_reference::profile::QuirkSet;
use mm_reference::text::Program;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sought {
    /// Nothing: model and kernel agree.
    Agreed,
    /// A difference.
    Found {
        /// It, as small as it gets.
        record: Box<Record>,
        /// The known bugs that explain it.
        known: Vec<String>,
    },
}

/// Runs a program that should diverge, and confirms and shrinks it.
///
/// # Errors
/// When it is no program, may not run, or programs can no longer be run.
pub fn find(runner: &mut Runner, name: &str, text: &str) -> Result<Sought, ProgramError> {
    let program = read(name, text)?;
    corpus::under(runner, &program.requires, |runner| find_here(runner, name, &program))
}

/// As [`find`], with what the program requires as far as that can be had.
fn find_here(runner: &mut Runner, name: &str, program: &Program) -> Result<Sought, ProgramError> {
    if let Some(why) = program.start.kernels_choice() {
        return Err(refused(name, format!("it cannot be run: {why}")));
    }
    runner.begin_by(program.start, &mut Vec::new())?;
    let ops = operations(name, program, runner.fresh()?)?;
    runner.scrutinize(true);
    let mut trial = runner.run_closely(&ops)?;
    if trial.divergence().is_none() {
        // looking often can hide what it comes to
        trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
    }
    // what no known bug explains comes first
    let met = trial.met.first().filter(|_| trial.divergence().is_none());
    let known = met.map(|met| met.quirks);
    let finding = match met {
        Some(met) => Some(small(runner, &trial, met)?),
        None => investigated(runner, &trial)?,
    };
    let names = |known: QuirkSet| known.iter().map(|quirk| quirk.name().to_owned()).collect();
    let known = known.map(names).unwrap_or_default();
    Ok(match finding {
        Some(finding) => Sought::Found { record: Box::new(Record::from(&finding)), known },
        None => Sought::Agreed,
    })
}

fn investigated(runner: &mut Runner, trial: &Trial) -> Result<Option<Finding>, RunError> {
    Ok(match investigate(runner, trial, &[], &AtomicBool::new(false))? {
        Investigation::Confirmed(finding) => Some(*finding),
        Investigation::Known(_) | Investigation::Unconfirmed => None,
    })
}

/// A known difference made small: by a runner that knows of no bug, as long as the same bugs
/// explain what is left; otherwise it stays as it is.
fn small(runner: &mut Runner, trial: &Trial, met: &Met) -> Result<Finding, RunError> {
    let before = runner.believe(QuirkSet::default());
    let shown = runner.run_closely(&trial.ops);
    let found = shown.and_then(|shown| investigated(runner, &shown));
    runner.believe(before);
    if let Some(finding) = found? {
        let again = runner.run(&mut Replay::new(&finding.ops), Observe::End)?;
        if again.divergence().is_none() && again.known() == met.quirks {
            return Ok(finding);
        }
    }
    Ok(Finding::of_known(trial, met, runner.fresh()?))
}
