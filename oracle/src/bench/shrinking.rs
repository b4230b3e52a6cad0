//! How long it takes to make a long program small.
//!
//! With a wrong rule in the model there is something to find. Programs are made
//! as in a campaign and are as long as they can be: the wrong rule first shows
//! at the last of their operations. What follows is a campaign's way from a
//! divergence to a finding.

use super::BenchError;
use crate::campaign::{avoid, investigate, Investigation};
use crate::compare::Signature;
use crate::generate::{program_seed, repair, Avoid, Fence, Shape, Workshop};
use crate::run::{Observe, Replay, RunError, Runner};
use crate::search::{differ_at, Eyes, Search};
use crate::shrink::without;
use mm_reference::defect::Defect;
use mm_reference::op::Op;
use mm_reference::profile::Profile;
use serde::Serialize;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::time::Instant;

/// Operations of every program.
pub(super) const LENGTH: usize = 100;
/// The seed of the programs, which are the same every time.
const SEED: u64 = 100;
/// How many programs are looked at for each one that is taken.
const PATIENCE: u64 = 100_000;

/// What is found: wrong rules of different areas that any kernel shows, to any
/// user, and that show late now and then.
const DEFECTS: &[Defect] = &[
    Defect::MergeIgnoresAnonVma,
    Defect::DontunmapKeepsLock,
    Defect::CowLosesContents,
    Defect::DiscardKeepsRss,
    Defect::MprotectForgetsAccount,
    Defect::MlockUndoesAtHole,
    Defect::StackIgnoresLimit,
    Defect::BrkLeavesNoPage,
];

/// A program that was made small.
#[derive(Clone, Debug, Serialize)]
pub struct Shrunk {
    /// The wrong rule that it shows.
    pub defect: &'static str,
    /// The operation or observable that it concerns.
    pub area: &'static str,
    /// The difference that it shows.
    pub signature: String,
    /// Operations at first.
    pub before: usize,
    /// Operations in the end.
    pub after: usize,
    /// How many smaller programs were tried.
    pub trials: usize,
    /// How long it took, with the runs before and after that confirm it.
    pub seconds: f64,
    /// Whether the difference is lost with any one of the operations.
    pub minimal: bool,
    /// Whether it is the difference of the long program.
    pub same: bool,
}

/// Makes one program small for each of the first few wrong rules.
///
/// # Errors
/// When programs cannot be run, or none shows the wrong rule where it should.
pub fn shrink_long(runner: &mut Runner, count: usize) -> Result<Vec<Shrunk>, BenchError> {
    let right = runner.profile().clone();
    let shrunk = DEFECTS.iter().take(count).map(|&defect| {
        let wrong = Arc::new(Profile { defect: Some(defect), ..Profile::clone(&right) });
        runner.set_profile(right.clone());
        let shrunk = one(runner, defect, &wrong);
        runner.set_profile(right.clone());
        shrunk
    });
    shrunk.collect()
}

fn one(runner: &mut Runner, defect: Defect, wrong: &Arc<Profile>) -> Result<Shrunk, BenchError> {
    let fresh = runner.fresh()?.clone();
    let fence = Fence::of(&fresh);
    let avoid = Avoid { hard_limits: false, ..avoid(wrong) };
    let shape = Shape { max_ops: LENGTH, min_ops: LENGTH, avoid, ..Shape::default() };
    let both = (fresh.clone(), fresh.clone().on(wrong.clone()));
    let caps = runner.capabilities().clone();
    let mut eyes = Eyes::new(caps.clone());
    let mut search = Search::new(both.clone(), &[], &fence, shape, caps);
    runner.set_profile(wrong.clone());
    for number in 0..PATIENCE {
        let seed = program_seed(SEED, defect as u64, number);
        let Some(ops) = search.program(seed, None).filter(|ops| ops.len() == LENGTH) else {
            continue;
        };
        if differ_at(&both.0, &both.1, &ops, &mut eyes) != Some(LENGTH - 1) {
            continue;
        }
        let Some(signature) = shows(runner, &ops, Observe::EveryOp)?
            .filter(|(at, _)| *at == LENGTH - 1)
            .map(|(_, signature)| signature)
        else {
            continue;
        };
        let trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
        let started = Instant::now();
        let found = investigate(runner, &trial, &[], &AtomicBool::new(false))?;
        let seconds = started.elapsed().as_secs_f64();
        let Investigation::Confirmed(finding) = found else { continue };
        let workshop = Workshop::new(&fresh, &fence, &Shape::default());
        return Ok(Shrunk {
            defect: defect.name(),
            area: defect.area(),
            signature: finding.signature.to_string(),
            before: trial.ops.len(),
            after: finding.ops.len(),
            trials: finding.tests,
            seconds,
            minimal: is_minimal(runner, &workshop, &finding.ops, &finding.signature)?,
            same: finding.signature == signature,
        });
    }
    Err(BenchError::Shrinking(defect.name()))
}

/// The operation at which a divergence that no known bug explains shows in a
/// fresh subject, and what it is.
fn shows(
    runner: &mut Runner,
    ops: &[Op],
    observe: Observe,
) -> Result<Option<(usize, Signature)>, RunError> {
    runner.discard();
    let trial = runner.run(&mut Replay::new(ops), observe)?;
    Ok(trial.divergence().map(|d| (d.step.index(), d.signature.clone())))
}

/// Tries the program without each of its operations.
fn is_minimal(
    runner: &mut Runner,
    workshop: &Workshop<'_>,
    ops: &[Op],
    signature: &Signature,
) -> Result<bool, RunError> {
    for index in 0..ops.len() {
        let smaller = repair(workshop, &without(ops, &[index])).ops;
        let found = shows(runner, &smaller, Observe::End)?;
        if found.is_some_and(|(_, shown)| shown == *signature) {
            return Ok(false);
        }
    }
    Ok(true)
}
