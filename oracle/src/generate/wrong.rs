//! Spoils an argument.

use super::source::{Choose, Source};
use super::weights::BAD_ADVICES;
use mm_reference::addr::{MAP_WINDOW, PAGE_SIZE, TASK_SIZE_MAX};
use mm_reference::op::{Addr, Call};

/// Makes one argument of a call wrong, or at least odd.
pub(super) fn spoil(src: &mut (impl Source + ?Sized), call: &mut Call) {
    let which = src.below(4);
    match call {
        Call::Mmap { addr, len, prot, flags, fd, offset } => match src.below(7) {
            0 => wrong_address(src, addr),
            1 => wrong_length(src, len, *addr),
            2 => *prot |= wrong_bits(src),
            3 => *flags ^= wrong_bits(src),
            4 => *flags = (*flags & !0xf) | src.below(16),
            5 => {
                *flags &= !mm_reference::op::consts::MAP_ANONYMOUS;
                *fd = -1;
            }
            _ => *offset = src.pick(&[1, 0x800, u64::MAX, !0xfff, 1 << 63]),
        },
        Call::Munmap { addr, len } | Call::Mlock { addr, len } | Call::Munlock { addr, len } => {
            wrong_range(src, addr, len);
        }
        Call::Mincore { addr, len } => {
            wrong_range(src, addr, len);
        }
        Call::Mprotect { addr, len, prot } => match which {
            0 => *prot |= wrong_bits(src),
            _ => wrong_range(src, addr, len),
        },
        Call::Mremap { old, old_len, new_len, flags, new } => match src.below(6) {
            0 => wrong_address(src, old),
            1 => wrong_length(src, old_len, *old),
            2 => wrong_length(src, new_len, *new),
            3 => *flags ^= 1 << src.below(4),
            4 => *flags |= wrong_bits(src),
            _ => wrong_address(src, new),
        },
        Call::Brk { addr } => wrong_address(src, addr),
        Call::Madvise { addr, len, advice } => match which {
            0 => *advice = src.pick(BAD_ADVICES),
            _ => wrong_range(src, addr, len),
        },
        Call::Mlock2 { addr, len, flags }
        | Call::Mseal { addr, len, flags }
        | Call::Msync { addr, len, flags } => match which {
            0 => *flags |= wrong_bits(src),
            _ => wrong_range(src, addr, len),
        },
        Call::Mlockall { flags } => *flags = src.pick(&[0, 4, 8, 1 << 31, u64::MAX]),
        Call::SetVmaName { addr, len, .. } => wrong_range(src, addr, len),
        Call::Prctl { args, .. } => {
            args[which as usize] = src.pick(&[2, 4, 5, 1 << 32, u64::MAX]);
        }
        Call::Setrlimit { resource, soft, hard } => match which {
            0 => *resource = src.pick(&[16, 17, u32::MAX]),
            1 => (*soft, *hard) = (2 << 20, 1 << 20),
            _ => *soft = src.pick(&[1 << 63, u64::MAX - 1, 1]),
        },
        Call::Capset { effective, permitted } => match which {
            0 => *permitted |= wrong_bits(src),
            _ => *effective |= wrong_bits(src),
        },
        Call::Load { addr, len } | Call::Store { addr, len, .. } => match which {
            0 => *len = 0,
            _ => wrong_address(src, addr),
        },
        Call::Call { addr } => wrong_address(src, addr),
        Call::Munlockall | Call::Fork | Call::Exit => {}
    }
}

fn wrong_range(src: &mut (impl Source + ?Sized), addr: &mut Addr, len: &mut u64) {
    if src.chance(1, 2) {
        wrong_address(src, addr);
    } else {
        wrong_length(src, len, *addr);
    }
}

fn wrong_address(src: &mut (impl Source + ?Sized), addr: &mut Addr) {
    *addr = match src.below(4) {
        0 | 1 => addr.plus(src.pick(&[1, 8, 0x800, 0xfff])),
        2 => Addr::absolute(src.pick(&[
            0,
            PAGE_SIZE,
            0xf000,
            MAP_WINDOW - PAGE_SIZE,
            MAP_WINDOW,
            MAP_WINDOW + PAGE_SIZE,
            1 << 47,
        ])),
        _ => Addr::absolute(src.pick(&[
            TASK_SIZE_MAX - PAGE_SIZE,
            TASK_SIZE_MAX,
            1 << 56,
            1 << 63,
            0xffff_8000_0000_0000,
            0xffff_ffff_8000_0000,
            0xffff_ffff_ffff_f000,
            u64::MAX,
        ])),
    };
}

fn wrong_length(src: &mut (impl Source + ?Sized), len: &mut u64, addr: Addr) {
    *len = match src.below(8) {
        0 | 1 => 0,
        2 => len.wrapping_add(src.pick(&[1, 0x800, 0xfff])),
        3 => src.pick(&[MAP_WINDOW, MAP_WINDOW + PAGE_SIZE, 1 << 47, 1 << 48, TASK_SIZE_MAX]),
        4 => src.pick(&[1 << 63, u64::MAX, u64::MAX - 0xffe, u64::MAX - 0xfff]),
        // to the end of what can be said, and round it
        5 => (addr.offset as u64).wrapping_neg(),
        6 => (addr.offset as u64).wrapping_neg().wrapping_add(PAGE_SIZE),
        _ => 1,
    };
}

/// A bit or two that mostly mean nothing.
fn wrong_bits(src: &mut (impl Source + ?Sized)) -> u64 {
    match src.below(4) {
        0 => 1 << src.below(64),
        1 => 1 << src.below(32),
        2 => src.pick(&[1 << 31, 1 << 32, 1 << 63, 8, 16, u64::MAX]),
        _ => 1 << src.below(8),
    }
}
