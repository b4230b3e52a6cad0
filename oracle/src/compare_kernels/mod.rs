//! What userspace sees differently on two kernels, modelled or not.
//!
//! The same generated programs run in a guest of each, and a number for each says
//! what the kernel did. Where the numbers differ, the program is observed in full on
//! both, and compared as a prediction is with an observation: what the first kernel
//! did takes the place of what is expected. The model only makes programs.

mod difference;
mod entry;
mod formats;
mod hunt;
mod side;
#[cfg(test)]
mod tests;

pub use difference::Seen;
pub use entry::{Crash, Entry};
pub use formats::{junit, ktap};
pub use side::{Boot, Side};

use crate::guest::GuestError;
use hunt::Hunt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// How long, at the most.
    pub time: Duration,
}

/// What two kernels do differently.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// One entry for each signature, in the order in which they were found.
    pub entries: Vec<Entry>,
    /// Programs that one of the kernels did not survive.
    pub crashes: Vec<Crash>,
    /// How many programs were run on both.
    pub programs: u64,
    /// How many of them differed.
    pub differing: u64,
    /// Those that differed as an entry says.
    pub repeated: u64,
    /// How many could be run on neither.
    pub not_run: u64,
    /// Those that differed but did not do so again.
    pub unconfirmed: u64,
    /// How long it took.
    pub time: Duration,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
}

/// What can be told while it runs.
#[derive(Clone, Debug)]
pub enum Told {
    /// Both guests are ready.
    Ready {
        /// The releases of both kernels.
        releases: [String; 2],
        /// After how long.
        after: Duration,
    },
    /// Programs run so far.
    Progress {
        /// How many.
        programs: u64,
        /// After how long.
        after: Duration,
    },
    /// Another difference, which is then made small.
    Found {
        /// Its signature.
        signature: String,
        /// After how long.
        after: Duration,
    },
    /// A difference that was made small, to be kept.
    Kept(Box<Entry>),
    /// A program that one of the kernels did not survive, to be kept.
    Down(Box<Crash>),
}

/// How long a round of programs takes about; in between one can be stopped.
const ROUND: Duration = Duration::from_millis(1500);
/// The first round, as long as nothing is known of the speed.
const FIRST_ROUND: u64 = 32;
/// Of the programs of a round that differ, so many are looked at in full.
const LOOKED_AT: usize = 6;

/// Compares two kernels until the time is over.
///
/// # Errors
/// When a guest cannot be booted, or does not do what it is asked.
pub fn compare(
    sides: &mut [Side<'_>; 2],
    options: &Options,
    stop: &AtomicBool,
    told: &mut dyn FnMut(Told),
) -> Result<Changes, GuestError> {
    let started = Instant::now();
    let version = side::meet(sides)?;
    let releases = sides.each_ref().map(|side| side.release().to_owned());
    told(Told::Ready { releases, after: started.elapsed() });
    // a machine that boots slowly gets as long a search as any
    let end = Instant::now() + options.time;
    let mut hunt = Hunt::new(options.seed, version, started, end, stop, told);
    let mut count = FIRST_ROUND;
    while Instant::now() < end && !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let differing = hunt.round(sides, count)?;
        let took = began.elapsed();
        for &number in differing.iter().take(LOOKED_AT) {
            hunt.look_into(sides, number)?;
        }
        // as many as fill a round at the present speed
        let fitting = count as f64 * ROUND.as_secs_f64() / took.as_secs_f64().max(0.01);
        count = (fitting as u64).clamp(FIRST_ROUND, 4 * count);
    }
    let mut changes = hunt.changes;
    changes.time = started.elapsed();
    changes.interrupted = stop.load(Ordering::Relaxed);
    Ok(changes)
}
