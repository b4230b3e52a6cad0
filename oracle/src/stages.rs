//! Where the time of a run goes: every part of the path of a program says when
//! it is done. Costs next to nothing unless the thread's clock runs.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A part of the path of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The subject executes operations, the kernel switches to it and back.
    Execute,
    /// The kernel prints what it knows of the processes.
    Read,
    /// Operations are made up.
    Generate,
    /// The model predicts.
    Model,
    /// What the kernel printed is decoded.
    Decode,
    /// Prediction and observation are compared.
    Compare,
    /// Everything else.
    Other,
}

/// How many stages there are.
pub(crate) const STAGES: usize = Stage::Other as usize + 1;

/// What they are called.
pub(crate) const NAMES: [&str; STAGES] = [
    "execution in the subject",
    "reading /proc and the log",
    "generation",
    "model",
    "decoding",
    "comparison",
    "other",
];
/// Those that are mmdiff's own work.
pub(crate) const OWN: &[&str] = NAMES.split_at(2).1.split_at(4).0;

/// Time and number of laps by stage.
pub(crate) type Laps = [(Duration, u32); STAGES];

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    static LAPS: Cell<Laps> = const { Cell::new([(Duration::ZERO, 0); STAGES]) };
}

/// Counts the time since the last lap for a stage.
#[inline]
pub(crate) fn lap(stage: Stage) {
    if LAST.get().is_some() {
        count(stage);
    }
}

#[cold]
fn count(stage: Stage) {
    let now = Instant::now();
    if let Some(last) = LAST.replace(Some(now)) {
        let mut laps = LAPS.get();
        let (time, number) = &mut laps[stage as usize];
        *time += now - last;
        *number += 1;
        LAPS.set(laps);
    }
}

/// Starts this thread's clock.
pub(crate) fn start() {
    LAPS.set(Default::default());
    LAST.set(Some(Instant::now()));
}

/// Stops this thread's clock and answers what it counted.
pub(crate) fn stop() -> Laps {
    lap(Stage::Other);
    LAST.set(None);
    LAPS.take()
}
