//! What can be seen of a process from outside, predicted or observed.
//!
//! One set of types for both sides: the model fills them from its state, the
//! observer from `/proc`. Comparison is structural and happens elsewhere.

mod maps;
mod numa_maps;
mod page_flags;
mod pagemap;
mod rollup;
mod smaps;
mod statm;
mod status;
mod system;

pub use maps::{decimal_digits, MapsLine, Name, Perms};
pub use numa_maps::{NumaField, NumaLine, NUMA_FIELDS};
pub use page_flags::PageFlags;
pub use pagemap::{Frame, PageEntry, Window};
pub use rollup::{Rollup, RollupField, ROLLUP_FIELDS};
pub use smaps::{SmapsEntry, SmapsField, VmFlagList, SMAPS_FIELDS};
pub use statm::{Statm, StatmField, STATM_FIELDS};
pub use status::{Status, StatusField, STATUS_FIELDS};
pub use system::{SystemCounter, SystemCounts, SYSTEM_COUNTERS};

use crate::op::{Contents, ProcessId};

/// All that is observed of one process at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProcessSnapshot {
    /// Which process of the program.
    pub process: ProcessId,
    /// `/proc/pid/maps`, every line.
    pub maps: Vec<MapsLine>,
    /// `/proc/pid/smaps`, every entry.
    pub smaps: Vec<SmapsEntry>,
    /// `/proc/pid/pagemap` over the windows of the observation plan.
    pub pagemap: Vec<Window>,
    /// `/proc/kpageflags` of the frames of pages, by page address, ascending.
    pub page_flags: Vec<(u64, PageFlags)>,
    /// `/proc/kpagecount` of the same frames: how many page table entries map each.
    pub page_counts: Vec<(u64, u64)>,
    /// `/proc/pid/status`, the memory lines.
    pub status: Status,
    /// `/proc/pid/statm`
    pub statm: Option<Statm>,
    /// `/proc/pid/smaps_rollup`
    pub rollup: Option<Rollup>,
    /// `/proc/pid/numa_maps`, every line; empty where it is not read.
    pub numa_maps: Vec<NumaLine>,
    /// Contents of present pages, by page address, ascending.
    pub contents: Vec<(u64, Contents)>,
    /// Contents of pages that were not there until they were read, after all else.
    pub away: Vec<(u64, Contents)>,
}

bitflags::bitflags! {
    /// What says again, in another way, what maps, smaps, pagemap and status say. It is read
    /// with a share of looks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct Views: u8 {
        /// `/proc/pid/statm`
        const STATM = 1 << 0;
        /// `/proc/pid/smaps_rollup`
        const ROLLUP = 1 << 1;
        /// `/proc/pid/numa_maps`
        const NUMA_MAPS = 1 << 2;
        /// `/proc/kpagecount`, of the pages whose flags are compared
        const PAGE_COUNTS = 1 << 3;
    }
}

/// All processes of a program that are alive at one moment, ascending by id.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// One entry per live process.
    pub processes: Vec<ProcessSnapshot>,
}

/// Page-aligned address ranges, ascending and disjoint.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ranges(pub Vec<(u64, u64)>);

/// Which parts of a process's pagemap and contents are read: chosen from the
/// model's state, the same for both sides.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProcessPlan {
    /// Ranges whose pagemap entries are compared one by one.
    pub windows: Ranges,
    /// Mapped ranges outside the windows, in which nothing may be populated
    /// (too large to read entry by entry).
    pub empty: Ranges,
    /// Pages whose contents are compared.
    pub contents: Ranges,
    /// Pages in the windows whose flags are compared, ascending.
    pub flagged: Vec<u64>,
    /// What else is read of the process as a whole.
    pub views: Views,
    /// Pages that are in swap, or of which there is none, whose contents are compared as
    /// well. Reading brings them in, so it changes what it looks at.
    pub away: Ranges,
}
