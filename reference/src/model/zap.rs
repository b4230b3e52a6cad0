//! Taking pages out of page tables (`mm/memory.c:zap_pte_range`).

use super::folio::FolioFlags;
use super::page_table::{Pte, PteBits};
use super::vma::{VmFlags, Vma};
use super::{Current, Mm};
use crate::addr::PMD_SIZE;
use crate::defect::Defect;
use crate::model::folio::{FolioId, Folios};

/// `unmap_vmas` for a part of one mapping that goes away: pages and markers.
pub fn unmap_range(cur: &mut Current<'_>, start: u64, end: u64, vma: &Vma) {
    cur.mm.note_hiwater_rss();
    clear(cur, vma, start, end, true);
}

/// `zap_page_range_single` without details: the pages of a part of a mapping
/// that stays; guard markers stay.
pub fn zap_range(cur: &mut Current<'_>, vma: &Vma, start: u64, end: u64) {
    cur.mm.note_hiwater_rss();
    let profile = cur.profile;
    let (rss, markers) = (cur.mm.rss, profile.has_defect(Defect::DiscardDropsGuards));
    clear(cur, vma, start, end, markers);
    if profile.has_defect(Defect::DiscardKeepsRss) {
        cur.mm.rss = rss;
    }
}

/// What MADV_DONTNEED does to a part of a mapping: [`zap_range`], and with
/// page-table reclaim the PTE tables that lie in the part as a whole and end up
/// empty are freed; the tables above them stay.
pub fn discard_range(cur: &mut Current<'_>, vma: &Vma, start: u64, end: u64) {
    zap_range(cur, vma, start, end);
    if !cur.profile.config.pt_reclaim || cur.profile.has_defect(Defect::DiscardKeepsTables) {
        return;
    }
    let whole = |&(from, to): &(u64, u64)| to - from == PMD_SIZE;
    let tables = &mut cur.mm.tables;
    let empty: Vec<u64> = tables
        .spans(start, end)
        .filter(whole)
        .map(|(from, _)| from)
        .filter(|&from| tables.is_pte_table_empty(from))
        .collect();
    for address in empty {
        tables.free_pte_table(address);
    }
}

fn clear(cur: &mut Current<'_>, vma: &Vma, start: u64, end: u64, markers: bool) {
    let Current { profile, mm, folios, .. } = cur;
    let Mm { tables, rss, held_back, .. } = &mut **mm;
    let lru_gen = profile.config.lru_gen;
    if tables.spans(start, end).next().is_some() {
        *held_back = 0; // `add_mm_rss_vec`
    }
    tables.for_each_pte(start, end, |_, pte| {
        match *pte {
            Pte::None => return,
            Pte::Guard if !markers => return,
            Pte::Guard | Pte::Zero => {}
            Pte::Swap(id, _) => {
                rss.swap -= 1;
                folios.unmap(id);
            }
            Pte::Page(id, bits) => {
                let folio = folios.get_mut(id);
                if folio.is_anon() {
                    rss.anon -= 1;
                } else {
                    rss.shmem -= 1;
                    if bits.contains(PteBits::DIRTY) {
                        folio.flags.insert(FolioFlags::DIRTY);
                    }
                    // vma_has_recency
                    let streamed = vma.flags.intersects(VmFlags::SEQ_READ | VmFlags::RAND_READ);
                    if bits.contains(PteBits::YOUNG) && !streamed {
                        folio.mark_accessed(lru_gen);
                    }
                }
                remove_rmap(folios, vma, id);
            }
        }
        *pte = Pte::None;
    });
}

/// `folio_remove_rmap_pte`: one mapping of the page less; a locked one unlocks it.
pub(crate) fn remove_rmap(folios: &mut Folios, vma: &Vma, id: FolioId) {
    if vma.flags.contains(VmFlags::LOCKED) {
        let folio = folios.get_mut(id);
        folio.mlocks = folio.mlocks.saturating_sub(1);
    }
    folios.unmap(id);
}
