//! Running what is queued, and holding it against the predictions.

use super::again::{other_length, Doubt};
use super::ear::Ear;
use super::flight::{Flight, Flushed, Item, Look};
use super::moves::Moves;
use super::trial::{Divergence, SeenBy, Step, Trial};
use super::{Buffers, Live, RunError, Runner, LARGE};
use crate::compare::{Comparer, Difference};
use crate::observe::{Capabilities, Cut, Decoders, OwnLook, Reader, Want};
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
            self.end();
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
            self.come_home();
            let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
            let settings = &self.profile.settings;
            let in_force = self.control.as_ref().map(|c| c.while_running(settings)).transpose()?;
            let ran = live.subject.run_queue(live.subject.sees_log());
            drop(in_force);
            lap(Stage::Execute);
            match self.verify(&ran)? {
                Verified::Agreed => {}
                Verified::Diverged(culprit) => {
                    return self.conclude(culprit, ran.result.is_ok(), done)
                }
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
            ear: &mut self.ear,
        };
        let mut culprit: Option<usize> = None;
        for item in items.drain(..) {
            let flight = item.flight().and_then(|number| flights.get_mut(number - *first));
            let (Some(number), Some(flight)) = (item.flight(), flight) else {
                results.skip(&item, looking.ear)?;
                continue;
            };
            let Flight { trial, undo, undone, .. } = flight;
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
                    let (differences, cut) = looking.compare(&mut look, &mut results)?;
                    let stops = trial.diverged() || !differences.is_empty();
                    let after = Step::After(look.after);
                    trial.observed(after, differences, looking.seen(&look), cut);
                    if stops {
                        flight.end_after(look.after);
                        culprit = Some(number);
                        break;
                    }
                    looking.buffers.looks.push(look);
                }
                item => results.skip(&item, looking.ear)?,
            }
            if flight.trial.diverged() {
                culprit = Some(number);
            }
        }
        let last = *first + flights.len().saturating_sub(1);
        if let Err(error) = &ran.result {
            // the one that was at it
            let index = flights.iter().position(|f| f.trial.actual.len() < f.trial.ops.len());
            let index = index.unwrap_or(flights.len().saturating_sub(1));
            // what is behind one that diverged is run again
            let first_to_blame = culprit.is_none_or(|culprit| culprit == *first + index);
            if let Some(flight) = flights.get_mut(index).filter(|_| first_to_blame) {
                flight.trial.lose_or_end(error.to_string(), out_of_memory);
                culprit = Some(*first + index);
            }
        }
        if culprit.is_none() {
            let differences = match subject.sees_log() {
                true => looking.ear.overhear(results.log()?),
                false => looking.ear.listen(),
            };
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

    /// Concludes the program that is being made, which diverged; nothing is queued.
    pub(super) fn conclude_last(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let live = self.live()?;
        let number = live.first + live.flights.len().saturating_sub(1);
        self.conclude(number, true, done)
    }

    /// Gives the subject up in which a program diverged. If known bugs explain that, the
    /// program is run again with a model that imitates them; if not all was read of how
    /// it diverged, with looks of the worker's own. So is what was queued behind it; and
    /// what was queued before it, if that could not be verified.
    fn conclude(
        &mut self,
        culprit: usize,
        verified: bool,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        let Some(mut live) = self.live.take() else { return Ok(Flushed::Fine) };
        self.bury(&mut live);
        let Live { subject, seed, start, mut before, flights, first, .. } = live;
        // the system counts what it has as long as it is there
        drop(subject);
        let mut again = Vec::new();
        let mut ended = false;
        for (number, mut flight) in (first..).zip(flights) {
            if number == culprit {
                flight.end_where_it_got();
                let is_known = self.account_for(&seed, &start, &mut flight);
                let is_cut =
                    |d: &Divergence| d.seen.as_ref().is_some_and(|s| s.smaps_end.is_some());
                let before = std::mem::take(&mut before);
                if !is_known && flight.trial.divergence().is_some_and(is_cut) {
                    flight.doubt = Doubt::of(&mut flight.trial, before);
                    again.push(flight);
                } else if is_known {
                    again.push(flight);
                } else {
                    flight.trial.before = before;
                    ended = !flight.complete;
                    self.finish(flight, done);
                }
            } else if number < culprit && verified {
                flight.leave_behind(&mut before);
                self.finish(flight, done);
            } else {
                again.push(flight);
            }
        }
        if let Some(ledger) = &mut self.ledger {
            // all that was queued was run, whatever comes of it now
            again.iter().for_each(|flight| ledger.note(flight));
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
    ear: &'r mut Ear,
}

impl Looking<'_> {
    /// Decodes a look and compares; the snapshots stay in the buffers. If smaps was not
    /// read whole that is a difference, and answered where it was cut.
    fn compare(
        &mut self,
        look: &mut Look,
        results: &mut Results<'_>,
    ) -> Result<(Vec<Difference>, Option<u64>), RunError> {
        self.buffers.make_room(1);
        let Snapshot { processes: expected } = &mut self.buffers.expected;
        let Snapshot { processes: actual } = &mut self.buffers.actual;
        std::mem::swap(&mut expected[0], &mut look.expected);
        let want = Want { contents: look.contents, ..self.caps.parts };
        let own = OwnLook { plan: &look.plan, want, log: look.log, smaps: look.smaps };
        let mappings = expected[0].smaps.len();
        let (log, cut) = results.read(look.requests, |reader| {
            own.read(self.decoders, reader, mappings, &mut actual[0]).map_err(RunError::Observe)
        })?;
        if let Some(Cut { end, .. }) = cut {
            expected[0].smaps.retain(|entry| entry.line.start < end);
        }
        let mut differences = Vec::new();
        let (expected, actual) = (&self.buffers.expected, &self.buffers.actual);
        self.comparer.compare(expected, actual, self.caps, &mut differences);
        self.moves.leave_out(&mut differences);
        if let (Some(Cut { bytes, .. }), Some(foretold)) = (&cut, look.smaps) {
            differences.push(other_length(foretold, *bytes));
        }
        differences.extend(self.ear.overhear(log));
        lap(Stage::Compare);
        Ok((differences, cut.map(|cut| cut.end)))
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
            Item::Drain | Item::Move | Item::StaleLog => None,
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
    fn skip(&mut self, item: &Item, ear: &mut Ear) -> Result<(), RunError> {
        if let Item::StaleLog = item {
            ear.overhear(self.log()?);
            return Ok(());
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
        if trial.diverged() {
            return; // it is undone as from another state
        }
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
