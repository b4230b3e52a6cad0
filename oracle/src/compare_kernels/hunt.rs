//! The search: rounds of programs, and what becomes of those that differ.

use super::difference::{difference, Seen};
use super::entry::{Crash, Entry};
use super::side::{observe_both, Answered, Side};
use super::{Changes, Told};
use crate::compare::Signature;
use crate::generate::{Avoid, Fence, Shape, Workshop};
use crate::guest::{Event, GuestError, Observed, Request, Wreck};
use crate::shrink::{shrink, Budget, Verdict};
use mm_reference::model::{Seed, System};
use mm_reference::op::Op;
use mm_reference::profile::{Profile, Version};
use mm_reference::text::{parse, write, Mode, Program};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How far to make a program small.
const BUDGET: Budget = Budget { tests: 600, time: Duration::from_secs(30) };
/// How often a small program is run to say how often it shows.
const RUNS: u32 = 3;
/// How often a signature may turn out not to show again before it is let alone.
const VAIN: u32 = 3;

pub(super) struct Hunt<'a> {
    seed: u64,
    version: String,
    started: Instant,
    end: Instant,
    stop: &'a AtomicBool,
    told: &'a mut dyn FnMut(Told),
    /// The number of the next program.
    next: u64,
    met: HashMap<Signature, u32>,
    pub(super) changes: Changes,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(
        seed: u64,
        version: String,
        started: Instant,
        end: Instant,
        stop: &'a AtomicBool,
        told: &'a mut dyn FnMut(Told),
    ) -> Hunt<'a> {
        let (met, changes) = (HashMap::new(), Changes::default());
        Hunt { seed, version, started, end, stop, told, next: 0, met, changes }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end || self.stop.load(Ordering::Relaxed)
    }

    /// Runs the next programs on both; answers the numbers of those that differ.
    pub(super) fn round(
        &mut self,
        sides: &mut [Side<'_>; 2],
        count: u64,
    ) -> Result<Vec<u64>, GuestError> {
        let first = self.next;
        let request = self.digests(first, count);
        for side in &mut *sides {
            side.send(&request)?;
        }
        let mut values = [Vec::new(), Vec::new()];
        let mut wrecks = Vec::new();
        for (side, values) in sides.iter_mut().zip(&mut values) {
            let received = side.receive(&mut |event| {
                if let Event::Digests { values: more, .. } = event {
                    values.extend(more);
                }
            })?;
            wrecks.push(received.err());
        }
        let [of_a, of_b] = &values;
        let both = of_a.len().min(of_b.len()) as u64;
        let differing: Vec<u64> = (first..)
            .zip(of_a.iter().zip(of_b))
            .filter(|(_, (x, y))| x != y)
            .map(|d| d.0)
            .collect();
        self.next = first + if wrecks.iter().all(Option::is_none) { count } else { both };
        self.changes.programs += both;
        self.changes.differing += differing.len() as u64;
        for ((side, values), wreck) in sides.iter_mut().zip(&values).zip(wrecks) {
            if let Some(wreck) = wreck {
                self.crashed(side, first + values.len() as u64, &wreck)?;
            }
        }
        let (programs, after) = (self.changes.programs, self.started.elapsed());
        (self.told)(Told::Progress { programs, after });
        Ok(differing)
    }

    fn digests(&self, first: u64, count: u64) -> Request {
        Request::Digests { seed: self.seed, first, count, version: self.version.clone() }
    }

    /// A kernel went down over one of the programs from this one on: which one it
    /// is shows when they are run again one by one.
    fn crashed(&mut self, side: &mut Side<'_>, from: u64, wreck: &Wreck) -> Result<(), GuestError> {
        /// Digests come in pieces of at most so many.
        const PIECE: u64 = 64;
        let mut crash = Crash {
            kernel: side.name().to_owned(),
            program: String::new(),
            report: wreck.report.clone(),
            after: self.started.elapsed(),
        };
        (self.told)(Told::Found {
            signature: format!("{} went down", crash.kernel),
            after: crash.after,
        });
        self.next = self.next.max(from + PIECE);
        for number in from..from + PIECE {
            if self.is_over() {
                break;
            }
            side.send(&self.digests(number, 1))?;
            if let Err(wreck) = side.receive(&mut |_| ())? {
                crash.program = self.text(side, number)?;
                crash.report = wreck.report;
                self.next = number + 1;
                break;
            }
        }
        self.changes.crashes.push(crash);
        Ok(())
    }

    /// The text of a generated program.
    fn text(&self, side: &mut Side<'_>, number: u64) -> Result<String, GuestError> {
        side.send(&self.generate(number))?;
        let mut text = String::new();
        let received = side.receive(&mut |event| {
            if let Event::Generated { program } = event {
                text = program;
            }
        })?;
        received.map(|()| text).map_err(GuestError::Panic)
    }

    fn generate(&self, number: u64) -> Request {
        Request::Generate { seed: self.seed, number, version: self.version.clone() }
    }

    /// Looks in full at a program that differs.
    pub(super) fn look_into(
        &mut self,
        sides: &mut [Side<'_>; 2],
        number: u64,
    ) -> Result<(), GuestError> {
        if self.is_over() {
            return Ok(());
        }
        let after = self.started.elapsed();
        let text = self.text(&mut sides[0], number)?;
        let program = parse(&text, Mode::Strict)
            .map_err(|error| GuestError::Nonsense(format!("a program: {error}")))?;
        let ops: Vec<Op> = program.ops().cloned().collect();
        // looking often finds the operation to blame; looking once is what was done
        // when it differed
        let mut found = None;
        for every_op in [true, false] {
            if let Some((seen, ..)) = self.observe(sides, &ops, every_op)? {
                found = Some((seen, every_op));
                break;
            }
        }
        let Some((seen, every_op)) = found else {
            self.changes.unconfirmed += 1;
            return Ok(());
        };
        match self.met.get(&seen.signature) {
            Some(0) => {
                self.changes.repeated += 1;
                return Ok(());
            }
            Some(&vain) if vain >= VAIN => {
                self.changes.unconfirmed += 1;
                return Ok(());
            }
            _ => {}
        }
        let through = &ops[..=seen.at];
        let again = self.observe(sides, through, every_op)?;
        let Some((again, of_a, of_b)) = again.filter(|again| again.0.signature == seen.signature)
        else {
            self.changes.unconfirmed += 1;
            *self.met.entry(seen.signature).or_default() += 1;
            return Ok(());
        };
        (self.told)(Told::Found { signature: seen.signature.to_string(), after });
        let whole = Entry::of(&again, through, &of_a, &of_b);
        let entry = self.small(sides, through, &seen.signature)?.unwrap_or(whole);
        self.met.insert(seen.signature, 0);
        self.changes.entries.push(Entry { number, after, ..entry });
        Ok(())
    }

    /// What differs first when both run a program, and what they did.
    fn observe(
        &mut self,
        sides: &mut [Side<'_>; 2],
        ops: &[Op],
        every_op: bool,
    ) -> Result<Option<(Seen, Observed, Observed)>, GuestError> {
        let text = write(&Program::of(ops.iter().cloned()));
        let answers: [Answered<Observed>; 2] = observe_both(sides, text.clone(), every_op)?;
        match answers {
            [Ok(of_a), Ok(of_b)] => {
                Ok(difference(ops, &of_a, &of_b)?.map(|seen| (seen, of_a, of_b)))
            }
            answers => {
                for (side, answer) in sides.iter().zip(answers) {
                    if let Err(wreck) = answer {
                        self.changes.crashes.push(Crash {
                            kernel: side.name().to_owned(),
                            program: text.clone(),
                            report: wreck.report,
                            after: self.started.elapsed(),
                        });
                    }
                }
                Ok(None)
            }
        }
    }

    /// The smallest program with the same difference, if it still shows.
    fn small(
        &mut self,
        sides: &mut [Side<'_>; 2],
        ops: &[Op],
        signature: &Signature,
    ) -> Result<Option<Entry>, GuestError> {
        let version = Version::parse(&self.version).unwrap_or(Version::new(6, 18));
        let fresh = System::new(Arc::new(Profile::stock(version)), &Seed::standard());
        let fence = Fence::of(&fresh);
        let shape = Shape { avoid: Avoid::default(), ..Shape::default() };
        let workshop = Workshop::new(&fresh, &fence, &shape);
        let mut failure = None;
        let mut test = |candidate: &[Op]| {
            if failure.is_some() || self.stop.load(Ordering::Relaxed) {
                return Verdict::Gone;
            }
            match self.observe(sides, candidate, false) {
                Ok(Some((seen, ..))) if seen.signature == *signature => {
                    Verdict::Same { at: seen.at }
                }
                Ok(Some(_)) => Verdict::Different,
                Ok(None) => Verdict::Gone,
                Err(error) => {
                    failure = Some(error);
                    Verdict::Gone
                }
            }
        };
        let shrunk = shrink(ops, &workshop, &mut test, BUDGET, &mut |_, _| {});
        if let Some(error) = failure {
            return Err(error);
        }
        let mut shown = 0;
        let mut last = None;
        for _ in 0..RUNS {
            let again = self.observe(sides, &shrunk.ops, false)?;
            if let Some(again) = again.filter(|again| again.0.signature == *signature) {
                shown += 1;
                last = Some(again);
            }
        }
        Ok(last.map(|(seen, of_a, of_b)| Entry {
            shown: (shown, RUNS),
            minimal: shrunk.minimal,
            ..Entry::of(&seen, &shrunk.ops, &of_a, &of_b)
        }))
    }
}
