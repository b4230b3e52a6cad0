//! What is not compared exactly. Everything that is forgiven stands here, with
//! its reason, and is printed by the tool; add nothing without one.

use crate::observe::{Capabilities, COUNTERS};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::Contents;
use mm_reference::snapshot::{
    Name, NumaField, NumaLine, PageFlags, ProcessSnapshot, RollupField, SmapsEntry, SmapsField,
    StatmField, Status, StatusField,
};

/// A value that only has to lie within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The value.
    pub field: StatusField,
    /// At most what is expected (and [`Capabilities::rss_ahead`]), at least the actual value of
    /// this one, and no further below what is expected than [`Capabilities::rss_slack`].
    pub floor: StatusField,
    /// Why it cannot be compared exactly.
    pub reason: &'static str,
}

/// The whole list.
pub const EXEMPTIONS: &[Exemption] = &[Exemption {
    field: StatusField::VmHwm,
    floor: StatusField::VmRss,
    reason: "the high-water mark is taken from counters that are batched per CPU, so it may \
             miss what the batches hold; it is checked to lie at most that far below the \
             expected mark, and not below VmRSS",
}];

/// What is not compared of frames, and why.
pub const MIGRATIONS: (&str, &str) = (
    "frames that change from one look to the next",
    "the kernel migrates pages whenever it likes; they are compared unless it has counted \
     migrations meanwhile",
);

impl Exemption {
    /// The exemption of a field, if it has one.
    pub fn of(field: StatusField) -> Option<&'static Exemption> {
        EXEMPTIONS.iter().find(|e| e.field == field)
    }

    /// Whether the bounds hold. Whether the value is there at all is not exempt.
    pub fn allows(&self, expected: &Status, actual: &Status, caps: &Capabilities) -> bool {
        match (expected.get(self.field), actual.get(self.field)) {
            (Some(most), Some(value)) => {
                let floor = actual.get(self.floor).unwrap_or_default();
                let least = floor.max(most.saturating_sub(caps.rss_slack));
                (least..=most + caps.rss_ahead).contains(&value)
            }
            _ => false,
        }
    }
}

/// The flags that are not compared here.
pub(super) fn unsteady_flags(caps: &Capabilities) -> PageFlags {
    let mut flags = caps.wrong_flags;
    for unsteady in UNSTEADY_FLAGS {
        flags |= unsteady.flags;
    }
    flags.set(PageFlags::REFERENCED, !caps.lru_lists);
    flags
}

/// Whether a count of used pages is within what it may be where pages are in
/// generations ([`Capabilities::lru_lists`]): at least those with an accessed
/// bit, at most those that are there.
pub(super) fn used_within_bounds(
    expected: &SmapsEntry,
    actual: &SmapsEntry,
    caps: &Capabilities,
) -> bool {
    let of = |entry: &SmapsEntry, field| entry.get(field).unwrap_or_default();
    let (least, most) = (of(expected, SmapsField::Referenced), of(expected, SmapsField::Rss));
    !caps.lru_lists && (least..=most).contains(&of(actual, SmapsField::Referenced))
}

/// Whether a counter of resident pages differs by no more than what batches of
/// this kernel hold back ([`Capabilities::rss_lag`]), and not by more, nor the other way,
/// than what the process may have counted without telling (`held_back`).
pub(super) fn within_lag(
    field: StatusField,
    (expected, actual): (Option<u64>, Option<u64>),
    held_back: Option<u64>,
    caps: &Capabilities,
) -> bool {
    use StatusField::{RssAnon, RssFile, RssShmem, VmRss, VmSwap};
    let counters = match field {
        RssAnon | RssFile | RssShmem | VmSwap => 1,
        VmRss => COUNTERS,
        _ => return false,
    };
    match (expected, actual, caps.rss_lag) {
        (Some(e), Some(a), Some(lag)) => match held_back {
            // what faults count they take from what is in swap
            Some(held) if field == VmSwap => (e..=e.saturating_add(held.min(lag))).contains(&a),
            Some(held) => (e.saturating_sub(held.min(counters * lag))..=e).contains(&a),
            None => e.abs_diff(a) <= counters * lag,
        },
        _ => false,
    }
}

/// Counts of resident pages that may lag behind ([`Capabilities::rss_lag`]) have to be, in
/// pages, what status says at the same time.
pub(super) fn statm_elsewhere(
    field: StatmField,
    actual: &ProcessSnapshot,
    caps: &Capabilities,
) -> Option<u64> {
    let pages = |field| actual.status.get(field).map(|kb| kb / (PAGE_SIZE >> 10));
    caps.rss_lag?;
    match field {
        StatmField::Resident => pages(StatusField::VmRss),
        StatmField::Shared => Some(pages(StatusField::RssFile)? + pages(StatusField::RssShmem)?),
        _ => None,
    }
}

/// The pages that were used, where that has bounds only ([`Capabilities::lru_lists`]), have
/// to be all those of smaps.
pub(super) fn rollup_elsewhere(
    field: RollupField,
    actual: &ProcessSnapshot,
    caps: &Capabilities,
) -> Option<u64> {
    let bounded = field == RollupField::Referenced && !caps.lru_lists && caps.parts.smaps;
    let added = field.adds_up().filter(|_| bounded)?;
    Some(actual.smaps.iter().filter_map(|entry| entry.get(added)).sum())
}

/// Why the active pages of `numa_maps` have bounds only for some mappings.
pub const NUMA_ACTIVE: &str = "how much the subject's own pages were used outlives a program, and \
     whether pages that were read back from swap are active depends on the system; both have bounds";

/// Whether the pages of a mapping that count as active are within what they may be, see
/// [`NUMA_ACTIVE`].
pub(super) fn numa_active_within_bounds(expected: &NumaLine, actual: &NumaLine) -> bool {
    let pages = expected.get(NumaField::Pages).unwrap_or(0);
    let (least, most) = match expected.name {
        Name::Other(_) => (0, pages),
        _ => (expected.active(), expected.active() + expected.active_or_not),
    };
    (least..=most).contains(&actual.active())
}

/// What is left of the contents of pages where memory can only be read if its
/// owner may read it ([`Capabilities::forced_reads`]).
pub(super) fn readable(
    mappings: &[SmapsEntry],
    contents: &[(u64, Contents)],
) -> Vec<(u64, Contents)> {
    let may_read = |address: u64| {
        let after = mappings.partition_point(|entry| entry.line.end <= address);
        mappings.get(after).is_some_and(|entry| entry.line.perms.0.contains(&b'r'))
    };
    contents.iter().copied().filter(|&(address, _)| may_read(address)).collect()
}

/// Flags of frames that follow from more than what a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsteady {
    /// The flags.
    pub flags: PageFlags,
    /// Why they cannot be compared.
    pub reason: &'static str,
}

/// All of them; every other flag is compared, those without a name included.
pub const UNSTEADY_FLAGS: &[Unsteady] = &[
    Unsteady {
        flags: PageFlags::LOCKED.union(PageFlags::IDLE),
        reason: "whoever looks at a page may lock it for a moment or mark it as idle, reclaim \
                 and DAMON among them",
    },
    Unsteady {
        flags: PageFlags::ACTIVE_OR_NOT,
        reason: "whether a page that was read back from swap is ACTIVE depends on what the \
                 whole system did meanwhile",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_too_high_only_where_pages_go_on_another_cpu() {
        let status = |mark| {
            let mut status = Status::default();
            status.set(StatusField::VmHwm, mark);
            status.set(StatusField::VmRss, 8);
            status
        };
        let mark = Exemption::of(StatusField::VmHwm).expect("an exemption");
        let caps = Capabilities { rss_slack: 100, ..Capabilities::full() };
        let moving = Capabilities { rss_ahead: 50, ..caps.clone() };
        for (actual, usual, moved) in
            [(899, false, false), (900, true, true), (1001, false, true), (1051, false, false)]
        {
            let (expected, actual) = (status(1000), status(actual));
            assert_eq!(mark.allows(&expected, &actual, &caps), usual, "{actual}");
            assert_eq!(mark.allows(&expected, &actual, &moving), moved, "{actual}");
        }
    }
}
