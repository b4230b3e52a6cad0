//! What a program does by the model alone.

use super::{operations, read, ProgramError};
use crate::corpus::otherwise;
use mm_reference::model::{Seed, System};
use mm_reference::op::ProcessId;
use mm_reference::profile::Profile;
use mm_reference::snapshot::PageEntry;
use mm_reference::text::{write, Expected};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A prediction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicted {
    /// The kernel that it is for, where the program requires another than was asked for.
    pub instead: Option<String>,
    /// The operations, as far as they can be predicted.
    pub operations: Vec<PredictedLine>,
    /// The first operation that cannot be predicted, and why.
    pub cannot: Option<String>,
    /// Where the file expects other results.
    pub unexpected: Vec<String>,
    /// The state at the end, or before what cannot be predicted.
    pub processes: Vec<State>,
    /// The program with the predicted results.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub program: String,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictedLine {
    /// As it is written.
    pub operation: String,
    /// What comes of it.
    pub outcome: String,
    /// Why, where there is a reason.
    pub why: Option<String>,
}

/// What can be seen of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its number.
    pub process: u8,
    /// The lines of maps.
    pub maps: Vec<String>,
    /// The entries of smaps.
    pub smaps: Vec<String>,
    /// Its status, as far as it is about memory.
    pub status: String,
    /// Its pagemap, counted.
    pub pagemap: Pages,
}

/// How many entries of a pagemap say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// A page is present.
    pub present: u64,
    /// It is in swap, or a marker.
    pub swap: u64,
    /// A page is mapped once.
    pub exclusive: u64,
}

/// Predicts a program for the kernel that a profile describes, or for the nearest one
/// that has what the program requires.
///
/// # Errors
/// When it is no program, or may not run.
pub fn predict(at_hand: &Profile, name: &str, text: &str) -> Result<Predicted, ProgramError> {
    let mut program = read(name, text)?;
    let profile = Arc::new(program.requires.impose(at_hand));
    let mut predicted = Predicted::default();
    if profile.version != at_hand.version {
        predicted.instead = Some(profile.version.to_string());
    }
    let fresh = System::new(profile, &Seed::standard_for(program.start));
    operations(name, &program, &fresh)?;
    let layout = *fresh.layout();
    let mut system = fresh.clone();
    for line in &mut program.lines {
        let answer = match system.apply(&line.op) {
            Ok(answer) => answer,
            Err(reason) => {
                predicted.cannot = Some(format!("line {}: cannot predict: {reason}", line.number));
                break;
            }
        };
        predicted.unexpected.extend(otherwise(line, &answer.outcome, &layout));
        let outcome = Expected::of(&answer.outcome, &layout);
        predicted.operations.push(PredictedLine {
            operation: line.op.to_string(),
            outcome: outcome.to_string(),
            why: answer.why.map(str::to_owned),
        });
        line.expected = Some(outcome);
    }
    if predicted.cannot.is_some() {
        // what cannot be predicted may have been begun
        system = fresh;
        for op in program.ops().take(predicted.operations.len()) {
            drop(system.apply(op));
        }
    }
    let live: Vec<ProcessId> = system.live().collect();
    predicted.processes = live.into_iter().map(|process| state(&system, process)).collect();
    predicted.program = write(&program);
    Ok(predicted)
}

fn state(system: &System, process: ProcessId) -> State {
    let snapshot = system.snapshot(process, &system.plan(process));
    let mut pages = Pages::default();
    for entry in snapshot.pagemap.iter().flat_map(|window| &window.entries) {
        let has = |bit| u64::from(entry.0 & bit != 0);
        pages.present += has(PageEntry::PRESENT);
        pages.swap += has(PageEntry::SWAP);
        pages.exclusive += has(PageEntry::EXCLUSIVE);
    }
    State {
        process: process.0,
        maps: snapshot.maps.iter().map(ToString::to_string).collect(),
        smaps: snapshot.smaps.iter().map(ToString::to_string).collect(),
        status: snapshot.status.to_string(),
        pagemap: pages,
    }
}

impl fmt::Display for Predicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for PredictedLine { operation, outcome, why } in &self.operations {
            let why = why.as_ref().map(|why| format!("   # {why}")).unwrap_or_default();
            writeln!(f, "{operation} = {outcome}{why}")?;
        }
        for State { process, maps, smaps, status, pagemap } in &self.processes {
            writeln!(f, "\nprocess {process}, maps:")?;
            maps.iter().try_for_each(|line| writeln!(f, "{line}"))?;
            writeln!(f, "\nprocess {process}, smaps:")?;
            smaps.iter().try_for_each(|entry| writeln!(f, "{entry}"))?;
            let Pages { present, swap, exclusive } = pagemap;
            writeln!(
                f,
                "\nprocess {process}, pagemap: {present} present, {exclusive} mapped once, \
                 {swap} in swap or markers"
            )?;
            writeln!(f, "\nprocess {process}, status:\n{status}")?;
        }
        Ok(())
    }
}
