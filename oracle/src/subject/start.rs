//! Brings a new subject into the one state in which all programs start.

use std::fmt::Write;
use std::fs;
use std::io;
use std::ops::Range;

use mm_reference::addr::{page_up, PAGE_SIZE};
use mm_reference::op::consts::*;
use mm_reference::op::{Layout, Start};
use mm_reference::snapshot::{MapsLine, Name, Perms};

use super::batch::syscall;
use super::error::SubjectError;
use super::launch::randomises;
use super::strings::{self, ExecInfo};
use super::Subject;
use crate::observe::MapsDecoder;
use crate::protocol::{self, RawOp};
use crate::stat::Stat;
use crate::sys;

/// Addresses above belong to the kernel; it shows one mapping there.
const KERNEL_HALF: u64 = 1 << 63;

/// All that is hidden about the address space at the start of a program.
///
/// It consists of the [`arena`](StartInfo::arena) (shared, `rwx`, all pages
/// present, dirty and also mapped by the worker), the stack that `execve` left where
/// [`exec`](StartInfo::exec) says so, what the kernel did not let go of
/// ([`kept`](StartInfo::kept)), and perhaps `[vsyscall]`.
#[derive(Clone, Debug, Default)]
pub struct StartInfo {
    /// Where heap and mappings are, and where the stack was.
    pub layout: Layout,
    /// Whether the kernel chose that at random, and chooses at random from there on.
    pub randomised: bool,
    /// The shared memory.
    pub arena: Range<u64>,
    /// Its inode number.
    pub arena_inode: u64,
    /// Its device, major and minor number.
    pub arena_dev: (u32, u32),
    /// Mappings of the arena outside the subject's processes, all pages present.
    pub arena_mappers: u32,
    /// What `execve` left on the stack, if that is still mapped.
    pub exec: Option<ExecInfo>,
    /// What the kernel does not let a process unmap (vvar, vdso where sealed).
    pub kept: Vec<MapsLine>,
    /// All of `/proc/pid/maps`.
    pub maps: Vec<MapsLine>,
    /// Code, data and stack fields of the `mm`, from `/proc/pid/stat`.
    pub mm: MmFields,
    /// Soft and hard limits, by resource.
    pub limits: Vec<(u32, (u64, u64))>,
}

/// The markers that `exec` leaves in the `mm`; they decide the names `[heap]`
/// and `[stack]`, `VmExe`, and what RLIMIT_DATA counts for `brk`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the kernel's own names
pub struct MmFields {
    pub start_code: u64,
    pub end_code: u64,
    pub start_stack: u64,
    pub start_data: u64,
    pub end_data: u64,
    pub start_brk: u64,
    pub arg_start: u64,
    pub arg_end: u64,
}

/// Sets up a subject that has just started.
pub fn set_up(subject: &mut Subject, pid: i32, start: Start) -> Result<StartInfo, SubjectError> {
    let before = read_maps(pid)?;
    let arena_start = protocol::ARENA_START as u64;
    let arena = arena_start..arena_start + protocol::ARENA_SIZE as u64;
    // the stack last: what is unmapped last frees the page tables
    let mm = read_mm_fields(pid)?;
    let mut old_stack = 0..0;
    for line in &before {
        if line.name == Name::Stack {
            old_stack = line.start..line.end;
        } else if line.start != arena.start && line.start < KERNEL_HALF {
            // may be refused; see `kept`
            subject.execute_raw([unmap(line.start, line.end - line.start)])?;
        }
    }
    let (stack, exec) = match start {
        Start::Plain => (remove_stack(subject, &old_stack, &mm)?, None),
        Start::Exec(exec) => (old_stack.end, Some(strings::note(subject, pid, exec, &mm)?)),
    };
    let layout = find_layout(subject, stack)?;

    let maps = read_maps(pid)?;
    let kept_stack = exec.is_some().then_some((&old_stack, b"rw-p"));
    let known = [(&arena, b"rwxs")].into_iter().chain(kept_stack);
    let mut left = maps.iter().filter(|line| line.start < KERNEL_HALF).cloned().collect::<Vec<_>>();
    for (range, perms) in known {
        let is_it =
            |line: &MapsLine| (line.start..line.end) == *range && line.perms == Perms(*perms);
        let at = left.iter().position(is_it).ok_or_else(|| unexpected(&maps))?;
        left.remove(at);
    }
    if left.iter().any(|line| !matches!(&line.name, Name::Other(name) if name.starts_with("[v"))) {
        return Err(unexpected(&maps));
    }
    let arena_line = maps.iter().find(|line| line.start == arena.start);
    let arena_line = arena_line.ok_or_else(|| unexpected(&maps))?;
    // mappings that stay are at the top, where the probe would have been
    let mmap = left.iter().map(|line| line.end).fold(layout.mmap, u64::max);
    let mut limits = Vec::new();
    for &(_, resource) in RLIMITS {
        let limit = sys::limit(pid, resource).map_err(failed("read the subject's limits"))?;
        limits.push((resource, limit));
    }
    Ok(StartInfo {
        layout: Layout { mmap, ..layout },
        randomised: randomises(start),
        arena_inode: arena_line.inode,
        arena_dev: arena_line.dev,
        arena,
        arena_mappers: 1,
        exec,
        kept: left,
        mm,
        limits,
        maps,
    })
}

/// Removes the stack, unless programs begin with it. Answers where it ends for
/// them: without the arguments, which anybody may ask for, for that would
/// populate their page.
fn remove_stack(
    subject: &mut Subject,
    old: &Range<u64>,
    mm: &MmFields,
) -> Result<u64, SubjectError> {
    let [removed] = subject.execute_raw([unmap(old.start, old.end - old.start)])?;
    succeeded("remove its stack", [removed.value], [0])?;
    Ok(match page_up(mm.start_stack) {
        end if end <= mm.arg_start => end,
        _ => old.end,
    })
}

/// Finds where heap and mappings are.
fn find_layout(subject: &mut Subject, stack: u64) -> Result<Layout, SubjectError> {
    let anywhere = MAP_PRIVATE | MAP_ANONYMOUS;
    let results = subject.execute_raw([
        syscall(libc::SYS_brk, [0; 6]),
        syscall(libc::SYS_mmap, [0, PAGE_SIZE, PROT_NONE, anywhere, u64::MAX, 0]),
    ])?;
    let [heap, probe] = results.map(|r| r.value);
    let [unmapped] = subject.execute_raw([unmap(probe, PAGE_SIZE)])?;
    succeeded("find where it maps memory", [unmapped.value], [0])?;
    Ok(Layout { heap, mmap: probe + PAGE_SIZE, stack })
}

fn unmap(start: u64, len: u64) -> RawOp {
    syscall(libc::SYS_munmap, [start, len, 0, 0, 0, 0])
}

pub(super) fn failed(what: &'static str) -> impl Fn(io::Error) -> SubjectError {
    move |source| SubjectError::Start { what, source }
}

fn succeeded<const N: usize>(
    what: &'static str,
    values: [u64; N],
    expected: [u64; N],
) -> Result<(), SubjectError> {
    match values.iter().zip(&expected).find(|(value, expected)| value != expected) {
        None => Ok(()),
        Some((&value, _)) => {
            let errno = (value as i64).wrapping_neg() as i32;
            Err(failed(what)(io::Error::from_raw_os_error(errno)))
        }
    }
}

fn unexpected(maps: &[MapsLine]) -> SubjectError {
    let mut text = String::from("its mappings are:");
    for line in maps {
        let _ = write!(text, "\n{line}"); // writing to a string does not fail
    }
    failed("bring its address space into the known state")(io::Error::other(text))
}

fn read_maps(pid: i32) -> Result<Vec<MapsLine>, SubjectError> {
    let failed = failed("read the subject's mappings");
    let text = fs::read(format!("/proc/{pid}/maps")).map_err(&failed)?;
    let mut lines = Vec::new();
    let decoded = MapsDecoder::default().decode(&text, &mut lines);
    decoded.map_err(|error| failed(io::Error::other(error)))?;
    Ok(lines)
}

fn read_mm_fields(pid: i32) -> Result<MmFields, SubjectError> {
    let what = "read the subject's stat";
    let stat = Stat::read(pid).map_err(failed(what))?;
    let field = |number| stat.number(number);
    let read = || {
        Some(MmFields {
            start_code: field(26)?,
            end_code: field(27)?,
            start_stack: field(28)?,
            start_data: field(45)?,
            end_data: field(46)?,
            start_brk: field(47)?,
            arg_start: field(48)?,
            arg_end: field(49)?,
        })
    };
    read().ok_or_else(|| failed(what)(io::Error::other(stat.text().to_owned())))
}
