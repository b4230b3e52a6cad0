//! Where the time of a run goes: every part of the path of a program says when
//! it is done. Costs next to nothing unless the thread's clock runs.

use crate::sys::time_stamp;
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

/// A clock that runs.
#[derive(Clone, Copy)]
struct Clock {
    /// The time stamp of the last lap.
    last: u64,
    /// Time and time stamp of the start: how long a tick is.
    start: (Instant, u64),
}

thread_local! {
    static CLOCK: Cell<Option<Clock>> = const { Cell::new(None) };
    /// Ticks and number of laps by stage.
    static COUNTS: [Cell<(u64, u32)>; STAGES] = const { [const { Cell::new((0, 0)) }; STAGES] };
}

/// Counts the time since the last lap for a stage.
#[inline]
pub(crate) fn lap(stage: Stage) {
    if let Some(clock) = CLOCK.get() {
        count(stage, clock);
    }
}

#[cold]
fn count(stage: Stage, clock: Clock) {
    let now = time_stamp();
    CLOCK.set(Some(Clock { last: now, ..clock }));
    COUNTS.with(|counts| {
        let count = &counts[stage as usize];
        let (ticks, number) = count.get();
        count.set((ticks + now.wrapping_sub(clock.last), number + 1));
    });
}

/// Starts this thread's clock.
pub(crate) fn start() {
    COUNTS.with(|counts| counts.iter().for_each(|count| count.set((0, 0))));
    let start = (Instant::now(), time_stamp());
    CLOCK.set(Some(Clock { last: start.1, start }));
}

/// Stops this thread's clock and answers what it counted.
pub(crate) fn stop() -> Laps {
    lap(Stage::Other);
    let Some(Clock { last, start: (time, first) }) = CLOCK.take() else { return Laps::default() };
    let tick = time.elapsed().as_secs_f64() / last.wrapping_sub(first).max(1) as f64;
    COUNTS.with(|counts| {
        std::array::from_fn(|stage| {
            let (ticks, number) = counts[stage].get();
            (Duration::from_secs_f64(tick * ticks as f64), number)
        })
    })
}
