//! Page tables: which pages are populated, and which tables exist.

use super::pte_table::{PteTable, ENTRIES};
use crate::addr::{align_down, PAGE_SHIFT, PAGE_SIZE, PGDIR_SIZE, PMD_SIZE, PUD_SIZE};
use crate::defect::Defect;
use smallvec::SmallVec;
use std::ops::Range;

pub use super::pte_table::{Pte, PteBits};

/// Freed tables that are kept, for the next ones.
const SPARE: usize = 16;

/// The numbers of tables, ascending. Few as they are next to the pages that
/// they map, they need no tree.
type Numbers = SmallVec<[u64; 8]>;

/// The page tables of an address space with four levels.
#[derive(Debug, Default)]
pub struct PageTables {
    /// PTE tables, by address in units of [`PMD_SIZE`], and what they hold.
    ptes: Numbers,
    tables: Vec<Box<PteTable>>,
    /// PMD tables, by address in units of [`PUD_SIZE`].
    pmds: Numbers,
    /// PUD tables, by address in units of [`PGDIR_SIZE`].
    puds: Numbers,
    /// Tables that hold nothing and that nobody uses.
    spare: Vec<Box<PteTable>>,
}

impl Clone for PageTables {
    fn clone(&self) -> Self {
        PageTables {
            ptes: self.ptes.clone(),
            tables: self.tables.clone(),
            pmds: self.pmds.clone(),
            puds: self.puds.clone(),
            spare: Vec::new(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.ptes.clone_from(&source.ptes);
        self.tables.clone_from(&source.tables);
        self.pmds.clone_from(&source.pmds);
        self.puds.clone_from(&source.puds);
    }
}

fn slot(address: u64) -> usize {
    (address >> PAGE_SHIFT) as usize % ENTRIES
}

/// The part of `[start, end)` that table number `table` of `span` bytes maps.
fn clip(table: u64, span: u64, start: u64, end: u64) -> (u64, u64) {
    let low = table * span;
    (start.max(low), end.min(low + span))
}

/// Where a number is or would be.
fn place(numbers: &[u64], number: u64) -> Result<usize, usize> {
    let at = numbers.partition_point(|&n| n < number);
    match numbers.get(at) {
        Some(&found) if found == number => Ok(at),
        _ => Err(at),
    }
}

fn add(numbers: &mut Numbers, number: u64) {
    if let Err(at) = place(numbers, number) {
        numbers.insert(at, number);
    }
}

/// The places of the tables of `span` bytes that map a part of `[start, end)`.
fn within(numbers: &[u64], span: u64, start: u64, end: u64) -> Range<usize> {
    let first = numbers.partition_point(|&n| n < start / span);
    let rest = &numbers[first..];
    first..first + rest.partition_point(|&n| n < end.div_ceil(span))
}

impl PageTables {
    /// How many tables there are at all three levels.
    pub fn count(&self) -> u64 {
        (self.ptes.len() + self.pmds.len() + self.puds.len()) as u64
    }

    /// As [`PageTables::count`], without those of the top level.
    pub fn count_below_top(&self) -> u64 {
        self.count() - self.puds.len() as u64
    }

    fn table(&self, address: u64) -> Option<&PteTable> {
        let at = place(&self.ptes, address / PMD_SIZE).ok()?;
        Some(&self.tables[at])
    }

    /// The PTE table for an address, made if need be, with those above it.
    fn make_table(&mut self, address: u64) -> &mut PteTable {
        let number = address / PMD_SIZE;
        let at = place(&self.ptes, number).unwrap_or_else(|at| {
            self.alloc_pmd(address);
            self.ptes.insert(at, number);
            self.tables.insert(at, self.spare.pop().unwrap_or_default());
            at
        });
        &mut self.tables[at]
    }

    /// The entry for an address.
    #[inline]
    pub fn pte(&self, address: u64) -> Pte {
        self.table(address).map_or(Pte::None, |table| table.get(slot(address)))
    }

    /// Writes the entry for an address; the tables it needs are made.
    pub fn set(&mut self, address: u64, pte: Pte) {
        self.make_table(address).set(slot(address), pte);
    }

    /// Writes the same entry, which is not none, for every page of a range that
    /// is not empty; the tables it needs are made.
    pub fn fill(&mut self, start: u64, end: u64, pte: Pte) {
        for number in start / PMD_SIZE..end.div_ceil(PMD_SIZE) {
            let (from, to) = clip(number, PMD_SIZE, start, end);
            let (first, count) = (slot(from), (to - from) >> PAGE_SHIFT);
            self.make_table(from).fill(first, first + count as usize, pte);
        }
    }

    /// `pte_alloc`: makes the tables for an address.
    pub fn alloc(&mut self, address: u64) {
        self.make_table(address);
    }

    /// `pmd_alloc`: makes the tables above the PTE table for an address.
    pub fn alloc_pmd(&mut self, address: u64) {
        self.alloc_pud(address);
        add(&mut self.pmds, address / PUD_SIZE);
    }

    /// `pud_alloc`: makes the top table for an address.
    pub fn alloc_pud(&mut self, address: u64) {
        add(&mut self.puds, address / PGDIR_SIZE);
    }

    /// Whether the PTE table for an address exists.
    pub fn has_pte_table(&self, address: u64) -> bool {
        place(&self.ptes, address / PMD_SIZE).is_ok()
    }

    /// Whether the PUD table for an address exists.
    pub fn has_pud_table(&self, address: u64) -> bool {
        self.puds.contains(&(address / PGDIR_SIZE))
    }

    /// Whether the PMD table for an address exists.
    pub fn has_pmd_table(&self, address: u64) -> bool {
        place(&self.pmds, address / PUD_SIZE).is_ok()
    }

    /// Whether the PTE table for an address exists and holds nothing.
    pub fn is_pte_table_empty(&self, address: u64) -> bool {
        self.table(address).is_some_and(PteTable::is_empty)
    }

    /// Frees the PTE table for an address, whatever it holds.
    pub fn free_pte_table(&mut self, address: u64) {
        if let Ok(at) = place(&self.ptes, address / PMD_SIZE) {
            self.free_pte_tables(at..at + 1);
        }
    }

    fn free_pte_tables(&mut self, places: Range<usize>) {
        self.ptes.drain(places.clone());
        for mut table in self.tables.drain(places) {
            if self.spare.len() < SPARE {
                table.clear();
                self.spare.push(table);
            }
        }
    }

    /// The parts of `[start, end)` that have a PTE table, ascending.
    pub fn spans(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let places = if start < end { within(&self.ptes, PMD_SIZE, start, end) } else { 0..0 };
        self.ptes[places].iter().map(move |&n| clip(n, PMD_SIZE, start, end))
    }

    /// Calls for every entry in `[start, end)` that is not none, ascending.
    #[inline]
    pub fn for_each(&self, start: u64, end: u64, mut visit: impl FnMut(u64, Pte)) {
        if start >= end {
            return;
        }
        for at in within(&self.ptes, PMD_SIZE, start, end) {
            let (from, to) = clip(self.ptes[at], PMD_SIZE, start, end);
            let (first, count) = (slot(from), (to - from) >> PAGE_SHIFT);
            self.tables[at].for_each(first, first + count as usize, |slot, pte| {
                visit(from + (slot - first) as u64 * PAGE_SIZE, pte);
            });
        }
    }

    /// Calls for every entry in `[start, end)` that is not none, ascending; the
    /// closure may change it, to none as well. The tables stay.
    #[inline]
    pub fn for_each_pte(&mut self, start: u64, end: u64, mut visit: impl FnMut(u64, &mut Pte)) {
        if start >= end {
            return;
        }
        for at in within(&self.ptes, PMD_SIZE, start, end) {
            let (from, to) = clip(self.ptes[at], PMD_SIZE, start, end);
            let (first, count) = (slot(from), (to - from) >> PAGE_SHIFT);
            self.tables[at].for_each_mut(first, first + count as usize, |slot, pte| {
                visit(from + (slot - first) as u64 * PAGE_SIZE, pte);
            });
        }
    }

    /// `move_normal_pmd`: moves the PTE table for `from` to `to`, where the
    /// upper tables exist and no PTE table does.
    pub fn move_pte_table(&mut self, from: u64, to: u64) {
        if let Ok(at) = place(&self.ptes, from / PMD_SIZE) {
            self.ptes.remove(at);
            let table = self.tables.remove(at);
            match place(&self.ptes, to / PMD_SIZE) {
                Ok(at) => self.tables[at] = table,
                Err(at) => {
                    self.ptes.insert(at, to / PMD_SIZE);
                    self.tables.insert(at, table);
                }
            }
        }
    }

    /// `move_normal_pud`: moves the PMD table for `from` with all below it.
    pub fn move_pmd_table(&mut self, from: u64, to: u64) {
        let (from, to) = (align_down(from, PUD_SIZE), align_down(to, PUD_SIZE));
        if let Ok(at) = place(&self.pmds, from / PUD_SIZE) {
            self.pmds.remove(at);
            add(&mut self.pmds, to / PUD_SIZE);
            let moved: Vec<u64> = self.spans(from, from + PUD_SIZE).map(|(at, _)| at).collect();
            for at in moved {
                self.move_pte_table(at, at - from + to);
            }
        }
    }

    /// The first address in `[address, end)` whose PMD table exists, or `end`.
    pub fn next_pmd_table(&self, address: u64, end: u64) -> u64 {
        next(&self.pmds, PUD_SIZE, address, end)
    }

    /// The first address in `[address, end)` whose PTE table exists, or `end`.
    pub fn next_pte_table(&self, address: u64, end: u64) -> u64 {
        next(&self.ptes, PMD_SIZE, address, end)
    }

    /// `free_pgd_range`: frees the tables of `[start, end)`, whose entries are
    /// none, as far as nothing from `floor` down or from `ceiling` up (0: the
    /// end of the address space) can use them. Floor and ceiling are the ends
    /// of the neighbouring mappings.
    pub fn free_range(&mut self, start: u64, end: u64, floor: u64, ceiling: u64) {
        let mut start = align_down(start, PMD_SIZE);
        if start < floor {
            start += PMD_SIZE;
        }
        let mut ceiling = ceiling;
        if ceiling != 0 {
            ceiling = align_down(ceiling, PMD_SIZE);
            if ceiling == 0 {
                return;
            }
        }
        // without a ceiling `ceiling - 1` is the largest address
        let above = |end: u64, ceiling: u64| end - 1 > ceiling.wrapping_sub(1);
        let mut end = end;
        if above(end, ceiling) {
            end -= PMD_SIZE;
        }
        if start >= end {
            return;
        }
        let shared = |span: u64, from: u64, to: u64| {
            if align_down(from, span) < floor {
                return true;
            }
            let top = align_down(ceiling, span);
            ceiling != 0 && (top == 0 || above(to, top))
        };
        self.free_pte_tables(within(&self.ptes, PMD_SIZE, start, end));
        for (numbers, span) in [(&mut self.pmds, PUD_SIZE), (&mut self.puds, PGDIR_SIZE)] {
            let freed = within(numbers, span, start, end);
            let mut at = freed.start;
            for _ in freed {
                let (from, to) = clip(numbers[at], span, start, end);
                if shared(span, from, to) {
                    at += 1;
                } else {
                    numbers.remove(at);
                }
            }
        }
    }

    /// Makes the tables that `other` has for `[start, end)`, all levels, empty.
    pub fn copy_shape(&mut self, other: &PageTables, start: u64, end: u64) {
        for &table in &other.puds[within(&other.puds, PGDIR_SIZE, start, end)] {
            add(&mut self.puds, table);
        }
        for &table in &other.pmds[within(&other.pmds, PUD_SIZE, start, end)] {
            add(&mut self.pmds, table);
        }
        for &table in &other.ptes[within(&other.ptes, PMD_SIZE, start, end)] {
            self.alloc(table * PMD_SIZE);
        }
    }

    /// Calls for every entry that is not none here or in `other`, which has the
    /// same tables, with both.
    #[inline]
    pub fn zip(&self, other: &PageTables, mut visit: impl FnMut(Pte, Pte)) {
        for (here, there) in self.tables.iter().zip(&other.tables) {
            here.zip(there, &mut visit);
        }
    }

    /// Whether the same tables exist, whatever they hold.
    pub fn same_shape(&self, other: &PageTables) -> bool {
        self.ptes == other.ptes && self.pmds == other.pmds && self.puds == other.puds
    }
}

/// The first address in `[address, end)` that one of the tables maps, or `end`.
fn next(numbers: &[u64], span: u64, address: u64, end: u64) -> u64 {
    let at = numbers.partition_point(|&n| n < address / span);
    numbers.get(at).map_or(end, |&n| (n * span).clamp(address, end))
}

/// `free_pgtables`: frees the tables of a range that was unmapped; `floor` is
/// the end of the mapping below (0: none), `ceiling` the start of the mapping
/// above (0: none).
pub fn free_tables(cur: &mut super::Current<'_>, start: u64, end: u64, floor: u64, ceiling: u64) {
    if cur.profile.has_defect(Defect::UnmapKeepsTables) {
        return;
    }
    if cur.profile.has_defect(Defect::UnmapIgnoresCeiling) {
        return cur.mm.tables.free_range(start, end, floor, end.next_multiple_of(PMD_SIZE));
    }
    cur.mm.tables.free_range(start, end, floor, ceiling);
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: u64 = PUD_SIZE;
    const M2: u64 = PMD_SIZE;

    fn with(addresses: &[u64]) -> PageTables {
        let mut tables = PageTables::default();
        for &address in addresses {
            tables.set(address, Pte::Zero);
        }
        tables
    }

    #[test]
    fn tables_are_shared_by_neighbours() {
        assert_eq!(with(&[0x40_0000]).count(), 3);
        assert_eq!(with(&[0x40_0000, 0x40_1000]).count(), 3);
        assert_eq!(with(&[0x40_0000, 0x60_0000]).count(), 4);
        assert_eq!(with(&[0x40_0000, G]).count(), 5);
        assert_eq!(with(&[0x40_0000, PGDIR_SIZE]).count(), 6);
    }

    #[test]
    fn freeing_stops_at_neighbours() {
        let mut all = with(&[G + M2]);
        all.free_range(G + M2, G + M2 + PAGE_SIZE, 0, 0);
        assert_eq!(all.count(), 0);
        // a mapping below in the same 2 MiB keeps every table
        let mut low = with(&[G + M2 + PAGE_SIZE]);
        low.free_range(G + M2 + PAGE_SIZE, G + M2 + 2 * PAGE_SIZE, G + M2 + PAGE_SIZE, 0);
        assert_eq!(low.count(), 3);
        // one below in the same 1 GiB keeps the upper two
        let mut mid = with(&[G + M2]);
        mid.free_range(G + M2, G + M2 + PAGE_SIZE, G + PAGE_SIZE, 0);
        assert_eq!(mid.count(), 2);
        // one above in the next 1 GiB keeps the top one
        let mut high = with(&[G + M2]);
        high.free_range(G + M2, G + M2 + PAGE_SIZE, 0, 2 * G);
        assert_eq!(high.count(), 1);
        // and one above in the same 2 MiB keeps all
        let mut near = with(&[G + M2]);
        near.free_range(G + M2, G + M2 + PAGE_SIZE, 0, G + M2 + PAGE_SIZE);
        assert_eq!(near.count(), 3);
    }

    #[test]
    fn walking_sees_only_what_is_populated() {
        let mut tables = with(&[0x1000, 0x3000, G, 5 * G]);
        let mut seen = Vec::new();
        tables.for_each_pte(0x2000, 5 * G, |address, pte| {
            seen.push(address);
            *pte = Pte::None;
        });
        assert_eq!(seen, [0x3000, G]);
        assert!(tables.pte(G).is_none() && tables.is_pte_table_empty(G));
        assert_eq!(tables.pte(5 * G), Pte::Zero);
        assert_eq!(tables.spans(0x2000, 2 * G).collect::<Vec<_>>(), [(0x2000, M2), (G, G + M2)]);
    }

    #[test]
    fn whole_tables_move() {
        let mut tables = with(&[G, G + 3 * M2]);
        tables.alloc_pud(8 * G);
        tables.move_pmd_table(G, 8 * G);
        assert_eq!(tables.pte(8 * G + 3 * M2), Pte::Zero);
        assert!(!tables.has_pmd_table(G) && !tables.has_pte_table(G));
    }
}
