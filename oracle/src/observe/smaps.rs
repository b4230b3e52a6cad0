//! Decodes `/proc/pid/smaps`, the largest of the texts that are read after
//! every operation, hence the care for speed.
//!
//! The kernel prints the fields in one order and nearly all lines in one shape:
//! 16 columns of name, 8 of number, the unit. So the next field is guessed and
//! its line compared as a whole; only a wrong guess is looked at bytewise.

use super::maps;
use super::text::{decimal8, padded_decimal, DecodeError, NameCache};
use mm_reference::snapshot::{Name, SmapsEntry, SmapsField, VmFlagList, SMAPS_FIELDS};

const NAME_COLUMNS: usize = 16;
const NUMBER_COLUMNS: usize = 8;
const FIELD_COLUMNS: usize = NAME_COLUMNS + NUMBER_COLUMNS;

/// Name, colon and blanks of each field, as wide as the kernel prints them.
const NAMES: [[u8; NAME_COLUMNS]; SmapsField::COUNT] = {
    let mut names = [[b' '; NAME_COLUMNS]; SmapsField::COUNT];
    let mut field = 0;
    while field < SmapsField::COUNT {
        let name = SMAPS_FIELDS[field].name().as_bytes();
        let mut column = 0;
        while column < name.len() {
            names[field][column] = name[column];
            column += 1;
        }
        names[field][column] = b':';
        field += 1;
    }
    names
};

/// Decodes the text of `/proc/pid/smaps`.
#[derive(Debug, Default)]
pub struct SmapsDecoder {
    names: NameCache,
    /// The first entry and the last one, as they were last seen: those are the
    /// subject's arena and vsyscall, and the same almost every time.
    known: [Known; KNOWN],
    body: Body,
}

/// How many entries are remembered.
const KNOWN: usize = 2;

/// Bytes of an entry without its first line and without what `VmFlags` lists.
#[derive(Clone, Copy, Debug, Default)]
enum Body {
    /// None has been seen.
    #[default]
    Unknown,
    /// The same for all.
    Always(usize),
    /// It differs from one to the other.
    Varies,
}

impl Body {
    /// Takes down what an entry of so many bytes says of all entries.
    fn learn(&mut self, length: usize, entry: &SmapsEntry) {
        let widest = entry.values.iter().copied().max().unwrap_or(0);
        let flags = FLAG * entry.flags.codes().len();
        let body = length.checked_sub(entry.line.text_len() + 1 + flags);
        *self = match (*self, body) {
            (before, _) if widest >= WIDE => before,
            (Body::Unknown, Some(body)) => Body::Always(body),
            (Body::Always(before), Some(body)) if before == body => *self,
            _ => Body::Varies,
        };
    }
}

/// Which part of a text is at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All of it, or a part up to its end.
    Whole,
    /// All but the last entry, or less.
    Front,
}

/// Numbers from here on make their line longer.
const WIDE: u64 = 10u64.pow(NUMBER_COLUMNS as u32);
/// Bytes of a flag and the blank behind it.
const FLAG: usize = 3;

/// An entry and its text.
#[derive(Debug, Default)]
struct Known {
    text: Vec<u8>,
    entry: Option<SmapsEntry>,
}

impl Known {
    /// The entry if `text` begins with exactly it.
    fn at_front_of(&self, text: &[u8]) -> Option<&SmapsEntry> {
        let rest = text.strip_prefix(&self.text[..])?;
        // where one ends another begins, with its address
        let ends = rest.first().is_none_or(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
        self.entry.as_ref().filter(|_| ends)
    }

    fn keep(&mut self, text: &[u8], entry: &SmapsEntry) {
        self.text.clear();
        self.text.extend_from_slice(text);
        self.entry = Some(entry.clone());
    }
}

impl SmapsDecoder {
    /// Bytes of the text of all entries but the last, where that is vsyscall's and
    /// has been seen: it never changes, so a reader can do without it. `None` where
    /// all has to be read.
    pub fn length_without_vsyscall(&self, entries: &[SmapsEntry]) -> Option<u64> {
        let (last, others) = entries.split_last()?;
        let Body::Always(body) = self.body else { return None };
        if last.line.name != Name::Vsyscall || self.vsyscall().is_none() {
            return None;
        }
        let length = |entry: &SmapsEntry| {
            let narrow = entry.get(SmapsField::Size).is_some_and(|size| size < WIDE);
            let flags = FLAG * entry.flags.codes().len();
            narrow.then(|| (entry.line.text_len() + 1 + body + flags) as u64)
        };
        others.iter().map(length).sum()
    }

    /// Replaces `into` by the entries of a text that was read up to such a length,
    /// followed by that of vsyscall as it was last seen; `expected` is how many there
    /// are then. False if the text ends otherwise than with a whole entry.
    pub(super) fn decode_without_vsyscall(
        &mut self,
        text: &[u8],
        expected: usize,
        into: &mut Vec<SmapsEntry>,
    ) -> bool {
        let Ok(count) = self.entries(text, 0, Part::Front, into) else { return false };
        let Some(vsyscall) = self.vsyscall() else { return false };
        let whole = count > 0 && !into[count - 1].flags.codes().is_empty();
        match into.get_mut(count) {
            Some(into) => into.clone_from(vsyscall),
            None => into.push(vsyscall.clone()),
        }
        into.truncate(count + 1);
        whole && count + 1 == expected
    }

    /// Replaces `into` by the entries of a text that may have been cut anywhere, but for
    /// the last; answers where the last of them ends.
    pub(super) fn decode_front(
        &mut self,
        text: &[u8],
        into: &mut Vec<SmapsEntry>,
    ) -> Result<u64, DecodeError> {
        let count = self.entries(&text[..last_entry(text)], 0, Part::Front, into)?;
        into.truncate(count);
        Ok(into.last().map_or(0, |entry| entry.line.end))
    }

    /// Whether lengths can be foretold: all entries seen have the same form.
    pub(super) fn foretells(&self) -> bool {
        matches!(self.body, Body::Always(_))
    }

    fn vsyscall(&self) -> Option<&SmapsEntry> {
        let last = self.known[KNOWN - 1].entry.as_ref();
        last.filter(|entry| entry.line.name == Name::Vsyscall)
    }

    /// Replaces `into` by the entries of `text`.
    pub fn decode(&mut self, text: &[u8], into: &mut Vec<SmapsEntry>) -> Result<(), DecodeError> {
        let count = self.decode_part(text, 0, into)?;
        into.truncate(count);
        Ok(())
    }

    /// Writes the entries of a part of the text over those from `count` on;
    /// answers how many entries there are now up to the end of the part.
    pub(super) fn decode_part(
        &mut self,
        text: &[u8],
        count: usize,
        into: &mut Vec<SmapsEntry>,
    ) -> Result<usize, DecodeError> {
        self.entries(text, count, Part::Whole, into)
    }

    fn entries(
        &mut self,
        text: &[u8],
        mut count: usize,
        part: Part,
        into: &mut Vec<SmapsEntry>,
    ) -> Result<usize, DecodeError> {
        let mut at = 0;
        while at < text.len() {
            let place = count.min(KNOWN - 1);
            if let Some(entry) = self.known[place].at_front_of(&text[at..]) {
                at += self.known[place].text.len();
                match into.get_mut(count) {
                    Some(into) => into.clone_from(entry),
                    None => into.push(entry.clone()),
                }
                count += 1;
                continue;
            }
            let start = at;
            let malformed = |expected| DecodeError::at("smaps", text, at, expected);
            let end =
                memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
            let line = maps::line(&text[at..at + end], &mut self.names).map_err(malformed)?;
            let entry = SmapsEntry::at(into, count, line);
            at = fields(text, at + end + 1, entry)?;
            if count < KNOWN - 1 || at == text.len() && part == Part::Whole {
                self.known[place].keep(&text[start..at], entry);
            }
            if part == Part::Whole {
                self.body.learn(at - start, entry);
            }
            count += 1;
        }
        Ok(count)
    }
}

/// Where the last entry of a text begins, which may not be all of it.
pub(super) fn last_entry(text: &[u8]) -> usize {
    // lines of fields begin with a capital letter
    let begins = |&at: &usize| text.get(at + 1).is_some_and(|b| !b.is_ascii_uppercase());
    memchr::memrchr_iter(b'\n', text).find(begins).map_or(0, |at| at + 1)
}

/// Decodes the lines of one entry after its header; answers where they end.
fn fields(text: &[u8], mut at: usize, entry: &mut SmapsEntry) -> Result<usize, DecodeError> {
    let mut next = 0;
    let mut flags_seen = false;
    while let Some(&first) = text.get(at) {
        // a field may be absent from this kernel, so the one behind it is tried too
        let guess = guessed(&text[at..], next).or_else(|| guessed(&text[at..], next + 1));
        if let Some((field, value, length)) = guess {
            if entry.get(field).is_some() {
                return Err(DecodeError::at("smaps", text, at, "each field once"));
            }
            entry.set(field, value);
            next = field as usize + 1;
            at += length;
            continue;
        }
        if first.is_ascii_digit() || first.is_ascii_lowercase() {
            break;
        }
        let malformed = |expected| DecodeError::at("smaps", text, at, expected);
        let end = memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
        let line = &text[at..at + end];
        if let Some(codes) = line.strip_prefix(b"VmFlags:") {
            if std::mem::replace(&mut flags_seen, true) {
                return Err(malformed("one VmFlags line"));
            }
            entry.flags = flags(codes).map_err(malformed)?;
        } else if let Some((field, value)) = other_field(line).map_err(malformed)? {
            if entry.get(field).is_some() {
                return Err(malformed("each field once"));
            }
            entry.set(field, value);
            next = field as usize + 1;
        } else {
            entry.unknown.push(String::from_utf8_lossy(line).into_owned());
        }
        at += end + 1;
    }
    Ok(at)
}

/// Reads the line at the front if it is field number `guess` in the usual
/// shape: the field, its value, and the length of the line.
#[inline]
fn guessed(text: &[u8], guess: usize) -> Option<(SmapsField, u64, usize)> {
    let (name, rest) = text.split_first_chunk::<NAME_COLUMNS>()?;
    if NAMES.get(guess)? != name {
        return None;
    }
    let (number, rest) = rest.split_first_chunk::<NUMBER_COLUMNS>()?;
    let field = SMAPS_FIELDS[guess];
    let unit = match (field.in_kb(), rest) {
        (true, [b' ', b'k', b'B', b'\n', ..]) => 4,
        (false, [b'\n', ..]) => 1,
        _ => return None,
    };
    Some((field, decimal8(*number)?, FIELD_COLUMNS + unit))
}

/// Reads a line of any known field, in any alignment; `None` for an unknown one.
fn other_field(line: &[u8]) -> Result<Option<(SmapsField, u64)>, &'static str> {
    let colon = memchr::memchr(b':', line).ok_or("a colon")?;
    let (name, rest) = (&line[..colon], &line[colon + 1..]);
    let Some(&field) = SMAPS_FIELDS.iter().find(|f| f.name().as_bytes() == name) else {
        return Ok(None);
    };
    let (value, unit) = padded_decimal(rest).ok_or("a number")?;
    let expected: &[u8] = if field.in_kb() { b" kB" } else { b"" };
    if unit != expected {
        return Err("the usual unit");
    }
    Ok(Some((field, value)))
}

/// Reads what follows `VmFlags:`: a blank, then pairs of letters, each followed
/// by a blank.
fn flags(text: &[u8]) -> Result<VmFlagList, &'static str> {
    let text = text.strip_prefix(b" ").ok_or("a blank after VmFlags:")?;
    let mut flags = VmFlagList::default();
    let codes = text.chunks_exact(3);
    if !codes.remainder().is_empty() || codes.len() > VmFlagList::CAPACITY {
        return Err("flags of two letters");
    }
    for code in codes {
        if !code[0].is_ascii_graphic() || !code[1].is_ascii_graphic() || code[2] != b' ' {
            return Err("flags of two letters");
        }
        flags.push([code[0], code[1]]);
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::MapsDecoder;
    use proptest::prelude::*;

    /// As 6.18 prints them.
    const TEXT: &str = include_str!("../../testdata/smaps-6.18.txt");
    /// As 6.1 prints them: no KSM line, THPeligible without padding.
    const OLD: &str = include_str!("../../testdata/smaps-6.1.txt");

    fn decode(text: &str) -> Result<Vec<SmapsEntry>, DecodeError> {
        let mut entries = Vec::new();
        SmapsDecoder::default().decode(text.as_bytes(), &mut entries)?;
        Ok(entries)
    }

    #[test]
    fn every_entry_prints_as_it_was_read() {
        let entries = decode(TEXT).unwrap();
        let printed: String = entries.iter().map(|e| format!("{e}\n")).collect();
        assert_eq!(printed, TEXT);
        assert_eq!(entries[0].get(SmapsField::Size), Some(4));
        assert_eq!(entries[0].get(SmapsField::ProtectionKey), None);
        assert_eq!(entries[0].flags.codes(), [*b"rd", *b"ex", *b"mr", *b"mw", *b"me"]);
    }

    #[test]
    fn older_kernels_differ_in_lines_and_width() {
        let entries = decode(OLD).unwrap();
        assert_eq!(entries[0].get(SmapsField::Ksm), None);
        assert_eq!(entries[0].get(SmapsField::ThpEligible), Some(1));
        assert_eq!(entries[0].get(SmapsField::LazyFree), Some(4));
        assert_eq!(entries[0].get(SmapsField::PrivateHugetlb), Some(123_456_789));
    }

    #[test]
    fn what_is_remembered_does_not_show() {
        let longer = TEXT.replacen("\nVmFlags", "\nNovelty: 12 quux\nVmFlags", 1);
        let behind = TEXT.replacen(" ac \n", " ac \nNovelty: 12 quux\n", 1);
        let fewer = TEXT[..TEXT.rfind("\nffffffff").map_or(0, |at| at + 1)].to_owned();
        let other = TEXT.replacen("4 kB", "8 kB", 3);
        let mut decoder = SmapsDecoder::default();
        let mut entries = Vec::new();
        let texts = [TEXT, &longer, TEXT, &behind, TEXT, &fewer, &other, TEXT, &fewer, OLD, TEXT];
        for text in texts {
            decoder.decode(text.as_bytes(), &mut entries).unwrap();
            assert_eq!(entries, decode(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_comes_before_vsyscall_has_a_length_that_can_be_foretold() {
        let all = decode(TEXT).unwrap();
        let front = &TEXT[..last_entry(TEXT.as_bytes())];
        let mut decoder = SmapsDecoder::default();
        assert_eq!(decoder.length_without_vsyscall(&all), None, "nothing has been seen");
        decoder.decode(TEXT.as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(decoder.length_without_vsyscall(&all), Some(front.len() as u64));
        assert_eq!(decoder.length_without_vsyscall(&all[..all.len() - 1]), None, "no vsyscall");
        let mut entries = Vec::new();
        assert!(decoder.decode_without_vsyscall(front.as_bytes(), all.len(), &mut entries));
        assert_eq!(entries, all);
        for cut in [front.len() - 1, front.len() - 10, 20] {
            let cut = &front.as_bytes()[..cut];
            assert!(!decoder.decode_without_vsyscall(cut, all.len(), &mut entries));
        }
        assert!(!decoder.decode_without_vsyscall(front.as_bytes(), all.len() + 1, &mut entries));
        // a line that some entries have and others have not
        let some = TEXT.replacen("LazyFree:", "Novelty: 12 quux\nLazyFree:", 1);
        decoder.decode(some.as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(decoder.length_without_vsyscall(&all), None, "entries differ");
    }

    #[test]
    fn unknown_lines_are_kept() {
        let text = TEXT.replacen("LazyFree:", "Novelty: 12 quux\nLazyFree:", 1);
        let entries = decode(&text).unwrap();
        assert_eq!(entries[0].unknown, ["Novelty: 12 quux"]);
        assert_eq!(entries[0].values, decode(TEXT).unwrap()[0].values);
        assert!(entries[1..].iter().all(|e| e.unknown.is_empty()));
    }

    #[test]
    fn malformed_entries_are_named() {
        for (from, to, expected) in [
            ("Rss:                   4 kB", "Rss:                   4 MB", "the usual unit"),
            ("Rss:                   4 kB", "Rss:                     kB", "a number"),
            ("Rss:                   4 kB", "Size:                  4 kB", "each field once"),
            ("Rss:                   4 kB", "Rss                    4 kB", "a colon"),
            ("VmFlags: rd ex ", "VmFlags: rd ex", "flags of two letters"),
            ("VmFlags: rd ex ", "VmFlags: rde x ", "flags of two letters"),
            ("VmFlags: rd ex ", "VmFlags:rd ex ", "a blank after VmFlags:"),
            ("VmFlags: rd ex ", "VmFlags: rd \nVmFlags: ex ", "one VmFlags line"),
        ] {
            let text = TEXT.replacen(from, to, 1);
            assert_ne!(text, TEXT, "{from}");
            assert_eq!(decode(&text).unwrap_err().expected, expected, "{to}");
        }
        assert_eq!(decode(TEXT.trim_end()).unwrap_err().expected, "a whole line");
    }

    #[test]
    fn agrees_with_the_procfs_crate() {
        use procfs::process::{MMapPath, MemoryMaps};
        use procfs::FromBufRead;
        let theirs = MemoryMaps::from_buf_read(TEXT.as_bytes()).unwrap();
        let ours = decode(TEXT).unwrap();
        assert_eq!(theirs.0.len(), ours.len());
        for (their, our) in theirs.0.iter().zip(&ours) {
            assert_eq!(their.address, (our.line.start, our.line.end));
            assert_eq!((their.offset, their.inode), (our.line.offset, our.line.inode));
            assert_eq!(their.pathname == MMapPath::Heap, our.line.name.to_string() == "[heap]");
            for &field in SMAPS_FIELDS.iter().filter(|f| f.in_kb()) {
                let theirs = their.extension.map.get(field.name()).map(|bytes| bytes / 1024);
                assert_eq!(theirs, our.get(field), "{}", field.name());
            }
        }
    }

    proptest! {
        #[test]
        fn damaged_text_is_read_or_refused(at in 0..TEXT.len(), with: u8, cut in 0..TEXT.len()) {
            let mut text = TEXT.as_bytes().to_vec();
            text[at] = with;
            text.truncate(cut.max(at + 1));
            let _ = SmapsDecoder::default().decode(&text, &mut Vec::new());
            let _ = MapsDecoder::default().decode(&text, &mut Vec::new());
            let _ = crate::observe::status::decode(&text);
        }

        #[test]
        fn any_values_survive_printing(values in prop::collection::vec(0u64..1 << 40, SmapsField::COUNT)) {
            let mut entry = decode(TEXT).unwrap().swap_remove(0);
            for (&field, value) in SMAPS_FIELDS.iter().zip(values) {
                entry.set(field, value);
            }
            prop_assert_eq!(decode(&format!("{entry}\n")).unwrap(), vec![entry]);
        }
    }
}
