//! What can go wrong with a subject.

use std::fmt;
use std::io;
use std::time::Duration;

use mm_reference::op::{Layout, Outcome, ProcessId};

pub use crate::sys::Death;

/// Why a subject cannot go on. All but [`SubjectError::Unrepresentable`],
/// [`SubjectError::NoProcess`], [`SubjectError::NoMoreProcesses`] and
/// [`SubjectError::TooManyProcesses`], which are about the program or the system, leave it
/// dead: start another one.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// It could not be started.
    #[error("could not start the subject: failed to {what}")]
    Start {
        /// What failed.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A system call of the worker failed.
    #[error("failed to {what}")]
    System {
        /// What failed.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A process ended without having been told to.
    #[error("process {} of the subject {}", process.0, End(*how))]
    Died {
        /// Which process of the program.
        process: ProcessId,
        /// How.
        how: Death,
    },
    /// A process did not answer in time.
    #[error("process {} of the subject did not answer within {timeout:?}", process.0)]
    Hung {
        /// Which process of the program.
        process: ProcessId,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// A process was stopped by a signal or is being traced.
    #[error("process {} of the subject was stopped by a signal or a tracer", process.0)]
    Stopped {
        /// Which process of the program.
        process: ProcessId,
    },
    /// A process wrote something into the arena that makes no sense.
    #[error("process {} of the subject answered nonsense: {what}", process.0)]
    Nonsense {
        /// Which process of the program.
        process: ProcessId,
        /// What about it.
        what: &'static str,
    },
    /// An operation of a reset plan failed.
    #[error("failed to reset the subject: {call} gave {}", outcome.display(&Layout::default()))]
    Reset {
        /// The operation's name.
        call: &'static str,
        /// What came of it.
        outcome: Outcome,
    },
    /// The subject has failed before.
    #[error("the subject is no longer running")]
    Dead,
    /// The program speaks of a process that does not live.
    #[error("there is no process {}", .0.0)]
    NoProcess(ProcessId),
    /// The system lets nobody start another process, because of a limit that is none of mm's.
    #[error("the limit on the number of processes is met")]
    NoMoreProcesses,
    /// The program forks more often than there is room for.
    #[error("a program can have at most {} processes", mm_reference::op::MAX_PROCESSES)]
    TooManyProcesses,
    /// The operation does not fit into a batch or would break the subject.
    #[error("{call} cannot be executed: {why}")]
    Unrepresentable {
        /// The operation's name.
        call: &'static str,
        /// Why not.
        why: &'static str,
    },
}

impl SubjectError {
    /// Whether the program is to blame, and the subject as usable as before.
    pub fn is_about_program(&self) -> bool {
        matches!(
            self,
            SubjectError::NoProcess(_)
                | SubjectError::NoMoreProcesses
                | SubjectError::TooManyProcesses
                | SubjectError::Unrepresentable { .. }
        )
    }
}

struct End(Death);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Death::Exited(status) => write!(f, "exited with status {status}"),
            Death::Killed(libc::SIGKILL) => f.write_str("was killed by SIGKILL (out of memory?)"),
            Death::Killed(signal) => write!(f, "was killed by signal {signal}"),
            Death::Unknown => f.write_str("died"),
        }
    }
}
