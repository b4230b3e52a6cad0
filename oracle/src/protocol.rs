//! What the worker and the subject agree on: the layout of the arena, the one
//! piece of memory that they share, and the batches that pass through it.
//!
//! Compiled into both sides, so it uses nothing but `core`.

use core::sync::atomic::AtomicU32;

/// Bytes in a page.
pub const PAGE: usize = 4096;
/// Where the arena is in every process of the subject: in place of the executable,
/// whose text it begins with.
pub const ARENA_START: usize = 0x40_0000;
/// Bytes for the text; that of the bench is the longest.
pub const TEXT_SIZE: usize = 3 * PAGE;
/// The processes that a program may have.
pub const PROCESSES: usize = 4;
/// Bytes of the arena.
pub const ARENA_SIZE: usize = core::mem::size_of::<Arena>();
/// The descriptor on which the subject finds the arena when it starts.
pub const ARENA_FD: i32 = 3;
/// The descriptor on which it finds the file that [`FLUSH`] writes to.
pub const OUTPUT_FD: i32 = 4;
/// The descriptor on which it finds, if anything, a file whose name is longer
/// than a page as the kernel prints it.
pub const LONG_NAME_FD: i32 = 6;

/// The first of the descriptors that the subject keeps, out of the way of those
/// that programs use: its own files in `/proc`, by [`files`], then the output.
pub const KEPT_FDS: i32 = 1000;

/// Files that the subject reads of itself, as the offset to [`KEPT_FDS`].
pub mod files {
    /// `/proc/self/maps`
    pub const MAPS: u32 = 0;
    /// `/proc/self/smaps`
    pub const SMAPS: u32 = 1;
    /// `/proc/self/status`
    pub const STATUS: u32 = 2;
    /// `/proc/self/pagemap`
    pub const PAGEMAP: u32 = 3;
    /// `/proc/self/mem`
    pub const MEM: u32 = 4;
    /// `/dev/kmsg`, from its end on
    pub const LOG: u32 = 5;
    /// `/proc/self/statm`
    pub const STATM: u32 = 6;
    /// `/proc/self/smaps_rollup`
    pub const ROLLUP: u32 = 7;
    /// How many there are.
    pub const COUNT: u32 = 8;

    /// Those that a subject needs to look at itself.
    pub const NEEDED: [u32; 5] = [MAPS, SMAPS, STATUS, PAGEMAP, MEM];
    /// Those that say all that they say in one record, which a single read gets whole.
    pub const RECORDS: [u32; 3] = [STATUS, STATM, ROLLUP];
}

/// Operations in one batch.
pub const MAX_OPS: usize = 512;
/// Names in one batch.
pub const MAX_NAMES: usize = 16;
/// Bytes for one name and its final NUL.
pub const NAME_SIZE: usize = 104;
/// Bytes for the answers of all `mincore` calls of one batch.
pub const RESIDENCY_SIZE: usize = 2048;
/// What stands there before the call: no kernel answers that.
pub const RESIDENCY_BLANK: u8 = 0x5a;
/// Bytes behind an answer, in which nothing is to be written.
pub const RESIDENCY_BEHIND: usize = 8;
/// Bytes of the stack on which a process of the subject runs.
pub const STACK_SIZE: usize = PAGE / 2;
/// Bytes of the stack on which its signal handler runs; a signal frame holds the
/// vector registers, almost a page with AVX-512.
pub const SIGNAL_STACK_SIZE: usize = 2 * PAGE;
/// Bytes of what has been read and waits to be written to the output.
pub const TRANSFER_SIZE: usize = 4 * PAGE;
/// Bytes of the output of one batch.
pub const OUTPUT_SIZE: usize = 1 << 20;

/// [`Arena::states`]: the process has not started yet.
pub const STARTING: u32 = 0;
/// [`Arena::states`]: the batch is the process's to execute.
pub const RUN: u32 = 1;
/// [`Arena::states`]: the batch is done and the process waits for the next.
pub const DONE: u32 = 2;

/// [`RawOp::kind`]: the system call `nr` with `args`.
pub const SYSCALL: u32 = 0;
/// [`RawOp::kind`]: read `args[1]` bytes at `args[0]`.
pub const LOAD: u32 = 1;
/// [`RawOp::kind`]: fill `args[1]` bytes at `args[0]`, starting with the byte `args[2]`.
pub const STORE: u32 = 2;
/// [`RawOp::kind`]: call `args[0]` as a function.
pub const CALL: u32 = 3;
/// [`RawOp::kind`]: fork a process that uses slot `args[0]`.
pub const FORK: u32 = 4;
/// [`RawOp::kind`]: end the process.
pub const EXIT: u32 = 5;
/// [`RawOp::kind`]: append what file `nr` of [`files`] says from offset `args[0]`
/// on, `args[1]` bytes or, if that is 0, all of it. Answers how many bytes there
/// were, or why there is none.
pub const READ: u32 = 8;
/// [`RawOp::kind`]: append two words for each page of `args[0]..args[1]`: how to
/// read it ([`UNIFORM`], [`MIXED`] or, if it cannot be read, [`RETURNED`]), and
/// its byte or digest.
pub const DIGEST: u32 = 9;
/// [`RawOp::kind`]: append the regions of `args[0]..args[1]` where pages are, at
/// most [`SCAN_REGIONS`], then the pagemap entries of what is shown of each.
/// Answers their number, or the negative errno.
pub const SCAN: u32 = 10;
/// [`RawOp::kind`]: write what was appended, in all of the batch, to the output.
pub const FLUSH: u32 = 11;

/// The name of the mapping that is the last one wherever it exists, and always
/// looks the same (`fs/proc/task_mmu.c:get_gate_vma`).
pub const VSYSCALL: &[u8] = b"[vsyscall]\n";

/// Regions that one [`SCAN`] finds.
pub const SCAN_REGIONS: usize = 8;
/// Pages of each that are shown.
const SCAN_SHOWN: u64 = 16;

/// What is shown of a region that a [`SCAN`] has found.
pub const fn scan_shown((start, end): (u64, u64)) -> (u64, u64) {
    let most = start + SCAN_SHOWN * PAGE as u64;
    (start, if end < most { end } else { most })
}

/// [`RawResult::kind`]: `value` is what the system call returned.
pub const RETURNED: u32 = 0;
/// [`RawResult::kind`]: every byte read is `value`.
pub const UNIFORM: u32 = 1;
/// [`RawResult::kind`]: the digest of the bytes read is `value`.
pub const MIXED: u32 = 2;
/// [`RawResult::kind`]: signal `number` with `code` at the address `value`; `trap` is the
/// error code in the lower half, then the number of the trap, then the protection key, if
/// the code says that there is one.
pub const SIGNAL: u32 = 3;

/// One operation of a batch.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct RawOp {
    /// What to do.
    pub kind: u32,
    /// Number of the system call.
    pub nr: u32,
    /// Its arguments.
    pub args: [u64; 6],
}

/// What came of one operation.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct RawResult {
    /// How to read the other fields.
    pub kind: u32,
    /// Signal number.
    pub number: i32,
    /// `si_code`
    pub code: i32,
    /// Of a signal: see [`SIGNAL`].
    pub trap: u32,
    /// Return value, byte, digest or address.
    pub value: u64,
}

/// What the subject's processes share with each other and with the worker. Only
/// one of them executes at a time. Their stacks are here so that they write no
/// private memory unless a program tells them to.
#[repr(C, align(4096))]
pub struct Arena {
    /// The subject's code. A mapping of its own would have to be looked at each time.
    pub text: Pages<TEXT_SIZE>,
    /// Whose turn it is, by process; both sides wait on it.
    pub states: [AtomicU32; PROCESSES],
    /// Operations of the batch that are done.
    pub done: AtomicU32,
    /// Operations in the batch.
    pub count: AtomicU32,
    /// Process id of the first process, whose death ends all others.
    pub first_pid: AtomicU32,
    /// Which of [`files`] the subject could open, as bits.
    pub opened: AtomicU32,
    /// Stack pointer to go on with when a memory access raises a signal; 0
    /// outside accesses.
    pub recovery: u64,
    /// The signal that the last access raised.
    pub signal: RawResult,
    /// How the text of maps and of smaps ends, see [`VSYSCALL`]: its bytes from
    /// that name on, or 0 where there is no such mapping.
    pub tails: [u64; 2],
    /// Bytes that wait in [`Arena::transfer`].
    pub waiting: u64,
    /// Bytes of the batch that are in the output.
    pub written: u64,
    /// The batch. The result of an operation takes its place: every page of the
    /// arena costs time whenever a process is looked at.
    pub ops: [RawOp; MAX_OPS],
    /// Strings that the batch passes to the kernel.
    pub names: [[u8; NAME_SIZE]; MAX_NAMES],
    /// What `mincore` wrote.
    pub residency: [u8; RESIDENCY_SIZE],
    /// What was read and is not in the output yet.
    pub transfer: Pages<TRANSFER_SIZE>,
    /// The signal handler's stack.
    pub signal_stack: Pages<SIGNAL_STACK_SIZE>,
    /// The stacks, each of which grows down.
    pub stacks: [Stack; PROCESSES],
}

const _: () = assert!(core::mem::size_of::<RawResult>() <= core::mem::size_of::<RawOp>());
const _: () = assert!(core::mem::align_of::<RawResult>() <= core::mem::align_of::<RawOp>());

/// Where a process's stack starts to grow down.
pub const fn stack_top(process: usize) -> usize {
    ARENA_START + core::mem::offset_of!(Arena, stacks) + (process + 1) * STACK_SIZE
}

/// A stack of one process.
#[repr(C, align(16))]
pub struct Stack(pub [u8; STACK_SIZE]);

/// Memory that starts with a page.
#[repr(C, align(4096))]
pub struct Pages<const SIZE: usize>(pub [u8; SIZE]);

/// `_IOWR('f', 16, struct pm_scan_arg)`
pub const PAGEMAP_SCAN: u64 =
    3 << 30 | (core::mem::size_of::<PagemapScan>() as u64) << 16 | (b'f' as u64) << 8 | 16;

/// `struct pm_scan_arg`
#[derive(Default)]
#[repr(C)]
pub struct PagemapScan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

impl PagemapScan {
    /// Finds what is present or swapped (markers count as swapped) in a range,
    /// at most `count` regions of three words, which are written to `regions`.
    pub fn populated((start, end): (u64, u64), regions: u64, count: u64) -> PagemapScan {
        const PAGE_IS_PRESENT: u64 = 1 << 3;
        const PAGE_IS_SWAPPED: u64 = 1 << 4;
        PagemapScan {
            size: core::mem::size_of::<PagemapScan>() as u64,
            start,
            end,
            vec: regions,
            vec_len: count,
            category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            return_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            ..PagemapScan::default()
        }
    }
}

/// What the bench's loop without model and comparison adds.
pub mod bare {
    /// [`RawOp::kind`](super::RawOp::kind): run the [`Request`] at `args[0]`.
    pub const LOOP: u32 = 7;
    /// A number of programs to run.
    #[derive(Clone, Copy, Debug)]
    #[repr(C)]
    pub struct Request {
        /// Where the first [`Program`] is; the others follow.
        pub input: u64,
        /// How many programs.
        pub count: u64,
        /// Where files are read to.
        pub buffer: u64,
        /// Bytes of the buffer.
        pub buffer_size: u64,
    }

    /// The head of one program. Its operations follow, its names, and the
    /// ranges that are looked at.
    #[derive(Clone, Copy, Debug, Default)]
    #[repr(C)]
    pub struct Program {
        /// How many operations.
        pub ops: u32,
        /// How many names.
        pub names: u32,
        /// How many parts of pagemap are read.
        pub windows: u32,
        /// How many ranges are scanned.
        pub empty: u32,
        /// How many ranges are read of memory.
        pub contents: u32,
        /// Bytes of smaps that are read; 0 if it is all.
        pub smaps: u32,
    }

    /// A part of a file, or of the address space.
    #[derive(Clone, Copy, Debug)]
    #[repr(C)]
    pub struct Range {
        /// Offset of the first byte.
        pub start: u64,
        /// Bytes.
        pub length: u64,
    }
}
