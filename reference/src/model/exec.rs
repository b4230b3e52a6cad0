//! What `execve` leaves on the stack of a new program (`fs/exec.c`,
//! `fs/binfmt_elf.c`).
//!
//! ```text
//!   stack ------------------------------------------------------ end
//!   |  room  | . . | tables |  . .  | name | arguments | path | 0 |
//!            ^     ^ start_stack    ^ copied to the very top of the address
//!            |                        space first, then moved down together
//!            128 KiB below what was copied
//! ```
//!
//! Name, arguments and path are known. What the kernel writes below them (the
//! pointers, the auxiliary vector, random bytes) is what the first look at the
//! new program finds there.

use super::expand::expand_stack;
use super::fault::handle;
use super::folio::PageContent;
use super::page_table::Pte;
use super::vma::{VmFlags, Vma};
use super::{gup, stack_shift, Current};
use crate::addr::{page_down, MAP_WINDOW, PAGE_SIZE};
use crate::op::{Exec, EXEC_NAME, EXEC_PATH, MAX_ARGUMENT};

/// What the first look at a program that began by `execve` says of its stack.
#[derive(Clone, Debug)]
pub struct ExecSeed {
    /// What it was executed with.
    pub exec: Exec,
    /// One past the last byte of the stack: a random distance below the end of the
    /// address space.
    pub end: u64,
    /// First byte that the kernel wrote below the strings: `start_stack`.
    pub tables_start: u64,
    /// One past the last of these bytes.
    pub tables_end: u64,
    /// What is in the pages that hold these bytes; empty where it is not known.
    pub bytes: Vec<u8>,
}

/// How much room is made below what was copied (`setup_arg_pages`).
const ROOM: u64 = 128 << 10;

impl ExecSeed {
    /// Where the stack starts under this limit on its size, once all is done
    /// (`setup_arg_pages`).
    pub fn start(&self, limit: u64) -> u64 {
        let low = page_down(self.end - self.exec.name_depth());
        let limit = page_down(limit);
        match self.end - low + ROOM > limit {
            true => self.end - limit,
            false => low - ROOM,
        }
    }
}

/// Makes the stack of a new program, whose address space is empty. Answers
/// whether the kernel complains of a table that was in the way.
pub(super) fn make_stack(cur: &mut Current<'_>, seed: &ExecSeed, flags: VmFlags) -> bool {
    let top = MAP_WINDOW;
    let low = page_down(top - seed.exec.name_depth());
    let vma = Vma::anonymous(low, top, flags);
    cur.mm.stat_account(vma.flags, vma.pages() as i64);
    cur.mm.vmas.insert(vma);
    // bprm_mm_init, copy_string_kernel: the path; copy_strings: the rest, last string first
    gup::write_for_exec(cur, low, top - PAGE_SIZE);
    let last = page_down(top - seed.exec.end_depth() - 1);
    for page in (low..=last).rev().step_by(PAGE_SIZE as usize) {
        gup::write_for_exec(cur, low, page);
    }
    // setup_arg_pages
    let shift = top - seed.end;
    let warned = shift > 0 && stack_shift::relocate_down(cur, low, shift).met_table;
    let (low, start) = (low - shift, seed.start(cur.limits.stack.0));
    let grown = start < low && expand_stack(cur, low, start).is_ok();
    let start = if grown { start } else { low };
    // create_elf_tables
    for page in (page_down(seed.tables_start)..seed.tables_end).step_by(PAGE_SIZE as usize) {
        if !cur.mm.tables.pte(page).is_present() {
            let faulted = handle(cur, start, page, true);
            debug_assert!(faulted.is_ok(), "writable memory without guard regions");
        }
    }
    for page in (page_down(seed.tables_start)..seed.end).step_by(PAGE_SIZE as usize) {
        if let Pte::Page(id, _) = cur.mm.tables.pte(page) {
            cur.folios.get_mut(id).content = content(seed, page);
        }
    }
    warned
}

/// What a page of the new stack holds.
fn content(seed: &ExecSeed, page: u64) -> PageContent {
    let first = page_down(seed.tables_start);
    if page < seed.tables_end {
        let at = (page - first) as usize;
        let bytes = seed.bytes.get(at..at + PAGE_SIZE as usize);
        return bytes.map_or(PageContent::Unknown, PageContent::of);
    }
    let mut content = PageContent::Uniform(0);
    let mut fill = |start: u64, end: u64, value: u8| {
        let (from, to) = (start.max(page), end.min(page + PAGE_SIZE));
        if from < to {
            content.fill(from - page, to - page, value);
        }
    };
    let [name, arguments, path] =
        [seed.exec.name_depth(), seed.exec.depth(), seed.exec.end_depth()].map(|d| seed.end - d);
    fill(arguments, path, Exec::letter(seed.end - page));
    for end in (arguments..path).step_by(MAX_ARGUMENT as usize).skip(1).chain([path]) {
        if end > arguments {
            fill(end - 1, end, 0);
        }
    }
    for (start, text) in [(name, EXEC_NAME), (path, EXEC_PATH)] {
        for (at, byte) in (start..).zip(text.bytes()) {
            fill(at, at + 1, byte);
        }
    }
    content
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
