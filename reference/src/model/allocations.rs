//! Kernel memory that a call cannot get.
//!
//! Moves and unmappings ask for kernel memory on their way. Where the model notes
//! that one of these requests cannot be met, the call goes on as the kernel's does:
//! it fails and undoes what it can, or does without. Several allocations in a row of
//! the kernel's are one request here when the state is the same whichever of them
//! fails. What faults allocate is not counted.

use super::Fail;
use crate::errno::Errno;

/// What memory is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A page table at the destination of a move (`alloc_new_pmd`, `pte_alloc`).
    PageTable,
    /// The second of the mappings that one is split into (`__split_vma`).
    Split,
    /// The list of what is unmapped, and the tree without it
    /// (`vms_gather_munmap_vmas`, `vma_iter_clear_gfp`).
    Removal,
    /// The mapping at the destination of a move (`copy_vma`).
    Copy,
    /// What lets the destination of a move join a neighbour (`vma_expand`).
    Merge,
    /// What lets a mapping grow in place (`vma_merge_extend`).
    Extension,
}

impl Purpose {
    /// Why a call fails that needed it.
    pub const fn why(self) -> &'static str {
        match self {
            Purpose::PageTable => "no page table can be allocated",
            Purpose::Split => "no memory for splitting a mapping",
            Purpose::Removal => "no memory for taking mappings out of the tree",
            Purpose::Copy => "no memory for the mapping at the destination",
            Purpose::Merge => "no memory for joining a neighbour",
            Purpose::Extension => "no memory for growing in place",
        }
    }
}

/// Memory cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory(pub Purpose);

impl From<NoMemory> for Fail {
    fn from(NoMemory(purpose): NoMemory) -> Fail {
        Fail::Errno(Errno::ENOMEM, purpose.why())
    }
}

/// Which request for memory is not met: the one after so many others, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Allocations {
    /// How many page tables can be had before; without a number, as many as needed.
    tables: Option<u64>,
    /// How many requests of any kind are met before.
    any: Option<u64>,
    /// What could not be had last.
    missed: Option<Purpose>,
}

impl Allocations {
    /// Only so many page tables, and not the next one.
    pub(super) fn limit_tables(&mut self, left: Option<u64>) {
        *self = Allocations { tables: left, ..Allocations::default() };
    }

    /// Only so much of anything, and not what is asked for next.
    pub(super) fn limit(&mut self, left: Option<u64>) {
        *self = Allocations { any: left, ..Allocations::default() };
    }

    /// How many page tables can still be had before one cannot.
    pub(super) fn tables_left(&self) -> Option<u64> {
        self.tables
    }

    /// What could not be had.
    pub(super) fn missed(&self) -> Option<Purpose> {
        self.missed
    }

    /// Whether a request of any kind is still to fail.
    pub(super) fn awaits_failure(&self) -> bool {
        self.any.is_some()
    }

    /// Asks for memory.
    ///
    /// # Errors
    /// Where this is the request that is not met.
    pub(super) fn take(&mut self, purpose: Purpose) -> Result<(), NoMemory> {
        let met =
            spend(&mut self.any) && (purpose != Purpose::PageTable || spend(&mut self.tables));
        if met {
            return Ok(());
        }
        self.missed = Some(purpose);
        Err(NoMemory(purpose))
    }
}

/// Takes one of what is left; false, and from then on without a limit, where nothing is.
fn spend(left: &mut Option<u64>) -> bool {
    match left {
        None => true,
        Some(0) => {
            *left = None;
            false
        }
        Some(count) => {
            *count -= 1;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_fails_and_the_next_does_not() {
        let mut left = Allocations::default();
        assert_eq!(left.take(Purpose::Copy), Ok(()));
        left.limit(Some(1));
        assert_eq!(left.take(Purpose::Copy), Ok(()));
        assert!(left.awaits_failure());
        assert_eq!(left.take(Purpose::PageTable), Err(NoMemory(Purpose::PageTable)));
        assert_eq!(left.missed(), Some(Purpose::PageTable));
        assert!(!left.awaits_failure());
        assert_eq!(left.take(Purpose::Split), Ok(()));
    }

    #[test]
    fn page_tables_can_be_scarce_alone() {
        let mut left = Allocations::default();
        left.limit_tables(Some(0));
        assert_eq!(left.take(Purpose::Copy), Ok(()));
        assert_eq!(left.take(Purpose::PageTable), Err(NoMemory(Purpose::PageTable)));
        assert_eq!(left.tables_left(), None);
    }
}
