//! Two models side by side on one program.

use crate::compare::{render, Difference};
use crate::observe::Capabilities;
use crate::search::{differ_at, Eyes};
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, Outcome};
use mm_reference::profile::Profile;
use std::sync::Arc;

/// Two kernels, each with a fresh process.
pub struct Pair {
    a: System,
    b: System,
    eyes: Eyes,
}

/// How much a difference tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// That a call fails with another error.
    Errors,
    /// More than that.
    More,
}

/// What two kernels make of a program.
pub(super) struct Both {
    /// What each operation comes to, as far as both predict it.
    pub(super) outcomes: Vec<(Outcome, Outcome)>,
    /// What can be seen of the states at the end.
    pub(super) differences: Vec<Difference>,
    /// The same as text: `-` the first kernel, `+` the second.
    pub(super) text: String,
}

impl Pair {
    /// Two kernels, each with a fresh process.
    pub fn new(a: &Profile, b: &Profile) -> Pair {
        let fresh = |profile: &Profile| System::new(Arc::new(profile.clone()), &Seed::standard());
        Pair { a: fresh(a), b: fresh(b), eyes: Eyes::new(Capabilities::full()) }
    }

    /// The operation after which the kernels differ, in its outcome or in what
    /// an observer sees; none where one of them has no prediction before that.
    pub fn differ_at(&mut self, ops: &[Op]) -> Option<usize> {
        differ_at(&self.a, &self.b, ops, &mut self.eyes)
    }

    /// How much the first difference tells, if there is one.
    pub(super) fn telling(&mut self, ops: &[Op]) -> Option<Telling> {
        let at = self.differ_at(ops)?;
        let (mut a, mut b) = (self.a.clone(), self.b.clone());
        let mut last = None;
        for op in &ops[..=at] {
            last = Some((a.apply(op).ok()?.outcome, b.apply(op).ok()?.outcome));
        }
        Some(match last? {
            (Outcome::Error(_), Outcome::Error(_)) => Telling::Errors,
            _ => Telling::More,
        })
    }

    /// Runs a program on both.
    pub(super) fn run(&mut self, ops: &[Op]) -> Both {
        let (mut a, mut b) = (self.a.clone(), self.b.clone());
        let mut outcomes = Vec::new();
        self.eyes.begin();
        for op in ops {
            match (a.apply(op), b.apply(op)) {
                (Ok(first), Ok(second)) => outcomes.push((first.outcome, second.outcome)),
                _ => break,
            }
        }
        let differences = match a.live().eq(b.live()) {
            true => self.eyes.differences(&b, &a),
            false => Vec::new(),
        };
        let (seen_b, seen_a) = self.eyes.seen();
        let text = render(seen_a, seen_b, &differences);
        Both { outcomes, differences, text }
    }
}
