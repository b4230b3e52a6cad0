//! The floor of the bench: one process after the other is forked, executes the
//! operations of one program, is looked at through `/proc`, and ends. Nothing is
//! compared or even decoded.
//!
//! The loop runs in the subject itself, because forking a process with so few
//! mappings is as cheap as it gets, and because nobody else has to be woken.

use core::ptr::{addr_of, addr_of_mut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::access;
use crate::arch::{self, nr, syscall};
use crate::look as own;
use crate::protocol::bare::*;
use crate::protocol::*;
use crate::{
    exit, first_pid, state, ARENA, FUTEX_WAIT, FUTEX_WAKE, PR_SET_PDEATHSIG, SIGCHLD, SIGKILL,
};

/// The number of every child. The first operation and result are those of the
/// loop itself, the child's follow.
pub const CHILD: usize = 1;
const WALL: u64 = 0x4000_0000;
const READ_ONLY: u64 = 0;
/// Bytes of a path like `/proc/4194304/pagemap` and its NUL.
const PATH: usize = 32;

/// Runs programs one after the other; answers how many went as they should. The
/// results of the last one stay in the arena.
///
/// # Safety
/// `request` describes memory of this process that nothing else uses.
pub unsafe fn run(request: *const Request) -> u64 {
    // SAFETY: as the caller promises
    unsafe {
        let Request { mut input, count, buffer, buffer_size } = *request;
        for done in 0..count {
            let program = input as *const Program;
            let ops = program.add(1).cast::<RawOp>();
            let (op_count, name_count) = ((*program).ops as usize, (*program).names as usize);
            let names = ops.add(op_count).cast::<[u8; NAME_SIZE]>();
            let ranges = names.add(name_count).cast::<Range>();
            let to = addr_of_mut!((*ARENA).ops).cast::<RawOp>().add(1);
            arch::copy(to as u64, ops as u64, size(ops, op_count));
            arch::copy(addr_of_mut!((*ARENA).names) as u64, names as u64, size(names, name_count));
            (*addr_of!((*ARENA).count)).store(op_count as u32, Relaxed);
            state(CHILD).store(STARTING, Release);
            let pid = arch::subject_clone(SIGCHLD, stack_top(CHILD) as u64, CHILD);
            if pid < 0 {
                return done;
            }
            wait_while(state(CHILD), STARTING);
            let seen = look(pid as u64, &*program, ranges, (buffer, buffer_size));
            wake(state(CHILD), RUN);
            // answers that there is no child any more, since it is not left for collection
            syscall(nr::WAIT4, [pid as u64, 0, WALL, 0, 0, 0]);
            if !seen {
                return done;
            }
            let range_count = (*program).windows + (*program).empty + (*program).contents;
            input = ranges.add(range_count as usize) as u64;
        }
        count
    }
}

fn size<T>(_: *const T, count: usize) -> u64 {
    (count * size_of::<T>()) as u64
}

/// The life of a child.
pub fn child() -> ! {
    // SAFETY: the parent waits, so that the arena is this process's
    unsafe {
        syscall(nr::PRCTL, [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0]);
        if syscall(nr::GETPPID, [0; 6]) != i64::from(first_pid()) {
            exit(102)
        }
        for i in 1..=(*addr_of!((*ARENA).count)).load(Relaxed) as usize {
            let op = addr_of_mut!((*ARENA).ops).cast::<RawOp>().add(i);
            let result = op.cast::<RawResult>();
            let RawOp { kind, nr, args } = op.read();
            if kind == SYSCALL {
                let value = syscall(u64::from(nr), args) as u64;
                addr_of_mut!((*result).kind).write(RETURNED);
                addr_of_mut!((*result).value).write(value);
            } else {
                result.write(access::perform(kind, args));
            }
        }
        wake(state(CHILD), DONE);
        wait_while(state(CHILD), DONE);
    }
    exit(0)
}

unsafe fn wait_while(state: &core::sync::atomic::AtomicU32, value: u32) {
    while state.load(Acquire) == value {
        // SAFETY: waits for a change of a word that lives for ever
        unsafe { syscall(nr::FUTEX, [state.as_ptr() as u64, FUTEX_WAIT, value.into(), 0, 0, 0]) };
    }
}

unsafe fn wake(state: &core::sync::atomic::AtomicU32, value: u32) {
    state.store(value, Release);
    // SAFETY: wakes whoever waits for a word that lives for ever
    unsafe { syscall(nr::FUTEX, [state.as_ptr() as u64, FUTEX_WAKE, 1, 0, 0, 0]) };
}

/// Reads everything that an observation reads; false when something is missing.
unsafe fn look(
    pid: u64,
    program: &Program,
    ranges: *const Range,
    (buffer, size): (u64, u64),
) -> bool {
    let mut path = Path::of(pid);
    let read = |fd: u64, at: u64, length: u64| {
        // SAFETY: into a buffer that nothing else uses
        unsafe { syscall(nr::PREAD64, [fd, buffer, length.min(size), at, 0, 0]) }
    };
    // SAFETY: as the caller promises
    let ranges = |from: u32, count: u32| unsafe {
        core::slice::from_raw_parts(ranges.add(from as usize), count as usize)
    };
    let mut good = true;
    for (file, text) in [(files::MAPS, &b"maps"[..]), (files::SMAPS, b"smaps")] {
        let fd = path.open(text);
        let mut length = 0;
        let whole = match file {
            files::SMAPS if program.smaps > 0 => program.smaps.into(),
            _ => u64::MAX,
        };
        while length < whole {
            let more = read(fd, length, whole - length);
            if more <= 0 {
                break;
            }
            length += more as u64;
            // SAFETY: into a buffer that nothing else uses
            if unsafe { own::is_end(file, buffer as *const u8, more as u64) } {
                break;
            }
        }
        good &= length > 0;
        close(fd);
    }
    let fd = path.open(b"pagemap");
    for window in ranges(0, program.windows) {
        good &= read(fd, window.start, window.length) == window.length as i64;
    }
    for range in ranges(program.windows, program.empty) {
        let span = (range.start, range.start + range.length);
        let mut scan = PagemapScan::populated(span, buffer, 8);
        // SAFETY: a valid argument
        let found =
            unsafe { syscall(nr::IOCTL, [fd, PAGEMAP_SCAN, addr_of_mut!(scan) as u64, 0, 0, 0]) };
        good &= found >= 0;
    }
    close(fd);
    for record in [&b"status"[..], b"statm"] {
        let fd = path.open(record);
        good &= read(fd, 0, size) > 0;
        close(fd);
    }
    let fd = path.open(b"mem");
    for range in ranges(program.windows + program.empty, program.contents) {
        let mut done = 0;
        while done < range.length {
            let more = read(fd, range.start + done, range.length - done);
            // what cannot be read is left out by an observation, too
            done += if more > 0 { more as u64 } else { PAGE as u64 };
        }
    }
    close(fd);
    good
}

fn close(fd: u64) {
    // SAFETY: a descriptor of this loop, or none
    unsafe { syscall(nr::CLOSE, [fd, 0, 0, 0, 0, 0]) };
}

/// A path as it is written, without the checks whose failure would need more
/// than a freestanding program has.
struct Path {
    bytes: [u8; PATH],
    length: usize,
}

impl Path {
    /// `/proc/`, the number and `/`.
    fn of(pid: u64) -> Path {
        let mut path = Path { bytes: [0; PATH], length: 0 };
        path.push(b"/proc/");
        path.push_number(pid);
        path.push(b"/");
        path
    }

    fn push_number(&mut self, number: u64) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push(&[b'0' + (number % 10) as u8]);
    }

    fn push(&mut self, text: &[u8]) {
        for &byte in text {
            if let Some(to) = self.bytes.get_mut(self.length) {
                *to = byte;
                self.length += 1;
            }
        }
    }

    /// Opens the file with this name.
    fn open(&mut self, name: &[u8]) -> u64 {
        let folder = self.length;
        self.push(name);
        self.push(b"\0");
        self.length = folder;
        let path = self.bytes.as_ptr() as u64;
        // SAFETY: a string with its NUL
        unsafe { syscall(nr::OPEN, [path, READ_ONLY, 0, 0, 0, 0]) as u64 }
    }
}
