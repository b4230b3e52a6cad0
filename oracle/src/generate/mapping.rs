//! Makes `mmap`, `mremap` and `brk`.

use super::aim::Range;
use super::calls::Maker;
use super::source::{Choose, Source, Weights};
use super::weights::Theme;
use mm_reference::addr::{page_up, PAGE_SIZE};
use mm_reference::model::{VmFlags, Vma};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call};

/// How a new mapping gets its place.
#[derive(Clone, Copy)]
enum Placing {
    Anywhere,
    Hint,
    Fixed,
    NoReplace,
}

pub(super) fn mmap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let aim = &maker.aim;
    let mut flags = MAP_PRIVATE | MAP_ANONYMOUS | maker.extra_flags(src);
    if !maker.avoid.droppable && src.chance(1, 50) {
        flags = (flags & !MAP_TYPE_MASK) | MAP_DROPPABLE;
    }
    let mut prot = maker.prot(src);
    let populates =
        flags & (MAP_POPULATE | MAP_LOCKED) != 0 || aim.mm.def_flags.contains(VmFlags::LOCKED);
    let clinging = maker.theme.cling() > 60;
    let size = if clinging || src.chance(1, 3) { aim.few(src) } else { aim.size(src) };
    let mut len = size.min(if populates { maker.portion() } else { u64::MAX }) * PAGE_SIZE;
    if len > 1 << 30 && src.chance(3, 4) {
        flags |= MAP_NORESERVE;
    }
    let placing = if clinging {
        src.weighted(const { Weights::of(&[(2, Placing::Hint), (15, Placing::Fixed), (3, Placing::NoReplace)]) })
    } else {
        src.weighted(
            const {
                Weights::of(&[
                    (9, Placing::Anywhere),
                    (3, Placing::Hint),
                    (7, Placing::Fixed),
                    (2, Placing::NoReplace),
                ])
            },
        )
    };
    let mut place = match placing {
        Placing::Anywhere => 0,
        _ => aim.place(src, len),
    };
    match placing {
        Placing::Anywhere => {}
        Placing::Hint if src.chance(1, 6) => place += src.pick(&[1, 0x800, PAGE_SIZE - 1]),
        Placing::Hint => {}
        Placing::Fixed => flags |= MAP_FIXED,
        Placing::NoReplace => {
            flags |= MAP_FIXED_NOREPLACE | if src.chance(1, 8) { MAP_FIXED } else { 0 };
        }
    }
    if matches!(placing, Placing::Anywhere) && src.chance(1, 3) {
        // like its likely neighbour, so that the two can merge
        prot = PROT_READ | PROT_WRITE;
    } else if let (Some(near), true) = (aim.mm.vmas.find(place), src.chance(1, 3)) {
        if aim.fence.is_free(near) {
            prot = prot_of(near);
        }
    }
    if src.chance(1, 20) {
        len -= src.pick(&[1, 0x7ff, PAGE_SIZE - 1]);
    }
    let offset = if src.chance(1, 40) { src.pick(&[1, 16, 1 << 30]) * PAGE_SIZE } else { 0 };
    let fd = if src.chance(1, 30) { 9999 } else { -1 };
    Call::Mmap { addr: addr_or_null(maker, place), len, prot, flags, fd, offset }
}

/// A protection that gives these flags.
fn prot_of(vma: &Vma) -> u64 {
    let bit = |flag, prot| if vma.flags.contains(flag) { prot } else { 0 };
    bit(VmFlags::READ, PROT_READ) | bit(VmFlags::WRITE, PROT_WRITE) | bit(VmFlags::EXEC, PROT_EXEC)
}

fn addr_or_null(maker: &Maker<'_>, address: u64) -> Addr {
    if address == 0 {
        Addr::NULL
    } else {
        maker.say(address)
    }
}

pub(super) fn mremap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let aim = &maker.aim;
    let range = if src.chance(1, 6) { aim.range(src) } else { aim.inside(src) };
    let mut old_len = range.len();
    let pages = range.pages();
    let mut flags = src.weighted(
        const {
            Weights::of(&[
                (2, 0),
                (6, MREMAP_MAYMOVE),
                (8, MREMAP_MAYMOVE | MREMAP_FIXED),
                (2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP),
                (2, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP),
            ])
        },
    );
    let grow = aim.few(src).min(maker.portion());
    let new_pages = match src.below(10) {
        // moved as it is; the only size that DONTUNMAP takes
        _ if flags & MREMAP_DONTUNMAP != 0 && src.chance(9, 10) => pages,
        0..=3 => pages,
        4..=6 => pages + grow,
        7 => 1 + src.below(pages),
        8 => aim.few(src),
        _ => fill_gap(maker, range).unwrap_or(pages + grow),
    };
    let mut new_len = new_pages * PAGE_SIZE;
    match src.below(30) {
        0 => old_len = 0,
        1 => old_len -= src.pick(&[1, PAGE_SIZE - 1]),
        2 => new_len -= src.pick(&[1, PAGE_SIZE - 1]),
        3 => old_len += PAGE_SIZE * aim.few(src),
        _ => {}
    }
    let target = match src.below(12) {
        // over itself, by a page or partly
        0 => range.start.wrapping_add(PAGE_SIZE),
        1 => range.start.saturating_sub(aim.few(src) * PAGE_SIZE),
        2 => range.end,
        3 => range.start.saturating_sub(new_len),
        _ => aim.place(src, new_len),
    };
    if matches!(maker.theme, Theme::Remap | Theme::Tables) && src.chance(1, 8) {
        flags |= MREMAP_DONTUNMAP;
    }
    if flags & MREMAP_DONTUNMAP != 0 && is_well_known(maker, range, target) && src.chance(7, 8) {
        flags &= !MREMAP_DONTUNMAP;
    }
    let takes_place = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) != 0;
    let new = if takes_place || src.chance(1, 20) { maker.say(target) } else { Addr::NULL };
    Call::Mremap { old: maker.say(range.start), old_len, new_len, flags, new }
}

/// Whether emptying this source mostly shows a known bug of many kernels, each
/// time at the price of a new subject: a locked one, or an untouched one whose
/// copy lands beside it.
pub(super) fn is_well_known(maker: &Maker<'_>, range: Range, target: u64) -> bool {
    let Some(vma) = maker.aim.mm.vmas.containing(range.start) else { return false };
    let beside = target == vma.end || target.wrapping_add(range.len()) == vma.start;
    vma.flags.contains(VmFlags::LOCKED) || vma.anon_vma.is_none() && beside
}

/// The size that makes a range end exactly where the next mapping begins, or
/// one page later.
fn fill_gap(maker: &Maker<'_>, range: Range) -> Option<u64> {
    let next = maker.aim.mm.vmas.from(range.end)?;
    let pages = (next.start - range.start) / PAGE_SIZE;
    (pages - range.pages() < 1 << 20).then_some(pages)
}

pub(super) fn brk(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let mm = maker.aim.mm;
    let few = maker.aim.few(src) * PAGE_SIZE;
    let pages = maker.aim.size(src).min(maker.portion().min(1024)) * PAGE_SIZE;
    let next = mm.vmas.from(page_up(mm.brk));
    let next = next.map_or(mm.brk.saturating_add(few), |vma| vma.start);
    let to = match src.below(16) {
        0..=4 => mm.brk.saturating_add(few),
        5 | 6 => mm.brk.saturating_add(pages),
        7 | 8 => mm.brk.saturating_sub(few),
        9 => mm.start_brk,
        10 => mm.start_brk.saturating_sub(src.pick(&[1, PAGE_SIZE])),
        11 => mm.brk,
        12 => mm.brk.saturating_add(src.pick(&[1, 0x123, PAGE_SIZE - 1])),
        // up to what is in its way, and against it
        13 => next,
        14 => next.saturating_add(few),
        _ => 0,
    };
    Call::Brk { addr: addr_or_null(maker, to) }
}
