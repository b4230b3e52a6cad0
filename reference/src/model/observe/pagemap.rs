//! Entries of `/proc/pid/pagemap` (`pte_to_pagemap_entry`).

use crate::addr::{pages, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::page_table::Pte;
use crate::model::vma::VmFlags;
use crate::model::{Mm, System};
use crate::profile::Rule;
use crate::snapshot::{PageEntry, Ranges, Window};

/// A marker, and the marker's bit for guard regions.
const GUARD_FRAME: u64 = PageEntry::MARKER | 4 << PageEntry::SWAP_TYPE_BITS;

/// The windows of a plan.
pub(super) fn fill(system: &System, mm: &Mm, ranges: &Ranges, windows: &mut Vec<Window>) {
    windows.resize_with(ranges.0.len(), Window::default);
    for (window, &(start, end)) in windows.iter_mut().zip(&ranges.0) {
        window.start = start;
        window.entries.clear();
        window.entries.resize(pages(end - start) as usize, PageEntry::default());
        let entries = &mut window.entries;
        mm.tables.for_each(start, end, |address, pte| {
            let entry = &mut entries[((address - start) / PAGE_SIZE) as usize];
            *entry = self::entry(system, pte);
            let soft_dirty = match pte {
                Pte::Page(_, bits) | Pte::Swap(_, bits) => !bits.kept().is_empty(),
                Pte::None | Pte::Zero | Pte::Guard => false,
            };
            if soft_dirty && system.profile.config.soft_dirty {
                entry.0 |= PageEntry::SOFT_DIRTY;
            }
        });
        if system.profile.config.soft_dirty {
            for vma in mm.vmas.overlapping(start, end) {
                if vma.flags.contains(VmFlags::SOFTDIRTY) {
                    let from = pages(vma.start.max(start) - start) as usize;
                    let to = pages(vma.end.min(end) - start) as usize;
                    for entry in &mut entries[from..to] {
                        entry.0 |= PageEntry::SOFT_DIRTY;
                    }
                }
            }
        }
    }
}

fn entry(system: &System, pte: Pte) -> PageEntry {
    // without privilege the kernel hides frames
    let frame = |frame: u64| if system.profile.shows_frames { frame } else { 0 };
    let defect = |defect| system.profile.has_defect(defect);
    PageEntry(match pte {
        Pte::None => 0,
        Pte::Zero if defect(Defect::ZeroNotPresent) => 0,
        Pte::Zero => PageEntry::PRESENT | frame(PageEntry::ZERO_FRAME),
        Pte::Guard => {
            let shown =
                system.profile.has(Rule::PagemapGuardBit) && !defect(Defect::GuardBitHidden);
            let guard = if shown { PageEntry::GUARD } else { 0 };
            PageEntry::SWAP | guard | frame(GUARD_FRAME)
        }
        // a place of its own on a device whose type is 0
        Pte::Swap(id, _) => {
            PageEntry::SWAP | frame(system.folios.get(id).frame << PageEntry::SWAP_TYPE_BITS)
        }
        Pte::Page(id, _) => {
            let folio = system.folios.get(id);
            let anon = folio.is_anon() || defect(Defect::FileBitHidden);
            let file = if anon { 0 } else { PageEntry::FILE };
            let alone = folio.mapcount == 1 || defect(Defect::AlwaysExclusive);
            let exclusive = if alone { PageEntry::EXCLUSIVE } else { 0 };
            PageEntry::PRESENT | file | exclusive | frame(folio.frame)
        }
    })
}
