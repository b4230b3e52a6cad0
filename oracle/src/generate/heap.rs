//! Layouts in which the conditions of a growing heap flip: what ends at the
//! break differs from new heap in flags, name, page offset, origin or place,
//! something lies above it, or a limit is near.
//!
//! ```text
//!       heap          break
//!   |====|==piece==|....|    [in its way]
//!         ^ other permission, moved there, inherited, gone
//! ```

use super::aim::Range;
use super::calls::Maker;
use super::source::{Choose, Source};
use super::weights::Kind;
use mm_reference::addr::{page_up, PAGE_SIZE, STACK_GUARD_PAGES, TASK_SIZE_MAX};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call};

/// A call of the kinds that shape a heap and what is around it; other kinds are
/// left to the ordinary makers.
pub(super) fn call(
    maker: &Maker<'_>,
    src: &mut (impl Source + ?Sized),
    kind: Kind,
) -> Option<Call> {
    if src.chance(1, 8) {
        return None;
    }
    Some(match kind {
        Kind::Brk => return brk(maker, src),
        Kind::Mmap => mmap(maker, src),
        Kind::Mremap => mremap(maker, src)?,
        Kind::Munmap => {
            let (addr, len) = maker.args(top(maker, src));
            Call::Munmap { addr, len }
        }
        Kind::Mprotect => {
            let (addr, len) = maker.args(top(maker, src));
            let all = PROT_READ | PROT_WRITE | PROT_EXEC;
            let prot = src.pick(&[PROT_READ, all, all, PROT_READ | PROT_WRITE, PROT_NONE]);
            Call::Mprotect { addr, len, prot }
        }
        Kind::Madvise => {
            let (addr, len) = maker.args(top(maker, src));
            let advice = src.weighted(maker.theme.advices());
            Call::Madvise { addr, len, advice }
        }
        Kind::Name => {
            let (addr, len) = maker.args(top(maker, src));
            let name = src.pick(&[Some("a"), Some("b"), None]).map(str::to_owned);
            Call::SetVmaName { addr, len, name }
        }
        Kind::Mseal => {
            let (addr, len) = maker.args(top(maker, src));
            Call::Mseal { addr, len, flags: 0 }
        }
        Kind::Store => {
            let range = top(maker, src);
            Call::Store { addr: maker.say(range.start), len: 1, value: 0x41 }
        }
        _ => return None,
    })
}

/// The old break, rounded as the kernel does; a wrong rule may have moved it
/// anywhere.
fn end(maker: &Maker<'_>) -> u64 {
    page_up(maker.aim.mm.brk.min(TASK_SIZE_MAX))
}

/// A few pages at the top of the heap, or just above or below it.
fn top(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Range {
    let (end, few) = (end(maker), src.between(1, 3));
    let start = match src.below(10) {
        0 => maker.aim.mm.start_brk,
        1 => maker.aim.mm.start_brk.saturating_sub(few * PAGE_SIZE),
        2 => end,
        3 => end.saturating_sub((few + 1) * PAGE_SIZE),
        _ => end.saturating_sub(few * PAGE_SIZE),
    };
    Range::new(start, few)
}

fn brk(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Call> {
    let mm = maker.aim.mm;
    let next = mm.vmas.from(end(maker)).map(|vma| vma.start_gap());
    let few = src.pick(&[1, 1, 2, 3, 5, 8]) * PAGE_SIZE;
    let to = match src.below(16) {
        0..=6 => mm.brk.saturating_add(few),
        7..=9 => mm.brk.saturating_sub(few),
        10 => mm.brk.saturating_add(src.pick(&[1, 0x123, PAGE_SIZE - 1])),
        11 => mm.start_brk + src.below(3) * PAGE_SIZE,
        12 => mm.start_brk,
        // around what is in its way, if that is near
        13..=15 => {
            let next = next.filter(|next| next.wrapping_sub(mm.start_brk) < 1 << 22)?;
            next.saturating_sub(src.below(3) * PAGE_SIZE)
        }
        _ => mm.brk,
    };
    Some(Call::Brk { addr: maker.say(to) })
}

fn mmap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let (end, few) = (end(maker), src.between(1, 3));
    let mut flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    let mut prot = src.pick(&[PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ]);
    let range = match src.below(10) {
        // in its way, also by the gap below what grows downwards
        0..=3 => Range::new(end + src.pick(&[0, 1, 2, 3, 6]) * PAGE_SIZE, few),
        4 => {
            flags |= MAP_GROWSDOWN;
            let gap = STACK_GUARD_PAGES + src.below(4);
            Range::new(end + gap * PAGE_SIZE, few)
        }
        // below its start
        5 => Range::new(maker.aim.mm.start_brk.saturating_sub(few * PAGE_SIZE), few),
        // a piece of it
        _ => {
            prot = PROT_READ | PROT_WRITE | src.pick(&[0, 0, 0, PROT_EXEC]);
            top(maker, src)
        }
    };
    let (addr, len) = maker.args(range);
    Call::Mmap { addr, len, prot, flags, fd: -1, offset: 0 }
}

/// Something that was used elsewhere becomes the top of the heap.
fn mremap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Call> {
    let vma = maker.aim.vma(src)?;
    let len = vma.len().min(src.between(1, 3) * PAGE_SIZE);
    let end = end(maker) - if src.chance(1, 6) { PAGE_SIZE } else { 0 };
    let new: Addr = maker.say(end.saturating_sub(len));
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    Some(Call::Mremap { old: maker.say(vma.start), old_len: len, new_len: len, flags, new })
}
