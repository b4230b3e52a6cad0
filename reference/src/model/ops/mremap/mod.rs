//! `mremap`: resizing and moving.
//!
//! ```text
//!   shrink:   |===========|      ->  |======|
//!   in place: |======|           ->  |===========|   the gap above is free
//!   move:     |======|     ....  ->  ....     |===========|
//! ```
//!
//! * `checks`: the tests of a call's arguments and mapping, since 6.17.
//! * `before_6_17`: the same call in the order of older kernels.
//! * `resize`: shrinking, and growing in place.
//! * `destination`: moves to a place that was asked for, of several mappings too.
//! * `moving`: the move of one mapping, and its undoing.
//! * `relocate`: the same for the patch `relocate-anon`.

mod before_6_17;
mod checks;
mod destination;
mod moving;
mod relocate;
mod resize;
#[cfg(test)]
mod undo_tests;

use super::munmap;
use crate::addr::page_up;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, gup, CannotPredict, Current, Fail};
use crate::op::consts::{MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, MREMAP_RELOCATE_ANON};
use crate::profile::Rule;

/// The state of one call (`struct vma_remap_struct`); lengths are page-rounded.
#[derive(Clone, Copy)]
struct Remap {
    addr: u64,
    old_len: u64,
    new_len: u64,
    flags: u64,
    new_addr: u64,
    /// Bytes of the source that were given up before the move.
    shrunk: u64,
}

impl Remap {
    fn may_move(&self) -> bool {
        self.flags & MREMAP_MAYMOVE != 0
    }

    fn fixed(&self) -> bool {
        self.flags & MREMAP_FIXED != 0
    }

    fn dontunmap(&self) -> bool {
        self.flags & MREMAP_DONTUNMAP != 0
    }

    fn relocates(&self) -> bool {
        self.flags & MREMAP_RELOCATE_ANON != 0
    }

    /// `vrm_implies_new_addr`
    fn implies_new_addr(&self) -> bool {
        self.fixed() || self.dontunmap()
    }

    /// `vrm_will_map_new`
    fn maps_new(&self) -> bool {
        self.new_len > self.old_len || self.implies_new_addr()
    }
}

/// The `mremap` system call (`do_mremap`).
pub(super) fn mremap(
    cur: &mut Current,
    (addr, old_len): (u64, u64),
    new_len: u64,
    flags: u64,
    new_addr: u64,
) -> Result<u64, Fail> {
    let call = Remap {
        addr,
        old_len: page_up(old_len),
        new_len: page_up(new_len),
        flags,
        new_addr,
        shrunk: 0,
    };
    if !cur.profile.has(Rule::MremapEarlyChecks) {
        let resizes = old_len != new_len;
        return before_6_17::mremap(cur, call, resizes);
    }
    checks::check_params(cur, &call)?;
    if cur.profile.has(Rule::MremapCountAtEntry) {
        let spare = if call.dontunmap() { 5 } else { 4 };
        if cur.mm.vmas.len() as u64 + spare > cur.profile.settings.max_map_count
            && !cur.profile.has_defect(Defect::MremapIgnoresMapCount)
        {
            return fail(Errno::ENOMEM, "too close to vm.max_map_count");
        }
    }
    if call.fixed() && call.old_len == call.new_len {
        return destination::move_several(cur, call);
    }
    let populate = checks::check_mapping(cur, &call)?;
    let answer = if call.implies_new_addr() {
        destination::move_to(cur, call)?
    } else {
        resize::resize(cur, call)?
    };
    complete(cur, &call, answer, populate)
}

/// What comes after the lock is dropped: the grown part of a locked mapping is
/// populated.
fn complete(cur: &mut Current, call: &Remap, answer: u64, populate: bool) -> Result<u64, Fail> {
    if populate && !cur.profile.has_defect(Defect::MremapForgetsPopulate) {
        if cur.allocations.awaits_failure() {
            return Err(CannotPredict("populates with memory that cannot be had").into());
        }
        gup::populate(cur, answer + call.old_len, answer + call.new_len)?;
    }
    Ok(answer)
}
