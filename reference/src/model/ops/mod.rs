//! One file per operation.

mod access;
mod brk;
mod exit;
mod fork;
mod mmap;
mod mprotect;
mod mremap;
mod munmap;

use super::{CannotPredict, Fail, System};
use crate::op::{Call, Op, Outcome};

/// Performs an operation in its process.
pub(super) fn perform(system: &mut System, op: &Op) -> Result<Outcome, Fail> {
    let layout = system.layout;
    let at = |addr| layout.resolve(addr);
    match op.call {
        Call::Fork => return fork::fork(system, op.process),
        Call::Exit => return exit::exit(system, op.process),
        _ => {}
    }
    let done = |()| Outcome::Value(0);
    let cur = &mut system.current(op.process)?;
    match &op.call {
        &Call::Load { addr, len } => access::load(cur, at(addr), len),
        &Call::Store { addr, len, value } => access::store(cur, at(addr), len, value),
        &Call::Call { addr } => access::call(cur, at(addr)),
        &Call::Mmap { addr, len, prot, flags, offset, .. } => {
            mmap::mmap(cur, mmap::Mmap { addr: at(addr), len, prot, flags, offset })
                .map(Outcome::Address)
        }
        &Call::Munmap { addr, len } => munmap::munmap(cur, at(addr), len).map(done),
        &Call::Mprotect { addr, len, prot } => {
            mprotect::mprotect(cur, at(addr), len, prot).map(done)
        }
        &Call::Mremap { old, old_len, new_len, flags, new } => {
            mremap::mremap(cur, (at(old), old_len), new_len, flags, at(new)).map(Outcome::Address)
        }
        &Call::Brk { addr } => brk::brk(cur, at(addr)).map(Outcome::Address),
        _ => Err(CannotPredict("this operation has no model").into()),
    }
}
