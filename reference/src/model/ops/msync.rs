//! `msync`, of which only the argument checks concern anonymous memory.

use crate::addr::{page_aligned, page_up};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, Current, Fail, VmFlags};
use crate::op::consts::{MS_ASYNC, MS_INVALIDATE, MS_SYNC};
use crate::op::Outcome;

/// Mirrors the system call `msync`.
pub(crate) fn msync(cur: &mut Current, start: u64, len: u64, flags: u64) -> Result<Outcome, Fail> {
    const HOLE: &str = "part of the range is not mapped";
    // an `int` argument
    let flags = flags & 0xffff_ffff;
    if flags & !(MS_ASYNC | MS_INVALIDATE | MS_SYNC) != 0 {
        return fail(Errno::EINVAL, "unknown flags");
    }
    if !page_aligned(start) {
        return fail(Errno::EINVAL, "the address is not page-aligned");
    }
    if flags & MS_ASYNC != 0 && flags & MS_SYNC != 0 {
        return fail(Errno::EINVAL, "MS_ASYNC and MS_SYNC exclude each other");
    }
    let Some(end) = start.checked_add(page_up(len)) else {
        return fail(Errno::ENOMEM, "the range wraps around");
    };
    let locked_too = cur.profile.has_defect(Defect::MsyncAllowsLocked);
    let (mut at, mut hole) = (start, false);
    while at < end {
        let Some(vma) = cur.mm.vmas.find(at) else { return fail(Errno::ENOMEM, HOLE) };
        if at < vma.start {
            if flags == MS_ASYNC || vma.start >= end {
                return fail(Errno::ENOMEM, HOLE);
            }
            hole = true;
        }
        let locked = vma.flags.contains(VmFlags::LOCKED) && !locked_too;
        if flags & MS_INVALIDATE != 0 && locked {
            return fail(Errno::EBUSY, "locked pages cannot be invalidated");
        }
        at = vma.end;
    }
    if hole && !cur.profile.has_defect(Defect::MsyncIgnoresHole) {
        return fail(Errno::ENOMEM, HOLE);
    }
    Ok(Outcome::Value(0))
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, page, Bench};
    use super::*;
    use crate::addr::PAGE_SIZE;

    #[test]
    fn checks_come_in_order() {
        let mut bench = Bench::new();
        bench.map(0, 1, VmFlags::WRITE);
        bench.map(2, 3, VmFlags::WRITE | VmFlags::LOCKED);
        let mut sync = |start, len, flags| errno(msync(&mut bench.cur(), start, len, flags));
        assert_eq!(sync(1, 0, 8), Some(Errno::EINVAL));
        assert_eq!(sync(1, 0, 0), Some(Errno::EINVAL));
        assert_eq!(sync(page(0), 0, MS_SYNC | MS_ASYNC), Some(Errno::EINVAL));
        assert_eq!(sync(page(0), u64::MAX - page(0), 0), Some(Errno::ENOMEM));
        assert_eq!(sync(page(1), 0, 0), None);
        assert_eq!(sync(page(0), PAGE_SIZE, 0), None);
        assert_eq!(sync(page(0), 3 * PAGE_SIZE, MS_INVALIDATE), Some(Errno::EBUSY));
        assert_eq!(sync(page(0), 3 * PAGE_SIZE, MS_SYNC), Some(Errno::ENOMEM));
    }
}
