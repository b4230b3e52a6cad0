//! Programs on their way: queued, and not yet known to agree.

use super::again::{Course, Doubt, Restart, Resumed};
use super::further::{Further, Looks};
use super::limits::{CLOSE_LOOKS, STRIDES};
use super::reset::reset_ops;
use super::trial::{Feed, Observe, Trial};
use super::{Live, RunError, Runner, PROGRAMS_PER_SUBJECT};
use crate::observe::{OwnLook, Want};
use crate::protocol::{MAX_OPS, OUTPUT_SIZE};
use crate::stages::{lap, Stage};
use crate::subject::{Queued, SubjectError};
use mm_reference::model::{CannotPredict, VmFlags};
use mm_reference::op::{Call, Op, ProcessId};
use mm_reference::snapshot::{ProcessPlan, ProcessSnapshot, Views};

/// A program that begins when there is no room for so many operations is likely
/// to be the last one of a queue.
const NEARLY_FULL: usize = 40;
/// As [`Live::unseen`] begins: the first program is looked at.
pub(super) const LONG_AGO: u32 = CLOSE_LOOKS.1;
/// What ends a program before a call that a filter refuses.
pub(super) const REFUSED: CannotPredict = CannotPredict("a filter of this system refuses a call");
const FIRST: ProcessId = ProcessId(0);

/// A program that is being run.
pub(super) struct Flight {
    pub(super) trial: Trial,
    /// How it is looked at.
    pub(super) looks: Looks,
    /// The high-water marks at its start.
    pub(super) marks: (u64, u64),
    /// How it is undone.
    pub(super) undo: Vec<Op>,
    /// How much of that is known to be done.
    pub(super) undone: usize,
    /// Whether all of it is queued, what undoes it included.
    pub(super) complete: bool,
    /// How many of its operations have been taken down.
    pub(super) recorded: usize,
    /// Its operations behind the one at which it diverged.
    pub(super) rest: Vec<Op>,
    /// The operation that has no prediction, at which it ended.
    pub(super) refused: Option<Op>,
    /// See [`Course::doubt`].
    pub(super) doubt: Option<Box<Doubt>>,
}

impl Flight {
    /// Of a program that begins with these high-water marks.
    pub(super) fn of(trial: Trial, marks: (u64, u64)) -> Flight {
        Flight {
            trial,
            looks: Looks { stride: usize::MAX, due: false },
            marks,
            undo: Vec::new(),
            undone: 0,
            complete: false,
            recorded: 0,
            rest: Vec::new(),
            refused: None,
            doubt: None,
        }
    }
}

/// A look that is queued.
#[derive(Default)]
pub(super) struct Look {
    pub(super) flight: usize,
    /// Which operation it comes after.
    pub(super) after: usize,
    pub(super) plan: ProcessPlan,
    pub(super) contents: bool,
    pub(super) log: bool,
    pub(super) expected: ProcessSnapshot,
    /// How much of smaps is read, unless it is all.
    pub(super) smaps: Option<u64>,
    /// How many operations of the queue it takes.
    pub(super) requests: usize,
}

/// A part of the queue.
pub(super) enum Item {
    /// The next operation of the flight with this number.
    Op(usize),
    /// The next operation that undoes it.
    Undo(usize),
    /// The next look, which is at that flight and takes so many operations.
    Look(usize, usize),
    /// Emptying the CPU's batches of pages.
    Drain,
    /// Going to another CPU, once they are empty.
    Move,
    /// What the log said before the queue was run.
    StaleLog,
}

/// What became of the program that is being made when the queue was run.
pub(super) enum Flushed {
    /// It goes on.
    Fine,
    /// It has ended: it diverged.
    Ended,
    /// The subject was replaced, and it has to be performed anew.
    Restart(Box<Restart>),
}

impl Runner {
    /// Queues one program, operation by operation as `feed` gives them. Programs
    /// that are done with, which may be others, are appended to `done`.
    ///
    /// # Errors
    /// When no subject can be started, or the observer itself fails; what is
    /// queued is then lost.
    pub fn submit(
        &mut self,
        feed: &mut dyn Feed,
        observe: Observe,
        done: &mut Vec<Trial>,
    ) -> Result<(), RunError> {
        let stride = match observe {
            Observe::End => usize::MAX,
            Observe::EveryOp => 1,
            Observe::Adaptive => {
                let (low, high) = STRIDES;
                low + (feed.seed() % (high - low + 1) as u64) as usize
            }
        };
        let looks = Looks { stride, due: Looks::are_due(feed.seed()) };
        let course = Course::new(looks, feed.number());
        self.submit_with(feed, course, done)
    }

    pub(super) fn fly(
        &mut self,
        feed: &mut Resumed<'_, '_>,
        course: Course,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        let looks = course.looks;
        if self.live.as_ref().is_some_and(|live| live.programs >= PROGRAMS_PER_SUBJECT) {
            self.flush(done)?;
        }
        if !self.is_usable() {
            self.replace()?;
        }
        self.begin_to_count()?;
        lap(Stage::Other);
        let mut trial = self.buffers.trials.pop().unwrap_or_default();
        trial.requires.clone_from(&self.asks);
        self.live()?.begin(trial, course);
        let mut since = 0;
        loop {
            let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
            let Some(op) = live.draw(feed) else { break };
            lap(Stage::Generate);
            if self.caps.refused.contains(&op.call.name()) {
                live.refuse(op, REFUSED);
                break;
            }
            if !live.can_queue(&op) {
                match self.run_queue(done)? {
                    Flushed::Fine => return self.go_along(op, feed, looks.stride, done),
                    Flushed::Ended => return Ok(Flushed::Ended),
                    Flushed::Restart(mut again) => {
                        again.ops.push(op);
                        return Ok(Flushed::Restart(again));
                    }
                }
            }
            if !live.predict(op) {
                break;
            }
            lap(Stage::Model);
            match self.queue_op(done)? {
                Flushed::Fine => {}
                ended => return Ok(ended),
            }
            since += 1;
            if since == looks.stride {
                since = 0;
                match self.queue_look(&Want::ON_THE_WAY, done)? {
                    Flushed::Fine => {}
                    ended => return Ok(ended),
                }
            }
        }
        feed.feed = None;
        if !self.live()?.subject.sees_itself() {
            return match self.look_along(&Want::ALL, done)? {
                Flushed::Fine => self.land(done),
                ended => Ok(ended),
            };
        }
        match self.queue_look(&Want::ALL, done)? {
            Flushed::Fine => self.land(done),
            ended => Ok(ended),
        }
    }

    /// Queues the operation that was predicted last.
    fn queue_op(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let place = self.place_of_last();
        loop {
            self.forget_log()?;
            let live = self.live()?;
            let number = live.first + live.flights.len() - 1;
            let waits = !live.be_at(place);
            let Some(op) = live.flights.back().and_then(|flight| flight.trial.ops.last()) else {
                return Ok(Flushed::Fine);
            };
            let queued = if waits { Queued::Full } else { live.subject.queue(&op.call)? };
            match queued {
                Queued::Yes => live.items.push(Item::Op(number)),
                Queued::ThenDrain if !live.arena_is_locked() => {
                    live.items.push(Item::Op(number));
                    live.subject.queue_drain();
                    live.items.push(Item::Drain);
                }
                Queued::ThenDrain => {
                    live.items.push(Item::Op(number));
                    let flushed = self.run_queue(done)?;
                    if let Some(live) = &self.live {
                        live.subject.drain();
                    }
                    return Ok(flushed);
                }
                Queued::Full => match self.run_queue(done)? {
                    Flushed::Fine => continue,
                    ended => return Ok(ended),
                },
            }
            return Ok(Flushed::Fine);
        }
    }

    /// Takes no notice of what the log says before the queue is run, whoever of
    /// both can read it.
    fn forget_log(&mut self) -> Result<(), RunError> {
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        if !live.items.is_empty() {
            return Ok(());
        }
        if live.subject.sees_log() {
            live.subject.queue_log();
            live.items.push(Item::StaleLog);
        } else {
            self.ear.listen();
        }
        Ok(())
    }

    /// Whether the worker itself looks, for the flags of frames and numa_maps, which a
    /// subject does not read, for what the kernel logged before there was a subject, or
    /// because what the subject read was not all.
    fn is_worth_a_close_look(&mut self, want: &Want) -> Result<bool, RunError> {
        let live = self.live()?;
        let looks_itself = live.flights.back().is_some_and(|flight| flight.doubt.is_some());
        if looks_itself || want.page_flags && live.seed.exec.is_some() {
            return Ok(true);
        }
        let is_opportune = !live.subject.has_room(NEARLY_FULL);
        let due = live.unseen >= LONG_AGO || live.unseen >= CLOSE_LOOKS.0 && is_opportune;
        let sees_more = self.frame_flags.is_some() || self.caps.views.contains(Views::NUMA_MAPS);
        Ok(sees_more && (self.scrutinizes || want.page_flags && due))
    }

    /// Queues a look at the state after the last operation.
    fn queue_look(&mut self, want: &Want, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        if self.is_worth_a_close_look(want)? {
            return match self.run_queue(done)? {
                Flushed::Fine => self.look_along(want, done),
                ended => Ok(ended),
            };
        }
        let log = self.caps.kernel_log;
        let parts = self.caps.parts;
        let Further { views, away } = self.further(want, false)?;
        let mut look = self.buffers.looks.pop().unwrap_or_default();
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        live.next.plan_into(FIRST, &mut look.plan);
        look.log = log && live.subject.sees_log();
        look.contents = want.contents && parts.contents;
        look.plan.views = live.subject.own_views(views);
        if look.contents && away > 0 {
            live.next.plan_away(FIRST, away, &mut look.plan);
        }
        look.flight = live.first + live.flights.len() - 1;
        look.after = live.flights.back().map_or(0, |f| f.trial.ops.len().saturating_sub(1));
        live.next.snapshot_into(FIRST, &look.plan, &mut look.expected);
        if !look.contents {
            look.expected.contents.clear();
        }
        let length = self.decoders.smaps_length(&look.expected.smaps);
        look.smaps = length.filter(|_| parts.maps);
        let own = OwnLook {
            plan: &look.plan,
            want: Want { contents: look.contents, ..parts },
            log: look.log,
            smaps: look.smaps,
        };
        let mappings = live.next.process(FIRST).map_or(0, |p| p.mm.vmas.len());
        let bytes = own.bytes(mappings);
        own.requests(&mut self.buffers.requests);
        look.requests = self.buffers.requests.len();
        let unscannable = !self.caps.scan && !look.plan.empty.0.is_empty();
        if bytes > OUTPUT_SIZE as u64 || look.requests > MAX_OPS / 2 || unscannable {
            self.buffers.looks.push(look);
            return match self.run_queue(done)? {
                Flushed::Fine => self.look_along(want, done),
                ended => Ok(ended),
            };
        }
        lap(Stage::Model);
        loop {
            self.forget_log()?;
            let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
            let fits = live.bytes + bytes <= OUTPUT_SIZE as u64;
            if fits && live.subject.queue_look(&self.buffers.requests) {
                break;
            }
            match self.run_queue(done)? {
                Flushed::Fine => {}
                ended => return Ok(ended),
            }
        }
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        live.next.bring_in(FIRST, &look.plan.away);
        live.bytes += bytes;
        live.items.push(Item::Look(look.flight, look.requests));
        live.looks.push_back(look);
        lap(Stage::Model);
        Ok(Flushed::Fine)
    }

    /// Queues what undoes the program that was queued last.
    pub(super) fn land(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        self.weigh_doubt();
        let counts = self.scrutinizes || std::mem::take(&mut self.live()?.counted);
        let mut undo = self.buffers.undos.pop().unwrap_or_default();
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        let is_undone = reset_ops(&mut live.next, &mut live.start, &live.seed, &mut undo);
        lap(Stage::Model);
        let (Some(()), Some(flight)) = (is_undone, live.flights.back_mut()) else {
            let flushed = self.run_queue(done)?;
            if let (Flushed::Fine, Some(mut live)) = (&flushed, self.live.take()) {
                self.bury(&mut live);
                for flight in live.flights {
                    self.finish(flight, done);
                }
                drop(live.subject);
                if counts {
                    self.count_undone(done)?;
                }
            }
            return Ok(flushed);
        };
        let count = undo.len();
        flight.undo = undo;
        for at in 0..count {
            if self.live()?.queue_undo(at)? == Queued::Full {
                match self.run_queue(done)? {
                    Flushed::Fine => {}
                    ended => return Ok(ended),
                }
                self.live()?.queue_undo(at)?;
            }
        }
        let live = self.live()?;
        live.programs += 1;
        live.unseen += 1;
        if let Some(flight) = live.flights.back_mut() {
            flight.complete = true;
        }
        if !counts || self.ledger.is_none() {
            return Ok(Flushed::Fine);
        }
        let flushed = self.run_queue(done)?;
        if let Flushed::Fine = flushed {
            self.count_undone(done)?;
        }
        Ok(flushed)
    }

    /// Hands over a program that is done with.
    pub(super) fn finish(&mut self, mut flight: Flight, done: &mut Vec<Trial>) {
        if let Some(ledger) = &mut self.ledger {
            ledger.note(&flight);
        }
        self.buffers.keep_undo(std::mem::take(&mut flight.undo));
        done.push(flight.into_trial());
    }
}

impl Live {
    fn begin(&mut self, mut trial: Trial, course: Course) {
        let Course { number, looks, met, doubt } = course;
        (trial.start, trial.layout) = (self.seed.start(), self.seed.layout);
        (trial.number, trial.met, trial.given_up) = (number, met, self.given_up);
        let marks = self.start.high_water();
        self.right = (!trial.met.is_empty()).then(|| self.next.clone());
        self.imitate(trial.known());
        let flight = Flight { looks, doubt, ..Flight::of(trial, marks) };
        self.flights.push_back(flight);
    }

    /// Queues what undoes the last program, the operation with this index.
    fn queue_undo(&mut self, at: usize) -> Result<Queued, SubjectError> {
        let number = self.first + self.flights.len().saturating_sub(1);
        let Some(op) = self.flights.back().and_then(|flight| flight.undo.get(at)) else {
            return Ok(Queued::Yes);
        };
        let queued = self.subject.queue(&op.call)?;
        if queued != Queued::Full {
            self.items.push(Item::Undo(number));
        }
        Ok(queued)
    }

    /// Whether an operation concerns the first process alone, and nothing but
    /// its own memory.
    fn can_queue(&self, op: &Op) -> bool {
        let makes_process = matches!(op.call, Call::Fork | Call::Exit);
        let alone = self.next.live().eq([FIRST]);
        op.process == FIRST && !makes_process && alone && self.subject.sees_itself()
    }

    /// Ends the last program before an operation that cannot be tried here.
    pub(super) fn refuse(&mut self, op: Op, why: CannotPredict) {
        if let Some(flight) = self.flights.back_mut() {
            flight.trial.unpredictable = Some(why);
            flight.refused = Some(op);
        }
    }

    pub(super) fn arena_is_locked(&self) -> bool {
        let arena = self.next.process(FIRST).and_then(|p| p.mm.vmas.at(self.seed.arena.start));
        arena.is_none_or(|vma| vma.flags.contains(VmFlags::LOCKED))
    }

    /// Predicts an operation of the last program; false when the model has no
    /// prediction, and is then as it was before: it may have noticed only halfway.
    pub(super) fn predict(&mut self, op: Op) -> bool {
        let Some(flight) = self.flights.back_mut() else { return false };
        let trial = &mut flight.trial;
        match self.next.apply(&op) {
            Ok(answer) => {
                if let Some(right) = self.right.as_mut().map(|system| system.apply(&op)) {
                    match right {
                        Ok(right) => trial.right.push(right),
                        Err(_) => self.right = None,
                    }
                }
                trial.ops.push(op);
                trial.predicted.push(answer);
                true
            }
            Err(reason) => {
                trial.unpredictable = Some(reason);
                flight.refused = Some(op);
                let known = trial.known();
                self.next.return_to(&self.start);
                self.imitate(known);
                let ops = self.flights.back().map(|flight| &flight.trial.ops[..]);
                for op in ops.unwrap_or_default() {
                    self.next.apply(op).ok();
                }
                false
            }
        }
    }
}
