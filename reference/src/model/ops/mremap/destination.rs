//! Moves to a place that the call names.

use super::{checks, moving, munmap, Remap};
use crate::addr::pages;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, Current, Fail};
use crate::op::consts::MAP_FIXED;
use crate::profile::Rule;

/// `remap_move`: moves all mappings of the old range to the new one, keeping
/// the holes between them. Stops at the first failure.
pub(super) fn move_several(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
    let (start, end) = (call.addr, call.addr.wrapping_add(call.old_len));
    let several = cur.profile.has(Rule::MremapMulti);
    let mut target = call.new_addr;
    let mut answer = None;
    let mut last_end = start;
    let mut at = start;
    while let Some(vma) = cur.mm.vmas.find(at).filter(|vma| at < end && vma.start < end) {
        if answer.is_none() && vma.start > start {
            return fail(Errno::EFAULT, "the old range starts in a hole");
        }
        let (from, to, vma_end) = (vma.start.max(start), vma.end.min(end), vma.end);
        if !several && (vma_end < end || answer.is_some()) {
            return fail(Errno::EFAULT, "the old range leaves the mapping");
        }
        let keeps_holes = !cur.profile.has_defect(Defect::MremapClosesHoles);
        // where a wrong rule lets both ranges overlap, the next mapping may begin earlier
        let after = keeps_holes && answer.is_some();
        let hole = if after { vma.start.wrapping_sub(last_end) } else { 0 };
        last_end = vma_end;
        let part = Remap {
            addr: from,
            old_len: to - from,
            new_len: to - from,
            new_addr: target.wrapping_add(hole),
            ..call
        };
        checks::check_mapping(cur, &part)?;
        let landed = move_to(cur, part)?;
        answer.get_or_insert(landed);
        target = landed + part.new_len;
        at = to;
    }
    match answer {
        Some(address) => Ok(address),
        None => fail(Errno::EFAULT, "nothing is mapped in the old range"),
    }
}

/// `mremap_to`: clears the destination, shrinks if asked, and moves.
pub(super) fn move_to(cur: &mut Current, mut call: Remap) -> Result<u64, Fail> {
    clear_destination(cur, &mut call)?;
    place_and_move(cur, call)
}

/// The unmapping that comes before a move: what is at a fixed destination, and
/// the part of the source that the new length leaves out.
pub(super) fn clear_destination(cur: &mut Current, call: &mut Remap) -> Result<(), Fail> {
    if call.fixed() {
        munmap::munmap(cur, call.new_addr, call.new_len)?;
        // older kernels look for the source again when the rest is gone, too
        let at_once = cur.profile.has(Rule::MremapDestinationFirst);
        if at_once && cur.mm.vmas.containing(call.addr).is_none() {
            return fail(Errno::EFAULT, "the destination took the source away");
        }
    }
    if call.new_len < call.old_len {
        munmap::munmap(cur, call.addr + call.new_len, call.old_len - call.new_len)?;
        call.shrunk = call.old_len - call.new_len;
        call.old_len = call.new_len;
    }
    Ok(())
}

/// The rest of `mremap_to`, once the destination is free.
pub(super) fn place_and_move(cur: &mut Current, mut call: Remap) -> Result<u64, Fail> {
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    if call.dontunmap() && !cur.may_expand(vma.flags, pages(call.old_len)) {
        return fail(Errno::ENOMEM, "over RLIMIT_AS or RLIMIT_DATA");
    }
    let map_flags = if call.fixed() { MAP_FIXED } else { 0 };
    call.new_addr = cur.unmapped_area(call.new_addr, call.new_len, map_flags)?;
    moving::move_vma(cur, call)
}
