//! The mappings of an address space, ordered by address (`mm->mm_mt`).

use super::gaps::Gaps;
use super::vma::{VmFlags, Vma};
use crate::addr::TASK_SIZE;
use std::collections::BTreeMap;

/// Disjoint mappings by start address, and the gaps between them.
#[derive(Clone, Debug)]
pub struct VmaTree {
    map: BTreeMap<u64, Vma>,
    /// From the end of each mapping (and from address 0) to the guard distance
    /// of the next one, where that leaves anything.
    gaps: Gaps,
}

impl Default for VmaTree {
    fn default() -> Self {
        let mut gaps = Gaps::default();
        gaps.insert(0, TASK_SIZE);
        VmaTree { map: BTreeMap::new(), gaps }
    }
}

impl VmaTree {
    /// How many mappings there are (`mm->map_count`).
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// `find_vma`: the first mapping that ends above the address.
    pub fn find(&self, address: u64) -> Option<&Vma> {
        if let Some((_, vma)) = self.map.range(..=address).next_back() {
            if vma.end > address {
                return Some(vma);
            }
        }
        self.map.range(address..).next().map(|(_, vma)| vma)
    }

    /// `vma_lookup`: the mapping that contains the address.
    pub fn containing(&self, address: u64) -> Option<&Vma> {
        let (_, vma) = self.map.range(..=address).next_back()?;
        (vma.end > address).then_some(vma)
    }

    /// The mapping that starts exactly here.
    pub fn at(&self, start: u64) -> Option<&Vma> {
        self.map.get(&start)
    }

    /// The last mapping that starts below the address.
    pub fn before(&self, address: u64) -> Option<&Vma> {
        self.map.range(..address).next_back().map(|(_, vma)| vma)
    }

    /// The first mapping that starts at or above the address.
    pub fn from(&self, address: u64) -> Option<&Vma> {
        self.map.range(address..).next().map(|(_, vma)| vma)
    }

    /// Every mapping, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Vma> + '_ {
        self.map.values()
    }

    /// The mappings that overlap `[start, end)`, ascending.
    pub fn overlapping(&self, start: u64, end: u64) -> impl Iterator<Item = &Vma> + '_ {
        let first = self.find(start).map_or(u64::MAX, |vma| vma.start);
        self.map.range(first..).map(|(_, vma)| vma).take_while(move |vma| vma.start < end)
    }

    /// Whether any mapping overlaps `[start, end)`.
    pub fn intersects(&self, start: u64, end: u64) -> bool {
        self.find(start).is_some_and(|vma| vma.start < end)
    }

    /// The highest address below `high` at which `len` bytes may be placed
    /// without touching anything below `low` (`unmapped_area_topdown`). When
    /// the gap found lies below a stack, the search goes on below the whole
    /// distance that the stack keeps, whatever is mapped within it.
    pub fn highest_gap(&self, len: u64, low: u64, mut high: u64) -> Option<u64> {
        loop {
            let found = self.gaps.highest(len, low, high)?;
            let limit = self.from(found).map_or(u64::MAX, Vma::start_gap);
            if limit >= found + len {
                return Some(found);
            }
            high = limit;
        }
    }

    /// The lowest address from `low` at which `len` bytes may be placed without
    /// touching anything from `high` on (`unmapped_area`).
    pub fn lowest_gap(&self, len: u64, mut low: u64, high: u64) -> Option<u64> {
        loop {
            let found = self.gaps.lowest(len, low, high)?;
            match self.from(found) {
                Some(next) if next.start_gap() < found + len => low = next.end,
                _ => return Some(found),
            }
        }
    }

    /// Adds a mapping; the range must be free.
    pub fn insert(&mut self, vma: Vma) {
        debug_assert!(vma.start < vma.end && !self.intersects(vma.start, vma.end));
        self.set_gap(self.end_below(vma.start), vma.start);
        self.set_gap(vma.end, self.limit_above(vma.end));
        self.map.insert(vma.start, vma);
    }

    /// Takes the mapping that starts here out.
    pub fn remove(&mut self, start: u64) -> Option<Vma> {
        let vma = self.map.remove(&start)?;
        self.gaps.remove(vma.end);
        self.set_gap(self.end_below(start), self.limit_above(vma.end));
        Some(vma)
    }

    /// Where the gap below an address begins.
    fn end_below(&self, start: u64) -> u64 {
        self.before(start).map_or(0, |vma| vma.end)
    }

    /// Where the gap above an address ends.
    fn limit_above(&self, end: u64) -> u64 {
        self.from(end).map_or(TASK_SIZE, |vma| vma.start)
    }

    /// Says that the gap that begins at `start` ends at `end`.
    fn set_gap(&mut self, start: u64, end: u64) {
        if start < end {
            self.gaps.insert(start, end);
        } else {
            self.gaps.remove(start);
        }
    }

    /// Changes what does not move the mapping. The closure must leave `start`,
    /// `end` and the flags that keep a distance (`GROWSDOWN`, `SHADOW_STACK`)
    /// alone.
    pub fn update<R>(&mut self, start: u64, change: impl FnOnce(&mut Vma) -> R) -> Option<R> {
        let vma = self.map.get_mut(&start)?;
        let distance = VmFlags::GROWSDOWN | VmFlags::SHADOW_STACK;
        let before = (vma.start, vma.end, vma.flags & distance);
        let result = change(vma);
        debug_assert_eq!(before, (vma.start, vma.end, vma.flags & distance));
        Some(result)
    }

    /// Gives the mapping that starts at `old_start` new bounds and page offset;
    /// what it grows into must be free.
    pub fn resize(&mut self, old_start: u64, start: u64, end: u64, pgoff: u64) {
        let Some(vma) = self.map.get_mut(&old_start) else { return };
        let old_end = vma.end;
        (vma.end, vma.pgoff) = (end, pgoff);
        if start != old_start {
            let Some(mut vma) = self.map.remove(&old_start) else { return };
            vma.start = start;
            self.map.insert(start, vma);
            self.set_gap(self.end_below(start), start);
        }
        if end != old_end {
            self.gaps.remove(old_end);
            self.set_gap(end, self.limit_above(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vma::Backing;
    use super::*;
    use crate::addr::{pages, PAGE_SIZE, STACK_GUARD_PAGES};
    use proptest::prelude::*;

    fn vma(start: u64, end: u64, grows: bool) -> Vma {
        let flags = if grows { VmFlags::GROWSDOWN } else { VmFlags::empty() };
        Vma {
            start,
            end,
            flags,
            pgoff: pages(start),
            backing: Backing::Anonymous,
            anon_vma: None,
            chain: Default::default(),
            name: None,
        }
    }

    /// The gaps as the mappings say them, without the index.
    fn gaps_of(tree: &VmaTree) -> Vec<(u64, u64)> {
        let ends = std::iter::once(0).chain(tree.iter().map(|vma| vma.end));
        let starts = tree.iter().map(|vma| vma.start).chain(std::iter::once(TASK_SIZE));
        ends.zip(starts).filter(|(start, end)| start < end).collect()
    }

    #[test]
    fn a_growing_mapping_keeps_its_distance() {
        let mut tree = VmaTree::default();
        let top = 0x7fff_0000_0000;
        tree.insert(vma(top, top + 2 * PAGE_SIZE, true));
        let guard = STACK_GUARD_PAGES * PAGE_SIZE;
        assert_eq!(tree.highest_gap(PAGE_SIZE, 0, top), Some(top - guard - PAGE_SIZE));
        assert_eq!(tree.lowest_gap(PAGE_SIZE, top - guard, TASK_SIZE), Some(top + 2 * PAGE_SIZE));
    }

    proptest! {
        #[test]
        fn the_index_follows_the_mappings(
            steps in prop::collection::vec((0u64..4000, 1u64..600, 0u8..8), 1..120),
        ) {
            let mut tree = VmaTree::default();
            for (page, count, what) in steps {
                let (start, end) = (page * PAGE_SIZE, (page + count) * PAGE_SIZE);
                match what {
                    0..=3 => {
                        if !tree.intersects(start, end) {
                            tree.insert(vma(start, end, what == 0));
                        }
                    }
                    4 | 5 => {
                        if let Some(found) = tree.find(start).map(|vma| vma.start) {
                            tree.remove(found);
                        }
                    }
                    _ => {
                        // a new bound somewhere between the neighbours
                        if let Some(old) = tree.find(start).cloned() {
                            let low = tree.end_below(old.start);
                            let high = tree.from(old.end).map_or(TASK_SIZE, |next| next.start);
                            let (mut start, mut end) = (old.start, old.end);
                            if what == 6 {
                                start = (low + count * PAGE_SIZE).min(end - PAGE_SIZE);
                            } else {
                                end = (start + count * PAGE_SIZE).min(high);
                            }
                            tree.resize(old.start, start, end, old.pgoff);
                        }
                    }
                }
                prop_assert!(tree.gaps.iter().eq(gaps_of(&tree)));
            }
        }
    }
}
