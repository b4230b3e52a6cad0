//! What capabilities guard: limits that are near, and what an ordinary user may not ask for.

use super::calls::Maker;
use super::source::{Choose, Source};
use super::weights::Kind;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::{VmFlags, Vma};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call};
use mm_reference::profile::Privilege;

/// A call that some capability decides about, where the kind has such.
pub(super) fn call(
    maker: &Maker<'_>,
    src: &mut (impl Source + ?Sized),
    kind: Kind,
) -> Option<Call> {
    match kind {
        Kind::Setrlimit => Some(limit(maker, src)),
        Kind::Mmap if src.chance(1, 6) => Some(map_low(maker, src)),
        Kind::Mmap if src.chance(1, 3) => Some(map_locked(maker, src)),
        Kind::Mremap if src.chance(2, 3) => grow_locked(maker, src),
        Kind::Madvise => Some(poison(maker, src)),
        Kind::Prctl => Some(set_mm(maker, src)),
        _ => None,
    }
}

/// `capset`: some capability is given up, or all, for now or for good; or all that may be had
/// is had again.
pub(super) fn capset(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let now = maker.capabilities;
    let some = |src: &mut _, of: Privilege| match of.iter().count() as u64 {
        0 => Privilege::NONE,
        count => of.iter().nth(Source::below(src, count) as usize).map_or(of, |c| of.without(c)),
    };
    let (effective, permitted) = match src.below(20) {
        0..=5 => (some(src, now.permitted), now.permitted),
        6..=8 => (Privilege::NONE, now.permitted),
        9..=12 => (now.permitted, now.permitted),
        13..=15 => {
            let kept = some(src, now.permitted);
            (now.effective.and(kept), kept)
        }
        16 => (Privilege::NONE, Privilege::NONE),
        // no longer permitted, if anything was given up
        17 | 18 => (now.effective, Privilege::ALL),
        _ => (Privilege::ALL, now.permitted),
    };
    let (mut effective, permitted) = (effective.bits(), permitted.bits());
    if src.chance(1, 40) {
        // one that the subject never has, or that does not exist
        effective |= src.pick(&[1, 1 << 40, 1 << 41, 1 << 63]);
    }
    Call::Capset { effective, permitted }
}

/// A limit on locked memory that is soon met, or a hard limit that goes up or down.
fn limit(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let (locked, limits) = (maker.aim.mm.locked_vm, maker.limits);
    let near = |src: &mut _| {
        let more = Choose::pick(src, &[0, 0, 1, 1, 2, 3, 5]);
        locked.saturating_add(more).saturating_mul(PAGE_SIZE)
    };
    if src.chance(2, 3) {
        let (_, hard) = limits.memlock;
        let soft = match src.below(10) {
            0 | 1 => 0,
            2 => near(src) + src.pick(&[1, PAGE_SIZE - 1]),
            _ => near(src),
        };
        return Call::Setrlimit { resource: RLIMIT_MEMLOCK, soft: soft.min(hard), hard };
    }
    let (resource, (soft, hard)) = src.pick(&[
        (RLIMIT_MEMLOCK, limits.memlock),
        (RLIMIT_MEMLOCK, limits.memlock),
        (RLIMIT_AS, limits.address_space),
        (RLIMIT_DATA, limits.data),
        (RLIMIT_STACK, limits.stack),
    ]);
    let hard = match src.below(4) {
        0 => hard.saturating_add(src.pick(&[1, PAGE_SIZE])),
        1 => RLIM_INFINITY,
        // far enough above what is used
        _ => hard.min(1 << 40) - PAGE_SIZE.min(hard),
    };
    Call::Setrlimit { resource, soft: soft.min(hard), hard }
}

/// Memory below `vm.mmap_min_addr`, at the lowest addresses.
fn map_low(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let page = src.pick(&[0, 1, 8, 15]) * PAGE_SIZE;
    let len = src.pick(&[1, 1, 2]) * PAGE_SIZE;
    let flags =
        MAP_PRIVATE | MAP_ANONYMOUS | src.pick(&[MAP_FIXED, MAP_FIXED, MAP_FIXED_NOREPLACE]);
    Call::Mmap { addr: Addr::absolute(page), len, prot: maker.prot(src), flags, fd: -1, offset: 0 }
}

/// A few locked pages, which may grow downwards.
fn map_locked(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let len = maker.aim.few(src).min(maker.portion()) * PAGE_SIZE;
    let mut flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED;
    if src.chance(1, 3) {
        flags |= MAP_GROWSDOWN;
    }
    Call::Mmap { addr: Addr::NULL, len, prot: PROT_READ | PROT_WRITE, flags, fd: -1, offset: 0 }
}

/// A locked mapping that grows, or moves where only the privileged may have it.
fn grow_locked(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Call> {
    let aim = &maker.aim;
    let locked = |vma: &&Vma| vma.flags.contains(VmFlags::LOCKED) && aim.fence.is_free(vma);
    let vma = aim.mm.vmas.iter().find(locked)?;
    let (old, old_len) = (maker.say(vma.start), vma.end - vma.start);
    let more = aim.few(src).min(maker.portion()) * PAGE_SIZE;
    if src.chance(1, 8) {
        let (flags, new) = (MREMAP_MAYMOVE | MREMAP_FIXED, Addr::absolute(PAGE_SIZE));
        return Some(Call::Mremap { old, old_len, new_len: old_len, flags, new });
    }
    let flags = src.pick(&[0, MREMAP_MAYMOVE]);
    Some(Call::Mremap { old, old_len, new_len: old_len + more, flags, new: Addr::NULL })
}

/// A memory error, where no memory can be.
fn poison(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let addr = Addr::absolute(maker.aim.fence.end() + src.pick(&[0, PAGE_SIZE, 1 << 40]));
    Call::Madvise { addr, len: PAGE_SIZE, advice: src.pick(&[MADV_HWPOISON, MADV_SOFT_OFFLINE]) }
}

/// A field of the address space's description, with a value that it cannot have.
fn set_mm(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Call {
    let field = src.between(1, 11);
    Call::Prctl { option: PR_SET_MM, args: [field, maker.aim.fence.end(), 0, 0] }
}
