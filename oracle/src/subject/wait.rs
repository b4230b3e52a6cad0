//! Waiting for processes of the subject, and noticing that it is in vain.

use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mm_reference::op::ProcessId;

use super::error::{Death, SubjectError};
use super::{Process, Subject, FIRST};
use crate::stat::{condition, Condition};
use crate::{protocol, sys};

/// How many times as long as otherwise a process may take that a busy machine keeps waiting.
const STARVED: u32 = 6;
/// How often a process that does not answer is looked at.
const TICK: Duration = Duration::from_millis(25);

impl Subject {
    /// Waits until a process has done its batch.
    pub(super) fn wait_done(&self, process: ProcessId) -> Result<(), SubjectError> {
        let state = self.arena.state(usize::from(process.0));
        let mut patience = Patience::new();
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
        let mut patience = Patience::new();
        loop {
            patience.start();
            if sys::poll_readable(pidfd, TICK) {
                return Ok(());
            }
            match self.grow_impatient(process, &mut patience) {
                // meanwhile, as it was to
                Err(SubjectError::Died { process: gone, .. }) if gone == process => return Ok(()),
                waited => waited?,
            }
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
        if patience.spent < self.timeout {
            return Ok(());
        }
        let kept_waiting = self.is_kept_waiting(process, patience);
        let timeout = if kept_waiting { self.timeout * STARVED } else { self.timeout };
        match patience.spent < timeout {
            true => Ok(()),
            false => Err(SubjectError::Hung { process, timeout }),
        }
    }

    /// Whether a process would go on if a busy machine let it: it can run but hardly
    /// gets to, or waits in the kernel for another one that may not get to either.
    fn is_kept_waiting(&self, process: ProcessId, patience: &mut Patience) -> bool {
        let pid = self.process(process).map(|process| process.pid);
        match pid.and_then(condition) {
            Some(Condition { state: b'D', .. }) => true,
            Some(Condition { state: b'R', used }) => {
                let (at, before) = *patience.used.get_or_insert((patience.spent, used));
                let share = used.saturating_sub(before);
                patience.spent == at || share < (patience.spent - at) / 2
            }
            _ => false,
        }
    }

    /// Fails if the process does not live or does not run.
    pub(super) fn look_at(&self, process: ProcessId) -> Result<(), SubjectError> {
        let Some(Process { pid, pidfd }) = self.process(process) else { return Ok(()) };
        if sys::poll_readable(pidfd.as_fd(), Duration::ZERO) {
            let how = if process == FIRST { sys::exit_status(*pid) } else { Death::Unknown };
            return Err(SubjectError::Died { process, how });
        }
        match condition(*pid) {
            Some(Condition { state: b'T' | b't', .. }) => Err(SubjectError::Stopped { process }),
            _ => Ok(()),
        }
    }
}

/// Time that was spent waiting, in which time that the worker itself was
/// stopped does not count.
struct Patience {
    last: Option<Instant>,
    spent: Duration,
    unchecked: Duration,
    /// When the process was first looked at closely, and what processor time it had used.
    used: Option<(Duration, Duration)>,
}

impl Patience {
    fn new() -> Patience {
        Patience { last: None, spent: Duration::ZERO, unchecked: Duration::ZERO, used: None }
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
}
