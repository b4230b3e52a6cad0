//! Going along with a program of several processes: a few operations at a time,
//! looked at by the worker.

use super::again::Resumed;
use super::flight::{Flight, Flushed, REFUSED};
use super::further::Further;
use super::limits::{FLAGGED, FLAGGED_CLOSELY};
use super::trial::{Step, Trial};
use super::{files_of, RunError, Runner};
use crate::observe::Want;
use crate::stages::{lap, Stage};
use crate::subject::SubjectError;
use mm_reference::model::CannotPredict;
use mm_reference::op::{Call, Op, ProcessId};

/// What ends a program where a fork fails for reasons that are none of mm's.
const NO_MORE_PROCESSES: CannotPredict = CannotPredict("the limit on processes is met");

impl Runner {
    /// Performs the operation and all that follow; nothing is queued.
    pub(super) fn go_along(
        &mut self,
        op: Op,
        feed: &mut Resumed<'_, '_>,
        stride: usize,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        // what others did to the kernel's log is not this program's doing; an execve is
        if self.live()?.seed.exec.is_none() {
            self.ear.listen();
        }
        let mut held = Some(op);
        loop {
            let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
            let first = live.flights.back().map_or(0, |flight| flight.trial.ops.len());
            let mut more = true;
            let mut count = 0;
            while more && count < stride {
                more = match held.take().or_else(|| live.draw(feed)) {
                    Some(op) if self.caps.refused.contains(&op.call.name()) => {
                        live.refuse(op, REFUSED);
                        false
                    }
                    Some(op) => live.predict(op),
                    None => false,
                };
                count += 1;
            }
            if !more {
                feed.feed = None;
            }
            lap(Stage::Model);
            self.record();
            let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
            let Some(flight) = live.flights.back_mut() else { return Ok(Flushed::Fine) };
            let trial = &mut flight.trial;
            let outcomes = &mut self.buffers.outcomes;
            let settings = &self.profile.settings;
            let in_force = self.control.as_ref().map(|c| c.while_running(settings)).transpose()?;
            let ran = live.subject.execute_into(&trial.ops[first..], outcomes);
            drop(in_force);
            trial.actual.append(outcomes);
            lap(Stage::Execute);
            match ran {
                Err(SubjectError::NoMoreProcesses) => {
                    flight.rest = flight.trial.end_before_refusal(NO_MORE_PROCESSES);
                    return self.conclude_last(done);
                }
                Err(error) if !error.is_about_program() => {
                    let why = error.to_string();
                    let out_of_memory = self.is_out_of_memory(&error);
                    if let Some(flight) = self.live()?.flights.back_mut() {
                        flight.trial.lose_or_end(why, out_of_memory);
                    }
                    return self.conclude_last(done);
                }
                ran => ran?,
            }
            for index in first..trial.actual.len() {
                trial.check_outcome(index);
            }
            lap(Stage::Compare);
            let diverged = trial.diverged();
            if !diverged || !more {
                let want = if more { Want::ON_THE_WAY } else { Want::ALL };
                match self.look_along(&want, done)? {
                    Flushed::Fine => {}
                    ended => return Ok(ended),
                }
            } else {
                return self.conclude_last(done);
            }
            if !more {
                return self.leave(done);
            }
        }
    }

    /// Ends the children, and queues what undoes the rest.
    fn leave(&mut self, done: &mut Vec<Trial>) -> Result<Flushed, RunError> {
        let live = self.live()?;
        for files in &mut live.files[1..] {
            *files = None;
        }
        let children: Vec<_> = live.next.live().filter(|p| p.0 != 0).collect();
        live.subject.end_children()?;
        lap(Stage::Execute);
        let landed = self.land(done)?;
        let last = self.live.as_mut().and_then(|live| live.flights.back_mut());
        if let (Flushed::Fine, Some(flight)) = (&landed, last) {
            let exits = children.into_iter().map(|process| Op { process, call: Call::Exit });
            flight.undone += exits.len();
            flight.undo.splice(0..0, exits);
        }
        Ok(landed)
    }

    /// Looks at every live process, where the last program has got to, and compares
    /// with the prediction.
    pub(super) fn look_along(
        &mut self,
        want: &Want,
        done: &mut Vec<Trial>,
    ) -> Result<Flushed, RunError> {
        // programs of one process are seldom looked at by the worker
        let alone = self.live()?.next.live().nth(1).is_none();
        let Further { views, away } = self.further(want, alone)?;
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        if want.page_flags {
            live.unseen = 0;
        }
        let buffers = &mut self.buffers;
        live.subject.drain();
        lap(Stage::Execute);
        let system = &live.next;
        let flagged = match (self.scrutinizes, want.page_flags) {
            (true, _) => FLAGGED_CLOSELY,
            (false, true) => FLAGGED,
            (false, false) => 0,
        };
        let here = |process: &ProcessId| live.subject.pid(*process).is_some();
        buffers.make_room(system.live().filter(here).count());
        let mut count = 0;
        for process in system.live().filter(here) {
            grow(&mut buffers.plans, count);
            let plan = &mut buffers.plans[count];
            system.plan_into(process, plan);
            if flagged > 0 {
                system.plan_flags(process, flagged, plan);
            }
            plan.views = views;
            if want.contents && away > 0 {
                system.plan_away(process, away, plan);
            }
            lap(Stage::Model);
            let files = match &mut live.files[process.0 as usize] {
                Some(files) => files,
                none => none.insert(files_of(&live.subject, process)?),
            };
            lap(Stage::Read);
            let want = Want { contents: false, ..*want };
            let into = &mut buffers.actual.processes[count];
            files.observe(process, plan, &want, &mut self.decoders, into)?;
            if let Some(flags) = &self.frame_flags {
                flags.observe(plan, into)?;
                lap(Stage::Read);
            }
            count += 1;
        }
        if want.contents {
            // last of all, for it marks pages as accessed
            for (index, process) in system.live().enumerate().take(count) {
                if let Some(files) = &mut live.files[process.0 as usize] {
                    let (plan, into) =
                        (&buffers.plans[index], &mut buffers.actual.processes[index]);
                    files.contents(&plan.contents, &mut self.decoders, &mut into.contents)?;
                    files.contents(&plan.away, &mut self.decoders, &mut into.away)?;
                }
            }
        }
        for (index, process) in system.live().enumerate().take(count) {
            let snapshot = &mut buffers.expected.processes[index];
            system.snapshot_into(process, &buffers.plans[index], snapshot);
            if !want.contents {
                snapshot.contents.clear();
            }
        }
        for snapshot in 0..count {
            let process = buffers.expected.processes[snapshot].process;
            live.next.bring_in(process, &buffers.plans[snapshot].away);
        }
        lap(Stage::Model);
        let mut differences = Vec::new();
        let (expected, actual) = (&buffers.expected, &buffers.actual);
        self.comparer.compare(expected, actual, &self.caps, &mut differences);
        self.moves.leave_out(&mut differences);
        lap(Stage::Compare);
        differences.extend(self.ear.listen());
        let counts = self.counts_now(want.page_flags);
        let counted = if counts { self.count(&mut differences)? } else { None };
        lap(Stage::Read);
        let past = counted.map(|_| self.suspects());
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        live.counted |= counts && want.page_flags;
        let Some(flight) = live.flights.back_mut() else { return Ok(Flushed::Fine) };
        let trial = &mut flight.trial;
        let buffers = &mut self.buffers;
        let after = Step::After(trial.ops.len().saturating_sub(1));
        let seen = (&mut buffers.expected, &mut buffers.actual, &buffers.plans[..count]);
        trial.observed(after, differences, seen, None);
        if let (Some(counts), Some(past)) = (counted, past) {
            trial.counted(counts, past);
        }
        self.buffers.forget_what_is_large();
        let live = self.live.as_mut().ok_or(SubjectError::Dead)?;
        let Some(Flight { trial, .. }) = live.flights.back() else { return Ok(Flushed::Fine) };
        match trial.diverged() {
            true => self.conclude_last(done),
            false => Ok(Flushed::Fine),
        }
    }
}

/// Makes room for an element with this index, and keeps what is there.
fn grow<T: Default>(elements: &mut Vec<T>, index: usize) {
    if elements.len() <= index {
        elements.resize_with(index + 1, T::default);
    }
}
