//! Whether a divergence is a known one.

use super::Divergence;
use crate::compare::{compare, compare_counts, compare_outcome, Kind};
use crate::observe::Capabilities;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, Outcome};
use mm_reference::profile::{Profile, QuirkSet};
use mm_reference::snapshot::{Snapshot, SystemCounts};
use std::sync::Arc;

/// Predicts the program again with the known bugs of this kernel. If that
/// explains every outcome and the last observation exactly, answers the bugs
/// that showed.
pub(super) fn explain(
    seed: &Seed,
    fresh: &System,
    (ops, actual): (&[Op], &[Outcome]),
    divergence: &Divergence,
    past: &[Vec<Op>],
    (quirks, caps): (QuirkSet, &Capabilities),
) -> Option<QuirkSet> {
    // a frame that moved shows between looks, of which only the last is compared here
    let moved = divergence.differences.iter().any(|difference| difference.kind == Kind::Moved);
    if quirks.is_empty() || moved {
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
        for (snapshot, plan) in seen.actual.processes.iter().zip(&seen.plans) {
            system.process(snapshot.process)?;
            let mut into = Default::default();
            system.snapshot_into(snapshot.process, plan, &mut into);
            if snapshot.contents.is_empty() {
                into.contents.clear();
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
    let fired = fired.union(system.fired());
    // what shows with every page says something only by itself
    let mut telling = QuirkSet::default();
    fired.iter().filter(|q| q.wrong_flags().is_empty()).for_each(|q| telling.insert(q));
    let explains = if telling.is_empty() { fired } else { telling };
    Some(explains).filter(|quirks| !quirks.is_empty())
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
