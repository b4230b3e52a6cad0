//! Compares what should be with what is.
//!
//! This is the only place where predictions and observations meet. Both are of
//! the same types; equal parts are passed over as a whole, and only parts that
//! differ are looked at in detail. Comparison is exact, but for the entries of
//! [`EXEMPTIONS`], and for what [`Capabilities`] says cannot be seen here.

mod counters;
mod exempt;
mod frames;
mod limits;
mod maps;
mod observable;
mod outcome;
mod outline;
mod pages;
mod render;
mod signature;
mod views;

pub use crate::observe::{Blind, Capabilities};
pub use counters::compare_counts;
pub use exempt::{Exemption, Unsteady, EXEMPTIONS, MIGRATIONS, NUMA_ACTIVE, UNSTEADY_FLAGS};
use frames::Frames;
pub use limits::limits;
pub use observable::Observable;
pub use outcome::{compare_outcome, complaint};
pub use outline::Outline;
pub use render::render;
pub(crate) use signature::slug;
pub use signature::Signature;

use mm_reference::op::ProcessId;
use mm_reference::snapshot::{
    NumaField, PageFlags, ProcessSnapshot, RollupField, SmapsField, Snapshot, StatmField,
    StatusField, SystemCounter,
};
use std::cmp::Ordering;
use std::fmt;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The outcome of an operation.
    Outcome,
    /// Whether a process is alive.
    Process,
    /// A line of maps.
    Maps(MapsColumn),
    /// A counter of an smaps entry.
    Smaps(SmapsField),
    /// Lines of an smaps entry that no field is known for.
    SmapsUnknown,
    /// A flag of an smaps entry.
    VmFlag([u8; 2]),
    /// The order of the flags.
    VmFlagOrder,
    /// A bit of a pagemap entry.
    Pagemap(PageBit),
    /// Which pages share a frame, and keep it.
    Frame,
    /// A flag of a page's frame.
    PageFlag(PageBit),
    /// Type and offset of a swap entry or marker.
    SwapEntry,
    /// Contents of a page.
    Contents,
    /// How many entries map a page's frame.
    PageCount,
    /// A line of status.
    Status(StatusField),
    /// A column of statm.
    Statm(StatmField),
    /// A line of smaps_rollup.
    Rollup(RollupField),
    /// Lines of smaps_rollup that no field is known for.
    RollupUnknown,
    /// From where to where smaps_rollup reaches.
    RollupRange,
    /// A counter of a line of numa_maps.
    Numa(NumaField),
    /// A line of numa_maps, or what it says of the mapping itself.
    NumaLine,
    /// The kernel complained in its log.
    KernelLog,
    /// A count of the system as a whole.
    System(SystemCounter),
}

/// A column of a line of maps, or the line as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the columns of /proc/pid/maps
pub enum MapsColumn {
    /// That there is a line with this start.
    Line,
    Start,
    End,
    Perms,
    Offset,
    Dev,
    Inode,
    Name,
}

/// The number of a bit of a pagemap entry or of a frame's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageBit(pub u32);

/// In which way it differs: as much as tells two findings apart, and nothing
/// that depends on addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Expected, but absent.
    Missing,
    /// Present, but not expected.
    Extra,
    /// The actual number is smaller.
    Less,
    /// The actual number is greater.
    More,
    /// There is another value.
    Changed,
    /// One mapping was expected, there are several.
    Split,
    /// Several mappings were expected, there is one.
    Merged,
    /// Pages share a frame that should not.
    Shared,
    /// Pages do not share a frame that should.
    Unshared,
    /// A page is in another frame than at the look before.
    Moved,
    /// One of a few possible values instead of another.
    Instead {
        /// The expected value's class.
        expected: String,
        /// The actual value's class.
        actual: String,
    },
}

impl Kind {
    fn instead(expected: impl Into<String>, actual: impl Into<String>) -> Kind {
        Kind::Instead { expected: expected.into(), actual: actual.into() }
    }

    /// How a text differs from another, either of which may be empty.
    fn of_texts(expected: &str, actual: &str) -> Kind {
        match (expected.is_empty(), actual.is_empty()) {
            (true, _) => Kind::Extra,
            (_, true) => Kind::Missing,
            _ => Kind::Changed,
        }
    }

    /// How one number differs from another; `None` for equal ones.
    fn of_numbers(expected: Option<u64>, actual: Option<u64>) -> Option<Kind> {
        match (expected, actual) {
            (Some(_), None) => Some(Kind::Missing),
            (None, Some(_)) => Some(Kind::Extra),
            _ => match actual.cmp(&expected) {
                Ordering::Less => Some(Kind::Less),
                Ordering::Greater => Some(Kind::More),
                Ordering::Equal => None,
            },
        }
    }
}

/// Where it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The operation with this index.
    Operation(usize),
    /// The process as a whole.
    Process,
    /// A mapping, by start and end.
    Mapping(u64, u64),
    /// Pages, by start and end.
    Pages(u64, u64),
    /// The kernel.
    System,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub process: ProcessId,
    /// Where.
    pub place: Place,
    /// In what.
    pub field: Field,
    /// In which way.
    pub kind: Kind,
    /// The expected value, readable.
    pub expected: String,
    /// The actual value, readable.
    pub actual: String,
}

/// Compares snapshots of all processes; appends what differs to `out`, what is
/// most telling first within each process.
pub fn compare(
    expected: &Snapshot,
    actual: &Snapshot,
    caps: &Capabilities,
    out: &mut Vec<Difference>,
) {
    Comparer::default().compare(expected, actual, caps, out);
}

/// Compares one snapshot after the other: what has a frame in one and still has it in the
/// next keeps it.
#[derive(Debug, Default)]
pub struct Comparer {
    frames: Frames,
}

impl Comparer {
    /// Snapshots of something else come next: of another subject, or of another model,
    /// whose frames have other numbers.
    pub fn forget(&mut self) {
        self.frames.forget();
    }

    /// As [`compare`], after the snapshots so far.
    pub fn compare(
        &mut self,
        expected: &Snapshot,
        actual: &Snapshot,
        caps: &Capabilities,
        out: &mut Vec<Difference>,
    ) {
        self.frames.look();
        let id = |process: &ProcessSnapshot| process.process;
        join(&expected.processes, &actual.processes, id, |pair| match pair {
            (Some(e), Some(a)) => self.process(e, a, caps, out),
            (e, a) => {
                let say = |p: Option<_>| if p.is_some() { "alive" } else { "gone" }.to_owned();
                out.push(Difference {
                    process: e.or(a).map(id).unwrap_or_default(),
                    place: Place::Process,
                    field: Field::Process,
                    kind: if a.is_none() { Kind::Missing } else { Kind::Extra },
                    expected: say(e),
                    actual: say(a),
                });
            }
        });
    }

    fn process(
        &mut self,
        expected: &ProcessSnapshot,
        actual: &ProcessSnapshot,
        caps: &Capabilities,
        out: &mut Vec<Difference>,
    ) {
        let mut findings = Findings { process: expected.process, out };
        let parts = &caps.parts;
        let maps_differ = parts.maps && expected.maps != actual.maps;
        if maps_differ {
            maps::compare(&expected.maps, &actual.maps, &mut findings);
        }
        if parts.smaps && expected.smaps != actual.smaps {
            if !maps_differ {
                maps::compare(&expected.smaps, &actual.smaps, &mut findings);
            }
            counters::compare_smaps(&expected.smaps, &actual.smaps, caps, &mut findings);
        }
        if parts.pagemap {
            let frames = caps.frames.then_some(&mut self.frames);
            pages::compare_pagemap(&expected.pagemap, &actual.pagemap, frames, &mut findings);
        }
        if parts.page_flags {
            let ignored = exempt::unsteady_flags(caps);
            pages::compare_flags(&expected.page_flags, &actual.page_flags, ignored, &mut findings);
        }
        if parts.contents && expected.contents != actual.contents {
            if caps.forced_reads {
                pages::compare_contents(&expected.contents, &actual.contents, &mut findings);
            } else {
                let readable = |side: &[(u64, mm_reference::op::Contents)]| {
                    exempt::readable(&expected.smaps, side)
                };
                let (expected, actual) = (readable(&expected.contents), readable(&actual.contents));
                pages::compare_contents(&expected, &actual, &mut findings);
            }
        }
        if parts.status && expected.status != actual.status {
            counters::compare_status(&expected.status, &actual.status, caps, &mut findings);
        }
        views::compare(expected, actual, caps, &mut findings);
        if parts.contents && expected.away != actual.away {
            pages::compare_contents(&expected.away, &actual.away, &mut findings);
        }
    }
}

/// Collects the differences of one process.
struct Findings<'a> {
    process: ProcessId,
    out: &'a mut Vec<Difference>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        place: Place,
        field: Field,
        kind: Kind,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        let (expected, actual) = (expected.into(), actual.into());
        self.out.push(Difference { process: self.process, place, field, kind, expected, actual });
    }

    /// Adds a difference of one page, or extends the same one of the page before.
    fn add_page(
        &mut self,
        (start, end): (u64, u64),
        field: Field,
        kind: Kind,
        expected: String,
        actual: String,
    ) {
        const NEAR: usize = 8;
        for last in self.out.iter_mut().rev().take(NEAR) {
            let same = last.process == self.process
                && last.field == field
                && last.kind == kind
                && last.expected == expected
                && last.actual == actual;
            if let (true, Place::Pages(from, to)) = (same, last.place) {
                if to == start {
                    last.place = Place::Pages(from, end);
                    return;
                }
            }
        }
        self.add(Place::Pages(start, end), field, kind, expected, actual);
    }
}

/// Walks two lists that ascend by `key` together; items of equal key are pairs.
fn join<'a, T, K: Ord>(
    expected: &'a [T],
    actual: &'a [T],
    key: impl Fn(&T) -> K,
    mut visit: impl FnMut((Option<&'a T>, Option<&'a T>)),
) {
    let (mut expected, mut actual) = (expected.iter().peekable(), actual.iter().peekable());
    loop {
        let order = match (expected.peek(), actual.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(e), Some(a)) => key(e).cmp(&key(a)),
        };
        let e = if order.is_le() { expected.next() } else { None };
        let a = if order.is_ge() { actual.next() } else { None };
        visit((e, a));
    }
}

impl fmt::Display for MapsColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MapsColumn::Line => "line",
            MapsColumn::Start => "start",
            MapsColumn::End => "end",
            MapsColumn::Perms => "perms",
            MapsColumn::Offset => "offset",
            MapsColumn::Dev => "dev",
            MapsColumn::Inode => "inode",
            MapsColumn::Name => "name",
        })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Outcome => f.write_str("outcome"),
            Field::Process => f.write_str("process"),
            Field::Maps(column) => write!(f, "maps-{column}"),
            Field::Smaps(field) => write!(f, "smaps-{}", field.name()),
            Field::SmapsUnknown => f.write_str("smaps-unknown"),
            Field::VmFlag([a, b]) => write!(f, "vmflag-{}{}", *a as char, *b as char),
            Field::VmFlagOrder => f.write_str("vmflag-order"),
            Field::Pagemap(PageBit(bit)) => {
                match mm_reference::snapshot::PageEntry(1 << bit).to_string().as_str() {
                    "-" => write!(f, "pagemap-bit{bit}"),
                    name => write!(f, "pagemap-{name}"),
                }
            }
            Field::Frame => f.write_str("frame"),
            Field::PageFlag(PageBit(bit)) => {
                write!(f, "kpageflags-{}", PageFlags::from_bits_retain(1 << bit))
            }
            Field::SwapEntry => f.write_str("pagemap-swap-entry"),
            Field::Contents => f.write_str("contents"),
            Field::PageCount => f.write_str("kpagecount"),
            Field::Status(field) => write!(f, "status-{}", field.name()),
            Field::Statm(field) => write!(f, "statm-{}", field.name()),
            Field::Rollup(field) => write!(f, "rollup-{}", field.name()),
            Field::RollupUnknown => f.write_str("rollup-unknown"),
            Field::RollupRange => f.write_str("rollup-range"),
            Field::Numa(field) => write!(f, "numa-{}", field.name()),
            Field::NumaLine => f.write_str("numa-line"),
            Field::KernelLog => f.write_str("kernel-log"),
            Field::System(counter) => write!(f, "system-{}", counter.name()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Missing => "missing",
            Kind::Extra => "extra",
            Kind::Less => "less",
            Kind::More => "more",
            Kind::Changed => "changed",
            Kind::Split => "split",
            Kind::Merged => "merged",
            Kind::Shared => "shared",
            Kind::Unshared => "unshared",
            Kind::Moved => "moved",
            Kind::Instead { expected, actual } => return write!(f, "{actual}-not-{expected}"),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Operation(index) => write!(f, "operation {index}"),
            Place::Process => f.write_str("process"),
            Place::Mapping(start, end) | Place::Pages(start, end) => {
                write!(f, "{start:08x}-{end:08x}")
            }
            Place::System => f.write_str("kernel"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { process, place, field, .. } = self;
        // a complaint of the kernel has many lines
        let brief = |text: &'_ str| text.lines().next().unwrap_or_default().to_owned();
        let (expected, actual) = (brief(&self.expected), brief(&self.actual));
        write!(f, "{process} {place} {field}: expected {expected}, actual {actual}")
    }
}

#[cfg(test)]
mod tests;
