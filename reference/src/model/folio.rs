//! Pages: `struct folio`, their state and their contents.

use super::anon_vma::AnonVmaId;
pub use super::content::PageContent;
use crate::snapshot::{Frame, PageEntry};

/// One page of the system: a slot, which another page gets when this one is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolioId(pub u32);

/// What a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FolioKind {
    /// Anonymous memory; freed with its last mapping.
    Anon,
    /// A shared-memory file; the file keeps it.
    Shmem,
}

bitflags::bitflags! {
    /// State of a page.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct FolioFlags: u16 {
        /// `PG_anon_exclusive`: only one process can reach it, so a write need not copy.
        const EXCLUSIVE = 1 << 0;
        /// `PG_dirty`
        const DIRTY = 1 << 1;
        /// `PG_swapbacked`; an anonymous page without it is lazily freed.
        const SWAPBACKED = 1 << 2;
        /// `PG_referenced`
        const REFERENCED = 1 << 3;
        /// `PG_active`
        const ACTIVE = 1 << 4;
        /// `PG_young` of idle tracking: a reference that a scanner took out of
        /// the page table.
        const YOUNG = 1 << 5;
        /// Part of a folio of several pages. Nothing makes one yet.
        const LARGE = 1 << 6;
        /// Pinned for longer than a call (`folio_maybe_dma_pinned`). No program can.
        const PINNED = 1 << 7;
        /// It was read back from swap. Whether it is active depends on how far the LRU
        /// lists have moved meanwhile (`workingset_refault`), the whole system's.
        const REFAULTED = 1 << 8;
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folio {
    /// What it belongs to.
    pub kind: FolioKind,
    /// By which a predicted pagemap tells it from all other pages, earlier ones included:
    /// the slot, plus one, below [`PageEntry::SLOT_BITS`], and above it how many pages
    /// there were before. A page keeps it wherever it is mapped, as it keeps its frame.
    pub frame: Frame,
    /// Its state.
    pub flags: FolioFlags,
    /// Page table entries that map it, in every process, those outside the
    /// program included.
    pub mapcount: u32,
    /// Locked mappings among them (`folio->mlock_count`); while there are any
    /// the page is unevictable.
    pub mlocks: u32,
    /// What it holds.
    pub content: PageContent,
    /// `folio->mapping` of an anonymous page: where the mappings that may map
    /// it are found.
    pub anon_vma: Option<AnonVmaId>,
    /// `folio->index` of an anonymous page: its place in those mappings, counted
    /// as their page offset.
    pub index: u64,
}

impl Folio {
    /// A new anonymous page of zeroes that nothing maps yet.
    pub fn anon() -> Folio {
        Folio {
            kind: FolioKind::Anon,
            frame: 0,
            flags: FolioFlags::EXCLUSIVE | FolioFlags::SWAPBACKED,
            mapcount: 0,
            mlocks: 0,
            content: PageContent::Uniform(0),
            anon_vma: None,
            index: 0,
        }
    }

    /// A page of a shared-memory file that `mappers` outside the program map.
    pub fn shmem(mappers: u32) -> Folio {
        Folio {
            kind: FolioKind::Shmem,
            frame: 0,
            flags: FolioFlags::DIRTY | FolioFlags::SWAPBACKED,
            mapcount: mappers,
            mlocks: 0,
            content: PageContent::Unknown,
            anon_vma: None,
            index: 0,
        }
    }

    /// Whether it is anonymous.
    pub fn is_anon(&self) -> bool {
        self.kind == FolioKind::Anon
    }

    /// `folio_mark_accessed`: inactive, referenced, active, active and
    /// referenced. With generations it depends on the version and on per-CPU
    /// batches what becomes of a reference, and none is noted.
    pub fn mark_accessed(&mut self, lru_gen: bool) {
        if lru_gen {
            return;
        }
        if !self.flags.contains(FolioFlags::REFERENCED) {
            self.flags.insert(FolioFlags::REFERENCED);
        } else if self.mlocks == 0 && !self.flags.contains(FolioFlags::ACTIVE) {
            self.flags.insert(FolioFlags::ACTIVE);
            self.flags.remove(FolioFlags::REFERENCED);
        }
    }
}

/// Every page of the system.
#[derive(Debug, Default)]
pub struct Folios {
    slots: Vec<Option<Folio>>,
    free: Vec<u32>,
    /// Frames that were given out so far.
    frames: u64,
}

impl Clone for Folios {
    fn clone(&self) -> Self {
        Folios { slots: self.slots.clone(), free: self.free.clone(), frames: self.frames }
    }

    fn clone_from(&mut self, source: &Self) {
        self.slots.clone_from(&source.slots);
        self.free.clone_from(&source.free);
        self.frames = source.frames;
    }
}

impl Folios {
    /// Adds a page, in a frame of its own.
    pub fn add(&mut self, folio: Folio) -> FolioId {
        let id = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = Some(folio);
                FolioId(number)
            }
            None => {
                self.slots.push(Some(folio));
                FolioId((self.slots.len() - 1) as u32)
            }
        };
        self.renew_frame(id);
        id
    }

    /// From now on the page is in another frame.
    pub fn renew_frame(&mut self, id: FolioId) {
        // a place in swap is shown by the same number, with fewer bits
        const BITS: u32 = PageEntry::FRAME.count_ones() - PageEntry::SWAP_TYPE_BITS;
        let frame = self.frames << PageEntry::SLOT_BITS | (u64::from(id.0) + 1);
        self.frames += 1;
        self.get_mut(id).frame = frame & ((1 << BITS) - 1);
    }

    /// From now on each of two pages is in the frame of the other.
    pub fn swap_frames(&mut self, one: FolioId, other: FolioId) {
        let frame = self.get(one).frame;
        self.get_mut(one).frame = std::mem::replace(&mut self.get_mut(other).frame, frame);
    }

    /// Frames that another system has given out, which has the same pages, are not given
    /// out again.
    pub fn carry_from(&mut self, later: &Folios) {
        self.frames = later.frames;
    }

    /// A page that is mapped somewhere.
    #[inline]
    pub fn get(&self, id: FolioId) -> &Folio {
        self.slots[id.0 as usize].as_ref().expect("a mapped page exists")
    }

    /// A page that is mapped somewhere.
    #[inline]
    pub fn get_mut(&mut self, id: FolioId) -> &mut Folio {
        self.slots[id.0 as usize].as_mut().expect("a mapped page exists")
    }

    /// Counts one more mapping.
    pub fn map(&mut self, id: FolioId) {
        self.get_mut(id).mapcount += 1;
    }

    /// Counts one mapping less; an anonymous page goes with the last one.
    pub fn unmap(&mut self, id: FolioId) {
        let folio = self.get_mut(id);
        folio.mapcount -= 1;
        if folio.mapcount == 0 && folio.is_anon() {
            self.slots[id.0 as usize] = None;
            self.free.push(id.0);
        }
    }

    /// How many pages there are.
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_page_goes_with_its_last_mapping() {
        let mut folios = Folios::default();
        let id = folios.add(Folio::anon());
        let frame = folios.get(id).frame;
        folios.map(id);
        folios.map(id);
        folios.unmap(id);
        assert_eq!(folios.count(), 1);
        folios.unmap(id);
        assert_eq!(folios.count(), 0);
        assert_eq!(folios.add(Folio::anon()), id);
        assert_ne!(folios.get(id).frame, frame, "another page has another frame");
    }

    #[test]
    fn accesses_walk_the_reference_states() {
        let mut folio = Folio::anon();
        let state = FolioFlags::REFERENCED | FolioFlags::ACTIVE;
        let mut seen = Vec::new();
        for _ in 0..4 {
            folio.mark_accessed(false);
            seen.push(folio.flags & state);
        }
        let both = [FolioFlags::REFERENCED, FolioFlags::ACTIVE, state, state];
        assert_eq!(seen, both);
    }

    #[test]
    fn generations_note_no_references() {
        let mut folio = Folio::anon();
        folio.mark_accessed(true);
        assert_eq!(folio.flags, Folio::anon().flags);
    }
}
