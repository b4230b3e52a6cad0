//! `/proc/pid/stat`, and what it says of whether a process hangs or is kept waiting.

use std::time::Duration;
use std::{fs, io};

/// `USER_HZ`, the same on all x86-64.
const TICKS: u64 = 100;

/// What `/proc/pid/stat` says of a process.
#[derive(Debug)]
pub(crate) struct Stat(String);

impl Stat {
    /// Reads it.
    pub(crate) fn read(pid: i32) -> io::Result<Stat> {
        fs::read_to_string(format!("/proc/{pid}/stat")).map(Stat)
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// A field behind the name, numbered as in proc(5): the first is number 3.
    pub(crate) fn field(&self, number: usize) -> Option<&str> {
        self.0.rsplit_once(')')?.1.split_ascii_whitespace().nth(number.checked_sub(3)?)
    }

    /// A field that is a number.
    pub(crate) fn number(&self, number: usize) -> Option<u64> {
        self.field(number)?.parse().ok()
    }
}

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
    let stat = Stat::read(pid).ok()?;
    let used = Duration::from_millis((stat.number(14)? + stat.number(15)?) * 1000 / TICKS);
    Some(Condition { state: *stat.field(3)?.as_bytes().first()?, used })
}
