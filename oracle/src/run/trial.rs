//! One run of one program, and what came of it.

use super::signature;
use crate::compare::{compare_outcome, Difference, Field, Kind, Place, Signature};
use mm_reference::model::{Answer, CannotPredict, System};
use mm_reference::op::{Layout, Op, Outcome, Start};
use mm_reference::profile::{Privilege, QuirkSet};
use mm_reference::snapshot::{ProcessPlan, Snapshot, SystemCounts};
use mm_reference::text::{Program, Requires};

/// When the subject is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe {
    /// After every operation.
    EveryOp,
    /// After the last operation.
    End,
    /// After the last operation and every few in between.
    Adaptive,
}

impl Observe {
    /// Every way.
    pub const ALL: [Observe; 3] = [Observe::EveryOp, Observe::End, Observe::Adaptive];

    /// The word that stands for it.
    pub const fn name(self) -> &'static str {
        match self {
            Observe::EveryOp => "every-op",
            Observe::End => "end",
            Observe::Adaptive => "adaptive",
        }
    }

    /// The closest way to look at a program that does not take too long. Every look
    /// goes over every mapping: where a program makes tens of thousands, one by one,
    /// there is a look at the end alone.
    pub fn closest(fresh: &System, ops: &[Op]) -> Observe {
        let mut system = fresh.clone();
        let mut mappings = 0;
        for op in ops {
            if system.apply(op).is_err() {
                break;
            }
            let processes = system.live().filter_map(|process| system.process(process));
            mappings += processes.map(|process| process.mm.vmas.len()).sum::<usize>();
            if mappings > AFFORDABLE {
                return Observe::End;
            }
        }
        Observe::EveryOp
    }
}

/// Mappings that all looks at a program together may go over; an emulated processor
/// takes a minute for so many.
const AFFORDABLE: usize = 4 << 20;

/// Where the operations of a program come from.
pub trait Feed {
    /// The next operation, in view of the state so far.
    fn next(&mut self, system: &System) -> Option<Op>;

    /// A number that is the same whenever the same program is run.
    fn seed(&self) -> u64 {
        0
    }

    /// The number of the program in its campaign.
    fn number(&self) -> Option<u64> {
        None
    }
}

/// A program that is there already.
pub struct Replay<'a> {
    ops: std::slice::Iter<'a, Op>,
}

impl Replay<'_> {
    /// Feeds these operations.
    pub fn new(ops: &[Op]) -> Replay<'_> {
        Replay { ops: ops.iter() }
    }
}

impl Feed for Replay<'_> {
    fn next(&mut self, _: &System) -> Option<Op> {
        self.ops.next().cloned()
    }
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The outcome of the operation with this index.
    Outcome(usize),
    /// The state after the operation with this index.
    After(usize),
}

impl Step {
    /// The index of the operation.
    pub fn index(self) -> usize {
        match self {
            Step::Outcome(index) | Step::After(index) => index,
        }
    }
}

/// What the kernel did otherwise.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// When it was first seen.
    pub step: Step,
    /// The first difference, without what varies from run to run.
    pub signature: Signature,
    /// All that differed at that moment.
    pub differences: Vec<Difference>,
    /// The last observation: prediction and what was seen, by the same plan.
    pub seen: Option<Box<Seen>>,
}

/// Known bugs that showed in a run. What follows was compared with a model that
/// imitates them.
#[derive(Clone, Debug)]
pub struct Met {
    /// Which, without those that were met before.
    pub quirks: QuirkSet,
    /// How they showed: all that differed from a model that imitates those that were
    /// met before.
    pub divergence: Box<Divergence>,
}

/// A pair of snapshots.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the model predicted.
    pub expected: Snapshot,
    /// What the kernel showed.
    pub actual: Snapshot,
    /// What was looked at, per process of the snapshots.
    pub plans: Vec<ProcessPlan>,
    /// What the program accounted for in the counts of the system, where that differed.
    pub counts: Option<SystemCounts>,
    /// Where smaps was cut, if it was: mappings from this address on are in neither.
    pub smaps_end: Option<u64>,
}

/// A comparison: what was expected, what was seen, and by which plans.
pub(super) type SeenBy<'a> = (&'a mut Snapshot, &'a mut Snapshot, &'a [ProcessPlan]);

/// Whether kernel and model agree, but for the known bugs that were met.
#[derive(Clone, Debug, Default)]
pub enum Verdict {
    /// In everything that was compared.
    #[default]
    Agreed,
    /// They do not.
    Diverged(Box<Divergence>),
}

/// The kernel killed a process of the subject because memory ran out.
const OUT_OF_MEMORY: CannotPredict = CannotPredict("out of memory");

/// One run of one program.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Its number in the campaign.
    pub number: Option<u64>,
    /// How its subject began.
    pub start: Start,
    /// The capabilities that mmdiff has and its subject did not have.
    pub given_up: Privilege,
    /// To what the system was set.
    pub requires: Requires,
    /// Where the bases of addresses were.
    pub layout: Layout,
    /// The operations that were performed.
    pub ops: Vec<Op>,
    /// What the model answered, one per operation; it imitates the known bugs that were
    /// met.
    pub predicted: Vec<Answer>,
    /// What it answers without them, where there are any: as far as it could follow.
    pub right: Vec<Answer>,
    /// What the kernel answered; shorter when the subject was lost.
    pub actual: Vec<Outcome>,
    /// Why the program ended early, if it did.
    pub unpredictable: Option<CannotPredict>,
    /// How the subject was lost on the way, if it was; a divergence, too, unless
    /// memory ran out.
    pub lost: Option<String>,
    /// What the same subject did before, when there is a divergence: the program
    /// before this one and its way back to the initial state.
    pub before: Vec<Op>,
    /// Where the counts of the system differ, the programs since they were last as they
    /// should be, each with its way back: one of them may have left it.
    pub past: Vec<Vec<Op>>,
    /// The known bugs that were met, in the order in which they showed.
    pub met: Vec<Met>,
    /// What came of it.
    pub verdict: Verdict,
}

impl Trial {
    /// The divergence, if there is one.
    pub fn divergence(&self) -> Option<&Divergence> {
        match &self.verdict {
            Verdict::Diverged(divergence) => Some(divergence),
            _ => None,
        }
    }

    /// All known bugs that were met.
    pub fn known(&self) -> QuirkSet {
        self.met.iter().fold(QuirkSet::default(), |all, met| all.union(met.quirks))
    }

    /// What should come of the operation with this index: what the model answers without
    /// any bug.
    pub fn expected(&self, index: usize) -> Option<&Answer> {
        self.right.get(index).or_else(|| self.predicted.get(index))
    }

    /// Becomes a run that has not begun, within the memory that is there already.
    pub(super) fn clear(&mut self) {
        let Trial { mut ops, mut predicted, mut actual, .. } = std::mem::take(self);
        ops.clear();
        predicted.clear();
        actual.clear();
        *self = Trial { ops, predicted, actual, ..Trial::default() };
    }

    /// The program with the results that it should have.
    pub fn program(&self) -> Program {
        let mut program = Program::of(self.ops.iter().cloned());
        program.start = self.start;
        program.requires = self.requires.clone();
        program.requires.0.extend(Requires::without(self.given_up).0);
        for (index, answer) in (0..).map_while(|index| Some((index, self.expected(index)?))) {
            program.expect(index, &answer.outcome, &self.layout);
        }
        program
    }

    /// Per operation, what was predicted, by a model that imitates the known bugs that
    /// were met, and what the kernel did.
    pub fn outcomes(&self) -> Vec<(Outcome, Outcome)> {
        let predicted = self.predicted.iter().map(|answer| answer.outcome.clone());
        predicted.zip(self.actual.iter().cloned()).collect()
    }

    /// Notes that the subject was lost; for want of memory, nothing after that can
    /// be compared.
    pub(super) fn lose_or_end(&mut self, why: String, out_of_memory: bool) {
        if out_of_memory {
            self.lost = Some(why);
            self.unpredictable = Some(OUT_OF_MEMORY);
        } else {
            self.lose(why);
        }
    }

    /// Notes that the subject was lost; if something differed before, that too.
    pub(super) fn lose(&mut self, why: String) {
        let index = self.actual.len().min(self.ops.len().saturating_sub(1));
        let difference = Difference {
            process: self.ops.get(index).map(|op| op.process).unwrap_or_default(),
            place: Place::Process,
            field: Field::Process,
            kind: Kind::Missing,
            expected: "alive".to_owned(),
            actual: why.clone(),
        };
        self.lost = Some(why);
        match &mut self.verdict {
            Verdict::Diverged(divergence) => divergence.differences.push(difference),
            Verdict::Agreed => self.diverge(Step::After(index), vec![difference]),
        }
    }

    /// Adds what the kernel's log said when its subjects ended ([`super::Runner::take_left`]).
    pub fn add_left(&mut self, said: Vec<Trial>) {
        let last = Step::After(self.ops.len().saturating_sub(1));
        for trial in said {
            let Verdict::Diverged(divergence) = trial.verdict else { continue };
            match &mut self.verdict {
                Verdict::Diverged(found) => found.differences.extend(divergence.differences),
                Verdict::Agreed => self.diverge(last, divergence.differences),
            }
        }
    }

    pub(super) fn diverged(&self) -> bool {
        !matches!(self.verdict, Verdict::Agreed)
    }

    pub(super) fn diverge(&mut self, step: Step, differences: Vec<Difference>) {
        if self.diverged() {
            return;
        }
        if let Some(signature) = signature(&self.ops, step, &differences) {
            let divergence = Divergence { step, signature, differences, seen: None };
            self.verdict = Verdict::Diverged(Box::new(divergence));
        }
    }

    /// Notes snapshots that differ, if they do, and takes them; if an outcome
    /// differed before, they only complete the picture. `smaps_end` is where smaps
    /// was cut.
    pub(super) fn observed(
        &mut self,
        step: Step,
        differences: Vec<Difference>,
        (expected, actual, plans): SeenBy<'_>,
        smaps_end: Option<u64>,
    ) {
        if differences.is_empty() {
            return;
        }
        match &mut self.verdict {
            Verdict::Agreed => self.diverge(step, differences),
            // a complaint is no consequence of what differed
            Verdict::Diverged(divergence) => {
                let complaints = differences.into_iter().filter(|d| d.field == Field::KernelLog);
                divergence.differences.extend(complaints);
            }
        }
        if let Verdict::Diverged(divergence) = &mut self.verdict {
            let plans = plans[..expected.processes.len()].to_vec();
            let (expected, actual) = (std::mem::take(expected), std::mem::take(actual));
            let seen = Seen { expected, actual, plans, counts: None, smaps_end };
            divergence.seen = Some(Box::new(seen));
        }
    }

    /// Notes what was counted in the system at the moment of the divergence, and whose doing
    /// that may be.
    pub(super) fn counted(&mut self, counts: SystemCounts, past: Vec<Vec<Op>>) {
        self.past = past;
        if let Verdict::Diverged(divergence) = &mut self.verdict {
            if let Some(seen) = &mut divergence.seen {
                seen.counts = Some(counts);
            }
        }
    }

    /// Notes that known bugs explain all of the divergence.
    pub(super) fn explained(&mut self, quirks: QuirkSet) {
        match std::mem::take(&mut self.verdict) {
            Verdict::Diverged(divergence) => self.met.push(Met { quirks, divergence }),
            Verdict::Agreed => {}
        }
    }

    /// Notes if the outcome with this index differs.
    pub(super) fn check_outcome(&mut self, index: usize) {
        let (op, expected, actual) =
            (&self.ops[index], &self.predicted[index].outcome, &self.actual[index]);
        if expected != actual {
            if let Some(difference) = compare_outcome(index, op.process, expected, actual) {
                self.diverge(Step::Outcome(index), vec![difference]);
            }
        }
    }

    /// Ends with what was performed, since the system refused what came next, and takes
    /// that away.
    pub(super) fn end_before_refusal(&mut self, why: CannotPredict) -> Vec<Op> {
        let done = self.actual.len();
        self.predicted.truncate(done);
        self.right.truncate(done);
        self.unpredictable = Some(why);
        (0..done).for_each(|index| self.check_outcome(index));
        self.ops.split_off(done)
    }

    /// Takes away the operations behind the one with this index.
    pub(super) fn end_after(&mut self, index: usize) -> Vec<Op> {
        self.predicted.truncate(index + 1);
        self.right.truncate(index + 1);
        self.actual.truncate(index + 1);
        self.ops.split_off(self.ops.len().min(index + 1))
    }

    /// Takes away the operations that were not performed, unless the subject was
    /// lost over one of them.
    pub(super) fn end_where_it_got(&mut self) -> Vec<Op> {
        match (&self.lost, self.actual.len().checked_sub(1)) {
            (None, Some(last)) => self.end_after(last),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::model::Seed;
    use mm_reference::profile::{Profile, Version};
    use mm_reference::text::{parse, Mode};
    use std::fmt::Write;
    use std::sync::Arc;

    /// Makes so many mappings of every other page readable, and unmaps all.
    fn splits(count: u64) -> Vec<Op> {
        let mut text = "mmap(mmap-0x10000000, 0x10000000, PROT_NONE, \
                        MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n"
            .to_owned();
        for number in 0..count {
            let at = 0x1000_0000 - 0x2000 * number;
            writeln!(text, "mprotect(mmap-{at:#x}, 0x1000, PROT_READ)").expect("a line");
        }
        text.push_str("munmap(mmap-0x10000000, 0x10000000)\n");
        parse(&text, Mode::Strict).expect("a program").ops().cloned().collect()
    }

    #[test]
    fn tens_of_thousands_of_mappings_are_not_looked_at_one_by_one() {
        let profile = Arc::new(Profile::stock(Version::new(6, 18)));
        let fresh = System::new(profile, &Seed::standard());
        for (count, expected) in [(500, Observe::EveryOp), (30_000, Observe::End)] {
            assert_eq!(Observe::closest(&fresh, &splits(count)), expected);
        }
    }
}
