//! Memory accesses on behalf of a program, which may raise signals.

use core::ptr::addr_of_mut;

use crate::arch;
use crate::protocol::*;

const WORD: u64 = 8;
const PAGE_MASK: u64 = PAGE as u64 - 1;

/// An access and its answer.
#[repr(C)]
pub struct Access {
    addr: u64,
    len: u64,
    byte: u8,
    mixed: bool,
    value: u64,
}

/// Performs a load, store or call and writes the result.
///
/// # Safety
/// `op` and `result` are in the slot, which belongs to this process.
pub unsafe fn perform(slot: *mut Slot, op: *const RawOp, result: *mut RawResult) {
    // SAFETY: as the caller promises; a fault in the access itself is recovered
    unsafe {
        let [addr, len, byte, ..] = (*op).args;
        let mut access = Access { addr, len, byte: byte as u8, mixed: false, value: 0 };
        let routine = match (*op).kind {
            LOAD => load,
            STORE => store,
            _ => call,
        };
        let recovery = addr_of_mut!((*slot).recovery);
        let answer = if arch::subject_guarded(recovery, routine, &mut access) == 0 {
            let kind = match (*op).kind {
                LOAD if access.mixed => MIXED,
                LOAD => UNIFORM,
                _ => RETURNED,
            };
            RawResult { kind, value: access.value, ..RawResult::default() }
        } else {
            addr_of_mut!((*slot).signal).read_volatile()
        };
        result.write_volatile(answer);
    }
}

/// Reads every byte once, lowest first, so that the first fault is at the first
/// byte that cannot be read. The digest is `mm_reference::op::Digest`: a run of
/// `byte` in `from..to` adds `(byte + 1) * (to² - from²)`.
unsafe extern "C" fn load(access: *mut Access) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // SAFETY: faults are recovered from; aligned words do not cross pages
    unsafe {
        let (addr, len) = ((*access).addr, (*access).len);
        if len == 0 {
            return;
        }
        let read = |at: u64| (addr.wrapping_add(at) as *const u8).read_volatile();
        let square = |n: u64| n.wrapping_mul(n);
        let first = read(0);
        let (mut run, mut run_start, mut sum, mut mixed) = (first, 0_u64, 0_u64, false);
        let mut at = 1;
        let mut splat = u64::from(run) * ONES;
        while at < len {
            if addr.wrapping_add(at) % WORD == 0 && len - at >= WORD {
                let word = (addr.wrapping_add(at) as *const u64).read_volatile();
                if word != splat {
                    for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
                        if byte != run {
                            let here = at.wrapping_add(i as u64);
                            let weight = square(here).wrapping_sub(square(run_start));
                            sum = sum.wrapping_add((u64::from(run) + 1).wrapping_mul(weight));
                            (run, run_start, mixed) = (byte, here, true);
                        }
                    }
                    splat = u64::from(run) * ONES;
                }
                at += WORD;
            } else {
                let byte = read(at);
                if byte != run {
                    let weight = square(at).wrapping_sub(square(run_start));
                    sum = sum.wrapping_add((u64::from(run) + 1).wrapping_mul(weight));
                    (run, run_start, mixed) = (byte, at, true);
                    splat = u64::from(run) * ONES;
                }
                at += 1;
            }
        }
        let weight = square(len).wrapping_sub(square(run_start));
        sum = sum.wrapping_add((u64::from(run) + 1).wrapping_mul(weight));
        (*access).mixed = mixed;
        (*access).value = if mixed { sum } else { u64::from(first) };
    }
}

/// Fills page by page. The first byte of each page is a plain store, so that a
/// fault names exactly that byte.
unsafe extern "C" fn store(access: *mut Access) {
    // SAFETY: faults are recovered from
    unsafe {
        let (mut addr, mut left, mut byte) = ((*access).addr, (*access).len, (*access).byte);
        while left != 0 {
            let here = left.min(PAGE as u64 - (addr & PAGE_MASK));
            (addr as *mut u8).write_volatile(byte);
            arch::fill(addr.wrapping_add(1), byte, here - 1);
            addr = addr.wrapping_add(here);
            left -= here;
            byte = byte.wrapping_add(1);
        }
    }
}

/// Calls the address.
unsafe extern "C" fn call(access: *mut Access) {
    // SAFETY: the worker only sends addresses that hold a return instruction,
    // or whose execution faults, which is recovered from
    unsafe { arch::call((*access).addr) };
}
