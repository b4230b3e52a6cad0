//! Programs that are run again: for what known bugs were met, or for what was not read.

use super::flight::{Flight, Flushed};
use super::further::Looks;
use super::trial::{Divergence, Feed, Met, Replay, Trial, Verdict};
use super::{explain, Live, RunError, Runner};
use crate::compare::{Difference, Field, Kind, Place};
use crate::corpus::BOUNDS;
use crate::generate::{Avoid, Fence, Guard, Refusal, View};
use mm_reference::model::{CannotPredict, System};
use mm_reference::op::{Op, ProcessId};
use mm_reference::profile::QuirkSet;

/// Why a program ends that asks, in the state that a known bug leaves behind, for what
/// may not run.
const BARRED: CannotPredict = CannotPredict("would do what may not run after a known bug");

/// How a program is run.
#[derive(Default)]
pub(super) struct Course {
    /// The program's number in the campaign.
    pub(super) number: Option<u64>,
    /// How it is looked at.
    pub(super) looks: Looks,
    /// The known bugs that it has met, which the model imitates from its start.
    pub(super) met: Vec<Met>,
    /// What another run showed of which not all was read; the worker makes all looks.
    pub(super) doubt: Option<Box<Doubt>>,
}

impl Course {
    /// Of a program that has not run yet.
    pub(super) fn new(looks: Looks, number: Option<u64>) -> Course {
        Course { number, looks, ..Course::default() }
    }
}

/// A divergence in a look of which not all was read.
pub(super) struct Doubt {
    divergence: Divergence,
    /// As [`Trial::before`].
    before: Vec<Op>,
}

impl Doubt {
    /// Takes it out of a run that diverged.
    pub(super) fn of(trial: &mut Trial, before: Vec<Op>) -> Option<Box<Doubt>> {
        match std::mem::take(&mut trial.verdict) {
            Verdict::Diverged(divergence) => {
                Some(Box::new(Doubt { divergence: *divergence, before }))
            }
            Verdict::Agreed => None,
        }
    }

    /// Forgets that a text had another length than was foretold; answers whether anything
    /// is left.
    fn is_more_than_length(&mut self) -> bool {
        let differences = &mut self.divergence.differences;
        differences.retain(|difference| !is_length(difference));
        !differences.is_empty()
    }
}

/// That smaps, without the last entry, is not as long as was foretold.
pub(super) fn other_length(expected: u64, actual: u64) -> Difference {
    Difference {
        process: ProcessId(0),
        place: Place::Process,
        field: Field::SmapsUnknown,
        kind: Kind::Changed,
        expected: format!("{expected} bytes"),
        actual: match actual == expected {
            true => "more, or other entries".to_owned(),
            false => format!("{actual} bytes"),
        },
    }
}

fn is_length(difference: &Difference) -> bool {
    difference.field == Field::SmapsUnknown && difference.place == Place::Process
}

impl Trial {
    /// Settles what another run showed that could not be read whole. If this one agrees
    /// it depends on what came before, and is the verdict.
    pub(super) fn settle(&mut self, doubt: Doubt) {
        let Doubt { mut divergence, before } = doubt;
        let known = !self.met.is_empty();
        match &mut self.verdict {
            Verdict::Agreed if !known => {
                self.verdict = Verdict::Diverged(Box::new(divergence));
                self.before = before;
            }
            // the known bugs account for the rest
            Verdict::Agreed => {
                let left = explain::unexplainable(&mut divergence.differences);
                self.diverge(divergence.step, left);
                self.before = before;
            }
            Verdict::Diverged(found) => {
                found.differences.extend(explain::unexplainable(&mut divergence.differences));
            }
        }
    }
}

/// A program that has to be performed anew.
pub(super) struct Restart {
    /// What has been made of it.
    pub(super) ops: Vec<Op>,
    pub(super) course: Course,
}

/// What comes next in a program.
enum Drawn {
    Op(Op),
    /// Which may not run.
    Barred(Op),
    Nothing,
}

/// A feed that starts over.
pub(super) struct Resumed<'f, 'g> {
    again: std::vec::IntoIter<Op>,
    /// Nothing once the program is over.
    pub(super) feed: Option<&'f mut dyn Feed>,
    /// What may run in a state that is not the one for which operations were made.
    guard: Option<Guard<'g>>,
}

impl Resumed<'_, '_> {
    fn next(&mut self, system: &System) -> Drawn {
        let next = self.again.next().or_else(|| self.feed.as_deref_mut()?.next(system));
        match (next, &mut self.guard) {
            (Some(op), Some(guard)) => match guard.admit(&op, &View::of(system)) {
                // that depends on the operation alone
                Ok(()) | Err(Refusal::Avoided(_)) => Drawn::Op(op),
                Err(_) => Drawn::Barred(op),
            },
            (Some(op), None) => Drawn::Op(op),
            (None, _) => Drawn::Nothing,
        }
    }
}

impl Live {
    /// The next operation of the last program.
    pub(super) fn draw(&mut self, feed: &mut Resumed<'_, '_>) -> Option<Op> {
        match feed.next(&self.next) {
            Drawn::Op(op) => Some(op),
            Drawn::Nothing => None,
            Drawn::Barred(op) => {
                self.refuse(op, BARRED);
                None
            }
        }
    }

    /// From now on the model has the bugs that the last program has met.
    pub(super) fn imitate(&mut self, known: QuirkSet) {
        if !known.is_empty() {
            self.next.imitate(known);
        }
    }
}

impl Flight {
    /// Takes away what is behind the operation with this index.
    pub(super) fn end_after(&mut self, index: usize) {
        let mut rest = self.trial.end_after(index);
        rest.append(&mut self.rest);
        self.rest = rest;
    }

    /// Takes away what was not performed.
    pub(super) fn end_where_it_got(&mut self) {
        let mut rest = self.trial.end_where_it_got();
        rest.append(&mut self.rest);
        self.rest = rest;
    }

    /// The run, settled.
    pub(super) fn into_trial(self) -> Trial {
        let mut trial = self.trial;
        if let Some(doubt) = self.doubt {
            trial.settle(*doubt);
        }
        trial
    }

    /// The whole program again, up to what could not be predicted.
    pub(super) fn restart(self) -> Restart {
        let Flight { trial, rest, refused, looks, doubt, .. } = self;
        let Trial { number, mut ops, met, .. } = trial;
        ops.extend(rest);
        ops.extend(refused);
        Restart { ops, course: Course { number, looks, met, doubt } }
    }
}

impl Runner {
    /// Queues one program, which may have run before, on its course. Programs that are
    /// done with are appended to `done`.
    pub(super) fn submit_with(
        &mut self,
        feed: &mut dyn Feed,
        course: Course,
        done: &mut Vec<Trial>,
    ) -> Result<(), RunError> {
        let mut restart = Restart { ops: Vec::new(), course };
        let mut feed = Some(feed);
        loop {
            let Restart { ops, course } = restart;
            let fence = match course.met.is_empty() {
                true => None,
                false => Some(Fence::of(self.fresh()?)),
            };
            let guard = fence.as_ref().map(|fence| Guard::new(fence, BOUNDS, Avoid::default()));
            let mut resumed = Resumed { again: ops.into_iter(), feed: feed.take(), guard };
            let flown = self.fly(&mut resumed, course, done);
            feed = resumed.feed;
            match flown {
                Ok(Flushed::Restart(again)) => restart = *again,
                Ok(_) => return Ok(()),
                Err(error) => {
                    self.end();
                    return Err(error);
                }
            }
        }
    }

    /// Queues programs again, in a fresh subject; the one that is being made, if it is
    /// among them, has to be performed anew.
    pub(super) fn run_again(
        &mut self,
        mut again: Vec<Flight>,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        let current = match again.last() {
            Some(flight) if !flight.complete => again.pop(),
            _ => None,
        };
        for flight in again {
            let Restart { ops, course } = flight.restart();
            self.submit_with(&mut Replay::new(&ops), course, done)?;
        }
        Ok(current.map_or(Flushed::Fine, |flight| Flushed::Restart(Box::new(flight.restart()))))
    }

    /// Settles whether the length of smaps was foretold wrongly, when a program has got to
    /// its end that the worker looked at for that reason.
    ///
    /// Where the kernel prints entries of other forms than those that were known when the
    /// length was foretold, the worker's looks, which read everything, have shown that by
    /// now, and lengths are not foretold any more. Otherwise the text did have another
    /// length, although it does not now.
    pub(super) fn weigh_doubt(&mut self) {
        let foretells = self.decoders.foretells_smaps();
        let flight = self.live.as_mut().and_then(|live| live.flights.back_mut());
        if let Some(Flight { doubt, .. }) = flight.filter(|_| !foretells) {
            *doubt =
                doubt.take().and_then(|mut doubt| doubt.is_more_than_length().then_some(doubt));
        }
    }
}
