//! Settings of the system that programs ask for, and that campaigns change: what can be set
//! here, and that all of it is as it was afterwards.
//!
//! There are three kinds, by when the kernel asks for them:
//!
//! * in force while the subject runs, and for no longer: mmdiff itself, which has more
//!   mappings than a program, lives with what the system had ([`Control::while_running`]);
//! * in force while a subject is started ([`Control::while_starting`]);
//! * what takes long to change, swap and the generations of pages, for a stretch of programs
//!   ([`Control::lasting`]), with which no other worker may be at work.
//!
//! What a program runs under is in its profile; this only makes the system agree with that.

mod control;
mod lasting;
mod place;
mod watchdog;
mod words;

pub use control::{Control, InForce, Reach};
pub use lasting::Lasting;
pub use watchdog::{watch, Watchdog, COMMAND};
pub use words::between;

use crate::profile::ProfileError;
use std::io;
use std::path::PathBuf;

/// Why a setting could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The kernel does not take it.
    #[error("failed to set {}", path.display())]
    Write {
        /// The file, or the device of the swap.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to restore the settings cannot be started.
    #[error("failed to start the process that restores settings")]
    Watchdog {
        /// Why.
        source: io::Error,
    },
    /// It is not known what the system is set to.
    #[error("failed to find out what this kernel is")]
    Profile(#[source] ProfileError),
    /// On a running system only root may.
    #[error("changing settings of this system needs root")]
    NotRoot,
}
