//! Whether a divergence is a known one.

use super::Divergence;
use crate::compare::{compare, compare_outcome, Kind};
use crate::observe::Capabilities;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, Outcome};
use mm_reference::profile::{Profile, QuirkSet};
use mm_reference::snapshot::Snapshot;
use std::sync::Arc;

/// Predicts the program again with the known bugs of this kernel. If that
/// explains every outcome and the last observation exactly, answers the bugs
/// that showed.
pub(super) fn explain(
    seed: &Seed,
    fresh: &System,
    (ops, actual): (&[Op], &[Outcome]),
    divergence: &Divergence,
    (quirks, caps): (QuirkSet, &Capabilities),
) -> Option<QuirkSet> {
    // a frame that moved shows between looks, of which only the last is compared here
    let moved = divergence.differences.iter().any(|difference| difference.kind == Kind::Moved);
    if quirks.is_empty() || moved {
        return None;
    }
    let profile = Profile { quirks, ..(**fresh.profile()).clone() };
    let mut system = System::new(Arc::new(profile), seed);
    system.carry_from(fresh);
    for (index, op) in ops.iter().enumerate() {
        let answer = system.apply(op).ok()?;
        if compare_outcome(index, op.process, &answer.outcome, actual.get(index)?).is_some() {
            return None;
        }
    }
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
        if !differences.is_empty() {
            return None;
        }
    }
    let fired = system.fired();
    // what shows with every page says something only by itself
    let mut telling = QuirkSet::default();
    fired.iter().filter(|q| q.wrong_flags().is_empty()).for_each(|q| telling.insert(q));
    let explains = if telling.is_empty() { fired } else { telling };
    Some(explains).filter(|quirks| !quirks.is_empty())
}
