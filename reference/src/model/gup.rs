//! Populating ahead of use (`mm/gup.c`).

use super::fault::{handle, Access, FaultError};
use super::folio::FolioFlags;
use super::page_table::{Pte, PteBits};
use super::vma::VmFlags;
use super::{fail, pkeys, CannotPredict, Current, Fail};
use crate::addr::PAGE_SIZE;
use crate::defect::Defect;
use crate::errno::Errno;

/// Why pages could not be had.
enum GupError {
    /// A guard region.
    Fault,
    /// No rule.
    Unknown(CannotPredict),
}

/// `mm_populate`: populates what is mapped in the range, page by page as far
/// as each mapping allows.
pub fn populate(cur: &mut Current<'_>, start: u64, end: u64) -> Result<(), CannotPredict> {
    match populate_mappings(cur, start, end, true) {
        Ok(()) | Err(Fail::Errno(..)) => Ok(()),
        Err(Fail::Unknown(reason)) => Err(reason),
    }
}

/// `__mm_populate` for mlock: stops at the first page that cannot be had, with
/// the error that mlock then gives (`__mlock_posix_error_return`).
pub fn populate_for_mlock(cur: &mut Current<'_>, start: u64, end: u64) -> Result<(), Fail> {
    populate_mappings(cur, start, end, false)
}

fn populate_mappings(
    cur: &mut Current<'_>,
    start: u64,
    end: u64,
    ignore_errors: bool,
) -> Result<(), Fail> {
    let mut at = start;
    while at < end {
        let Some(vma) = cur.mm.vmas.find(at).filter(|vma| vma.start < end) else { break };
        let (from, to) = (at.max(vma.start), end.min(vma.end));
        at = to;
        // populate_vma_page_range
        if vma.flags.intersects(VmFlags::IO | VmFlags::PFNMAP | VmFlags::LOCKONFAULT) {
            continue;
        }
        let write = vma.flags & (VmFlags::WRITE | VmFlags::SHARED) == VmFlags::WRITE;
        // check_vma_flags: FOLL_FORCE overrides the protection, but not the key
        let denied = pkeys::denies(vma.flags, Access::Read)
            && !cur.profile.has_defect(Defect::PopulateIgnoresKey);
        let done = if vma.is_accessible() && !denied {
            let start = vma.start;
            get_pages(cur, start, from, to, write)
        } else {
            Err(GupError::Fault)
        };
        match done {
            Ok(()) => {}
            Err(GupError::Unknown(reason)) => return Err(reason.into()),
            Err(GupError::Fault)
                if ignore_errors || cur.profile.has_defect(Defect::MlockIgnoresInaccessible) => {}
            Err(GupError::Fault) => {
                return fail(Errno::ENOMEM, "a page of the range cannot be populated")
            }
        }
    }
    Ok(())
}

/// `madvise_populate`: populates a range in which everything must be mapped
/// and permit the access.
pub fn madvise_populate(
    cur: &mut Current<'_>,
    start: u64,
    end: u64,
    write: bool,
) -> Result<(), Fail> {
    let mut at = start;
    while at < end {
        let Some(vma) = cur.mm.vmas.containing(at) else {
            return fail(Errno::ENOMEM, "populating meets a hole");
        };
        // check_vma_flags
        let needed = if write { VmFlags::WRITE } else { VmFlags::READ };
        if vma.flags.intersects(VmFlags::IO | VmFlags::PFNMAP) || !vma.flags.contains(needed) {
            return fail(Errno::EINVAL, "the mapping forbids the access to populate for");
        }
        let (vma_start, to) = (vma.start, end.min(vma.end));
        let write = write || cur.profile.has_defect(Defect::PopulateReadWrites);
        match get_pages(cur, vma_start, at, to, write) {
            Ok(()) => at = to,
            Err(GupError::Fault) if cur.profile.has_defect(Defect::PopulateGuardIsNoMemory) => {
                return fail(Errno::ENOMEM, "populating meets a guard region")
            }
            Err(GupError::Fault) => return fail(Errno::EFAULT, "populating meets a guard region"),
            Err(GupError::Unknown(reason)) => return Err(reason.into()),
        }
    }
    Ok(())
}

/// `get_arg_page`: the page that `execve` copies strings into, for the program to
/// come.
pub(super) fn write_for_exec(cur: &mut Current<'_>, vma_start: u64, page: u64) {
    let written = get_pages(cur, vma_start, page, page + PAGE_SIZE, true);
    debug_assert!(written.is_ok(), "writable memory without guard regions");
}

/// `__get_user_pages` with FOLL_TOUCH over a part of one mapping.
fn get_pages(
    cur: &mut Current<'_>,
    vma_start: u64,
    start: u64,
    end: u64,
    write: bool,
) -> Result<(), GupError> {
    for page in (start..end).step_by(PAGE_SIZE as usize) {
        // follow_page_pte, and a fault until it finds what it wants
        loop {
            match cur.mm.tables.pte(page) {
                Pte::Page(id, bits) if !write || bits.contains(PteBits::WRITE) => {
                    let folio = cur.folios.get_mut(id);
                    if write && !bits.contains(PteBits::DIRTY) {
                        folio.flags.insert(FolioFlags::DIRTY);
                    }
                    let refaulted = FolioFlags::REFAULTED | FolioFlags::REFERENCED;
                    if folio.flags.contains(refaulted) && !cur.profile.config.lru_gen {
                        let why = "a further use of a page that may be active or not";
                        return Err(GupError::Unknown(CannotPredict(why)));
                    }
                    if !cur.profile.has_defect(Defect::PopulateForgetsReferenced) {
                        folio.mark_accessed(cur.profile.config.lru_gen);
                    }
                    if cur.profile.has_defect(Defect::PopulateNeverActivates) {
                        folio.flags.remove(FolioFlags::ACTIVE);
                    }
                    break;
                }
                Pte::Zero if !write => break,
                _ => match handle(cur, vma_start, page, write) {
                    Ok(()) => {}
                    Err(FaultError::Guard) => return Err(GupError::Fault),
                    Err(FaultError::Unknown(reason)) => return Err(GupError::Unknown(reason)),
                },
            }
        }
    }
    Ok(())
}
