//! `mmap` of anonymous memory.

use super::madvise::is_ksm_compatible;
use super::munmap;
use crate::addr::{page_aligned, page_down, page_up, pages, PAGE_SHIFT};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::gup;
use crate::model::merge::Attributes;
use crate::model::vma::{Backing, VmFlags, Vma};
use crate::model::{fail, pkeys, CannotPredict, Current, Fail};
use crate::op::consts::*;
use crate::profile::{Quirk, Rule};

/// The arguments of the system call.
pub(super) struct Mmap {
    pub(super) addr: u64,
    pub(super) len: u64,
    pub(super) prot: u64,
    pub(super) flags: u64,
    pub(super) offset: u64,
}

/// The `mmap` system call (`ksys_mmap_pgoff`, `vm_mmap_pgoff`).
pub(super) fn mmap(cur: &mut Current, args: Mmap) -> Result<u64, Fail> {
    if !page_aligned(args.offset) {
        return fail(Errno::EINVAL, "the offset is not page-aligned");
    }
    if args.flags & MAP_ANONYMOUS == 0 {
        return fail(Errno::EBADF, "no file, and MAP_ANONYMOUS is not set");
    }
    if args.flags & MAP_HUGETLB != 0 {
        return Err(CannotPredict("hugetlb mappings are not modelled").into());
    }
    let (addr, populate) = do_mmap(cur, &args)?;
    if let Some(len) = populate {
        gup::populate(cur, addr, addr + len)?;
    }
    Ok(addr)
}

/// `do_mmap`: answers the address, and how many bytes are to be populated.
fn do_mmap(cur: &mut Current, args: &Mmap) -> Result<(u64, Option<u64>), Fail> {
    if args.len == 0 {
        return fail(Errno::EINVAL, "the length is zero");
    }
    let mut flags = args.flags;
    if flags & MAP_FIXED_NOREPLACE != 0 {
        flags |= MAP_FIXED;
    }
    let mut addr = args.addr;
    if flags & MAP_FIXED == 0 {
        addr = round_hint_to_min(cur, addr);
    }
    let len = page_up(args.len);
    if len == 0 {
        return fail(Errno::ENOMEM, "the length wraps when rounded up");
    }
    if (args.offset >> PAGE_SHIFT).checked_add(pages(len)).is_none() {
        return fail(Errno::EOVERFLOW, "the offset wraps");
    }
    let with_itself = u64::from(cur.profile.has_defect(Defect::MmapCountsItself));
    if cur.mm.vmas.len() as u64 + with_itself > cur.profile.settings.max_map_count
        && !cur.profile.has_defect(Defect::MmapIgnoresMapCount)
    {
        return fail(Errno::ENOMEM, "more mappings than vm.max_map_count");
    }
    let mut vm_flags = vm_flags(cur, args.prot, flags) | pkeys::of_new(cur.profile, args.prot);
    addr = cur.unmapped_area(addr, len, flags)?;
    if flags & MAP_FIXED_NOREPLACE != 0
        && cur.mm.vmas.intersects(addr, addr + len)
        && !cur.profile.has_defect(Defect::NoreplaceReplaces)
    {
        return fail(Errno::EEXIST, "the fixed range is in use");
    }
    if flags & MAP_LOCKED != 0 && !cur.can_lock() {
        return fail(Errno::EPERM, "locking is not allowed");
    }
    if !cur.may_lock(vm_flags.contains(VmFlags::LOCKED), len) {
        return fail(Errno::EAGAIN, "over RLIMIT_MEMLOCK");
    }
    match flags & MAP_TYPE_MASK {
        MAP_SHARED => {
            if vm_flags.contains(VmFlags::GROWSDOWN) {
                return fail(Errno::EINVAL, "shared memory cannot grow");
            }
            return Err(CannotPredict("shared memory is not modelled").into());
        }
        MAP_DROPPABLE if cur.profile.has(Rule::Droppable) => {
            if flags & (MAP_LOCKED | MAP_HUGETLB) != 0 {
                return fail(Errno::EINVAL, "droppable memory cannot be locked");
            }
            if vm_flags.contains(VmFlags::GROWSDOWN) {
                return fail(Errno::EINVAL, "droppable memory cannot grow");
            }
            vm_flags |=
                VmFlags::DROPPABLE | VmFlags::NORESERVE | VmFlags::WIPEONFORK | VmFlags::DONTDUMP;
        }
        MAP_PRIVATE => {}
        _ => return fail(Errno::EINVAL, "neither shared nor private"),
    }
    let ignored = cur.profile.has_defect(Defect::NoreserveIgnored);
    if flags & MAP_NORESERVE != 0 && !ignored && cur.profile.settings.overcommit != 2 {
        vm_flags |= VmFlags::NORESERVE;
    }
    mmap_region(cur, addr, len, vm_flags)?;
    let populate = vm_flags.contains(VmFlags::LOCKED)
        || flags & (MAP_POPULATE | MAP_NONBLOCK) == MAP_POPULATE
            && !cur.profile.has_defect(Defect::PopulateFlagIgnored);
    Ok((addr, populate.then_some(len)))
}

/// `round_hint_to_min`
fn round_hint_to_min(cur: &Current, hint: u64) -> u64 {
    let hint = page_down(hint);
    let min = cur.min_address();
    if hint != 0 && hint < min && !cur.profile.has_defect(Defect::LowHintStays) {
        page_up(min)
    } else {
        hint
    }
}

/// `calc_vm_prot_bits` and `calc_vm_flag_bits`, with what every mapping gets.
fn vm_flags(cur: &Current, prot: u64, flags: u64) -> VmFlags {
    let mut result =
        VmFlags::MAYREAD | VmFlags::MAYWRITE | VmFlags::MAYEXEC | cur.mm.def_flags | of_prot(prot);
    let mut translate = |flag: u64, bit: VmFlags| {
        if flags & flag != 0 {
            result |= bit;
        }
    };
    translate(MAP_GROWSDOWN, VmFlags::GROWSDOWN);
    translate(MAP_LOCKED, VmFlags::LOCKED);
    translate(MAP_SYNC, VmFlags::SYNC);
    if cur.profile.has(Rule::MapStackNoHuge)
        && cur.profile.config.thp
        && !cur.profile.has_defect(Defect::MapStackStaysHuge)
    {
        translate(MAP_STACK, VmFlags::NOHUGEPAGE);
    }
    result
}

/// `calc_vm_prot_bits`: unknown bits are ignored.
pub(super) fn of_prot(prot: u64) -> VmFlags {
    let mut flags = VmFlags::empty();
    flags.set(VmFlags::READ, prot & PROT_READ != 0);
    flags.set(VmFlags::WRITE, prot & PROT_WRITE != 0);
    flags.set(VmFlags::EXEC, prot & PROT_EXEC != 0);
    flags
}

/// `map_deny_write_exec`: what PR_SET_MDWE forbids.
pub(super) fn denied_by_mdwe(cur: &Current, old: VmFlags, new: VmFlags) -> bool {
    cur.mm.mdwe & PR_MDWE_REFUSE_EXEC_GAIN != 0
        && new.contains(VmFlags::EXEC)
        && (new.contains(VmFlags::WRITE) || !old.contains(VmFlags::EXEC))
        && !cur.profile.has_defect(Defect::MdweIgnored)
}

/// `mmap_region`, `__mmap_region`: maps `[addr, addr + len)`, in place of what
/// is there.
fn mmap_region(cur: &mut Current, addr: u64, len: u64, mut flags: VmFlags) -> Result<(), Fail> {
    if denied_by_mdwe(cur, flags, flags) {
        return fail(Errno::EACCES, "PR_SET_MDWE forbids writable and executable");
    }
    let end = addr + len;
    if !cur.profile.has(Rule::MmapGathersFirst) {
        unmap_first(cur, addr, end, flags)?;
    }
    munmap::split_off(cur, addr, end)?;
    let (mut old_pages, mut old_accounted) = (0, 0);
    for vma in cur.mm.vmas.overlapping(addr, end) {
        old_pages += vma.pages();
        if vma.flags.contains(VmFlags::ACCOUNT) {
            old_accounted += vma.pages();
        }
    }
    let gathers = cur.profile.has(Rule::MmapGathersFirst);
    if gathers && !cur.may_expand(flags, pages(len) - old_pages) {
        return fail(Errno::ENOMEM, "over RLIMIT_AS or RLIMIT_DATA");
    }
    if is_accountable(flags) {
        let charged = pages(len) - old_accounted;
        if charged != 0 && !cur.enough_memory(charged)? {
            return fail(Errno::ENOMEM, "more than the overcommit rule grants");
        }
        flags |= VmFlags::ACCOUNT;
    }
    let removal = munmap::remove(cur, addr, end);
    munmap::clear(cur, &removal);
    insert_or_merge(cur, addr, end, flags);
    munmap::account(cur, removal);
    cur.mm.stat_account(flags, pages(len) as i64);
    finish_locked(cur, addr, flags, pages(len));
    Ok(())
}

/// Until 6.11: the range is unmapped before limits are checked, so that a
/// failure leaves a hole. RLIMIT_AS counts what would be replaced.
fn unmap_first(cur: &mut Current, addr: u64, end: u64, flags: VmFlags) -> Result<(), Fail> {
    let overlap: u64 = cur
        .mm
        .vmas
        .overlapping(addr, end)
        .map(|vma| pages(vma.end.min(end) - vma.start.max(addr)))
        .sum();
    if !cur.may_expand(flags, pages(end - addr) - overlap) {
        return fail(Errno::ENOMEM, "over RLIMIT_AS or RLIMIT_DATA");
    }
    if cur.mm.vmas.intersects(addr, end) {
        munmap::unmap(cur, addr, end)?;
    }
    Ok(())
}

/// `accountable_mapping`
fn is_accountable(flags: VmFlags) -> bool {
    flags & (VmFlags::NORESERVE | VmFlags::SHARED | VmFlags::WRITE) == VmFlags::WRITE
}

/// What PR_SET_MEMORY_MERGE adds to the flags of new memory.
pub(super) fn ksm_flags(cur: &Current, flags: VmFlags) -> VmFlags {
    if cur.mm.merge_any && is_ksm_compatible(flags) {
        VmFlags::MERGEABLE
    } else {
        VmFlags::empty()
    }
}

/// Merges the new range with its neighbours or makes a mapping of its own.
pub(super) fn insert_or_merge(cur: &mut Current, addr: u64, end: u64, mut flags: VmFlags) {
    let mergeable = ksm_flags(cur, flags);
    if cur.profile.has(Rule::KsmFlagsFirst) {
        flags |= mergeable;
    }
    let range = Attributes {
        flags,
        backing: Backing::Anonymous,
        name: None,
        pgoff: addr >> PAGE_SHIFT,
        anon_vma: None,
        fork_child: false,
        copied: false,
    };
    let mut prev = cur.mm.vmas.before(addr).map(|vma| vma.start);
    let next = cur.mm.vmas.from(end).map(|vma| vma.start);
    if !cur.profile.has(Rule::LowerNeighbourFirst) && cur.lower_yields((addr, end), &range) {
        prev = None;
    }
    let merged = cur.merge_new((addr, end), &range, (prev, next), None);
    let start = merged.unwrap_or_else(|| {
        cur.mm.vmas.insert(Vma::anonymous(addr, end, flags | mergeable));
        addr
    });
    if cur.profile.config.soft_dirty {
        cur.mm.vmas.update(start, |vma| vma.flags |= VmFlags::SOFTDIRTY);
    }
}

/// The end of `__mmap_complete`: what cannot be locked loses the flag.
fn finish_locked(cur: &mut Current, addr: u64, flags: VmFlags, count: u64) {
    if !flags.contains(VmFlags::LOCKED) {
        return;
    }
    let mut never = VmFlags::NEVER_LOCKED;
    if flags.contains(VmFlags::DROPPABLE) && cur.quirk(Quirk::DroppableLocked) {
        never.remove(VmFlags::DROPPABLE);
    }
    if flags.intersects(never) {
        if let Some(start) = cur.mm.vmas.containing(addr).map(|vma| vma.start) {
            cur.mm.vmas.update(start, |vma| vma.flags -= VmFlags::LOCKED_MASK);
        }
    } else if !cur.profile.has_defect(Defect::MmapForgetsLockedVm) {
        cur.mm.account_locked(count as i64);
    }
}
