//! The worker's side of the arena.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{addr_of, addr_of_mut};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::protocol::{self, RawOp, RawResult};
use crate::sys::{self, Mapping};

/// The arena and the output, mapped into the worker.
///
/// While the state of a process is `RUN` the arena is the subject's; at other
/// times the worker's. A subject that a program broke may write at any time, so
/// nothing that is read here is trusted.
#[derive(Debug)]
pub struct Arena {
    mapping: Mapping,
    output: Mapping,
    file: OwnedFd,
    output_file: OwnedFd,
}

impl Arena {
    /// Makes an arena with all pages present.
    pub fn new() -> io::Result<Arena> {
        let (file, mapping) = shared(c"mmdiff-arena", protocol::ARENA_SIZE)?;
        let (output_file, output) = shared(c"mmdiff-output", protocol::OUTPUT_SIZE)?;
        let arena = Arena { mapping, output, file, output_file };
        for at in (0..protocol::ARENA_SIZE).step_by(protocol::PAGE) {
            // SAFETY: within the mapping, which nobody else has yet
            unsafe { arena.mapping.base().add(at).write_volatile(0) };
        }
        Ok(arena)
    }

    /// Gives the output all its memory, so that the subject needs none to write there: where
    /// the system does not overcommit, programs may have used it up.
    pub fn reserve_output(&self) -> io::Result<()> {
        sys::allocate(self.output_file.as_fd(), protocol::OUTPUT_SIZE)
    }

    /// The file behind it.
    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// The file behind the output.
    pub fn output_file(&self) -> &OwnedFd {
        &self.output_file
    }

    fn raw(&self) -> *mut protocol::Arena {
        self.mapping.base().cast()
    }

    /// Whose turn it is.
    pub fn state(&self, process: usize) -> &AtomicU32 {
        assert!(process < protocol::PROCESSES);
        // SAFETY: within the mapping, and both sides use it atomically
        unsafe { &*addr_of!((*self.raw()).states).cast::<AtomicU32>().add(process) }
    }

    /// Says who the first process is.
    pub fn set_first_pid(&self, pid: i32) {
        // SAFETY: within the mapping, and both sides use it atomically
        unsafe { &*addr_of!((*self.raw()).first_pid) }.store(pid as u32, Release);
    }

    /// The files that the subject could open, as bits.
    pub fn opened(&self) -> u32 {
        // SAFETY: within the mapping, and both sides use it atomically
        unsafe { &*addr_of!((*self.raw()).opened) }.load(Acquire)
    }

    /// Operations of the batch that are done.
    pub fn done(&self) -> usize {
        // SAFETY: within the mapping, and both sides use it atomically
        unsafe { &*addr_of!((*self.raw()).done) }.load(Acquire) as usize
    }

    /// Hands the first `count` operations to a process.
    pub fn run(&self, process: usize, count: usize) {
        // SAFETY: within the mapping, which is the worker's
        unsafe {
            (*addr_of!((*self.raw()).done)).store(0, Relaxed);
            (*addr_of!((*self.raw()).count)).store(count as u32, Relaxed);
            addr_of_mut!((*self.raw()).waiting).write_volatile(0);
            addr_of_mut!((*self.raw()).written).write_volatile(0);
        }
        self.state(process).store(protocol::RUN, Release);
        sys::futex_wake(self.state(process));
    }

    /// Writes an operation of the next batch.
    pub fn set_op(&self, index: usize, op: RawOp) {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds, and the arena is the worker's
        unsafe { addr_of_mut!((*self.raw()).ops).cast::<RawOp>().add(index).write_volatile(op) };
    }

    /// An operation of the next batch, as it was written.
    pub fn op(&self, index: usize) -> RawOp {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds; plain numbers, whatever they are
        unsafe { addr_of!((*self.raw()).ops).cast::<RawOp>().add(index).read_volatile() }
    }

    /// A string of the last batch, with what follows it.
    pub fn name(&self, index: usize) -> [u8; protocol::NAME_SIZE] {
        assert!(index < protocol::MAX_NAMES);
        // SAFETY: in bounds; plain bytes, whatever they are
        unsafe {
            let names = addr_of!((*self.raw()).names).cast::<[u8; protocol::NAME_SIZE]>();
            names.add(index).read_volatile()
        }
    }

    /// Where the subject finds argument `arg` of operation `index`.
    pub fn arg_address(&self, index: usize, arg: usize) -> u64 {
        let args = std::mem::offset_of!(protocol::Arena, ops) + index * size_of::<RawOp>();
        address(args + std::mem::offset_of!(RawOp, args) + arg * size_of::<u64>())
    }

    /// Takes the subject's place: writes a result of the last batch.
    #[cfg(test)]
    pub fn set_result(&self, index: usize, result: RawResult) {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds, and nobody else has the arena
        unsafe {
            let place = addr_of_mut!((*self.raw()).ops).cast::<RawOp>().add(index);
            place.cast::<RawResult>().write_volatile(result);
        }
    }

    /// A result of the last batch.
    pub fn result(&self, index: usize) -> RawResult {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds; plain numbers, whatever they are
        unsafe {
            addr_of!((*self.raw()).ops)
                .cast::<RawOp>()
                .add(index)
                .cast::<RawResult>()
                .read_volatile()
        }
    }

    /// Writes a string; answers where the subject finds it.
    pub fn set_name(&self, index: usize, name: &str) -> u64 {
        assert!(index < protocol::MAX_NAMES && name.len() < protocol::NAME_SIZE);
        let at = std::mem::offset_of!(protocol::Arena, names) + index * protocol::NAME_SIZE;
        // SAFETY: in bounds, and the arena is the worker's
        unsafe {
            let to = self.mapping.base().add(at);
            to.copy_from_nonoverlapping(name.as_ptr(), name.len());
            to.add(name.len()).write(0);
        }
        address(at)
    }

    /// Where the subject finds byte `offset` of the `mincore` area.
    pub fn residency_address(&self, offset: usize) -> u64 {
        address(std::mem::offset_of!(protocol::Arena, residency) + offset)
    }

    /// Makes bytes of the `mincore` area such that it shows which of them are written.
    pub fn blank_residency(&self, offset: usize, count: usize) {
        assert!(offset + count <= protocol::RESIDENCY_SIZE);
        // SAFETY: in bounds, and the arena is the worker's
        unsafe {
            let area = addr_of_mut!((*self.raw()).residency).cast::<u8>();
            area.add(offset).write_bytes(protocol::RESIDENCY_BLANK, count);
        }
    }

    /// A byte of the `mincore` area.
    pub fn residency(&self, offset: usize) -> u8 {
        assert!(offset < protocol::RESIDENCY_SIZE);
        // SAFETY: in bounds
        unsafe { addr_of!((*self.raw()).residency).cast::<u8>().add(offset).read_volatile() }
    }

    /// Copies what the last batch wrote out, up to so many bytes.
    pub fn output(&self, length: usize, into: &mut Vec<u8>) {
        let length = length.min(protocol::OUTPUT_SIZE);
        into.clear();
        into.reserve(length);
        // SAFETY: in bounds on both sides, plain bytes; the subject writes only while it runs
        unsafe {
            into.as_mut_ptr().copy_from_nonoverlapping(self.output.base(), length);
            into.set_len(length);
        }
    }
}

/// A memory file of this size, and where it is mapped.
fn shared(name: &std::ffi::CStr, size: usize) -> io::Result<(OwnedFd, Mapping)> {
    let file = std::fs::File::from(sys::memfd(name, libc::MFD_NOEXEC_SEAL)?);
    file.set_len(size as u64)?;
    let file = OwnedFd::from(file);
    let mapping = Mapping::shared(file.as_fd(), size)?;
    Ok((file, mapping))
}

/// Where the subject finds a byte of the arena.
fn address(offset: usize) -> u64 {
    (protocol::ARENA_START + offset) as u64
}
