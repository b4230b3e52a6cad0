//! What a program must leave alone: the memory that the subject runs on.

use mm_reference::addr::{page_down, PAGE_SIZE};
use mm_reference::model::{Backing, Mm, System, Vma};
use mm_reference::op::ProcessId;
use std::ops::Range;

/// The page of legacy system calls, which no operation can change but a load
/// or a call would reach.
const VSYSCALL: Range<u64> = 0xffff_ffff_ff60_0000..0xffff_ffff_ff60_1000;

/// Address ranges that no operation may change or look into.
#[derive(Clone, Debug)]
pub struct Fence {
    /// Ascending.
    ranges: Vec<Range<u64>>,
    /// The widest free range between two of them, where most of a program is.
    open: Range<u64>,
    user: Range<u64>,
}

impl Fence {
    /// Keeps programs out of these ranges. `user` is where they may place mappings
    /// (`vm.mmap_min_addr`, `TASK_SIZE`); below it that takes privilege.
    pub fn new(ranges: impl IntoIterator<Item = Range<u64>>, user: Range<u64>) -> Fence {
        let mut ranges: Vec<_> = ranges.into_iter().collect();
        ranges.push(VSYSCALL);
        ranges.sort_by_key(|range| range.start);
        let is_clear = |gap: &Range<u64>| clear(&ranges, gap.start, gap.end);
        let between = ranges.iter().zip(&ranges[1..]).map(|(a, b)| a.end..b.start);
        let widest = between.filter(is_clear).max_by_key(|gap| gap.end.saturating_sub(gap.start));
        let open = widest.unwrap_or(0..0);
        Fence { ranges, open, user }
    }

    /// Everything that a fresh subject has mapped: the text and the arena it runs
    /// on, and what the kernel would not let go.
    pub fn of(fresh: &System) -> Fence {
        let settings = &fresh.profile().settings;
        let ranges = fresh.process(ProcessId(0)).map(|p| own_ranges(&p.mm)).unwrap_or_default();
        let floor = settings.mmap_min_addr.max(settings.lsm_mmap_min_addr);
        Fence::new(ranges, floor..fresh.profile().task_size())
    }

    /// Where mappings may begin without privilege.
    pub fn floor(&self) -> u64 {
        self.user.start
    }

    /// The end of the user address space.
    pub fn end(&self) -> u64 {
        self.user.end
    }

    /// Whether a span leaves user space, so that calls that check this first
    /// fail.
    pub(crate) fn beyond_user(&self, span: &Span) -> bool {
        span.wraps || span.end > self.user.end
    }

    /// Whether `[start, end)` touches nothing protected.
    pub fn clear(&self, start: u64, end: u64) -> bool {
        self.open.start <= start && start <= end && end <= self.open.end
            || clear(&self.ranges, start, end)
    }

    /// Whether programs may work on this mapping.
    pub fn is_free(&self, vma: &Vma) -> bool {
        vma.backing == Backing::Anonymous && self.clear(vma.start, vma.end)
    }
}

fn clear(ranges: &[Range<u64>], start: u64, end: u64) -> bool {
    ranges.iter().all(|range| end <= range.start || range.end <= start)
}

/// The stack that `execve` left is the program's: the subject runs on another.
fn own_ranges(mm: &Mm) -> Vec<Range<u64>> {
    let own = |vma: &&Vma| vma.end <= mm.start_stack || vma.start > mm.start_stack;
    mm.vmas.iter().filter(own).map(|vma| vma.start..vma.end).collect()
}

/// The pages that an argument pair reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte of the first page.
    pub start: u64,
    /// One past the last page; saturated where the range wraps.
    pub end: u64,
    /// Whether it ends beyond what 64 bits can say.
    pub wraps: bool,
}

impl Span {
    /// Of an address and a length in bytes.
    pub fn new(addr: u64, len: u64) -> Span {
        let start = page_down(addr);
        let end = u128::from(addr) + u128::from(len);
        let end = end.div_ceil(u128::from(PAGE_SIZE)) * u128::from(PAGE_SIZE);
        match u64::try_from(end) {
            // an empty range still names its page
            Ok(end) => Span { start, end: end.max(start), wraps: false },
            // a length that is rounded before it is added can come out as one page
            Err(_) => Span { start, end: start.saturating_add(2 * PAGE_SIZE), wraps: true },
        }
    }

    /// Pages in it.
    pub fn pages(&self) -> u64 {
        (self.end - self.start) / PAGE_SIZE
    }
}
