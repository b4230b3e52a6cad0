//! A difference for people and scripts.

use super::difference::Seen;
use crate::compare::Difference;
use crate::distinguish::{write_sides, Line};
use crate::guest::Observed;
use mm_reference::op::{Op, Outcome};
use mm_reference::text::{Expected, Program};
use std::fmt::Write;
use std::time::Duration;

/// A difference, and the smallest program that shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What makes it the same as another.
    pub signature: String,
    /// The program.
    pub program: Program,
    /// Its lines with the results of both kernels.
    pub lines: Vec<Line>,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The same as text: `-` the first kernel, `+` the second.
    pub state: String,
    /// In how many of how many runs it showed, once it was small.
    pub shown: (u32, u32),
    /// Whether no operation can be left out.
    pub minimal: bool,
    /// The number of the generated program that showed it first.
    pub number: u64,
    /// After how long that was.
    pub after: Duration,
}

/// A program that one of the kernels did not survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The kernel.
    pub kernel: String,
    /// The program; nothing if it could not be found out.
    pub program: String,
    /// What the kernel said.
    pub report: String,
    /// After how long that was.
    pub after: Duration,
}

/// The lines of a program with what came of each on both kernels.
pub(super) fn lines(ops: &[Op], a: &Observed, b: &Observed) -> Vec<Line> {
    let outcome = |observed: &Observed, index: usize| {
        observed.outcomes.get(index).map(|outcome| Outcome::from(outcome.clone()))
    };
    let say = |observed: &Observed, outcome: Option<Outcome>| match outcome {
        Some(outcome) => Expected::of(&outcome, &observed.layout()).to_string(),
        None => observed.lost.clone().unwrap_or_else(|| "not run".to_owned()),
    };
    let line = |(index, op): (usize, &Op)| match (outcome(a, index), outcome(b, index)) {
        (Some(x), Some(y)) if a.layout() == b.layout() => {
            let (x, y) = Expected::told_apart(&x, &y, &a.layout());
            Line::new(op, x.to_string(), y.to_string())
        }
        (x, y) => Line::new(op, say(a, x), say(b, y)),
    };
    ops.iter().enumerate().map(line).collect()
}

impl Entry {
    /// The entry for people; `a` and `b` name the kernels.
    pub fn render(&self, a: &str, b: &str) -> String {
        let mut text = String::new();
        let (shown, of) = self.shown;
        let after = self.after.as_secs_f64();
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "{}  ({shown} of {of} runs, first seen after {after:.1} s)",
            self.signature
        );
        let _ = write_sides(&self.lines, &self.state, (a, b), &mut text);
        text
    }

    /// The difference as it was first seen, before it is made small.
    pub(super) fn of(seen: &Seen, ops: &[Op], a: &Observed, b: &Observed) -> Entry {
        let ops = &ops[..ops.len().min(seen.at + 1)];
        Entry {
            signature: seen.signature.to_string(),
            program: Program::of(ops.iter().cloned()),
            lines: lines(ops, a, b),
            differences: seen.differences.clone(),
            state: seen.state.clone(),
            shown: (1, 1),
            minimal: false,
            number: 0,
            after: Duration::ZERO,
        }
    }
}
