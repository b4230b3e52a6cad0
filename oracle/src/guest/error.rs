//! What can go wrong with a guest.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What is left of a guest that ended before its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wreck {
    /// The kernel's report, or the end of the console where there is none.
    pub report: String,
    /// The texts of the programs that were being run: those to suspect.
    pub suspects: Vec<String>,
}

/// Why a guest is of no use (any more).
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// A file could not be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This executable cannot be the first process of a guest.
    #[error("{} is linked dynamically and cannot run in a guest; build it with the repository's own .cargo/config.toml, which links it statically", path.display())]
    Dynamic {
        /// The executable.
        path: PathBuf,
    },
    /// There is no emulator.
    #[error("there is no {program} (Debian's package is qemu-system-x86)")]
    NoQemu {
        /// Its name.
        program: String,
    },
    /// A guest could not be started.
    #[error("could not start a guest: failed to {what}")]
    Start {
        /// What failed.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// mmdiff could not work in the guest: its own words.
    #[error("{0}")]
    Agent(String),
    /// The kernel panicked.
    #[error("the guest's kernel panicked:\n{}", .0.report)]
    Panic(Box<Wreck>),
    /// Nothing came for too long.
    #[error("the guest has said nothing for {after:?}; its console ends with:\n{}", wreck.report)]
    Hang {
        /// How long it was waited for.
        after: Duration,
        /// What is left.
        wreck: Box<Wreck>,
    },
    /// The emulator is gone.
    #[error("the guest ended ({how}); its console ends with:\n{}", wreck.report)]
    Died {
        /// How it ended.
        how: String,
        /// What is left.
        wreck: Box<Wreck>,
    },
    /// It said what makes no sense.
    #[error("the guest answered nonsense: {0}")]
    Nonsense(String),
    /// A request failed.
    #[error("the guest could not: {0}")]
    Failed(String),
}

impl GuestError {
    /// What is left of the guest, if it ended before its time.
    pub fn wreck(&self) -> Option<&Wreck> {
        match self {
            GuestError::Panic(wreck)
            | GuestError::Hang { wreck, .. }
            | GuestError::Died { wreck, .. } => Some(wreck),
            _ => None,
        }
    }
}
