//! Guests: other kernels, each in a QEMU of its own, in which this same executable
//! is the only process and does there what it does here.
//!
//! The host's side sends a [`Request`] and reads [`Event`]s as they come
//! ([`Link`]); the guest's side serves them with the same library functions that
//! the command line uses.

mod agent;
mod blackbox;
mod console;
mod cpio;
mod error;
mod examine;
mod form;
mod initramfs;
pub mod link;
mod port;
mod pulse;
mod qemu;
mod reproduce;
mod running;
mod serve;
mod swap;
mod watch;

pub use agent::{agent, AgentError};
pub use error::{GuestError, Wreck};
pub use examine::examine;
pub use form::{OutcomeForm, ProcessForm, SnapshotForm};
pub use link::{Campaign, Ended, Event, Hunts, Named, Observed, Request, Verdict};
pub use qemu::Accelerator;
pub use running::Guest;
pub use watch::not_looked_at;

use crate::campaign::KernelIdentity;
use crate::kernels::Kernel;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a guest may say nothing while it works.
pub const SILENCE: Duration = Duration::from_secs(30);

/// What to boot, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The kernel.
    pub kernel: Kernel,
    /// How much memory it has.
    pub memory_mib: u32,
    /// How many CPUs.
    pub cpus: u32,
    /// A folder with files to add.
    pub extra: Option<PathBuf>,
    /// More for the kernel's command line.
    pub append: String,
    /// An executable that [`Request::Reproduce`] runs; it needs no library.
    pub reproducer: Option<PathBuf>,
    /// The `mmdiff` that is the first process; the running executable if none is named.
    pub executable: Option<PathBuf>,
}

impl Plan {
    /// The usual guest for a kernel: one CPU, and memory enough for programs up to
    /// the limit of mappings.
    pub fn new(kernel: Kernel) -> Plan {
        Plan {
            kernel,
            memory_mib: 2048,
            cpus: 1,
            extra: None,
            append: String::new(),
            reproducer: None,
            executable: None,
        }
    }
}

/// The way to a guest.
pub trait Link {
    /// Sends a request.
    ///
    /// # Errors
    /// When the guest is gone.
    fn send(&mut self, request: &Request) -> Result<(), GuestError>;

    /// The next event; waits for it no longer than `timeout`.
    ///
    /// # Errors
    /// [`GuestError::Panic`], [`GuestError::Hang`] or [`GuestError::Died`] when there
    /// is none; all that the guest said before comes first.
    fn event(&mut self, timeout: Duration) -> Result<Event, GuestError>;

    /// What the kernel has printed so far.
    fn console(&self) -> String;

    /// Which kernel it is, as far as that is known.
    fn kernel(&self) -> KernelIdentity {
        KernelIdentity::default()
    }

    /// Sends a request and hands every event but the last, which is
    /// [`Event::Done`] or [`Event::Failed`], to `each`.
    ///
    /// # Errors
    /// Those of [`Link::event`], and [`GuestError::Failed`].
    fn serve(&mut self, request: &Request, each: &mut dyn FnMut(Event)) -> Result<(), GuestError> {
        self.serve_until(request, &AtomicBool::new(false), each)
    }

    /// As [`Link::serve`]; the guest is asked to come to an end once `stop` is set.
    ///
    /// # Errors
    /// Those of [`Link::serve`].
    fn serve_until(
        &mut self,
        request: &Request,
        stop: &AtomicBool,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), GuestError> {
        self.send(request)?;
        let mut asked = false;
        loop {
            // a guest says something every second
            if stop.load(Ordering::Relaxed) && !std::mem::replace(&mut asked, true) {
                self.send(&Request::Stop)?;
            }
            match self.event(SILENCE)? {
                Event::Done => return Ok(()),
                Event::Failed { error } => return Err(GuestError::Failed(error)),
                event => each(event),
            }
        }
    }
}
