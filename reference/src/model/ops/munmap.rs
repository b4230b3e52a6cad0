//! `munmap`, and the removal of what a fixed mapping replaces.

use super::mseal;
use crate::addr::{page_aligned, page_up};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::allocations::Purpose;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{fail, page_table, zap, Current, Fail};
use smallvec::SmallVec;

/// So many mappings go at once mostly, and need no memory of their own then.
const FEW: usize = 2;

/// Mappings taken out of the tree, on their way to be unmapped
/// (`struct vma_munmap_struct`).
pub(super) struct Removal {
    range: (u64, u64),
    /// End of the mapping below, start of the one above: page tables between
    /// them may go.
    floor: u64,
    ceiling: u64,
    vmas: SmallVec<[Vma; FEW]>,
}

/// The `munmap` system call (`do_vmi_munmap`).
pub(super) fn munmap(cur: &mut Current, addr: u64, len: u64) -> Result<(), Fail> {
    let (start, end) = check_range(cur, addr, len)?;
    if !cur.mm.vmas.intersects(start, end) {
        if cur.profile.has_defect(Defect::MunmapNeedsMapping) {
            return fail(Errno::EINVAL, "nothing is mapped there");
        }
        return Ok(());
    }
    unmap(cur, start, end)
}

/// The argument checks of `do_vmi_munmap`; answers the rounded range.
fn check_range(cur: &Current, addr: u64, len: u64) -> Result<(u64, u64), Fail> {
    if !page_aligned(addr) {
        return fail(Errno::EINVAL, "the address is not page-aligned");
    }
    if addr > cur.profile.task_size() || len > cur.profile.task_size() - addr {
        return fail(Errno::EINVAL, "reaches beyond the address space");
    }
    let rounded = if cur.profile.has_defect(Defect::MunmapLengthRoundsDown) && len > 4096 {
        crate::addr::page_down(len)
    } else {
        page_up(len)
    };
    if rounded == 0 {
        return fail(Errno::EINVAL, "the length is zero");
    }
    Ok((addr, addr + rounded))
}

/// `do_vmi_align_munmap`: unmaps a checked, page-aligned range.
pub(super) fn unmap(cur: &mut Current, start: u64, end: u64) -> Result<(), Fail> {
    mseal::check_range(cur, start, end, Defect::MunmapIgnoresSeal)?;
    split_off(cur, start, end)?;
    cur.allocations.take(Purpose::Removal)?;
    let removal = remove(cur, start, end);
    clear(cur, &removal);
    account(cur, removal);
    Ok(())
}

/// The first half of `vms_gather_munmap_vmas`: splits the mappings at both ends
/// of the range and checks that all of it may go. Splits made before a failure
/// stay.
pub(super) fn split_off(cur: &mut Current, start: u64, end: u64) -> Result<(), Fail> {
    let Some(first) = cur.mm.vmas.find(start).filter(|vma| vma.start < end) else {
        return Ok(());
    };
    let (first_start, first_end) = (first.start, first.end);
    let ignore_seal = cur.profile.has_defect(Defect::MunmapIgnoresSeal);
    if start > first_start {
        if end < first_end
            && cur.map_count_full()
            && !cur.profile.has_defect(Defect::MunmapIgnoresMapCount)
        {
            return fail(Errno::ENOMEM, "a hole in a mapping would exceed vm.max_map_count");
        }
        if first.flags.contains(VmFlags::SEALED) && !ignore_seal {
            return fail(Errno::EPERM, "the mapping is sealed");
        }
        cur.allocations.take(Purpose::Split)?;
        cur.split(first_start, start);
    }
    let mut last = None;
    for vma in cur.mm.vmas.overlapping(start, end) {
        if vma.flags.contains(VmFlags::SEALED) && !ignore_seal {
            return fail(Errno::EPERM, "a mapping in the range is sealed");
        }
        last = Some((vma.start, vma.end));
    }
    if let Some((last, _)) = last.filter(|&(_, last_end)| last_end > end) {
        cur.allocations.take(Purpose::Split)?;
        cur.split(last, end);
    }
    Ok(())
}

/// The second half of `vms_gather_munmap_vmas`: takes the mappings of a range,
/// split off before, out of the tree.
pub(super) fn remove(cur: &mut Current, start: u64, end: u64) -> Removal {
    let mut vmas = SmallVec::new();
    cur.mm.vmas.remove_range(start, end, &mut vmas);
    let floor = cur.mm.vmas.before(start).map_or(0, |vma| vma.end);
    let ceiling = cur.mm.vmas.from(end).map_or(0, |vma| vma.start);
    Removal { range: (start, end), floor, ceiling, vmas }
}

/// `vms_clear_ptes`: empties the page tables of the range and frees those that
/// no neighbour shares.
pub(super) fn clear(cur: &mut Current, removal: &Removal) {
    if removal.vmas.is_empty() {
        return;
    }
    for vma in &removal.vmas {
        zap::unmap_range(cur, vma.start, vma.end, vma);
    }
    let (start, end) = match (removal.vmas.first(), removal.vmas.last()) {
        (Some(first), Some(last)) => (first.start, last.end),
        _ => removal.range,
    };
    page_table::free_tables(cur, start, end, removal.floor, removal.ceiling);
}

/// `vms_complete_munmap_vmas`: the counters.
pub(super) fn account(cur: &mut Current, removal: Removal) {
    if removal.vmas.is_empty() {
        return;
    }
    cur.mm.note_hiwater_vm();
    for mut vma in removal.vmas {
        let pages = vma.pages();
        if !cur.profile.has_defect(Defect::MunmapKeepsTotalVm) {
            cur.mm.stat_account(vma.flags, -(pages as i64));
        }
        if vma.flags.contains(VmFlags::LOCKED)
            && !cur.profile.has_defect(Defect::MunmapKeepsLockedVm)
        {
            cur.mm.account_locked(-(pages as i64));
        }
        if vma.flags.contains(VmFlags::ACCOUNT) && cur.profile.has_defect(Defect::MunmapKeepsCharge)
        {
            *cur.stray_charge += pages;
        }
        cur.anon_vmas.release(&mut vma);
    }
}
