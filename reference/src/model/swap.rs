//! Pages in swap (`mm/memory.c:do_swap_page`, `mm/swapfile.c`), where swap is memory, so
//! that reading and writing it end at once.
//!
//! A place in swap is kept like the page that went there: the entries that refer to it
//! are its mappings. Where it is on the device is not modelled; two entries show the
//! same place exactly when they refer to the same page.

use super::fault::FaultError;
use super::folio::{Folio, FolioFlags, FolioId, PageContent};
use super::page_table::{Pte, PteBits};
use super::vma::{VmFlags, Vma};
use super::{CannotPredict, Current};
use crate::defect::Defect;
use crate::profile::{Rule, Swap};

/// The most pages of a process in swap. With many more, a small device is full, and
/// from half full on the kernel is thrifty (`vm_swap_full`).
const MOST: u64 = 1024;

/// What `MADV_PAGEOUT` does to a page that has to be kept. Mirrors `folio_alloc_swap`
/// and `try_to_unmap_one`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SwapOut {
    /// It goes.
    Goes,
    /// It stays, and counts as used.
    Stays,
    /// The model has no rule for this.
    Unknown(CannotPredict),
}

/// Whether a page that is swap-backed can be written to swap; so many of the process
/// are there already.
pub(crate) fn swap_out(swap: Swap, vma: &Vma, folio: &Folio, there: u64) -> SwapOut {
    match swap {
        _ if !folio.is_anon() => SwapOut::Unknown(CannotPredict("pages of a file written back")),
        Swap::Off => SwapOut::Stays,
        Swap::Disk => SwapOut::Unknown(CannotPredict("pages that are written to a disk")),
        // reverse mapping does not find where it is mapped
        Swap::Memory if vma.anon_vma.is_none() => SwapOut::Stays,
        Swap::Memory if there >= MOST => SwapOut::Unknown(CannotPredict("much in swap")),
        Swap::Memory => SwapOut::Goes,
    }
}

/// The entry of a page that went to swap.
pub(crate) fn entry(id: FolioId, bits: PteBits) -> Pte {
    Pte::Swap(id, bits.kept())
}

/// A fault meets an entry of swap: the page is read back. Mirrors `do_swap_page`.
pub(crate) fn swap_in(
    cur: &mut Current<'_>,
    vma: &Vma,
    page: u64,
    (id, bits): (FolioId, PteBits),
    write: bool,
) -> Result<(), FaultError> {
    let unknown = |what| Err(FaultError::Unknown(CannotPredict(what)));
    let profile = cur.profile;
    let folio = cur.folios.get_mut(id);
    if folio.mapcount != 1 {
        // it is read ahead, and stays in the swap cache for the others
        return unknown("a page of swap that others refer to");
    }
    if vma.anon_vma.is_none() {
        return unknown("a page of swap in memory that lost its anon_vma");
    }
    let cached = profile.has(Rule::SwapinByCache);
    let mut lost = FolioFlags::REFERENCED | FolioFlags::ACTIVE | FolioFlags::YOUNG;
    lost.insert(FolioFlags::DIRTY);
    folio.flags.remove(lost);
    folio.flags.insert(FolioFlags::REFAULTED);
    if cached {
        // `folio_free_swap`: what is nowhere else any more has to be written again
        folio.flags.insert(FolioFlags::DIRTY);
    } else {
        folio.flags.insert(FolioFlags::EXCLUSIVE);
    }
    folio.anon_vma = vma.anon_vma;
    folio.index = vma.pgoff_of(page);
    let locked = vma.flags & (VmFlags::LOCKED | VmFlags::SPECIAL) == VmFlags::LOCKED;
    folio.mlocks = u32::from(locked && !profile.has(Rule::SwapinForgetsLock));
    if profile.has_defect(Defect::SwapinLosesContents) {
        folio.content = PageContent::Uniform(0);
    }
    let exclusive = folio.flags.contains(FolioFlags::EXCLUSIVE);
    let mut now = bits | PteBits::YOUNG;
    let writable = write || profile.has(Rule::SwapinWritable);
    if exclusive && writable && vma.flags.contains(VmFlags::WRITE) {
        now.insert(PteBits::WRITE);
        now.set(PteBits::DIRTY, write);
    }
    cur.mm.tables.set(page, Pte::Page(id, now));
    cur.mm.rss.anon += 1;
    if !profile.has_defect(Defect::SwapinKeepsCount) {
        cur.mm.rss.swap -= 1;
    }
    Ok(())
}
