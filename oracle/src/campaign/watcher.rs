//! Who hears of a campaign while it runs.

use super::{Finding, Options};
use crate::run::{Divergence, Recorder};
use mm_reference::profile::Quirk;
use mm_reference::text::Program;
use std::time::Duration;

/// How far a campaign has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Since it began.
    pub elapsed: Duration,
    /// Programs begun.
    pub programs: u64,
    /// Operations run.
    pub operations: u64,
    /// Findings made.
    pub findings: usize,
}

/// Is told what happens as it happens; every method may be left out.
pub trait Watcher: Sync {
    /// Called many times a second.
    fn tick(&self, _options: &Options, _pace: Pace) {}

    /// A finding was made, the first of its signature.
    fn found(&self, _finding: &Finding) {}

    /// A divergence did not show again; the program has the results that the model
    /// expects.
    fn unconfirmed(&self, _program: &Program, _divergence: &Divergence) {}

    /// A known difference showed.
    fn known(&self, _quirk: Quirk) {}

    /// What takes down the programs of a worker before they run.
    fn recorder(&self) -> Option<Box<dyn Recorder>> {
        None
    }

    /// The campaign is over.
    fn done(&self) {}
}
