//! What was being run, or had just been, when a guest went down.
//!
//! In the guest, programs are written into locked pages before they run. Each page
//! says what it is, so that the host finds them in the guest's memory, which it
//! has as a file, after a panic, a hang or a killed QEMU. It costs a copy of each
//! program's text, and never leaves the guest.

use crate::run::Recorder;
use crate::sys::{self, Mapping};
use mm_reference::op::Op;
use mm_reference::text::Requires;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{compiler_fence, AtomicU32, Ordering};

const PAGE: usize = 4096;
/// Pages of a box: enough for programs up to the limit of mappings.
const PAGES: usize = 1024;
const HEADER: usize = 64;
/// Text in a page.
const ROOM: usize = PAGE - HEADER;
/// What a page begins with, apart from the number that hides it in the executable.
const MAGIC: [u64; 2] = [0x6d6d_6469_6666_2062 ^ HIDING, 0x6c61_636b_2062_6f78 ^ HIDING];
const HIDING: u64 = 0x5a5a_5a5a_5a5a_5a5a;
/// What a program in the text begins with.
const BEGINS: &str = "# program\n";

/// A page's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// Which box, for every worker has one.
    number: u32,
    /// Which page of it.
    index: u32,
    /// Grows with every page that is written: of two copies the later one counts.
    sequence: u64,
    /// Grows whenever the box is emptied: older pages do not count.
    epoch: u32,
    /// Bytes of text in this page.
    length: u32,
}

impl Header {
    fn bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let words = [
            MAGIC[0] ^ HIDING,
            MAGIC[1] ^ HIDING,
            self.sequence,
            u64::from(self.number) << 32 | u64::from(self.index),
            u64::from(self.epoch) << 32 | u64::from(self.length),
        ];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn read(page: &[u8]) -> Option<Header> {
        let word = |number: usize| {
            let bytes = page.get(8 * number..8 * number + 8)?.try_into().ok()?;
            Some(u64::from_le_bytes(bytes))
        };
        if word(0)? ^ HIDING != MAGIC[0] || word(1)? ^ HIDING != MAGIC[1] {
            return None;
        }
        let halves = |word: u64| ((word >> 32) as u32, word as u32);
        let (number, index) = halves(word(3)?);
        let (epoch, length) = halves(word(4)?);
        let header = Header { number, index, sequence: word(2)?, epoch, length };
        (header.index < PAGES as u32 && header.length <= ROOM as u32).then_some(header)
    }
}

/// The guest's side: one for each worker.
#[derive(Debug)]
pub(super) struct BlackBox {
    pages: Mapping,
    number: u32,
    sequence: u64,
    epoch: u32,
    /// Bytes of text in all pages.
    used: usize,
    /// What is in it has been run: it goes when there is something new, for what a
    /// kernel does with memory it does partly later.
    stale: bool,
    line: String,
}

// SAFETY: the mapping belongs to this value alone
unsafe impl Send for BlackBox {}

impl BlackBox {
    /// Memory of this process that stays where it is.
    pub(super) fn new() -> io::Result<BlackBox> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let pages = Mapping::anonymous(PAGES * PAGE)?;
        pages.lock()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let (sequence, epoch, used, stale, line) = (0, 0, 0, false, String::new());
        let mut this = BlackBox { pages, number, sequence, epoch, used, stale, line };
        this.empty();
        Ok(this)
    }

    fn empty(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.used = 0;
        self.seal(0);
    }

    /// Writes the header of a page, after its text.
    fn seal(&mut self, index: usize) {
        self.sequence += 1;
        let header = Header {
            number: self.number,
            index: index as u32,
            sequence: self.sequence,
            epoch: self.epoch,
            length: self.used.saturating_sub(index * ROOM).min(ROOM) as u32,
        };
        compiler_fence(Ordering::SeqCst);
        self.copy(index * PAGE, &header.bytes());
        compiler_fence(Ordering::SeqCst);
    }

    /// Takes the headers off all pages.
    fn wipe(&mut self) {
        for index in 0..PAGES {
            self.copy(index * PAGE, &[0; HEADER]);
        }
    }

    fn copy(&mut self, at: usize, bytes: &[u8]) {
        debug_assert!(at + bytes.len() <= PAGES * PAGE);
        // SAFETY: within the mapping, which nobody else has
        unsafe {
            self.pages.base().add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
    }

    /// Appends text, as much as there is room for.
    fn append(&mut self, mut text: &[u8]) {
        while !text.is_empty() && self.used < PAGES * ROOM {
            let (index, within) = (self.used / ROOM, self.used % ROOM);
            let length = text.len().min(ROOM - within);
            self.copy(index * PAGE + HEADER + within, &text[..length]);
            self.used += length;
            self.seal(index);
            text = &text[length..];
        }
    }
}

impl Recorder for BlackBox {
    fn record(&mut self, begins: Option<&Requires>, ops: &[Op]) {
        if std::mem::take(&mut self.stale) {
            self.empty();
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        if let Some(requires) = begins {
            line.push_str(BEGINS);
            if !requires.0.is_empty() {
                let _ = writeln!(line, "requires: {requires}"); // as below
            }
        }
        for op in ops {
            let _ = writeln!(line, "{op}"); // writing to a string does not fail
        }
        self.append(line.as_bytes());
        self.line = line;
    }

    fn clear(&mut self) {
        self.stale = true;
    }
}

impl Drop for BlackBox {
    /// Its pages may stay as they are for long, and would be found beside another's.
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The programs that were run last, from a guest's memory.
pub(super) fn suspects(memory: &File) -> Vec<String> {
    // by box and page; the later copy of each
    let mut pages: BTreeMap<(u32, u32), (Header, Vec<u8>)> = BTreeMap::new();
    let mut chunk = vec![0; 256 * PAGE];
    let mut at = 0;
    while let Some(data) = sys::next_data(memory.as_fd(), at) {
        at = data / PAGE as u64 * PAGE as u64;
        let length = match memory.read_at(&mut chunk, at) {
            Ok(length @ 1..) => length,
            _ => break,
        };
        for page in chunk[..length].chunks_exact(PAGE) {
            let Some(header) = Header::read(page) else { continue };
            let key = (header.number, header.index);
            if pages.get(&key).is_none_or(|(known, _)| known.sequence < header.sequence) {
                let text = page[HEADER..HEADER + header.length as usize].to_vec();
                pages.insert(key, (header, text));
            }
        }
        at += length as u64;
    }
    let mut programs = Vec::new();
    let numbers: Vec<u32> = pages.keys().filter(|(_, index)| *index == 0).map(|k| k.0).collect();
    for number in numbers {
        let text = text_of(&pages, number);
        // the last line may be half written
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        programs
            .extend(whole.split(BEGINS).filter(|program| !program.is_empty()).map(str::to_owned));
    }
    programs
}

/// The text of a box.
fn text_of(pages: &BTreeMap<(u32, u32), (Header, Vec<u8>)>, number: u32) -> String {
    let mut text = Vec::new();
    let mut epoch = None;
    for index in 0..PAGES as u32 {
        let Some((header, part)) = pages.get(&(number, index)) else { break };
        if *epoch.get_or_insert(header.epoch) != header.epoch {
            break;
        }
        text.extend_from_slice(part);
        if part.len() < ROOM {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::text::{parse, Mode};

    fn ops(text: &str) -> Vec<Op> {
        parse(text, Mode::Strict).expect("a program").ops().cloned().collect()
    }

    /// The memory of a guest with these boxes in it, somewhere.
    fn memory(boxes: &[&BlackBox]) -> File {
        let file = File::from(sys::memfd(c"test", 0).expect("a file"));
        file.set_len(64 << 20).expect("a size");
        let mut at = 5 << 20;
        for one in boxes {
            // the last page first: their order in memory is arbitrary
            for index in (0..PAGES).rev() {
                // SAFETY: a page of the mapping
                let page =
                    unsafe { std::slice::from_raw_parts(one.pages.base().add(index * PAGE), PAGE) };
                file.write_at(page, at).expect("written");
                at += PAGE as u64;
            }
        }
        file
    }

    fn a_box() -> Option<BlackBox> {
        BlackBox::new().map_err(|why| println!("skipped: no memory can be locked: {why}")).ok()
    }

    #[test]
    fn what_was_run_last_is_found() {
        let (Some(mut one), Some(mut two)) = (a_box(), a_box()) else { return };
        assert!(suspects(&memory(&[&one, &two])).is_empty());
        let program = ops("munmap(0x1000, 0x1000)\nmunmap(0x2000, 0x1000)\n");
        one.record(Some(&Requires::default()), &program);
        one.clear();
        one.record(Some(&Requires::default()), &program[..1]);
        one.record(Some(&Requires::default()), &program[..1]);
        one.record(None, &program[1..]);
        two.record(Some(&Requires::default()), &program[1..]);
        let found = suspects(&memory(&[&two, &one]));
        assert_eq!(found.len(), 3, "{found:?}");
        for (text, expected) in found.iter().zip([&program[..1], &program[..], &program[1..]]) {
            assert_eq!(ops(text), expected);
        }
        // what has been run is there until something else is
        one.clear();
        two.clear();
        assert_eq!(suspects(&memory(&[&two, &one])), found);
        one.record(Some(&Requires::default()), &program);
        assert_eq!(suspects(&memory(&[&one])).len(), 1);
        // as it is when it goes
        one.wipe();
        assert!(suspects(&memory(&[&one])).is_empty());
    }

    #[test]
    fn long_programs_go_over_many_pages_and_end_where_there_is_no_room() {
        let Some(mut one) = a_box() else { return };
        let program = ops(&"munmap(0x1000, 0x1000)\n".repeat(20_000));
        one.record(Some(&Requires::default()), &program);
        let found = suspects(&memory(&[&one]));
        assert_eq!(found.len(), 1);
        assert_eq!(ops(&found[0]), program);
        for _ in 0..10 {
            one.record(None, &program);
        }
        let found = suspects(&memory(&[&one]));
        assert_eq!(found.len(), 1);
        // more lines than a file may have, of which the last is whole
        assert!(found[0].lines().count() > 100_000);
        assert!(found[0].ends_with("munmap(0x1000, 0x1000)\n"));
    }
}
