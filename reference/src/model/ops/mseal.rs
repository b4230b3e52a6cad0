//! `mseal`: mappings that can no longer be changed.

use super::madvise::input_range;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::modify::{modify, Change};
use crate::model::{fail, Current, Fail, VmFlags};
use crate::op::Outcome;
use crate::profile::{Quirk, Rule};

const HOLE: &str = "part of the range is not mapped";

/// Seals a range that must be mapped throughout. Mirrors `do_mseal`.
pub(crate) fn mseal(cur: &mut Current, start: u64, len: u64, flags: u64) -> Result<Outcome, Fail> {
    if !cur.profile.has(Rule::Mseal) {
        return fail(Errno::ENOSYS, "the kernel has no mseal");
    }
    if flags != 0 {
        return fail(Errno::EINVAL, "mseal has no flags");
    }
    let Some(end) = input_range(start, len)? else { return Ok(Outcome::Value(0)) };
    let hole = has_hole(cur, start, end);
    if hole && !cur.profile.has_defect(Defect::MsealPartial) {
        return fail(Errno::ENOMEM, HOLE);
    }
    let mut at = start;
    let forgets = cur.profile.has_defect(Defect::MsealForgetsLast);
    let end = if forgets && end - start > crate::addr::PAGE_SIZE {
        end - crate::addr::PAGE_SIZE
    } else {
        end
    };
    // whether the mapping before was sealed by joining a sealed one above it
    let mut joined = false;
    while at < end {
        let Some(vma) = cur.mm.vmas.containing(at) else { break };
        let mut reached = vma.end;
        if !vma.flags.contains(VmFlags::SEALED) {
            if joined && cur.quirk(Quirk::MsealForgetsMerge) {
                seal_alone(cur, at, end)?;
                at = reached;
                continue;
            }
            let change = Change { set: VmFlags::SEALED, ..Change::default() };
            let part = reached.min(end);
            let now = modify(cur, at, part, change)?;
            reached = cur.mm.vmas.at(now).map_or(end, |vma| vma.end);
            joined = reached > part;
        } else if cur.profile.has_defect(Defect::MsealSkipsRest) {
            break;
        }
        at = reached;
    }
    if hole {
        return fail(Errno::ENOMEM, HOLE);
    }
    Ok(Outcome::Value(0))
}

/// What a known bug does to the mapping behind two that were joined: it is taken to
/// begin where the first of the two ended, and so to be adjacent to nothing.
fn seal_alone(cur: &mut Current, start: u64, end: u64) -> Result<(), Fail> {
    if cur.mm.vmas.at(start).is_some_and(|vma| vma.end > end) {
        cur.split_checked(start, end)?;
    }
    cur.mm.vmas.update(start, |vma| vma.flags |= VmFlags::SEALED);
    Ok(())
}

/// Whether part of a range is not mapped. Mirrors `range_contains_unmapped`.
pub(super) fn has_hole(cur: &Current, start: u64, end: u64) -> bool {
    let mut reached = start;
    for vma in cur.mm.vmas.overlapping(start, end) {
        if vma.start > reached {
            return true;
        }
        reached = vma.end;
    }
    reached < end
}

/// What 6.10 and 6.11 test before they touch any part of a range: that nothing
/// of it is sealed. Later kernels get to know when they reach the mapping.
/// Mirrors `can_modify_mm`.
pub(super) fn check_range(cur: &Current, start: u64, end: u64, off: Defect) -> Result<(), Fail> {
    if cur.profile.has(Rule::SealPerMapping) || cur.profile.has_defect(off) {
        return Ok(());
    }
    if cur.mm.vmas.overlapping(start, end).any(|vma| vma.flags.contains(VmFlags::SEALED)) {
        return fail(Errno::EPERM, "part of the range is sealed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, page, Bench};
    use super::*;
    use crate::addr::PAGE_SIZE;

    #[test]
    fn a_hole_leaves_everything_unsealed() {
        let mut bench = Bench::new();
        bench.map(0, 2, VmFlags::WRITE);
        let result = mseal(&mut bench.cur(), page(0), 3 * PAGE_SIZE, 0);
        assert_eq!(errno(result), Some(Errno::ENOMEM));
        assert_eq!(bench.spans(VmFlags::SEALED), [(0, 2, false)]);
        assert_eq!(errno(mseal(&mut bench.cur(), page(0), 1, 1)), Some(Errno::EINVAL));
        bench.profile.rules.remove(Rule::Mseal);
        assert_eq!(errno(mseal(&mut bench.cur(), 1, 1, 1)), Some(Errno::ENOSYS));
    }

    #[test]
    fn sealing_around_a_sealed_part_makes_one_mapping() {
        let mut bench = Bench::new();
        bench.map(0, 10, VmFlags::WRITE);
        assert!(mseal(&mut bench.cur(), page(4), 2 * PAGE_SIZE, 0).is_ok());
        assert!(mseal(&mut bench.cur(), page(2), 6 * PAGE_SIZE, 0).is_ok());
        let spans = bench.spans(VmFlags::SEALED);
        assert_eq!(spans, [(0, 2, false), (2, 8, true), (8, 10, false)]);
    }
}
