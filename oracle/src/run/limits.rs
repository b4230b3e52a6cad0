//! How far looks go, and how often what is read.

/// After how many operations there is a look on the way: from the first to the last of
/// these numbers, by program.
pub(crate) const STRIDES: (usize, usize) = (3, 16);
/// After so many programs one is looked at by the worker, and after the second number at the
/// latest. It has to be woken for that, so it waits for one at which the queue is almost full.
pub(crate) const CLOSE_LOOKS: (u32, u32) = (128, 256);
/// Of how many pages of a process the flags are looked at: frames are scattered, so each
/// takes a system call of its own.
pub(crate) const FLAGGED: usize = 16;
/// Of how many at most when looking closely.
pub(crate) const FLAGGED_CLOSELY: usize = 1024;
/// With the look at the end of one program in so many, smaps_rollup is read, and pages that
/// are not there; where the worker looks at one that forks, numa_maps as well.
pub(crate) const SHARE: u32 = 16;
/// How many pages in swap are read then, and how many of which there is none.
pub(crate) const AWAY: usize = 8;
/// The same when looking closely.
pub(crate) const AWAY_CLOSELY: usize = 64;
