//! Searches for programs by which two models differ.

use crate::compare::{Comparer, Difference};
use crate::generate::{Fence, Generator, Seeded, Shape, Theme, Workshop};
use crate::observe::Capabilities;
use crate::shrink::{shrink, Budget, Verdict};
use mm_reference::model::System;
use mm_reference::op::{Op, ProcessId};
use mm_reference::snapshot::{ProcessPlan, Snapshot};
use std::time::Duration;

/// Spaces with more mappings than this are not looked at.
const MANY_MAPPINGS: usize = 4096;

/// How many operations are performed between two looks at the state.
const STRIDE: usize = 4;
/// Of how many pages of a process the flags are looked at.
const FLAGGED: usize = 64;
/// How far to shrink.
const BUDGET: Budget = Budget { tests: 3000, time: Duration::from_secs(2) };

/// Two models side by side, and where programs start.
pub(crate) struct Search<'f> {
    /// Operations that every program begins with.
    first: Vec<Op>,
    /// The model after them that programs are made for.
    right: System,
    /// The other one.
    wrong: System,
    fence: &'f Fence,
    shape: Shape,
    eyes: Eyes,
}

/// What tells two states apart.
pub(crate) struct Eyes {
    caps: Capabilities,
    comparer: Comparer,
    plan: ProcessPlan,
    right: Snapshot,
    wrong: Snapshot,
}

impl<'f> Search<'f> {
    /// A search from two fresh systems on. Programs begin with the operations
    /// `first`.
    pub(crate) fn new(
        (mut right, mut wrong): (System, System),
        first: &[Op],
        fence: &'f Fence,
        shape: Shape,
        caps: Capabilities,
    ) -> Search<'f> {
        for op in first {
            // a program for one model is as good a start for the other
            let _ = (right.apply(op), wrong.apply(op));
        }
        let eyes = Eyes::new(caps);
        Search { first: first.to_vec(), right, wrong, fence, shape, eyes }
    }

    /// Makes up a program as a campaign does; answers it as far as the
    /// operation after which the models were seen to differ.
    pub(crate) fn program(&mut self, seed: u64, theme: Option<Theme>) -> Option<Vec<Op>> {
        let mut source = Seeded::new(seed);
        let shape = Shape { theme, ..self.shape };
        let mut generator = Generator::new(shape, self.fence, &mut source, &self.right);
        self.eyes.begin();
        let (mut right, mut wrong) = (self.right.clone(), self.wrong.clone());
        let mut ops = Vec::new();
        loop {
            let op = generator.next_op(&mut source, &right);
            let due = ops.len() % STRIDE == 0 || op.is_none();
            if due && !ops.is_empty() && self.eyes.differ(&right, &wrong) {
                return Some(ops);
            }
            let op = op?;
            let (a, b) = (right.apply(&op), wrong.apply(&op));
            ops.push(op);
            match (a, b) {
                (Ok(a), Ok(b)) if a.outcome == b.outcome => {}
                (Ok(_), Ok(_)) => return Some(ops),
                _ => return None,
            }
        }
    }

    /// What programs are mended against.
    pub(crate) fn workshop(&self) -> Workshop<'_> {
        Workshop::new(&self.right, self.fence, &self.shape)
    }

    /// The shortest program with any difference that shrinking leads to, from
    /// the very start.
    pub(crate) fn shortest(&mut self, ops: &[Op]) -> Vec<Op> {
        self.shortest_that(ops, &mut |_| true)
    }

    /// The shortest program with any difference that shrinking leads to by way
    /// of programs that also pass a test.
    pub(crate) fn shortest_that(
        &mut self,
        ops: &[Op],
        also: &mut dyn FnMut(&[Op]) -> bool,
    ) -> Vec<Op> {
        let Search { first, right, wrong, fence, shape, eyes } = self;
        let workshop = Workshop::new(right, fence, shape);
        let mut test = |candidate: &[Op]| match differ_at(right, wrong, candidate, eyes) {
            Some(at) if also(&candidate[..=at]) => Verdict::Same { at },
            _ => Verdict::Gone,
        };
        let shrunk = shrink(ops, &workshop, &mut test, BUDGET, &mut |_, _| {});
        first.iter().cloned().chain(shrunk.ops).collect()
    }
}

/// The operation after which two models differ.
pub(crate) fn differ_at(
    right: &System,
    wrong: &System,
    ops: &[Op],
    eyes: &mut Eyes,
) -> Option<usize> {
    let (mut right, mut wrong) = (right.clone(), wrong.clone());
    eyes.begin();
    for (at, op) in ops.iter().enumerate() {
        let (a, b) = (right.apply(op).ok()?, wrong.apply(op).ok()?);
        if a.outcome != b.outcome || eyes.differ(&right, &wrong) {
            return Some(at);
        }
    }
    None
}

impl Eyes {
    pub(crate) fn new(caps: Capabilities) -> Eyes {
        Eyes {
            caps,
            comparer: Comparer::default(),
            plan: ProcessPlan::default(),
            right: Snapshot::default(),
            wrong: Snapshot::default(),
        }
    }

    /// The next look is the first at a program.
    pub(crate) fn begin(&mut self) {
        self.comparer.forget();
    }

    /// Whether an observer could tell; spaces with very many mappings are left
    /// to the outcomes of operations.
    pub(crate) fn differ(&mut self, right: &System, wrong: &System) -> bool {
        !right.live().eq(wrong.live()) || !self.differences(right, wrong).is_empty()
    }

    /// What an observer could tell of two systems with the same processes.
    pub(crate) fn differences(&mut self, right: &System, wrong: &System) -> Vec<Difference> {
        let mut count = 0;
        for process in wrong.live() {
            if mappings(right, process) > MANY_MAPPINGS {
                return Vec::new();
            }
            for snapshot in [&mut self.right, &mut self.wrong] {
                if snapshot.processes.len() <= count {
                    snapshot.processes.resize_with(count + 1, Default::default);
                }
            }
            // looked at as a run with the wrong model would
            wrong.plan_into(process, &mut self.plan);
            wrong.plan_flags(process, FLAGGED, &mut self.plan);
            wrong.plan_away(process, FLAGGED, &mut self.plan);
            self.plan.views = self.caps.views;
            wrong.snapshot_into(process, &self.plan, &mut self.wrong.processes[count]);
            right.snapshot_into(process, &self.plan, &mut self.right.processes[count]);
            count += 1;
        }
        self.right.processes.truncate(count);
        self.wrong.processes.truncate(count);
        let mut differences = Vec::new();
        // also if they are equal: which frames they have shows at the next look
        self.comparer.compare(&self.wrong, &self.right, &self.caps, &mut differences);
        differences
    }

    /// The states that were looked at last.
    pub(crate) fn seen(&self) -> (&Snapshot, &Snapshot) {
        (&self.right, &self.wrong)
    }
}

fn mappings(system: &System, process: ProcessId) -> usize {
    system.process(process).map_or(0, |p| p.mm.vmas.len())
}
