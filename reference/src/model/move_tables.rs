//! Moving populated memory (`mm/mremap.c:move_page_tables`).

use super::page_table::{PageTables, Pte, PteBits};
use super::vma::Vma;
use super::{Current, Mm};
use crate::addr::{align_down, PMD_SIZE, PUD_SIZE};
use crate::defect::Defect;
use crate::profile::Rule;

/// Moves the entries of `len` bytes from `old_start` in `old` to `new_start`
/// in `new`, whole tables where both sides are aligned, else entry by entry.
/// Tables at the destination appear as the kernel makes them; those of the
/// source stay until the source is unmapped.
pub fn move_page_tables(
    cur: &mut Current<'_>,
    old: &Vma,
    new: &Vma,
    old_start: u64,
    new_start: u64,
    len: u64,
) {
    if len == 0 {
        return;
    }
    let (mut from, mut to, end) = (old_start, new_start, old_start + len);
    let realigns =
        cur.profile.has(Rule::MremapRealign) && !cur.profile.has_defect(Defect::MoveNeverRealigns);
    if realigns && can_realign(cur.mm, old, new, from, to, len) {
        (from, to) = (align_down(from, PMD_SIZE), align_down(to, PMD_SIZE));
    }
    let whole = !cur.profile.has_defect(Defect::MoveEntryByEntry);
    spoil(cur, from, end);
    let tables = &mut cur.mm.tables;
    while from < end {
        let next = tables.next_pmd_table(from, end);
        to += next - from;
        from = next;
        if from >= end {
            break;
        }
        let step = extent(PUD_SIZE, from, to, end);
        tables.alloc_pud(to);
        if whole && step == PUD_SIZE && !tables.has_pmd_table(to) {
            tables.move_pmd_table(from, to);
        } else {
            move_below_pud(tables, (from, from + step), to, whole);
        }
        from += step;
        to += step;
    }
}

/// Moves `[from, end)`, which has one PMD table on either side.
fn move_below_pud(tables: &mut PageTables, (mut from, end): (u64, u64), mut to: u64, whole: bool) {
    loop {
        let next = tables.next_pte_table(from, end);
        to += next - from;
        from = next;
        if from >= end {
            return;
        }
        let step = extent(PMD_SIZE, from, to, end);
        tables.alloc_pmd(to);
        if whole && step == PMD_SIZE && !tables.has_pte_table(to) {
            tables.move_pte_table(from, to);
        } else {
            tables.alloc(to);
            move_entries(tables, from, to, step);
        }
        from += step;
        to += step;
    }
}

/// What the defects of a move do to the entries that it will move.
fn spoil(cur: &mut Current<'_>, from: u64, end: u64) {
    let profile = cur.profile;
    let loses = profile.has_defect(Defect::MoveLosesGuards);
    let ages = profile.has_defect(Defect::MoveClearsYoung);
    if !(loses || ages) {
        return;
    }
    cur.mm.tables.for_each_pte(from, end, |_, pte| match pte {
        Pte::Guard if loses => *pte = Pte::None,
        Pte::Page(_, bits) if ages => bits.remove(PteBits::YOUNG),
        _ => {}
    });
}

/// `move_ptes`
fn move_entries(tables: &mut PageTables, from: u64, to: u64, len: u64) {
    let mut taken = Vec::new();
    tables.for_each_pte(from, from + len, |address, pte| {
        taken.push((address - from + to, std::mem::take(pte)));
    });
    for (address, pte) in taken {
        debug_assert!(tables.pte(address) == Pte::None);
        tables.set(address, pte);
    }
}

/// `get_extent`: up to the end of a table's span on either side.
fn extent(span: u64, from: u64, to: u64, end: u64) -> u64 {
    let left = |address: u64| span - address % span;
    left(from).min(left(to)).min(end - from)
}

/// `can_realign_addr`: the move may start at the start of the table's span,
/// when it fills the rest of that, both sides have the same place in theirs,
/// and nothing else is mapped in the part that is added.
fn can_realign(mm: &Mm, old: &Vma, new: &Vma, from: u64, to: u64, len: u64) -> bool {
    let clear = |vma: &Vma, start: u64| {
        vma.start == start && !mm.vmas.intersects(align_down(start, PMD_SIZE), start)
    };
    let offset = from % PMD_SIZE;
    offset != 0
        && len >= PMD_SIZE - offset
        && offset == to % PMD_SIZE
        && clear(old, from)
        && clear(new, to)
}

#[cfg(test)]
#[path = "move_tables_tests.rs"]
mod tests;
