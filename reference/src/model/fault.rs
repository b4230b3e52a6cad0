//! Page faults (`arch/x86/mm/fault.c`, `mm/memory.c`).

use super::expand::expand_stack;
use super::folio::{Folio, FolioFlags, FolioId, PageContent};
use super::page_table::{Pte, PteBits};
use super::swap::swap_in;
use super::trap::{self, Met};
use super::vma::{VmFlags, Vma};
use super::zap::remove_rmap;
use super::{pkeys, Backing, CannotPredict, Current, Fail};
use crate::addr::{page_down, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::anon_vma::AnonVmaId;
use crate::op::consts::{SEGV_ACCERR, SEGV_MAPERR, SEGV_PKUERR, SIGSEGV, SI_KERNEL};
use crate::op::{Signal, Trap};
use crate::profile::{Profile, Rule};

/// How a process touches memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads data.
    Read,
    /// Writes data.
    Write,
    /// Fetches an instruction.
    Exec,
}

/// Why an access does not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process gets this signal.
    Signal(Signal),
    /// The model has no rule for this.
    Unknown(CannotPredict),
}

/// Why the kernel's fault handler does not resolve a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// `VM_FAULT_SIGSEGV`: a guard region.
    Guard,
    /// The model has no rule for this.
    Unknown(CannotPredict),
}

/// The page of the vsyscall emulation.
const VSYSCALL: u64 = 0xffff_ffff_ff60_0000;

fn segv(code: i32, address: u64, trap: Trap) -> Fault {
    Fault::Signal(Signal { number: SIGSEGV, code, address, trap })
}

/// A process touches the byte at an address: the hardware's check, and as
/// often as that faults, the kernel's handler (`do_user_addr_fault`). Answers
/// the entry that lets the access through.
pub fn fault(cur: &mut Current<'_>, address: u64, access: Access) -> Result<Pte, Fault> {
    if address >= cur.profile.task_size() {
        return Err(kernel_half(cur.profile, address, access));
    }
    let page = page_down(address);
    let rounds = cur.profile.has_defect(Defect::FaultAddressRounded);
    let shown = if rounds { page } else { address };
    let nothing = trap::page_fault(cur.profile, access, Met::Nothing);
    loop {
        let Some(vma) = cur.mm.vmas.find(address) else {
            return Err(segv(SEGV_MAPERR, shown, nothing));
        };
        if vma.start > address {
            if !vma.flags.contains(VmFlags::GROWSDOWN) {
                return Err(segv(SEGV_MAPERR, shown, nothing));
            }
            let start = vma.start;
            match expand_stack(cur, start, address) {
                Ok(()) => continue,
                Err(Fail::Errno(..)) => return Err(segv(SEGV_MAPERR, shown, nothing)),
                Err(Fail::Unknown(reason)) => return Err(Fault::Unknown(reason)),
            }
        }
        let (start, flags) = (vma.start, vma.flags);
        let pte = cur.mm.tables.pte(page);
        // entries of inaccessible mappings are not present to the hardware
        let present = pte.is_present() && vma.is_accessible();
        let met = |entry| if present { entry } else { Met::Nothing };
        // bad_area_access_error: whether or not the entry is present
        if pkeys::denies(flags, access) {
            if cur.profile.has_defect(Defect::KeyFaultAccerr) {
                let trap = trap::page_fault(cur.profile, access, met(Met::Entry));
                return Err(segv(SEGV_ACCERR, shown, trap));
            }
            let trap = trap::page_fault(cur.profile, access, met(Met::DeniedByKey));
            let key = Some(pkeys::told(cur.profile, flags));
            return Err(segv(SEGV_PKUERR, shown, Trap { key, ..trap }));
        }
        if present && hardware_permits(cur.profile, pte, flags, access) {
            return Ok(note_access(cur, page, pte, access));
        }
        // access_error
        let refused = match access {
            Access::Write => !flags.contains(VmFlags::WRITE),
            Access::Read | Access::Exec => present || !vma.is_accessible(),
        };
        if refused {
            let maperr = cur.profile.has_defect(Defect::FaultAlwaysMaperr);
            let code = if maperr { SEGV_MAPERR } else { SEGV_ACCERR };
            let trap = trap::page_fault(cur.profile, access, met(Met::Entry));
            return Err(segv(code, shown, trap));
        }
        match handle(cur, start, page, access == Access::Write) {
            Ok(()) => {}
            Err(FaultError::Guard) => {
                let accerr = cur.profile.has_defect(Defect::GuardFaultAccerr);
                let code = if accerr { SEGV_ACCERR } else { SEGV_MAPERR };
                return Err(segv(code, shown, nothing));
            }
            Err(FaultError::Unknown(reason)) => return Err(Fault::Unknown(reason)),
        }
    }
}

/// An access outside the user's half.
fn kernel_half(profile: &Profile, address: u64, access: Access) -> Fault {
    let tells = profile.has_defect(Defect::NonCanonicalTold);
    // the lower canonical half ends a page above what can be mapped
    let low = profile.task_size() + PAGE_SIZE;
    if (low..!(low - 1)).contains(&address) && !tells {
        segv(SI_KERNEL, 0, trap::non_canonical())
    } else if page_down(address) == VSYSCALL && access == Access::Exec {
        Fault::Unknown(CannotPredict("would execute the vsyscall page"))
    } else {
        segv(SEGV_MAPERR, address, trap::kernel_half(profile, access))
    }
}

/// Whether a present entry of an accessible mapping lets the access through.
/// All of these can be read, where no protection key denies it.
fn hardware_permits(profile: &Profile, pte: Pte, flags: VmFlags, access: Access) -> bool {
    match access {
        Access::Read => true,
        Access::Exec => {
            flags.contains(VmFlags::EXEC) || profile.has_defect(Defect::ExecIgnoresPermission)
        }
        Access::Write => matches!(pte, Pte::Page(_, bits) if bits.contains(PteBits::WRITE)),
    }
}

/// What the hardware notes in the entry.
fn note_access(cur: &mut Current<'_>, page: u64, pte: Pte, access: Access) -> Pte {
    let Pte::Page(id, old) = pte else { return pte };
    let mut bits = old;
    if !cur.profile.has_defect(Defect::AccessKeepsOld) {
        bits |= PteBits::YOUNG;
    }
    if access == Access::Write && !cur.profile.has_defect(Defect::WriteKeepsClean) {
        bits |= PteBits::DIRTY;
    }
    let noted = Pte::Page(id, bits);
    if bits != old {
        cur.mm.tables.set(page, noted);
    }
    noted
}

/// `handle_mm_fault` for an access that the mapping's flags permit.
pub(crate) fn handle(
    cur: &mut Current<'_>,
    vma_start: u64,
    page: u64,
    write: bool,
) -> Result<(), FaultError> {
    let pte = cur.mm.tables.pte(page);
    let vma = cur.mm.vmas.at(vma_start).expect("a fault lies in a mapping");
    if vma.backing != Backing::Anonymous {
        return Err(FaultError::Unknown(CannotPredict("faults in the subject's own memory")));
    }
    match pte {
        Pte::Guard => return Err(FaultError::Guard),
        Pte::Swap(id, bits) => return swap_in(cur, vma_start, page, (id, bits), write),
        // do_anonymous_page: readers share the page of zeroes, without an anon_vma
        Pte::None if !write && !cur.profile.has_defect(Defect::ReadMakesPage) => {
            cur.mm.tables.set(page, Pte::Zero);
        }
        Pte::None | Pte::Zero if write || pte.is_none() => {
            if pte.is_none() || !cur.profile.has_defect(Defect::ZeroWriteNotCounted) {
                cur.mm.rss.anon += 1;
            }
            cur.mm.hold_back(1);
            map_new_page(cur, vma_start, page, PageContent::Uniform(0));
        }
        Pte::None | Pte::Zero => {}
        Pte::Page(id, bits) if write && !bits.contains(PteBits::WRITE) => {
            write_protected(cur, vma_start, page, id, bits);
        }
        Pte::Page(id, bits) => {
            let dirty = if write { PteBits::DIRTY } else { PteBits::empty() };
            cur.mm.tables.set(page, Pte::Page(id, bits | PteBits::YOUNG | dirty));
        }
    }
    Ok(())
}

/// `do_wp_page`: a write to an anonymous page that is mapped read-only takes
/// the page over when nobody else can reach it, and copies it otherwise.
fn write_protected(cur: &mut Current<'_>, vma_start: u64, page: u64, id: FolioId, bits: PteBits) {
    let shares = cur.profile.has_defect(Defect::CowNeverCopies);
    let anon_vma = cur.mm.vmas.at(vma_start).and_then(|vma| vma.anon_vma);
    let folio = cur.folios.get_mut(id);
    // wp_can_reuse_anon_folio
    if shares || folio.flags.contains(FolioFlags::EXCLUSIVE) || folio.mapcount == 1 {
        if !cur.profile.has_defect(Defect::ReuseStaysShared) {
            folio.flags.insert(FolioFlags::EXCLUSIVE);
        }
        // folio_move_anon_rmap
        folio.anon_vma = anon_vma;
        let bits = bits | PteBits::WRITE | PteBits::DIRTY | PteBits::YOUNG;
        cur.mm.tables.set(page, Pte::Page(id, bits));
        return;
    }
    let content = if cur.profile.has_defect(Defect::CowLosesContents) {
        PageContent::Uniform(0)
    } else {
        folio.content.clone()
    };
    map_new_page(cur, vma_start, page, content);
    if let Pte::Page(copy, _) = cur.mm.tables.pte(page) {
        if cur.profile.has_defect(Defect::CopyStaysShared) {
            cur.folios.get_mut(copy).flags.remove(FolioFlags::EXCLUSIVE);
        }
        if cur.profile.has_defect(Defect::CopySwapsFrames) {
            cur.folios.swap_frames(copy, id);
        }
    }
    let vma = cur.mm.vmas.at(vma_start).expect("a fault lies in a mapping");
    if cur.profile.has_defect(Defect::CopyKeepsLock) {
        cur.folios.unmap(id);
    } else {
        remove_rmap(cur.folios, vma, id);
    }
}

/// Maps a new page for a write, in place of whatever the entry held.
fn map_new_page(cur: &mut Current<'_>, vma_start: u64, page: u64, content: PageContent) {
    prepare_anon_vma(cur, vma_start);
    let vma = cur.mm.vmas.at(vma_start).expect("a fault lies in a mapping");
    let mut folio = Folio::anon();
    folio.mapcount = 1;
    folio.content = content;
    folio.anon_vma = vma.anon_vma;
    folio.index = vma.pgoff_of(page);
    if vma.flags.contains(VmFlags::DROPPABLE) && !cur.profile.has_defect(Defect::DroppableKept) {
        folio.flags.remove(FolioFlags::SWAPBACKED);
    }
    let forgets_lock = cur.profile.has_defect(Defect::FaultForgetsLock);
    if vma.locks_pages() && !forgets_lock {
        folio.mlocks = 1;
    }
    let id = cur.folios.add(folio);
    let bits = PteBits::WRITE | PteBits::DIRTY | PteBits::YOUNG;
    cur.mm.tables.set(page, Pte::Page(id, bits));
}

/// `anon_vma_prepare`: gives a mapping that has none an anon_vma, a
/// neighbour's where that may lead to a merge later.
pub(crate) fn prepare_anon_vma(cur: &mut Current<'_>, vma_start: u64) {
    let Some(vma) = cur.mm.vmas.at(vma_start) else { return };
    if vma.anon_vma.is_some() {
        return;
    }
    let lent =
        find_mergeable(cur, vma).filter(|_| !cur.profile.has_defect(Defect::AnonVmaNeverLent));
    let anon_vmas = &mut *cur.anon_vmas;
    cur.mm.vmas.update(vma_start, |vma| anon_vmas.prepare(vma, lent));
}

/// `find_mergeable_anon_vma`: the neighbour above is asked first.
fn find_mergeable(cur: &Current<'_>, vma: &Vma) -> Option<AnonVmaId> {
    let lends = |lender: &Vma, below: &Vma, above: &Vma| {
        let fits = lender.chain.len() == 1 && compatible(cur.profile, below, above);
        lender.anon_vma.filter(|_| fits)
    };
    if let Some(above) = cur.mm.vmas.at(vma.end) {
        if let Some(id) = lends(above, vma, above) {
            return Some(id);
        }
    }
    let below = cur.mm.vmas.before(vma.start)?;
    lends(below, below, vma)
}

/// `anon_vma_compatible`: adjacent, alike but for the protection, and
/// continuous in page offset.
fn compatible(profile: &Profile, below: &Vma, above: &Vma) -> bool {
    let mut ignored = VmFlags::ACCESS | VmFlags::SOFTDIRTY;
    ignored.set(VmFlags::MAYBE_GUARD, profile.has(Rule::MaybeGuard));
    below.end == above.start
        && below.backing == above.backing
        && ((below.flags ^ above.flags) - ignored).is_empty()
        && above.pgoff == below.pgoff.wrapping_add(below.pages())
}
