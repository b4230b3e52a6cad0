//! The tests that a call has to pass before anything changes.

use super::Remap;
use crate::addr::{page_aligned, pages};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{fail, Current, Fail};
use crate::op::consts::{MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, MREMAP_RELOCATE_ANON};
use crate::profile::Rule;

/// The flags that exist.
pub(super) fn known_flags(cur: &Current) -> u64 {
    let relocate = if cur.profile.has(Rule::RelocateAnon) { MREMAP_RELOCATE_ANON } else { 0 };
    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP | relocate
}

/// `check_mremap_params`
pub(super) fn check_params(cur: &Current, call: &Remap) -> Result<(), Fail> {
    if call.flags & !known_flags(cur) != 0 {
        return fail(Errno::EINVAL, "unknown flags");
    }
    if !page_aligned(call.addr) {
        return fail(Errno::EINVAL, "the old address is not page-aligned");
    }
    if call.new_len == 0 {
        return fail(Errno::EINVAL, "the new length is zero");
    }
    if call.new_len > cur.profile.task_size() {
        return fail(Errno::EINVAL, "the new length is beyond the address space");
    }
    if !call.implies_new_addr() {
        return Ok(());
    }
    if call.new_addr > cur.profile.task_size() - call.new_len {
        return fail(Errno::EINVAL, "the new range is beyond the address space");
    }
    if !page_aligned(call.new_addr) {
        return fail(Errno::EINVAL, "the new address is not page-aligned");
    }
    if !call.may_move() {
        return fail(Errno::EINVAL, "a new address without MREMAP_MAYMOVE");
    }
    if call.dontunmap() && call.old_len != call.new_len {
        return fail(Errno::EINVAL, "MREMAP_DONTUNMAP cannot resize");
    }
    check_overlap(cur, call)?;
    if !cur.profile.has(Rule::MremapCountAtEntry) {
        check_count(cur)?;
    }
    Ok(())
}

/// Source and destination may not overlap.
pub(super) fn check_overlap(cur: &Current, call: &Remap) -> Result<(), Fail> {
    let (old_end, new_end) =
        (call.addr.wrapping_add(call.old_len), call.new_addr.wrapping_add(call.new_len));
    if old_end > call.new_addr
        && new_end > call.addr
        && !cur.profile.has_defect(Defect::MremapAllowsOverlap)
    {
        return fail(Errno::EINVAL, "old and new range overlap");
    }
    Ok(())
}

/// Whether there is room for the splits that clearing the destination may take,
/// tested before that is done (until 7.0).
pub(super) fn check_count(cur: &Current) -> Result<(), Fail> {
    let count = cur.mm.vmas.len() as u64;
    if count + 2 >= cur.profile.settings.max_map_count.saturating_sub(3)
        && !cur.profile.has_defect(Defect::MremapIgnoresMapCount)
    {
        return fail(Errno::ENOMEM, "too close to vm.max_map_count");
    }
    Ok(())
}

/// `check_prep_vma`: checks against the mapping at the old address. Answers
/// whether the grown part of a locked mapping has to be populated.
pub(super) fn check_mapping(cur: &Current, call: &Remap) -> Result<bool, Fail> {
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
    check_growth(cur, call, vma)
}

/// What a call that maps new pages asks of its mapping: the last part of
/// `check_prep_vma`, and all of `vma_to_resize` until 6.16. Answers as
/// [`check_mapping`].
pub(super) fn check_growth(cur: &Current, call: &Remap, vma: &Vma) -> Result<bool, Fail> {
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
