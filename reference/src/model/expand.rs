//! Growing stacks (`mm/vma.c:expand_downwards`).

use super::fault::prepare_anon_vma;
use super::vma::VmFlags;
use super::{fail, Current, Fail};
use crate::addr::{page_down, pages, PAGE_SIZE, STACK_GUARD_PAGES};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::profile::Quirk;

/// `expand_stack`: lowers the start of the growing mapping at `vma_start` to
/// the page of `address`, which lies below it.
pub fn expand_stack(cur: &mut Current<'_>, vma_start: u64, address: u64) -> Result<(), Fail> {
    let address = page_down(address);
    let Some(vma) = cur.mm.vmas.at(vma_start) else {
        return fail(Errno::EFAULT, "no mapping to grow");
    };
    if !vma.flags.contains(VmFlags::GROWSDOWN) {
        return fail(Errno::EFAULT, "the mapping does not grow");
    }
    if address < cur.min_address() {
        return fail(Errno::EPERM, "below the lowest address that may be mapped");
    }
    if let Some(below) = cur.mm.vmas.before(vma_start) {
        let close = address.wrapping_sub(below.end) < STACK_GUARD_PAGES * PAGE_SIZE;
        let close = close && !cur.profile.has_defect(Defect::StackIgnoresGap);
        if close && !below.flags.contains(VmFlags::GROWSDOWN) && below.is_accessible() {
            return fail(Errno::ENOMEM, "the guard gap below the stack is used");
        }
    }
    let (end, pgoff, flags) = (vma.end, vma.pgoff, vma.flags);
    // the anon_vma is made before the limits are tested and stays when they refuse
    prepare_anon_vma(cur, vma_start);
    let grow = pages(vma_start - address);
    if grow > pgoff {
        return fail(Errno::ENOMEM, "the page offset would wrap");
    }
    if !cur.may_expand(flags, grow) {
        return fail(Errno::ENOMEM, "over RLIMIT_AS");
    }
    if end - address > cur.limits.stack.0 && !cur.profile.has_defect(Defect::StackIgnoresLimit) {
        return fail(Errno::ENOMEM, "over RLIMIT_STACK");
    }
    let locked = flags.contains(VmFlags::LOCKED);
    if !cur.may_lock(locked, grow * PAGE_SIZE) {
        return fail(Errno::ENOMEM, "over RLIMIT_MEMLOCK");
    }
    if !cur.enough_memory(grow)? {
        return fail(Errno::ENOMEM, "more than the machine's memory");
    }
    if locked && !cur.profile.has_defect(Defect::StackGrowthNotLocked) {
        cur.mm.account_locked(grow as i64);
    }
    if !cur.profile.has_defect(Defect::StackGrowthNotCounted) {
        cur.mm.stat_account(flags, grow as i64);
    }
    if !flags.contains(VmFlags::ACCOUNT) && cur.quirk(Quirk::GrowthChargesForGood) {
        *cur.stray_charge += grow;
    }
    cur.mm.vmas.resize(vma_start, address, end, pgoff - grow);
    Ok(())
}
