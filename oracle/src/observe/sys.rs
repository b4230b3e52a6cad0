//! The one system call that the standard library does not wrap.

use crate::protocol::{PagemapScan, PAGEMAP_SCAN};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// A range of pages with the same answer (`struct page_region`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct PageRegion {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) categories: u64,
}

/// Finds what is present or swapped (markers count as swapped) in a range, as
/// many regions as fit into `regions`; answers how many there are. Needs 6.7,
/// otherwise `ENOTTY`.
pub(super) fn scan_populated(
    pagemap: &File,
    (start, end): (u64, u64),
    regions: &mut [PageRegion],
) -> io::Result<usize> {
    let count = regions.len() as u64;
    let mut arguments = PagemapScan::populated((start, end), regions.as_mut_ptr() as u64, count);
    // SAFETY: the argument has the size said in `size`, `vec` and `vec_len`
    // describe `regions`, and both outlive the call.
    let found = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN as _, &raw mut arguments) };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}
