//! Where a move begins: at the start of the page table's span, if that lets the
//! first table move whole.
//!
//! ```text
//!          span of a page table            span of a page table
//!   |            [=======================|======= ...
//!   ^- - - - - - ^ asked for             ^ reached by the move
//!   begun        nothing mapped between
//! ```

use super::Walk;
use crate::addr::{align_down, PMD_SIZE};
use crate::defect::Defect;
use crate::model::vma::Vma;
use crate::model::{Current, Mm};
use crate::profile::{Profile, Rule};

/// `try_realign_addr`: the walk, begun at the start of the table's span where
/// that is possible.
pub(super) fn realign(
    cur: &Current<'_>,
    old: &Vma,
    new: &Vma,
    walk: Walk,
    for_stack: bool,
) -> Walk {
    let profile = cur.profile;
    let possible = if for_stack && profile.has(Rule::MremapRealign) {
        can_realign_stack(cur.mm, old, walk)
    } else if profile.has(Rule::MremapRealign) {
        can_realign(profile, cur.mm, old, new, walk)
    } else if profile.has(Rule::MremapRealignPosted) {
        can_realign_posted(cur.mm, old, new, walk)
    } else {
        false
    };
    if !possible || profile.has_defect(Defect::MoveNeverRealigns) {
        return walk;
    }
    let end = if profile.has_defect(Defect::RealignUpwards) {
        walk.end.next_multiple_of(PMD_SIZE)
    } else {
        walk.end
    };
    Walk { from: align_down(walk.from, PMD_SIZE), to: align_down(walk.to, PMD_SIZE), end }
}

/// Whether the move fills its first table from where it starts.
fn reaches_boundary(walk: Walk) -> bool {
    walk.end - walk.from >= PMD_SIZE - walk.from % PMD_SIZE
}

/// Whether both sides lie at the same place in their tables, not at the start.
fn mutually_aligned(walk: Walk) -> bool {
    walk.from % PMD_SIZE != 0 && walk.from % PMD_SIZE == walk.to % PMD_SIZE
}

/// `can_realign_addr`
fn can_realign(profile: &Profile, mm: &Mm, old: &Vma, new: &Vma, walk: Walk) -> bool {
    let upwards = || {
        let free_above = |end: u64| !mm.vmas.intersects(end, end.next_multiple_of(PMD_SIZE));
        let new_end = walk.to + (walk.end - walk.from);
        profile.has_defect(Defect::RealignUpwards)
            && walk.end == old.end
            && free_above(walk.end)
            && free_above(new_end)
    };
    let aligned = mutually_aligned(walk)
        || profile.has_defect(Defect::RealignAnyPlace) && walk.from % PMD_SIZE != 0;
    let old_flaws = (Defect::RealignInsideSource, Defect::RealignOverSource);
    let new_flaws = (Defect::RealignInsideDestination, Defect::RealignOverDestination);
    (reaches_boundary(walk) || upwards())
        && aligned
        && can_align_down(profile, mm, old, walk.from, old_flaws)
        && can_align_down(profile, mm, new, walk.to, new_flaws)
}

/// `can_align_down`: the mapping starts where the move does, and nothing else
/// is mapped from there down to the start of the span.
fn can_align_down(
    profile: &Profile,
    mm: &Mm,
    vma: &Vma,
    start: u64,
    (inside, over): (Defect, Defect),
) -> bool {
    let masked = align_down(start, PMD_SIZE);
    let starts = vma.start == start || profile.has_defect(inside);
    starts && (!mm.vmas.intersects(masked, vma.start) || profile.has_defect(over))
}

/// `can_align_down` for the shift of a new program's stack: both sides lie in
/// one mapping, in which there is nothing but what moves.
fn can_realign_stack(mm: &Mm, vma: &Vma, walk: Walk) -> bool {
    let clear = |start: u64| {
        let masked = align_down(start, PMD_SIZE);
        masked >= vma.start || !mm.vmas.intersects(masked, vma.start)
    };
    reaches_boundary(walk) && mutually_aligned(walk) && clear(walk.from) && clear(walk.to)
}

/// The conditions of the posted patch. Two mappings are one only in the shift
/// of a new program's stack: an untouched mapping that merged with its own copy
/// starts on neither side of the move.
fn can_realign_posted(mm: &Mm, old: &Vma, new: &Vma, walk: Walk) -> bool {
    let clear = |vma: &Vma, start: u64| {
        let masked = align_down(start, PMD_SIZE);
        vma.start == start && mm.vmas.before(start).is_none_or(|prev| prev.end <= masked)
    };
    old.start != new.start
        && reaches_boundary(walk)
        && mutually_aligned(walk)
        && clear(old, walk.from)
        && clear(new, walk.to)
}
