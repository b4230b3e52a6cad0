//! Reads `/proc/kpageflags` of the frames that pagemap showed.

use super::ObserveError;
use mm_reference::addr::{pages, PAGE_SIZE};
use mm_reference::snapshot::{PageEntry, PageFlags, ProcessSnapshot, Window};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const ENTRY: usize = size_of::<u64>();

/// The flags of all page frames of the system.
#[derive(Debug)]
pub struct FrameFlags {
    file: File,
}

impl FrameFlags {
    /// Opens them, which takes the right to.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open() -> io::Result<FrameFlags> {
        File::open("/proc/kpageflags").map(|file| FrameFlags { file })
    }

    /// The flags of one frame.
    fn of(&self, frame: u64) -> io::Result<PageFlags> {
        let mut entry = [0; ENTRY];
        self.file.read_exact_at(&mut entry, frame * ENTRY as u64)?;
        Ok(PageFlags::from_bits_retain(u64::from_ne_bytes(entry)))
    }

    /// Looks at the flags of pages, ascending, by the frames of a snapshot's
    /// pagemap. Pages that are not there are left out.
    ///
    /// # Errors
    /// When the file does not read.
    pub fn observe(&self, wanted: &[u64], into: &mut ProcessSnapshot) -> Result<(), ObserveError> {
        let ProcessSnapshot { pagemap, page_flags, .. } = into;
        page_flags.clear();
        let mut windows = pagemap.as_slice();
        for &address in wanted {
            let Some(entry) = entry(&mut windows, address) else { continue };
            if entry.is_present() && entry.frame() != 0 {
                let flags = self.of(entry.frame());
                let flags = flags.map_err(|e| ObserveError::read("kpageflags", e))?;
                page_flags.push((address, flags));
            }
        }
        Ok(())
    }
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
