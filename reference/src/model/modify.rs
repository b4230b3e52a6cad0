//! Changing attributes of a part of a mapping: `vma_modify` of `mm/vma.c`.

use super::merge::{is_fork_child, Attributes};
use super::vma::{VmFlags, Vma};
use super::{fail, Current, Fail};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::profile::Quirk;
use std::sync::Arc;

/// What changes in a range of a mapping.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Flags to add.
    pub set: VmFlags,
    /// Flags to take away, before `set` is added.
    pub clear: VmFlags,
    /// The new name, where the name changes.
    pub name: Option<Option<Arc<str>>>,
}

/// The attributes of a mapping, as those of a range that starts at `start`.
pub(crate) fn attributes_of(vma: &Vma, start: u64) -> Attributes {
    Attributes {
        flags: vma.flags,
        backing: vma.backing,
        name: vma.name.clone(),
        pgoff: vma.pgoff_of(start),
        anon_vma: vma.anon_vma,
        fork_child: is_fork_child(vma),
        copied: false,
    }
}

/// `vma_modify`: gives `[start, end)`, which lies within one mapping, new
/// attributes: merges it with its neighbours where that has become possible,
/// and splits it off its mapping otherwise. Answers the start of the mapping
/// that holds `start` afterwards.
///
/// # Errors
/// ENOMEM when a split would exceed `vm.max_map_count`; a first split stays.
pub fn modify(cur: &mut Current, start: u64, end: u64, change: Change) -> Result<u64, Fail> {
    let Some(vma) = cur.mm.vmas.containing(start) else {
        return fail(Errno::ENOMEM, "nothing is mapped there");
    };
    let mut wanted = attributes_of(vma, start);
    wanted.flags = (wanted.flags - change.clear) | change.set;
    let is_naming = change.name.is_some();
    if let Some(name) = change.name {
        wanted.name = name;
    }
    let middle = vma.start;
    if let Some(merged) = cur.merge_existing(middle, start, end, &wanted) {
        let kept = cur.mm.vmas.at(merged).is_some_and(|vma| vma.flags != wanted.flags);
        if is_naming && kept && cur.quirk(Quirk::NamingForgetsGuard) {
            cur.mm.vmas.update(merged, |vma| vma.flags = wanted.flags);
        }
        return Ok(merged);
    }
    let (vma_start, vma_end) = (vma_bounds(cur, middle))?;
    if vma_start < start {
        cur.split_checked(vma_start, start)?;
    }
    if vma_end > end {
        cur.split_checked(start, end)?;
    }
    cur.mm.vmas.update(start, |vma| {
        vma.flags = wanted.flags;
        vma.name = wanted.name;
    });
    Ok(start)
}

fn vma_bounds(cur: &Current, start: u64) -> Result<(u64, u64), Fail> {
    match cur.mm.vmas.at(start) {
        Some(vma) => Ok((vma.start, vma.end)),
        None => fail(Errno::ENOMEM, "nothing is mapped there"),
    }
}

impl Current<'_> {
    /// `split_vma`: cuts the mapping that starts at `start` in two at `at`.
    pub(crate) fn split_checked(&mut self, start: u64, at: u64) -> Result<(), Fail> {
        if self.map_count_full() && !self.profile.has_defect(Defect::SplitsUnlimited) {
            return fail(Errno::ENOMEM, "a split would exceed vm.max_map_count");
        }
        self.split(start, at);
        Ok(())
    }

    /// `__split_vma`: without regard to the number of mappings.
    pub(crate) fn split(&mut self, start: u64, at: u64) {
        let Some(lower) = self.mm.vmas.at(start) else { return };
        let mut upper = lower.clone();
        upper.chain.clear();
        self.anon_vmas.clone_chain(&mut upper, lower);
        if !self.profile.has_defect(Defect::SplitKeepsPgoff) {
            upper.pgoff = lower.pgoff_of(at);
        }
        upper.start = at;
        let pgoff = lower.pgoff;
        self.mm.vmas.resize(start, start, at, pgoff);
        self.mm.vmas.insert(upper);
    }
}
