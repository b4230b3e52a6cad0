//! Waiting for processes of the subject, and noticing that it is in vain.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mm_reference::op::ProcessId;

use super::error::{Death, SubjectError};
use super::{Process, Subject, FIRST};
use crate::{protocol, sys};

/// How often a process that does not answer is looked at.
const TICK: Duration = Duration::from_millis(25);

impl Subject {
    /// Waits until a process has done its batch.
    pub(super) fn wait_done(&self, process: ProcessId) -> Result<(), SubjectError> {
        let state = self.arena.state(usize::from(process.0));
        let mut patience = Patience::new(self.timeout);
        loop {
            let now = state.load(Ordering::Acquire);
            if now == protocol::DONE {
                return Ok(());
            }
            if !sys::futex_wait(state, now, TICK) || patience.is_used() {
                self.grow_impatient(process, &mut patience)?;
            }
            patience.start();
        }
    }

    /// Waits until a process is gone, its memory included.
    pub(super) fn wait_gone(&self, process: ProcessId) -> Result<(), SubjectError> {
        let Some(pidfd) = self.process(process).map(|p| p.pidfd.as_fd()) else { return Ok(()) };
        let mut patience = Patience::new(self.timeout);
        loop {
            patience.start();
            if sys::poll_readable(pidfd, TICK) {
                return Ok(());
            }
            self.grow_impatient(process, &mut patience)?;
        }
    }

    fn grow_impatient(
        &self,
        process: ProcessId,
        patience: &mut Patience,
    ) -> Result<(), SubjectError> {
        if patience.wear() {
            self.look_at(FIRST)?;
            self.look_at(process)?;
        }
        if patience.is_over() {
            return Err(SubjectError::Hung { process, timeout: self.timeout });
        }
        Ok(())
    }

    /// Fails if the process does not live or does not run.
    pub(super) fn look_at(&self, process: ProcessId) -> Result<(), SubjectError> {
        let Some(Process { pid, pidfd }) = self.process(process) else { return Ok(()) };
        if sys::poll_readable(pidfd.as_fd(), Duration::ZERO) {
            let how = if process == FIRST { sys::exit_status(*pid) } else { Death::Unknown };
            return Err(SubjectError::Died { process, how });
        }
        match state_letter(*pid) {
            Some(b'T' | b't') => Err(SubjectError::Stopped { process }),
            _ => Ok(()),
        }
    }
}

/// The state column of `/proc/pid/stat`, which follows the name in parentheses.
fn state_letter(pid: i32) -> Option<u8> {
    let mut text = [0; 128];
    let len = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut text).ok()?;
    let text = &text[..len];
    let name_end = text.iter().rposition(|&b| b == b')')?;
    text.get(name_end + 2).copied()
}

/// Time that was spent waiting, in which time that the worker itself was
/// stopped does not count.
struct Patience {
    last: Option<Instant>,
    spent: Duration,
    unchecked: Duration,
    limit: Duration,
}

impl Patience {
    fn new(limit: Duration) -> Patience {
        Patience { last: None, spent: Duration::ZERO, unchecked: Duration::ZERO, limit }
    }

    /// Starts the clock, which a wait that succeeds at once does not need.
    fn start(&mut self) {
        self.last.get_or_insert_with(Instant::now);
    }

    fn is_used(&self) -> bool {
        self.last.is_some()
    }

    /// Counts the time since the last call; says when it is time to look at the process.
    fn wear(&mut self) -> bool {
        let now = Instant::now();
        let passed = self.last.replace(now).map_or(TICK, |last| (now - last).min(2 * TICK));
        self.spent += passed;
        self.unchecked += passed;
        let look = self.unchecked >= TICK;
        if look {
            self.unchecked = Duration::ZERO;
        }
        look
    }

    fn is_over(&self) -> bool {
        self.spent >= self.limit
    }
}
