//! The subject: a process whose address space is all known, and which does what
//! the worker puts into the arena.
//!
//! No library, no writable data, no private memory of its own: it runs on a
//! stack in the shared arena. It makes no decisions either; the worker sends raw
//! system calls, and what a program does is all that changes its memory.
#![no_std]
#![no_main]

mod access;
mod arch;
#[cfg(bare)]
mod bare;
#[path = "../src/protocol.rs"]
#[allow(dead_code)] // each side uses its part
mod protocol;

use core::ptr::{addr_of, addr_of_mut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use arch::{nr, syscall};
use protocol::*;

extern "C" {
    static subject_text_start: u8;
    static subject_text_end: u8;
}

const SIGKILL: u64 = 9;
const SIGCHLD: u64 = 17;
const PR_SET_PDEATHSIG: u64 = 1;
const PR_SET_NAME: u64 = 15;
const CLONE_PARENT: u64 = 0x8000;
const FUTEX_WAIT: u64 = 0;
const FUTEX_WAKE: u64 = 1;
const MADV_POPULATE_WRITE: u64 = 23;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    exit(101)
}

fn exit(status: u64) -> ! {
    loop {
        // SAFETY: does not return
        unsafe { syscall(nr::EXIT_GROUP, [status, 0, 0, 0, 0, 0]) };
    }
}

fn slot(index: usize) -> *mut Slot {
    slot_address(index) as *mut Slot
}

/// Runs in the first process once the arena is mapped and the stack is in it.
#[no_mangle]
extern "C" fn first_process() -> ! {
    // SAFETY: plain system calls on memory that lives for ever
    unsafe {
        // no descriptor stays, so that every number a program uses is a bad one
        syscall(nr::CLOSE_RANGE, [0, u64::from(u32::MAX), 0, 0, 0, 0]);
        arch::ignore_signal(SIGCHLD);
        arch::install_handlers();
        syscall(nr::PRCTL, [PR_SET_NAME, c"mm-subject".as_ptr() as u64, 0, 0, 0, 0]);
    }
    serve(0)
}

/// Runs in a forked process, on the stack of its own slot.
#[no_mangle]
extern "C" fn forked_process(index: usize) -> ! {
    #[cfg(bare)]
    if index == bare::CHILD {
        bare::child()
    }
    // SAFETY: plain system calls; the text range is mapped
    unsafe {
        // all are children of the first process, whose end must be theirs
        syscall(nr::PRCTL, [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0]);
        let first = (*slot(index)).first_pid.load(Relaxed);
        if syscall(nr::GETPPID, [0; 6]) != i64::from(first) {
            exit(102)
        }
        // every page of the text is referenced, whichever way it goes from here
        let end = addr_of!(subject_text_end) as usize;
        for page in (addr_of!(subject_text_start) as usize..end).step_by(PAGE) {
            (page as *const u8).read_volatile();
        }
    }
    serve(index)
}

/// Makes every page of the arena present in this process, executes batches.
fn serve(index: usize) -> ! {
    let slot = slot(index);
    // SAFETY: the slot belongs to this process whenever `state` is `RUN`, and
    // the rest of the arena is only touched atomically, not changed
    unsafe {
        let arena = [ARENA_START as u64, ARENA_SIZE as u64, MADV_POPULATE_WRITE, 0, 0, 0];
        syscall(nr::MADVISE, arena);
        for page in (ARENA_START..ARENA_START + ARENA_SIZE).step_by(PAGE) {
            arch::touch(page as *mut u8);
        }
        arch::set_signal_stack(addr_of_mut!((*slot).signal_stack) as u64, SIGNAL_STACK_SIZE as u64);
        let state = &(*slot).state;
        let futex = state.as_ptr() as u64;
        loop {
            state.store(DONE, Release);
            syscall(nr::FUTEX, [futex, FUTEX_WAKE, 1, 0, 0, 0]);
            loop {
                let now = state.load(Acquire);
                if now == RUN {
                    break;
                }
                syscall(nr::FUTEX, [futex, FUTEX_WAIT, u64::from(now), 0, 0, 0]);
            }
            let count = (*slot).count.load(Relaxed).min(MAX_OPS as u32);
            for i in 0..count {
                let op = addr_of!((*slot).ops).cast::<RawOp>().add(i as usize);
                let result = addr_of_mut!((*slot).results).cast::<RawResult>().add(i as usize);
                execute(slot, op, result);
                (*slot).done.store(i + 1, Release);
            }
        }
    }
}

/// Executes one operation.
///
/// # Safety
/// `op` and `result` are in the slot, which belongs to this process.
unsafe fn execute(slot: *mut Slot, op: *const RawOp, result: *mut RawResult) {
    // SAFETY: as the caller promises; what the operation itself does to memory
    // is the worker's responsibility
    unsafe {
        let args = (*op).args;
        let (kind, value) = match (*op).kind {
            SYSCALL => (RETURNED, syscall(u64::from((*op).nr), args) as u64),
            LOAD | STORE | CALL => return access::perform(slot, op, result),
            FORK => (RETURNED, fork(args[0]) as u64),
            EXIT => exit(0),
            COPY => {
                arch::copy(args[0], args[1], args[2]);
                (RETURNED, 0)
            }
            #[cfg(bare)]
            protocol::bare::LOOP => (RETURNED, bare::run(args[0] as *const _)),
            _ => exit(103),
        };
        addr_of_mut!((*result).kind).write_volatile(kind);
        addr_of_mut!((*result).value).write_volatile(value);
    }
}

/// Forks a process for a slot; answers its id or the negative errno.
///
/// # Safety
/// The slot is unused.
unsafe fn fork(index: u64) -> i64 {
    let index = index as usize % SLOTS;
    let new = slot(index);
    // SAFETY: the new process runs on its own stack in its own slot; nothing
    // else is shared but the arena
    unsafe {
        // siblings rather than descendants: a process survives the one that forked it
        let first = u64::from((*new).first_pid.load(Relaxed));
        let parent = syscall(nr::GETPID, [0; 6]) as u64;
        let flags = if parent == first { SIGCHLD } else { SIGCHLD | CLONE_PARENT };
        arch::subject_clone(flags, addr_of_mut!((*new).stack) as u64 + STACK_SIZE as u64, index)
    }
}
