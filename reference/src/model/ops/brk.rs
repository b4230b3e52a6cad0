//! `brk`: the heap.
//!
//! ```text
//!  start_brk         old break      new break   one page stays free
//!     |===== heap ======|- - - - - - - -|.......|--- next mapping ---
//!     the mapping below, extended   or  a new one
//! ```

mod extend;

use super::munmap;
use crate::addr::{page_up, pages, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::gup;
use crate::model::vma::VmFlags;
use crate::model::{Current, Fail};
use crate::op::consts::MAP_FIXED;
use crate::profile::Rule;

/// The `brk` system call: answers the new end of the heap, or the old one if it
/// cannot be had. There is no error.
pub(super) fn brk(cur: &mut Current, brk: u64) -> Result<u64, Fail> {
    let original = cur.mm.brk;
    if brk < cur.mm.start_brk || !cur.heap_fits_data_limit(brk - cur.mm.start_brk) {
        return Ok(original);
    }
    let (new, old) = (page_up(brk), page_up(original));
    if new == old {
        cur.mm.brk = brk;
        return Ok(brk);
    }
    if brk <= original {
        if shrink(cur, new, old) {
            return Ok(set(cur, brk));
        }
        if cur.profile.has_defect(Defect::BrkMovesWhenSealed) && cur.mm.vmas.intersects(new, old) {
            cur.mm.brk = brk;
        }
        return Ok(original);
    }
    if !grow(cur, old, new)? {
        if cur.profile.has_defect(Defect::BrkMovesWhenRefused) {
            cur.mm.brk = brk;
        }
        return Ok(original);
    }
    let answer = set(cur, brk);
    if cur.mm.def_flags.contains(VmFlags::LOCKED)
        && !cur.profile.has_defect(Defect::BrkForgetsPopulate)
    {
        gup::populate(cur, old, new)?;
    }
    Ok(answer)
}

fn set(cur: &mut Current, brk: u64) -> u64 {
    cur.mm.brk = brk;
    brk
}

/// Unmaps all that lies in the range given up, whoever mapped it.
fn shrink(cur: &mut Current, new: u64, old: u64) -> bool {
    if !cur.mm.vmas.intersects(new, old) {
        return !cur.profile.has(Rule::BrkShrinkNeedsMapping);
    }
    cur.profile.has_defect(Defect::BrkNeverShrinks) || munmap::unmap(cur, new, old).is_ok()
}

/// `check_brk_limits`, the test for a neighbour above, and `do_brk_flags`.
fn grow(cur: &mut Current, old: u64, new: u64) -> Result<bool, Fail> {
    let len = new.wrapping_sub(old);
    let locked = cur.mm.def_flags.contains(VmFlags::LOCKED);
    if cur.unmapped_area(old, len, MAP_FIXED).is_err() || !cur.may_lock(locked, len) {
        return Ok(false);
    }
    // one page stays free between the heap and whatever is above it, and so the
    // range that is filled below is free
    let spare = if cur.profile.has_defect(Defect::BrkLeavesNoPage) { 0 } else { PAGE_SIZE };
    if cur.mm.vmas.find(old).is_some_and(|next| new + spare > next.start_gap()) {
        let replaces = cur.profile.has_defect(Defect::BrkReplacesMappings);
        if !replaces || munmap::unmap(cur, old, new).is_err() {
            return Ok(false);
        }
    }
    let flags = VmFlags::READ
        | VmFlags::WRITE
        | VmFlags::MAYREAD
        | VmFlags::MAYWRITE
        | VmFlags::MAYEXEC
        | VmFlags::ACCOUNT
        | cur.mm.def_flags;
    if cur.profile.has_defect(Defect::BrkCountsRefused) {
        count(cur, len);
    }
    let too_many = cur.mm.vmas.len() as u64 > cur.profile.settings.max_map_count
        && !cur.profile.has_defect(Defect::BrkIgnoresMapCount);
    let whole = cur.profile.has_defect(Defect::BrkCountsHeapTwice);
    let tested = if whole { new - cur.mm.start_brk } else { len };
    if !cur.may_expand(flags, pages(tested)) || too_many || !cur.enough_memory(pages(len))? {
        return Ok(false);
    }
    extend::extend_or_insert(cur, old, new, flags);
    if !cur.profile.has_defect(Defect::BrkCountsRefused) {
        count(cur, len);
    }
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.account_locked(pages(len) as i64);
    }
    Ok(true)
}

/// Counts what the heap grows by.
fn count(cur: &mut Current, len: u64) {
    cur.mm.total_vm += pages(len);
    if !cur.profile.has_defect(Defect::BrkForgetsDataVm) {
        cur.mm.data_vm += pages(len);
    }
}

#[cfg(test)]
mod tests;
