//! The shift of a new program's stack (`mm/vma_exec.c:relocate_vma_down`,
//! `fs/exec.c:shift_arg_pages` until 6.12).
//!
//! `execve` copies arguments and environment to the very top of the address
//! space, and moves them down by a random distance when it knows where the stack
//! is to be. Both places may overlap, and lie in one mapping meanwhile:
//!
//! ```text
//!                       old_start ======= old_end
//!      new_start ======= new_end
//!      [------- one mapping during the move -----]
//! ```
//!
//! Nothing else is mapped yet, so nothing is in its way.

use super::move_tables::{move_page_tables, Moved};
use super::{page_table, zap, Current, Vma};
use crate::addr::{pages, PAGE_SHIFT};
use crate::defect::Defect;

/// Moves the only mapping, which starts at `old_start`, down by `shift` bytes,
/// with its pages and its page offset.
pub fn relocate_down(cur: &mut Current<'_>, old_start: u64, shift: u64) -> Moved {
    let Some(vma) = cur.mm.vmas.remove(old_start) else { return Moved::default() };
    let (new_start, old_end, len) = (old_start - shift, vma.end, vma.len());
    let new_end = old_end - shift;
    let both = Vma { start: new_start, ..vma };
    cur.mm.vmas.insert(both.clone());
    cur.mm.stat_account(both.flags, pages(shift) as i64);
    let moved = move_page_tables(cur, &both, &both, old_start, new_start, len, true);
    debug_assert_eq!(moved.bytes, len, "page tables can be had when a program begins");
    if cur.profile.has_defect(Defect::ShiftUnmapsOverlap) {
        zap::unmap_range(cur, old_start, old_end, &both);
    }
    if !cur.profile.has_defect(Defect::ShiftKeepsTables) {
        page_table::free_tables(cur, new_end.max(old_start), old_end, new_end, 0);
    }
    let pgoff = match cur.profile.has_defect(Defect::ShiftChangesPageOffset) {
        true => new_start >> PAGE_SHIFT,
        false => both.pgoff,
    };
    cur.mm.vmas.resize(new_start, new_start, new_end, pgoff);
    cur.mm.stat_account(both.flags, -(pages(shift) as i64));
    moved
}

#[cfg(test)]
#[path = "stack_shift_tests.rs"]
mod tests;
