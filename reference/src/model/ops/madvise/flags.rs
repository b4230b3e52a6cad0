//! The advices that change the flags of a mapping.

use super::{mapping, Part};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::modify::{modify, Change};
use crate::model::{fail, CannotPredict, Current, Fail, VmFlags, Vma};
use crate::op::consts::*;
use crate::profile::Rule;

/// Changes the flags of a part of a mapping, which splits and merges as it has
/// to. Mirrors `madvise_vma_behavior` and `madvise_update_vma`.
pub(super) fn change(cur: &mut Current, vma: u64, part: Part, advice: i32) -> Result<u64, Fail> {
    let flags = mapping(cur, vma)?.flags;
    let (set, clear) = wanted(cur, mapping(cur, vma)?, advice)?;
    if (flags - clear) | set == flags {
        return Ok(vma);
    }
    let changed = modify(cur, part.start, part.end, Change { set, clear, name: None });
    if cur.profile.has_defect(Defect::MadviseSplitIsNoMemory) {
        return changed;
    }
    changed.map_err(retry)
}

/// A shortage inside the kernel is reported as EAGAIN.
pub(crate) fn retry(error: Fail) -> Fail {
    match error {
        Fail::Errno(Errno::ENOMEM, why) => Fail::Errno(Errno::EAGAIN, why),
        other => other,
    }
}

/// The flags that an advice sets and clears.
fn wanted(cur: &Current, vma: &Vma, advice: i32) -> Result<(VmFlags, VmFlags), Fail> {
    const NONE: VmFlags = VmFlags::empty();
    let reads = VmFlags::RAND_READ | VmFlags::SEQ_READ;
    let droppable = vma.flags.contains(VmFlags::DROPPABLE);
    Ok(match advice {
        MADV_NORMAL => (NONE, reads),
        MADV_SEQUENTIAL => (VmFlags::SEQ_READ, reads),
        MADV_RANDOM if cur.profile.has_defect(Defect::RandomKeepsSequential) => {
            (VmFlags::RAND_READ, NONE)
        }
        MADV_RANDOM => (VmFlags::RAND_READ, reads),
        MADV_DONTFORK => (VmFlags::DONTCOPY, NONE),
        MADV_DOFORK => {
            let special = cur.profile.has(Rule::DoforkRefusesSpecial);
            let refused = if special { VmFlags::SPECIAL } else { VmFlags::IO };
            if vma.flags.intersects(refused) {
                return fail(Errno::EINVAL, "a special mapping is not for children");
            }
            (NONE, VmFlags::DONTCOPY)
        }
        MADV_WIPEONFORK => {
            if !vma.is_anonymous() {
                return fail(Errno::EINVAL, "only private anonymous memory can be wiped on fork");
            }
            (VmFlags::WIPEONFORK, NONE)
        }
        MADV_KEEPONFORK => {
            if droppable && !cur.profile.has_defect(Defect::KeeponforkAllowsDroppable) {
                return fail(Errno::EINVAL, "droppable memory is always wiped on fork");
            }
            (NONE, VmFlags::WIPEONFORK)
        }
        MADV_DONTDUMP if cur.profile.has_defect(Defect::DontdumpIgnored) => (NONE, NONE),
        MADV_DONTDUMP => (VmFlags::DONTDUMP, NONE),
        MADV_DODUMP => {
            let special = vma.flags.intersects(VmFlags::SPECIAL);
            let droppable = droppable && !cur.profile.has_defect(Defect::DodumpAllowsDroppable);
            if droppable || special && !vma.flags.contains(VmFlags::HUGETLB) {
                return fail(Errno::EINVAL, "special and droppable memory is never dumped");
            }
            (NONE, VmFlags::DONTDUMP)
        }
        MADV_MERGEABLE => {
            let mut flags = vma.flags;
            if cur.profile.has_defect(Defect::MergeableOnDroppable) {
                flags.remove(VmFlags::DROPPABLE);
            }
            if flags.contains(VmFlags::MERGEABLE) || !is_ksm_compatible(flags) {
                return Ok((NONE, NONE));
            }
            if cur.profile.settings.ksm_runs {
                return Err(CannotPredict("pages that KSM merges").into());
            }
            (VmFlags::MERGEABLE, NONE)
        }
        MADV_UNMERGEABLE => (NONE, VmFlags::MERGEABLE),
        MADV_HUGEPAGE if cur.profile.has_defect(Defect::HugepageKeepsNo) => {
            (VmFlags::HUGEPAGE, NONE)
        }
        MADV_HUGEPAGE => (VmFlags::HUGEPAGE, VmFlags::NOHUGEPAGE),
        MADV_NOHUGEPAGE => (VmFlags::NOHUGEPAGE, VmFlags::HUGEPAGE),
        _ => return Err(CannotPredict("this advice has no model").into()),
    })
}

/// Whether KSM could ever merge pages of a mapping; where not, advice about it
/// is ignored. Mirrors `vma_ksm_compatible`.
pub(crate) fn is_ksm_compatible(flags: VmFlags) -> bool {
    let foreign = VmFlags::SHARED | VmFlags::MAYSHARE | VmFlags::HUGETLB | VmFlags::DROPPABLE;
    !flags.intersects(foreign | VmFlags::SPECIAL)
}
