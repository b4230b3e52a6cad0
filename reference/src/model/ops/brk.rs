//! `brk`: the heap.

use super::munmap;
use crate::addr::{page_up, pages, PAGE_SHIFT, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::gup;
use crate::model::merge::Attributes;
use crate::model::vma::{Backing, VmFlags, Vma};
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
        return Ok(if shrink(cur, new, old) { set(cur, brk) } else { original });
    }
    if !grow(cur, old, new) {
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
        return false;
    }
    cur.profile.has_defect(Defect::BrkNeverShrinks) || munmap::unmap(cur, new, old).is_ok()
}

/// `check_brk_limits`, the test for a neighbour above, and `do_brk_flags`.
fn grow(cur: &mut Current, old: u64, new: u64) -> bool {
    let len = new.wrapping_sub(old);
    let locked = cur.mm.def_flags.contains(VmFlags::LOCKED);
    if cur.unmapped_area(old, len, MAP_FIXED).is_err() || !cur.may_lock(locked, len) {
        return false;
    }
    // one page stays free between the heap and whatever is above it
    let spare = if cur.profile.has_defect(Defect::BrkLeavesNoPage) { 0 } else { PAGE_SIZE };
    if cur.mm.vmas.find(old).is_some_and(|next| new + spare > next.start_gap()) {
        return false;
    }
    let mut flags = VmFlags::READ
        | VmFlags::WRITE
        | VmFlags::MAYREAD
        | VmFlags::MAYWRITE
        | VmFlags::MAYEXEC
        | VmFlags::ACCOUNT
        | cur.mm.def_flags;
    if cur.mm.merge_any && cur.profile.has(Rule::KsmBeforeMerge) {
        flags |= VmFlags::MERGEABLE;
    }
    if !cur.may_expand(flags, pages(len))
        || cur.mm.vmas.len() as u64 > cur.profile.settings.max_map_count
        || !cur.enough_memory(pages(len))
    {
        return false;
    }
    extend_or_insert(cur, old, new, flags);
    cur.mm.total_vm += pages(len);
    if !cur.profile.has_defect(Defect::BrkForgetsDataVm) {
        cur.mm.data_vm += pages(len);
    }
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.locked_vm += pages(len);
    }
    true
}

/// Extends the mapping that ends at the old break, if it lies above the heap's
/// start and matches; the mapping above is never merged with.
fn extend_or_insert(cur: &mut Current, old: u64, new: u64, flags: VmFlags) {
    let range = Attributes {
        flags,
        backing: Backing::Anonymous,
        name: None,
        pgoff: old >> PAGE_SHIFT,
        anon_vma: None,
        fork_child: false,
        copied: false,
    };
    let below = cur.mm.vmas.before(old).filter(|vma| vma.end > cur.mm.start_brk);
    let below =
        below.map(|vma| vma.start).filter(|_| !cur.profile.has_defect(Defect::BrkNeverExtends));
    let start = cur.merge_new((old, new), &range, (below, None), None).unwrap_or_else(|| {
        // ksm_add_vma, until 6.16
        let late = if cur.mm.merge_any { VmFlags::MERGEABLE } else { VmFlags::empty() };
        cur.mm.vmas.insert(Vma::anonymous(old, new, flags | late));
        old
    });
    if cur.profile.config.soft_dirty {
        cur.mm.vmas.update(start, |vma| vma.flags |= VmFlags::SOFTDIRTY);
    }
}
