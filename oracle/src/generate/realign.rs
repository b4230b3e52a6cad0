//! Layouts in which the conditions of a realigned move flip: mappings that start
//! late in a page table's span and end around its end, small ones just below
//! them, and moves between spans to the same place and beside it.
//!
//! ```text
//!   |   [b][==== source ====|==]      |   spans of page tables, around the
//!   |   ^ below                       |   end of a table of tables
//!   |      [ destination ---|--]      |
//! ```

use super::calls::Maker;
use super::mapping::is_well_known;
use super::source::{Choose, Source};
use super::{aim::Range, weights::Kind};
use mm_reference::addr::{align_down, PAGE_SIZE, PMD_SIZE, PUD_SIZE};
use mm_reference::model::{VmFlags, Vma};
use mm_reference::op::consts::*;
use mm_reference::op::{Call, Exec, Start, MAX_ARGUMENTS, USUAL_ARGUMENTS};

/// Where mappings start in their span, in pages.
const PLACES: &[u64] = &[0, 0, 1, 2, 3, 3, 3, 3, 256, 509, 510, 511];

/// An `execve` with arguments: of nothing, about a page, about a page table's span,
/// or anything in between.
pub fn exec_start(src: &mut (impl Source + ?Sized)) -> Start {
    let arguments = match src.below(8) {
        0 => src.below(3),
        1 | 2 => src.between(1, 3) * PAGE_SIZE + src.below(64) - 32,
        3 => USUAL_ARGUMENTS - src.below(3 * PAGE_SIZE),
        4 => MAX_ARGUMENTS - src.below(3 * PAGE_SIZE),
        5 => src.between(1, 2) * PMD_SIZE + src.below(5) * PAGE_SIZE,
        6 => src.below(MAX_ARGUMENTS / PAGE_SIZE) * PAGE_SIZE,
        _ => src.below(USUAL_ARGUMENTS),
    };
    Start::Exec(Exec::with(arguments))
}

/// A call of the kinds that make and move these layouts; other kinds are left
/// to the ordinary makers.
pub(super) fn call(
    maker: &Maker<'_>,
    src: &mut (impl Source + ?Sized),
    kind: Kind,
) -> Option<Call> {
    if src.chance(1, 6) {
        return None;
    }
    Some(match kind {
        Kind::Mmap => mmap(maker, src),
        Kind::Mremap => mremap(maker, src)?,
        Kind::Store | Kind::Load => touch(maker, src, kind)?,
        Kind::Munmap => {
            let (addr, len) = maker.args(small(maker, src)?);
            Call::Munmap { addr, len }
        }
        _ => return None,
    })
}

/// The start of a span: most lie side by side across the end of a PMD table.
fn span(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> u64 {
    let mmap = maker.aim.view.layout.mmap;
    let middle = align_down(mmap.saturating_sub(PUD_SIZE), PUD_SIZE);
    match src.below(12) {
        n @ 0..=7 => middle - 4 * PMD_SIZE + n * PMD_SIZE,
        n @ 8..=10 => middle - 4 * PUD_SIZE + (n - 8) * PMD_SIZE,
        _ => align_down(mmap / 2, PUD_SIZE),
    }
}

fn mmap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let mut prot = PROT_READ | PROT_WRITE;
    let mut flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    let range = match src.below(16) {
        0..=4 => {
            prot = src.pick(&[prot, prot, PROT_READ, PROT_NONE]);
            below(maker, src)
        }
        5 => {
            // a table of tables, or two
            flags |= MAP_NORESERVE;
            let start = align_down(span(maker, src), PUD_SIZE);
            let pages = PUD_SIZE / PAGE_SIZE + src.pick(&[0, 1, 512]);
            Some(Range::new(start, pages))
        }
        6 => {
            // what a stack merges with only if its page offset goes on
            let grows = |vma: &&Vma| vma.flags.contains(VmFlags::GROWSDOWN);
            flags |= MAP_GROWSDOWN;
            maker.aim.mm.vmas.iter().find(grows).map(|vma| {
                let few = src.between(1, 3);
                Range::new(vma.start.saturating_sub(few * PAGE_SIZE), few)
            })
        }
        7 => Some(Range::new(span(maker, src) + src.below(512) * PAGE_SIZE, src.between(1, 600))),
        _ => None,
    };
    let range = range.unwrap_or_else(|| {
        let place = src.pick(PLACES);
        let full = 512 - place;
        let pages = match src.below(8) {
            0 => full.saturating_sub(src.between(1, 3)),
            1 => src.between(1, 3),
            2 => full + 512,
            3 | 4 => full + src.between(1, 3),
            _ => full,
        };
        Range::new(span(maker, src) + place * PAGE_SIZE, pages)
    });
    let (addr, len) = maker.args(range);
    Call::Mmap { addr, len, prot, flags, fd: -1, offset: 0 }
}

/// A few pages below a mapping or above it, in the same span.
fn below(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Range> {
    let vma = maker.aim.vma(src)?;
    let (start, few) = (align_down(vma.start, PMD_SIZE), src.between(1, 2));
    Some(match src.below(6) {
        0 => Range::new(start, few),
        1 => Range::new(vma.start.saturating_sub((few + 1) * PAGE_SIZE), few),
        2 => Range::new(start.saturating_sub(few * PAGE_SIZE), few),
        3 => Range::new(vma.end + src.below(2) * PAGE_SIZE, few),
        _ => Range::new(vma.start.saturating_sub(few * PAGE_SIZE), few),
    })
}

/// The end of the span that an address lies in.
fn boundary(address: u64) -> u64 {
    align_down(address, PMD_SIZE).saturating_add(PMD_SIZE)
}

fn mremap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Call> {
    let vma = maker.aim.vma(src)?;
    let from = match src.below(10) {
        0 => vma.start + src.between(1, 3) * PAGE_SIZE,
        1 => boundary(vma.start),
        _ => vma.start,
    };
    let from = if from < vma.end { from } else { vma.start };
    let edge = boundary(from);
    let end = match src.below(10) {
        0 => edge,
        1 => edge - PAGE_SIZE,
        2 => edge + PAGE_SIZE,
        // what the rest may follow, and join again
        3 => from + src.between(1, 3) * PAGE_SIZE,
        _ => vma.end,
    };
    let end = if end > from && end < vma.end { end } else { vma.end };
    let len = end - from;
    let new_len = match src.below(8) {
        0 => len + src.pick(&[1, 2, 512]) * PAGE_SIZE,
        1 if len > PAGE_SIZE => len - PAGE_SIZE,
        _ => len,
    };
    let target = destination(maker, src, (vma, from), len);
    let mut flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    if new_len == len && src.chance(3, 5) {
        flags |= MREMAP_DONTUNMAP;
        if src.chance(1, 5) {
            flags &= !MREMAP_FIXED;
        }
        let range = Range { start: from, end };
        if is_well_known(maker, range, target) && src.chance(7, 8) {
            flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        }
    }
    Some(Call::Mremap {
        old: maker.say(from),
        old_len: len,
        new_len,
        flags,
        new: maker.say(target),
    })
}

/// The same place in another span, beside it, or where a mapping ends at it: best one
/// that what is moved of `source` joins there.
fn destination(
    maker: &Maker<'_>,
    src: &mut (impl Source + ?Sized),
    (source, from): (&Vma, u64),
    len: u64,
) -> u64 {
    let place = from % PMD_SIZE;
    let fits =
        |vma: &&Vma| vma.end % PMD_SIZE == place && vma.end != from && maker.aim.fence.is_free(vma);
    let pgoff = source.pgoff_of(from);
    let goes_on = |vma: &&Vma| fits(vma) && vma.pgoff.wrapping_add(vma.pages()) == pgoff;
    let first = |is: &dyn Fn(&&Vma) -> bool| maker.aim.mm.vmas.iter().find(is);
    let span = span(maker, src);
    if len >= PUD_SIZE && src.chance(1, 2) {
        // to the same place in a table of tables, which can move whole then
        let base = align_down(span, PUD_SIZE).saturating_sub(src.below(2) * 4 * PUD_SIZE);
        return base + from % PUD_SIZE;
    }
    match src.below(10) {
        0 => span + src.pick(PLACES) * PAGE_SIZE,
        1 => (span + place).saturating_sub(PAGE_SIZE),
        2 => span + place + PAGE_SIZE,
        3 | 4 => first(&goes_on).or_else(|| first(&fits)).map_or(span + place, |vma| vma.end),
        5 => (span + place).saturating_sub(align_down(len, PMD_SIZE)),
        _ => span + place,
    }
}

/// A page at an edge of a mapping or of a span inside it.
fn edge(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<u64> {
    let vma = maker.aim.vma(src)?;
    let middle = boundary(vma.start);
    let at = match src.below(8) {
        0 => vma.end - PAGE_SIZE,
        1 => middle - PAGE_SIZE,
        2 => middle,
        3 => vma.start + src.below(vma.pages()) * PAGE_SIZE,
        _ => vma.start,
    };
    Some(if at < vma.end { at } else { vma.start })
}

fn touch(maker: &Maker<'_>, src: &mut (impl Source + ?Sized), kind: Kind) -> Option<Call> {
    let addr = maker.say(edge(maker, src)?);
    Some(match kind {
        Kind::Load => Call::Load { addr, len: 1 },
        _ => Call::Store { addr, len: 1, value: src.pick(&[1, 0x41, 0x80]) },
    })
}

/// A page or two at an edge.
fn small(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Range> {
    Some(Range::new(edge(maker, src)?, src.between(1, 2)))
}
