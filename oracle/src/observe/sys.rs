//! The one system call that the standard library does not wrap.

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

/// `struct pm_scan_arg`
#[derive(Default)]
#[repr(C)]
struct ScanArguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
/// `_IOWR('f', 16, struct pm_scan_arg)`
const PAGEMAP_SCAN: u64 =
    3 << 30 | (size_of::<ScanArguments>() as u64) << 16 | (b'f' as u64) << 8 | 16;

/// Finds what is present or swapped (markers count as swapped) in a range, as
/// many regions as fit into `regions`; answers how many there are. Needs 6.7,
/// otherwise `ENOTTY`.
pub(super) fn scan_populated(
    pagemap: &File,
    (start, end): (u64, u64),
    regions: &mut [PageRegion],
) -> io::Result<usize> {
    let mut arguments = ScanArguments {
        size: size_of::<ScanArguments>() as u64,
        start,
        end,
        vec: regions.as_mut_ptr() as u64,
        vec_len: regions.len() as u64,
        category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        return_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
        ..ScanArguments::default()
    };
    // SAFETY: the argument has the size said in `size`, `vec` and `vec_len`
    // describe `regions`, and both outlive the call.
    let found = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN as _, &raw mut arguments) };
    usize::try_from(found).map_err(|_| io::Error::last_os_error())
}
