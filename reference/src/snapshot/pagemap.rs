//! Entries of `/proc/pid/pagemap`.

use std::fmt;

/// A page frame, or a model's folio page: only equality between the entries of
/// snapshots means anything, up to a renaming. Of a frame that is freed between two
/// snapshots a kernel makes another page's; a model never does.
pub type Frame = u64;

/// One 64-bit entry. Bits as the kernel has them; on the model's side the
/// frame bits of a present page hold the number of the folio's frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PageEntry(pub u64);

#[allow(missing_docs)] // the names are those of Documentation/admin-guide/mm/pagemap.rst
impl PageEntry {
    pub const PRESENT: u64 = 1 << 63;
    pub const SWAP: u64 = 1 << 62;
    pub const FILE: u64 = 1 << 61;
    pub const GUARD: u64 = 1 << 58;
    pub const UFFD_WP: u64 = 1 << 57;
    pub const EXCLUSIVE: u64 = 1 << 56;
    pub const SOFT_DIRTY: u64 = 1 << 55;
    pub const FRAME: u64 = (1 << 55) - 1;
    /// How many of the lowest bits of a swap entry's frame are its type; the offset is above.
    pub const SWAP_TYPE_BITS: u32 = 5;
    /// On the model's side: how many of the lowest bits of a frame's number say which of
    /// the frames that are in use at a time it is.
    pub const SLOT_BITS: u32 = 24;
    /// The type that is no device: a marker.
    pub const MARKER: u64 = (1 << PageEntry::SWAP_TYPE_BITS) - 1;
    /// On the model's side: the frame is the shared zero page.
    pub const ZERO_FRAME: u64 = PageEntry::FRAME;

    /// Bits 55 to 63.
    pub fn bits(self) -> u64 {
        self.0 & !PageEntry::FRAME
    }

    /// Bits 0 to 54: a frame number, or the type and offset of a swap entry.
    pub fn frame(self) -> Frame {
        self.0 & PageEntry::FRAME
    }

    /// Whether it refers to a place in swap, which is a page's like a frame.
    pub fn is_in_swap(self) -> bool {
        self.0 & PageEntry::SWAP != 0 && self.0 & PageEntry::MARKER != PageEntry::MARKER
    }

    pub fn is_present(self) -> bool {
        self.0 & PageEntry::PRESENT != 0
    }
}

impl fmt::Display for PageEntry {
    /// Names the bits: `present|exclusive`; `-` for an empty entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u64, &str); 7] = [
            (PageEntry::PRESENT, "present"),
            (PageEntry::SWAP, "swap"),
            (PageEntry::FILE, "file"),
            (PageEntry::GUARD, "guard"),
            (PageEntry::UFFD_WP, "uffd-wp"),
            (PageEntry::EXCLUSIVE, "exclusive"),
            (PageEntry::SOFT_DIRTY, "soft-dirty"),
        ];
        let mut separator = "";
        for (bit, name) in NAMES {
            if self.0 & bit != 0 {
                write!(f, "{separator}{name}")?;
                separator = "|";
            }
        }
        if separator.is_empty() {
            f.write_str("-")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PageEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} frame {:#x}", self.frame())
    }
}

/// The entries of a range of pages.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Window {
    /// Address of the first page.
    pub start: u64,
    /// One entry per page.
    pub entries: Vec<PageEntry>,
}
