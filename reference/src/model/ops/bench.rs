//! A small address space for the tests of single operations.

use crate::addr::PAGE_SIZE;
use crate::errno::Errno;
use crate::model::allocations::Allocations;
use crate::model::anon_vma::AnonVmas;
use crate::model::folio::{Folio, FolioFlags, FolioId, Folios};
use crate::model::page_table::{Pte, PteBits};
use crate::model::{Capabilities, Current, Fail, Limits, Mm, VmFlags, Vma};
use crate::profile::{Profile, QuirkSet, Version};

/// Where its mappings lie; tests count pages from here.
pub(super) const BASE: u64 = 0x7000_0000_0000;

/// The address of a page.
pub(super) fn page(number: u64) -> u64 {
    BASE + number * PAGE_SIZE
}

/// One process without a system around it.
pub(super) struct Bench {
    pub profile: Profile,
    pub mm: Mm,
    pub limits: Limits,
    pub capabilities: Capabilities,
    pub anon_vmas: AnonVmas,
    pub folios: Folios,
    pub fired: QuirkSet,
    pub allocations: Allocations,
    pub stray_charge: u64,
}

impl Bench {
    /// An empty address space.
    pub fn new() -> Bench {
        Bench {
            profile: Profile::stock(Version::new(6, 18)),
            mm: Mm { thp_disable: 1, ..Mm::default() },
            limits: Limits::default(),
            capabilities: Capabilities::default(),
            anon_vmas: AnonVmas::default(),
            folios: Folios::default(),
            fired: QuirkSet::default(),
            allocations: Allocations::default(),
            stray_charge: 0,
        }
    }

    pub fn cur(&mut self) -> Current<'_> {
        Current {
            committed_elsewhere: 0,
            profile: &self.profile,
            mm: &mut self.mm,
            limits: &mut self.limits,
            capabilities: &mut self.capabilities,
            anon_vmas: &mut self.anon_vmas,
            folios: &mut self.folios,
            fired: &mut self.fired,
            allocations: &mut self.allocations,
            stray_charge: &mut self.stray_charge,
        }
    }

    /// Maps `[from, to)`, in pages, readable and with more flags.
    pub fn map(&mut self, from: u64, to: u64, more: VmFlags) {
        let may = VmFlags::MAYREAD | VmFlags::MAYWRITE | VmFlags::MAYEXEC;
        let flags = VmFlags::READ | may | more;
        self.mm.stat_account(flags, (to - from) as i64);
        self.mm.vmas.insert(Vma::anonymous(page(from), page(to), flags));
    }

    /// Populates a page as a write does.
    pub fn touch(&mut self, number: u64) -> FolioId {
        let id = self.folios.add(Folio::anon());
        self.folios.map(id);
        self.mm.rss.anon += 1;
        let bits = PteBits::WRITE | PteBits::DIRTY | PteBits::YOUNG;
        self.mm.tables.set(page(number), Pte::Page(id, bits));
        id
    }

    /// The bits of a populated page.
    pub fn bits(&self, number: u64) -> Option<PteBits> {
        match self.mm.tables.pte(page(number)) {
            Pte::Page(_, bits) => Some(bits),
            _ => None,
        }
    }

    /// The flags of a page's folio.
    pub fn flags(&self, id: FolioId) -> FolioFlags {
        self.folios.get(id).flags
    }

    /// The mappings, in pages, with one letter: whether they have a flag.
    pub fn spans(&self, flag: VmFlags) -> Vec<(u64, u64, bool)> {
        let at = |address: u64| (address - BASE) / PAGE_SIZE;
        self.mm
            .vmas
            .iter()
            .map(|vma| (at(vma.start), at(vma.end), vma.flags.contains(flag)))
            .collect()
    }
}

/// The error number of a failure.
pub(super) fn errno<T>(result: Result<T, Fail>) -> Option<Errno> {
    match result {
        Err(Fail::Errno(errno, _)) => Some(errno),
        _ => None,
    }
}
