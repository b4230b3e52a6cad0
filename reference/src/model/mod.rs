//! The address spaces: state and rules.
//!
//! Layered as the kernel is:
//!
//! * [`vma`], [`vma_tree`], `unmapped_area`: mappings, merging and splitting,
//!   and where a new one lands (`mm/vma.c`, `mm/mmap.c`).
//! * [`anon_vma`], [`rmap`]: who may share anonymous pages with whom, and how a
//!   page finds those who map it (`mm/rmap.c`).
//! * [`capabilities`], `limits`: what a process may do, and how much of it.
//! * [`page_table`], [`folio`]: what is populated, and by which page.
//! * [`fault`], `swap`, [`gup`], [`zap`], [`protection`], [`move_tables`]: the
//!   paths that change page tables (`mm/memory.c`, `mm/gup.c`, `mm/mprotect.c`,
//!   `mm/mremap.c`); [`stack_shift`] is the one move that `execve` makes, [`exec`] all that
//!   it leaves on a stack, and [`pkeys`] what makes memory execute-only.
//! * [`ops`]: one file per operation.
//! * [`observe`]: what `/proc` shows of it all.

pub mod allocations;
pub mod anon_vma;
pub mod capabilities;
mod content;
pub mod exec;
pub mod expand;
pub mod fault;
pub mod folio;
pub mod gaps;
pub mod gup;
mod limits;
mod merge;
pub mod mm;
pub mod modify;
pub mod move_tables;
pub mod observe;
pub mod ops;
pub mod page_table;
pub mod pkeys;
pub mod protection;
mod pte_table;
pub mod rmap;
pub mod seed;
pub mod stack_shift;
mod swap;
pub mod system;
#[cfg(test)]
mod tests;
mod trap;
mod unmapped_area;
pub mod vma;
pub mod vma_tree;
pub mod zap;

pub use allocations::Purpose;
pub use capabilities::Capabilities;
pub use mm::{Limits, Mm, Rss};
pub use seed::Seed;
pub use system::{Answer, CannotPredict, Current, Process, System};
pub use vma::{Backing, VmFlags, Vma};

use crate::errno::Errno;

/// Why an operation did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fail {
    /// The kernel answers with this error, for this reason.
    Errno(Errno, &'static str),
    /// The model has no rule for this.
    Unknown(CannotPredict),
}

impl From<CannotPredict> for Fail {
    fn from(reason: CannotPredict) -> Fail {
        Fail::Unknown(reason)
    }
}

/// A failure with an error number and the reason for it.
pub(crate) fn fail<T>(errno: Errno, why: &'static str) -> Result<T, Fail> {
    Err(Fail::Errno(errno, why))
}
