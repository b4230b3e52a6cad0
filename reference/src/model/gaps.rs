//! The free ranges between mappings, searchable by size.
//!
//! The kernel's maple tree keeps the largest gap below every node; this is the
//! same idea over a treap: ordered by start, each node with the longest range
//! of its subtree, so that the highest or the lowest range of a length is found
//! in logarithmic time, also inside a window that cuts ranges.

/// No node.
const NIL: u32 = u32::MAX;

/// One free range.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u64,
    end: u64,
    /// Length of the longest range in the subtree.
    longest: u64,
    left: u32,
    right: u32,
}

/// Disjoint free ranges.
#[derive(Debug)]
pub struct Gaps {
    nodes: Vec<Node>,
    free: Vec<u32>,
    root: u32,
}

impl Clone for Gaps {
    fn clone(&self) -> Self {
        Gaps { nodes: self.nodes.clone(), free: self.free.clone(), root: self.root }
    }

    fn clone_from(&mut self, source: &Self) {
        self.nodes.clone_from(&source.nodes);
        self.free.clone_from(&source.free);
        self.root = source.root;
    }
}

impl Default for Gaps {
    fn default() -> Self {
        Gaps { nodes: Vec::new(), free: Vec::new(), root: NIL }
    }
}

/// The heap priority of a range: a hash of its start, so that the shape of the
/// tree depends on nothing but its contents.
fn priority(start: u64) -> u64 {
    let x = (start ^ start >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// The lowest and the highest address at which `len` bytes lie inside a range and
/// inside `[low, high)`.
pub(super) fn fit((start, end): (u64, u64), len: u64, low: u64, high: u64) -> Option<(u64, u64)> {
    let (start, end) = (start.max(low), end.min(high));
    (start < end && end - start >= len).then(|| (start, end - len))
}

impl FromIterator<(u64, u64)> for Gaps {
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(ranges: I) -> Gaps {
        let mut gaps = Gaps::default();
        ranges.into_iter().for_each(|(start, end)| gaps.insert(start, end));
        gaps
    }
}

impl Gaps {
    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Whether there is no range.
    pub fn is_empty(&self) -> bool {
        self.root == NIL
    }

    /// Every range, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut stack = Vec::new();
        let mut next = self.root;
        std::iter::from_fn(move || {
            while next != NIL {
                stack.push(next);
                next = self.node(next).left;
            }
            let node = self.node(stack.pop()?);
            next = node.right;
            Some((node.start, node.end))
        })
    }

    /// Adds the range, or gives the range that starts there another end.
    pub fn insert(&mut self, start: u64, end: u64) {
        debug_assert!(start < end);
        self.root = self.insert_below(self.root, start, end);
    }

    /// Takes out the range that starts here, if there is one.
    pub fn remove(&mut self, start: u64) {
        self.root = self.remove_below(self.root, start);
    }

    /// The highest address at which `len` bytes lie inside one range and inside
    /// `[low, high)`.
    pub fn highest(&self, len: u64, low: u64, high: u64) -> Option<u64> {
        let cut = |range| fit(range, len, low, high).map(|(_, highest)| highest);
        // the window's end cuts only the last range that starts below it
        let last = self.before(high)?;
        cut(last).or_else(|| {
            let whole = self.rightmost(self.root, len, low, last.0);
            whole.map(|end| end - len).or_else(|| cut(self.before(low)?))
        })
    }

    /// The lowest address at which `len` bytes lie inside one range and inside
    /// `[low, high)`.
    pub fn lowest(&self, len: u64, low: u64, high: u64) -> Option<u64> {
        // the window's start cuts only the last range that starts below it
        let first = self.before(low).and_then(|(_, end)| {
            let end = end.min(high);
            (low < end && end - low >= len).then_some(low)
        });
        first.or_else(|| {
            let start = self.leftmost(self.root, len, low)?;
            (start < high && high - start >= len).then_some(start)
        })
    }

    fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    fn longest(&self, at: u32) -> u64 {
        if at == NIL {
            0
        } else {
            self.node(at).longest
        }
    }

    /// Recomputes what a node says about its subtree.
    fn refresh(&mut self, at: u32) {
        let Node { start, end, left, right, .. } = *self.node(at);
        let below = self.longest(left).max(self.longest(right));
        self.nodes[at as usize].longest = below.max(end - start);
    }

    fn add(&mut self, node: Node) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                at
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        }
    }

    fn insert_below(&mut self, at: u32, start: u64, end: u64) -> u32 {
        if at == NIL {
            return self.add(Node { start, end, longest: end - start, left: NIL, right: NIL });
        }
        let Node { start: here, left, right, .. } = *self.node(at);
        let mut top = at;
        if start == here {
            self.nodes[at as usize].end = end;
        } else if start < here {
            let below = self.insert_below(left, start, end);
            self.nodes[at as usize].left = below;
            if self.outranks(below, at) {
                self.nodes[at as usize].left = self.node(below).right;
                self.nodes[below as usize].right = at;
                self.refresh(at);
                top = below;
            }
        } else {
            let below = self.insert_below(right, start, end);
            self.nodes[at as usize].right = below;
            if self.outranks(below, at) {
                self.nodes[at as usize].right = self.node(below).left;
                self.nodes[below as usize].left = at;
                self.refresh(at);
                top = below;
            }
        }
        self.refresh(top);
        top
    }

    fn outranks(&self, above: u32, below: u32) -> bool {
        priority(self.node(above).start) > priority(self.node(below).start)
    }

    fn remove_below(&mut self, at: u32, start: u64) -> u32 {
        if at == NIL {
            return NIL;
        }
        let Node { start: here, left, right, .. } = *self.node(at);
        if start == here {
            self.free.push(at);
            return self.join(left, right);
        }
        if start < here {
            self.nodes[at as usize].left = self.remove_below(left, start);
        } else {
            self.nodes[at as usize].right = self.remove_below(right, start);
        }
        self.refresh(at);
        at
    }

    /// One tree of two, all of `left` below all of `right`.
    fn join(&mut self, left: u32, right: u32) -> u32 {
        if left == NIL || right == NIL {
            return if left == NIL { right } else { left };
        }
        if self.outranks(left, right) {
            self.nodes[left as usize].right = self.join(self.node(left).right, right);
            self.refresh(left);
            left
        } else {
            self.nodes[right as usize].left = self.join(left, self.node(right).left);
            self.refresh(right);
            right
        }
    }

    /// The last range that starts below the address.
    fn before(&self, address: u64) -> Option<(u64, u64)> {
        let (mut at, mut found) = (self.root, None);
        while at != NIL {
            let node = self.node(at);
            if node.start < address {
                found = Some((node.start, node.end));
                at = node.right;
            } else {
                at = node.left;
            }
        }
        found
    }

    /// The end of the last range of at least `len` that starts in `[low, high)`.
    fn rightmost(&self, at: u32, len: u64, low: u64, high: u64) -> Option<u64> {
        if self.longest(at) < len || at == NIL {
            return None;
        }
        let node = self.node(at);
        if node.start >= high {
            return self.rightmost(node.left, len, low, high);
        }
        if node.start < low {
            return self.rightmost(node.right, len, low, high);
        }
        self.rightmost(node.right, len, low, high)
            .or_else(|| (node.end - node.start >= len).then_some(node.end))
            .or_else(|| self.rightmost(node.left, len, low, high))
    }

    /// The first range of at least `len` that starts at or above `low`.
    fn leftmost(&self, at: u32, len: u64, low: u64) -> Option<u64> {
        if self.longest(at) < len || at == NIL {
            return None;
        }
        let node = self.node(at);
        if node.start < low {
            return self.leftmost(node.right, len, low);
        }
        self.leftmost(node.left, len, low)
            .or_else(|| (node.end - node.start >= len).then_some(node.start))
            .or_else(|| self.leftmost(node.right, len, low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Every range that a naive search looks at.
    fn fits(map: &BTreeMap<u64, u64>, len: u64, low: u64, high: u64) -> Vec<(u64, u64)> {
        map.iter()
            .map(|(&start, &end)| (start.max(low), end.min(high)))
            .filter(|&(start, end)| start < end && end - start >= len)
            .collect()
    }

    fn check(gaps: &Gaps, map: &BTreeMap<u64, u64>, len: u64, low: u64, high: u64) {
        let fitting = fits(map, len, low, high);
        assert_eq!(gaps.highest(len, low, high), fitting.last().map(|&(_, end)| end - len));
        assert_eq!(gaps.lowest(len, low, high), fitting.first().map(|&(start, _)| start));
    }

    #[test]
    fn nothing_fits_into_nothing() {
        let gaps = Gaps::default();
        assert!(gaps.is_empty());
        assert_eq!(gaps.highest(1, 0, u64::MAX), None);
        assert_eq!(gaps.lowest(1, 0, u64::MAX), None);
    }

    #[test]
    fn a_window_cuts_the_range_it_lies_in() {
        let mut gaps = Gaps::default();
        gaps.insert(10, 100);
        assert_eq!(gaps.highest(20, 30, 60), Some(40));
        assert_eq!(gaps.lowest(20, 30, 60), Some(30));
        assert_eq!(gaps.highest(31, 30, 60), None);
        gaps.insert(10, 50);
        assert_eq!((gaps.len(), gaps.highest(20, 30, 60)), (1, Some(30)));
    }

    proptest! {
        #[test]
        fn agrees_with_a_linear_search(
            steps in prop::collection::vec((0u64..64, 1u64..9, any::<bool>()), 1..200),
            asks in prop::collection::vec((1u64..12, 0u64..520, 0u64..520), 1..60),
        ) {
            let (mut gaps, mut map) = (Gaps::default(), BTreeMap::new());
            for (slot, len, add) in steps {
                let start = slot * 8;
                if add {
                    gaps.insert(start, start + len);
                    map.insert(start, start + len);
                } else {
                    gaps.remove(start);
                    map.remove(&start);
                }
                prop_assert_eq!(gaps.len(), map.len());
            }
            prop_assert!(gaps.iter().eq(map.iter().map(|(&start, &end)| (start, end))));
            for (len, low, high) in asks {
                check(&gaps, &map, len, low, high);
            }
        }
    }
}
