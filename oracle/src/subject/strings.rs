//! What `execve` left on the stack of a subject that keeps it.

use super::batch::syscall;
use super::error::SubjectError;
use super::start::{failed, MmFields};
use super::Subject;
use crate::protocol;
use mm_reference::addr::{page_down, page_up};
use mm_reference::op::Exec;
use std::{fs, io};

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecInfo {
    /// What was executed with.
    pub exec: Exec,
    /// One past the last byte that the kernel wrote below the strings.
    pub tables_end: u64,
    /// What is in the pages from `start_stack` up to there.
    pub bytes: Vec<u8>,
}

/// The kernel writes the name of the platform first, downwards.
const AT_PLATFORM: u64 = 15;
const PLATFORM: &[u8] = b"x86_64\0";
/// The pointers, the vector and what it points to take less than two pages; the
/// random distance above them is less than two pages.
const MOST: u64 = 5 << 12;
/// The output, where the subject keeps it.
const OUTPUT: u64 = protocol::KEPT_FDS as u64 + protocol::files::COUNT as u64;

/// Notes what the kernel wrote. The subject itself copies it, for looking from
/// outside would count as a use of the pages; and as far as it may, it hides its
/// arguments from those who ask for them, which would count as well.
pub(super) fn note(
    subject: &mut Subject,
    pid: i32,
    exec: Exec,
    mm: &MmFields,
) -> Result<ExecInfo, SubjectError> {
    let failed = failed("find what the kernel wrote on its stack");
    let odd = |what| failed(io::Error::other(what));
    let vector = fs::read(format!("/proc/{pid}/auxv")).map_err(&failed)?;
    let words: Vec<u64> = vector
        .chunks_exact(size_of::<u64>())
        .map(|word| u64::from_ne_bytes(std::array::from_fn(|at| word[at])))
        .collect();
    let platform = words.chunks_exact(2).find(|pair| pair[0] == AT_PLATFORM);
    let platform = platform.ok_or_else(|| odd("no name of the platform"))?[1];
    let tables_end = platform.saturating_add(PLATFORM.len() as u64);
    let (from, to) = (page_down(mm.start_stack), page_up(tables_end));
    if from >= to || to - from > MOST {
        return Err(odd("the name of the platform is far from the stack's pointer"));
    }
    let hide = [libc::PR_SET_MM as u64, libc::PR_SET_MM_ARG_START as u64, mm.arg_end, 0, 0, 0];
    let results = subject.execute_raw([
        syscall(libc::SYS_pwrite64, [OUTPUT, from, to - from, 0, 0, 0]),
        syscall(libc::SYS_prctl, hide), // an ordinary user may not
    ])?;
    if results[0].value != to - from {
        return Err(odd("it cannot be copied"));
    }
    let mut bytes = Vec::new();
    subject.arena.output((to - from) as usize, &mut bytes);
    let at = (platform - from) as usize;
    if bytes.get(at..at + PLATFORM.len()) != Some(PLATFORM) {
        return Err(odd("the platform has another name"));
    }
    Ok(ExecInfo { exec, tables_end, bytes })
}
