//! Entries of `/proc/kpageflags` (`fs/proc/page.c:stable_page_flags`; the same
//! for these pages in 6.1, 6.12, 7.2 and 7.3, but for a bug of those between).

use crate::defect::Defect;
use crate::model::folio::{Folio, FolioFlags, PageContent};
use crate::model::page_table::Pte;
use crate::model::{Mm, System};
use crate::profile::Quirk;
use crate::snapshot::{PageFlags, ProcessPlan};

/// Chooses the first pages of a plan's windows whose flags the model knows.
pub(super) fn choose(system: &System, mm: &Mm, most: usize, plan: &mut ProcessPlan) {
    let ProcessPlan { windows, flagged, .. } = plan;
    for &(start, end) in &windows.0 {
        if flagged.len() >= most {
            break;
        }
        mm.tables.for_each(start, end, |address, pte| {
            let Pte::Page(id, _) = pte else { return };
            let folio = system.folios.get(id);
            // how much the subject's own pages were used outlives a program
            let of_program = folio.is_anon() && folio.content != PageContent::Unknown;
            if of_program && flagged.len() < most {
                flagged.push(address);
            }
        });
    }
}

/// The flags of the pages of a plan.
pub(super) fn fill(system: &System, mm: &Mm, pages: &[u64], into: &mut Vec<(u64, PageFlags)>) {
    into.clear();
    for &address in pages {
        if let Pte::Page(id, _) = mm.tables.pte(address) {
            into.push((address, flags(system, system.folios.get(id))));
        }
    }
}

/// The flags of a mapped anonymous page on its LRU list, which it is once the
/// per-CPU batches are drained.
fn flags(system: &System, folio: &Folio) -> PageFlags {
    let mut flags = PageFlags::MMAP | PageFlags::ANON | PageFlags::UPTODATE | PageFlags::LRU;
    for (flag, shown) in [
        (FolioFlags::SWAPBACKED, PageFlags::SWAPBACKED),
        (FolioFlags::DIRTY, PageFlags::DIRTY),
        (FolioFlags::REFERENCED, PageFlags::REFERENCED),
        (FolioFlags::ACTIVE, PageFlags::ACTIVE),
        (FolioFlags::EXCLUSIVE, PageFlags::ANON_EXCLUSIVE),
        (FolioFlags::REFAULTED, PageFlags::ACTIVE_OR_NOT),
    ] {
        flags.set(shown, folio.flags.contains(flag));
    }
    // `lru_gen_add_folio`: a page in a generation is not active
    if system.profile.config.lru_gen {
        flags.remove(PageFlags::ACTIVE);
    }
    if system.shows_quirk(Quirk::AnonShownAsKsm) {
        flags.insert(Quirk::AnonShownAsKsm.wrong_flags());
    }
    let locked = folio.mlocks != 0;
    flags.set(PageFlags::MLOCKED | PageFlags::UNEVICTABLE, locked);
    let defect = |defect| system.profile.has_defect(defect);
    if defect(Defect::FlagsHideSwapbacked) {
        flags.remove(PageFlags::SWAPBACKED);
    }
    if locked && defect(Defect::FlagsHideLru) {
        flags.remove(PageFlags::LRU);
    }
    flags
}
