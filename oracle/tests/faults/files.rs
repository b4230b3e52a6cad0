//! Program files: malformed, truncated, hostile, or any bytes at all.

use super::programs::{corpus, programs};
use super::tool::{no_subject_here, tool, Folder};
use mm_reference::text::{parse, write, Mode, MAX_BYTES};
use std::fs;
use std::time::Duration;

/// What is refused when it is read, and the place and reason that are named.
const MALFORMED: &[(&str, &str)] = &[
    ("munmap(mmap, 0x1000", "line 1, column 20: expected `)`"),
    ("\n\nunmap(1, 2)\n", "line 3, column 1: unknown operation `unmap`"),
    ("munmap(1, 2) = -EWHAT", "line 1, column 16: unknown error"),
    ("munmap(1, 2) = maybe", "line 1, column 16"),
    ("munmap(1, 0x10000000000000000)", "line 1, column 11: number out of range"),
    ("mprotect(1, 2, PROT_RAED)", "line 1, column 16: unknown protection `PROT_RAED`"),
    ("munmap(1, 2)\nrequires: root", "line 2, column 10: requires: must come before"),
    ("requires: luck\n", "line 1, column 11: unknown requirement `luck`"),
    ("p1: munmap(1, 2)", "line 1, column 1: there is no process p1"),
    ("exit()", "line 1, column 1: the first process cannot exit"),
    ("fork()\np1: exit()\np1: munmap(1, 2)", "line 3, column 1: process p1 has exited"),
    ("fork()\nfork()\nfork()\nfork()", "line 4, column 1: a program has at most 4 processes"),
    ("fork() = p2", "line 1, column"),
    ("store(mmap-0x1000, 0x10000000, 1)", "line 1, column 1: a load or store touches at most"),
    ("mincore(mmap-0x1000, 0x10000000)", "line 1, column 1: mincore asks about at most"),
    ("set_vma_name(1, 2, \"a\\x00b\")", "line 1, column 1: a name cannot hold a NUL"),
    ("\u{1b}[2Jmunmap(1, 2)", "line 1, column 1: expected an operation"),
];

#[test]
fn malformed_files_are_refused_with_their_place() {
    let folder = Folder::new();
    for (text, message) in MALFORMED {
        let file = folder.file("malformed.mm", text);
        for command in ["run", "predict", "shrink", "c"] {
            let done = tool(&[command, &file]);
            assert_eq!(done.status, Some(2), "{text:?}: {done:?}");
            assert!(done.err.contains(message), "{text:?}: {done:?}");
            assert!(done.err.contains("malformed.mm"), "{done:?}");
            assert!(!done.err.contains('\u{1b}'), "control characters pass through: {done:?}");
        }
    }
}

#[test]
fn files_that_are_no_text() {
    let folder = Folder::new();
    let missing = folder.join("missing.mm");
    let binary = folder.file("binary.mm", [0xff, 0xfe, 0x00, 0x41]);
    let large = folder.file("large.mm", "#".repeat(MAX_BYTES + 1));
    let folder_name = folder.path().display().to_string();
    for (file, message) in [
        (&missing, "No such file"),
        (&binary, "UTF-8"),
        (&large, "a program has at most"),
        (&folder_name, "binary.mm"), // all programs in a folder, and one of them is not
    ] {
        let done = tool(&["run", file]);
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.err.contains(message), "{done:?}");
    }
    let done = tool(&["run", "/dev/zero"]);
    assert_eq!(done.status, Some(2), "an endless file: {done:?}");
}

#[test]
fn a_truncated_program_is_a_shorter_one_or_refused() {
    let text = fs::read_to_string(corpus().join("fork/copy-on-write.mm")).expect("a program");
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if let Ok(program) = parse(&text[..end], Mode::Strict) {
            assert!(parse(&write(&program), Mode::Strict).is_ok(), "{}", &text[..end]);
        }
    }
}

/// Programs that are well-formed and would break the subject or hurt the machine.
const HOSTILE: &[(&str, &str)] = &[
    ("munmap(0x400000, 0x1000)", "memory that the subject runs on"),
    ("munmap(NULL, 0x7ffffffff000)", "memory that the subject runs on"),
    ("mprotect(0x410000, 0x1000, PROT_NONE)", "memory that the subject runs on"),
    ("madvise(0x400000, 0x1000, MADV_DONTNEED)", "memory that the subject runs on"),
    ("store(0x410000, 0x1000, 0x41)", "memory that the subject runs on"),
    (
        "mmap(0x400000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)",
        "memory that the subject runs on",
    ),
    (
        "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n\
         mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x400000)",
        "line 2: `mremap(",
    ),
    (
        "mmap(NULL, 0x4000000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n\
         mlockall(MCL_CURRENT)",
        "line 2: `mlockall(MCL_CURRENT)` cannot be run: it uses more memory",
    ),
    (
        "mmap(NULL, 0x4000000000, PROT_READ|PROT_WRITE, \
         MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE|MAP_POPULATE, -1, 0)",
        "it uses more memory",
    ),
    (
        "mmap(NULL, 0x40000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n\
         madvise(mmap-0x40000000, 0x40000000, MADV_POPULATE_WRITE)",
        "line 2: `madvise(",
    ),
];

#[test]
fn hostile_programs_are_refused() {
    let folder = Folder::new();
    let mut many = String::from(
        "mmap(NULL, 0x80000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n",
    );
    for i in 1..=128_u64 {
        many.push_str(&format!("store(mmap-{:#x}, 0x1000000, 0x41)\n", i << 24));
    }
    let stores = [(many.as_str(), "it uses more memory")];
    for (text, message) in HOSTILE.iter().chain(&stores) {
        let file = folder.file("hostile.mm", text);
        for command in ["run", "predict"] {
            let done = tool(&[command, &file]);
            assert_eq!(done.status, Some(2), "{text}: {done:?}");
            assert!(done.err.contains(message), "{text}: {done:?}");
            assert!(done.err.contains("hostile.mm"), "{done:?}");
            assert!(done.time < Duration::from_secs(20), "{done:?}");
        }
    }
}

/// A small generator of numbers that are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Changes some bytes: others, none, more, pieces of another program.
fn damage(numbers: &mut Numbers, bytes: &mut Vec<u8>, other: &[u8]) {
    const NASTY: &[u8] = b"(),=|-+x0#\"\\:p9\n\x00\xff ";
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(bytes.len());
        match numbers.below(5) {
            0 if !bytes.is_empty() => bytes[at] = NASTY[numbers.below(NASTY.len())],
            1 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            2 if !bytes.is_empty() => {
                let end = (at + 1 + numbers.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => bytes.insert(at, NASTY[numbers.below(NASTY.len())]),
            _ => {
                let from = numbers.below(other.len());
                let end = (from + numbers.below(60)).min(other.len());
                bytes.splice(at..at, other[from..end].iter().copied());
            }
        }
    }
}

#[test]
fn damaged_programs_never_break_the_parser() {
    let files = programs(&corpus());
    let texts: Vec<Vec<u8>> = files.iter().map(|f| fs::read(f).expect("a program")).collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for _ in 0..6000 {
        let mut bytes = texts[numbers.below(texts.len())].clone();
        let other = &texts[numbers.below(texts.len())];
        damage(&mut numbers, &mut bytes, other);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(program) = parse(&text, Mode::Strict) {
            accepted += 1;
            assert_eq!(parse(&write(&program), Mode::Strict).as_ref(), Ok(&program), "{text}");
        }
        let repaired = parse(&text, Mode::Repair).expect("repairing always succeeds");
        assert!(parse(&write(&repaired), Mode::Strict).is_ok(), "{text}");
    }
    assert!(accepted > 100, "only {accepted} were accepted: nothing was tested");
}

#[test]
fn damaged_programs_never_break_a_run() {
    if no_subject_here() {
        return;
    }
    let files = programs(&corpus());
    let texts: Vec<Vec<u8>> = files.iter().map(|f| fs::read(f).expect("a program")).collect();
    let folder = Folder::new();
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for _ in 0..60 {
        let mut bytes = texts[numbers.below(texts.len())].clone();
        let other = &texts[numbers.below(texts.len())];
        damage(&mut numbers, &mut bytes, other);
        // one half repaired, so that it is run
        if numbers.below(2) == 0 {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let repaired = parse(&text, Mode::Repair).expect("repairing always succeeds");
            bytes = write(&repaired).into_bytes();
        }
        let done = tool(&["run", &folder.file("damaged.mm", &bytes)]);
        let text = String::from_utf8_lossy(&bytes);
        assert!(matches!(done.status, Some(0..=2)), "{text}\n{done:?}");
        assert!(done.status != Some(2) || !done.err.is_empty(), "{text}\n{done:?}");
        assert!(!done.out.contains(": diverge: "), "{text}\n{}", done.out);
    }
}
