//! Makes a failing program small, keeping the same failure.
//!
//! By predicate: a candidate counts only if the test says [`Verdict::Same`].
//! First operations go (the tail, whole processes, chunks, single ones), then
//! arguments become plainer; at the end no single operation can be removed
//! without losing the failure. Answers are kept by a hash of the candidate, so
//! that none is tested twice.

mod remove;
mod simplify;
#[cfg(test)]
mod tests;

pub(crate) use remove::without;

use crate::generate::{self, Workshop};
use mm_reference::op::{Layout, Op};
use std::collections::hash_map::DefaultHasher;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

/// What a candidate shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The difference that is being shrunk, first seen at this operation.
    Same {
        /// Position of the operation at which it shows.
        at: usize,
    },
    /// Another difference.
    Different,
    /// None.
    Gone,
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The most tests.
    pub tests: usize,
    /// The longest time.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { tests: 5000, time: Duration::from_secs(10) }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest program found; the original if nothing smaller shows the
    /// same.
    pub ops: Vec<Op>,
    /// How many candidates were tested.
    pub tests: usize,
    /// Whether removing any one operation loses the difference; false if the
    /// limits ended the search early or the original did not show it.
    pub minimal: bool,
    /// Programs met on the way that show another difference, the first few:
    /// findings of their own.
    pub others: Vec<Vec<Op>>,
}

/// The most other findings that are kept.
const OTHERS: usize = 4;

/// What shrinking knows of programs.
pub trait Rules {
    /// Where the bases of addresses are.
    fn layout(&self) -> Layout;

    /// The part of a candidate that may run; nothing else is tested.
    fn repair(&self, ops: Vec<Op>) -> Vec<Op>;

    /// The program with its mappings at fixed places, so that operations can
    /// be removed without moving what the others speak of.
    fn pin(&self, ops: &[Op]) -> Vec<Op>;
}

impl Rules for Workshop<'_> {
    fn layout(&self) -> Layout {
        *self.fresh.layout()
    }

    fn repair(&self, ops: Vec<Op>) -> Vec<Op> {
        generate::repair(self, &ops).ops
    }

    fn pin(&self, ops: &[Op]) -> Vec<Op> {
        generate::pin(self, ops)
    }
}

/// Shrinks a program by the answers of `test`. `progress` is told the size of
/// each smaller program and how many tests it took so far.
pub fn shrink(
    ops: &[Op],
    rules: &dyn Rules,
    test: &mut dyn FnMut(&[Op]) -> Verdict,
    budget: Budget,
    progress: &mut dyn FnMut(usize, usize),
) -> Shrunk {
    let mut search = Search {
        best: ops.to_vec(),
        layout: rules.layout(),
        rules,
        test,
        progress,
        seen: HashMap::new(),
        tests: 0,
        most: budget.tests,
        end: Instant::now() + budget.time,
        others: Vec::new(),
    };
    let minimal = search.run();
    Shrunk { ops: search.best, tests: search.tests, minimal, others: search.others }
}

/// The limits ended the search.
#[derive(Debug)]
struct OutOfBudget;

struct Search<'a> {
    best: Vec<Op>,
    layout: Layout,
    rules: &'a dyn Rules,
    test: &'a mut dyn FnMut(&[Op]) -> Verdict,
    progress: &'a mut dyn FnMut(usize, usize),
    seen: HashMap<u64, Verdict>,
    tests: usize,
    most: usize,
    end: Instant,
    others: Vec<Vec<Op>>,
}

impl Search<'_> {
    fn run(&mut self) -> bool {
        match self.verdict(&self.best.clone()) {
            Ok(Verdict::Same { at }) => self.best.truncate(at.saturating_add(1)),
            _ => return false,
        }
        // what shows only where the kernel chooses stays as it is
        let pinned = self.rules.pin(&self.best);
        if self.try_candidate(pinned).is_err() {
            return false;
        }
        loop {
            let before = self.best.clone();
            if self.remove().and_then(|()| self.simplify()).is_err() {
                return false;
            }
            // a plainer program may have operations to spare again
            if self.best == before {
                return true;
            }
        }
    }

    /// Takes a candidate as the best so far if it shows the same.
    fn try_candidate(&mut self, candidate: Vec<Op>) -> Result<bool, OutOfBudget> {
        let mut candidate = self.rules.repair(candidate);
        if candidate.is_empty() || candidate == self.best {
            return Ok(false);
        }
        let Verdict::Same { at } = self.verdict(&candidate)? else { return Ok(false) };
        candidate.truncate(at.saturating_add(1));
        self.best = candidate;
        (self.progress)(self.best.len(), self.tests);
        Ok(true)
    }

    fn verdict(&mut self, candidate: &[Op]) -> Result<Verdict, OutOfBudget> {
        let mut hasher = DefaultHasher::new();
        candidate.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(verdict) = self.seen.get(&key) {
            return Ok(*verdict);
        }
        if self.tests >= self.most || Instant::now() >= self.end {
            return Err(OutOfBudget);
        }
        self.tests += 1;
        let verdict = (self.test)(candidate);
        self.seen.insert(key, verdict);
        if verdict == Verdict::Different && self.others.len() < OTHERS {
            self.others.push(candidate.to_vec());
        }
        Ok(verdict)
    }
}
