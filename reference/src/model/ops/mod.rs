//! One file per operation.

mod access;
mod exit;
mod fork;

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
    let cur = &mut system.current(op.process)?;
    match op.call {
        Call::Load { addr, len } => access::load(cur, at(addr), len),
        Call::Store { addr, len, value } => access::store(cur, at(addr), len, value),
        Call::Call { addr } => access::call(cur, at(addr)),
        _ => Err(CannotPredict("this operation has no model").into()),
    }
}
