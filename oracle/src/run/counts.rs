//! What the system counts as a whole, held against the model where nothing else runs.
//!
//! What is left when mmdiff's own part and the model's are taken away never changes, over
//! all programs and subjects. So a charge or a page that is never given back shows
//! whenever somebody looks; the program to blame is one of those since the last look.

use super::flight::Flight;
use super::trial::{Step, Trial};
use super::{explain, Live, RunError, Runner};
use crate::compare::{compare_counts, Difference};
use crate::observe::{blocks_kb, ObserveError, SystemFiles};
use crate::subject::Subject;
use mm_reference::model::Seed;
use mm_reference::op::{Call, Layout, Op, Start};
use mm_reference::snapshot::{SystemCounter, SystemCounts};
use std::time::Duration;

/// After so many programs the system's counts are looked at.
const COUNT_AFTER: usize = 128;
/// How long to wait before counting again, in milliseconds: what is freed after a grace
/// period, or by a thread of the kernel's own, is still counted for a while.
const PAUSES: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// What counts the same for so long, so often, stays as it is.
const SETTLED: (Duration, u32) = (Duration::from_millis(10), 3);
/// How often to look for that.
const TRIES: u32 = 50;

/// The books of one worker.
pub(super) struct Ledger {
    files: SystemFiles,
    /// What is neither mmdiff's nor its subject's; unknown after a difference.
    rest: Option<SystemCounts>,
    /// How the subjects of the programs since then began.
    seed: Option<Seed>,
    /// The programs since the counts were last as they should be, each with what undid it.
    past: Vec<Vec<Op>>,
    /// Whether a subject was started since then.
    started: bool,
}

/// How many kB of page tables the kernel may have made for itself, and keeps, where it has
/// started processes: it maps their stacks (`vmap_pages_range`), in tables that some
/// versions count.
const OWN_TABLES: i64 = 8;

impl Ledger {
    pub(super) fn new(files: SystemFiles) -> Ledger {
        Ledger { files, rest: None, seed: None, past: Vec::new(), started: false }
    }

    /// Forgets what was counted, since the system is set to something else.
    pub(super) fn forget(&mut self) {
        self.rest = None;
        self.past.clear();
    }

    /// Notes how a subject has begun.
    pub(super) fn starts(&mut self, seed: &Seed) {
        self.seed = Some(seed.clone());
        self.started = true;
    }

    /// Notes a program that was run, whether or not it is done with, and what undid it.
    pub(super) fn note(&mut self, flight: &Flight) {
        if self.rest.is_some() {
            self.past.push([&flight.trial.ops[..], &flight.rest, &flight.undo].concat());
        }
    }

    /// Whether processes were started since the counts were last as they should be.
    fn has_started(&self) -> bool {
        self.started || self.past.iter().flatten().any(|op| op.call == Call::Fork)
    }

    /// Takes what the kernel made for itself for the rest of the system's.
    fn forgive_own_tables(&mut self, expected: &SystemCounts, actual: &mut SystemCounts) {
        let counter = SystemCounter::PageTables;
        let (Some(more), true) = (
            actual.get(counter).zip(expected.get(counter)).map(|(a, e)| a - e),
            self.has_started(),
        ) else {
            return;
        };
        if (1..=OWN_TABLES).contains(&more) {
            let mut own = SystemCounts::NONE;
            own.set(counter, Some(more));
            *actual = *actual - own;
            self.rest = self.rest.map(|rest| rest + own);
        }
    }

    /// Finds out what the system counts beside a subject, which accounts for so much and
    /// shares so many kB of memory files with mmdiff.
    fn begin(&mut self, expected: SystemCounts, shared: u64) -> Result<(), ObserveError> {
        let (pause, enough) = SETTLED;
        let mut last = self.files.count(shared)?;
        let mut times = 0;
        for _ in 0..TRIES {
            std::thread::sleep(pause);
            let now = self.files.count(shared)?;
            times = if now == last { times + 1 } else { 0 };
            last = now;
            if times == enough {
                break;
            }
        }
        self.rest = Some(last - expected);
        self.past.clear();
        Ok(())
    }

    /// What the subject accounts for, where that stays other than expected. What known
    /// bugs would make of it is not waited for to go.
    fn look(
        &mut self,
        expected: SystemCounts,
        shared: u64,
        imitated: impl FnOnce(&Seed, &[Vec<Op>]) -> Option<SystemCounts>,
    ) -> Result<Option<SystemCounts>, ObserveError> {
        let Some(rest) = self.rest else { return Ok(None) };
        let mut actual = self.files.count(shared)? - rest;
        if !actual.agrees_with(&expected) {
            let known = self.seed.as_ref().and_then(|seed| imitated(seed, &self.past));
            for pause in PAUSES {
                if actual.agrees_with(&expected) || known.is_some_and(|k| actual.agrees_with(&k)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(pause));
                actual = self.files.count(shared)? - rest;
            }
        }
        if !actual.agrees_with(&expected) {
            self.forgive_own_tables(&expected, &mut actual);
        }
        if actual.agrees_with(&expected) {
            self.past.clear();
            self.started = false;
            return Ok(None);
        }
        self.rest = None;
        Ok(Some(actual))
    }
}

impl Runner {
    /// Whether it is time to look at the system's counts, at the end of a program or not.
    pub(super) fn counts_now(&self, at_end: bool) -> bool {
        let due = |ledger: &Ledger| ledger.past.len() >= COUNT_AFTER;
        let ledger = self.ledger.as_ref().filter(|ledger| ledger.rest.is_some());
        ledger.is_some_and(|ledger| self.scrutinizes || at_end && due(ledger))
    }

    /// Whether something was run since the counts were last looked at.
    pub(super) fn has_suspects(&self) -> bool {
        self.ledger.as_ref().is_some_and(|ledger| !ledger.past.is_empty())
    }

    /// Finds out what the system counts before anything is run, if that is not known.
    pub(super) fn begin_to_count(&mut self) -> Result<(), RunError> {
        let (Some(ledger), Some(live)) = (&mut self.ledger, &self.live) else { return Ok(()) };
        if ledger.rest.is_none() && live.flights.is_empty() {
            ledger.begin(live.next.counts(), shared(&live.subject))?;
        }
        Ok(())
    }

    /// Counts, where the program that is being made has got to, or after all was undone.
    /// Appends what differs, and answers what was counted if it does.
    pub(super) fn count(
        &mut self,
        differences: &mut Vec<Difference>,
    ) -> Result<Option<SystemCounts>, RunError> {
        let Runner { ledger: Some(ledger), live, profile, known_bugs, .. } = self else {
            return Ok(None);
        };
        let live = live.as_ref();
        let none = without_subject();
        let expected = live.map_or(none, |live| live.next.counts());
        let shared = live.map_or(0, |live| shared(&live.subject));
        let imitated = |seed: &Seed, past: &[Vec<Op>]| {
            let quirks = known_bugs.filter(|quirks| !quirks.is_empty())?;
            let here = match live.and_then(Live::current) {
                Some(current) => explain::reached(seed, profile, quirks, current),
                None => live.map_or(none, |live| live.start.counts()),
            };
            Some(here + explain::left_behind(seed, profile, quirks, past).0)
        };
        let actual = ledger.look(expected, shared, imitated)?;
        if let Some(actual) = &actual {
            compare_counts(&expected, actual, differences);
        }
        Ok(actual)
    }

    /// The programs to blame for a difference, which are then forgotten.
    pub(super) fn suspects(&mut self) -> Vec<Vec<Op>> {
        self.ledger.as_mut().map(|ledger| std::mem::take(&mut ledger.past)).unwrap_or_default()
    }

    /// Counts after all that was run has been undone, its subject alive or not. What differs
    /// is the last program's, if nothing else is known of it, and the subject is given up.
    pub(super) fn count_undone(&mut self, done: &mut Vec<Trial>) -> Result<(), RunError> {
        let mut differences = Vec::new();
        let Some(counted) = self.count(&mut differences)? else { return Ok(()) };
        let idle = self.live.as_ref().map_or_else(without_subject, |live| live.start.counts());
        self.end();
        let past = self.suspects();
        let seed = self.ledger.as_ref().and_then(|ledger| ledger.seed.clone());
        let (start, layout) = match &seed {
            Some(seed) => (seed.start(), seed.layout),
            None => (Start::Plain, Layout::default()),
        };
        let is_free = |trial: &Trial| !trial.diverged() && !trial.ops.is_empty();
        if !done.last().is_some_and(is_free) {
            if self.scrutinizes {
                return Ok(()); // it has diverged, and is what was asked for
            }
            let ops = past.last().cloned().unwrap_or_default();
            done.push(Trial { start, layout, ops, ..Trial::default() });
        }
        let quirks = self.known_bugs();
        let known = seed.and_then(|seed| {
            let (left, fired) = explain::left_behind(&seed, &self.profile, quirks, &past);
            (idle + left).agrees_with(&counted).then_some(fired)
        });
        if let Some(trial) = done.last_mut() {
            trial.diverge(Step::After(trial.ops.len().saturating_sub(1)), differences);
            trial.past = past;
            if let Some(quirks) = known.filter(|fired| !fired.is_empty()) {
                trial.explained(quirks);
            }
        }
        Ok(())
    }
}

impl Live {
    /// What the program that is being made did so far.
    fn current(&self) -> Option<&[Op]> {
        let flight = self.flights.back().filter(|flight| !flight.complete)?;
        Some(&flight.trial.ops)
    }
}

/// What is accounted for where there is no subject. Its page tables have a root, which is in
/// what the system counts beside those that the model knows of.
fn without_subject() -> SystemCounts {
    let mut counts = SystemCounts::NONE;
    counts.set(SystemCounter::PageTables, None);
    counts
}

/// How many kB of memory files a subject shares with mmdiff or was started from.
fn shared(subject: &Subject) -> u64 {
    blocks_kb(&subject.memory_files())
}
