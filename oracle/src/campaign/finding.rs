//! From a divergence to a finding: seen again, made small, seen reliably.

use super::past::{self, Left};
use super::Run;
use crate::compare::{render, Field, Outline, Signature};
use crate::generate::{Fence, Shape, Workshop};
use crate::run::{Divergence, Met, Observe, Replay, RunError, Runner, Trial};
use crate::shrink::{shrink, Budget, Verdict as Shrinking};
use mm_reference::model::System;
use mm_reference::op::{Addr, Call, Exec, Layout, Op, Outcome, ProcessId, Start, MAX_PROCESSES};
use mm_reference::profile::{Profile, QuirkSet};
use mm_reference::text::Program;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// How often a divergence is tried again before it is believed.
const CONFIRMATIONS: u32 = 4;
/// How many runs the stated reliability comes from.
const RELIABILITY_RUNS: u32 = 10;
/// In how many of these runs it has to show to be a finding.
const BELIEVED: u32 = 2;
/// How long shrinking may take.
const SHRINK_TIME: Duration = Duration::from_secs(8);

/// Sizes of arguments that are tried, the smallest first.
const START_SIZES: &[u64] = &[0, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 19, 1 << 20];

/// A confirmed, shrunk divergence.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What makes it the same as another.
    pub signature: Signature,
    /// The how manieth of this signature it is, from 1 on: programs of another shape that
    /// differ in the same way are findings of their own.
    pub variant: usize,
    /// The operations that show it.
    pub ops: Vec<Op>,
    /// The operations with the results that the model expects.
    pub program: Program,
    /// Whether no operation can be left out.
    pub minimal: bool,
    /// How many smaller programs were tried.
    pub tests: usize,
    /// In how many of how many fresh runs it showed.
    pub reliability: (u32, u32),
    /// The divergence of the last run that showed it.
    pub divergence: Divergence,
    /// The readable report.
    pub report: String,
    /// Per operation, what was expected and what the kernel did.
    pub outcomes: Vec<(Outcome, Outcome)>,
    /// The state that it starts from.
    pub start: System,
    /// Where the bases of addresses were.
    pub layout: Layout,
    /// The campaign that made it, if one did.
    pub run: Option<Run>,
}

impl Finding {
    /// What it is called: by its signature, and from the second variant on by the number
    /// of that.
    pub fn name(&self) -> String {
        match self.variant {
            0 | 1 => self.signature.to_string(),
            variant => format!("{}-{variant}", self.signature),
        }
    }

    /// The divergence of one run as it is; `start` is the state that programs
    /// start from. `None` if the run has no divergence.
    pub fn of(trial: &Trial, start: &System) -> Option<Finding> {
        trial.divergence().map(|divergence| Finding::that(trial, divergence, start))
    }

    /// The same of known bugs that a run has met; the program ends where they showed.
    pub fn of_known(trial: &Trial, met: &Met, start: &System) -> Finding {
        let mut finding = Finding::that(trial, &met.divergence, start);
        let end = met.divergence.step.index() + 1;
        finding.ops.truncate(end);
        finding.program.lines.truncate(end);
        // what should have come of them, not what a model that imitates the bugs says
        let right = (0..end).map_while(|at| Some(trial.expected(at)?.outcome.clone()));
        let actual = trial.actual.iter().cloned();
        finding.outcomes = right.zip(actual).collect();
        finding
    }

    fn that(trial: &Trial, divergence: &Divergence, start: &System) -> Finding {
        let divergence = divergence.clone();
        Finding {
            signature: divergence.signature.clone(),
            variant: 1,
            ops: trial.ops.clone(),
            program: trial.program(),
            minimal: false,
            tests: 0,
            reliability: (1, 1),
            report: report(&divergence),
            divergence,
            outcomes: trial.outcomes(),
            start: start.clone(),
            layout: trial.layout,
            run: None,
        }
    }
}

/// What looking into a divergence came to.
#[derive(Debug)]
pub enum Investigation {
    /// It shows again.
    Confirmed(Box<Finding>),
    /// Seen up close, it is a known difference.
    Known(QuirkSet),
    /// It does not show again.
    Unconfirmed,
}

/// Confirms, shrinks and measures a divergence. Programs that do all that one of the
/// shapes `apart` takes do not count: they may show what is found already.
///
/// # Errors
/// When programs can no longer be run.
pub fn investigate(
    runner: &mut Runner,
    trial: &Trial,
    apart: &[Outline],
    stop: &AtomicBool,
) -> Result<Investigation, RunError> {
    let before = runner.scrutinize(true);
    let profile = runner.profile().clone();
    let start = runner.begin_by(trial.start, &mut Vec::new())?;
    let result = look_into(runner, trial, apart, stop);
    runner.scrutinize(before);
    runner.begin_by(start, &mut Vec::new())?;
    if profile != *runner.profile() {
        runner.resettle(profile);
    }
    result
}

fn look_into(
    runner: &mut Runner,
    trial: &Trial,
    apart: &[Outline],
    stop: &AtomicBool,
) -> Result<Investigation, RunError> {
    let Some(divergence) = trial.divergence() else { return Ok(Investigation::Unconfirmed) };
    let through = &trial.ops[..=divergence.step.index().min(trial.ops.len() - 1)];
    let closest = Observe::closest(runner.fresh()?, through);
    let field = divergence.signature.field;
    let mut seen = None;
    for attempt in 0..CONFIRMATIONS {
        // the first looks find the operation to blame; the last one looks as the first run did
        let observe = if attempt + 1 < CONFIRMATIONS { closest } else { Observe::End };
        let again = afresh(runner, through, observe, field)?;
        if let Some(divergence) = again.divergence() {
            let here = (again.ops[..=divergence.step.index()].to_vec(), divergence.clone());
            // what was left may be the doing of what undid the program
            seen = Some(match past::left_it(runner, &again.past)? {
                Some(Left::Shows(ops, divergence)) => (ops, divergence),
                Some(Left::Known(known)) => return Ok(Investigation::Known(known)),
                None => here,
            });
            break;
        }
        let known = again.known().without(trial.known());
        if !known.is_empty() && !is_unexplainable(field) {
            return Ok(Investigation::Known(known));
        }
    }
    if seen.is_none() {
        seen = with_history(runner, trial, through)?;
    }
    if seen.is_none() {
        seen = match past::left_it(runner, &trial.past)? {
            Some(Left::Known(known)) => return Ok(Investigation::Known(known)),
            Some(Left::Shows(ops, divergence)) => Some((ops, divergence)),
            None => None,
        };
    }
    let Some(seen) = seen else { return Ok(Investigation::Unconfirmed) };
    let (ops, divergence) = shown_by_the_start(runner)?.unwrap_or(seen);
    let signature = divergence.signature.clone();
    plainer_start(runner, &ops, &signature)?;
    plainer_circumstances(runner, &ops, &signature)?;
    let fresh = runner.fresh()?.clone();
    let mut failure = None;
    let fence = Fence::of(&fresh);
    let shape = Shape { avoid: super::avoid_on(runner), ..Shape::default() };
    let workshop = Workshop::new(&fresh, &fence, &shape);
    let shrunk = shrink(
        &ops,
        &workshop,
        &mut |candidate: &[Op]| {
            if stop.load(Ordering::Relaxed) || failure.is_some() {
                return Shrinking::Gone;
            }
            if !apart.is_empty() && Outline::of(&fresh, candidate).contains_any(apart) {
                return Shrinking::Different;
            }
            match run_for(runner, candidate, &signature) {
                Ok(trial) => match trial.divergence() {
                    Some(d) if d.signature == signature => Shrinking::Same { at: d.step.index() },
                    Some(_) => Shrinking::Different,
                    None => Shrinking::Gone,
                },
                Err(error) => {
                    failure = Some(error);
                    Shrinking::Gone
                }
            }
        },
        Budget { time: SHRINK_TIME, ..Budget::default() },
        &mut |_, _| {},
    );
    if let Some(error) = failure {
        return Err(error);
    }
    let mut shown = 0;
    let mut last = None;
    for _ in 0..RELIABILITY_RUNS {
        runner.discard();
        let again = run_for(runner, &shrunk.ops, &signature)?;
        if again.divergence().is_some_and(|d| d.signature == signature) {
            shown += 1;
            last = Some(again);
        }
    }
    match last.and_then(|trial| Finding::of(&trial, &fresh)) {
        Some(finding) if shown >= BELIEVED => {
            let reliability = (shown, RELIABILITY_RUNS);
            let (minimal, tests) = (shrunk.minimal, shrunk.tests);
            let finding = Finding { minimal, tests, reliability, ..finding };
            Ok(Investigation::Confirmed(Box::new(finding)))
        }
        _ => Ok(Investigation::Unconfirmed),
    }
}

/// Runs a program to see whether it has this signature: it is looked at once, at the end,
/// if that is enough.
fn run_for(runner: &mut Runner, ops: &[Op], signature: &Signature) -> Result<Trial, RunError> {
    if signature.is_between_looks() {
        return runner.run_closely(ops);
    }
    run_towards(runner, ops, Observe::End, signature.field)
}

/// Runs a program. Where the kernel's log is what differs, the subject ends with it: some
/// things are noticed only when an address space goes.
fn run_towards(
    runner: &mut Runner,
    ops: &[Op],
    observe: Observe,
    field: Field,
) -> Result<Trial, RunError> {
    match field {
        Field::KernelLog => runner.run_out(&mut Replay::new(ops), observe),
        _ => runner.run(&mut Replay::new(ops), observe),
    }
}

/// What shows before a program that begins by `execve` does anything, whatever its
/// operations are: said with one that changes nothing, so that it has one signature.
fn shown_by_the_start(runner: &mut Runner) -> Result<Option<(Vec<Op>, Divergence)>, RunError> {
    if runner.start() == Start::Plain {
        return Ok(None);
    }
    let nothing = [Op::first(Call::Brk { addr: Addr::NULL })];
    let trial = runner.run(&mut Replay::new(&nothing), Observe::EveryOp)?;
    Ok(trial.divergence().map(|divergence| (nothing.to_vec(), divergence.clone())))
}

/// Gives the program back the capabilities that its subject had given up, and the settings
/// that the system had, as far as the difference does not depend on them.
fn plainer_circumstances(
    runner: &mut Runner,
    ops: &[Op],
    signature: &Signature,
) -> Result<(), RunError> {
    let usual = runner.usual();
    let steps: [fn(&mut Profile, &Profile); 2] = [
        |profile, usual| profile.privilege = usual.privilege,
        |profile, usual| (profile.settings, profile.config) = (usual.settings, usual.config),
    ];
    for plainer in steps {
        let before = runner.profile().clone();
        let mut profile = (*before).clone();
        plainer(&mut profile, &usual);
        if profile == *before {
            continue;
        }
        runner.resettle(Arc::new(profile));
        let again = run_for(runner, ops, signature)?;
        if !again.divergence().is_some_and(|d| d.signature == *signature) {
            runner.resettle(before);
        }
    }
    Ok(())
}

/// Makes the program's start as plain as the difference permits, and the size of its
/// arguments as small.
fn plainer_start(runner: &mut Runner, ops: &[Op], signature: &Signature) -> Result<(), RunError> {
    let mut sizes = START_SIZES.iter();
    let mut plainer = Start::Plain;
    while let Start::Exec(exec) = runner.start() {
        if plainer.exec().is_some_and(|smaller| smaller.arguments >= exec.arguments) {
            break;
        }
        let before = runner.begin_by(plainer, &mut Vec::new())?;
        let again = runner.run_closely(ops)?;
        if again.divergence().is_some_and(|d| d.signature == *signature) {
            break;
        }
        runner.begin_by(before, &mut Vec::new())?;
        let Some(&arguments) = sizes.next() else { break };
        plainer = Start::Exec(Exec::with(arguments));
    }
    Ok(())
}

/// Tries the program after the one that the same subject ran before: what that
/// one left behind may be what shows.
fn with_history(
    runner: &mut Runner,
    trial: &Trial,
    through: &[Op],
) -> Result<Option<(Vec<Op>, Divergence)>, RunError> {
    let forks = |ops: &[Op]| ops.iter().filter(|op| op.call == Call::Fork).count();
    let earlier = forks(&trial.before);
    if trial.before.is_empty() || earlier + forks(through) >= MAX_PROCESSES {
        return Ok(None);
    }
    let mut ops = trial.before.clone();
    ops.extend(through.iter().map(|op| match op.process {
        ProcessId(0) => op.clone(),
        ProcessId(n) => Op { process: ProcessId(n + earlier as u8), call: op.call.clone() },
    }));
    let field = trial.divergence().map_or(Field::Process, |d| d.signature.field);
    let again = afresh(runner, &ops, Observe::End, field)?;
    Ok(again.divergence().map(|d| (again.ops.clone(), d.clone())))
}

/// The same in a fresh subject.
fn afresh(
    runner: &mut Runner,
    ops: &[Op],
    observe: Observe,
    field: Field,
) -> Result<Trial, RunError> {
    runner.discard();
    run_towards(runner, ops, observe, field)
}

/// Whether no known bug is the reason, whatever else a program meets.
fn is_unexplainable(field: Field) -> bool {
    matches!(field, Field::KernelLog | Field::Process)
}

/// Whether a divergence shows again in fresh subjects, as often as it takes to be believed;
/// for programs that are not made small.
///
/// # Errors
/// When programs can no longer be run.
pub fn shows_again(runner: &mut Runner, trial: &Trial) -> Result<bool, RunError> {
    let Some(divergence) = trial.divergence() else { return Ok(false) };
    let signature = &divergence.signature;
    let mut ops = trial.ops.clone();
    ops.truncate(divergence.step.index() + 1);
    let observe = Observe::closest(runner.fresh()?, &ops);
    let mut shown = 0;
    for _ in 0..RELIABILITY_RUNS {
        let again = afresh(runner, &ops, observe, signature.field)?;
        shown += u32::from(again.divergence().is_some_and(|d| d.signature == *signature));
        if shown == BELIEVED {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The differences in words, and around the first one the lines of maps.
pub fn report(divergence: &Divergence) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for difference in divergence.differences.iter().take(12) {
        writeln!(text, "{difference}").ok();
    }
    if let Some(seen) = &divergence.seen {
        text.push_str(&render(&seen.expected, &seen.actual, &divergence.differences));
    }
    text
}
