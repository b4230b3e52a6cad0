//! The subject looks at itself: what the kernel says of it, for the worker to
//! read after the batch. Nobody has to be woken in between, and looking changes
//! nothing that can be seen: descriptors and the arena are there anyway.

use core::ptr::{addr_of, addr_of_mut};
use core::sync::atomic::Ordering::Relaxed;

use crate::access::{self, Runs};
use crate::arch::{nr, syscall};
use crate::protocol::*;
use crate::ARENA;

const O_RDONLY: u64 = 0;
const O_NONBLOCK: u64 = 0o4000;
const SEEK_END: u64 = 2;
const PROT_READ: u64 = 1;
const MAP_PRIVATE: u64 = 2;
const ENOSPC: i64 = -28;
const OUTPUT: u64 = KEPT_FDS as u64 + files::COUNT as u64;

static PATHS: [(u32, &core::ffi::CStr); files::COUNT as usize] = [
    (files::MAPS, c"/proc/self/maps"),
    (files::SMAPS, c"/proc/self/smaps"),
    (files::STATUS, c"/proc/self/status"),
    (files::PAGEMAP, c"/proc/self/pagemap"),
    (files::MEM, c"/proc/self/mem"),
    (files::LOG, c"/dev/kmsg"),
    (files::STATM, c"/proc/self/statm"),
    (files::ROLLUP, c"/proc/self/smaps_rollup"),
];

/// Leaves no descriptors open but the files to look at, and the output, at
/// numbers that no program uses.
///
/// # Safety
/// Called once, when the arena is there.
pub unsafe fn open_files() {
    let mut opened = 0;
    for &(file, path) in &PATHS {
        let to = KEPT_FDS as u64 + u64::from(file);
        // SAFETY: a string with its NUL, and numbers
        unsafe {
            let flags = O_RDONLY | if file == files::LOG { O_NONBLOCK } else { 0 };
            let fd = syscall(nr::OPEN, [path.as_ptr() as u64, flags, 0, 0, 0, 0]) as u64;
            if syscall(nr::DUP2, [fd, to, 0, 0, 0, 0]) == to as i64 {
                opened |= 1 << file;
            }
            if file == files::LOG {
                syscall(nr::LSEEK, [to, 0, SEEK_END, 0, 0, 0]);
            }
        }
    }
    // SAFETY: numbers, and a word that both sides use atomically
    unsafe {
        if syscall(nr::DUP2, [OUTPUT_FD as u64, OUTPUT, 0, 0, 0, 0]) != OUTPUT as i64 {
            opened = 0;
        }
        learn_texts();
        syscall(nr::CLOSE_RANGE, [0, KEPT_FDS as u64 - 1, 0, 0, 0, 0]);
        syscall(nr::CLOSE_RANGE, [OUTPUT + 1, u64::from(u32::MAX), 0, 0, 0, 0]);
        (*addr_of!((*ARENA).opened)).store(opened, Relaxed);
    }
}

/// Prepares maps and smaps, which are then read in as few calls as possible.
///
/// The kernel collects entries in a page of its own. One that does not fit in any
/// more is thrown away and made again at the next call, unless it is the first:
/// then the room is doubled, for as long as the file is open
/// (`fs/seq_file.c:seq_read_iter`). A name that does not fit into a page makes
/// room for the entries of most programs.
unsafe fn learn_texts() {
    let whole = |file: u32| {
        let (fd, mut length) = (KEPT_FDS as u64 + u64::from(file), 0);
        loop {
            let to = transfer() + length % TRANSFER_SIZE as u64;
            let most = transfer() + TRANSFER_SIZE as u64 - to;
            // SAFETY: reads into the buffer, no further than its end
            match unsafe { syscall(nr::PREAD64, [fd, to, most, length, 0, 0]) } {
                ..=0 => return length as usize,
                more => length += more as u64,
            }
        }
    };
    // SAFETY: a mapping of its own, wherever there is room
    unsafe {
        let args = [0, PAGE as u64, PROT_READ, MAP_PRIVATE, LONG_NAME_FD as u64, 0];
        let mapped = syscall(nr::MMAP, args);
        if mapped > 0 {
            for file in [files::MAPS, files::SMAPS] {
                whole(file);
            }
            syscall(nr::MUNMAP, [mapped as u64, PAGE as u64, 0, 0, 0, 0]);
        }
        for file in [files::MAPS, files::SMAPS] {
            let length = whole(file).min(TRANSFER_SIZE);
            let text = core::slice::from_raw_parts(transfer() as *const u8, length);
            let at = text.windows(VSYSCALL.len()).rposition(|name| name == VSYSCALL);
            let tail = at.map_or(0, |at| length - at) as u64;
            addr_of_mut!((*ARENA).tails).cast::<u64>().add(file as usize).write(tail);
        }
    }
}

/// Whether a part of maps or smaps is the last one, so that nothing has to be
/// read to see that nothing follows. Where the last mapping is another one, this
/// cannot be told.
///
/// # Safety
/// `part` is what was read last.
pub unsafe fn is_end(file: u32, part: *const u8, length: u64) -> bool {
    if file != files::MAPS && file != files::SMAPS {
        return false;
    }
    // SAFETY: as the caller promises, and the arena is there for ever
    unsafe {
        let tail = addr_of!((*ARENA).tails).cast::<u64>().add(file as usize).read();
        if tail == 0 || length < tail {
            return false;
        }
        let name = part.add((length - tail) as usize);
        core::slice::from_raw_parts(name, VSYSCALL.len()) == VSYSCALL
    }
}

/// Bytes that wait to be written out.
unsafe fn waiting() -> &'static mut u64 {
    // SAFETY: the arena belongs to this process, and nothing else refers to the word
    unsafe { &mut *addr_of_mut!((*ARENA).waiting) }
}

fn transfer() -> u64 {
    // SAFETY: only the address is made
    unsafe { addr_of_mut!((*ARENA).transfer) as u64 }
}

/// Writes out what waits; answers how much was written in all of the batch, or
/// the negative errno.
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn flush() -> i64 {
    // SAFETY: the buffer is as long as said
    unsafe {
        let written = &mut *addr_of_mut!((*ARENA).written);
        let waiting = waiting();
        if *written + *waiting > OUTPUT_SIZE as u64 {
            return ENOSPC;
        }
        while *waiting > 0 {
            let args = [OUTPUT, transfer(), *waiting, *written, 0, 0];
            let done = syscall(nr::PWRITE64, args);
            if done <= 0 {
                return done;
            }
            // a write to a memory file is only cut short where memory runs out
            if (done as u64) < *waiting {
                return ENOSPC;
            }
            *waiting = 0;
            *written += done as u64;
        }
        *written as i64
    }
}

/// Makes room for so many bytes, fewer than the buffer has; answers where.
unsafe fn room(bytes: u64) -> Result<u64, i64> {
    // SAFETY: as of the callers
    unsafe {
        if *waiting() + bytes > TRANSFER_SIZE as u64 {
            let flushed = flush();
            if flushed < 0 {
                return Err(flushed);
            }
        }
        Ok(transfer() + *waiting())
    }
}

/// [`READ`]
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn read(file: u32, offset: u64, length: u64) -> i64 {
    let fd = KEPT_FDS as u64 + u64::from(file % files::COUNT);
    let mut total = 0;
    loop {
        // SAFETY: as the caller promises; reads into the buffer, no further than its end
        unsafe {
            let to = match room(PAGE as u64) {
                Ok(to) => to,
                Err(error) => return error,
            };
            let mut most = transfer() + TRANSFER_SIZE as u64 - to;
            if length > 0 {
                most = most.min(length - total);
            }
            if file == files::PAGEMAP {
                // which gives out whole entries
                most -= most % size_of::<u64>() as u64;
            }
            let more = match file {
                // a record each time
                files::LOG => syscall(nr::READ, [fd, to, most, 0, 0, 0]),
                _ => syscall(nr::PREAD64, [fd, to, most, offset + total, 0, 0]),
            };
            if more <= 0 {
                return if total > 0 { total as i64 } else { more };
            }
            *waiting() += more as u64;
            total += more as u64;
            let ends = files::RECORDS.contains(&file) || is_end(file, to as *const u8, more as u64);
            if total == length || ends {
                return total as i64;
            }
        }
    }
}

/// [`DIGEST`]
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn digest(start: u64, end: u64) -> i64 {
    const WORD: u64 = size_of::<u64>() as u64;
    const ENTRY: u64 = 2 * WORD;
    let fd = KEPT_FDS as u64 + u64::from(files::MEM);
    for at in (start..end).step_by(PAGE) {
        // SAFETY: as the caller promises; reads into the buffer, which has room for it
        unsafe {
            // what may not be read can still be looked at by way of the file
            match room(ENTRY + PAGE as u64 + WORD) {
                Ok(to) => {
                    let answer = access::page(at as *const u64).unwrap_or_else(|| {
                        let page = (to + ENTRY).next_multiple_of(WORD);
                        match syscall(nr::PREAD64, [fd, page, PAGE as u64, at, 0, 0]) {
                            got if got == PAGE as i64 => Runs::of_page(page as *const u64),
                            _ => (RETURNED, 0),
                        }
                    });
                    (to as *mut u64).write_unaligned(answer.0.into());
                    (to as *mut u64).add(1).write_unaligned(answer.1);
                    *waiting() += ENTRY;
                }
                Err(error) => return error,
            }
        }
    }
    0
}

/// [`SCAN`], and the pagemap entries of the regions as far as they are shown.
///
/// # Safety
/// The arena belongs to this process.
pub unsafe fn scan(start: u64, end: u64) -> i64 {
    const REGION: u64 = 3 * size_of::<u64>() as u64;
    let fd = KEPT_FDS as u64 + u64::from(files::PAGEMAP);
    // SAFETY: as the caller promises; the regions go into the buffer
    unsafe {
        let to = match room(REGION * SCAN_REGIONS as u64) {
            Ok(to) => to,
            Err(error) => return error,
        };
        let mut scan = PagemapScan::populated((start, end), to, SCAN_REGIONS as u64);
        let argument = addr_of_mut!(scan) as u64;
        let found = syscall(nr::IOCTL, [fd, PAGEMAP_SCAN, argument, 0, 0, 0]);
        if found <= 0 {
            return found;
        }
        *waiting() += found as u64 * REGION;
        let mut spans = [(0, 0); SCAN_REGIONS];
        for (i, span) in spans.iter_mut().enumerate().take(found as usize) {
            let region = (to as *const u64).add(3 * i);
            *span = scan_shown((region.read_unaligned(), region.add(1).read_unaligned()));
        }
        for &(from, to) in spans.iter().take(found as usize) {
            let word = |address: u64| address / PAGE as u64 * size_of::<u64>() as u64;
            let got = read(files::PAGEMAP, word(from), word(to) - word(from));
            if got < 0 {
                return got;
            }
        }
        found
    }
}
