//! Campaigns: many programs, on several CPUs, until time or number run out.
//!
//! Every worker is a thread with a CPU, a subject and a generator of its own, and
//! takes programs by the block (`block.rs`).
//! Divergences are confirmed and shrunk by the worker that met them, and handed
//! to the [`Store`], which keeps one per signature and writes it to disk at
//! once, so that an interrupted campaign loses nothing.

mod block;
mod finding;
mod past;
mod progress;
mod provenance;
mod record;
mod settings;
mod store;
mod summary;
mod watcher;
mod worker;

use block::Block;
pub use finding::{investigate, report, shows_again, Finding, Investigation};
pub use progress::Progress;
pub use provenance::{KernelIdentity, Provenance, Run};
pub use record::{Differs, Record};
pub(crate) use store::{folder_below, write_file};
pub use store::{Store, StoreError};
pub use summary::{compared, not_compared, too_many_lost, Summary};
pub use watcher::{Pace, Watcher};

use crate::generate::Theme;
use crate::observe::Capabilities;
use crate::profile::Contradiction;
use crate::run::{Observe, RunError};
use crate::settings::Control;
use mm_reference::profile::Profile;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
pub(crate) use worker::Generated;
use worker::Worker;

pub use worker::{avoid, avoid_on};

/// When a campaign ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After this time.
    Time(Duration),
    /// After this many programs.
    Programs(u64),
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// When to stop.
    pub limit: Limit,
    /// Everything that is random follows from it.
    pub seed: u64,
    /// How many workers.
    pub jobs: usize,
    /// When to look.
    pub observe: Observe,
    /// The most operations of a program.
    pub max_ops: usize,
    /// What every program dwells on.
    pub theme: Option<Theme>,
    /// Whether the first finding ends it.
    pub until_found: bool,
    /// Where findings go.
    pub out: PathBuf,
    /// What probes say against what else is known of the kernel.
    pub contradictions: Vec<Contradiction>,
    /// Settings of the system that it changes from block to block; none without.
    pub control: Option<Arc<Control>>,
}

impl Options {
    /// What is said of it wherever something comes of it.
    pub fn run(&self) -> Run {
        Run { seed: self.seed, jobs: self.jobs, program: None }
    }
}

/// What workers share while they run.
pub(crate) struct Shared<'w> {
    /// Set by whoever wants the campaign to end.
    pub(crate) stop: Arc<AtomicBool>,
    /// Set by a worker: nothing more is to be done.
    pub(crate) over: AtomicBool,
    /// Blocks that a worker has taken.
    pub(crate) blocks: AtomicU64,
    /// Programs begun.
    pub(crate) programs: AtomicU64,
    pub(crate) operations: AtomicU64,
    pub(crate) deadline: Option<Instant>,
    pub(crate) most: Option<u64>,
    pub(crate) store: Store,
    pub(crate) watcher: &'w dyn Watcher,
}

impl Shared<'_> {
    /// The next programs that a worker is to run.
    pub(crate) fn claim(&self) -> Option<Block> {
        let goes_on = self.goes_on();
        let next = || self.blocks.fetch_add(1, Ordering::Relaxed);
        goes_on.then(next).and_then(|number| Block::of(number, self.most))
    }

    /// Whether a worker should begin another program; counts it if so.
    pub(crate) fn begin(&self) -> bool {
        let goes_on = self.goes_on();
        if goes_on {
            self.programs.fetch_add(1, Ordering::Relaxed);
        }
        goes_on
    }

    fn goes_on(&self) -> bool {
        let in_time = self.deadline.is_none_or(|end| Instant::now() < end);
        let is_stopped = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        in_time && !is_stopped(&self.stop) && !is_stopped(&self.over)
    }

    /// Whether it was stopped before its programs or its time were over.
    fn is_interrupted(&self) -> bool {
        let programs = self.programs.load(Ordering::Relaxed);
        let is_complete = self.deadline.is_some_and(|end| Instant::now() >= end)
            || self.most.is_some_and(|most| programs >= most);
        self.stop.load(Ordering::Relaxed) && !is_complete
    }
}

/// Why a campaign could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// A worker could not run programs.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Findings cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker could not be started.
    #[error("failed to start a worker")]
    Thread(#[source] std::io::Error),
    /// A worker panicked.
    #[error("a worker ended unexpectedly")]
    Worker,
}

/// Runs a campaign to its end or until `stop` is set.
///
/// # Errors
/// When the folder for findings is in doubt before anything was run. What goes
/// wrong later ends the campaign and is part of the summary, so that no finding
/// is lost.
pub fn run(
    options: &Options,
    profile: &Arc<Profile>,
    caps: &Capabilities,
    stop: Arc<AtomicBool>,
    watcher: &dyn Watcher,
) -> Result<Summary, CampaignError> {
    let started = Instant::now();
    let shared = Shared {
        stop,
        over: AtomicBool::new(false),
        blocks: AtomicU64::new(0),
        programs: AtomicU64::new(0),
        operations: AtomicU64::new(0),
        deadline: match options.limit {
            Limit::Time(time) => Some(started + time),
            Limit::Programs(_) => None,
        },
        most: match options.limit {
            Limit::Programs(most) => Some(most),
            Limit::Time(_) => None,
        },
        store: Store::new(options.out.clone())?,
        watcher,
    };
    let mut caps = caps.clone();
    if options.jobs > 1 {
        caps.lose_system_counts("several workers run at once (--jobs 1 changes that)".to_owned());
    }
    let caps = &caps;
    let cpus = crate::sys::allowed_cpus();
    let results = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs.max(1))
            .map(|number| {
                let cpu = cpus.get(number % cpus.len().max(1)).copied();
                let shared = &shared;
                let work =
                    move || Worker::new(cpu, options, profile.clone(), caps.clone()).work(shared);
                let started = std::thread::Builder::new().spawn_scoped(scope, work);
                if started.is_err() {
                    shared.over.store(true, Ordering::Relaxed);
                }
                started
            })
            .collect();
        while workers.iter().flatten().any(|w| !w.is_finished()) {
            let pace = Pace {
                elapsed: started.elapsed(),
                programs: shared.programs.load(Ordering::Relaxed),
                operations: shared.operations.load(Ordering::Relaxed),
                findings: shared.store.len(),
            };
            watcher.tick(options, pace);
            std::thread::sleep(Duration::from_millis(20));
        }
        let join = |worker: std::io::Result<std::thread::ScopedJoinHandle<_>>| {
            worker.map_err(CampaignError::Thread)?.join().map_err(|_| CampaignError::Worker)
        };
        workers.into_iter().map(join).collect::<Vec<_>>()
    });
    watcher.done();
    let mut tallies = Vec::new();
    let mut failure = None;
    for result in results {
        match result {
            Ok((tally, result)) => {
                tallies.push(tally);
                failure = failure.or(result.err());
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let programs = shared.programs.load(Ordering::Relaxed);
    let time = started.elapsed();
    let interrupted = shared.is_interrupted();
    let summary = Summary::new(options, profile, caps, programs, time, &tallies, shared.store);
    Ok(Summary { failure, interrupted, ..summary })
}
