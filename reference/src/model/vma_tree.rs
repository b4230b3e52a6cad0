//! The mappings of an address space, ordered by address (`mm->mm_mt`).

use super::vma::{Vma, VmFlags};
use std::collections::BTreeMap;

/// Disjoint mappings by start address.
#[derive(Clone, Debug, Default)]
pub struct VmaTree {
    map: BTreeMap<u64, Vma>,
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

    /// Adds a mapping; the range must be free.
    pub fn insert(&mut self, vma: Vma) {
        debug_assert!(vma.start < vma.end && !self.intersects(vma.start, vma.end));
        self.map.insert(vma.start, vma);
    }

    /// Takes the mapping that starts here out.
    pub fn remove(&mut self, start: u64) -> Option<Vma> {
        self.map.remove(&start)
    }

    /// Changes what does not move the mapping. The closure must leave `start`,
    /// `end` and `GROWSDOWN` alone.
    pub fn update<R>(&mut self, start: u64, change: impl FnOnce(&mut Vma) -> R) -> Option<R> {
        let vma = self.map.get_mut(&start)?;
        let before = (vma.start, vma.end, vma.flags & VmFlags::GROWSDOWN);
        let result = change(vma);
        debug_assert_eq!(before, (vma.start, vma.end, vma.flags & VmFlags::GROWSDOWN));
        Some(result)
    }

    /// Gives the mapping that starts at `old_start` new bounds and page offset.
    pub fn resize(&mut self, old_start: u64, start: u64, end: u64, pgoff: u64) {
        if let Some(mut vma) = self.map.remove(&old_start) {
            (vma.start, vma.end, vma.pgoff) = (start, end, pgoff);
            self.insert(vma);
        }
    }
}
