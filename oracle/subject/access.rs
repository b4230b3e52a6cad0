//! Memory accesses on behalf of a program, which may raise signals.

use core::ptr::addr_of_mut;

use crate::protocol::*;
use crate::{arch, ARENA};

const WORD: u64 = 8;
/// Bytes that are looked at together.
const BLOCK: u64 = 8 * WORD;
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

/// Performs a load, store or call; answers the result.
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn perform(kind: u32, [addr, len, byte, ..]: [u64; 6]) -> RawResult {
    // SAFETY: as the caller promises; a fault in the access itself is recovered
    unsafe {
        let mut access = Access { addr, len, byte: byte as u8, mixed: false, value: 0 };
        let routine = match kind {
            LOAD => load,
            STORE => store,
            _ => call,
        };
        let recovery = addr_of_mut!((*ARENA).recovery);
        if arch::subject_guarded(recovery, routine, &mut access) == 0 {
            let kind = match kind {
                LOAD if access.mixed => MIXED,
                LOAD => UNIFORM,
                _ => RETURNED,
            };
            RawResult { kind, value: access.value, ..RawResult::default() }
        } else {
            addr_of_mut!((*ARENA).signal).read_volatile()
        }
    }
}

/// What a load of all of a page would answer, unless that raises a signal.
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn page(page: *const u64) -> Option<(u32, u64)> {
    // SAFETY: as the caller promises; a fault in the access itself is recovered
    unsafe {
        let mut access = Access { addr: page as u64, len: 0, byte: 0, mixed: false, value: 0 };
        let recovery = addr_of_mut!((*ARENA).recovery);
        let cut_short = arch::subject_guarded(recovery, whole_page, &mut access) != 0;
        let kind = if access.mixed { MIXED } else { UNIFORM };
        (!cut_short).then_some((kind, access.value))
    }
}

unsafe extern "C" fn whole_page(access: *mut Access) {
    // SAFETY: faults are recovered from
    unsafe {
        let (kind, value) = Runs::of_page((*access).addr as *const u64);
        (*access).mixed = kind == MIXED;
        (*access).value = value;
    }
}

/// The runs of equal bytes that a load has seen, mixed as `mm_reference::op::Digest`
/// does it.
pub struct Runs {
    byte: u8,
    hash: u64,
    mixed: bool,
}

impl Runs {
    /// What a load of all of a page would answer: the kind and the value.
    ///
    /// # Safety
    /// The page is readable.
    pub unsafe fn of_page(page: *const u64) -> (u32, u64) {
        // SAFETY: as the caller promises
        unsafe {
            let byte = page.cast::<u8>().read_volatile();
            let mut runs = Runs { byte, hash: 0, mixed: false };
            for at in (0..PAGE as u64).step_by(BLOCK as usize) {
                runs.block(page.byte_add(at as usize), at);
            }
            runs.finish(PAGE as u64)
        }
    }

    #[inline(always)]
    fn push(&mut self, byte: u8, at: u64) {
        if byte != self.byte {
            self.close(at);
            (self.byte, self.mixed) = (byte, true);
        }
    }

    /// The eight bytes at `at`.
    #[inline(always)]
    fn word(&mut self, word: u64, at: u64) {
        if word != u64::from(self.byte) * 0x0101_0101_0101_0101 {
            for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
                self.push(byte, at + i as u64);
            }
        }
    }

    /// The eight words at `at`, which mostly are all of the same byte.
    ///
    /// # Safety
    /// They are readable.
    #[inline(always)]
    unsafe fn block(&mut self, words: *const u64, at: u64) {
        const WORDS: usize = (BLOCK / WORD) as usize;
        // SAFETY: as the caller promises
        let words: [u64; WORDS] = core::array::from_fn(|i| unsafe { words.add(i).read_volatile() });
        let same = u64::from(self.byte) * 0x0101_0101_0101_0101;
        if words.iter().fold(0, |other, word| other | (word ^ same)) != 0 {
            for (i, word) in words.into_iter().enumerate() {
                self.word(word, at + i as u64 * WORD);
            }
        }
    }

    fn close(&mut self, to: u64) {
        let run = to << 8 | u64::from(self.byte);
        let product = (self.hash ^ run).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash = product ^ product >> 32;
    }

    /// The kind and the value of the answer for so many bytes.
    fn finish(mut self, len: u64) -> (u32, u64) {
        if self.mixed {
            self.close(len);
            (MIXED, self.hash)
        } else {
            (UNIFORM, u64::from(self.byte))
        }
    }
}

/// Reads every byte once, lowest first, so that the first fault is at the first
/// byte that cannot be read.
unsafe extern "C" fn load(access: *mut Access) {
    // SAFETY: faults are recovered from; aligned words do not cross pages
    unsafe {
        let (addr, len) = ((*access).addr, (*access).len);
        let mut runs = Runs { byte: 0, hash: 0, mixed: false };
        let mut at = 0;
        while at < len {
            let page = Page::of(addr.wrapping_add(at));
            let end = at + (len - at).min(PAGE as u64 - page.offset);
            let mut offset = page.offset;
            if at == 0 {
                runs.byte = page.at::<u8>(offset).read_volatile();
                offset += 1;
                at += 1;
            }
            while at < end {
                if offset % BLOCK == 0 && end - at >= BLOCK {
                    runs.block(page.at::<u64>(offset), at);
                    offset += BLOCK;
                    at += BLOCK;
                } else if offset % WORD == 0 && end - at >= WORD {
                    runs.word(page.at::<u64>(offset).read_volatile(), at);
                    offset += WORD;
                    at += WORD;
                } else {
                    runs.push(page.at::<u8>(offset).read_volatile(), at);
                    offset += 1;
                    at += 1;
                }
            }
        }
        let (kind, value) = runs.finish(len);
        (*access).mixed = kind == MIXED;
        (*access).value = value;
    }
}

/// Fills the range, lowest byte first; the byte goes up by one with every page.
unsafe extern "C" fn store(access: *mut Access) {
    // SAFETY: faults are recovered from; aligned words do not cross pages
    unsafe {
        let (addr, len, mut byte) = ((*access).addr, (*access).len, (*access).byte);
        let mut at = 0;
        while at < len {
            let page = Page::of(addr.wrapping_add(at));
            let end = at + (len - at).min(PAGE as u64 - page.offset);
            let mut offset = page.offset;
            let word = u64::from(byte) * 0x0101_0101_0101_0101;
            while at < end {
                if offset % WORD == 0 && end - at >= WORD && offset != page.offset {
                    page.at::<u64>(offset).write_volatile(word);
                    offset += WORD;
                    at += WORD;
                } else {
                    page.at::<u8>(offset).write_volatile(byte);
                    offset += 1;
                    at += 1;
                }
            }
            byte = byte.wrapping_add(1);
        }
    }
}

/// A page that is accessed. The processor sets accessed bits for accesses that
/// it only guesses, and smaps shows them: so nothing of a page is accessed
/// before it is certain that it will be, and a guess that runs past the end
/// comes out in the same page.
struct Page {
    base: u64,
    /// Of the first byte.
    offset: u64,
    mask: u64,
}

impl Page {
    #[inline(always)]
    fn of(addr: u64) -> Page {
        arch::wait_for_certainty();
        Page {
            base: addr & !PAGE_MASK,
            offset: addr & PAGE_MASK,
            mask: core::hint::black_box(PAGE_MASK),
        }
    }

    #[inline(always)]
    fn at<T>(&self, offset: u64) -> *mut T {
        (self.base | (offset & self.mask)) as *mut T
    }
}

/// Calls the address.
unsafe extern "C" fn call(access: *mut Access) {
    // SAFETY: the worker only sends addresses that hold a return instruction,
    // or whose execution faults, which is recovered from
    unsafe { arch::call((*access).addr) };
}
