//! Loads, stores and calls: memory as the process itself sees it.

use crate::addr::{page_down, PAGE_SIZE};
use crate::model::fault::{fault, Access, Fault};
use crate::model::page_table::Pte;
use crate::model::{CannotPredict, Current, Fail};
use crate::op::consts::RET_INSTRUCTION;
use crate::op::{Digest, Outcome};

/// What ends an access early: a signal is an outcome, not a failure.
fn interrupted(fault: Fault) -> Result<Outcome, Fail> {
    match fault {
        Fault::Signal(signal) => Ok(Outcome::Signal(signal)),
        Fault::Unknown(reason) => Err(reason.into()),
    }
}

/// The first address after this page, or after the range where that is nearer.
/// Ranges that would wrap fault before they get there.
fn chunk_end(address: u64, left: u64) -> u64 {
    left.min(PAGE_SIZE - address % PAGE_SIZE)
}

/// `load`: every byte of the range, lowest first.
pub(super) fn load(cur: &mut Current<'_>, address: u64, len: u64) -> Result<Outcome, Fail> {
    let (mut at, mut left) = (address, len);
    let mut digest = Digest::default();
    while left > 0 {
        let count = chunk_end(at, left);
        match fault(cur, at, Access::Read) {
            Ok(Pte::Page(id, _)) => {
                let offset = at - page_down(at);
                if !cur.folios.get(id).content.digest(offset, offset + count, &mut digest) {
                    return Err(CannotPredict("reads the subject's own memory").into());
                }
            }
            Ok(_) => digest.run(0, count),
            Err(fault) => return interrupted(fault),
        }
        at = at.wrapping_add(count);
        left -= count;
    }
    Ok(Outcome::Contents(digest.finish()))
}

/// `store`: fills the range, lowest byte first, each page with the next value.
/// What comes before a page that faults stays written.
pub(super) fn store(
    cur: &mut Current<'_>,
    address: u64,
    len: u64,
    value: u8,
) -> Result<Outcome, Fail> {
    let (mut at, mut left, mut value) = (address, len, value);
    while left > 0 {
        let count = chunk_end(at, left);
        match fault(cur, at, Access::Write) {
            Ok(Pte::Page(id, _)) => {
                let offset = at - page_down(at);
                let folio = cur.folios.get_mut(id);
                if !folio.is_anon() {
                    return Err(CannotPredict("writes the subject's own memory").into());
                }
                folio.content.fill(offset, offset + count, value);
            }
            Ok(_) => unreachable!("only a page lets a write through"),
            Err(fault) => return interrupted(fault),
        }
        at = at.wrapping_add(count);
        left -= count;
        value = value.wrapping_add(1);
    }
    Ok(Outcome::Value(0))
}

/// `call`: runs the one instruction at the address, which must be a return.
pub(super) fn call(cur: &mut Current<'_>, address: u64) -> Result<Outcome, Fail> {
    let byte = match fault(cur, address, Access::Exec) {
        Ok(Pte::Page(id, _)) => cur.folios.get(id).content.byte(address % PAGE_SIZE),
        Ok(_) => Some(0),
        Err(fault) => return interrupted(fault),
    };
    match byte {
        Some(RET_INSTRUCTION) => Ok(Outcome::Value(0)),
        Some(_) => Err(CannotPredict("would execute data").into()),
        None => Err(CannotPredict("would execute the subject's own code").into()),
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
