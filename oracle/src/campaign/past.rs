//! Who has left what the system still counts: a difference in its counts is seen long after
//! the program that made it.

use crate::run::{Divergence, Observe, Replay, RunError, Runner};
use mm_reference::op::Op;
use mm_reference::profile::QuirkSet;

/// What the one program that has left something shows by itself.
pub(super) enum Left {
    /// A difference, up to the operation after which there is one.
    Shows(Vec<Op>, Divergence),
    /// What known bugs leave.
    Known(QuirkSet),
}

/// Finds the one among programs, each with its way back, after which the counts of the
/// system differ, by halves.
///
/// # Errors
/// When programs can no longer be run.
pub(super) fn left_it(runner: &mut Runner, programs: &[Vec<Op>]) -> Result<Option<Left>, RunError> {
    let mut suspects = programs;
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        suspects = if leave_something(runner, first)? { first } else { second };
    }
    let [suspect] = suspects else { return Ok(None) };
    runner.discard();
    let trial = runner.run_closely(suspect)?;
    let shows = |divergence: &Divergence| {
        let through = &trial.ops[..=divergence.step.index().min(trial.ops.len() - 1)];
        Left::Shows(through.to_vec(), divergence.clone())
    };
    let known = Some(trial.known()).filter(|known| !known.is_empty()).map(Left::Known);
    Ok(trial.divergence().map(shows).or(known))
}

/// Whether something differs when these programs have been run, which are not looked at in
/// between.
fn leave_something(runner: &mut Runner, programs: &[Vec<Op>]) -> Result<bool, RunError> {
    runner.discard();
    let closely = runner.scrutinize(false);
    let mut done = Vec::new();
    let submit = |ops: &Vec<Op>| runner.submit(&mut Replay::new(ops), Observe::End, &mut done);
    let ran = programs.iter().try_for_each(submit).and_then(|()| runner.flush(&mut done));
    runner.scrutinize(closely);
    ran?;
    Ok(done.iter().any(|trial| trial.divergence().is_some()))
}
