//! The guest's side: the first process of its kernel.

use super::console::LAST_WORDS;
use super::link::{Event, Request};
use super::port::{self, Speaker};
use super::pulse::Pulse;
use super::{initramfs, serve, swap};
use crate::campaign::KernelIdentity;
use crate::sys;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// What programs expect of a system.
const MOUNTS: [(&CStr, &CStr); 3] =
    [(c"proc", c"/proc"), (c"sysfs", c"/sys"), (c"devtmpfs", c"/dev")];

/// Where a kernel that can let allocations fail is told which; others may have none.
const DEBUGFS: (&CStr, &CStr) = (c"debugfs", c"/sys/kernel/debug");

/// What works behind a program's back, and would change what is seen of it; a kernel
/// that lacks one of these has no need of it.
const SETTINGS: [(&str, &str); 8] = [
    ("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "4294967295"),
    ("/sys/kernel/mm/ksm/run", "0"),
    ("/proc/sys/kernel/numa_balancing", "0"),
    ("/proc/sys/vm/compaction_proactiveness", "0"),
    // the black box stays where it is
    ("/proc/sys/vm/compact_unevictable_allowed", "0"),
    // a page comes back alone
    ("/proc/sys/vm/page-cluster", "0"),
    // what goes to swap goes because a program says so, as far as that can be had
    ("/proc/sys/vm/swappiness", "0"),
    ("/proc/sys/kernel/sysrq", "1"),
];

/// Why this process is of no use as a guest's first.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Somebody started it by hand.
    #[error("this command is for the first process of a guest, which mmdiff itself starts")]
    NotFirst,
    /// The guest lacks what it needs.
    #[error("{LAST_WORDS}{what}")]
    System {
        /// What failed.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// Serves requests until the guest is to end. When the guest lacks what it needs, the
/// host reads on the console why, and the guest is switched off.
///
/// # Errors
/// When it is not in a guest, or the guest cannot be switched off.
pub fn agent() -> Result<(), AgentError> {
    if std::process::id() != 1 {
        return Err(AgentError::NotFirst);
    }
    let Err(error) = prepare_and_serve() else { return Ok(()) };
    let error = anyhow::Error::from(error);
    eprintln!("mmdiff: {error:#}");
    // the first process may not just end: its kernel would panic, and what is on its way
    // to the console would be lost
    let _ = sys::drain(io::stderr().as_fd()); // then the host sees less
    let failed = |source| AgentError::System { what: "switch off", source };
    sys::power_off().map_err(failed)
}

fn prepare_and_serve() -> Result<(), AgentError> {
    let failed = |what| move |source| AgentError::System { what, source };
    for (kind, target) in MOUNTS {
        match sys::mount(kind, target) {
            // the kernel itself may have done it (CONFIG_DEVTMPFS_MOUNT)
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
            mounted => mounted.map_err(failed("mount the kernel's file systems"))?,
        }
    }
    let (kind, target) = DEBUGFS;
    let _ = sys::mount(kind, target); // see there
    for (file, value) in SETTINGS {
        let _ = fs::write(file, value); // see there
    }
    if let Err(why) = swap::switch_on() {
        // standard error is the console; all else can be done without
        eprintln!("mmdiff: no swap: {:#}", anyhow::Error::from(why));
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_err(failed("read the kernel's release"))?;
    let release = release.trim().to_owned();
    // where the configuration of the running kernel is looked for; there may be none
    let _ = fs::rename(format!("/{}", initramfs::CONFIG), format!("/boot/config-{release}"));
    let stop = Arc::new(AtomicBool::new(false));
    let (speaker, requests) =
        port::open(stop.clone()).map_err(failed("open its line to the host"))?;
    let pulse = Pulse::start(speaker.clone()).map_err(failed("start a thread"))?;
    speaker.say(&Event::Hello {
        mmdiff: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: KernelIdentity::running(),
        uptime_ms: uptime().unwrap_or(0),
    });
    for request in requests {
        answer(request, &speaker, &pulse, &stop);
        stop.store(false, Ordering::Relaxed);
    }
    Ok(())
}

fn answer(request: Option<Request>, speaker: &Speaker, pulse: &Arc<Pulse>, stop: &Arc<AtomicBool>) {
    let Some(request) = request else {
        let error = "a request arrived garbled".to_owned();
        return speaker.say(&Event::Failed { error });
    };
    if request == Request::PowerOff {
        speaker.say(&Event::Done);
        let failed = sys::power_off();
        return speaker.say(&Event::Failed { error: format!("failed to switch off: {failed:?}") });
    }
    pulse.begin();
    let served = serve::serve(&request, speaker, pulse, stop);
    pulse.end();
    speaker.say(&match served {
        Ok(()) => Event::Done,
        Err(error) => Event::Failed { error: format!("{error:#}") },
    });
}

/// Milliseconds since the kernel was started.
fn uptime() -> Option<u64> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some((seconds * 1000.0) as u64)
}
