//! Several kernels at once.

use super::result::{Matrix, Row};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Mutex;

/// What a guest takes of the host's memory beside its own.
const OVERHEAD_MIB: u64 = 256;
/// What is left to everything else.
const SPARE_MIB: u64 = 1024;

/// How many guests of this size run at once: one for each CPU, if there is memory
/// for them; at least one.
pub fn guests_at_once(memory_mib: u32) -> usize {
    let cpus = crate::sys::allowed_cpus().len();
    match available_mib() {
        Some(available) => {
            let room = available.saturating_sub(SPARE_MIB) / (u64::from(memory_mib) + OVERHEAD_MIB);
            cpus.min(room as usize).max(1)
        }
        None => cpus.max(1),
    }
}

/// Memory that can be had without swapping.
fn available_mib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib >> 10)
}

/// Runs a job for each kernel, several at a time, and puts the rows together in
/// the order asked for.
pub fn schedule(
    kernels: &[String],
    at_once: usize,
    seed: u64,
    stop: &AtomicBool,
    job: &(dyn Fn(&str) -> Row + Sync),
) -> Matrix {
    let rows: Mutex<Vec<Row>> =
        Mutex::new(kernels.iter().map(|kernel| Row::waiting(kernel)).collect());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, kernels.len().max(1)) {
            scope.spawn(|| loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(kernel) = kernels.get(number) else { return };
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let row = job(kernel);
                let mut rows = rows.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                rows[number] = row;
            });
        }
    });
    let rows = rows.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    Matrix { seed, rows, interrupted: stop.load(Ordering::Relaxed) }
}
