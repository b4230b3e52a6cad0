//! A mapping: `struct vm_area_struct`.

use super::anon_vma::AnonVmaId;
use crate::addr::{pages, PAGE_SHIFT, PAGE_SIZE, STACK_GUARD_PAGES};
use smallvec::SmallVec;
use std::sync::Arc;

bitflags::bitflags! {
    /// `vm_flags`. The bit positions are the kernel's where they never moved
    /// and otherwise our own; only `VmFlags` lines show them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct VmFlags: u64 {
        /// `rd` in VmFlags.
        const READ = 1 << 0;
        /// `wr` in VmFlags.
        const WRITE = 1 << 1;
        /// `ex` in VmFlags.
        const EXEC = 1 << 2;
        /// `sh` in VmFlags.
        const SHARED = 1 << 3;
        /// `mr` in VmFlags.
        const MAYREAD = 1 << 4;
        /// `mw` in VmFlags.
        const MAYWRITE = 1 << 5;
        /// `me` in VmFlags.
        const MAYEXEC = 1 << 6;
        /// `ms` in VmFlags.
        const MAYSHARE = 1 << 7;
        /// `gd` in VmFlags.
        const GROWSDOWN = 1 << 8;
        /// `um` in VmFlags.
        const UFFD_MISSING = 1 << 9;
        /// `pf` in VmFlags.
        const PFNMAP = 1 << 10;
        /// `gu` in VmFlags.
        const MAYBE_GUARD = 1 << 11;
        /// `uw` in VmFlags.
        const UFFD_WP = 1 << 12;
        /// `lo` in VmFlags.
        const LOCKED = 1 << 13;
        /// `io` in VmFlags.
        const IO = 1 << 14;
        /// `sr` in VmFlags.
        const SEQ_READ = 1 << 15;
        /// `rr` in VmFlags.
        const RAND_READ = 1 << 16;
        /// `dc` in VmFlags.
        const DONTCOPY = 1 << 17;
        /// `de` in VmFlags.
        const DONTEXPAND = 1 << 18;
        /// `lf` in VmFlags.
        const LOCKONFAULT = 1 << 19;
        /// `ac` in VmFlags.
        const ACCOUNT = 1 << 20;
        /// `nr` in VmFlags.
        const NORESERVE = 1 << 21;
        /// `ht` in VmFlags.
        const HUGETLB = 1 << 22;
        /// `sf` in VmFlags.
        const SYNC = 1 << 23;
        /// `ar` in VmFlags.
        const ARCH_1 = 1 << 24;
        /// `wf` in VmFlags.
        const WIPEONFORK = 1 << 25;
        /// `dd` in VmFlags.
        const DONTDUMP = 1 << 26;
        /// `sd` in VmFlags.
        const SOFTDIRTY = 1 << 27;
        /// `mm` in VmFlags.
        const MIXEDMAP = 1 << 28;
        /// `hg` in VmFlags.
        const HUGEPAGE = 1 << 29;
        /// `nh` in VmFlags.
        const NOHUGEPAGE = 1 << 30;
        /// `mg` in VmFlags.
        const MERGEABLE = 1 << 31;
        /// The lowest bit of the protection key (`VM_PKEY_BIT0`); has no code in VmFlags.
        const PKEY_BIT0 = 1 << 32;
        /// `ss` in VmFlags.
        const SHADOW_STACK = 1 << 37;
        /// `ui` in VmFlags.
        const UFFD_MINOR = 1 << 38;
        /// `dp` in VmFlags.
        const DROPPABLE = 1 << 40;
        /// `sl` in VmFlags.
        const SEALED = 1 << 42;

        /// `VM_ACCESS_FLAGS`
        const ACCESS = Self::READ.bits() | Self::WRITE.bits() | Self::EXEC.bits();
        /// `VM_SPECIAL`: never merged, advised or locked.
        const SPECIAL = Self::IO.bits() | Self::DONTEXPAND.bits() | Self::PFNMAP.bits()
            | Self::MIXEDMAP.bits();
        /// What cannot be locked (`vma_supports_mlock`). It does not get the flag either
        /// by which locking waits for a page to be touched, and a call that locks
        /// populates it at once (`mm/gup.c:populate_vma_page_range`).
        const NEVER_LOCKED = Self::SPECIAL.bits() | Self::DROPPABLE.bits()
            | Self::HUGETLB.bits();
        /// `VM_LOCKED_MASK`
        const LOCKED_MASK = Self::LOCKED.bits() | Self::LOCKONFAULT.bits();
    }
}

/// What a mapping's pages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backing {
    /// Private anonymous memory.
    Anonymous,
    /// A file of the system's file table.
    File(FileId),
    /// A mapping that the kernel installed (vdso, vvar); opaque to the model.
    Special(u8),
}

/// A file of the system's file table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(pub u16);

/// The chain of `anon_vma_chain` entries of a mapping: every anon_vma whose
/// pages it may map, oldest first.
pub type Chain = SmallVec<[AnonVmaId; 2]>;

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vma {
    /// First byte, page-aligned.
    pub start: u64,
    /// One past the last byte, page-aligned.
    pub end: u64,
    /// `vm_flags`
    pub flags: VmFlags,
    /// `vm_pgoff`: page offset into the file; for anonymous memory the page
    /// number of its start at the time when its pages got their index.
    pub pgoff: u64,
    /// Where its pages come from.
    pub backing: Backing,
    /// The anon_vma that new pages of this mapping belong to.
    pub anon_vma: Option<AnonVmaId>,
    /// Every anon_vma that it is linked to.
    pub chain: Chain,
    /// `anon_name`
    pub name: Option<Arc<str>>,
}

impl Vma {
    /// A private anonymous mapping that was never touched.
    pub fn anonymous(start: u64, end: u64, flags: VmFlags) -> Vma {
        Vma {
            start,
            end,
            flags,
            pgoff: start >> PAGE_SHIFT,
            backing: Backing::Anonymous,
            anon_vma: None,
            chain: Chain::new(),
            name: None,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Never true of a mapping in a tree.
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// Length in pages (`vma_pages`).
    pub fn pages(&self) -> u64 {
        pages(self.len())
    }

    /// Whether its pages are locked as they are mapped (`mlock_vma_folio`).
    pub fn locks_pages(&self) -> bool {
        self.flags & (VmFlags::LOCKED | VmFlags::SPECIAL) == VmFlags::LOCKED
    }

    /// `vma_is_anonymous`: private anonymous memory.
    pub fn is_anonymous(&self) -> bool {
        self.backing == Backing::Anonymous
    }

    /// `vma_is_accessible`: any of read, write, execute.
    pub fn is_accessible(&self) -> bool {
        self.flags.intersects(VmFlags::ACCESS)
    }

    /// `vm_start_gap`: where the free space below this mapping ends.
    pub fn start_gap(&self) -> u64 {
        if self.flags.contains(VmFlags::GROWSDOWN) {
            self.start.saturating_sub(STACK_GUARD_PAGES * PAGE_SIZE)
        } else if self.flags.contains(VmFlags::SHADOW_STACK) {
            self.start.saturating_sub(PAGE_SIZE)
        } else {
            self.start
        }
    }

    /// The page offset of an address inside (`linear_page_index`).
    pub fn pgoff_of(&self, address: u64) -> u64 {
        self.pgoff.wrapping_add(pages(address.wrapping_sub(self.start)))
    }

    /// The flags of `vm_stat_account`: which of exec, stack and data counts it.
    pub fn is_data(flags: VmFlags) -> bool {
        flags & (VmFlags::WRITE | VmFlags::SHARED | VmFlags::GROWSDOWN) == VmFlags::WRITE
    }

    /// `is_exec_mapping`
    pub fn is_exec(flags: VmFlags) -> bool {
        flags & (VmFlags::EXEC | VmFlags::WRITE | VmFlags::GROWSDOWN) == VmFlags::EXEC
    }

    /// `is_stack_mapping`
    pub fn is_stack(flags: VmFlags) -> bool {
        flags.intersects(VmFlags::GROWSDOWN | VmFlags::SHADOW_STACK)
    }
}
