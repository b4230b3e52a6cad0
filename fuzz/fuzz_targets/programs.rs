//! Programs on the model and on the running kernel.
//!
//! The input is the text form of a program: a crash file replays with
//! `mmdiff run`. Without cargo-fuzz this is a program that replays the files
//! it is given, on any toolchain.
#![cfg_attr(fuzzing, no_main)]

use mm_oracle::fuzzing::{self, Harness};
use std::cell::RefCell;

thread_local! {
    // a subject belongs to the thread that started it
    static HARNESS: RefCell<Box<dyn Harness>> = RefCell::new(
        fuzzing::on_this_kernel().unwrap_or_else(|error| panic!("failed to start: {error}")),
    );
}

fn run(bytes: &[u8]) -> fuzzing::Worth {
    HARNESS.with_borrow_mut(|harness| fuzzing::run_bytes(harness.as_mut(), bytes))
}

#[cfg(fuzzing)]
mod target {
    use super::{fuzzing, run, HARNESS};
    use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, Corpus};

    fuzz_target!(|bytes: &[u8]| -> Corpus {
        match run(bytes) {
            fuzzing::Worth::Keep => Corpus::Keep,
            fuzzing::Worth::Reject => Corpus::Reject,
        }
    });

    fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
        HARNESS.with_borrow(|h| fuzzing::mutate_bytes(&h.workshop(), data, size, max_size, seed))
    });

    fuzz_crossover!(|one: &[u8], two: &[u8], out: &mut [u8], seed: u32| {
        HARNESS.with_borrow(|h| fuzzing::cross_bytes(&h.workshop(), one, two, out, seed))
    });
}

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    let mut failed = false;
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path) {
            Ok(bytes) => println!("{path:?}: {:?}", run(&bytes)),
            Err(error) => {
                eprintln!("failed to read {path:?}: {error}");
                failed = true;
            }
        }
    }
    std::process::ExitCode::from(if failed { 2 } else { 0 })
}
