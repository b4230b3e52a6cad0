//! What a growing heap is made of: the mapping below, extended, or a new one
//! (the second half of `do_brk_flags`).
//!
//! | | may be extended | by which condition |
//! | --- | --- | --- |
//! | before the series | any mapping that ends at the old break | that of a merge |
//! | posted (v4) | the heap's last mapping, wherever it ends | its own |
//! | 6.1 and later | the heap's last mapping, ending at the old break | that of a merge |

use crate::addr::PAGE_SHIFT;
use crate::defect::Defect;
use crate::model::merge::{is_fork_child, Attributes};
use crate::model::ops::mmap::ksm_flags;
use crate::model::vma::{Backing, VmFlags, Vma};
use crate::model::Current;
use crate::profile::Rule;

/// Fills `[old, new)`, which is free; the mapping above is never merged with,
/// since a page stays free before it.
pub(super) fn extend_or_insert(cur: &mut Current, old: u64, new: u64, mut flags: VmFlags) {
    let mergeable = ksm_flags(cur, flags);
    if cur.profile.has(Rule::KsmFlagsFirst) {
        flags |= mergeable;
    }
    let below = candidate(cur, old);
    let extended = if cur.profile.has(Rule::BrkPosted) {
        below.filter(|&start| fits_posted(cur, start, flags)).map(|start| stretch(cur, start, new))
    } else if let Some(start) = below.filter(|&start| fits_wrongly(cur, start, old, flags)) {
        Some(stretch(cur, start, new))
    } else {
        cur.merge_new((old, new), &wanted(old, flags), (below, None), None)
    };
    let start = extended.unwrap_or_else(|| {
        cur.mm.vmas.insert(Vma::anonymous(old, new, flags | mergeable));
        old
    });
    if cur.profile.config.soft_dirty {
        cur.mm.vmas.update(start, |vma| vma.flags |= VmFlags::SOFTDIRTY);
    }
}

/// The start of the mapping below that may be extended.
fn candidate(cur: &Current, old: u64) -> Option<u64> {
    if cur.profile.has_defect(Defect::BrkNeverExtends) {
        return None;
    }
    let start_brk = cur.mm.start_brk;
    let any = !cur.profile.has(Rule::BrkHeapOnly);
    cur.mm.vmas.before(old).filter(|vma| any || vma.end > start_brk).map(|vma| vma.start)
}

/// The attributes of new heap.
fn wanted(old: u64, flags: VmFlags) -> Attributes {
    Attributes {
        flags,
        backing: Backing::Anonymous,
        name: None,
        pgoff: old >> PAGE_SHIFT,
        anon_vma: None,
        fork_child: false,
        copied: false,
    }
}

/// The condition of the posted patch, as far as the thread shows it: no chain
/// of several anon_vmas, and equal flags but for soft-dirty. That the mapping
/// ends at the old break, its name and its page offset are not looked at.
fn fits_posted(cur: &Current, start: u64, flags: VmFlags) -> bool {
    cur.mm.vmas.at(start).is_some_and(|vma| {
        vma.is_anonymous() && !is_fork_child(vma) && vma.flags - VmFlags::SOFTDIRTY == flags
    })
}

/// What a condition of its own may forget, each a defect.
fn fits_wrongly(cur: &Current, start: u64, old: u64, flags: VmFlags) -> bool {
    let Some(vma) = cur.mm.vmas.at(start) else { return false };
    let adjacent = vma.end == old;
    let same_flags = vma.flags - VmFlags::SOFTDIRTY == flags;
    let unnamed = vma.name.is_none();
    let continues = vma.pgoff_of(old) == old >> PAGE_SHIFT;
    let own = !is_fork_child(vma);
    let right = [adjacent, same_flags, unnamed, continues, own];
    let forgotten = match cur.profile.defect {
        Some(Defect::BrkFillsHole) => 0,
        Some(Defect::BrkIgnoresFlags) => 1,
        Some(Defect::BrkIgnoresName) => 2,
        Some(Defect::BrkIgnoresPgoff) => 3,
        Some(Defect::BrkIgnoresFork) => 4,
        _ => return false,
    };
    let exec = VmFlags::EXEC;
    let flags_do = same_flags || forgotten == 1 && (vma.flags - VmFlags::SOFTDIRTY) ^ flags == exec;
    flags_do && right.iter().enumerate().all(|(n, holds)| *holds || n == forgotten)
}

/// Lets a mapping end at `new`.
fn stretch(cur: &mut Current, start: u64, new: u64) -> u64 {
    if let Some(mut vma) = cur.mm.vmas.remove(start) {
        vma.end = new;
        cur.mm.vmas.insert(vma);
    }
    start
}
