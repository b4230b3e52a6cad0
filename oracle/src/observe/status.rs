//! Decodes the memory lines of `/proc/pid/status`.

use super::text::{decimal8, padded_decimal, DecodeError};
use crate::sys::Mapping;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::snapshot::{Status, StatusField, STATUS_FIELDS};

/// What the memory lines begin with.
const FIRST: &[u8] = b"VmPeak:";

/// Decodes the text of `/proc/pid/status`. A process without an address space
/// (a zombie) has no memory lines, and gets a status without fields.
pub fn decode(text: &[u8]) -> Result<Status, DecodeError> {
    let mut status = Status::default();
    // the lines before hold names and numbers of no interest
    let is_first = |&at: &usize| at > 0 && text[at - 1] == b'\n' && text[at..].starts_with(FIRST);
    let Some(mut at) = memchr::memchr_iter(FIRST[0], text).find(is_first) else {
        return Ok(status);
    };
    let mut next = 0;
    while at < text.len() {
        if let Some((field, value, length)) = guessed(&text[at..], next) {
            if status.get(field).is_some() {
                return Err(DecodeError::at("status", text, at, "each field once"));
            }
            status.set(field, value);
            next += 1;
            at += length;
            continue;
        }
        let malformed = |expected| DecodeError::at("status", text, at, expected);
        let end = memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
        let line = &text[at..at + end];
        let Some((field, number)) = named(line, next) else {
            // the lines stand together; those that are unknown are also in kB
            if line.ends_with(b" kB") {
                at += end + 1;
                continue;
            }
            break;
        };
        let (value, unit) = padded_decimal(number).ok_or_else(|| malformed("a number"))?;
        if unit != b" kB" {
            return Err(malformed("a number in kB"));
        }
        if status.get(field).is_some() {
            return Err(malformed("each field once"));
        }
        status.set(field, value);
        next = field as usize + 1;
        at += end + 1;
    }
    Ok(status)
}

/// The names of the lines among the memory lines that no field is known for, which
/// [`decode`] passes over.
pub(super) fn unknown_lines(text: &str) -> Vec<&str> {
    let first = |line: &&str| !line.as_bytes().starts_with(FIRST);
    let of_memory = text.lines().skip_while(first).take_while(|line| line.ends_with(" kB"));
    let names = of_memory.filter_map(|line| line.split(':').next());
    names.filter(|name| STATUS_FIELDS.iter().all(|field| field.name() != *name)).collect()
}

/// Whether this kernel counts the resident pages of a process exactly: each of
/// a few new pages shows at once.
pub(super) fn counts_exactly() -> bool {
    const PAGES: u64 = 8;
    let resident = || {
        let text = std::fs::read("/proc/self/status").ok()?;
        decode(&text).ok()?.get(StatusField::RssAnon)
    };
    let counted = || {
        let memory = Mapping::anonymous((PAGES * PAGE_SIZE) as usize).ok()?;
        // what this itself needs is there after the first time
        resident()?;
        let before = resident()?;
        memory.advise(libc::MADV_NOHUGEPAGE);
        memory.advise(libc::MADV_POPULATE_WRITE);
        Some(resident()?.checked_sub(before)? == PAGES * (PAGE_SIZE >> 10))
    };
    // another thread may touch memory in between
    (0..3).any(|_| counted() == Some(true))
}

/// Reads the line at the front if it is about field number `guess` in the usual
/// shape: the field, its value, and the length of the line.
#[inline]
fn guessed(text: &[u8], guess: usize) -> Option<(StatusField, u64, usize)> {
    let field = *STATUS_FIELDS.get(guess)?;
    let rest = text.strip_prefix(field.name().as_bytes())?;
    let [b':', b'\t', rest @ ..] = rest else { return None };
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let [b' ', b'k', b'B', b'\n', rest @ ..] = rest else { return None };
    Some((field, decimal8(*number)?, text.len() - rest.len()))
}

/// The field that a line is about, most likely the one numbered `guess`, and
/// the text behind its name.
fn named(line: &[u8], guess: usize) -> Option<(StatusField, &[u8])> {
    let number_of = |field: &StatusField| {
        line.strip_prefix(field.name().as_bytes())?.strip_prefix(b":").map(|rest| (*field, rest))
    };
    STATUS_FIELDS
        .get(guess)
        .and_then(number_of)
        .or_else(|| STATUS_FIELDS.iter().find_map(number_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "\
VmPeak:\t    3060 kB
VmSize:\t    3056 kB
VmLck:\t       0 kB
VmPin:\t       0 kB
VmHWM:\t    1684 kB
VmRSS:\t    1680 kB
RssAnon:\t     112 kB
RssFile:\t    1568 kB
RssShmem:\t       0 kB
VmData:\t     360 kB
VmStk:\t     132 kB
VmExe:\t      20 kB
VmLib:\t    1528 kB
VmPTE:\t      44 kB
VmSwap:\t       0 kB
HugetlbPages:\t       0 kB";

    fn text() -> String {
        format!("Name:\tsubject\nKthread:\t0\n{LINES}\nCoreDumping:\t0\nThreads:\t1\n")
    }

    #[test]
    fn prints_as_it_was_read() {
        let status = decode(text().as_bytes()).unwrap();
        assert_eq!(status.to_string(), LINES);
        assert_eq!(status.get(StatusField::VmPte), Some(44));
    }

    #[test]
    fn fields_may_be_absent_and_new_ones_are_passed_over() {
        let text = text().replace("VmPin:", "VmNew:").replace("VmHWM:\t    1684 kB\n", "");
        let status = decode(text.as_bytes()).unwrap();
        assert_eq!(status.get(StatusField::VmPin), None);
        assert_eq!(status.get(StatusField::VmHwm), None);
        assert_eq!(status.get(StatusField::HugetlbPages), Some(0));
        assert_eq!(unknown_lines(&text), ["VmNew"]);
    }

    #[test]
    fn a_zombie_has_no_memory() {
        let status = decode(b"Name:\tsubject\nState:\tZ (zombie)\nThreads:\t1\n").unwrap();
        assert_eq!(status, Status::default());
    }

    #[test]
    fn malformed_lines_are_named() {
        for (from, to, expected) in [
            ("VmRSS:\t    1680 kB", "VmRSS:\t    x kB", "a number"),
            ("VmRSS:\t    1680 kB", "VmRSS:\t    1680 MB", "a number in kB"),
            ("VmRSS:", "VmHWM:", "each field once"),
        ] {
            let text = text().replace(from, to);
            assert_eq!(decode(text.as_bytes()).unwrap_err().expected, expected, "{to}");
        }
    }
}
