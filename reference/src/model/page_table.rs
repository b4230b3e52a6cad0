//! Page tables: which pages are populated, and which tables exist.

use super::folio::FolioId;
use crate::addr::{align_down, PAGE_SHIFT, PAGE_SIZE, PGDIR_SIZE, PMD_SIZE, PUD_SIZE};
use crate::defect::Defect;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ENTRIES: usize = 512;

bitflags::bitflags! {
    /// The bits of an entry that maps a page.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct PteBits: u8 {
        /// The hardware lets it be written.
        const WRITE = 1 << 0;
        /// It was written.
        const DIRTY = 1 << 1;
        /// It was accessed.
        const YOUNG = 1 << 2;
    }
}

/// One entry of the lowest level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Pte {
    /// Nothing.
    #[default]
    None,
    /// The shared page of zeroes.
    Zero,
    /// A page.
    Page(FolioId, PteBits),
    /// A marker: a guard region.
    Guard,
}

impl Pte {
    /// `pte_none`
    pub fn is_none(self) -> bool {
        self == Pte::None
    }

    /// `pte_present`: the zero page or a page.
    pub fn is_present(self) -> bool {
        matches!(self, Pte::Zero | Pte::Page(..))
    }
}

/// A table of the lowest level, with the number of entries that are not none.
#[derive(Clone, Debug)]
struct PteTable {
    used: u16,
    entries: [Pte; ENTRIES],
}

impl Default for PteTable {
    fn default() -> Self {
        PteTable { used: 0, entries: [Pte::None; ENTRIES] }
    }
}

impl PteTable {
    fn recount(&mut self) {
        self.used = self.entries.iter().filter(|pte| !pte.is_none()).count() as u16;
    }
}

/// The page tables of an address space with four levels. Cloning shares the
/// tables until one side changes them.
#[derive(Clone, Debug, Default)]
pub struct PageTables {
    /// PTE tables, by address in units of [`PMD_SIZE`].
    ptes: BTreeMap<u64, Arc<PteTable>>,
    /// PMD tables, by address in units of [`PUD_SIZE`].
    pmds: BTreeSet<u64>,
    /// PUD tables, by address in units of [`PGDIR_SIZE`].
    puds: BTreeSet<u64>,
}

fn slot(address: u64) -> usize {
    (address >> PAGE_SHIFT) as usize % ENTRIES
}

/// The part of `[start, end)` that table number `table` of `span` bytes maps.
fn clip(table: u64, span: u64, start: u64, end: u64) -> (u64, u64) {
    let low = table * span;
    (start.max(low), end.min(low + span))
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

    /// The entry for an address.
    #[inline]
    pub fn pte(&self, address: u64) -> Pte {
        match self.ptes.get(&(address / PMD_SIZE)) {
            Some(table) => table.entries[slot(address)],
            None => Pte::None,
        }
    }

    /// Writes the entry for an address; the tables it needs are made.
    pub fn set(&mut self, address: u64, pte: Pte) {
        self.alloc(address);
        let table = self.ptes.entry(address / PMD_SIZE).or_default();
        let table = Arc::make_mut(table);
        let entry = &mut table.entries[slot(address)];
        table.used = table.used - u16::from(!entry.is_none()) + u16::from(!pte.is_none());
        *entry = pte;
    }

    /// `pte_alloc`: makes the tables for an address.
    pub fn alloc(&mut self, address: u64) {
        if !self.ptes.contains_key(&(address / PMD_SIZE)) {
            self.alloc_pmd(address);
            self.ptes.insert(address / PMD_SIZE, Arc::default());
        }
    }

    /// `pmd_alloc`: makes the tables above the PTE table for an address.
    pub fn alloc_pmd(&mut self, address: u64) {
        self.alloc_pud(address);
        self.pmds.insert(address / PUD_SIZE);
    }

    /// `pud_alloc`: makes the top table for an address.
    pub fn alloc_pud(&mut self, address: u64) {
        self.puds.insert(address / PGDIR_SIZE);
    }

    /// Whether the PTE table for an address exists.
    pub fn has_pte_table(&self, address: u64) -> bool {
        self.ptes.contains_key(&(address / PMD_SIZE))
    }

    /// Whether the PUD table for an address exists.
    pub fn has_pud_table(&self, address: u64) -> bool {
        self.puds.contains(&(address / PGDIR_SIZE))
    }

    /// Whether the PMD table for an address exists.
    pub fn has_pmd_table(&self, address: u64) -> bool {
        self.pmds.contains(&(address / PUD_SIZE))
    }

    /// Whether the PTE table for an address exists and holds nothing.
    pub fn is_pte_table_empty(&self, address: u64) -> bool {
        self.ptes.get(&(address / PMD_SIZE)).is_some_and(|table| table.used == 0)
    }

    /// Frees the PTE table for an address, whatever it holds.
    pub fn free_pte_table(&mut self, address: u64) {
        self.ptes.remove(&(address / PMD_SIZE));
    }

    /// The parts of `[start, end)` that have a PTE table, ascending.
    pub fn spans(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let last = if end > start { end.div_ceil(PMD_SIZE) } else { start / PMD_SIZE };
        self.ptes.range(start / PMD_SIZE..last).map(move |(&n, _)| clip(n, PMD_SIZE, start, end))
    }

    /// Calls for every entry in `[start, end)` that is not none, ascending.
    #[inline]
    pub fn for_each(&self, start: u64, end: u64, mut visit: impl FnMut(u64, Pte)) {
        if start >= end {
            return;
        }
        for (&number, table) in self.ptes.range(start / PMD_SIZE..end.div_ceil(PMD_SIZE)) {
            if table.used == 0 {
                continue;
            }
            let (from, to) = clip(number, PMD_SIZE, start, end);
            let first = slot(from);
            let count = ((to - from) >> PAGE_SHIFT) as usize;
            for (n, &pte) in table.entries[first..first + count].iter().enumerate() {
                if !pte.is_none() {
                    visit(from + n as u64 * PAGE_SIZE, pte);
                }
            }
        }
    }

    /// Calls for every entry in `[start, end)` that is not none, ascending; the
    /// closure may change it, to none as well. The tables stay.
    #[inline]
    pub fn for_each_pte(&mut self, start: u64, end: u64, mut visit: impl FnMut(u64, &mut Pte)) {
        if start >= end {
            return;
        }
        for (&number, table) in self.ptes.range_mut(start / PMD_SIZE..end.div_ceil(PMD_SIZE)) {
            if table.used == 0 {
                continue;
            }
            let (from, to) = clip(number, PMD_SIZE, start, end);
            let first = slot(from);
            let count = ((to - from) >> PAGE_SHIFT) as usize;
            let mut changed = false;
            for n in 0..count {
                let old = table.entries[first + n];
                if old.is_none() {
                    continue;
                }
                let mut new = old;
                visit(from + n as u64 * PAGE_SIZE, &mut new);
                if new != old {
                    Arc::make_mut(table).entries[first + n] = new;
                    changed = true;
                }
            }
            if changed {
                Arc::make_mut(table).recount();
            }
        }
    }

    /// `move_normal_pmd`: moves the PTE table for `from` to `to`, where the
    /// upper tables exist and no PTE table does.
    pub fn move_pte_table(&mut self, from: u64, to: u64) {
        if let Some(table) = self.ptes.remove(&(from / PMD_SIZE)) {
            self.ptes.insert(to / PMD_SIZE, table);
        }
    }

    /// `move_normal_pud`: moves the PMD table for `from` with all below it.
    pub fn move_pmd_table(&mut self, from: u64, to: u64) {
        let (from, to) = (align_down(from, PUD_SIZE), align_down(to, PUD_SIZE));
        if self.pmds.remove(&(from / PUD_SIZE)) {
            self.pmds.insert(to / PUD_SIZE);
            let moved: Vec<u64> = self.spans(from, from + PUD_SIZE).map(|(at, _)| at).collect();
            for at in moved {
                self.move_pte_table(at, at - from + to);
            }
        }
    }

    /// The first address in `[address, end)` whose PMD table exists, or `end`.
    pub fn next_pmd_table(&self, address: u64, end: u64) -> u64 {
        let found = self.pmds.range(address / PUD_SIZE..).next();
        found.map_or(end, |&n| (n * PUD_SIZE).clamp(address, end))
    }

    /// The first address in `[address, end)` whose PTE table exists, or `end`.
    pub fn next_pte_table(&self, address: u64, end: u64) -> u64 {
        let found = self.ptes.range(address / PMD_SIZE..).next();
        found.map_or(end, |(&n, _)| (n * PMD_SIZE).clamp(address, end))
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
        let whole = |table: u64, span: u64| (table * span, (table + 1) * span);
        let ptes: Vec<u64> =
            self.ptes.range(start / PMD_SIZE..end.div_ceil(PMD_SIZE)).map(|(&n, _)| n).collect();
        for table in ptes {
            self.ptes.remove(&table);
        }
        let pmds: Vec<u64> =
            self.pmds.range(start / PUD_SIZE..end.div_ceil(PUD_SIZE)).copied().collect();
        for table in pmds {
            let (low, high) = whole(table, PUD_SIZE);
            if !shared(PUD_SIZE, start.max(low), end.min(high)) {
                self.pmds.remove(&table);
            }
        }
        let puds: Vec<u64> =
            self.puds.range(start / PGDIR_SIZE..end.div_ceil(PGDIR_SIZE)).copied().collect();
        for table in puds {
            let (low, high) = whole(table, PGDIR_SIZE);
            if !shared(PGDIR_SIZE, start.max(low), end.min(high)) {
                self.puds.remove(&table);
            }
        }
    }

    /// Makes the tables that `other` has for `[start, end)`, all levels, empty.
    pub fn copy_shape(&mut self, other: &PageTables, start: u64, end: u64) {
        let range = |span: u64| start / span..end.div_ceil(span);
        self.puds.extend(other.puds.range(range(PGDIR_SIZE)));
        self.pmds.extend(other.pmds.range(range(PUD_SIZE)));
        for &table in other.ptes.range(range(PMD_SIZE)).map(|(table, _)| table) {
            self.ptes.entry(table).or_default();
        }
    }

    /// Whether the same tables exist, whatever they hold.
    pub fn same_shape(&self, other: &PageTables) -> bool {
        self.ptes.keys().eq(other.ptes.keys()) && self.pmds == other.pmds && self.puds == other.puds
    }
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
    fn an_entry_takes_eight_bytes() {
        assert_eq!(std::mem::size_of::<Pte>(), 8);
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
