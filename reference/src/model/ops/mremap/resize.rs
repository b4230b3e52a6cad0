//! Shrinking and growing where nothing is said about the destination.

use super::{moving, munmap, Remap};
use crate::addr::pages;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::allocations::Purpose;
use crate::model::merge::Attributes;
use crate::model::modify::attributes_of;
use crate::model::vma::VmFlags;
use crate::model::{fail, Current, Fail};
use crate::op::consts::MAP_FIXED;

/// `mremap_at`: in place where possible, moved to where the kernel likes
/// otherwise.
pub(super) fn resize(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
    if call.new_len == call.old_len {
        return Ok(call.addr);
    }
    if call.new_len < call.old_len {
        let tail = call.addr.wrapping_add(call.new_len);
        munmap::munmap(cur, tail, call.old_len - call.new_len)?;
        return Ok(call.addr);
    }
    if expands_in_place(cur, &call) {
        expand_in_place(cur, &call)?;
        return Ok(call.addr);
    }
    if !call.may_move() {
        return fail(Errno::ENOMEM, "no room, and MREMAP_MAYMOVE is not set");
    }
    let new_addr = cur.unmapped_area(0, call.new_len, 0)?;
    moving::move_vma(cur, Remap { new_addr, ..call })
}

/// `vrm_can_expand_in_place`, `vma_expandable`
fn expands_in_place(cur: &mut Current, call: &Remap) -> bool {
    let Some(vma) = cur.mm.vmas.containing(call.addr) else { return false };
    let delta = call.new_len - call.old_len;
    let Some(end) = vma.end.checked_add(delta) else { return false };
    let (start, old_end) = (vma.start, vma.end);
    old_end - call.addr == call.old_len
        && !cur.mm.vmas.intersects(old_end, end)
        && cur.unmapped_area(start, end - start, MAP_FIXED).is_ok()
        && !cur.profile.has_defect(Defect::MremapNeverInPlace)
}

/// `expand_vma_in_place`: the mapping grows, and may join the next one.
fn expand_in_place(cur: &mut Current, call: &Remap) -> Result<(), Fail> {
    let delta = call.new_len - call.old_len;
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let (start, end, flags) = (vma.start, vma.end, vma.flags);
    if flags.contains(VmFlags::ACCOUNT) && !cur.enough_memory(pages(delta))? {
        return fail(Errno::ENOMEM, "more than the overcommit rule grants");
    }
    // what it grows by is new, and may join a neighbour whatever the mapping came from
    let range = Attributes { fork_child: false, ..attributes_of(vma, end) };
    let next = cur.mm.vmas.from(end).map(|vma| vma.start);
    cur.allocations.take(Purpose::Extension)?;
    if cur.merge_new((end, end + delta), &range, (Some(start), next), None).is_none() {
        return fail(Errno::ENOMEM, "the mapping does not merge with its own extension");
    }
    cur.mm.stat_account(flags, pages(delta) as i64);
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.account_locked(pages(delta) as i64);
    }
    Ok(())
}
