//! `mremap`: resizing and moving.
//!
//! ```text
//!   shrink:   |===========|      ->  |======|
//!   in place: |======|           ->  |===========|   the gap above is free
//!   move:     |======|     ....  ->  ....     |===========|
//! ```

use super::munmap;
use crate::addr::{page_aligned, page_up, pages, PAGE_SHIFT, TASK_SIZE};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::merge::Attributes;
use crate::model::modify::attributes_of;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{fail, gup, move_tables, CannotPredict, Current, Fail};
use crate::op::consts::{MAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE};
use crate::profile::{Quirk, Rule};

/// The state of one call (`struct vma_remap_struct`); lengths are page-rounded.
#[derive(Clone, Copy)]
struct Remap {
    addr: u64,
    old_len: u64,
    new_len: u64,
    flags: u64,
    new_addr: u64,
}

impl Remap {
    fn fixed(&self) -> bool {
        self.flags & MREMAP_FIXED != 0
    }

    fn dontunmap(&self) -> bool {
        self.flags & MREMAP_DONTUNMAP != 0
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
    if !cur.profile.has(Rule::MremapEarlyChecks) {
        return Err(CannotPredict("mremap before 6.17 is not modelled").into());
    }
    let call =
        Remap { addr, old_len: page_up(old_len), new_len: page_up(new_len), flags, new_addr };
    check_params(cur, &call)?;
    if cur.profile.has(Rule::MremapCountAtEntry) {
        let spare = if call.dontunmap() { 5 } else { 4 };
        if cur.mm.vmas.len() as u64 + spare > cur.profile.settings.max_map_count {
            return fail(Errno::ENOMEM, "too close to vm.max_map_count");
        }
    }
    if call.fixed() && call.old_len == call.new_len {
        return move_several(cur, call);
    }
    let populate = check_mapping(cur, &call)?;
    let answer = if call.implies_new_addr() { move_to(cur, call)? } else { resize(cur, call)? };
    if populate && !cur.profile.has_defect(Defect::MremapForgetsPopulate) {
        gup::populate(cur, answer + call.old_len, answer + call.new_len)?;
    }
    Ok(answer)
}

/// `check_mremap_params`
fn check_params(cur: &Current, call: &Remap) -> Result<(), Fail> {
    if call.flags & !(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) != 0 {
        return fail(Errno::EINVAL, "unknown flags");
    }
    if !page_aligned(call.addr) {
        return fail(Errno::EINVAL, "the old address is not page-aligned");
    }
    if call.new_len == 0 {
        return fail(Errno::EINVAL, "the new length is zero");
    }
    if call.new_len > TASK_SIZE {
        return fail(Errno::EINVAL, "the new length is beyond the address space");
    }
    if !call.implies_new_addr() {
        return Ok(());
    }
    if call.new_addr > TASK_SIZE - call.new_len {
        return fail(Errno::EINVAL, "the new range is beyond the address space");
    }
    if !page_aligned(call.new_addr) {
        return fail(Errno::EINVAL, "the new address is not page-aligned");
    }
    if call.flags & MREMAP_MAYMOVE == 0 {
        return fail(Errno::EINVAL, "a new address without MREMAP_MAYMOVE");
    }
    if call.dontunmap() && call.old_len != call.new_len {
        return fail(Errno::EINVAL, "MREMAP_DONTUNMAP cannot resize");
    }
    let (old_end, new_end) =
        (call.addr.wrapping_add(call.old_len), call.new_addr.wrapping_add(call.new_len));
    if old_end > call.new_addr
        && new_end > call.addr
        && !cur.profile.has_defect(Defect::MremapAllowsOverlap)
    {
        return fail(Errno::EINVAL, "old and new range overlap");
    }
    let count = cur.mm.vmas.len() as u64;
    if !cur.profile.has(Rule::MremapCountAtEntry)
        && count + 2 >= cur.profile.settings.max_map_count.saturating_sub(3)
    {
        return fail(Errno::ENOMEM, "too close to vm.max_map_count");
    }
    Ok(())
}

/// `check_prep_vma`: checks against the mapping at the old address. Answers
/// whether the grown part of a locked mapping has to be populated.
fn check_mapping(cur: &Current, call: &Remap) -> Result<bool, Fail> {
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let leaves = call.old_len.min(call.new_len) > vma.end - call.addr;
    if leaves && call.maps_new() && cur.profile.has_defect(Defect::MremapChecksSealLate) {
        return fail(Errno::EFAULT, "the old range leaves the mapping");
    }
    if vma.flags.contains(VmFlags::SEALED) && !cur.profile.has_defect(Defect::MremapIgnoresSeal) {
        return fail(Errno::EPERM, "the mapping is sealed");
    }
    if !call.maps_new() {
        return Ok(false);
    }
    if call.old_len == 0 && !vma.flags.intersects(VmFlags::SHARED | VmFlags::MAYSHARE) {
        return fail(Errno::EINVAL, "private memory cannot be duplicated");
    }
    if call.dontunmap() && vma.flags.intersects(VmFlags::DONTEXPAND | VmFlags::PFNMAP) {
        return fail(Errno::EINVAL, "MREMAP_DONTUNMAP of a special mapping");
    }
    let old_len = call.old_len.min(call.new_len);
    if old_len > vma.end - call.addr {
        return fail(Errno::EFAULT, "the old range leaves the mapping");
    }
    if call.new_len == old_len {
        return Ok(false);
    }
    if vma.pgoff_of(call.addr).checked_add(pages(call.new_len)).is_none() {
        return fail(Errno::EINVAL, "the page offset wraps");
    }
    if vma.flags.intersects(VmFlags::DONTEXPAND | VmFlags::PFNMAP) {
        return fail(Errno::EFAULT, "a special mapping cannot grow");
    }
    let delta = call.new_len - call.old_len;
    let locked = vma.flags.contains(VmFlags::LOCKED);
    if !cur.may_lock(locked, delta) {
        return fail(Errno::EAGAIN, "over RLIMIT_MEMLOCK");
    }
    if !cur.may_expand(vma.flags, pages(delta))
        && !cur.profile.has_defect(Defect::MremapIgnoresLimits)
    {
        return fail(Errno::ENOMEM, "over RLIMIT_AS or RLIMIT_DATA");
    }
    Ok(locked)
}

/// `mremap_at`: in place where possible, moved to where the kernel likes
/// otherwise.
fn resize(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
    if call.new_len == call.old_len {
        return Ok(call.addr);
    }
    if call.new_len < call.old_len {
        munmap::munmap(cur, call.addr + call.new_len, call.old_len - call.new_len)?;
        return Ok(call.addr);
    }
    if expands_in_place(cur, &call) {
        expand_in_place(cur, &call)?;
        return Ok(call.addr);
    }
    if call.flags & MREMAP_MAYMOVE == 0 {
        return fail(Errno::ENOMEM, "no room, and MREMAP_MAYMOVE is not set");
    }
    let new_addr = cur.unmapped_area(0, call.new_len, 0)?;
    move_vma(cur, Remap { new_addr, ..call })
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
    if flags.contains(VmFlags::ACCOUNT) && !cur.enough_memory(pages(delta)) {
        return fail(Errno::ENOMEM, "more than the overcommit rule grants");
    }
    // what it grows by is new, and may join a neighbour whatever the mapping came from
    let range = Attributes { fork_child: false, ..attributes_of(vma, end) };
    let next = cur.mm.vmas.from(end).map(|vma| vma.start);
    if cur.merge_new((end, end + delta), &range, (Some(start), next), None).is_none() {
        return fail(Errno::ENOMEM, "the mapping does not merge with its own extension");
    }
    cur.mm.stat_account(flags, pages(delta) as i64);
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.locked_vm += pages(delta);
    }
    Ok(())
}

/// `remap_move`: moves all mappings of the old range to the new one, keeping
/// the holes between them. Stops at the first failure.
fn move_several(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
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
        let hole = if keeps_holes && answer.is_some() { vma.start - last_end } else { 0 };
        last_end = vma_end;
        let part = Remap {
            addr: from,
            old_len: to - from,
            new_len: to - from,
            new_addr: target + hole,
            ..call
        };
        check_mapping(cur, &part)?;
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
fn move_to(cur: &mut Current, mut call: Remap) -> Result<u64, Fail> {
    if call.fixed() {
        munmap::munmap(cur, call.new_addr, call.new_len)?;
        if cur.mm.vmas.containing(call.addr).is_none() {
            return fail(Errno::EFAULT, "the destination took the source away");
        }
    }
    if call.new_len < call.old_len {
        munmap::munmap(cur, call.addr + call.new_len, call.old_len - call.new_len)?;
        call.old_len = call.new_len;
    }
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    if call.dontunmap() && !cur.may_expand(vma.flags, pages(call.old_len)) {
        return fail(Errno::ENOMEM, "over RLIMIT_AS or RLIMIT_DATA");
    }
    let map_flags = if call.fixed() { MAP_FIXED } else { 0 };
    call.new_addr = cur.unmapped_area(call.new_addr, call.new_len, map_flags)?;
    move_vma(cur, call)
}

/// `move_vma`: copies the mapping, moves its page tables, and takes away or
/// empties the source.
fn move_vma(cur: &mut Current, call: Remap) -> Result<u64, Fail> {
    let count = cur.mm.vmas.len() as u64;
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let max = cur.profile.settings.max_map_count;
    let pre_split = call.dontunmap() && vma.flags.contains(VmFlags::LOCKED);
    let room = if cur.profile.has(Rule::MremapCountAtEntry) {
        count + 2 + u64::from(pre_split) <= max
    } else {
        count < max.saturating_sub(3)
    };
    if !room {
        return fail(Errno::ENOMEM, "too close to vm.max_map_count");
    }
    let flags = vma.flags;
    let (vma_start, vma_end) = (vma.start, vma.end);
    let charged =
        if call.dontunmap() { call.new_len } else { call.new_len.saturating_sub(call.old_len) };
    if flags.contains(VmFlags::ACCOUNT) && !cur.enough_memory(pages(charged)) {
        return fail(Errno::ENOMEM, "more than the overcommit rule grants");
    }
    let (old_start, old_end) = (call.addr, call.addr + call.old_len);
    let partial = vma_start < old_start || vma_end > old_end;
    if pre_split && partial && !cur.quirk(Quirk::DontunmapUnlocksWhole) {
        if vma_start < old_start {
            cur.split_checked(vma_start, old_start)?;
        }
        if vma_end > old_end {
            cur.split_checked(old_start, old_end)?;
        }
    }
    let (source, destination) = copy_vma(cur, &call)?;
    let (old, new) = (cur.mm.vmas.at(source).cloned(), cur.mm.vmas.at(destination).cloned());
    if let (Some(old), Some(new)) = (old, new) {
        let (from, to) = (old_start, call.new_addr);
        move_tables::move_page_tables(cur, &old, &new, from, to, call.old_len);
    }
    if call.dontunmap() {
        empty_source(cur, source, destination, old_start, old_end);
        let recounted = if flags.contains(VmFlags::LOCKED) {
            cur.quirk(Quirk::DontunmapCountsLockedTwice)
        } else {
            false
        };
        cur.mm.stat_account(flags, pages(call.new_len) as i64);
        if recounted {
            cur.mm.locked_vm += pages(call.new_len);
        }
        return Ok(call.new_addr);
    }
    let hiwater = cur.mm.hiwater_vm;
    cur.mm.stat_account(flags, pages(call.new_len) as i64);
    if flags.contains(VmFlags::LOCKED) {
        cur.mm.locked_vm += pages(call.new_len);
    }
    if !cur.profile.has_defect(Defect::MremapKeepsSource) {
        munmap::unmap(cur, old_start, old_end)?;
    }
    if !cur.profile.has_defect(Defect::MremapRaisesPeak) {
        cur.mm.hiwater_vm = hiwater;
    }
    Ok(call.new_addr)
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
        prev = prev.filter(|&at| at != source.start);
        next = next.filter(|&at| at != source.start);
    }
    let adopted =
        (source.anon_vma.is_some() && cur.profile.has(Rule::CopyVmaForkCheck)).then_some(&source);
    if let Some(merged) = cur.merge_new((start, end), &range, (prev, next), adopted) {
        let source = cur.mm.vmas.containing(call.addr).map_or(merged, |vma| vma.start);
        return Ok((source, merged));
    }
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
