//! One file per operation.

use super::{CannotPredict, Fail, System};
use crate::op::{Call, Op, Outcome};

/// Performs an operation in its process.
pub(super) fn perform(system: &mut System, op: &Op) -> Result<Outcome, Fail> {
    let layout = system.layout;
    let at = |addr| layout.resolve(addr);
    let cur = &mut system.current(op.process)?;
    match &op.call {
        _ => Err(CannotPredict("this operation has no model").into()),
    }
}
