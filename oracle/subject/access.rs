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

/// The runs of equal bytes that a load has seen, in the closed form of
/// `mm_reference::op::Digest`: a run of `byte` in `from..to` adds
/// `(byte + 1) * (to² - from²)`.
struct Runs {
    byte: u8,
    from: u64,
    sum: u64,
    mixed: bool,
}

impl Runs {
    #[inline(always)]
    fn push(&mut self, byte: u8, at: u64) {
        if byte != self.byte {
            self.close(at);
            *self = Runs { byte, from: at, mixed: true, ..*self };
        }
    }

    fn close(&mut self, to: u64) {
        let square = |n: u64| n.wrapping_mul(n);
        let weights = square(to).wrapping_sub(square(self.from));
        self.sum = self.sum.wrapping_add((u64::from(self.byte) + 1).wrapping_mul(weights));
    }

    /// Eight times the byte of the current run.
    fn word(&self) -> u64 {
        u64::from(self.byte) * 0x0101_0101_0101_0101
    }
}

/// Reads every byte once, lowest first, so that the first fault is at the first
/// byte that cannot be read.
unsafe extern "C" fn load(access: *mut Access) {
    const BLOCK: u64 = 4 * WORD;
    // SAFETY: faults are recovered from; aligned words and blocks do not cross pages
    unsafe {
        let (addr, len) = ((*access).addr, (*access).len);
        if len == 0 {
            return;
        }
        let read = |at: u64| (addr.wrapping_add(at) as *const u8).read_volatile();
        let first = read(0);
        let mut runs = Runs { byte: first, from: 0, sum: 0, mixed: false };
        let mut at = 1;
        while at < len {
            if addr.wrapping_add(at) % BLOCK != 0 || len - at < BLOCK {
                runs.push(read(at), at);
                at += 1;
                continue;
            }
            let block = addr.wrapping_add(at) as *const u64;
            let words: [u64; 4] = core::array::from_fn(|i| block.add(i).read_volatile());
            if words != [runs.word(); 4] {
                for (i, byte) in words.into_iter().flat_map(u64::to_le_bytes).enumerate() {
                    runs.push(byte, at + i as u64);
                }
            }
            at += BLOCK;
        }
        runs.close(len);
        (*access).mixed = runs.mixed;
        (*access).value = if runs.mixed { runs.sum } else { u64::from(first) };
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
