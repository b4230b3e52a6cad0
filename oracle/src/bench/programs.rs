//! The programs that both sides run.

use super::BenchError;
use crate::campaign::{avoid_on, Generated};
use crate::generate::{program_seed, Avoid, Fence, Shape};
use crate::observe::ranges_read;
use crate::run::{Observe, Runner, Verdict};
use crate::subject::Look;
use mm_reference::op::{Op, Outcome, ProcessId};
use mm_reference::snapshot::decimal_digits;
use std::time::{Duration, Instant};

/// Operations of every program.
pub(super) const LENGTH: usize = 12;
/// The seed of the programs, which are the same every time.
const SEED: u64 = 12;
/// How many programs are looked at for each one that is taken.
const PATIENCE: usize = 50;

/// A program and what it does.
pub(super) struct Sample {
    seed: u64,
    pub(super) ops: Vec<Op>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) look: Look,
}

/// Programs of one process and equal length, on which model and kernel agree.
pub(super) struct Programs {
    pub(super) samples: Vec<Sample>,
    fence: Fence,
    shape: Shape,
}

impl Programs {
    pub(super) fn choose(runner: &mut Runner, count: usize) -> Result<Programs, BenchError> {
        let avoid = Avoid { fork: true, ..avoid_on(runner) };
        let fence = Fence::of(runner.fresh()?);
        let shape = Shape { max_ops: LENGTH, avoid, ..Shape::default() };
        let mut programs = Programs { samples: Vec::with_capacity(count), fence, shape };
        for number in 0..count * PATIENCE {
            if programs.samples.len() == count {
                break;
            }
            let seed = program_seed(SEED, 0, number as u64);
            if let Some(sample) = programs.sample(runner, seed)? {
                programs.samples.push(sample);
            }
        }
        match programs.samples.len() {
            found if found < count => Err(BenchError::Programs(found)),
            _ => Ok(programs),
        }
    }

    fn sample(&self, runner: &mut Runner, seed: u64) -> Result<Option<Sample>, BenchError> {
        let mut system = runner.fresh()?.clone();
        let mut feed = Generated::new(seed, self.shape, &self.fence, &system);
        let trial = runner.run(&mut feed, Observe::End)?;
        if !matches!(trial.verdict, Verdict::Agreed) || trial.ops.len() != LENGTH {
            return Ok(None);
        }
        for op in &trial.ops {
            if system.apply(op).is_err() {
                return Ok(None);
            }
        }
        let plan = system.plan(ProcessId(0));
        let smaps = runner.smaps_length(&system.snapshot(ProcessId(0), &plan).smaps);
        let inode = runner.seed()?.arena.inode;
        let look = Look {
            smaps: smaps.map(|length| length - decimal_digits(inode) as u64),
            windows: ranges_read(&plan.windows).collect(),
            empty: if runner.capabilities().scan { plan.empty.0 } else { Vec::new() },
            contents: plan.contents.0,
        };
        Ok(Some(Sample { seed, ops: trial.ops, outcomes: trial.actual, look }))
    }

    /// Runs some of the programs as a campaign does, from making them up to
    /// the comparison; answers how long that took.
    pub(super) fn run(
        &self,
        runner: &mut Runner,
        samples: &[Sample],
    ) -> Result<Duration, BenchError> {
        let mut done = Vec::new();
        let started = Instant::now();
        for sample in samples {
            let fresh = runner.fresh()?;
            let mut feed = Generated::new(sample.seed, self.shape, &self.fence, fresh);
            runner.submit(&mut feed, Observe::End, &mut done)?;
            done.drain(..).for_each(|trial| runner.recycle(trial));
        }
        runner.flush(&mut done)?;
        Ok(started.elapsed())
    }
}
