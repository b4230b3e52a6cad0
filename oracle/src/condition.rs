//! What a process is at, as `/proc/pid/stat` has it: whether it hangs or is kept waiting.

use std::fs;
use std::time::Duration;

/// `USER_HZ`, the same on all x86-64.
const TICKS: u64 = 100;

/// What a process is at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    /// The letter of its state.
    pub(crate) state: u8,
    /// Processor time that its threads have used.
    pub(crate) used: Duration,
}

/// Looks at a process; `None` if it is gone.
pub(crate) fn condition(pid: i32) -> Option<Condition> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // numbered as in proc(5); the first field behind the name is its third
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let used = Duration::from_millis((ticks(14)? + ticks(15)?) * 1000 / TICKS);
    Some(Condition { state: *fields.first()?.as_bytes().first()?, used })
}
