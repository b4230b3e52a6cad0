//! Merging of mappings: `vma_merge_existing_range` and `vma_merge_new_range`
//! of `mm/vma.c` (`vma_merge` of `mm/mmap.c` until 6.11).
//!
//! ```text
//!   left neighbour        the range          right neighbour
//! |----- prev -----|======= new =======|----- next -----|
//!                  start              end
//! ```
//!
//! Two adjacent pieces become one when their attributes are equal, their page
//! offsets continue each other, and their anon_vmas can be one.

use super::anon_vma::AnonVmaId;
use super::vma::{Backing, VmFlags, Vma};
use super::Current;
use crate::addr::pages;
use crate::defect::Defect;
use crate::profile::{Profile, Quirk, Rule};
use std::sync::Arc;

/// The attributes that a range is to have.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) flags: VmFlags,
    pub(crate) backing: Backing,
    pub(crate) name: Option<Arc<str>>,
    /// Page offset of the range's start.
    pub(crate) pgoff: u64,
    /// The anon_vma of the mapping that the range is part or copy of.
    pub(crate) anon_vma: Option<AnonVmaId>,
    /// Whether that mapping came through a fork already faulted.
    pub(crate) fork_child: bool,
    /// Whether the range is a moved copy (mremap) and not a part.
    pub(crate) copied: bool,
}

/// Flags that may differ between merging mappings (`VM_IGNORE_MERGE`).
fn ignored_flags(profile: &Profile) -> VmFlags {
    if profile.has(Rule::MaybeGuard) {
        VmFlags::SOFTDIRTY | VmFlags::MAYBE_GUARD
    } else {
        VmFlags::SOFTDIRTY
    }
}

/// Flags that the result of a merge has if any part had them (`VM_STICKY`).
fn sticky_flags(profile: &Profile) -> VmFlags {
    if profile.has(Rule::MaybeGuard) && !profile.has_defect(Defect::MergeDropsGuardFlag) {
        VmFlags::SOFTDIRTY | VmFlags::MAYBE_GUARD
    } else {
        VmFlags::empty()
    }
}

/// `vma_is_fork_child`: faulted before a fork, so that its pages may be shared
/// with a parent.
pub(crate) fn is_fork_child(vma: &Vma) -> bool {
    vma.anon_vma.is_some() && vma.chain.len() != 1
}

/// `is_mergeable_vma`
fn attributes_match(profile: &Profile, neighbour: &Vma, range: &Attributes) -> bool {
    let differing = (neighbour.flags ^ range.flags) - ignored_flags(profile);
    let differing = if profile.has_defect(Defect::MergeIgnoresExec) {
        differing - (VmFlags::EXEC | VmFlags::MAYEXEC)
    } else {
        differing
    };
    differing.is_empty()
        && neighbour.backing == range.backing
        && (neighbour.name == range.name || profile.has_defect(Defect::MergeIgnoresName))
}

/// `is_mergeable_anon_vma`
fn anon_vmas_match(profile: &Profile, neighbour: &Vma, range: &Attributes) -> bool {
    if profile.has_defect(Defect::MergeIgnoresAnonVma) {
        return true;
    }
    if !profile.has(Rule::SymmetricAnonMerge) {
        let one_unset = neighbour.anon_vma.is_none() || range.anon_vma.is_none();
        return one_unset && neighbour.chain.len() == 1 || neighbour.anon_vma == range.anon_vma;
    }
    match (neighbour.anon_vma, range.anon_vma) {
        (None, Some(_)) => {
            let checked = !range.copied || profile.has(Rule::CopyVmaForkCheck);
            !(checked && range.fork_child)
        }
        (Some(_), None) => {
            !is_fork_child(neighbour) || profile.has_defect(Defect::MergeIgnoresFork)
        }
        (a, b) => a == b,
    }
}

/// `can_vma_merge_left`
fn merges_left(profile: &Profile, prev: Option<&Vma>, start: u64, range: &Attributes) -> bool {
    prev.is_some_and(|prev| {
        prev.end == start
            && attributes_match(profile, prev, range)
            && anon_vmas_match(profile, prev, range)
            && (prev.pgoff.wrapping_add(prev.pages()) == range.pgoff
                || profile.has_defect(Defect::MergeIgnoresPgoff))
    })
}

/// `can_vma_merge_right`, without its comparison of both neighbours.
fn merges_right(
    profile: &Profile,
    next: Option<&Vma>,
    start: u64,
    end: u64,
    range: &Attributes,
) -> bool {
    next.is_some_and(|next| {
        next.start == end
            && attributes_match(profile, next, range)
            && anon_vmas_match(profile, next, range)
            && (range.pgoff.wrapping_add(pages(end - start)) == next.pgoff
                || profile.has_defect(Defect::MergeIgnoresPgoff))
            && !profile.has_defect(Defect::MergeNeverRight)
    })
}

/// Whether the anon_vmas of two neighbours that both match the range also
/// match each other.
fn neighbours_match(profile: &Profile, prev: &Vma, next: &Vma) -> bool {
    prev.anon_vma.is_none()
        || next.anon_vma.is_none()
        || prev.anon_vma == next.anon_vma
        || profile.has_defect(Defect::MergeIgnoresAnonVma)
}

impl Current<'_> {
    /// `dup_anon_vma`: the mapping that grows takes over the anon_vma of what
    /// it swallows, if it has none itself.
    fn adopt_anon_vma(&mut self, target: &mut Vma, source: &Vma) {
        if self.profile.has_defect(Defect::MergeDropsAnonVma) {
            return;
        }
        if target.anon_vma.is_none() && source.anon_vma.is_some() {
            target.anon_vma = source.anon_vma;
            target.chain.clear();
            self.anon_vmas.clone_chain(target, source);
        }
    }

    /// `vma_merge_existing_range`: the part `[start, end)` of the mapping
    /// `middle` is to get new attributes; tries to give it to its neighbours.
    /// Answers the start of the merged mapping.
    pub(crate) fn merge_existing(
        &mut self,
        middle: u64,
        start: u64,
        end: u64,
        range: &Attributes,
    ) -> Option<u64> {
        let middle = self.mm.vmas.at(middle)?;
        let (left_side, right_side) = (start == middle.start, end == middle.end);
        if range.flags.intersects(VmFlags::SPECIAL) || !(left_side || right_side) {
            return None;
        }
        let profile = self.profile;
        let prev = if left_side { self.mm.vmas.before(middle.start) } else { None };
        let next = if right_side { self.mm.vmas.from(middle.end) } else { None };
        let left = merges_left(profile, prev, start, range);
        let right = merges_right(profile, next, start, end, range)
            && (!left || neighbours_match(profile, prev?, next?));
        if !left && !right {
            return None;
        }
        let sticky = sticky_flags(profile) & range.flags;
        let (prev, next) = (prev.map(|v| v.start), next.map(|v| v.start));
        let mut middle = self.mm.vmas.remove(middle.start)?;
        let mut sticky = sticky;
        let target = if left {
            let mut target = self.mm.vmas.remove(prev?)?;
            sticky |= target.flags & sticky_flags(profile);
            if right {
                let mut next = self.mm.vmas.remove(next?)?;
                sticky |= next.flags & sticky_flags(profile);
                let source = if next.anon_vma.is_some() { next.clone() } else { middle.clone() };
                self.adopt_anon_vma(&mut target, &source);
                target.end = next.end;
                self.anon_vmas.release(&mut next);
            } else {
                let source = middle.clone();
                self.adopt_anon_vma(&mut target, &source);
                target.end = end;
            }
            target
        } else {
            let mut target = self.mm.vmas.remove(next?)?;
            sticky |= target.flags & sticky_flags(profile);
            let source = middle.clone();
            self.adopt_anon_vma(&mut target, &source);
            target.pgoff = target.pgoff.wrapping_sub(pages(end - start));
            target.start = start;
            target
        };
        let merged = target.start;
        // what is left of the middle, on the side that did not change
        if left_side && right_side {
            self.anon_vmas.release(&mut middle);
        } else {
            if left_side {
                middle.pgoff = middle.pgoff_of(end);
                middle.start = end;
            } else {
                middle.end = start;
            }
            self.mm.vmas.insert(middle);
        }
        self.mm.vmas.insert(target);
        self.mm.vmas.update(merged, |vma| vma.flags |= sticky);
        Some(merged)
    }

    /// `__mmap_region` until 6.11: a new mapping that joins its upper neighbour
    /// does so first, and the lower one has to match that.
    pub(crate) fn lower_yields(&self, (start, end): (u64, u64), range: &Attributes) -> bool {
        let next = self.mm.vmas.from(end);
        let (Some(prev), Some(next)) = (self.mm.vmas.before(start), next) else { return false };
        let upper = Attributes { anon_vma: next.anon_vma, ..range.clone() };
        merges_right(self.profile, Some(next), start, end, range)
            && !merges_left(self.profile, Some(prev), start, &upper)
    }

    /// Which of its neighbours the free range `[start, end)` would merge with,
    /// the lower and the upper one.
    pub(crate) fn joins(
        &self,
        (start, end): (u64, u64),
        range: &Attributes,
        (prev, next): (Option<u64>, Option<u64>),
    ) -> (bool, bool) {
        if range.flags.intersects(VmFlags::SPECIAL) {
            return (false, false);
        }
        let profile = self.profile;
        let prev = prev.and_then(|at| self.mm.vmas.at(at));
        let next = next.and_then(|at| self.mm.vmas.at(at));
        let left = merges_left(profile, prev, start, range);
        let apart = match (prev, next) {
            (Some(prev), Some(next)) => left && !neighbours_match(profile, prev, next),
            _ => false,
        };
        (left, merges_right(profile, next, start, end, range) && !apart)
    }

    /// `vma_merge_new_range`: `[start, end)` is free; tries to grow its
    /// neighbours over it. `prev` and `next` are the starts of the mappings
    /// that may be merged with. Answers the start of the merged mapping.
    pub(crate) fn merge_new(
        &mut self,
        (start, end): (u64, u64),
        range: &Attributes,
        (prev, next): (Option<u64>, Option<u64>),
        source: Option<&Vma>,
    ) -> Option<u64> {
        let profile = self.profile;
        let (left, right) = self.joins((start, end), range, (prev, next));
        if !left && !right {
            return None;
        }
        let mut sticky = sticky_flags(profile) & range.flags;
        let mut target = self.mm.vmas.remove(if left { prev? } else { next? })?;
        sticky |= target.flags & sticky_flags(profile);
        if left {
            target.end = end;
            if right {
                let mut next = self.mm.vmas.remove(next?)?;
                sticky |= next.flags & sticky_flags(profile);
                let swallowed = next.clone();
                self.adopt_anon_vma(&mut target, &swallowed);
                target.end = next.end;
                self.anon_vmas.release(&mut next);
            }
        } else {
            target.pgoff = target.pgoff.wrapping_sub(pages(end - start));
            target.start = start;
        }
        if let Some(source) = source {
            let missing = target.anon_vma.is_none() && source.anon_vma.is_some();
            if missing && !self.quirk(Quirk::MoveForgetsAnonVma) {
                self.adopt_anon_vma(&mut target, source);
            }
        }
        target.flags |= sticky;
        let merged = target.start;
        self.mm.vmas.insert(target);
        Some(merged)
    }
}
