//! The mappings of an address space, ordered by address (`mm->mm_mt`).

use super::gaps::{fit, Gaps};
use super::vma::{VmFlags, Vma};
use crate::addr::TASK_SIZE_MAX;
use smallvec::{Array, SmallVec};

/// The most mappings of one leaf.
const LEAF: usize = 48;
/// So many are counted through faster than they are searched.
const FEW: usize = 8;
/// And so many still are.
const MORE: usize = 16;

/// Disjoint mappings by start address, and the gaps between them.
///
/// The mappings lie in leaves, side by side: most spaces have one leaf, and the
/// list of leaves of the largest is short enough to be searched and kept in
/// order as it is.
#[derive(Debug, Default)]
pub struct VmaTree {
    leaves: Vec<Leaf>,
    len: usize,
    /// From the end of each mapping (and from address 0) to the start of the next
    /// one, where that leaves anything. Of a single leaf there is no such index: its
    /// mappings are gone through faster than one is kept up to date.
    gaps: Option<Gaps>,
}

/// Some mappings, ascending, and never none.
#[derive(Debug)]
struct Leaf {
    /// The starts of all, close together for being searched, and then [`NONE`].
    starts: [u64; LEAF + 1],
    vmas: Vec<Vma>,
}

/// Stands behind the last start; above all that is searched for.
const NONE: u64 = u64::MAX;

/// Where a mapping is: its leaf and its place there. Past the end it is the
/// number of leaves, and 0.
type Position = (usize, usize);

impl Clone for VmaTree {
    fn clone(&self) -> Self {
        VmaTree { leaves: self.leaves.clone(), len: self.len, gaps: self.gaps.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.leaves.clone_from(&source.leaves);
        self.len = source.len;
        self.gaps.clone_from(&source.gaps);
    }
}

impl Clone for Leaf {
    fn clone(&self) -> Self {
        Leaf { starts: self.starts, vmas: self.vmas.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.starts = source.starts;
        self.vmas.clone_from(&source.vmas);
    }
}

impl Leaf {
    /// Of mappings that ascend, and are not too many.
    fn of(vmas: Vec<Vma>) -> Leaf {
        let mut starts = [NONE; LEAF + 1];
        starts.iter_mut().zip(&vmas).for_each(|(start, vma)| *start = vma.start);
        Leaf { starts, vmas }
    }

    /// The start of the first.
    fn first(&self) -> u64 {
        self.starts[0]
    }

    /// How many mappings start below the address.
    #[inline]
    fn below(&self, address: u64) -> usize {
        // counted without a branch where they are few, as they mostly are
        let count = |starts: &[u64]| starts.iter().map(|&s| usize::from(s < address)).sum();
        match self.vmas.len() {
            0..=FEW => count(&self.starts[..FEW]),
            some if some <= MORE => count(&self.starts[..MORE]),
            all => self.starts[..all].partition_point(|&start| start < address),
        }
    }

    fn insert(&mut self, at: usize, vma: Vma) {
        self.starts.copy_within(at..self.vmas.len(), at + 1);
        self.starts[at] = vma.start;
        self.vmas.insert(at, vma);
    }

    fn remove(&mut self, at: usize) -> Vma {
        self.starts.copy_within(at + 1.., at);
        self.vmas.remove(at)
    }

    /// Takes so many mappings out, from one on.
    fn remove_some(&mut self, at: usize, count: usize, into: &mut impl Extend<Vma>) {
        self.starts.copy_within(at + count.., at);
        into.extend(self.vmas.drain(at..at + count));
        self.starts[self.vmas.len()..].fill(NONE);
    }
}

impl VmaTree {
    /// How many mappings there are (`mm->map_count`).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first mapping that starts at or above the address.
    #[inline]
    fn position(&self, address: u64) -> Position {
        let (before, leaf) = match &self.leaves[..] {
            [only] => (only, 1),
            leaves => match leaves.partition_point(|leaf| leaf.first() < address) {
                0 => return (0, 0),
                leaf => (&leaves[leaf - 1], leaf),
            },
        };
        match before.below(address) {
            at if at < before.vmas.len() => (leaf - 1, at),
            _ => (leaf, 0),
        }
    }

    #[inline]
    fn get(&self, (leaf, at): Position) -> Option<&Vma> {
        self.leaves.get(leaf)?.vmas.get(at)
    }

    /// The mapping before a position.
    #[inline]
    fn previous(&self, (leaf, at): Position) -> Option<&Vma> {
        match at.checked_sub(1) {
            Some(at) => self.get((leaf, at)),
            None => self.leaves.get(leaf.checked_sub(1)?)?.vmas.last(),
        }
    }

    fn position_of(&self, start: u64) -> Option<Position> {
        let at = self.position(start);
        self.get(at).is_some_and(|vma| vma.start == start).then_some(at)
    }

    /// `find_vma`: the first mapping that ends above the address.
    pub fn find(&self, address: u64) -> Option<&Vma> {
        let next = self.position(address.saturating_add(1));
        match self.previous(next) {
            Some(vma) if vma.end > address => Some(vma),
            _ => self.get(next),
        }
    }

    /// `vma_lookup`: the mapping that contains the address.
    pub fn containing(&self, address: u64) -> Option<&Vma> {
        self.find(address).filter(|vma| vma.start <= address)
    }

    /// The mapping that starts exactly here.
    pub fn at(&self, start: u64) -> Option<&Vma> {
        self.get(self.position(start)).filter(|vma| vma.start == start)
    }

    /// The last mapping that starts below the address.
    pub fn before(&self, address: u64) -> Option<&Vma> {
        self.previous(self.position(address))
    }

    /// The first mapping that starts at or above the address.
    pub fn from(&self, address: u64) -> Option<&Vma> {
        self.get(self.position(address))
    }

    /// Every mapping, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Vma> + '_ {
        self.leaves.iter().flat_map(|leaf| &leaf.vmas)
    }

    /// The mappings that overlap `[start, end)`, ascending.
    pub fn overlapping(&self, start: u64, end: u64) -> impl Iterator<Item = &Vma> + '_ {
        let (mut leaf, mut at) = self.position(start.saturating_add(1));
        if self.previous((leaf, at)).is_some_and(|vma| vma.end > start) {
            if at == 0 {
                leaf -= 1;
                at = self.leaves[leaf].vmas.len();
            }
            at -= 1;
        }
        let vmas = self.leaves[leaf..].iter().flat_map(|leaf| &leaf.vmas);
        vmas.skip(at).take_while(move |vma| vma.start < end)
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
            let found = match &self.gaps {
                Some(gaps) => gaps.highest(len, low, high)?,
                None => self.free_ranges().rev().find_map(|gap| fit(gap, len, low, high))?.1,
            };
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
            let found = match &self.gaps {
                Some(gaps) => gaps.lowest(len, low, high)?,
                None => self.free_ranges().find_map(|gap| fit(gap, len, low, high))?.0,
            };
            match self.from(found) {
                Some(next) if next.start_gap() < found + len => low = next.end,
                _ => return Some(found),
            }
        }
    }

    /// What lies before each mapping of the only leaf and behind its last, be it
    /// nothing.
    fn free_ranges(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + '_ {
        let vmas = self.leaves.first().map_or(&[][..], |leaf| &leaf.vmas);
        (0..=vmas.len()).map(|at| {
            let start = at.checked_sub(1).map_or(0, |before| vmas[before].end);
            (start, vmas.get(at).map_or(TASK_SIZE_MAX, |vma| vma.start))
        })
    }

    /// Adds a mapping; the range must be free.
    pub fn insert(&mut self, vma: Vma) {
        debug_assert!(vma.start < vma.end && !self.intersects(vma.start, vma.end));
        let (mut leaf, mut at) = self.position(vma.start);
        if self.gaps.is_some() {
            self.set_gap(self.end_below((leaf, at)), vma.start);
            self.set_gap(vma.end, self.limit_above((leaf, at)));
        }
        self.len += 1;
        if at == 0 && leaf > 0 {
            leaf -= 1;
            at = self.leaves[leaf].vmas.len();
        }
        let Some(place) = self.leaves.get_mut(leaf) else {
            return self.leaves.push(Leaf::of(vec![vma]));
        };
        place.insert(at, vma);
        if place.vmas.len() > LEAF {
            if self.gaps.is_none() {
                self.gaps = Some(self.free_ranges().filter(|(s, e)| s < e).collect());
            }
            let place = &mut self.leaves[leaf];
            let upper = place.vmas.split_off(LEAF / 2);
            place.starts[LEAF / 2..].fill(NONE);
            self.leaves.insert(leaf + 1, Leaf::of(upper));
        }
    }

    /// Takes the mapping that starts here out.
    pub fn remove(&mut self, start: u64) -> Option<Vma> {
        let (leaf, at) = self.position_of(start)?;
        let place = &mut self.leaves[leaf];
        let vma = place.remove(at);
        self.len -= 1;
        if place.vmas.is_empty() {
            self.leaves.remove(leaf);
        }
        self.close_gaps(start, std::slice::from_ref(&vma));
        Some(vma)
    }

    /// Takes the mappings that start in `[start, end)` out, ascending.
    pub fn remove_range<A>(&mut self, start: u64, end: u64, into: &mut SmallVec<A>)
    where
        A: Array<Item = Vma>,
    {
        let (mut leaf, mut at) = self.position(start);
        let known = into.len();
        while let Some(place) = self.leaves.get_mut(leaf) {
            let count = place.below(end).saturating_sub(at);
            place.remove_some(at, count, into);
            let some_stay_behind = at < place.vmas.len();
            match place.vmas.is_empty() {
                true => drop(self.leaves.remove(leaf)),
                false => leaf += 1,
            }
            if some_stay_behind {
                break;
            }
            at = 0;
        }
        self.len -= into.len() - known;
        if into.len() > known {
            self.close_gaps(start, &into[known..]);
        }
    }

    /// Makes one gap of those between mappings that are gone; `start` is where the
    /// first of them began, or less.
    fn close_gaps(&mut self, start: u64, gone: &[Vma]) {
        if self.leaves.len() < 2 {
            self.gaps = None;
        } else if let Some(gaps) = &mut self.gaps {
            for vma in gone {
                gaps.remove(vma.end);
            }
            let next = self.position(start);
            self.set_gap(self.end_below(next), self.limit_above(next));
        }
    }

    /// Where the gap before the mapping at a position begins.
    fn end_below(&self, position: Position) -> u64 {
        self.previous(position).map_or(0, |vma| vma.end)
    }

    /// Where the gap before the mapping at a position ends.
    fn limit_above(&self, position: Position) -> u64 {
        self.get(position).map_or(TASK_SIZE_MAX, |vma| vma.start)
    }

    /// Says that the gap that begins at `start` ends at `end`.
    fn set_gap(&mut self, start: u64, end: u64) {
        match &mut self.gaps {
            Some(gaps) if start < end => gaps.insert(start, end),
            Some(gaps) => gaps.remove(start),
            None => {}
        }
    }

    /// Changes what does not move the mapping. The closure must leave `start`,
    /// `end` and the flags that keep a distance (`GROWSDOWN`, `SHADOW_STACK`)
    /// alone.
    pub fn update<R>(&mut self, start: u64, change: impl FnOnce(&mut Vma) -> R) -> Option<R> {
        let (leaf, at) = self.position_of(start)?;
        let vma = &mut self.leaves[leaf].vmas[at];
        let distance = VmFlags::GROWSDOWN | VmFlags::SHADOW_STACK;
        let before = (vma.start, vma.end, vma.flags & distance);
        let result = change(vma);
        debug_assert_eq!(before, (vma.start, vma.end, vma.flags & distance));
        Some(result)
    }

    /// Gives the mapping that starts at `old_start` new bounds and page offset;
    /// what it grows into must be free.
    pub fn resize(&mut self, old_start: u64, start: u64, end: u64, pgoff: u64) {
        let Some((leaf, at)) = self.position_of(old_start) else { return };
        let place = &mut self.leaves[leaf];
        let vma = &mut place.vmas[at];
        let old_end = vma.end;
        (vma.start, vma.end, vma.pgoff) = (start, end, pgoff);
        place.starts[at] = start;
        let Some(gaps) = &mut self.gaps else { return };
        if end != old_end {
            gaps.remove(old_end);
        }
        if start != old_start {
            self.set_gap(self.end_below((leaf, at)), start);
        }
        if end != old_end {
            let limit = self.from(end).map_or(TASK_SIZE_MAX, |vma| vma.start);
            self.set_gap(end, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vma::Backing;
    use super::*;
    use crate::addr::{pages, PAGE_SIZE, STACK_GUARD_PAGES};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

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
        let starts = tree.iter().map(|vma| vma.start).chain(std::iter::once(TASK_SIZE_MAX));
        ends.zip(starts).filter(|(start, end)| start < end).collect()
    }

    #[test]
    fn a_growing_mapping_keeps_its_distance() {
        let mut tree = VmaTree::default();
        let top = 0x7fff_0000_0000;
        tree.insert(vma(top, top + 2 * PAGE_SIZE, true));
        let guard = STACK_GUARD_PAGES * PAGE_SIZE;
        assert_eq!(tree.highest_gap(PAGE_SIZE, 0, top), Some(top - guard - PAGE_SIZE));
        assert_eq!(
            tree.lowest_gap(PAGE_SIZE, top - guard, TASK_SIZE_MAX),
            Some(top + 2 * PAGE_SIZE)
        );
    }

    #[test]
    fn many_mappings_stay_in_order() {
        const COUNT: u64 = 1000;
        // 7 shares no divisor with the count, so every place comes once
        let places = || (0..COUNT).map(|n| 2 * PAGE_SIZE * (1 + 7 * n % COUNT));
        let mut tree = VmaTree::default();
        let mut expected = BTreeSet::new();
        for start in places() {
            tree.insert(vma(start, start + PAGE_SIZE, false));
            expected.insert(start);
        }
        for (number, start) in places().enumerate() {
            assert!(tree.iter().map(|vma| vma.start).eq(expected.iter().copied()));
            assert_eq!(tree.len(), expected.len());
            for address in [start - 1, start, start + PAGE_SIZE] {
                let (below, above) = (expected.range(..address), expected.range(address..));
                assert_eq!(tree.before(address).map(|v| v.start), below.last().copied());
                assert_eq!(tree.from(address).map(|v| v.start), above.clone().next().copied());
                let shown = tree.overlapping(address, address + (7 << 20)).map(|v| v.start);
                let above = above.copied().take_while(|&start| start < address + (7 << 20));
                assert!(shown.eq(above), "{number}");
            }
            assert_eq!(tree.remove(start).map(|vma| vma.start), Some(start));
            assert!(tree.remove(start).is_none() && tree.containing(start).is_none());
            expected.remove(&start);
        }
        assert!(tree.is_empty() && tree.find(0).is_none());
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
                    4 => {
                        if let Some(found) = tree.find(start).map(|vma| vma.start) {
                            tree.remove(found);
                        }
                    }
                    5 => {
                        let inside = |vma: &&Vma| start <= vma.start && vma.start < end;
                        let expected: Vec<Vma> = tree.iter().filter(inside).cloned().collect();
                        let (mut removed, before) = (SmallVec::<[Vma; 2]>::new(), tree.len());
                        tree.remove_range(start, end, &mut removed);
                        prop_assert_eq!(tree.len(), before - removed.len());
                        prop_assert_eq!(removed.into_vec(), expected);
                        prop_assert_eq!(tree.iter().count(), tree.len());
                        prop_assert!(tree.iter().all(|vma| vma.start < start || end <= vma.start));
                    }
                    _ => {
                        // a new bound somewhere between the neighbours
                        if let Some(old) = tree.find(start).cloned() {
                            let low = tree.before(old.start).map_or(0, |vma| vma.end);
                            let high = tree.from(old.end).map_or(TASK_SIZE_MAX, |next| next.start);
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
                prop_assert_eq!(tree.gaps.is_some(), tree.leaves.len() > 1);
                match &tree.gaps {
                    Some(gaps) => prop_assert!(gaps.iter().eq(gaps_of(&tree))),
                    None => {
                        let free = tree.free_ranges().filter(|(start, end)| start < end);
                        prop_assert!(free.eq(gaps_of(&tree)));
                    }
                }
            }
        }
    }
}
