//! Moving anonymous memory so that it looks as if it had been mapped at its
//! destination: `MREMAP_RELOCATE_ANON`, a patch that was never merged.
//!
//! An ordinary move leaves `vm_pgoff` and the indices of the pages alone, and so
//! the moved mapping does not merge with what is mapped around it. Relocating
//! gives both the place of the new address, and the pages the anon_vma of the
//! mapping that they end up in.

use super::{munmap, Remap};
use crate::addr::{pages, PAGE_SHIFT};
use crate::defect::Defect;
use crate::model::anon_vma::AnonVmaId;
use crate::model::fault::prepare_anon_vma;
use crate::model::folio::{FolioFlags, FolioId};
use crate::model::merge::is_fork_child;
use crate::model::modify::attributes_of;
use crate::model::page_table::Pte;
use crate::model::vma::{VmFlags, Vma};
use crate::model::Current;
use crate::profile::Rule;

/// A mapping at the destination that the pages are relocated to.
pub(super) struct Relocated {
    /// Start of the source, which a merge may have moved.
    pub(super) source: u64,
    /// Start of the mapping at the destination.
    pub(super) destination: u64,
    /// What the pages were before.
    pages: Vec<Before>,
}

/// Index and anon_vma of a page before it was relocated.
struct Before {
    page: FolioId,
    anon_vma: Option<AnonVmaId>,
    index: u64,
}

/// The attempt: the mapping at the destination, and the pages relocated to it.
/// None, and nothing changed, where relocating is not wanted or not possible:
/// then the ordinary copy is made.
pub(super) fn copy_vma(cur: &mut Current, call: &Remap) -> Option<Relocated> {
    let source = cur.mm.vmas.containing(call.addr)?.clone();
    if !should_relocate(cur, call, &source) {
        return None;
    }
    let (start, end) = (call.new_addr, call.new_addr + call.new_len);
    let prev = cur.mm.vmas.before(start).map(|vma| vma.start);
    let next = cur.mm.vmas.from(end).map(|vma| vma.start);
    let mut range = attributes_of(&source, call.addr);
    range.copied = true;
    // a merge that happens anyway costs nothing
    let merges = cur.joins((start, end), &range, (prev, next)) != (false, false);
    if merges && !cur.profile.has_defect(Defect::RelocateInVain) {
        return None;
    }
    // as if it had never been touched; the pages follow
    range.pgoff = start >> PAGE_SHIFT;
    let keeps = cur.profile.has_defect(Defect::RelocateKeepsAnonVma);
    if !keeps {
        (range.anon_vma, range.fork_child) = (None, false);
    }
    let only_to_merge = cur.profile.has_defect(Defect::RelocateOnlyToMerge);
    if only_to_merge && cur.joins((start, end), &range, (prev, next)) == (false, false) {
        return None;
    }
    let before = (cur.mm.vmas.clone(), cur.anon_vmas.clone());
    let adopted = keeps.then_some(&source);
    let destination = cur.merge_new((start, end), &range, (prev, next), adopted);
    let destination = destination.unwrap_or_else(|| {
        let (anon_vma, chain) = (None, Default::default());
        let mut copy = Vma { start, end, pgoff: range.pgoff, anon_vma, chain, ..source.clone() };
        if keeps {
            copy.anon_vma = source.anon_vma;
            cur.anon_vmas.clone_chain(&mut copy, &source);
        }
        cur.mm.vmas.insert(copy);
        start
    });
    prepare_anon_vma(cur, destination);
    let new = cur.mm.vmas.at(destination)?.clone();
    let source = cur.mm.vmas.containing(call.addr)?.start;
    let mut relocated = Relocated { source, destination, pages: Vec::new() };
    if relocate_folios(cur, call, &new, &mut relocated.pages) {
        return Some(relocated);
    }
    relocated.undo(cur);
    if cur.profile.has_defect(Defect::RelocateUndoUnmaps) {
        cur.mm.stat_account(new.flags, pages(call.new_len) as i64);
        munmap::unmap(cur, new.start, new.end).ok()?;
    } else {
        (cur.mm.vmas, *cur.anon_vmas) = before;
    }
    None
}

/// `should_relocate_anon`: asked for, and touched private anonymous memory that
/// no parent or child may share (`vma_maybe_has_shared_anon_folios`).
fn should_relocate(cur: &Current, call: &Remap, vma: &Vma) -> bool {
    let Some(anon_vma) = vma.anon_vma else { return false };
    let shared = is_fork_child(vma) || cur.anon_vmas.has_children(anon_vma);
    cur.profile.has(Rule::RelocateAnon)
        && call.relocates()
        && vma.is_anonymous()
        && !vma.flags.intersects(VmFlags::SPECIAL | VmFlags::HUGETLB)
        && (!shared || cur.profile.has_defect(Defect::RelocateIgnoresFork))
}

/// `relocate_anon_folios`: page by page; notes what it changes. Answers whether
/// all of them could be relocated: not large folios, nor pinned ones, whose
/// holder may rely on index and anon_vma.
fn relocate_folios(cur: &mut Current, call: &Remap, new: &Vma, changed: &mut Vec<Before>) -> bool {
    let profile = cur.profile;
    let mut obstacles = FolioFlags::LARGE | FolioFlags::PINNED;
    obstacles.set(FolioFlags::LARGE, !profile.has_defect(Defect::RelocateMovesLarge));
    let pins_count = !profile.has_defect(Defect::RelocateMovesPinned);
    obstacles.set(FolioFlags::PINNED, pins_count);
    let stops_at_holes = profile.has_defect(Defect::RelocateMissesPages);
    let (mut done, mut at) = (true, call.addr);
    let folios = &mut *cur.folios;
    cur.mm.tables.for_each(call.addr, call.addr + call.old_len, |address, pte| {
        let Pte::Page(page, _) = pte else { return };
        if !done || stops_at_holes && address != at {
            return;
        }
        at = address + (1 << PAGE_SHIFT);
        let folio = folios.get_mut(page);
        if folio.flags.intersects(obstacles) {
            let passes = folio.flags.contains(FolioFlags::PINNED)
                && profile.has_defect(Defect::RelocateSkipsPinned);
            done = passes;
            return;
        }
        changed.push(Before { page, anon_vma: folio.anon_vma, index: folio.index });
        folio.anon_vma = new.anon_vma;
        folio.index = new.pgoff_of(address - call.addr + call.new_addr);
    });
    done
}

impl Relocated {
    /// Gives the pages back what they had.
    pub(super) fn undo(self, cur: &mut Current) {
        if cur.profile.has_defect(Defect::RelocateForgetsUndo) {
            return;
        }
        for Before { page, anon_vma, index } in self.pages {
            let folio = cur.folios.get_mut(page);
            (folio.anon_vma, folio.index) = (anon_vma, index);
        }
    }
}

#[cfg(test)]
#[path = "relocate_tests.rs"]
mod tests;
