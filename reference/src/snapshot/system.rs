//! What a system counts as a whole (`fs/proc/meminfo.c:meminfo_proc_show`, slabs).

use super::smaps::fields;
use std::ops::{Add, Sub};

fields! {
    /// The counters: lines of `/proc/meminfo`, in kB, and objects of slabs.
    SystemCounter, SYSTEM_COUNTERS {
        /// Pages that are promised (`vm_committed_as`), those of shared memory aside.
        CommittedAs = "Committed_AS",
        AnonPages = "AnonPages",
        /// Pages of files that are mapped.
        Mapped = "Mapped",
        Shmem = "Shmem",
        PageTables = "PageTables",
        /// Swap in use: `SwapTotal` less `SwapFree`.
        Swap = "Swap",
        /// Objects of the slab of mappings.
        Mappings = "vm_area_struct",
    }
}

impl SystemCounter {
    /// Whether it is in kB; otherwise it is a number of objects.
    pub fn in_kb(self) -> bool {
        self != SystemCounter::Mappings
    }
}

/// What a program, or something else that runs, accounts for in the counts of its
/// system. Counters that are not known have no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SystemCounts([Option<i64>; SystemCounter::COUNT]);

impl SystemCounts {
    /// Nothing at all, every counter known.
    pub const NONE: SystemCounts = SystemCounts([Some(0); SystemCounter::COUNT]);

    /// The value of a counter, if it is known.
    pub fn get(&self, counter: SystemCounter) -> Option<i64> {
        self.0[counter as usize]
    }

    /// Sets or forgets a counter.
    pub fn set(&mut self, counter: SystemCounter, value: Option<i64>) {
        self.0[counter as usize] = value;
    }

    /// Whether all counters that both know are the same.
    pub fn agrees_with(&self, other: &SystemCounts) -> bool {
        self.0.iter().zip(&other.0).all(|pair| match pair {
            (Some(here), Some(there)) => here == there,
            _ => true,
        })
    }

    fn with(self, other: SystemCounts, combine: impl Fn(i64, i64) -> i64) -> SystemCounts {
        let both = |at| Some(combine(self.0[at]?, other.0[at]?));
        SystemCounts(std::array::from_fn(both))
    }
}

impl Add for SystemCounts {
    type Output = SystemCounts;

    /// Both together; what one of them does not know is not known.
    fn add(self, other: SystemCounts) -> SystemCounts {
        self.with(other, |here, there| here + there)
    }
}

impl Sub for SystemCounts {
    type Output = SystemCounts;

    /// This without the other; what one of them does not know is not known.
    fn sub(self, other: SystemCounts) -> SystemCounts {
        self.with(other, |here, there| here - there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SystemCounter::{AnonPages, Swap};

    #[test]
    fn what_is_not_known_agrees_with_everything_and_stays_unknown() {
        let mut counts = SystemCounts::NONE;
        counts.set(AnonPages, Some(8));
        assert!(!counts.agrees_with(&SystemCounts::NONE));
        counts.set(AnonPages, None);
        assert!(counts.agrees_with(&SystemCounts::NONE));
        counts.set(Swap, Some(4));
        let both = counts + counts;
        assert_eq!((both.get(AnonPages), both.get(Swap)), (None, Some(8)));
        assert_eq!((both - counts).get(Swap), Some(4));
    }
}
