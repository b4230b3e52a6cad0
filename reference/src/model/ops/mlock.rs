//! `mlock`, `mlock2`, `munlock`, and what `mlockall` shares with them.

use super::mseal::has_hole;
use crate::addr::{page_down, page_up, pages, PAGE_SHIFT};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::folio::FolioFlags;
use crate::model::modify::{modify, Change};
use crate::model::page_table::Pte;
use crate::model::{fail, gup, Current, Fail, VmFlags, Vma};
use crate::op::consts::MLOCK_ONFAULT;
use crate::op::Outcome;
use crate::profile::Quirk;

/// Mirrors the system call `mlock`.
pub(crate) fn mlock(cur: &mut Current, start: u64, len: u64) -> Result<Outcome, Fail> {
    lock(cur, start, len, VmFlags::LOCKED)
}

/// Mirrors the system call `mlock2`.
pub(crate) fn mlock2(cur: &mut Current, start: u64, len: u64, flags: u64) -> Result<Outcome, Fail> {
    // an `int` argument
    let flags = flags & 0xffff_ffff;
    if flags & !MLOCK_ONFAULT != 0 && !cur.profile.has_defect(Defect::Mlock2AnyFlags) {
        return fail(Errno::EINVAL, "unknown flags");
    }
    let defect = cur.profile.has_defect(Defect::MlockOnFaultLocksNow);
    let on_fault = flags & MLOCK_ONFAULT != 0 && !defect;
    lock(cur, start, len, if on_fault { VmFlags::LOCKED_MASK } else { VmFlags::LOCKED })
}

/// Mirrors the system call `munlock`.
pub(crate) fn munlock(cur: &mut Current, start: u64, len: u64) -> Result<Outcome, Fail> {
    let (start, len) = whole_pages(start, len);
    apply(cur, start, len, VmFlags::empty())?;
    Ok(Outcome::Value(0))
}

/// Widens a range to whole pages; sums wrap as the kernel's do.
fn whole_pages(start: u64, len: u64) -> (u64, u64) {
    let offset = start - page_down(start);
    (page_down(start), page_up(len.wrapping_add(offset)))
}

/// Mirrors `do_mlock`.
fn lock(cur: &mut Current, start: u64, len: u64, flags: VmFlags) -> Result<Outcome, Fail> {
    check_may_lock(cur)?;
    let (start, len) = whole_pages(start, len);
    let limit = cur.limits.memlock.0 >> PAGE_SHIFT;
    let mut locked = pages(len).wrapping_add(cur.mm.locked_vm);
    if locked > limit && !cur.locks_without_limit() {
        locked = locked.wrapping_sub(count_locked(cur, start, len));
        if locked > limit && !cur.profile.has_defect(Defect::MlockIgnoresLimit) {
            return fail(Errno::ENOMEM, "RLIMIT_MEMLOCK would be exceeded");
        }
    }
    apply(cur, start, len, flags)?;
    gup::populate_for_mlock(cur, start, start + len)?;
    Ok(Outcome::Value(0))
}

/// Mirrors `can_do_mlock`.
pub(super) fn check_may_lock(cur: &Current) -> Result<(), Fail> {
    if !cur.can_lock() {
        return fail(Errno::EPERM, "RLIMIT_MEMLOCK forbids all locking");
    }
    Ok(())
}

/// Pages of a range that are locked already. Mirrors
/// `count_mm_mlocked_page_nr`.
fn count_locked(cur: &Current, start: u64, len: u64) -> u64 {
    let end = start.saturating_add(len);
    let locked = cur.mm.vmas.overlapping(start, end).filter(|v| v.flags.contains(VmFlags::LOCKED));
    locked.map(|vma| pages(vma.end.min(end) - vma.start.max(start))).sum()
}

/// Locks or unlocks a range, which must be mapped throughout; the mappings
/// before a hole keep the change. Mirrors `apply_vma_lock_flags`.
fn apply(cur: &mut Current, start: u64, len: u64, flags: VmFlags) -> Result<(), Fail> {
    let Some(end) = start.checked_add(len) else {
        return fail(Errno::EINVAL, "the range wraps around");
    };
    if cur.profile.has_defect(Defect::MlockUndoesAtHole) && has_hole(cur, start, end) {
        return fail(Errno::ENOMEM, "part of the range is not mapped");
    }
    let mut at = start;
    while at < end {
        let Some(vma) = cur.mm.vmas.containing(at) else {
            return fail(Errno::ENOMEM, "part of the range is not mapped");
        };
        let (first, to) = (vma.start, vma.end.min(end));
        at = fix_up(cur, first, at, to, flags)?;
    }
    Ok(())
}

/// Gives `[start, end)` of a mapping these lock flags, and answers the end of
/// the mapping that then holds it. Mirrors `mlock_fixup`.
pub(super) fn fix_up(
    cur: &mut Current,
    vma: u64,
    start: u64,
    end: u64,
    flags: VmFlags,
) -> Result<u64, Fail> {
    let Some(mapping) = cur.mm.vmas.at(vma) else { return Ok(end) };
    let old = mapping.flags;
    if old & VmFlags::LOCKED_MASK == flags || !supports_lock(cur, mapping) {
        return Ok(mapping.end);
    }
    let change = Change { set: flags, clear: VmFlags::LOCKED_MASK, name: None };
    let now = modify(cur, start, end, change)?;
    let (was, is) = (old.contains(VmFlags::LOCKED), flags.contains(VmFlags::LOCKED));
    let (count, profile) = (pages(end - start) as i64, cur.profile);
    let mut added = 0;
    if is && (!was || profile.has_defect(Defect::MlockCountsTwice)) {
        added = count;
    } else if was && !is && !profile.has_defect(Defect::MunlockKeepsCount) {
        added = -count;
    }
    if i32::try_from(added).is_err() && cur.quirk(Quirk::MlockCountsInInt) {
        added = i64::from(added as i32);
    }
    cur.mm.account_locked(added);
    if was != is {
        lock_pages(cur, start, end, is);
    }
    Ok(cur.mm.vmas.at(now).map_or(end, |vma| vma.end))
}

/// Whether the pages of a mapping can be locked; where not, it is passed over.
/// Mirrors `vma_supports_mlock`.
fn supports_lock(cur: &Current, vma: &Vma) -> bool {
    let mut never = VmFlags::NEVER_LOCKED;
    if cur.profile.has_defect(Defect::MlockDroppable) {
        never.remove(VmFlags::DROPPABLE);
    }
    !vma.flags.intersects(never)
}

/// Mirrors `mlock_pte_range`.
fn lock_pages(cur: &mut Current, start: u64, end: u64, lock: bool) {
    let forgets = match lock {
        true => Defect::LockForgetsPages,
        false => Defect::UnlockForgetsPages,
    };
    if cur.profile.has_defect(forgets) {
        return;
    }
    let keeps_active = cur.profile.has_defect(Defect::LockKeepsActive);
    let folios = &mut *cur.folios;
    cur.mm.tables.for_each(start, end, |_, pte| {
        let Pte::Page(id, _) = pte else { return };
        let folio = folios.get_mut(id);
        if lock {
            folio.mlocks += 1;
            if !keeps_active {
                folio.flags.remove(FolioFlags::ACTIVE | FolioFlags::REFAULTED);
            }
        } else {
            folio.mlocks = folio.mlocks.saturating_sub(1);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, page, Bench};
    use super::super::mlockall::{mlockall, munlockall};
    use super::*;
    use crate::addr::PAGE_SIZE;
    use crate::op::consts::{MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT};

    #[test]
    fn locking_stops_at_a_hole_and_keeps_what_it_locked() {
        let mut bench = Bench::new();
        bench.map(0, 4, VmFlags::WRITE);
        bench.map(5, 6, VmFlags::WRITE);
        let result = mlock(&mut bench.cur(), page(2) + 1, 4 * PAGE_SIZE);
        assert_eq!(errno(result), Some(Errno::ENOMEM));
        assert_eq!(bench.mm.locked_vm, 2);
        let spans = bench.spans(VmFlags::LOCKED);
        assert_eq!(spans, [(0, 2, false), (2, 4, true), (5, 6, false)]);
        assert_eq!(munlock(&mut bench.cur(), page(0), 4 * PAGE_SIZE), Ok(Outcome::Value(0)));
        assert_eq!((bench.mm.locked_vm, bench.mm.vmas.len()), (0, 2));
    }

    #[test]
    fn what_is_locked_already_does_not_count_against_the_limit() {
        let mut bench = Bench::new();
        bench.map(0, 4, VmFlags::WRITE);
        bench.limits.memlock = (2 * PAGE_SIZE, 2 * PAGE_SIZE);
        assert!(mlock(&mut bench.cur(), page(0), 2 * PAGE_SIZE).is_ok());
        assert!(mlock(&mut bench.cur(), page(1), PAGE_SIZE).is_ok());
        let result = mlock(&mut bench.cur(), page(1), 2 * PAGE_SIZE);
        assert_eq!(errno(result), Some(Errno::ENOMEM));
        assert_eq!(bench.mm.locked_vm, 2);
        bench.limits.memlock = (0, 0);
        let result = mlock2(&mut bench.cur(), 0, 0, 2);
        assert_eq!(errno(result), Some(Errno::EINVAL));
        assert_eq!(errno(mlock(&mut bench.cur(), 0, 0)), Some(Errno::EPERM));
    }

    #[test]
    fn locking_marks_the_pages() {
        let mut bench = Bench::new();
        bench.map(0, 1, VmFlags::WRITE);
        let id = bench.touch(0);
        assert!(mlock(&mut bench.cur(), page(0), 1).is_ok());
        assert!(mlock2(&mut bench.cur(), page(0), 1, MLOCK_ONFAULT).is_ok());
        assert_eq!((bench.folios.get(id).mlocks, bench.mm.locked_vm), (1, 1));
        assert_eq!(bench.spans(VmFlags::LOCKONFAULT), [(0, 1, true)]);
        assert!(munlock(&mut bench.cur(), page(0), 1).is_ok());
        assert_eq!(bench.folios.get(id).mlocks, 0);
    }

    #[test]
    fn locking_everything_passes_over_what_cannot_be_locked() {
        let mut bench = Bench::new();
        bench.map(0, 1, VmFlags::WRITE);
        bench.map(1, 2, VmFlags::WRITE | VmFlags::DROPPABLE);
        bench.map(2, 3, VmFlags::DONTEXPAND);
        for flags in [0, MCL_ONFAULT, 8] {
            assert_eq!(errno(mlockall(&mut bench.cur(), flags)), Some(Errno::EINVAL));
        }
        assert!(mlockall(&mut bench.cur(), MCL_FUTURE | MCL_ONFAULT).is_ok());
        assert_eq!((bench.mm.def_flags, bench.mm.locked_vm), (VmFlags::LOCKED_MASK, 0));
        assert!(mlockall(&mut bench.cur(), MCL_CURRENT).is_ok());
        assert_eq!((bench.mm.def_flags, bench.mm.locked_vm), (VmFlags::empty(), 1));
        let spans = bench.spans(VmFlags::LOCKED);
        assert_eq!(spans, [(0, 1, true), (1, 2, false), (2, 3, false)]);
        bench.limits.memlock = (PAGE_SIZE, PAGE_SIZE);
        assert_eq!(errno(mlockall(&mut bench.cur(), MCL_CURRENT)), Some(Errno::ENOMEM));
        assert!(munlockall(&mut bench.cur()).is_ok());
        assert_eq!(bench.mm.locked_vm, 0);
    }
}
