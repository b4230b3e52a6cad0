//! One file per operation.

mod access;
#[cfg(test)]
mod bench;
mod brk;
mod capset;
mod exit;
mod fork;
mod madvise;
mod mincore;
mod mlock;
mod mlockall;
mod mmap;
mod mprotect;
mod mremap;
mod mseal;
mod msync;
mod munmap;
mod prctl;
mod rlimit;
mod vma_name;

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
        &Call::Madvise { addr, len, advice } => madvise::madvise(cur, at(addr), len, advice),
        &Call::Mlock { addr, len } => mlock::mlock(cur, at(addr), len),
        &Call::Mlock2 { addr, len, flags } => mlock::mlock2(cur, at(addr), len, flags),
        &Call::Munlock { addr, len } => mlock::munlock(cur, at(addr), len),
        &Call::Mlockall { flags } => mlockall::mlockall(cur, flags),
        Call::Munlockall => mlockall::munlockall(cur),
        &Call::Mseal { addr, len, flags } => mseal::mseal(cur, at(addr), len, flags),
        &Call::Msync { addr, len, flags } => msync::msync(cur, at(addr), len, flags),
        &Call::Mincore { addr, len } => mincore::mincore(cur, at(addr), len),
        &Call::Prctl { option, args } => prctl::prctl(cur, option, args),
        Call::SetVmaName { addr, len, name } => {
            vma_name::set_vma_name(cur, at(*addr), *len, name.as_deref())
        }
        &Call::Setrlimit { resource, soft, hard } => rlimit::setrlimit(cur, resource, soft, hard),
        &Call::Capset { effective, permitted } => capset::capset(cur, effective, permitted),
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
        Call::Fork | Call::Exit => Err(CannotPredict("handled above").into()),
    }
}
