//! The search: rounds of programs, and what becomes of those that differ.

use super::difference::{difference, Seen};
use super::entry::{Crash, Entry};
use super::side::{observe_both, Lost, Side};
use super::{Changes, Told};
use crate::compare::{slug, Outline, Signature};
use crate::generate::{Avoid, Fence, Shape, Workshop};
use crate::guest::{Event, GuestError, Observed, Request, Wreck};
use crate::observe::is_trouble;
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
/// The digest of a program that could not be run.
const NOT_RUN: u64 = 0;
/// How often a small program is run to say how often it shows.
const RUNS: u32 = 3;
/// How often a signature may turn out not to show again before it is let alone.
const VAIN: u32 = 3;
/// Entries that differ in nothing but the operation, or but the shape of their programs:
/// more of them say nothing new.
const ALIKE: usize = 3;
/// The least time to make a program small, also when all time is over.
const LEAST: Duration = Duration::from_secs(5);

pub(super) struct Hunt<'a> {
    seed: u64,
    version: String,
    started: Instant,
    end: Instant,
    stop: &'a AtomicBool,
    told: &'a mut dyn FnMut(Told),
    /// The number of the next program.
    next: u64,
    /// Signatures that did not show again, and how often.
    vain: HashMap<Signature, u32>,
    /// Those of entries, and the shapes of their programs.
    met: Vec<(Signature, Outline)>,
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
        let (vain, met, changes) = (HashMap::new(), Vec::new(), Changes::default());
        Hunt { seed, version, started, end, stop, told, next: 0, vain, met, changes }
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
        // what was said before a guest went down counts as well
        let mut values = [Vec::new(), Vec::new()];
        let mut wrecks = Vec::new();
        for side in &mut *sides {
            side.send(&request)?;
        }
        for (side, values) in sides.iter_mut().zip(&mut values) {
            let received = side.receive(&mut |event| {
                if let Event::Digests { values: more, .. } = event {
                    values.extend(more);
                }
            })?;
            match received {
                Ok(()) => wrecks.push(None),
                Err(Lost::Guest(wreck)) => wrecks.push(Some(wreck)),
                Err(failed) => return Err(failed.into()),
            }
        }
        for (side, values) in sides.iter().zip(&values) {
            if !values.is_empty() && values.iter().all(|&value| value == NOT_RUN) {
                let why = format!("run any of the programs on {}", side.name());
                return Err(GuestError::Failed(why));
            }
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
        let not_run = of_a.iter().zip(of_b).filter(|(x, y)| **x == NOT_RUN && **y == NOT_RUN);
        self.changes.not_run += not_run.count() as u64;
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
        let (mut program, mut report) = (String::new(), wreck.report.clone());
        self.next = self.next.max(from + PIECE);
        for number in from..from + PIECE {
            if self.is_over() {
                break;
            }
            side.send(&self.digests(number, 1))?;
            if let Err(Lost::Guest(wreck)) = side.receive(&mut |_| ())? {
                // without a word of the kernel it may have been the machine, busy with other things
                if !wreck.report.lines().any(is_trouble) {
                    side.send(&self.digests(number, 1))?;
                    if side.receive(&mut |_| ())?.is_ok() {
                        continue;
                    }
                }
                program = self.text(side, number)?;
                report = wreck.report;
                self.next = number + 1;
                break;
            }
        }
        // one that nothing brings down again, and that said nothing, somebody ended
        if !program.is_empty() || report.lines().any(is_trouble) {
            self.went_down(side.name(), program, report);
        }
        Ok(())
    }

    /// Notes that a kernel went down, once for each way in which it does.
    fn went_down(&mut self, kernel: &str, program: String, report: String) {
        let after = self.started.elapsed();
        let words = |report: &str| slug(report.lines().next().unwrap_or_default());
        let known =
            |crash: &Crash| crash.kernel == kernel && words(&crash.report) == words(&report);
        if self.changes.crashes.iter().any(known) {
            self.changes.repeated += 1;
            return;
        }
        (self.told)(Told::Found { signature: format!("{kernel} went down"), after });
        let crash = Crash { kernel: kernel.to_owned(), program, report, after };
        (self.told)(Told::Down(Box::new(crash.clone())));
        self.changes.crashes.push(crash);
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
        Ok(received.map(|()| text)?)
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
        if self.is_met(&seen.signature, &self.outline(&ops)) {
            self.changes.repeated += 1;
            return Ok(());
        }
        if self.vain.get(&seen.signature).is_some_and(|&times| times >= VAIN) {
            self.changes.unconfirmed += 1;
            return Ok(());
        }
        let through = &ops[..=seen.at];
        let again = self.observe(sides, through, every_op)?;
        let Some((again, of_a, of_b)) = again.filter(|again| again.0.signature == seen.signature)
        else {
            self.changes.unconfirmed += 1;
            *self.vain.entry(seen.signature).or_default() += 1;
            return Ok(());
        };
        let entry = Entry::of(&again, through, (&of_a, &of_b), &self.fresh());
        let whole = (entry, through.to_vec());
        let (entry, ops) = self.small(sides, through, &seen.signature)?.unwrap_or(whole);
        let met = (seen.signature, self.outline(&ops));
        if self.met.contains(&met) {
            self.changes.repeated += 1;
            return Ok(());
        }
        (self.told)(Told::Found { signature: met.0.to_string(), after });
        let mut entry = Entry { number, after, ..entry };
        // one that shows in the same way is called by its number, as findings are
        let before = self.met.iter().filter(|(signature, _)| *signature == met.0).count();
        if before > 0 {
            entry.signature = format!("{}-{}", entry.signature, before + 1);
        }
        self.met.push(met);
        (self.told)(Told::Kept(Box::new(entry.clone())));
        self.changes.entries.push(entry);
        Ok(())
    }

    /// Whether there is an entry of this signature whose program is within one of this
    /// shape, or several that are much alike.
    fn is_met(&self, signature: &Signature, outline: &Outline) -> bool {
        let alike = |(met, _): &&(Signature, Outline)| {
            met.field == signature.field && met.kind == signature.kind
        };
        outline.contains_any(self.outlines_of(signature))
            || self.met.iter().filter(alike).count() >= ALIKE
    }

    /// The shapes of the programs of entries with this signature.
    fn outlines_of<'h>(&'h self, signature: &'h Signature) -> impl Iterator<Item = &'h Outline> {
        self.met.iter().filter(move |(met, _)| met == signature).map(|(_, outline)| outline)
    }

    /// Where programs start, by the model of the first kernel.
    fn fresh(&self) -> System {
        let version = Version::parse(&self.version).unwrap_or(Version::new(6, 18));
        System::new(Arc::new(Profile::stock(version)), &Seed::standard())
    }

    fn outline(&self, ops: &[Op]) -> Outline {
        Outline::of(&self.fresh(), ops)
    }

    /// What differs first when both run a program, and what they did.
    fn observe(
        &mut self,
        sides: &mut [Side<'_>; 2],
        ops: &[Op],
        every_op: bool,
    ) -> Result<Option<(Seen, Observed, Observed)>, GuestError> {
        let text = write(&Program::of(ops.iter().cloned()));
        let [of_a, of_b] = observe_both(sides, text.clone(), every_op)?;
        let mut seen = Vec::new();
        for (side, answer) in sides.iter().zip([of_a, of_b]) {
            match answer {
                Ok(observed) => seen.push(observed),
                Err(Lost::Guest(wreck)) => self.went_down(side.name(), text.clone(), wreck.report),
                // it may not run
                Err(Lost::Answer(_)) => {}
            }
        }
        let Ok([of_a, of_b]) = <[Observed; 2]>::try_from(seen) else { return Ok(None) };
        Ok(difference(ops, &of_a, &of_b)?.map(|seen| (seen, of_a, of_b)))
    }

    /// The smallest program with the same difference, if it still shows.
    fn small(
        &mut self,
        sides: &mut [Side<'_>; 2],
        ops: &[Op],
        signature: &Signature,
    ) -> Result<Option<(Entry, Vec<Op>)>, GuestError> {
        let fresh = self.fresh();
        let fence = Fence::of(&fresh);
        let shape = Shape { avoid: Avoid::default(), ..Shape::default() };
        let workshop = Workshop::new(&fresh, &fence, &shape);
        let left = self.end.saturating_duration_since(Instant::now());
        let budget = Budget { time: left.clamp(LEAST, BUDGET.time), ..BUDGET };
        let mut failure = None;
        let apart: Vec<Outline> = self.outlines_of(signature).cloned().collect();
        let mut test = |candidate: &[Op]| {
            if failure.is_some() || self.stop.load(Ordering::Relaxed) {
                return Verdict::Gone;
            }
            if !apart.is_empty() && Outline::of(&fresh, candidate).contains_any(&apart) {
                return Verdict::Different;
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
        let shrunk = shrink(ops, &workshop, &mut test, budget, &mut |_, _| {});
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
        Ok(last.map(|(seen, of_a, of_b)| {
            let entry = Entry::of(&seen, &shrunk.ops, (&of_a, &of_b), &fresh);
            let entry = Entry { shown: (shown, RUNS), minimal: shrunk.minimal, ..entry };
            (entry, shrunk.ops)
        }))
    }
}
