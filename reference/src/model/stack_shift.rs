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
//! Programs cannot express `execve`; what a shift does to page tables is tested
//! on the model, and what it does to contents on the kernel.

use super::move_tables::{move_page_tables, Moved};
use super::{fail, page_table, Current, Fail};
use crate::addr::pages;
use crate::errno::Errno;

/// Moves the mapping that starts at `old_start` down by `shift` bytes, with its
/// pages and its page offset.
///
/// # Errors
/// EFAULT when something is mapped where it goes, ENOMEM when a page table
/// cannot be allocated; the new program ends then.
pub fn relocate_down(cur: &mut Current<'_>, old_start: u64, shift: u64) -> Result<Moved, Fail> {
    let Some(vma) = cur.mm.vmas.at(old_start).cloned() else {
        return fail(Errno::EFAULT, "nothing is mapped there");
    };
    let (Some(new_start), old_end) = (old_start.checked_sub(shift), vma.end) else {
        return fail(Errno::EFAULT, "shifted below the address space");
    };
    if cur.mm.vmas.intersects(new_start, old_start) {
        return fail(Errno::EFAULT, "something is mapped where it goes");
    }
    let (len, new_end) = (vma.len(), old_end - shift);
    let both = super::Vma { start: new_start, ..vma };
    cur.mm.vmas.remove(old_start);
    cur.mm.vmas.insert(both.clone());
    cur.mm.stat_account(both.flags, pages(shift) as i64);
    let moved = move_page_tables(cur, &both, &both, old_start, new_start, len, true);
    if moved.bytes < len {
        return fail(Errno::ENOMEM, "no page table can be allocated");
    }
    let ceiling = cur.mm.vmas.from(old_end).map_or(0, |next| next.start);
    page_table::free_tables(cur, new_end.max(old_start), old_end, new_end, ceiling);
    cur.mm.vmas.resize(new_start, new_start, new_end, both.pgoff);
    cur.mm.stat_account(both.flags, -(pages(shift) as i64));
    Ok(moved)
}

#[cfg(test)]
#[path = "stack_shift_tests.rs"]
mod tests;
