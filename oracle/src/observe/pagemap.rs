//! Reads `/proc/pid/pagemap` over the windows of a plan.

use super::sys::{scan_populated, PageRegion};
use super::ObserveError;
use crate::protocol::{scan_shown, SCAN_REGIONS};
use crate::stages::{lap, Stage};
use mm_reference::addr::{pages, PAGE_SHIFT, PAGE_SIZE};
use mm_reference::snapshot::{PageEntry, Ranges, Window};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const ENTRY: usize = size_of::<u64>();
/// Windows closer together than this are cheaper to read as one.
const WORTH_SKIPPING: u64 = 128 * PAGE_SIZE;
/// How much of an empty range is read where the kernel cannot scan it.
pub(super) const EMPTY_CHECKED: u64 = 1 << 27;

/// An open pagemap and its buffers.
#[derive(Debug)]
pub(super) struct Pagemap {
    file: File,
    bytes: Vec<u8>,
    can_scan: bool,
}

impl Pagemap {
    pub(super) fn new(file: File) -> Pagemap {
        Pagemap { file, bytes: Vec::new(), can_scan: true }
    }

    /// Replaces `into` by the plan's windows, in their order. Populated pages
    /// of the ranges that should be empty are appended as further windows.
    pub(super) fn observe(
        &mut self,
        windows: &Ranges,
        empty: &Ranges,
        spare: &mut Vec<Vec<PageEntry>>,
        into: &mut Vec<Window>,
    ) -> Result<(), ObserveError> {
        spare.extend(into.drain(..).map(|window| window.entries));
        for together in reads(windows) {
            let (start, end) = span(together);
            self.read(start, end)?;
            lap(Stage::Read);
            for &(from, to) in together {
                let first = ENTRY * pages(from - start) as usize;
                let length = ENTRY * pages(to - from) as usize;
                into.push(window_of(from, &self.bytes[first..first + length], spare.pop()));
            }
            lap(Stage::Decode);
        }
        for &range in &empty.0 {
            self.check_empty(range, into)?;
        }
        lap(Stage::Read);
        Ok(())
    }

    /// Reads the entries of a range into the byte buffer.
    fn read(&mut self, start: u64, end: u64) -> Result<(), ObserveError> {
        let length = ENTRY * pages(end - start) as usize;
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        let at = (start >> PAGE_SHIFT) * ENTRY as u64;
        match self.file.read_exact_at(&mut self.bytes[..length], at) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(ObserveError::Gone),
            Err(e) => Err(ObserveError::read("pagemap", e)),
        }
    }

    fn check_empty(
        &mut self,
        range: (u64, u64),
        into: &mut Vec<Window>,
    ) -> Result<(), ObserveError> {
        if self.can_scan {
            let mut regions = [PageRegion::default(); SCAN_REGIONS];
            match scan_populated(&self.file, range, &mut regions) {
                Ok(count) => {
                    for region in &regions[..count] {
                        let (start, end) = scan_shown((region.start, region.end));
                        self.append(start, end, into)?;
                    }
                    return Ok(());
                }
                Err(e) if e.raw_os_error() == Some(libc::ENOTTY) => self.can_scan = false,
                Err(e) => return Err(ObserveError::read("pagemap (scan)", e)),
            }
        }
        let (start, end) = (range.0, range.1.min(range.0.saturating_add(EMPTY_CHECKED)));
        self.read(start, end)?;
        let length = ENTRY * pages(end - start) as usize;
        // as a scan does, which does not ask for the soft-dirty bit: an untouched
        // page shows that of its mapping
        let populated = |entry: &[u8]| {
            let entry = u64::from_ne_bytes(entry.try_into().unwrap_or_default());
            entry & !PageEntry::SOFT_DIRTY != 0
        };
        if let Some(at) = self.bytes[..length].chunks_exact(ENTRY).position(populated) {
            let from = start + at as u64 * PAGE_SIZE;
            let (from, end) = scan_shown((from, end));
            self.append(from, end, into)?;
        }
        Ok(())
    }

    fn append(&mut self, start: u64, end: u64, into: &mut Vec<Window>) -> Result<(), ObserveError> {
        self.read(start, end)?;
        let length = ENTRY * pages(end - start) as usize;
        into.push(window_of(start, &self.bytes[..length], None));
        Ok(())
    }
}

/// The window that starts here and has these entries, in a buffer that was used
/// before.
pub(super) fn window_of(start: u64, bytes: &[u8], spare: Option<Vec<PageEntry>>) -> Window {
    let mut entries = spare.unwrap_or_default();
    entries.clear();
    let words = bytes.chunks_exact(ENTRY);
    entries.extend(words.map(|w| PageEntry(u64::from_ne_bytes(w.try_into().unwrap_or_default()))));
    Window { start, entries }
}

/// The windows that are read together.
pub(super) fn reads(windows: &Ranges) -> impl Iterator<Item = &[(u64, u64)]> {
    windows.0.chunk_by(|before, next| next.0.saturating_sub(before.1) <= WORTH_SKIPPING)
}

pub(super) fn span(together: &[(u64, u64)]) -> (u64, u64) {
    match together {
        [first, .., last] => (first.0, last.1),
        [only] => *only,
        [] => (0, 0),
    }
}

/// The ranges that are read to observe these windows.
pub fn ranges_read(windows: &Ranges) -> impl Iterator<Item = (u64, u64)> + '_ {
    reads(windows).map(span)
}

/// What the entries of one's own page say about this system.
pub(super) struct Probe {
    pub(super) frames: bool,
    pub(super) scan: bool,
}

/// Whether this process is shown frame numbers (`pagemap_read` asks for `CAP_SYS_ADMIN`).
pub fn shows_frames() -> bool {
    probe().is_ok_and(|probe| probe.frames)
}

/// Looks at a page of this process that is certainly present.
pub(super) fn probe() -> io::Result<Probe> {
    let page = vec![1u8; 2 * PAGE_SIZE as usize];
    let address = (page.as_ptr() as u64).next_multiple_of(PAGE_SIZE);
    let file = File::open("/proc/self/pagemap")?;
    let mut entry = [0; ENTRY];
    file.read_exact_at(&mut entry, (address >> PAGE_SHIFT) * ENTRY as u64)?;
    let entry = PageEntry(u64::from_ne_bytes(entry));
    let scanned =
        scan_populated(&file, (address, address + PAGE_SIZE), &mut [PageRegion::default(); 2]);
    Ok(Probe { frames: entry.is_present() && entry.frame() != 0, scan: scanned.is_ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in the second page of four, which should be empty.
    fn unexpected(can_scan: bool) -> Vec<Window> {
        let mut memory: Vec<u8> = Vec::with_capacity(1 << 25);
        // past the page that holds the allocator's own words
        let start = (memory.as_ptr() as u64).next_multiple_of(PAGE_SIZE) + PAGE_SIZE;
        let touched = start + PAGE_SIZE;
        let offset = (touched - memory.as_ptr() as u64) as usize;
        std::hint::black_box(&mut memory).spare_capacity_mut()[offset].write(1);
        let mut pagemap = Pagemap::new(File::open("/proc/self/pagemap").unwrap());
        pagemap.can_scan &= can_scan;
        let empty = Ranges(vec![(start, start + 4 * PAGE_SIZE)]);
        let mut found = Vec::new();
        let none = Ranges::default();
        pagemap.observe(&none, &empty, &mut Vec::new(), &mut found).unwrap();
        drop(std::hint::black_box(memory));
        found
    }

    #[test]
    fn both_ways_of_looking_find_the_page() {
        for can_scan in [true, false] {
            let found = unexpected(can_scan);
            assert_eq!(found.len(), 1);
            assert!(found[0].entries.iter().any(|entry| entry.is_present()), "{can_scan}");
        }
    }
}
