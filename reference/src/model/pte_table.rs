//! One table of the lowest level, and its entries.

use super::folio::FolioId;

/// Entries of one table.
pub(super) const ENTRIES: usize = 512;
const WORDS: usize = ENTRIES / 64;

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
        /// It was written before it was made clean. What is dirty is soft-dirty on x86,
        /// and nothing in the vocabulary takes that back.
        const SOFT_DIRTY = 1 << 3;
    }
}

impl PteBits {
    /// Those that an entry keeps when its page becomes clean.
    pub(super) fn kept(self) -> PteBits {
        match self.intersects(PteBits::DIRTY | PteBits::SOFT_DIRTY) {
            true => PteBits::SOFT_DIRTY,
            false => PteBits::empty(),
        }
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
    /// A page in swap, whose mapcount is the number of such entries. Of the bits only
    /// [`PteBits::SOFT_DIRTY`] is kept.
    Swap(FolioId, PteBits),
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

/// A table, with a map of the entries that are not none: most tables are
/// nearly empty, and only what is in the map is looked at.
#[derive(Debug)]
pub(super) struct PteTable {
    used: [u64; WORDS],
    /// Where `used` has no bit, left over from earlier.
    entries: [Pte; ENTRIES],
}

impl Default for PteTable {
    fn default() -> Self {
        PteTable { used: [0; WORDS], entries: [Pte::None; ENTRIES] }
    }
}

impl Clone for PteTable {
    fn clone(&self) -> Self {
        PteTable { used: self.used, entries: self.entries }
    }

    fn clone_from(&mut self, source: &Self) {
        self.used = source.used;
        source.for_each(0, ENTRIES, |slot, pte| self.entries[slot] = pte);
    }
}

/// The bits of word number `word` for the slots `[from, to)`.
fn mask(word: usize, from: usize, to: usize) -> u64 {
    let low = from.saturating_sub(word * 64).min(64);
    let high = to.saturating_sub(word * 64).min(64);
    let below = |bit: usize| if bit == 64 { u64::MAX } else { (1 << bit) - 1 };
    below(high) & !below(low)
}

impl PteTable {
    /// Whether every entry is none.
    pub(super) fn is_empty(&self) -> bool {
        self.used == [0; WORDS]
    }

    /// Makes every entry none.
    pub(super) fn clear(&mut self) {
        self.used = [0; WORDS];
    }

    /// The entry in a slot.
    #[inline]
    pub(super) fn get(&self, slot: usize) -> Pte {
        if self.used[slot / 64] & 1 << (slot % 64) != 0 {
            self.entries[slot]
        } else {
            Pte::None
        }
    }

    /// Writes the entry in a slot.
    #[inline]
    pub(super) fn set(&mut self, slot: usize, pte: Pte) {
        let bit = 1 << (slot % 64);
        if pte.is_none() {
            self.used[slot / 64] &= !bit;
        } else {
            self.used[slot / 64] |= bit;
            self.entries[slot] = pte;
        }
    }

    /// Writes the same entry, which is not none, to the slots `[from, to)`.
    pub(super) fn fill(&mut self, from: usize, to: usize, pte: Pte) {
        debug_assert!(!pte.is_none());
        self.entries[from..to].fill(pte);
        for word in from / 64..to.div_ceil(64) {
            self.used[word] |= mask(word, from, to);
        }
    }

    /// Calls for every entry of the slots `[from, to)` that is not none,
    /// ascending.
    #[inline]
    pub(super) fn for_each(&self, from: usize, to: usize, mut visit: impl FnMut(usize, Pte)) {
        for word in from / 64..to.div_ceil(64) {
            let mut left = self.used[word] & mask(word, from, to);
            while left != 0 {
                let slot = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                visit(slot, self.entries[slot]);
            }
        }
    }

    /// Calls for every entry that is not none here or in the other table, with
    /// both.
    #[inline]
    pub(super) fn zip(&self, other: &PteTable, mut visit: impl FnMut(Pte, Pte)) {
        for (word, (here, there)) in self.used.iter().zip(&other.used).enumerate() {
            let mut left = here | there;
            while left != 0 {
                let slot = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                visit(self.get(slot), other.get(slot));
            }
        }
    }

    /// As [`PteTable::for_each`]; the closure may change the entry.
    #[inline]
    pub(super) fn for_each_mut(
        &mut self,
        from: usize,
        to: usize,
        mut visit: impl FnMut(usize, &mut Pte),
    ) {
        for word in from / 64..to.div_ceil(64) {
            let mut left = self.used[word] & mask(word, from, to);
            while left != 0 {
                let slot = word * 64 + left.trailing_zeros() as usize;
                let bit = left & left.wrapping_neg();
                left ^= bit;
                visit(slot, &mut self.entries[slot]);
                if self.entries[slot].is_none() {
                    self.used[word] &= !bit;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(table: &PteTable, from: usize, to: usize) -> Vec<usize> {
        let mut slots = Vec::new();
        table.for_each(from, to, |slot, _| slots.push(slot));
        slots
    }

    #[test]
    fn an_entry_takes_eight_bytes() {
        assert_eq!(std::mem::size_of::<Pte>(), 8);
    }

    #[test]
    fn runs_end_where_they_should() {
        for (from, to) in [(0, 512), (0, 1), (511, 512), (3, 64), (64, 128), (63, 65), (100, 300)] {
            let mut table = PteTable::default();
            table.fill(from, to, Pte::Guard);
            assert_eq!(slots(&table, 0, ENTRIES), (from..to).collect::<Vec<_>>());
            assert_eq!(slots(&table, from + 1, to), (from + 1..to).collect::<Vec<_>>());
            assert_eq!(table.get(from), Pte::Guard);
            table.for_each_mut(from, to, |_, pte| *pte = Pte::None);
            assert!(table.is_empty());
        }
    }

    #[test]
    fn what_was_there_before_is_not_seen() {
        let mut table = PteTable::default();
        table.fill(0, ENTRIES, Pte::Guard);
        table.clear();
        table.set(7, Pte::Zero);
        table.set(8, Pte::None);
        assert_eq!((table.get(6), table.get(7), table.get(8)), (Pte::None, Pte::Zero, Pte::None));
        let mut copy = PteTable::default();
        copy.fill(0, 9, Pte::Guard);
        copy.clone_from(&table);
        assert_eq!(slots(&copy, 0, ENTRIES), [7]);
        assert_eq!(copy.get(7), Pte::Zero);
    }
}
