//! Changing the protection of populated memory (`mm/mprotect.c:change_pte_range`).

use super::folio::FolioFlags;
use super::page_table::{Pte, PteBits};
use super::vma::VmFlags;
use super::{Current, Mm};
use crate::defect::Defect;
use crate::profile::Rule;

/// `change_protection`: gives the entries of `[start, end)`, which lies in the
/// mapping at `vma_start`, the protection that its flags now say. Private
/// memory loses the write bit, and gets it back at once where the page is
/// exclusive, before 6.2 only if it is dirty as well; whether a page was accessed or
/// written stays.
pub fn change_protection(cur: &mut Current<'_>, vma_start: u64, start: u64, end: u64) {
    let Mm { vmas, tables, .. } = &mut *cur.mm;
    let Some(vma) = vmas.at(vma_start) else { return };
    let writable = vma.flags.contains(VmFlags::WRITE);
    let shared = vma.flags.contains(VmFlags::SHARED);
    let folios = &*cur.folios;
    let profile = cur.profile;
    let clean_too = profile.has(Rule::MprotectWritesClean);
    let keeps = profile.has_defect(Defect::ProtectKeepsWriteBit);
    let cleans = profile.has_defect(Defect::ProtectClearsDirty);
    let breaks_cow = profile.has_defect(Defect::ProtectBreaksCow);
    tables.for_each_pte(start, end, |_, pte| {
        if let Pte::Page(id, bits) = pte {
            // can_change_pte_writable
            let exclusive = folios.get(*id).flags.contains(FolioFlags::EXCLUSIVE);
            let keep = keeps && bits.contains(PteBits::WRITE);
            let written = clean_too || bits.contains(PteBits::DIRTY);
            let write = writable && written && (shared || exclusive || breaks_cow);
            bits.set(PteBits::WRITE, write || keep);
            if cleans {
                bits.remove(PteBits::DIRTY);
            }
        }
    });
}
