//! `mprotect`.

use super::mmap::{denied_by_mdwe, of_prot};
use super::mseal;
use crate::addr::{page_aligned, page_up, pages};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::modify::{modify, Change};
use crate::model::vma::VmFlags;
use crate::model::{fail, gup, pkeys, protection, Current, Fail};
use crate::op::consts::{PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE};
use crate::profile::Rule;

/// The `mprotect` system call (`do_mprotect_pkey` without a key).
pub(super) fn mprotect(cur: &mut Current, addr: u64, len: u64, prot: u64) -> Result<(), Fail> {
    let grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
    let prot = prot & !(PROT_GROWSDOWN | PROT_GROWSUP);
    if grows == PROT_GROWSDOWN | PROT_GROWSUP {
        return fail(Errno::EINVAL, "cannot grow both ways");
    }
    if !page_aligned(addr) {
        return fail(Errno::EINVAL, "the address is not page-aligned");
    }
    if len == 0 {
        return Ok(());
    }
    let end = addr.wrapping_add(page_up(len));
    if end <= addr {
        return fail(Errno::ENOMEM, "the range wraps");
    }
    let range_first = cur.profile.has_defect(Defect::MprotectChecksRangeFirst);
    if prot & !(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM) != 0
        && (!range_first || cur.mm.vmas.containing(addr).is_some())
    {
        return fail(Errno::EINVAL, "unknown protection bits");
    }
    let (start, end) = adjust_range(cur, addr, end, grows)?;
    mseal::check_range(cur, start, end, Defect::MprotectIgnoresSeal)?;
    let mut at = start;
    while let Some(vma) = cur.mm.vmas.find(at).filter(|vma| vma.start < end) {
        if vma.start > at {
            return fail(Errno::ENOMEM, "a hole in the range");
        }
        let to = vma.end.min(end);
        protect_part(cur, at, to, prot)?;
        at = cur.mm.vmas.containing(to - 1).map_or(to, |vma| vma.end);
    }
    if at < end {
        return fail(Errno::ENOMEM, "the range ends in a hole");
    }
    Ok(())
}

/// PROT_GROWSDOWN lowers the start to that of the mapping; PROT_GROWSUP has no
/// mapping to work on with x86.
fn adjust_range(cur: &Current, start: u64, end: u64, grows: u64) -> Result<(u64, u64), Fail> {
    let first = cur.mm.vmas.find(start).filter(|vma| vma.start < end);
    let Some(vma) = first else {
        return fail(Errno::ENOMEM, "nothing is mapped there");
    };
    if grows & PROT_GROWSDOWN != 0 {
        if !vma.flags.contains(VmFlags::GROWSDOWN) {
            return fail(Errno::EINVAL, "the mapping does not grow down");
        }
        return Ok((vma.start, end));
    }
    if vma.start > start {
        return fail(Errno::ENOMEM, "the range starts in a hole");
    }
    if grows & PROT_GROWSUP != 0 {
        return fail(Errno::EINVAL, "no mapping grows up");
    }
    Ok((start, end))
}

/// One turn of the loop of `do_mprotect_pkey`, and `mprotect_fixup`, for the
/// part `[start, end)` of one mapping.
fn protect_part(cur: &mut Current, start: u64, end: u64, prot: u64) -> Result<(), Fail> {
    let Some(vma) = cur.mm.vmas.containing(start) else {
        return fail(Errno::ENOMEM, "nothing is mapped there");
    };
    let old = vma.flags;
    let unfaulted = vma.is_anonymous() && vma.anon_vma.is_none();
    let mut new = (old - VmFlags::ACCESS - VmFlags::PKEY_BIT0)
        | of_prot(prot)
        | pkeys::of_changed(cur.profile, old, prot);
    let allowed = VmFlags::from_bits_truncate(new.bits() >> 4);
    if (new & VmFlags::ACCESS).intersects(!allowed) {
        return fail(Errno::EACCES, "the mapping may not get this permission");
    }
    let seal_first =
        cur.profile.has_defect(Defect::MprotectSealBeforeMdwe) && old.contains(VmFlags::SEALED);
    if denied_by_mdwe(cur, old, new) && !seal_first {
        return fail(Errno::EACCES, "PR_SET_MDWE forbids gaining PROT_EXEC");
    }
    if old.contains(VmFlags::SEALED) && !cur.profile.has_defect(Defect::MprotectIgnoresSeal) {
        return fail(Errno::EPERM, "the mapping is sealed");
    }
    if new == old {
        return Ok(());
    }
    let count = pages(end - start);
    if new.contains(VmFlags::WRITE) {
        if !cur.may_expand(new, count) && cur.may_expand(old, count) {
            return fail(Errno::ENOMEM, "over RLIMIT_DATA");
        }
        let counted = VmFlags::ACCOUNT
            | VmFlags::WRITE
            | VmFlags::HUGETLB
            | VmFlags::SHARED
            | VmFlags::NORESERVE;
        if !old.intersects(counted) && !cur.profile.has_defect(Defect::MprotectForgetsAccount) {
            if !cur.enough_memory(count)? {
                return fail(Errno::ENOMEM, "more than the overcommit rule grants");
            }
            new |= VmFlags::ACCOUNT;
        }
    } else if old.contains(VmFlags::ACCOUNT)
        && unfaulted
        && cur.profile.has(Rule::MprotectDropsAccount)
    {
        new -= VmFlags::ACCOUNT;
        if cur.profile.has_defect(Defect::MprotectKeepsCharge) {
            *cur.stray_charge += count;
        }
    }
    let change = Change { set: new - old, clear: old - new, name: None };
    let merged = modify(cur, start, end, change)?;
    protection::change_protection(cur, merged, start, end);
    if new.contains(VmFlags::WRITE)
        && !cur.profile.has_defect(Defect::MprotectForgetsPopulate)
        && old.contains(VmFlags::LOCKED)
        && !old.intersects(VmFlags::WRITE | VmFlags::SHARED)
    {
        gup::populate(cur, start, end)?;
    }
    if !cur.profile.has_defect(Defect::MprotectForgetsDataVm) {
        cur.mm.stat_account(old, -(count as i64));
        cur.mm.stat_account(new, count as i64);
    }
    Ok(())
}
