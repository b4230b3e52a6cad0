//! The move of one mapping: its copy, its page tables, and what becomes of the
//! source.

use super::{munmap, relocate, Remap};
use crate::addr::{pages, PAGE_SHIFT};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::allocations::{NoMemory, Purpose};
use crate::model::modify::attributes_of;
use crate::model::move_tables::move_page_tables;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{fail, CannotPredict, Current, Fail};
use crate::profile::{Quirk, Rule};

/// `move_vma`: copies the mapping, moves its page tables, and takes away or
/// empties the source.
pub(super) fn move_vma(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
    let count = cur.mm.vmas.len() as u64;
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let max = cur.profile.settings.max_map_count;
    let pre_split = call.dontunmap() && vma.flags.contains(VmFlags::LOCKED);
    let less = u64::from(cur.profile.has_defect(Defect::MovesOneMapping));
    let room = if cur.profile.has(Rule::MremapCountAtEntry) {
        count + 2 - less + u64::from(pre_split) <= max
    } else {
        count < max.saturating_sub(3) + less
    };
    if !room {
        return fail(Errno::ENOMEM, "too close to vm.max_map_count");
    }
    let flags = vma.flags;
    let (vma_start, vma_end) = (vma.start, vma.end);
    let charged =
        if call.dontunmap() { call.new_len } else { call.new_len.saturating_sub(call.old_len) };
    if flags.contains(VmFlags::ACCOUNT) && !cur.enough_memory(pages(charged))? {
        return fail(Errno::ENOMEM, "more than the overcommit rule grants");
    }
    let too_much = flags.contains(VmFlags::ACCOUNT) && !cur.enough_memory(pages(call.shrunk))?;
    if too_much && cur.quirk(Quirk::ShrinkingMoveCharges) {
        return fail(Errno::ENOMEM, "more than the overcommit rule grants");
    }
    if flags.contains(VmFlags::ACCOUNT) && call.shrunk > 0 && cur.quirk(Quirk::ShrinkingMoveCharges)
    {
        *cur.stray_charge += pages(call.shrunk);
    }
    let (old_start, old_end) = (call.addr, call.addr + call.old_len);
    let partial = vma_start < old_start || vma_end > old_end;
    if pre_split && partial && !cur.quirk(Quirk::DontunmapUnlocksWhole) {
        if vma_start < old_start {
            cur.allocations.take(Purpose::Split)?;
            cur.split_checked(vma_start, old_start)?;
        }
        if vma_end > old_end {
            cur.allocations.take(Purpose::Split)?;
            cur.split_checked(old_start, old_end)?;
        }
    }
    let relocated = relocate::copy_vma(cur, &call);
    let (source, destination) = match &relocated {
        Some(relocated) => (relocated.source, relocated.destination),
        None => copy_vma(cur, &call)?,
    };
    let moved = move_pages(cur, &call, source, destination)?;
    if !moved {
        if let Some(relocated) = relocated {
            relocated.undo(cur);
        }
        return abandon(cur, &call, flags);
    }
    if call.dontunmap() {
        empty_source(cur, source, destination, old_start, old_end);
        if flags.contains(VmFlags::ACCOUNT) {
            drop_account(cur, source);
        }
        let recounted = if flags.contains(VmFlags::LOCKED) {
            cur.quirk(Quirk::DontunmapCountsLockedTwice)
        } else {
            false
        };
        cur.mm.stat_account(flags, pages(call.new_len) as i64);
        if recounted {
            cur.mm.account_locked(pages(call.new_len) as i64);
        }
        return Ok(call.new_addr);
    }
    let hiwater = cur.mm.hiwater_vm;
    cur.mm.stat_account(flags, pages(call.new_len) as i64);
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.account_locked(pages(call.new_len) as i64);
    }
    if !cur.profile.has_defect(Defect::MremapKeepsSource) {
        unmap_source(cur, old_start, old_end)?;
    }
    if !cur.profile.has_defect(Defect::MremapRaisesPeak) {
        cur.mm.hiwater_vm = hiwater;
    }
    Ok(call.new_addr)
}

/// The second half of `copy_vma_and_data`: moves the page tables, back again if
/// that fails on the way. Answers whether they are at the destination.
///
/// # Errors
/// Where a moved entry without a page would show as soft-dirty: its mapping does not, as
/// the stack of an `execve` and what comes of it.
fn move_pages(
    cur: &mut Current,
    call: &Remap,
    source: u64,
    destination: u64,
) -> Result<bool, CannotPredict> {
    let (old, new) = (cur.mm.vmas.at(source).cloned(), cur.mm.vmas.at(destination).cloned());
    let (Some(old), Some(new)) = (old, new) else { return Ok(false) };
    let (from, to) = (call.addr, call.new_addr);
    let moved = move_page_tables(cur, &old, &new, from, to, call.old_len, false);
    // unmapping the destination freed every table that lies in it
    debug_assert!(!moved.met_table || cur.profile.defect.is_some());
    let shows = cur.profile.config.soft_dirty && !new.flags.contains(VmFlags::SOFTDIRTY);
    if moved.marked && shows {
        return Err(CannotPredict("marks an entry without a page as soft-dirty"));
    }
    if moved.bytes >= call.old_len {
        return Ok(true);
    }
    if !cur.profile.has_defect(Defect::MoveForgetsUndo) {
        move_page_tables(cur, &new, &old, to, from, moved.bytes, false);
    }
    Ok(false)
}

/// `unmap_source_vma`: the end of a move that succeeded. Where there is no memory for
/// it the call succeeds all the same, and the source stays, without its pages but split
/// as far as that went. Its mapping, also what of it was not to move, is not accounted
/// from then on: the kernel takes the mark away so that the unmapping does not give back
/// what the copy took over, and puts it back only behind one that succeeded. So what is
/// accounted for such a source is never given back.
fn unmap_source(cur: &mut Current, start: u64, end: u64) -> Result<(), Fail> {
    let Some(source) = cur.mm.vmas.containing(start) else { return Ok(()) };
    let whole = (source.start, source.end);
    let unmapped = munmap::unmap(cur, start, end);
    if !matches!(unmapped, Err(Fail::Errno(Errno::ENOMEM, _))) {
        return unmapped;
    }
    let mut at = whole.0;
    while let Some(part) = cur.mm.vmas.find(at).filter(|part| part.start < whole.1) {
        let start = part.start;
        at = part.end;
        cur.mm.vmas.update(start, |part| part.flags -= VmFlags::ACCOUNT);
    }
    Ok(())
}

/// The end of a move whose page tables could not be had: the copy is unmapped
/// instead of the source.
fn abandon(cur: &mut Current, call: &Remap, flags: VmFlags) -> Result<u64, Fail> {
    let hiwater = cur.mm.hiwater_vm;
    cur.mm.stat_account(flags, pages(call.new_len) as i64);
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.account_locked(pages(call.new_len) as i64);
    }
    munmap::unmap(cur, call.new_addr, call.new_addr + call.new_len)?;
    cur.mm.hiwater_vm = hiwater;
    Err(NoMemory(Purpose::PageTable).into())
}

/// `copy_vma`: the mapping at the destination, merged with its neighbours where
/// possible. Answers the starts of the source, which a merge may have moved,
/// and of the destination.
fn copy_vma(cur: &mut Current, call: &Remap) -> Result<(u64, u64), Fail> {
    let Some(source) = cur.mm.vmas.containing(call.addr).cloned() else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let (start, end) = (call.new_addr, call.new_addr + call.new_len);
    let mut range = attributes_of(&source, call.addr);
    range.copied = true;
    let unfaulted = source.is_anonymous() && source.anon_vma.is_none();
    if unfaulted && !cur.profile.has_defect(Defect::MremapKeepsUnfaultedPgoff) {
        range.pgoff = start >> PAGE_SHIFT;
    }
    let mut prev = cur.mm.vmas.before(start).map(|vma| vma.start);
    let mut next = cur.mm.vmas.from(end).map(|vma| vma.start);
    let self_merge = unfaulted && call.dontunmap() && touches_itself(&source, start, end);
    if self_merge && !cur.quirk(Quirk::DontunmapMergesWithItself) {
        let others = cur.profile.has(Rule::DontunmapMergesOthers);
        prev = prev.filter(|&at| others && at != source.start);
        next = next.filter(|&at| others && at != source.start);
    }
    // copy_vma: a merge that cannot be had is done without
    let joins = cur.joins((start, end), &range, (prev, next)) != (false, false);
    if joins && cur.allocations.take(Purpose::Merge).is_err() {
        (prev, next) = (None, None);
    }
    // the pages need its anon_vma, even in a mapping that was never touched
    if let Some(merged) = cur.merge_new((start, end), &range, (prev, next), Some(&source)) {
        let source = cur.mm.vmas.containing(call.addr).map_or(merged, |vma| vma.start);
        return Ok((source, merged));
    }
    cur.allocations.take(Purpose::Copy)?;
    let mut copy =
        Vma { start, end, pgoff: range.pgoff, chain: Default::default(), ..source.clone() };
    cur.anon_vmas.clone_chain(&mut copy, &source);
    cur.mm.vmas.insert(copy);
    Ok((source.start, start))
}

/// Whether the destination is adjacent to the source.
fn touches_itself(source: &Vma, start: u64, end: u64) -> bool {
    source.end == start || source.start == end
}

/// What a known bug does to the source of MREMAP_DONTUNMAP.
fn drop_account(cur: &mut Current, source: u64) {
    if cur.quirk(Quirk::DontunmapDropsAccount) {
        *cur.stray_charge += cur.mm.vmas.at(source).map_or(0, Vma::pages);
        cur.mm.vmas.update(source, |vma| vma.flags -= VmFlags::ACCOUNT);
    }
}

/// `dontunmap_complete`: the source stays, unlocked and, if all of it moved,
/// as if it had never been touched.
fn empty_source(cur: &mut Current, source: u64, destination: u64, old_start: u64, old_end: u64) {
    let Some(vma) = cur.mm.vmas.at(source) else { return };
    let whole = vma.start == old_start && vma.end == old_end;
    let stale = vma.pgoff != vma.start >> PAGE_SHIFT;
    if !cur.profile.has_defect(Defect::DontunmapKeepsLock) {
        cur.mm.vmas.update(source, |vma| vma.flags -= VmFlags::LOCKED_MASK);
    }
    if !whole || source == destination {
        return;
    }
    let keeps_pgoff = stale && cur.quirk(Quirk::DontunmapKeepsPgoff);
    let Some(mut vma) = cur.mm.vmas.remove(source) else { return };
    cur.anon_vmas.release(&mut vma);
    if vma.is_anonymous() && !keeps_pgoff {
        vma.pgoff = vma.start >> PAGE_SHIFT;
    }
    cur.mm.vmas.insert(vma);
}
