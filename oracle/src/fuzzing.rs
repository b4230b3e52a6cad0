//! What a coverage-guided fuzzer calls: programs as bytes.
//!
//! A fuzzer's input is the text form of a program, so that a crash file
//! replays with `mmdiff run`. Bytes are read by the repairing parser, and what
//! may not run is dropped.

use crate::campaign::{avoid, report};
use crate::corpus::is_confirmed;
use crate::generate::{self, mutate, repair, Fence, Seeded, Shape, Workshop};
use crate::observe::Capabilities;
use crate::profile::{running_kernel, ProfileError};
use crate::run::{Observe, Replay, RunError, Runner, Verdict};
use crate::subject::Config;
use mm_reference::model::System;
use mm_reference::op::Op;
use mm_reference::text::{self, Program};
use std::sync::Arc;

/// What came of running a program on model and kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunVerdict {
    /// They agree.
    Agree,
    /// They do not: the report.
    Diverge(String),
    /// Nothing can be said, for this reason.
    CannotCompare(String),
}

/// Runs programs on a model and a kernel.
pub trait Harness {
    /// The state that programs start from, and what they must leave alone.
    fn workshop(&self) -> Workshop<'_>;

    /// Runs a program that may run.
    fn run(&mut self, ops: &[Op]) -> RunVerdict;
}

/// Whether an input is worth keeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It was run.
    Keep,
    /// There was nothing to run.
    Reject,
}

/// The operations that bytes stand for; none if they are no text.
pub fn read(bytes: &[u8]) -> Vec<Op> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text::repair(text).0.lines.into_iter().map(|line| line.op).collect(),
        Err(_) => Vec::new(),
    }
}

/// Operations as bytes.
pub fn write(ops: &[Op]) -> Vec<u8> {
    text::write(&Program::of(ops.iter().cloned())).into_bytes()
}

/// Runs an input.
///
/// # Panics
///
/// If model and kernel disagree, which is how a fuzzer learns of it.
pub fn run_bytes(harness: &mut dyn Harness, bytes: &[u8]) -> Worth {
    let ops = repair(&harness.workshop(), &read(bytes)).ops;
    if ops.is_empty() {
        return Worth::Reject;
    }
    match harness.run(&ops) {
        RunVerdict::Agree | RunVerdict::CannotCompare(_) => Worth::Keep,
        RunVerdict::Diverge(report) => panic!("model and kernel disagree\n{report}"),
    }
}

/// Changes an input of `size` bytes in its buffer and answers its new size.
pub fn mutate_bytes(
    workshop: &Workshop<'_>,
    buffer: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
) -> usize {
    let src = &mut Seeded::new(u64::from(seed));
    let max_size = max_size.min(buffer.len());
    let ops = read(&buffer[..size.min(buffer.len())]);
    let changed = if ops.is_empty() {
        generate::program(workshop.shape(), workshop.fence, src, workshop.fresh)
    } else {
        mutate(src, &ops, None, workshop)
    };
    fit(changed, &mut buffer[..max_size])
}

/// Combines two inputs; answers the size of the result in `out`.
pub fn cross_bytes(
    workshop: &Workshop<'_>,
    one: &[u8],
    two: &[u8],
    out: &mut [u8],
    seed: u32,
) -> usize {
    let src = &mut Seeded::new(u64::from(seed));
    fit(mutate(src, &read(one), Some(&read(two)), workshop), out)
}

/// Writes as many operations as there is room for.
fn fit(mut ops: Vec<Op>, buffer: &mut [u8]) -> usize {
    loop {
        let bytes = write(&ops);
        if let Some(room) = buffer.get_mut(..bytes.len()) {
            room.copy_from_slice(&bytes);
            return bytes.len();
        }
        // half of them, and in the end none
        ops.truncate(ops.len() / 2);
    }
}

/// Programs on the running kernel, observed at the end.
struct Kernel {
    runner: Runner,
    fresh: System,
    fence: Fence,
    shape: Shape,
}

impl Harness for Kernel {
    fn workshop(&self) -> Workshop<'_> {
        Workshop::new(&self.fresh, &self.fence, &self.shape)
    }

    fn run(&mut self, ops: &[Op]) -> RunVerdict {
        match self.runner.run(&mut Replay::new(ops), Observe::End) {
            Ok(trial) => match &trial.verdict {
                Verdict::Agreed => RunVerdict::Agree,
                Verdict::Diverged(d) => match is_confirmed(&mut self.runner, &trial) {
                    Ok(false) => {
                        RunVerdict::CannotCompare(format!("did not show again: {}", d.signature))
                    }
                    _ => RunVerdict::Diverge(report(d)),
                },
            },
            Err(error) => RunVerdict::CannotCompare(error.to_string()),
        }
    }
}

/// A harness for the running kernel, on the first CPU that may be used.
///
/// # Errors
/// When the kernel cannot be described or no subject can be started.
pub fn on_this_kernel() -> Result<Box<dyn Harness>, HarnessError> {
    let (profile, _) = running_kernel()?;
    let shape = Shape { avoid: avoid(&profile), ..Shape::default() };
    let mut runner = Runner::new(Config::default(), Arc::new(profile), Capabilities::detect());
    let fresh = runner.fresh()?.clone();
    let fence = Fence::of(&fresh);
    Ok(Box::new(Kernel { runner, fresh, fence, shape }))
}

/// Why there is no harness.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The kernel cannot be described.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// No subject can be started.
    #[error(transparent)]
    Run(#[from] RunError),
}
