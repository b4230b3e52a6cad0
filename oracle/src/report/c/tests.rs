//! Reproducers compile without a warning, and tell one kernel from another.

use super::*;
use mm_reference::errno::Errno;
use mm_reference::op::{Signal, Trap};
use mm_reference::text::{parse, Mode};
use std::path::PathBuf;
use std::process::Command;

const LAYOUT: Layout =
    Layout { heap: 0x3000_0000, mmap: 0x7fff_f7ff_f000, stack: 0x7fff_ffff_f000 };

/// A directory that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("mmdiff-c-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a scratch directory");
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Compiles a reproducer; `None` without a compiler.
fn compile(name: &str, source: &str) -> Option<Scratch> {
    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("skipped: there is no cc");
        return None;
    }
    let scratch = Scratch::new(name);
    std::fs::write(scratch.0.join("reproducer.c"), source).expect("the source");
    for level in ["-O0", "-O2"] {
        let output = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", level, "-o", "reproducer", "reproducer.c"])
            .current_dir(&scratch.0)
            .output()
            .expect("cc runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}\n{source}");
    }
    Some(scratch)
}

/// Compiles and runs a reproducer: its exit status and what it printed.
fn run(name: &str, source: &str) -> Option<(i32, String)> {
    let scratch = compile(name, source)?;
    let output = Command::new(scratch.0.join("reproducer")).output().expect("it runs");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    Some((output.status.code().unwrap_or(-1), printed))
}

fn program(text: &str) -> Program {
    parse(text, Mode::Strict).expect("a valid program")
}

/// `expected` is what this kernel does, `actual` is not: first one way round,
/// then the other.
fn tells_apart(name: &str, text: &str, check: Check, swapped: Check) {
    let program = program(text);
    for (check, status) in [(check, 0), (swapped, 1)] {
        let source = c_program(&program, &LAYOUT, &check);
        if let Some((code, printed)) = run(name, &source) {
            assert_eq!(code, status, "{printed}\n{source}");
            assert!(!printed.contains("differs"), "{printed}\n{source}");
        }
    }
}

#[test]
fn a_kernel_that_survives_gets_to_the_end() {
    let forks =
        "mmap(mmap-0x2000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
                 fork()\np1: munmap(mmap-0x2000, 0x1000)\np1: exit()\n";
    for (name, text) in [("survives", "munmap(mmap-0x1000, 0x1000)\n"), ("survives-fork", forks)] {
        let source = c_program(&program(text), &LAYOUT, &Check::Survival);
        if let Some((code, printed)) = run(name, &source) {
            assert_eq!(code, 0, "{printed}\n{source}");
        }
    }
}

fn outcome(name: &str, text: &str, good: Outcome, bad: Outcome) {
    let op_index = program(text).lines.len() - 1;
    let check = |expected, actual| Check::Outcome { op_index, expected, actual };
    tells_apart(name, text, check(good.clone(), bad.clone()), check(bad, good));
}

const MAP: &str =
    "mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000\n";

#[test]
fn an_address() {
    let text = format!("{MAP}mmap(NULL, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)");
    let good = Outcome::Address(LAYOUT.mmap - 0x5000);
    outcome("address", &text, good, Outcome::Error(Errno::ENOMEM));
}

#[test]
fn an_error() {
    let text = format!("{MAP}munmap(mmap-0x3fff, 0x1000)");
    outcome("error", &text, Outcome::Error(Errno::EINVAL), Outcome::Value(0));
}

#[test]
fn a_signal() {
    let text = format!(
        "{MAP}store(mmap-0x4000, 0x2000, 0x41) = 0\nmprotect(mmap-0x4000, 0x1000, PROT_READ) = 0\n\
         load(mmap-0x4000, 0x1000) = 0x41\nload(mmap-0x3000, 0x2) = 0x42\n\
         store(mmap-0x4000, 0x1, 0x1)"
    );
    let signal = |code| {
        let address = LAYOUT.mmap - 0x4000;
        Outcome::Signal(Signal { number: 11, code, address, trap: Trap::default() })
    };
    outcome("signal", &text, signal(2), signal(1));
}

#[test]
fn heap_and_residency() {
    let text = "brk(heap+0x3000) = heap+0x3000\nstore(heap, 0x1001, 0xff) = 0\n\
                call(heap+0x2000) = SIGSEGV/SEGV_ACCERR at heap+0x2000\nmincore(heap, 0x3000)";
    let runs = |runs: &[(u8, u32)]| {
        Outcome::Residency(mm_reference::op::Residency { runs: runs.to_vec() })
    };
    // the refused call has read the page before it was refused
    outcome("residency", text, runs(&[(1, 3)]), runs(&[(1, 2), (0, 1)]));
}

#[test]
fn two_processes() {
    let text = format!(
        "{MAP}store(mmap-0x4000, 0x1, 0x41) = 0\nfork() = p1\np1: fork() = p2\n\
         p2: store(mmap-0x4000, 0x1, 0x43) = 0\np2: exit() = exited\n\
         p1: load(mmap-0x4000, 0x1) = 0x41\np1: store(mmap-0x4000, 0x1, 0x42) = 0\n\
         load(mmap-0x4000, 0x1)"
    );
    let byte = |b| Outcome::Contents(Contents::Uniform(b));
    outcome("processes", &text, byte(0x41), byte(0x42));
}

#[test]
fn a_mapping() {
    let text = format!("{MAP}mprotect(mmap-0x3000, 0x1000, PROT_NONE) = 0");
    let range = |start: i64, end: i64, perms: &str| {
        Some(MapsRange {
            start: Addr::new(Base::Mmap, start),
            end: Addr::new(Base::Mmap, end),
            perms: perms.to_owned(),
            name: String::new(),
        })
    };
    let check = |expected, actual| Check::MapsLine {
        process: ProcessId(0),
        addr: Addr::new(Base::Mmap, -0x4000),
        expected,
        actual,
    };
    let (good, bad) = (range(-0x4000, -0x3000, "rw-p"), range(-0x4000, 0, "rw-p"));
    tells_apart("maps", &text, check(good.clone(), bad.clone()), check(bad, good));
    let text = format!("{MAP}munmap(mmap-0x4000, 0x4000) = 0");
    let good = range(-0x4000, 0, "rw-p");
    tells_apart("gone", &text, check(None, good.clone()), check(good, None));
}

#[test]
fn fields() {
    let text = format!("{MAP}store(mmap-0x4000, 0x2000, 0x1) = 0\nfork() = p1\n");
    let vma_start = Addr::new(Base::Mmap, -0x4000);
    for process in [ProcessId(0), ProcessId(1)] {
        let check = |expected, actual| Check::SmapsValue {
            process,
            vma_start,
            field: "Rss".to_owned(),
            expected,
            actual,
        };
        tells_apart("smaps", &text, check(8, 4), check(4, 8));
        let check = |expected, actual| Check::Pagemap {
            process,
            page: vma_start,
            mask: 1 << 63 | 1 << 62,
            expected,
            actual,
        };
        tells_apart("pagemap", &text, check(1 << 63, 0), check(0, 1 << 63));
        let check =
            |expected, actual| Check::Contents { process, page: vma_start, expected, actual };
        let (good, bad) = (Contents::Uniform(1), Contents::Mixed(3));
        tells_apart("contents", &text, check(good, bad), check(bad, good));
    }
    let check = |expected: &str, actual: &str| Check::VmFlags {
        process: ProcessId(0),
        vma_start,
        expected: expected.to_owned(),
        actual: actual.to_owned(),
    };
    let text = format!("{MAP}madvise(mmap-0x4000, 0x4000, MADV_WIPEONFORK) = 0");
    // whether this kernel has others, such as soft-dirty, does not matter
    let (good, bad) = ("rd wr mr mw me ac wf sd ", "rd wr mr mw me ac dc sd ");
    tells_apart("vmflags", &text, check(good, bad), check(bad, good));
    let (good, bad) = ("rd wr wf", "wr rd wf");
    tells_apart("vmflags order", &text, check(good, bad), check(bad, good));
}

#[test]
fn soft_dirty_says_nothing_where_it_is_not_tracked() {
    let check = Check::VmFlags {
        process: ProcessId(0),
        vma_start: Addr::new(Base::Mmap, -0x4000),
        expected: "rd wr mr mw me ac sd".to_owned(),
        actual: "rd wr mr mw me ac".to_owned(),
    };
    let Some((code, printed)) = run("soft-dirty", &c_program(&program(MAP), &LAYOUT, &check))
    else {
        return;
    };
    let tracked = std::fs::read_to_string("/proc/self/smaps").is_ok_and(|s| s.contains(" sd"));
    assert_eq!(code, if tracked { 0 } else { 2 }, "{printed}");
}

#[test]
fn only_the_flags_that_differ_are_looked_at() {
    let of = |expected, actual| differing_flags(expected, actual).join("|");
    assert_eq!(of("rd wr mr sd", "rd wr mr gu sd"), "|gu|gu");
    assert_eq!(of("rd wf sd", "rd dc"), "wf sd|dc|wf sd dc");
    assert_eq!(of("rd wr ac", "rd ac wr"), "wr ac|ac wr|wr ac");
}

#[test]
fn the_header_explains_the_bases_that_it_uses() {
    let text = format!("{MAP}brk(heap+0x1000) = heap+0x1000");
    let source = c_program(&program(&text), &LAYOUT, &Check::Survival);
    let header = source.split("*/").next().unwrap_or_default();
    assert!(header.contains("find_bases() finds"), "{header}");
    for (base, used) in [("heap", true), ("mmap", true), ("stack", false)] {
        assert_eq!(header.contains(&format!(" *     {base} ")), used, "{base}: {header}");
    }
    let none = c_program(&program("munlockall() = 0"), &LAYOUT, &Check::Survival);
    assert!(!none.contains("Addresses count"), "{none}");
}

#[test]
fn status_lines_move() {
    let text = format!("{MAP}mlock(mmap-0x4000, 0x1000) = 0");
    let check = |expected, actual| Check::Status {
        process: ProcessId(0),
        field: "VmLck".to_owned(),
        start: 100,
        expected,
        actual,
    };
    tells_apart("status", &text, check(104, 100), check(100, 104));
}

#[test]
fn the_stack() {
    let text = "mmap(stack-0x21000, 0x21000, PROT_READ|PROT_WRITE, \
                MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = stack-0x21000\n\
                store(stack-0x21000, 0x1, 0x1) = 0\nstore(stack-0x22000, 0x1, 0x1) = 0\n\
                munmap(stack-0x1000, 0x1000) = 0\nload(stack-0x800, 0x1)";
    let signal = |code| {
        let address = LAYOUT.stack - 0x800;
        Outcome::Signal(Signal { number: 11, code, address, trap: Trap::default() })
    };
    outcome("stack", text, signal(1), signal(2));
}

#[test]
fn arguments_of_execve() {
    let text = "start: exec 132K of arguments\n\
                mremap(stack-0x5000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = mmap-0x8000\n\
                load(mmap-0x7000, 0x1)";
    let letter = |byte| Outcome::Contents(Contents::Uniform(byte));
    outcome("exec", text, letter(b'd'), letter(b'e'));
}

/// What a program is not to have is given up by whoever runs it, root or not.
#[test]
fn capabilities_that_are_given_up() {
    let denied = Outcome::Error(Errno::EPERM);
    let limit = "requires: user\nsetrlimit(RLIMIT_MEMLOCK, 0, 0) = 0\nmlockall(MCL_FUTURE)";
    outcome("no-capability", limit, denied.clone(), Outcome::Value(0));
    let text = "setrlimit(RLIMIT_MEMLOCK, 0, 0) = 0\ncapset(0, 0) = 0\nmlockall(MCL_FUTURE)";
    outcome("capset", text, denied.clone(), Outcome::Value(0));
    let again = "capset(0, 0) = 0\ncapset(0x1, CAP_IPC_LOCK|0x1)";
    outcome("capset-again", again, denied, Outcome::Value(0));
}

/// Every operation with odd arguments; only that it compiles matters.
#[test]
fn everything_compiles() {
    let text = "requires: root\n\
        mmap(0x1000, 0xffffffffffffffff, 0x100000000, MAP_DROPPABLE|0x80000000, -7, 0x1)\n\
        mmap(mmap-0x4000, 0, PROT_SEM|0x10, MAP_SYNC|0x5, -1, 0xffffffffffff0000)\n\
        munmap(NULL, 0)\nmprotect(NULL, 0x1, 0xffffffffffffffff)\nmprotect(1, 1, PROT_GROWSUP)\n\
        mremap(NULL, 0, 0, 0, NULL)\nmremap(NULL, 0, 0, 0x8, NULL)\nmremap(1, 1, 1, 3, mmap)\n\
        mremap(1, 1, 1, MREMAP_DONTUNMAP|MREMAP_MAYMOVE, mmap)\nbrk(NULL)\nbrk(heap-0x1)\n\
        madvise(heap, 0x1, MADV_GUARD_INSTALL)\nmadvise(heap, 0x1, -5)\nmlock(NULL, 1)\n\
        mlock2(NULL, 1, MLOCK_ONFAULT|0x10)\nmlock2(NULL, 1, 0x8000000000)\nmunlock(NULL, 1)\n\
        mlockall(0x80)\nmlockall(0x8000000000)\nmunlockall()\nmseal(NULL, 1, 0xffffffffff)\n\
        msync(NULL, 1, MS_SYNC|MS_ASYNC)\nmsync(NULL, 1, -1)\nmincore(NULL, 0x400000)\n\
        prctl(PR_SET_MDWE, 0x5, 0, 0, 0)\nprctl(PR_SET_THP_DISABLE, 1, 2, 0, 0)\n\
        prctl(-3, -1, 0, 0, 0)\nprctl(PR_SET_VMA, 0, 1, 2, 3)\n\
        set_vma_name(NULL, 1, \"a\\\"\\\\*/ \\x01 9%s\")\nset_vma_name(NULL, 1, NULL)\n\
        capset(CAP_IPC_LOCK|0x1, -1)\nsetrlimit(RLIMIT_AS, RLIM_INFINITY, -2)\nsetrlimit(0xffffffff, 0, 0)\n\
        load(0x8000000000000000, 0) = 0x00\nstore(mmap-0x8000000000000000, 0x1000000, 1)\n\
        call(NULL) = SIGSEGV\nload(NULL, 1) = SIGBUS/9\nload(NULL, 1) = #1\nfork()\np1: exit()\n\
        fork() = -EAGAIN\nmunmap(stack, 1) = -E99  # */ done\n";
    let program = program(text);
    let check = Check::Status {
        process: ProcessId(0),
        field: "VmPTE".to_owned(),
        start: 1,
        expected: 0,
        actual: u64::MAX,
    };
    compile("everything", &c_program(&program, &LAYOUT, &check));
    let empty = c_program(&Program::default(), &LAYOUT, &check);
    compile("empty", &empty);
    let none = Start::Exec(Exec::with(0));
    let begun = Program { start: none, ..Program::default() };
    compile("no arguments", &c_program(&begun, &LAYOUT, &check));
    let beyond = Check::Outcome {
        op_index: usize::MAX,
        expected: Outcome::Value(0),
        actual: Outcome::Exited,
    };
    compile("beyond", &c_program(&program, &LAYOUT, &beyond));
}
