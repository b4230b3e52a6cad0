//! Moving populated memory (`mm/mremap.c:move_page_tables`).
//!
//! The walk goes from table to table. Where source and destination both begin a
//! table's span and all of it moves, the table itself changes its place;
//! otherwise a table is made at the destination and the entries are moved one
//! by one. A walk may begin below what was asked for, see `realign`.

mod realign;

use super::allocations::{Allocations, NoMemory, Purpose};
use super::page_table::{PageTables, Pte, PteBits};
use super::vma::Vma;
use super::Current;
use crate::addr::{PMD_SIZE, PUD_SIZE};
use crate::defect::Defect;

/// What came of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Moved {
    /// How many of the bytes were moved: less than all of them where a page
    /// table could not be allocated.
    pub bytes: u64,
    /// A table could have moved whole, but an empty one was in its place: the
    /// kernel warns of it (`move_normal_pmd`), and moves the entries.
    pub met_table: bool,
    /// An entry without a page of its own was moved by itself, which marks it as soft-dirty
    /// (`move_soft_dirty_pte`). The model keeps no such mark.
    pub marked: bool,
}

/// Moves the entries of `len` bytes from `old_start` in `old` to `new_start`
/// in `new`. Tables at the destination appear as the kernel makes them; those
/// of the source stay until the source is unmapped. `for_stack`: the shift of a
/// new program's stack within its one mapping.
pub fn move_page_tables(
    cur: &mut Current<'_>,
    old: &Vma,
    new: &Vma,
    old_start: u64,
    new_start: u64,
    len: u64,
    for_stack: bool,
) -> Moved {
    let asked = Walk { from: old_start, to: new_start, end: old_start + len };
    let mut walk = realign::realign(cur, old, new, asked, for_stack);
    spoil(cur, walk.from, walk.end);
    let mut mover = Mover {
        tables: &mut cur.mm.tables,
        left: cur.allocations,
        whole: !cur.profile.has_defect(Defect::MoveEntryByEntry),
        met_table: false,
        marked: false,
    };
    let whole_way = mover.run(&mut walk).is_ok();
    let (met_table, marked) = (mover.met_table, mover.marked);
    // pmc_progress: what lies below the start that was asked for does not count
    let wraps = cur.profile.has_defect(Defect::MoveProgressWraps);
    let bytes = if whole_way {
        len
    } else if walk.from < old_start && !wraps {
        0
    } else {
        walk.from.wrapping_sub(old_start)
    };
    Moved { bytes, met_table, marked }
}

/// What is still to be moved: `[from, end)`, to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walk {
    from: u64,
    to: u64,
    end: u64,
}

impl Walk {
    fn advance(&mut self, by: u64) {
        self.from += by;
        self.to += by;
    }

    /// `get_extent`: up to the end of a table's span on either side.
    fn extent(&self, span: u64) -> u64 {
        let left = |address: u64| span - address % span;
        left(self.from).min(left(self.to)).min(self.end - self.from)
    }
}

/// Moves tables and entries, and allocates what is missing at the destination.
struct Mover<'a> {
    tables: &'a mut PageTables,
    left: &'a mut Allocations,
    /// Whether whole tables may move.
    whole: bool,
    /// See [`Moved::met_table`].
    met_table: bool,
    /// See [`Moved::marked`].
    marked: bool,
}

impl Mover<'_> {
    fn run(&mut self, walk: &mut Walk) -> Result<(), NoMemory> {
        while walk.from < walk.end {
            let next = self.tables.next_pmd_table(walk.from, walk.end);
            walk.advance(next - walk.from);
            if walk.from >= walk.end {
                break;
            }
            let step = walk.extent(PUD_SIZE);
            self.pud_alloc(walk.to)?;
            if self.whole && step == PUD_SIZE && !self.tables.has_pmd_table(walk.to) {
                self.tables.move_pmd_table(walk.from, walk.to);
                walk.advance(step);
            } else {
                self.below_pud(walk, walk.from + step)?;
            }
        }
        Ok(())
    }

    /// Moves up to `end`, on one PMD table on either side.
    fn below_pud(&mut self, walk: &mut Walk, end: u64) -> Result<(), NoMemory> {
        while walk.from < end {
            let next = self.tables.next_pte_table(walk.from, end);
            walk.advance(next - walk.from);
            if walk.from >= end {
                break;
            }
            let step = walk.extent(PMD_SIZE);
            self.pmd_alloc(walk.to)?;
            if self.whole && step == PMD_SIZE && !self.tables.has_pte_table(walk.to) {
                self.tables.move_pte_table(walk.from, walk.to);
            } else {
                self.met_table |= step == PMD_SIZE && self.tables.has_pte_table(walk.to);
                self.pte_alloc(walk.to)?;
                self.move_entries(walk.from, walk.to, step);
            }
            walk.advance(step);
        }
        Ok(())
    }

    fn pud_alloc(&mut self, address: u64) -> Result<(), NoMemory> {
        if !self.tables.has_pud_table(address) {
            self.left.take(Purpose::PageTable)?;
            self.tables.alloc_pud(address);
        }
        Ok(())
    }

    fn pmd_alloc(&mut self, address: u64) -> Result<(), NoMemory> {
        self.pud_alloc(address)?;
        if !self.tables.has_pmd_table(address) {
            self.left.take(Purpose::PageTable)?;
            self.tables.alloc_pmd(address);
        }
        Ok(())
    }

    fn pte_alloc(&mut self, address: u64) -> Result<(), NoMemory> {
        if !self.tables.has_pte_table(address) {
            self.left.take(Purpose::PageTable)?;
            self.tables.alloc(address);
        }
        Ok(())
    }

    /// `move_ptes`
    fn move_entries(&mut self, from: u64, to: u64, len: u64) {
        let mut taken = Vec::new();
        self.tables.for_each_pte(from, from + len, |address, pte| {
            taken.push((address - from + to, std::mem::take(pte)));
        });
        for (address, pte) in taken {
            self.marked |= matches!(pte, Pte::Zero | Pte::Guard);
            self.tables.set(address, pte);
        }
    }
}

/// What the defects of a move do to the entries that it will move.
fn spoil(cur: &mut Current<'_>, from: u64, end: u64) {
    let profile = cur.profile;
    let loses = profile.has_defect(Defect::MoveLosesGuards);
    let ages = profile.has_defect(Defect::MoveClearsYoung);
    if profile.has_defect(Defect::MoveSwapsFrames) {
        let mut pages = Vec::new();
        cur.mm.tables.for_each(from, end, |_, pte| match pte {
            Pte::Page(id, _) if pages.len() < 2 => pages.push(id),
            _ => {}
        });
        if let [one, other] = pages[..] {
            cur.folios.swap_frames(one, other);
        }
    }
    if !(loses || ages) {
        return;
    }
    cur.mm.tables.for_each_pte(from, end, |_, pte| match pte {
        Pte::Guard if loses => *pte = Pte::None,
        Pte::Page(_, bits) if ages => bits.remove(PteBits::YOUNG),
        _ => {}
    });
}

#[cfg(test)]
#[path = "move_tables_tests.rs"]
mod tests;
