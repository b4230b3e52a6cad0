//! Which of the known bugs this kernel has.

use super::trial::{Observe, Replay};
use super::Runner;
use mm_reference::op::Start;
use mm_reference::profile::{Profile, Quirk, QuirkSet};
use mm_reference::text::{self, Mode};
use std::sync::Arc;

impl Runner {
    /// The known bugs that this kernel has. A version can only say which it may
    /// have, since updates mend them; so the smallest program of each is run,
    /// once, and counts if imitating the bug explains it. Where that cannot be
    /// found out it is all that the version may have.
    pub fn known_bugs(&mut self) -> QuirkSet {
        if let Some(found) = self.known_bugs {
            // or as far as it is known while this is being found out
            return found;
        }
        // what a bug's program meets may be out of its reach as the system is set, or without
        // capabilities
        let before = self.profile.clone();
        let mut usual = Profile { privilege: self.available, ..(*before).clone() };
        if let Some(control) = &self.control {
            let base = control.base();
            (usual.settings, usual.config) = (base.settings, base.config);
        }
        if usual != *before {
            self.resettle(Arc::new(usual));
        }
        let scrutinizes = self.scrutinize(true);
        let start = std::mem::replace(&mut self.config.start, Start::Plain);
        let mut present = QuirkSet::default();
        for quirk in QuirkSet::of_version(self.profile.version).iter() {
            let mut trying = present;
            trying.insert(quirk);
            self.known_bugs = Some(trying);
            if self.shows(quirk).unwrap_or(true) {
                present = trying;
                self.caps.wrong_flags |= quirk.wrong_flags();
            }
        }
        self.scrutinize(scrutinizes);
        if start != Start::Plain || !Arc::ptr_eq(&before, &self.profile) {
            self.config.start = start;
            self.resettle(before);
        }
        self.known_bugs = Some(present);
        present
    }

    /// Makes these the bugs that are known of this kernel; answers those before. Where none
    /// is, every divergence is one to look into.
    pub fn believe(&mut self, bugs: QuirkSet) -> QuirkSet {
        let before = self.known_bugs();
        self.known_bugs = Some(bugs);
        before
    }

    /// Whether the bug explains what its program does; `None` when it cannot run.
    fn shows(&mut self, quirk: Quirk) -> Option<bool> {
        let program = text::parse(quirk.program(), Mode::Strict).ok()?;
        let ops: Vec<_> = program.ops().cloned().collect();
        let trial = self.run(&mut Replay::new(&ops), Observe::EveryOp).ok()?;
        Some(trial.known().contains(quirk))
    }
}
