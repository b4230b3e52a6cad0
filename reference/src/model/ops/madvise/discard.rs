//! The advices that throw contents away.

use super::{mapping, Part};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::folio::FolioFlags;
use crate::model::page_table::{Pte, PteBits};
use crate::model::{fail, zap, CannotPredict, Current, Fail, Mm, VmFlags, Vma};
use crate::op::consts::MADV_DONTNEED_LOCKED;

/// Whether the pages of a mapping may be thrown away. Mirrors
/// `madvise_dontneed_free_valid_vma`.
fn check_discardable(vma: &Vma, locked_too: bool) -> Result<(), Fail> {
    if vma.flags.contains(VmFlags::PFNMAP) {
        return fail(Errno::EINVAL, "the mapping has no pages of its own");
    }
    if !locked_too && vma.flags.contains(VmFlags::LOCKED) {
        return fail(Errno::EINVAL, "the mapping is locked");
    }
    Ok(())
}

/// MADV_DONTNEED and MADV_DONTNEED_LOCKED. Mirrors
/// `madvise_dontneed_single_vma`.
pub(super) fn dont_need(cur: &mut Current, vma: u64, part: Part, advice: i32) -> Result<(), Fail> {
    let vma = mapping(cur, vma)?.clone();
    let locked_too = match advice {
        MADV_DONTNEED_LOCKED => !cur.profile.has_defect(Defect::DontneedLockedRefused),
        _ => cur.profile.has_defect(Defect::DontneedIgnoresLock),
    };
    check_discardable(&vma, locked_too)?;
    if !vma.is_anonymous() {
        return Err(CannotPredict("discarded pages of a file").into());
    }
    zap::discard_range(cur, &vma, part.start, part.end);
    Ok(())
}

/// MADV_FREE: pages become clean and lazily freed. Mirrors
/// `madvise_free_pte_range`.
pub(super) fn free(cur: &mut Current, vma: u64, part: Part) -> Result<(), Fail> {
    let vma = mapping(cur, vma)?;
    check_discardable(vma, false)?;
    if !vma.is_anonymous() {
        return fail(Errno::EINVAL, "only anonymous memory can be freed lazily");
    }
    cur.mm.note_hiwater_rss();
    let profile = cur.profile;
    let mut cleared = PteBits::YOUNG | PteBits::DIRTY;
    cleared.set(PteBits::DIRTY, !profile.has_defect(Defect::FreeKeepsDirty));
    cleared.set(PteBits::YOUNG, !profile.has_defect(Defect::FreeKeepsYoung));
    let marks = !profile.has_defect(Defect::FreeKeepsSwapbacked);
    let mut lost = FolioFlags::REFERENCED | FolioFlags::SWAPBACKED | FolioFlags::REFAULTED;
    lost.set(FolioFlags::ACTIVE, !profile.has_defect(Defect::FreeKeepsActive));
    let keeps_swap = profile.has_defect(Defect::FreeKeepsSwap);
    let folios = &mut *cur.folios;
    let Mm { tables, rss, .. } = &mut *cur.mm;
    tables.for_each_pte(part.start, part.end, |_, pte| {
        let (id, bits) = match pte {
            Pte::Page(id, bits) => (id, bits),
            Pte::Swap(id, _) if !keeps_swap => {
                rss.swap -= 1;
                folios.unmap(*id);
                *pte = Pte::None;
                return;
            }
            _ => return,
        };
        let folio = folios.get_mut(*id);
        if folio.flags.contains(FolioFlags::DIRTY) {
            if folio.mapcount != 1 {
                return;
            }
            folio.flags.remove(FolioFlags::DIRTY);
        }
        let kept = bits.kept();
        *bits = (*bits - cleared) | kept;
        // `folio_mark_lazyfree`
        if marks && folio.flags.contains(FolioFlags::SWAPBACKED) && folio.mlocks == 0 {
            folio.flags.remove(lost);
        }
    });
    Ok(())
}

/// MADV_REMOVE: there is no file to punch a hole into. Mirrors
/// `madvise_remove`.
pub(super) fn remove(vma: &Vma) -> Result<(), Fail> {
    if vma.flags.contains(VmFlags::LOCKED) {
        return fail(Errno::EINVAL, "the mapping is locked");
    }
    if vma.is_anonymous() {
        return fail(Errno::EINVAL, "the mapping has no file");
    }
    Err(CannotPredict("removed pages of a file").into())
}
