//! Pages in swap (`mm/memory.c:do_swap_page`, `mm/swapfile.c`), where swap is memory, so
//! that reading and writing it end at once.
//!
//! A place in swap is kept like the page that went there: the entries that refer to it
//! are its mappings. Where it is on the device is not modelled; two entries show the
//! same place exactly when they refer to the same page.

use super::fault::FaultError;
use super::folio::{Folio, FolioFlags, FolioId, PageContent};
use super::page_table::{Pte, PteBits};
use super::vma::VmFlags;
use super::{CannotPredict, Current};
use crate::defect::Defect;
use crate::profile::{Rule, Swap};

/// The most pages of a process in swap. With many more, a small device is full, and
/// from half full on the kernel is thrifty (`vm_swap_full`).
const MOST: u64 = 1024;

/// Whether `MADV_PAGEOUT` writes a swap-backed page to swap; otherwise it stays, and
/// counts as used. So many of the process are there already, and `found` says whether
/// reverse mapping finds where it is mapped. Mirrors `folio_alloc_swap` and
/// `try_to_unmap_one`.
pub(crate) fn goes_out(
    swap: Swap,
    folio: &Folio,
    found: bool,
    there: u64,
) -> Result<bool, CannotPredict> {
    match swap {
        _ if !folio.is_anon() => Err(CannotPredict("pages of a file written back")),
        Swap::Off => Ok(false),
        Swap::Disk => Err(CannotPredict("pages that are written to a disk")),
        Swap::Memory if !found => Ok(false),
        Swap::Memory if there >= MOST => Err(CannotPredict("much in swap")),
        Swap::Memory => Ok(true),
    }
}

/// The entry of a page that went to swap.
pub(crate) fn entry(id: FolioId, bits: PteBits) -> Pte {
    Pte::Swap(id, bits.kept())
}

/// A fault meets an entry of swap: the page is read back. Mirrors `do_swap_page`.
pub(crate) fn swap_in(
    cur: &mut Current<'_>,
    vma_start: u64,
    page: u64,
    (id, bits): (FolioId, PteBits),
    write: bool,
) -> Result<(), FaultError> {
    let unknown = |what| Err(FaultError::Unknown(CannotPredict(what)));
    let profile = cur.profile;
    let vma = cur.mm.vmas.at(vma_start).expect("a fault lies in a mapping");
    let folio = cur.folios.get_mut(id);
    if folio.mapcount != 1 {
        // it is read ahead, and stays in the swap cache for the others
        return unknown("a page of swap that others refer to");
    }
    if vma.anon_vma.is_none() {
        return unknown("a page of swap in memory that lost its anon_vma");
    }
    let cached = profile.has(Rule::SwapinByCache);
    folio.flags.remove(FolioFlags::REFERENCED | FolioFlags::ACTIVE | FolioFlags::YOUNG);
    folio.flags.insert(FolioFlags::REFAULTED);
    // `folio_free_swap`: what is nowhere else any more has to be written again
    folio.flags.set(FolioFlags::DIRTY, cached);
    if !cached {
        folio.flags.insert(FolioFlags::EXCLUSIVE);
    }
    folio.anon_vma = vma.anon_vma;
    folio.index = vma.pgoff_of(page);
    folio.mlocks = u32::from(vma.locks_pages() && !profile.has(Rule::SwapinForgetsLock));
    if profile.has_defect(Defect::SwapinLosesContents) {
        folio.content = PageContent::Uniform(0);
    }
    let exclusive = folio.flags.contains(FolioFlags::EXCLUSIVE);
    cur.folios.renew_frame(id);
    let mut now = bits | PteBits::YOUNG;
    let writable = write || profile.has(Rule::SwapinWritable);
    if exclusive && writable && vma.flags.contains(VmFlags::WRITE) {
        now.insert(PteBits::WRITE);
        now.set(PteBits::DIRTY, write);
    }
    cur.mm.tables.set(page, Pte::Page(id, now));
    cur.mm.rss.anon += 1;
    cur.mm.hold_back(1);
    if !profile.has_defect(Defect::SwapinKeepsCount) {
        cur.mm.rss.swap -= 1;
    }
    Ok(())
}
