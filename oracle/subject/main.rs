//! The subject: a process whose address space is all known, and which does what
//! the worker puts into the arena.
//!
//! No library, no writable data, no private memory of its own: even its code and
//! its stack are in the shared arena. It makes no decisions either; the worker sends raw
//! system calls, and what a program does is all that changes its memory.
#![no_std]
#![no_main]

mod access;
mod arch;
#[cfg(bare)]
mod bare;
mod look;
#[path = "../src/protocol.rs"]
#[allow(dead_code)] // each side uses its part
mod protocol;

use core::ptr::{addr_of, addr_of_mut};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use arch::{nr, syscall};
use protocol::*;

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

const ARENA: *mut Arena = ARENA_START as *mut Arena;

/// The word that says whose turn it is.
fn state(process: usize) -> &'static AtomicU32 {
    // SAFETY: the arena is there for ever, and both sides use the word atomically
    unsafe { &*addr_of!((*ARENA).states).cast::<AtomicU32>().add(process % PROCESSES) }
}

/// The number of the first process.
fn first_pid() -> u32 {
    // SAFETY: the arena is there for ever, and both sides use the word atomically
    unsafe { (*addr_of!((*ARENA).first_pid)).load(Relaxed) }
}

/// Runs in the first process once the arena is mapped and the stack is in it.
#[no_mangle]
extern "C" fn first_process() -> ! {
    // SAFETY: plain system calls on memory that lives for ever
    unsafe {
        look::open_files();
        arch::ignore_signal(SIGCHLD);
        arch::install_handlers();
        syscall(nr::PRCTL, [PR_SET_NAME, c"mm-subject".as_ptr() as u64, 0, 0, 0, 0]);
    }
    serve(0)
}

/// Runs in a forked process, on its own stack.
#[no_mangle]
extern "C" fn forked_process(index: usize) -> ! {
    #[cfg(bare)]
    if index == bare::CHILD {
        bare::child()
    }
    // SAFETY: plain system calls
    unsafe {
        // all are children of the first process, whose end must be theirs
        syscall(nr::PRCTL, [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0]);
        if syscall(nr::GETPPID, [0; 6]) != i64::from(first_pid()) {
            exit(102)
        }
    }
    serve(index)
}

/// Makes every page of the arena present in this process, executes batches.
fn serve(process: usize) -> ! {
    // SAFETY: the arena belongs to this process whenever its state is `RUN`, and
    // is only touched atomically, not changed, before that
    unsafe {
        let arena = [ARENA_START as u64, ARENA_SIZE as u64, MADV_POPULATE_WRITE, 0, 0, 0];
        syscall(nr::MADVISE, arena);
        for page in (ARENA_START..ARENA_START + ARENA_SIZE).step_by(PAGE) {
            arch::touch(page as *mut u8);
        }
        let stack = addr_of_mut!((*ARENA).signal_stack);
        arch::set_signal_stack(stack as u64, SIGNAL_STACK_SIZE as u64);
        let state = state(process);
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
            let count = (*addr_of!((*ARENA).count)).load(Relaxed).min(MAX_OPS as u32);
            for i in 0..count {
                execute(addr_of_mut!((*ARENA).ops).cast::<RawOp>().add(i as usize));
                (*addr_of!((*ARENA).done)).store(i + 1, Release);
            }
        }
    }
}

/// Executes one operation, whose place its result takes.
///
/// # Safety
/// `op` is in the arena, which belongs to this process.
unsafe fn execute(op: *mut RawOp) {
    // SAFETY: as the caller promises; what the operation itself does to memory
    // is the worker's responsibility
    unsafe {
        let result = op.cast::<RawResult>();
        let RawOp { kind, nr, args } = op.read();
        let (kind, value) = match kind {
            SYSCALL => (RETURNED, syscall(u64::from(nr), args) as u64),
            LOAD | STORE | CALL => return result.write_volatile(access::perform(kind, args)),
            FORK => (RETURNED, fork(args[0]) as u64),
            EXIT => exit(0),
            READ => (RETURNED, look::read(nr, args[0], args[1]) as u64),
            DIGEST => (RETURNED, look::digest(args[0], args[1]) as u64),
            SCAN => (RETURNED, look::scan(args[0], args[1]) as u64),
            FLUSH => (RETURNED, look::flush() as u64),
            #[cfg(bare)]
            protocol::bare::LOOP => (RETURNED, bare::run(args[0] as *const _)),
            _ => exit(103),
        };
        addr_of_mut!((*result).kind).write_volatile(kind);
        addr_of_mut!((*result).value).write_volatile(value);
    }
}

/// Forks a process with this number; answers its id or the negative errno.
///
/// # Safety
/// There is no such process.
unsafe fn fork(process: u64) -> i64 {
    let process = process as usize % PROCESSES;
    // SAFETY: the new process runs on its own stack; nothing else is shared but
    // the arena
    unsafe {
        // siblings rather than descendants: a process survives the one that forked it
        let parent = syscall(nr::GETPID, [0; 6]) as u64;
        let is_first = parent == u64::from(first_pid());
        let flags = if is_first { SIGCHLD } else { SIGCHLD | CLONE_PARENT };
        arch::subject_clone(flags, stack_top(process) as u64, process)
    }
}
