//! The worker's side of the arena.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{addr_of, addr_of_mut};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::protocol::{self, RawOp, RawResult, Slot};
use crate::sys::{self, Mapping};

/// The arena, mapped into the worker.
///
/// While a slot's state is `RUN` it is the subject's; at other times the
/// worker's. A subject that a program broke may write at any time, so nothing
/// that is read here is trusted.
#[derive(Debug)]
pub struct Arena {
    mapping: Mapping,
    file: OwnedFd,
}

impl Arena {
    /// Makes an arena with all pages present.
    pub fn new() -> io::Result<Arena> {
        let file = sys::memfd(c"mmdiff-arena", libc::MFD_NOEXEC_SEAL)?;
        let file = std::fs::File::from(file);
        file.set_len(protocol::ARENA_SIZE as u64)?;
        let file = OwnedFd::from(file);
        let mapping = Mapping::shared(file.as_fd(), protocol::ARENA_SIZE)?;
        let arena = Arena { mapping, file };
        for at in (0..protocol::ARENA_SIZE).step_by(protocol::PAGE) {
            // SAFETY: within the mapping, which nobody else has yet
            unsafe { arena.mapping.base().add(at).write_volatile(0) };
        }
        Ok(arena)
    }

    /// The file behind it.
    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// One process's part.
    pub fn slot(&self, index: usize) -> SlotRef<'_> {
        assert!(index < protocol::SLOTS);
        // SAFETY: within the mapping
        let slot = unsafe { self.mapping.base().cast::<Slot>().add(index) };
        SlotRef { slot, index, arena: std::marker::PhantomData }
    }
}

/// One process's part of the arena.
#[derive(Clone, Copy)]
pub struct SlotRef<'a> {
    slot: *mut Slot,
    index: usize,
    arena: std::marker::PhantomData<&'a Arena>,
}

impl<'a> SlotRef<'a> {
    /// Whose turn it is.
    pub fn state(self) -> &'a AtomicU32 {
        // SAFETY: the arena outlives the reference, and both sides use it atomically
        unsafe { &*addr_of!((*self.slot).state) }
    }

    /// Prepares the slot for a process that is about to be forked.
    pub fn prepare(self, first_pid: i32) {
        self.state().store(protocol::STARTING, Relaxed);
        // SAFETY: the arena outlives the reference, and both sides use it atomically
        unsafe { &*addr_of!((*self.slot).first_pid) }.store(first_pid as u32, Release);
    }

    /// Operations of the batch that are done.
    pub fn done(self) -> usize {
        // SAFETY: the arena outlives the reference, and both sides use it atomically
        unsafe { &*addr_of!((*self.slot).done) }.load(Acquire) as usize
    }

    /// Hands over the first `count` operations.
    pub fn run(self, count: usize) {
        // SAFETY: the arena outlives the reference, and both sides use these atomically
        unsafe {
            (*addr_of!((*self.slot).done)).store(0, Relaxed);
            (*addr_of!((*self.slot).count)).store(count as u32, Relaxed);
        }
        self.state().store(protocol::RUN, Release);
        sys::futex_wake(self.state());
    }

    /// Writes an operation of the next batch.
    pub fn set_op(self, index: usize, op: RawOp) {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds, and the slot is the worker's
        unsafe { addr_of_mut!((*self.slot).ops).cast::<RawOp>().add(index).write_volatile(op) };
    }

    /// An operation of the last batch, as it was written.
    pub fn op(self, index: usize) -> RawOp {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds; plain numbers, whatever they are
        unsafe { addr_of!((*self.slot).ops).cast::<RawOp>().add(index).read_volatile() }
    }

    /// A string of the last batch, with what follows it.
    pub fn name(self, index: usize) -> [u8; protocol::NAME_SIZE] {
        assert!(index < protocol::MAX_NAMES);
        // SAFETY: in bounds; plain bytes, whatever they are
        unsafe {
            addr_of!((*self.slot).names)
                .cast::<[u8; protocol::NAME_SIZE]>()
                .add(index)
                .read_volatile()
        }
    }

    /// Where the subject finds argument `arg` of operation `index`.
    pub fn arg_address(self, index: usize, arg: usize) -> u64 {
        let args = std::mem::offset_of!(Slot, ops) + index * size_of::<RawOp>();
        self.address(args + std::mem::offset_of!(RawOp, args) + arg * size_of::<u64>())
    }

    /// A result of the last batch.
    pub fn result(self, index: usize) -> RawResult {
        assert!(index < protocol::MAX_OPS);
        // SAFETY: in bounds; plain numbers, whatever they are
        unsafe { addr_of!((*self.slot).results).cast::<RawResult>().add(index).read_volatile() }
    }

    /// Writes a string; answers where the subject finds it.
    pub fn set_name(self, index: usize, name: &str) -> u64 {
        assert!(index < protocol::MAX_NAMES && name.len() < protocol::NAME_SIZE);
        let at = std::mem::offset_of!(Slot, names) + index * protocol::NAME_SIZE;
        // SAFETY: in bounds, and the slot is the worker's
        unsafe {
            let to = self.slot.cast::<u8>().add(at);
            to.copy_from_nonoverlapping(name.as_ptr(), name.len());
            to.add(name.len()).write(0);
        }
        self.address(at)
    }

    /// Where the subject finds byte `offset` of the `mincore` area.
    pub fn residency_address(self, offset: usize) -> u64 {
        self.address(std::mem::offset_of!(Slot, residency) + offset)
    }

    /// A byte of the `mincore` area.
    pub fn residency(self, offset: usize) -> u8 {
        assert!(offset < protocol::RESIDENCY_SIZE);
        // SAFETY: in bounds
        unsafe { addr_of!((*self.slot).residency).cast::<u8>().add(offset).read_volatile() }
    }

    fn address(self, offset: usize) -> u64 {
        (protocol::slot_address(self.index) + offset) as u64
    }
}
