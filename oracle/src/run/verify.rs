//! Running what is queued, and holding it against the predictions.

use super::direct::new_in_log;
use super::explain;
use super::flight::{Flight, Flushed, Item, Look};
use super::moves::Moves;
use super::trial::{Replay, SeenBy, Step, Trial, Verdict};
use super::{Buffers, Live, RunError, Runner, LARGE};
use crate::compare::{complaint, Comparer, Difference};
use crate::observe::{complaints_in, Capabilities, Decoders, ObserveError, OwnLook, Reader, Want};
use crate::stages::{lap, Stage};
use crate::subject::{Answers, Ran, SubjectError};
use mm_reference::op::{Call, Op, Outcome, ProcessId};
use mm_reference::snapshot::Snapshot;

const FIRST: ProcessId = ProcessId(0);

impl Runner {
    /// Runs what is queued; programs that are done with are appended to `done`.
    ///
    /// # Errors
    /// When the observer itself fails; what is queued is then lost.
    pub fn flush(&mut self, done: &mut Vec<Trial>) -> Result<(), RunError> {
        let flushed = self.run_queue(done);
        if flushed.is_err() {
            self.live = None;
        }
        // what has to be performed anew may be queued again
        match self.live.as_ref().map_or(0, |live| live.flights.len()) {
            0 => {
                flushed?;
                match self.has_suspects() {
                    true => self.count_undone(done),
                    false => Ok(()),
                }
            }
            _ => self.flush(done),
        }
    }

    /// As [`Runner::flush`], while a program is being made.
    pub(super) fn run_queue(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let Some(live) = &self.live else { return Ok(Flushed::Fine) };
        // of a program that the worker has looked at itself nothing may be left to do
        if !live.items.is_empty() {
            self.record();
            let live = self.live()?;
            let ran = live.subject.run_queue(live.subject.sees_log());
            lap(Stage::Execute);
            match self.verify(&ran)? {
                Verified::Agreed => {}
                Verified::Diverged(culprit) => {
                    return self.conclude(culprit, ran.result.is_ok(), done)
                }
                Verified::Unread(culprit) => return self.look_again(culprit, done),
            }
        }
        while let Some(flight) = self.live()?.next_complete() {
            self.finish(flight, done);
        }
        self.forget_record();
        lap(Stage::Other);
        Ok(Flushed::Fine)
    }

    /// Goes through the results, up to the first program that diverged.
    fn verify(&mut self, ran: &Ran) -> Result<Verified, RunError> {
        let out_of_memory = ran.result.as_ref().is_err_and(|e| self.is_out_of_memory(e));
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        live.bytes = 0;
        let mut items = std::mem::take(&mut live.items);
        if ran.result.is_ok() {
            live.subject.output(ran, &mut self.buffers.output)?;
        } else {
            self.buffers.output.clear();
        }
        let Live { subject, flights, first, looks, .. } = live;
        let output = std::mem::take(&mut self.buffers.output);
        let mut results = Results { answers: subject.answers(), output: &output, at: 0 };
        let mut looking = Looking {
            caps: &self.caps,
            comparer: &mut self.comparer,
            moves: &mut self.moves,
            decoders: &mut self.decoders,
            buffers: &mut self.buffers,
        };
        let mut culprit: Option<usize> = None;
        let mut unread = None;
        for item in items.drain(..) {
            let flight = item.flight().and_then(|number| flights.get_mut(number - *first));
            let (Some(number), Some(Flight { trial, undo, undone, .. })) = (item.flight(), flight)
            else {
                results.skip(&item)?;
                continue;
            };
            if culprit.is_some_and(|culprit| culprit != number) {
                break;
            }
            if ran.result.is_err() && results.at + item.operations() > ran.done {
                break;
            }
            match item {
                Item::Op(_) => results.operation(trial),
                Item::Undo(_) => {
                    if let Some(op) = undo.get(*undone) {
                        results.undone(trial, &op.call);
                    }
                    *undone += 1;
                }
                Item::Look(..) if ran.result.is_ok() => {
                    let Some(mut look) = looks.pop_front() else { break };
                    let differences = match looking.compare(&mut look, &mut results) {
                        Err(RunError::Observe(ObserveError::OtherLength)) => {
                            unread = Some(number);
                            break;
                        }
                        compared => compared?,
                    };
                    let stops = trial.diverged() || !differences.is_empty();
                    trial.observed(Step::After(look.after), differences, looking.seen(&look));
                    if stops {
                        trial.end_after(look.after);
                        culprit = Some(number);
                        break;
                    }
                    looking.buffers.looks.push(look);
                }
                item => results.skip(&item)?,
            }
            if trial.diverged() {
                culprit = Some(number);
            }
        }
        if let Some(number) = unread {
            self.buffers.output = output;
            return Ok(Verified::Unread(number));
        }
        let last = *first + flights.len().saturating_sub(1);
        if let (None, Err(error)) = (culprit, &ran.result) {
            // the one that was at it
            let index = flights.iter().position(|f| f.trial.actual.len() < f.trial.ops.len());
            let index = index.unwrap_or(flights.len().saturating_sub(1));
            if let Some(flight) = flights.get_mut(index) {
                flight.trial.lose_or_end(error.to_string(), out_of_memory);
            }
            culprit = Some(*first + index);
        }
        if culprit.is_none() {
            let mut differences = Vec::new();
            if subject.sees_log() {
                let complaints = complaints_in(results.log()?);
                differences.extend(complaints.iter().map(|c| complaint(FIRST, c)));
            } else {
                new_in_log(&mut self.log, &mut differences);
            }
            if let (false, Some(flight)) = (differences.is_empty(), flights.back_mut()) {
                let after = flight.trial.ops.len().saturating_sub(1);
                flight.trial.diverge(Step::After(after), differences);
                culprit = Some(last);
            }
        }
        self.buffers.output = output;
        live.items = items;
        Ok(culprit.map_or(Verified::Agreed, Verified::Diverged))
    }

    /// Gives the subject up, and runs a program again of which not all was read, this
    /// time with looks of the worker's own; then what was queued behind it.
    fn look_again(&mut self, unread: usize, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let Some(live) = self.live.take() else { return Ok(Flushed::Fine) };
        let Live { subject, flights, first, .. } = live;
        drop(subject);
        let mut again = Vec::new();
        for (number, flight) in (first..).zip(flights) {
            match number < unread {
                true => self.finish(flight, done),
                false => again.push(flight),
            }
        }
        self.looks_itself = true;
        self.run_again(again, done)
    }

    /// Queues programs again, in a fresh subject; the one that is being made, if it is
    /// among them, has to be performed anew.
    fn run_again(
        &mut self,
        mut again: Vec<Flight>,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        let current = match again.last() {
            Some(flight) if !flight.complete => again.pop(),
            _ => None,
        };
        for flight in again {
            self.submit_with(&mut Replay::of(&flight.trial), flight.looks, done)?;
        }
        Ok(current.map_or(Flushed::Fine, |flight| Flushed::Restart(flight.trial.ops)))
    }

    /// Concludes the program that is being made, which diverged; nothing is queued.
    pub(super) fn conclude_last(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let live = self.live()?;
        let number = live.first + live.flights.len().saturating_sub(1);
        self.conclude(number, true, done)
    }

    /// Explains a divergence if it is a known one, gives the subject up, and runs
    /// again what was queued behind it; and what was queued before it, if that
    /// could not be verified.
    fn conclude(
        &mut self,
        culprit: usize,
        verified: bool,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        let Some(live) = self.live.take() else { return Ok(Flushed::Fine) };
        let Live { subject, seed, start, mut before, flights, first, .. } = live;
        // the system counts what it has as long as it is there
        drop(subject);
        let mut again = Vec::new();
        let mut ended = false;
        for (number, mut flight) in (first..).zip(flights) {
            if number == culprit {
                let start = start.clone().with_high_water(flight.marks);
                let trial = &mut flight.trial;
                trial.end_where_it_got();
                if let Verdict::Diverged(divergence) = &mut trial.verdict {
                    let quirks = self.known_bugs();
                    let ran = (&trial.ops[..], &trial.actual[..]);
                    let past = &trial.past;
                    let bugs = (quirks, &self.caps);
                    divergence.known = explain::explain(&seed, &start, ran, divergence, past, bugs);
                }
                trial.before = std::mem::take(&mut before);
                ended = !flight.complete;
                self.finish(flight, done);
            } else if number < culprit && verified {
                flight.leave_behind(&mut before);
                self.finish(flight, done);
            } else {
                again.push(flight);
            }
        }
        Ok(match self.run_again(again, done)? {
            Flushed::Fine if ended => Flushed::Ended,
            flushed => flushed,
        })
    }
}

/// What came of going through the results of a queue. Programs by their numbers.
enum Verified {
    /// All is as predicted.
    Agreed,
    /// This one is the first that diverged.
    Diverged(usize),
    /// Of this one not all was read; those before it agreed.
    Unread(usize),
}

impl Live {
    /// Takes the first program if it is complete, so that all of it has been run.
    fn next_complete(&mut self) -> Option<Flight> {
        let flight = match self.flights.front() {
            Some(flight) if flight.complete => self.flights.pop_front()?,
            _ => return None,
        };
        self.first += 1;
        // of those before it the next queue needs to know nothing
        if !self.flights.front().is_some_and(|next| next.complete) {
            flight.leave_behind(&mut self.before);
        }
        Some(flight)
    }
}

impl Flight {
    /// What it leaves as the history of the next program.
    fn leave_behind(&self, before: &mut Vec<Op>) {
        if before.capacity() > LARGE {
            *before = Vec::new();
        }
        before.clear();
        before.extend_from_slice(&self.trial.ops);
        before.extend_from_slice(&self.undo);
    }
}

/// What it takes to compare looks.
struct Looking<'r> {
    caps: &'r Capabilities,
    comparer: &'r mut Comparer,
    moves: &'r mut Moves,
    decoders: &'r mut Decoders,
    buffers: &'r mut Buffers,
}

impl Looking<'_> {
    /// Decodes a look and compares; the snapshots stay in the buffers.
    fn compare(
        &mut self,
        look: &mut Look,
        results: &mut Results<'_>,
    ) -> Result<Vec<Difference>, RunError> {
        self.buffers.make_room(1);
        let Snapshot { processes: expected } = &mut self.buffers.expected;
        let Snapshot { processes: actual } = &mut self.buffers.actual;
        std::mem::swap(&mut expected[0], &mut look.expected);
        let want = Want { contents: look.contents, ..self.caps.parts };
        let own = OwnLook { plan: &look.plan, want, log: look.log, smaps: look.smaps };
        let mappings = expected[0].smaps.len();
        let log = results.read(look.requests, |reader| {
            own.read(self.decoders, reader, mappings, &mut actual[0]).map_err(RunError::Observe)
        })?;
        let mut differences = Vec::new();
        let (expected, actual) = (&self.buffers.expected, &self.buffers.actual);
        self.comparer.compare(expected, actual, self.caps, &mut differences);
        self.moves.leave_out(&mut differences);
        differences.extend(complaints_in(log).iter().map(|c| complaint(FIRST, c)));
        lap(Stage::Compare);
        Ok(differences)
    }

    /// What was compared last.
    fn seen<'s>(&'s mut self, look: &'s Look) -> SeenBy<'s> {
        let plans = std::slice::from_ref(&look.plan);
        (&mut self.buffers.expected, &mut self.buffers.actual, plans)
    }
}

impl Item {
    fn flight(&self) -> Option<usize> {
        match self {
            Item::Op(flight) | Item::Undo(flight) | Item::Look(flight, _) => Some(*flight),
            Item::Drain | Item::StaleLog => None,
        }
    }

    /// How many operations of the queue it takes.
    fn operations(&self) -> usize {
        match self {
            Item::Look(_, requests) => *requests,
            _ => 1,
        }
    }
}

/// What the subject answered, read in order.
struct Results<'a> {
    answers: Answers<'a>,
    output: &'a [u8],
    /// Operations of the queue that have been passed.
    at: usize,
}

impl<'a> Results<'a> {
    fn skip(&mut self, item: &Item) -> Result<(), RunError> {
        if let Item::StaleLog = item {
            return self.log().map(drop);
        }
        self.at += item.operations();
        for _ in 0..item.operations() {
            self.answers.next_raw();
        }
        Ok(())
    }

    fn operation(&mut self, trial: &mut Trial) {
        self.at += 1;
        let index = trial.actual.len();
        let Some(op) = trial.ops.get(index) else { return };
        match self.answers.next(&op.call) {
            Some(outcome) => {
                trial.actual.push(outcome);
                trial.check_outcome(index);
            }
            None => {
                let what = "a result of another kind";
                trial.lose(SubjectError::Nonsense { process: FIRST, what }.to_string());
            }
        }
    }

    fn undone(&mut self, trial: &mut Trial, call: &Call) {
        self.at += 1;
        let outcome = self.answers.next(call);
        let failed = outcome.filter(|o| matches!(o, Outcome::Error(_) | Outcome::Signal(_)));
        if let Some(outcome) = failed {
            trial.lose(SubjectError::Reset { call: call.name(), outcome }.to_string());
        }
    }

    fn log(&mut self) -> Result<&'a [u8], RunError> {
        self.read(1, |reader| reader.log().map_err(RunError::Observe))
    }

    /// Reads the answers of so many requests, and their part of the output.
    fn read<T>(
        &mut self,
        requests: usize,
        read: impl FnOnce(&mut Reader<'a, '_>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        self.at += requests;
        let mut next = || self.answers.next_raw();
        let mut reader = Reader::new(self.output, &mut next);
        let answer = read(&mut reader)?;
        self.output = reader.rest();
        Ok(answer)
    }
}
