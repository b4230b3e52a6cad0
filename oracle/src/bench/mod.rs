//! Measures the tool: whole programs against a loop that makes the same system
//! calls and reads the same files without model and comparison, where the time
//! goes, the model alone, and how long it takes to make programs small. Under
//! emulation only the first two.

mod model;
mod programs;
mod report;
mod shrinking;
mod spread;

pub use model::{ModelReport, Row};
pub use report::{Memory, Report, Share, Speed};
pub use shrinking::{shrink_long, Shrunk};
pub use spread::Spread;

use crate::run::{RunError, Runner};
use crate::stages;
use crate::subject::{Bare, Config, SubjectError};
use programs::{Programs, Sample};
use serde::Serialize;
use std::time::{Duration, Instant};

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Programs that are run again and again.
    pub programs: usize,
    /// How often.
    pub repetitions: usize,
    /// How long each number of the model is measured.
    pub model: Duration,
    /// How many programs are made small.
    pub shrunk: usize,
}

impl Effort {
    /// About half a minute.
    pub const FULL: Effort =
        Effort { programs: 600, repetitions: 12, model: Duration::from_millis(60), shrunk: 8 };
    /// A few seconds.
    pub const QUICK: Effort =
        Effort { programs: 200, repetitions: 3, model: Duration::from_millis(8), shrunk: 2 };
}

/// What executes the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// A processor.
    Hardware,
    /// QEMU without KVM. All code is slower there by an order of magnitude, and the kernel's
    /// by another factor than the rest: what does without the kernel is not measured.
    Emulation,
}

/// Programs that are measured in one go, before it is the other side's turn:
/// short, so that other load on the machine meets both sides.
const AT_ONCE: usize = 300;
/// Programs that a side runs before its time is taken. What the kernel puts off, such
/// as freeing what belonged to the processes of the loop, would otherwise be done, and
/// counted, while the other side runs.
const LEAD_IN: usize = 100;

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Programs could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The loop without a model could not be run.
    #[error(transparent)]
    Bare(#[from] SubjectError),
    /// The model does not behave as the measurement needs it.
    #[error("the model cannot be measured: {0}")]
    Model(&'static str),
    /// Too few programs have the wanted length and agree.
    #[error("found only {0} programs to measure with")]
    Programs(usize),
    /// A wrong rule does not show where it is needed.
    #[error("found no long program whose last operation shows {0}")]
    Shrinking(&'static str),
}

/// Measures everything that the machine allows to measure. The runner should be pinned to a CPU.
///
/// # Errors
/// When programs cannot be run.
pub fn measure(
    runner: &mut Runner,
    effort: &Effort,
    machine: Machine,
) -> Result<Report, BenchError> {
    runner.fresh()?; // pins this thread, and what it starts
    let programs = Programs::choose(runner, effort.programs)?;
    let at_start = resident();
    let mut bare = Bare::start(&Config::default())?;
    let same = same_outcomes(&mut bare, &programs.samples)?;
    let (speed, most) = race(runner, &mut bare, &programs, effort)?;
    drop(bare);
    let shares = stages_of(runner, &programs, effort)?;
    let memory = Memory {
        start_kib: at_start,
        end_kib: resident(),
        most_kib: most.max(resident()),
        programs: programs.samples.len() * effort.repetitions * 2,
    };
    let (model, shrunk) = match machine {
        Machine::Hardware => (
            Some(model::measure(runner.fresh()?, &programs.samples, effort.model)?),
            shrink_long(runner, effort.shrunk)?,
        ),
        Machine::Emulation => (None, Vec::new()),
    };
    Ok(Report {
        machine,
        programs: programs.samples.len(),
        operations: programs::LENGTH,
        repetitions: effort.repetitions,
        same_outcomes: same,
        speed,
        shares,
        model,
        shrunk,
        memory,
    })
}

/// How many programs do in the loop exactly what they did in the subject.
fn same_outcomes(bare: &mut Bare, samples: &[Sample]) -> Result<usize, BenchError> {
    let mut same = 0;
    let mut encoded = Vec::new();
    for sample in samples {
        encoded.clear();
        if bare.encode(&sample.ops, &sample.look, &mut encoded)? {
            bare.run(&encoded, 1)?;
            let outcomes = bare.outcomes(&sample.ops);
            let pairs = outcomes.iter().zip(&sample.outcomes);
            same +=
                usize::from(pairs.filter(|(a, b)| a.as_ref() == Some(b)).count() == outcomes.len());
        }
    }
    Ok(same)
}

/// Runs both sides in turn; answers the speeds and the most memory ever used.
fn race(
    runner: &mut Runner,
    bare: &mut Bare,
    programs: &Programs,
    effort: &Effort,
) -> Result<(Speed, u64), BenchError> {
    let mut encoded = Vec::new();
    for chunk in programs.samples.chunks(AT_ONCE) {
        let lead = &chunk[..LEAD_IN.min(chunk.len())];
        let encode = |samples: &[Sample]| {
            let mut bytes = Vec::new();
            for sample in samples {
                bare.encode(&sample.ops, &sample.look, &mut bytes)?;
            }
            Ok::<_, BenchError>(bytes)
        };
        encoded.push((lead, encode(lead)?, chunk, encode(chunk)?));
    }
    let (mut floor, mut full, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    let mut most = 0;
    for round in 0..effort.repetitions {
        for (lead, lead_bytes, chunk, bytes) in &encoded {
            let mut by_bare = || {
                bare.run(lead_bytes, lead.len())?;
                bare.run(bytes, chunk.len()).map_err(BenchError::from)
            };
            let mut by_mmdiff = || {
                programs.run(runner, lead)?;
                programs.run(runner, chunk)
            };
            let (there, here) = if round % 2 == 0 {
                let there = by_bare()?;
                (there, by_mmdiff()?)
            } else {
                let here = by_mmdiff()?;
                (by_bare()?, here)
            };
            let each = |time: Duration| time.as_secs_f64() * 1e6 / chunk.len() as f64;
            floor.push(each(there));
            full.push(each(here));
            ratio.push(there.as_secs_f64() / here.as_secs_f64());
        }
        most = most.max(resident());
    }
    let speed = Speed {
        floor_us: Spread::of(floor),
        mmdiff_us: Spread::of(full),
        ratio: Spread::of(ratio),
    };
    Ok((speed, most))
}

/// Where the time of a program goes, in microseconds by stage.
fn stages_of(
    runner: &mut Runner,
    programs: &Programs,
    effort: &Effort,
) -> Result<Vec<Share>, BenchError> {
    let lap = lap_cost();
    let mut rounds = Vec::new();
    for _ in 0..effort.repetitions {
        for chunk in programs.samples.chunks(AT_ONCE) {
            stages::start();
            programs.run(runner, chunk)?;
            rounds.push((stages::stop(), chunk.len() as f64));
        }
    }
    let medians = stages::NAMES.iter().enumerate().map(|(stage, name)| {
        let times = rounds.iter().map(|(laps, count)| {
            let (time, number) = laps[stage];
            time.saturating_sub(lap * number).as_secs_f64() * 1e6 / count
        });
        (name, Spread::of(times.collect()).median)
    });
    let medians: Vec<_> = medians.collect();
    let total: f64 = medians.iter().map(|(_, time)| time).sum();
    Ok(medians
        .into_iter()
        .map(|(stage, us)| Share { stage, us, percent: 100.0 * us / total })
        .collect())
}

/// What one lap of the clock costs by itself: the least that was seen, since
/// whatever interrupts a measurement makes it longer.
fn lap_cost() -> Duration {
    const LAPS: u32 = 2_000;
    const MEASUREMENTS: u32 = 50;
    let measure = |_| {
        stages::start();
        let started = Instant::now();
        for _ in 0..LAPS {
            stages::lap(stages::Stage::Other);
        }
        let time = started.elapsed();
        stages::stop();
        time / LAPS
    };
    (0..MEASUREMENTS).map(measure).min().unwrap_or_default()
}

/// This process's resident memory in KiB; 0 where the kernel does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
