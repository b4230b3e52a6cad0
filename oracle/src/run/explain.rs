//! Whether known bugs of this kernel explain a divergence.

use super::flight::Flight;
use super::trial::{Divergence, Met, Step, Verdict};
use super::{signature, Runner};
use crate::compare::{compare, compare_counts, compare_outcome, Difference, Field, Kind, PageBit};
use crate::observe::Capabilities;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, Outcome};
use mm_reference::profile::{Profile, QuirkSet};
use mm_reference::snapshot::{PageFlags, Snapshot, SystemCounts};
use std::sync::Arc;

impl Runner {
    /// Finds the known bugs that explain why a program diverged, and notes them as met.
    /// Answers whether they explain all of it, so that comparison can go on with a model
    /// that imitates them; otherwise what they leave unexplained is the divergence.
    pub(super) fn account_for(&mut self, seed: &Seed, start: &System, flight: &mut Flight) -> bool {
        let start = start.clone().with_high_water(flight.marks);
        let trial = &mut flight.trial;
        let verdict = std::mem::take(&mut trial.verdict);
        let Verdict::Diverged(mut divergence) = verdict else { return false };
        let met = trial.known();
        let quirks = self.known_bugs().union(met);
        let ran = (&trial.ops[..], &trial.actual[..]);
        let all = divergence.differences.clone();
        let left = unexplainable(&mut divergence.differences);
        let bugs = (quirks, &self.caps);
        let explained = explain(seed, &start, ran, &divergence, &trial.past, bugs);
        let new = explained.map(|quirks| quirks.without(met)).filter(|new| !new.is_empty());
        let Some(quirks) = new else {
            divergence.differences = all;
            trial.verdict = Verdict::Diverged(divergence);
            return false;
        };
        let after = Step::After(divergence.step.index());
        let seen = divergence.seen.clone().filter(|_| !left.is_empty());
        trial.met.push(Met { quirks, divergence });
        if let Some(signature) = signature(&trial.ops, after, &left) {
            let left = Divergence { step: after, signature, differences: left, seen };
            trial.verdict = Verdict::Diverged(Box::new(left));
        }
        !trial.diverged()
    }
}

/// Takes out the differences that no known bug explains: that the kernel complained, that
/// the subject was lost, be it by a failure to undo the program; or that frames changed
/// between looks, of which only the last is compared here.
pub(super) fn unexplainable(differences: &mut Vec<Difference>) -> Vec<Difference> {
    let is = |difference: &Difference| {
        matches!(difference.field, Field::KernelLog | Field::Process)
            || difference.kind == Kind::Moved
    };
    let (left, others) = std::mem::take(differences).into_iter().partition(is);
    *differences = others;
    left
}

/// Predicts the program again with the known bugs of this kernel. If that
/// explains every difference, every outcome and the last observation exactly,
/// answers the bugs that showed.
fn explain(
    seed: &Seed,
    fresh: &System,
    (ops, actual): (&[Op], &[Outcome]),
    divergence: &Divergence,
    past: &[Vec<Op>],
    (quirks, caps): (QuirkSet, &Capabilities),
) -> Option<QuirkSet> {
    if quirks.is_empty() || divergence.differences.is_empty() {
        return None;
    }
    let profile = fresh.profile();
    let mut system = with_bugs(seed, profile, quirks);
    system.carry_from(fresh);
    for (index, op) in ops.iter().enumerate() {
        let answer = system.apply(op).ok()?;
        if compare_outcome(index, op.process, &answer.outcome, actual.get(index)?).is_some() {
            return None;
        }
    }
    let mut fired = QuirkSet::default();
    if let Some(seen) = &divergence.seen {
        let mut expected = Snapshot::default();
        let processes = seen.expected.processes.iter().zip(&seen.plans);
        for (snapshot, plan) in processes {
            system.process(snapshot.process)?;
            let mut into = Default::default();
            system.snapshot_into(snapshot.process, plan, &mut into);
            if snapshot.contents.is_empty() {
                into.contents.clear();
            }
            if let Some(end) = seen.smaps_end {
                into.smaps.retain(|entry| entry.line.start < end);
            }
            expected.processes.push(into);
        }
        let mut differences = Vec::new();
        compare(&expected, &seen.actual, caps, &mut differences);
        if let Some(counts) = &seen.counts {
            let (left, by) = left_behind(seed, profile, quirks, past);
            compare_counts(&(left + system.counts()), counts, &mut differences);
            fired = fired.union(by);
        }
        if !differences.is_empty() {
            return None;
        }
    }
    concerned(fired.union(system.fired()), &divergence.differences)
}

/// The bugs among those that fired that these differences are about: what a bug changes
/// with every page says something only by that change. `None` if it leaves a difference
/// that none is about.
fn concerned(fired: QuirkSet, differences: &[Difference]) -> Option<QuirkSet> {
    let wrong = fired.iter().fold(PageFlags::empty(), |all, quirk| all | quirk.wrong_flags());
    let is_of = |difference: &Difference, flags: PageFlags| matches!(difference.field, Field::PageFlag(PageBit(bit)) if flags.bits() & 1 << bit != 0);
    let others = differences.iter().any(|difference| !is_of(difference, wrong));
    let mut concerned = QuirkSet::default();
    let mut telling = false;
    for quirk in fired.iter() {
        let flags = quirk.wrong_flags();
        let counts = match flags.is_empty() {
            true => others,
            false => differences.iter().any(|difference| is_of(difference, flags)),
        };
        if counts {
            concerned.insert(quirk);
            telling |= flags.is_empty();
        }
    }
    Some(concerned).filter(|_| telling || !others).filter(|quirks| !quirks.is_empty())
}

/// What programs leave in the counts of the system with known bugs imitated, and which of
/// these showed.
pub(super) fn left_behind(
    seed: &Seed,
    profile: &Profile,
    quirks: QuirkSet,
    programs: &[Vec<Op>],
) -> (SystemCounts, QuirkSet) {
    let fresh = with_bugs(seed, profile, quirks);
    let mut system = fresh.clone();
    let (mut left, mut fired) = (SystemCounts::NONE, QuirkSet::default());
    for program in programs {
        system.return_to(&fresh);
        apply(&mut system, program);
        left = left + system.leftover();
        fired = fired.union(system.fired());
    }
    (left, fired)
}

/// What a program accounts for in the counts of the system where it has got to, with known
/// bugs imitated.
pub(super) fn reached(
    seed: &Seed,
    profile: &Profile,
    quirks: QuirkSet,
    program: &[Op],
) -> SystemCounts {
    let mut system = with_bugs(seed, profile, quirks);
    apply(&mut system, program);
    system.counts()
}

fn with_bugs(seed: &Seed, profile: &Profile, quirks: QuirkSet) -> System {
    System::new(Arc::new(Profile { quirks, ..profile.clone() }), seed)
}

/// Performs a program; one that got beyond what can be predicted ended there.
fn apply(system: &mut System, program: &[Op]) {
    let _ = program.iter().try_for_each(|op| system.apply(op).map(drop));
}
