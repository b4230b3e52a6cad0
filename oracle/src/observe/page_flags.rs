//! Reads what the system says of the frames that pagemap showed: `/proc/kpageflags`, and
//! `/proc/kpagecount`.

use super::ObserveError;
use mm_reference::addr::{pages, PAGE_SIZE};
use mm_reference::snapshot::{PageEntry, PageFlags, ProcessPlan, ProcessSnapshot, Views, Window};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const ENTRY: usize = size_of::<u64>();

/// What there is of all page frames of the system.
#[derive(Debug)]
pub struct FrameFlags {
    flags: File,
    counts: Option<File>,
}

impl FrameFlags {
    /// Opens them, which takes the right to.
    ///
    /// # Errors
    /// The system's reason why the flags cannot be read.
    pub fn open() -> io::Result<FrameFlags> {
        let flags = File::open("/proc/kpageflags")?;
        Ok(FrameFlags { flags, counts: FrameFlags::open_counts().ok() })
    }

    /// Opens the counts alone.
    pub(super) fn open_counts() -> io::Result<File> {
        File::open("/proc/kpagecount")
    }

    /// Looks at the frames of a plan's flagged pages, by a snapshot's pagemap. Pages that are
    /// not there are left out.
    ///
    /// # Errors
    /// When a file does not read.
    pub fn observe(
        &self,
        plan: &ProcessPlan,
        into: &mut ProcessSnapshot,
    ) -> Result<(), ObserveError> {
        let ProcessSnapshot { pagemap, page_flags, page_counts, .. } = into;
        page_flags.clear();
        page_counts.clear();
        let counts = self.counts.as_ref().filter(|_| plan.views.contains(Views::PAGE_COUNTS));
        let mut windows = pagemap.as_slice();
        for &address in &plan.flagged {
            let Some(entry) = entry(&mut windows, address) else { continue };
            if !entry.is_present() || entry.frame() == 0 {
                continue;
            }
            let flags = of_frame(&self.flags, entry.frame());
            let flags = flags.map_err(|e| ObserveError::read("kpageflags", e))?;
            page_flags.push((address, PageFlags::from_bits_retain(flags)));
            if let Some(counts) = counts {
                let count = of_frame(counts, entry.frame());
                let count = count.map_err(|e| ObserveError::read("kpagecount", e))?;
                page_counts.push((address, count));
            }
        }
        Ok(())
    }
}

/// The word of one frame.
fn of_frame(file: &File, frame: u64) -> io::Result<u64> {
    let mut entry = [0; ENTRY];
    file.read_exact_at(&mut entry, frame * ENTRY as u64)?;
    Ok(u64::from_ne_bytes(entry))
}

/// The entry of an address; the windows before it are dropped.
fn entry(windows: &mut &[Window], address: u64) -> Option<PageEntry> {
    while let [window, later @ ..] = windows {
        let end = window.start + window.entries.len() as u64 * PAGE_SIZE;
        if address < end {
            let index = pages(address.checked_sub(window.start)?);
            return window.entries.get(index as usize).copied();
        }
        *windows = later;
    }
    None
}
