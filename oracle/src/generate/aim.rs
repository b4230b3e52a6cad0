//! Where operations strike: near the edges of what is mapped.

use super::fence::Fence;
use super::source::{Choose, Source};
use super::view::View;
use super::weights::Scale;
use mm_reference::addr::{
    align_down, page_down, page_up, MAP_WINDOW, PAGE_SIZE, PMD_SIZE, PUD_SIZE, STACK_GUARD_PAGES,
};
use mm_reference::model::{Mm, Vma};
use mm_reference::op::ProcessId;
use std::cell::OnceCell;

/// How many recent places are remembered.
const HOT: usize = 8;

/// A range of pages, not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub start: u64,
    pub end: u64,
}

impl Range {
    pub fn new(start: u64, pages: u64) -> Range {
        Range { start, end: start.saturating_add(pages.max(1) * PAGE_SIZE) }
    }

    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    pub fn pages(&self) -> u64 {
        self.len() / PAGE_SIZE
    }

    /// At most so many pages of it, from either end.
    pub fn at_most(self, src: &mut (impl Source + ?Sized), pages: u64) -> Range {
        if self.pages() <= pages.max(1) {
            self
        } else if src.chance(1, 2) {
            Range::new(self.start, pages)
        } else {
            Range::new(self.end - pages.max(1) * PAGE_SIZE, pages)
        }
    }
}

/// What a program has come back to so far.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Recent addresses, in a ring.
    hot: [u64; HOT],
    next: usize,
    /// The middle of the program's own ground, and how far it reaches.
    ground: Range,
    /// What its ranges are made of, in pages.
    unit: u64,
    /// By how many pages those that are whole tables start late.
    late: u64,
    /// How much memory it deals with.
    pub scale: Scale,
}

impl Memory {
    /// Chooses the ground below the top of mappings: often across the end of a
    /// page table, and at times across the window's end or right below the end
    /// of the address space, where these are two.
    pub fn new(
        src: &mut (impl Source + ?Sized),
        (mmap, end): (u64, u64),
        unit: u64,
        scale: Scale,
    ) -> Memory {
        let mmap = match end {
            MAP_WINDOW => mmap,
            _ if src.chance(1, 4) => src.pick(&[
                (MAP_WINDOW + PAGE_SIZE) + (32 << 20),
                end - (end - MAP_WINDOW) / 2,
                end,
            ]),
            _ => mmap,
        };
        let centre = match src.below(10) {
            0..=4 => align_down(mmap.saturating_sub(32 << 20), PMD_SIZE),
            5 | 6 => align_down(mmap.saturating_sub(2 * PUD_SIZE), PUD_SIZE),
            7 => mmap.saturating_sub((1 << 20) + 8 * PAGE_SIZE),
            8 => 0x7000_0000 + PMD_SIZE * src.below(4),
            _ => align_down(mmap / 2, PUD_SIZE),
        };
        let half = match unit {
            1 => src.pick(&[3, 6, 12, 32]),
            _ => unit * src.pick(&[2, 3]),
        };
        let ground = Range::new(centre.saturating_sub(half * PAGE_SIZE), 2 * half);
        let late = if unit > 1 { src.pick(&[0, 3]) } else { 0 };
        Memory { hot: [0; HOT], next: 0, ground, unit, late, scale }
    }

    /// Remembers an address.
    pub fn note(&mut self, address: u64) {
        if address != 0 && !self.hot.contains(&page_down(address)) {
            self.hot[self.next] = page_down(address);
            self.next = (self.next + 1) % HOT;
        }
    }
}

/// One process's address space as something to aim at.
pub(super) struct Aim<'a> {
    pub mm: &'a Mm,
    pub view: &'a View<'a>,
    pub process: ProcessId,
    pub fence: &'a Fence,
    pub memory: &'a Memory,
    /// Out of 100, how many ranges lie on the ground.
    pub cling: u32,
    /// How many mappings of a small space may be worked on, once that is known.
    pub free: OnceCell<u64>,
}

impl<'a> Aim<'a> {
    /// A mapping that may be worked on.
    pub fn vma(&self, src: &mut (impl Source + ?Sized)) -> Option<&'a Vma> {
        let vmas = &self.mm.vmas;
        if src.chance(1, 3) {
            let hot = src.pick(&self.memory.hot);
            if let Some(vma) = vmas.containing(hot).filter(|vma| self.fence.is_free(vma)) {
                return Some(vma);
            }
        }
        // counting to the n-th is slow in a large space; a random one nearby will do
        let mut from = if vmas.len() > 64 {
            let first = vmas.iter().next()?.start;
            let last = vmas.iter().next_back()?.end;
            let far = first + src.below(last - first);
            let near = src.pick(&self.memory.hot);
            let at = if near != 0 && src.chance(3, 4) { near } else { far };
            vmas.find(at)
        } else {
            let free = || vmas.iter().filter(|vma| self.fence.is_free(vma));
            let n = src.below(*self.free.get_or_init(|| free().count() as u64));
            return free().nth(n as usize);
        };
        while let Some(vma) = from {
            if self.fence.is_free(vma) {
                return Some(vma);
            }
            from = vmas.from(vma.end);
        }
        None
    }

    /// Some pages.
    pub fn size(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        let (low, high) = src.weighted(self.memory.scale.sizes());
        src.between(low, high)
    }

    /// A few pages, or what fills a few tables.
    pub fn few(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        let Memory { unit, late, .. } = *self.memory;
        if unit > 1 && src.chance(3, 5) {
            return src.between(1, 2) * unit - late;
        }
        src.pick(&[1, 1, 1, 2, 2, 3, 4, 7])
    }

    /// A range on the program's own ground.
    fn on_ground(&self, src: &mut (impl Source + ?Sized)) -> Range {
        let Memory { ground, unit, late, .. } = *self.memory;
        let units = ground.pages() / unit;
        let start = src.below(units);
        if unit > 1 {
            let late = if src.chance(4, 5) { late } else { 0 };
            let len = src.between(1, 2).min(units - start) * unit - late;
            return Range::new(ground.start + (start * unit + late) * PAGE_SIZE, len);
        }
        let len = self.few(src).min(units - start);
        Range::new(ground.start + start * PAGE_SIZE, len)
    }

    /// A range to work on: mapped, partly mapped, or just beside.
    pub fn range(&self, src: &mut (impl Source + ?Sized)) -> Range {
        if src.chance(self.cling, 100) {
            return self.on_ground(src);
        }
        let Some(vma) = self.vma(src) else { return self.on_ground(src) };
        self.around(src, vma)
    }

    /// A range that lies inside one mapping, mostly.
    pub fn inside(&self, src: &mut (impl Source + ?Sized)) -> Range {
        for _ in 0..3 {
            let range = self.range(src);
            if let Some(vma) = self.mm.vmas.containing(range.start) {
                if self.fence.is_free(vma) {
                    return Range { start: range.start, end: range.end.min(vma.end) };
                }
            }
        }
        match self.vma(src) {
            Some(vma) => self.part(src, vma),
            None => self.on_ground(src),
        }
    }

    /// A part of a mapping, touching one of its ends more often than not.
    fn part(&self, src: &mut (impl Source + ?Sized), vma: &Vma) -> Range {
        let pages = vma.pages();
        let some = if src.chance(1, 4) { 1 + src.below(pages) } else { self.few(src) };
        let some = some.min(pages);
        let bytes = some * PAGE_SIZE;
        match src.below(10) {
            0..=2 => Range { start: vma.start, end: vma.end },
            3 | 4 => Range::new(vma.start, some),
            5 | 6 => Range::new(vma.end - bytes, some),
            _ => Range::new(vma.start + src.below(pages - some + 1) * PAGE_SIZE, some),
        }
    }

    fn around(&self, src: &mut (impl Source + ?Sized), vma: &Vma) -> Range {
        let few = self.few(src) * PAGE_SIZE;
        let more = self.few(src);
        match src.below(20) {
            0..=10 => self.part(src, vma),
            // across its start, across its end, beside it
            11 => Range::new(vma.start.saturating_sub(few), few / PAGE_SIZE + more),
            12 => Range::new(vma.end.saturating_sub(few), few / PAGE_SIZE + more),
            13 => Range::new(vma.start.saturating_sub(few), few / PAGE_SIZE),
            14 => Range::new(vma.end, more),
            15 => self.across_table(src, vma),
            _ => self.several(src, vma),
        }
    }

    /// From within this mapping to within one of the next few, with the holes
    /// between them.
    fn several(&self, src: &mut (impl Source + ?Sized), first: &Vma) -> Range {
        let from = self.part(src, first);
        let mut last = first;
        for _ in 0..src.between(1, 3) {
            match self.mm.vmas.from(last.end) {
                Some(next) if self.fence.is_free(next) && next.end - first.start < 1 << 32 => {
                    last = next;
                }
                _ => break,
            }
        }
        let to = if src.chance(1, 2) { last.end } else { self.part(src, last).end };
        Range { start: from.start, end: to.max(from.end) }
    }

    /// Around the end of a page table or of a table of those.
    fn across_table(&self, src: &mut (impl Source + ?Sized), vma: &Vma) -> Range {
        let span = if src.chance(1, 4) { PUD_SIZE } else { PMD_SIZE };
        let edge = align_down(if src.chance(1, 2) { vma.start } else { vma.end }, span);
        let edge = if edge < vma.start && edge + span <= vma.end { edge + span } else { edge };
        match src.below(4) {
            0 => Range::new(edge, self.few(src)),
            1 => Range::new(edge.saturating_sub(PAGE_SIZE), 2),
            2 => Range { start: edge, end: edge.saturating_add(span) },
            _ => {
                let below = self.few(src);
                Range::new(edge.saturating_sub(below * PAGE_SIZE), below + self.few(src))
            }
        }
    }

    /// Where a new mapping of `len` bytes could go, and whether that place is
    /// worth insisting on.
    pub fn place(&self, src: &mut (impl Source + ?Sized), len: u64) -> u64 {
        if src.chance(self.cling, 100) {
            return self.on_ground(src).start;
        }
        let Some(vma) = self.vma(src) else { return self.on_ground(src).start };
        let few = self.few(src) * PAGE_SIZE;
        match src.below(20) {
            0..=4 => vma.end,
            5..=9 => vma.start.saturating_sub(len),
            10 => vma.end + few,
            11 => vma.start.saturating_sub(len + few),
            12..=14 => self.part(src, vma).start,
            15 => self.across_table(src, vma).start,
            16 => align_down(vma.start, PMD_SIZE).saturating_sub(page_up(len) / 2),
            17 => self.near_heap(src),
            18 => self.below_stack(src, len),
            _ if src.chance(1, 4) => self.low(src, len),
            _ => self.far(src, len),
        }
    }

    /// In the way of the heap.
    pub fn near_heap(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        page_up(self.mm.brk) + src.pick(&[0, 1, 2, 5, 16, 256, 512]) * PAGE_SIZE
    }

    /// Around the stack's guard gap.
    pub fn below_stack(&self, src: &mut (impl Source + ?Sized), len: u64) -> u64 {
        let growing = self.mm.vmas.containing(self.mm.start_stack.wrapping_sub(1));
        let bottom = growing.map_or(page_down(self.mm.start_stack), |vma| vma.start);
        let gap = STACK_GUARD_PAGES * PAGE_SIZE;
        let shift = src.pick(&[0, 1, 2, 16]) * PAGE_SIZE;
        match src.below(4) {
            0 => bottom.saturating_sub(len),
            1 => bottom.saturating_sub(gap + len + shift),
            2 => (bottom + shift).saturating_sub(gap + len),
            _ => bottom.saturating_sub(len + shift),
        }
    }

    /// The end of the address space, or of the part of it that mappings keep to
    /// without being told otherwise.
    fn limit(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        match self.fence.end() {
            end if end > MAP_WINDOW && src.chance(1, 2) => end,
            _ => MAP_WINDOW,
        }
    }

    /// Around the lowest address that may be mapped, and below it, where not everyone may.
    pub fn low(&self, src: &mut (impl Source + ?Sized), len: u64) -> u64 {
        let floor = page_up(self.fence.floor());
        match src.below(6) {
            0 => 0,
            1 => src.between(1, 3) * PAGE_SIZE,
            // up to it, and across it
            2 => floor.saturating_sub(page_up(len)),
            3 => floor.saturating_sub(self.few(src) * PAGE_SIZE),
            _ => floor + src.below(3) * PAGE_SIZE,
        }
    }

    /// The ends of what can be mapped at all.
    fn far(&self, src: &mut (impl Source + ?Sized), len: u64) -> u64 {
        match src.below(5) {
            0 => self.low(src, len),
            1 => {
                let limit = self.limit(src);
                (limit + PAGE_SIZE - src.below(4) * PAGE_SIZE).saturating_sub(page_up(len))
            }
            2 => 0x4000_0000 + src.below(4) * PAGE_SIZE,
            3 => 0x8000_0000 - src.below(4) * PAGE_SIZE,
            _ => 0x1_0000_0000 - 2 * PAGE_SIZE + src.below(4) * PAGE_SIZE,
        }
    }
}
