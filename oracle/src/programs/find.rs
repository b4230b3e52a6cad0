//! A program that should show a difference.

use super::{operations, read, refused, ProgramError};
use crate::campaign::{investigate, Finding, Investigation, Record};
use crate::run::{Observe, Replay, Runner};
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
        /// The known bugs that explain it; then the program is as it was.
        known: Vec<String>,
    },
}

/// Runs a program that should diverge, and confirms and shrinks it. A known
/// difference is left as it is.
///
/// # Errors
/// When it is no program, may not run, or programs can no longer be run.
pub fn find(runner: &mut Runner, name: &str, text: &str) -> Result<Sought, ProgramError> {
    let program = read(name, text)?;
    if let Some(why) = program.start.kernels_choice() {
        return Err(refused(name, format!("it cannot be run: {why}")));
    }
    runner.begin_by(program.start, &mut Vec::new())?;
    let ops = operations(name, &program, runner.fresh()?)?;
    runner.scrutinize(true);
    let mut trial = runner.run_closely(&ops)?;
    if trial.divergence().is_none() {
        // looking often can hide what it comes to
        trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
    }
    let (finding, known) = match trial.divergence().and_then(|divergence| divergence.known) {
        Some(quirks) => {
            let names = quirks.iter().map(|quirk| quirk.name().to_owned()).collect();
            (Finding::of(&trial, runner.fresh()?), names)
        }
        None => match investigate(runner, &trial, &[], &AtomicBool::new(false))? {
            Investigation::Confirmed(finding) => (Some(*finding), Vec::new()),
            Investigation::Known(_) | Investigation::Unconfirmed => (None, Vec::new()),
        },
    };
    Ok(match finding {
        Some(finding) => Sought::Found { record: Box::new(Record::from(&finding)), known },
        None => Sought::Agreed,
    })
}
