//! A difference for people and scripts.

use super::difference::{outcomes, Seen};
use crate::campaign::{Differs, Provenance, Record};
use crate::compare::{slug, Difference};
use crate::distinguish::{write_sides, Line};
use crate::guest::Observed;
use crate::report::{c_of_crash, c_of_evidence, Evidence};
use crate::words::counted;
use mm_reference::model::System;
use mm_reference::op::{Op, Outcome};
use mm_reference::text::{write, Expected, Program};
use std::fmt::Write as _;
use std::time::Duration;

/// A difference, and the smallest program that shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What makes it the same as another.
    pub signature: String,
    /// The program, with the results on the first kernel.
    pub program: Program,
    /// The same in C: it looks for what the second kernel does.
    pub c: String,
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
            "{}  ({shown} of {}, first seen after {after:.1} s)",
            self.signature,
            counted(of, "run")
        );
        let _ = write_sides(&self.lines, &self.state, (a, b), &mut text);
        text
    }

    /// As it is kept, like any finding: what the first kernel does is what is expected.
    pub fn record(&self, (a, b): (&str, &str), provenance: Provenance) -> Record {
        Record {
            signature: self.signature.clone(),
            provenance,
            program: write(&self.program),
            report: self.render(a, b),
            c: self.c.clone(),
            reliability: self.shown,
            minimal: self.minimal,
            differences: self.differences.iter().map(Differs::from).collect(),
        }
    }

    /// The difference as it was first seen, before it is made small. `start` is the state
    /// that programs start from.
    pub(super) fn of(
        seen: &Seen,
        ops: &[Op],
        (a, b): (&Observed, &Observed),
        start: &System,
    ) -> Entry {
        let ops = &ops[..ops.len().min(seen.at + 1)];
        let layout = a.layout();
        let pairs: Vec<_> = outcomes(a).into_iter().zip(outcomes(b)).collect();
        let mut program = Program::of(ops.iter().cloned());
        for (index, (outcome, _)) in pairs.iter().enumerate() {
            program.expect(index, outcome, &layout);
        }
        let c = c_of_evidence(&Evidence {
            signature: &seen.signature,
            program: &program,
            layout: &layout,
            outcomes: &pairs,
            differences: &seen.differences,
            states: seen.states.as_deref().map(|(a, b)| (a, b)),
            start,
        });
        Entry {
            signature: seen.signature.to_string(),
            program,
            c,
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

impl Crash {
    /// What makes it the same as another.
    pub fn signature(&self) -> String {
        format!("kernel.down.{}", slug(self.report.lines().next().unwrap_or_default()))
    }

    /// As it is kept, like any finding.
    pub fn record(&self, provenance: Provenance) -> Record {
        Record {
            signature: self.signature(),
            provenance,
            program: self.program.clone(),
            report: self.report.clone(),
            c: c_of_crash(&self.program),
            reliability: (1, 1),
            ..Record::default()
        }
    }
}
