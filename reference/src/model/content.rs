//! What pages hold.

use crate::addr::PAGE_SIZE;
use crate::op::{Contents, Digest};
use smallvec::SmallVec;

/// What a page holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageContent {
    /// Every byte the same.
    Uniform(u8),
    /// What the program does not know: the subject's own memory.
    Unknown,
    /// Anything else.
    Mixed(Box<Runs>),
}

/// The bytes of a page as runs of equal bytes: at least two, the first at
/// offset 0, neighbours of different values. Stores fill ranges, so there are
/// few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs(SmallVec<[Run; 6]>);

/// Equal bytes up to the next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: u16,
    value: u8,
}

impl Runs {
    fn covering(&self, offset: u64) -> usize {
        self.0.partition_point(|run| u64::from(run.start) <= offset) - 1
    }

    /// The runs of `[from, to)`, as value and length.
    fn clipped(&self, from: u64, to: u64) -> impl Iterator<Item = (u8, u64)> + '_ {
        let first = if from < to { self.covering(from) } else { self.0.len() };
        let ends = self.0.iter().skip(first + 1).map(|run| u64::from(run.start));
        self.0[first..]
            .iter()
            .zip(ends.chain(std::iter::once(PAGE_SIZE)))
            .map(move |(run, end)| (run, u64::from(run.start).max(from), end.min(to)))
            .take_while(|(_, start, end)| start < end)
            .map(|(run, start, end)| (run.value, end - start))
    }
}

impl PageContent {
    /// These bytes, from the start of the page on.
    pub fn of(bytes: &[u8]) -> PageContent {
        let mut runs: SmallVec<[Run; 6]> = SmallVec::new();
        for (start, &value) in (0..PAGE_SIZE as u16).zip(bytes) {
            if runs.last().is_none_or(|last| last.value != value) {
                runs.push(Run { start, value });
            }
        }
        match runs.as_slice() {
            [] => PageContent::Uniform(0),
            [run] => PageContent::Uniform(run.value),
            _ => PageContent::Mixed(Box::new(Runs(runs))),
        }
    }

    /// The byte at an offset below the page size, if known.
    pub fn byte(&self, offset: u64) -> Option<u8> {
        match self {
            PageContent::Uniform(byte) => Some(*byte),
            PageContent::Unknown => None,
            PageContent::Mixed(runs) => Some(runs.0[runs.covering(offset)].value),
        }
    }

    /// Appends the bytes `[from, to)` to a digest; false when they are unknown.
    pub fn digest(&self, from: u64, to: u64, digest: &mut Digest) -> bool {
        match self {
            PageContent::Uniform(byte) => digest.run(*byte, to - from),
            PageContent::Unknown => return false,
            PageContent::Mixed(runs) => {
                runs.clipped(from, to).for_each(|(value, count)| digest.run(value, count));
            }
        }
        true
    }

    /// The whole page, if known.
    pub fn contents(&self) -> Option<Contents> {
        if let PageContent::Uniform(byte) = *self {
            return Some(Contents::Uniform(byte));
        }
        let mut digest = Digest::default();
        self.digest(0, PAGE_SIZE, &mut digest).then(|| digest.finish())
    }

    /// Fills the bytes `[from, to)`, which are some; what is unknown stays so
    /// unless all of it is filled.
    pub fn fill(&mut self, from: u64, to: u64, value: u8) {
        if to - from == PAGE_SIZE {
            *self = PageContent::Uniform(value);
            return;
        }
        let mut filled: SmallVec<[Run; 6]> = SmallVec::new();
        let mut push = |start: u64, value: u8| {
            if filled.last().is_none_or(|last: &Run| last.value != value) {
                filled.push(Run { start: start as u16, value });
            }
        };
        match self {
            PageContent::Unknown => return,
            PageContent::Uniform(byte) if *byte == value => return,
            PageContent::Uniform(byte) => {
                if from > 0 {
                    push(0, *byte);
                }
                push(from, value);
                if to < PAGE_SIZE {
                    push(to, *byte);
                }
            }
            PageContent::Mixed(runs) => {
                let below = runs.0.iter().take_while(|run| u64::from(run.start) < from);
                below.for_each(|run| push(u64::from(run.start), run.value));
                push(from, value);
                if to < PAGE_SIZE {
                    let at = runs.covering(to);
                    push(to, runs.0[at].value);
                    runs.0[at + 1..].iter().for_each(|run| push(u64::from(run.start), run.value));
                }
            }
        }
        *self = match filled.as_slice() {
            [run] => PageContent::Uniform(run.value),
            _ => PageContent::Mixed(Box::new(Runs(filled))),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn filling_part_of_a_page_keeps_the_rest() {
        let mut content = PageContent::Uniform(7);
        content.fill(10, 20, 7);
        assert_eq!(content, PageContent::Uniform(7));
        content.fill(10, 20, 9);
        assert_eq!([9, 10, 20].map(|at| content.byte(at)), [Some(7), Some(9), Some(7)]);
        content.fill(10, 20, 7);
        assert_eq!(content, PageContent::Uniform(7));
        content.fill(0, PAGE_SIZE, 1);
        assert_eq!(content.contents(), Some(Contents::Uniform(1)));
    }

    #[test]
    fn the_unknown_stays_unknown() {
        let mut content = PageContent::Unknown;
        content.fill(0, 8, 1);
        assert_eq!((content.byte(0), content.contents()), (None, None));
        content.fill(0, PAGE_SIZE, 1);
        assert_eq!(content.byte(0), Some(1));
    }

    proptest! {
        #[test]
        fn runs_say_what_bytes_say(
            fills in prop::collection::vec((0..PAGE_SIZE, 1u64..600, 0u8..3), 0..12),
            (from, count) in (0..PAGE_SIZE, 0u64..600),
        ) {
            let mut content = PageContent::Uniform(0);
            let mut bytes = vec![0; PAGE_SIZE as usize];
            for (from, count, value) in fills {
                let to = (from + count).min(PAGE_SIZE);
                content.fill(from, to, value);
                bytes[from as usize..to as usize].fill(value);
            }
            for (offset, &byte) in bytes.iter().enumerate() {
                prop_assert_eq!(content.byte(offset as u64), Some(byte));
            }
            prop_assert_eq!(&PageContent::of(&bytes), &content);
            for (from, to) in [(0, PAGE_SIZE), (from, (from + count).min(PAGE_SIZE))] {
                let (mut runs, mut plain) = (Digest::default(), Digest::default());
                content.digest(from, to, &mut runs);
                plain.bytes(&bytes[from as usize..to as usize]);
                prop_assert_eq!(runs.finish(), plain.finish());
            }
        }
    }
}
