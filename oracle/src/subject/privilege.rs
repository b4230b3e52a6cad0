//! Takes away from a subject what its programs are not to have.
//!
//! It has opened its files by then. Whether frame numbers are shown, and the kernel's log, depends
//! on who opened the file, and a process that only loses capabilities stays dumpable: so worker and
//! subject see what they saw before.

use std::fs;
use std::io;

use mm_reference::profile::Privilege;

use super::batch::capset;
use super::error::SubjectError;
use super::start::failed;
use super::Subject;

/// Leaves the process with those of these capabilities that it has, and with no others.
pub fn keep(subject: &mut Subject, pid: i32, privilege: Privilege) -> Result<(), SubjectError> {
    let failed = failed("give up capabilities");
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(path).map_err(&failed)?;
    let permitted = permitted(&status).ok_or_else(|| failed(io::Error::other(status.clone())))?;
    let kept = Privilege::of_bits(permitted).and(privilege).bits();
    let op = capset(&subject.arena, 0, kept, kept);
    let [result] = subject.execute_raw([op])?;
    match result.value as i64 {
        0 => Ok(()),
        error => Err(failed(io::Error::from_raw_os_error(-error as i32))),
    }
}

/// What a process may make effective, as its status says.
fn permitted(status: &str) -> Option<u64> {
    let text = status.lines().find_map(|line| line.strip_prefix("CapPrm:"))?;
    u64::from_str_radix(text.trim(), 16).ok()
}
