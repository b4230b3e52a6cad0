//! The advices about when pages will be used.

use super::{mapping, Part};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::folio::FolioFlags;
use crate::model::page_table::{Pte, PteBits};
use crate::model::swap::{self, goes_out};
use crate::model::{fail, CannotPredict, Current, Fail, VmFlags, Vma};
use crate::profile::Rule;

/// MADV_WILLNEED: reads pages in swap into the swap cache. Mirrors
/// `madvise_willneed` with `CONFIG_SWAP`.
pub(super) fn will_need(cur: &Current, vma: &Vma, part: Part) -> Result<(), Fail> {
    if !vma.is_anonymous() {
        return Err(CannotPredict("pages of a file read ahead").into());
    }
    let mut any = false;
    cur.mm.tables.for_each(part.start, part.end, |_, pte| any |= matches!(pte, Pte::Swap(..)));
    if any {
        return Err(CannotPredict("pages of swap read ahead").into());
    }
    Ok(())
}

/// Mirrors `can_madv_lru_vma`.
fn check_on_lru(vma: &Vma) -> Result<(), Fail> {
    let forbidden = VmFlags::LOCKED | VmFlags::PFNMAP | VmFlags::HUGETLB;
    if vma.flags.intersects(forbidden) {
        return fail(Errno::EINVAL, "the mapping's pages are never reclaimed");
    }
    Ok(())
}

/// MADV_COLD: pages that only this process maps lose what marks them as used.
/// Mirrors `madvise_cold_or_pageout_pte_range`.
pub(super) fn cold(cur: &mut Current, vma: u64, part: Part) -> Result<(), Fail> {
    check_on_lru(mapping(cur, vma)?)?;
    let shared_too = cur.profile.has_defect(Defect::ColdTouchesShared);
    let keeps_young = cur.profile.has_defect(Defect::ColdKeepsYoung);
    let keeps_active = cur.profile.has_defect(Defect::ColdKeepsActive);
    let folios = &mut *cur.folios;
    cur.mm.tables.for_each_pte(part.start, part.end, |_, pte| {
        let Pte::Page(id, bits) = pte else { return };
        let folio = folios.get_mut(*id);
        if folio.mapcount != 1 && !shared_too {
            return;
        }
        bits.set(PteBits::YOUNG, bits.contains(PteBits::YOUNG) && keeps_young);
        folio.flags.remove(FolioFlags::REFERENCED | FolioFlags::YOUNG);
        // `folio_deactivate`
        if folio.mlocks == 0 && !keeps_active {
            folio.flags.remove(FolioFlags::ACTIVE | FolioFlags::REFAULTED);
        }
    });
    Ok(())
}

/// MADV_PAGEOUT: pages go to swap, lazily freed ones are dropped; without swap only
/// these can go. Mirrors `madvise_cold_or_pageout_pte_range` and `shrink_folio_list`.
pub(super) fn page_out(cur: &mut Current, vma: u64, part: Part) -> Result<(), Fail> {
    let vma = mapping(cur, vma)?;
    check_on_lru(vma)?;
    let droppable = vma.flags.contains(VmFlags::DROPPABLE);
    let found = vma.anon_vma.is_some();
    let profile = cur.profile;
    let keeps_young =
        profile.has(Rule::PageoutKeepsYoung) && !profile.has_defect(Defect::PageoutDropsYoung);
    let keeps_clean = profile.has_defect(Defect::PageoutKeepsLazyfree);
    let drops_dirty = droppable || profile.has_defect(Defect::PageoutDropsRedirtied);
    let activates = !profile.has_defect(Defect::PageoutNeverActivates);
    let swap = profile.settings.swap;
    let before = cur.mm.rss.swap;
    let (mut swapped, mut dropped, mut unknown) = (0, Vec::new(), None);
    let folios = &mut *cur.folios;
    cur.mm.tables.for_each_pte(part.start, part.end, |_, pte| {
        let Pte::Page(id, bits) = pte else { return };
        let folio = folios.get_mut(*id);
        if folio.mapcount != 1 {
            return;
        }
        if !keeps_young {
            bits.remove(PteBits::YOUNG);
        }
        folio.flags.remove(FolioFlags::REFERENCED | FolioFlags::YOUNG);
        if folio.mlocks != 0 {
            return;
        }
        if folio.flags.contains(FolioFlags::SWAPBACKED) {
            match goes_out(swap, folio, found, before + swapped) {
                Ok(true) => {
                    swapped += 1;
                    *pte = swap::entry(*id, *bits);
                }
                Ok(false) if activates => folio.flags.insert(FolioFlags::ACTIVE),
                Ok(false) => {}
                Err(reason) => unknown = unknown.or(Some(reason)),
            }
            return;
        }
        // `try_to_unmap_one`: a page that was written again is kept
        if bits.contains(PteBits::DIRTY) {
            folio.flags.insert(FolioFlags::DIRTY);
        }
        if folio.flags.contains(FolioFlags::DIRTY) && !drops_dirty {
            folio.flags.insert(FolioFlags::SWAPBACKED | FolioFlags::ACTIVE);
            return;
        }
        if keeps_clean {
            return;
        }
        dropped.push(*id);
        *pte = Pte::None;
    });
    if let Some(reason) = unknown {
        return Err(reason.into());
    }
    let gone = swapped + dropped.len() as u64;
    if gone != 0 {
        cur.mm.note_hiwater_rss();
    }
    cur.mm.rss.anon -= if profile.has_defect(Defect::SwapoutStaysResident) { 0 } else { gone };
    cur.mm.rss.swap += swapped;
    for id in dropped {
        cur.folios.unmap(id);
    }
    Ok(())
}
