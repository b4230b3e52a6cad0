//! Rules one by one, then any input at all.

mod random;

use super::*;
use crate::op::{Call, Contents, Residency, Signal, Trap};
use crate::profile::{Capability, Privilege};

const LAYOUT: Layout =
    Layout { heap: 0x3000_1000, mmap: 0x7fff_f7ff_f000, stack: 0x7fff_ffff_f000 };

fn strict(text: &str) -> Result<Program, String> {
    parse(text, Mode::Strict).map_err(|e| e.to_string())
}

/// Lines that are their own canonical form.
#[test]
fn canonical_lines() {
    for line in [
        "mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000",
        "mmap(mmap-0x4000, 0x1, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|0x800000, 3, 0x1000)",
        "mmap(heap, 0, 0x10, 0, -1, 0) = -EINVAL",
        "mmap(0x1000, 0x1000, PROT_EXEC|0x80, MAP_ANONYMOUS|0x5, -1, 0) = -EPERM",
        "mmap(NULL, 0x1000, PROT_READ, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0) = mmap",
        "munmap(stack-0x21000, 0x21000) = 0",
        "mprotect(heap+0x1000, 0x1000, PROT_READ|PROT_GROWSDOWN) = -ENOMEM",
        "mremap(mmap-0x2000, 0x1000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x8000) = mmap-0x8000",
        "mremap(mmap-0x2000, 0, 0x1000, 0x10, NULL) = -EINVAL",
        "brk(heap+0x3000) = heap+0x3000",
        "madvise(mmap-0x2000, 0x1000, MADV_GUARD_INSTALL) = 0",
        "madvise(mmap-0x2000, 0x1000, 77) = -EINVAL",
        "madvise(mmap-0x2000, 0x1000, -5) = -EINVAL",
        "mlock(mmap-0x1000, 0x1000) = -EAGAIN",
        "mlock2(mmap-0x1000, 0x1000, MLOCK_ONFAULT|0x2) = -EINVAL",
        "munlock(mmap-0x1000, 0x1000) = 0",
        "mlockall(MCL_CURRENT|MCL_FUTURE) = 0",
        "mlockall(0) = -EINVAL",
        "munlockall() = 0",
        "mseal(mmap-0x1000, 0x1000, 0) = -ENOSYS",
        "msync(mmap-0x1000, 0x1000, MS_ASYNC|MS_SYNC) = -EINVAL",
        "mincore(mmap-0x4000, 0x5000) = [1x3 0x2]",
        "mincore(mmap-0x4000, 0) = []",
        "prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) = 0",
        "prctl(PR_SET_THP_DISABLE, 0x1, PR_THP_DISABLE_EXCEPT_ADVISED, 0, 0) = 0",
        "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 0x1000, 0) = -ENOMEM",
        "prctl(12345, 0, 0, 0, 0xffffffffffffffff) = -EINVAL",
        r#"set_vma_name(mmap-0x1000, 0x1000, "a \"b\" \\ \x01 \u{e9}") = 0"#,
        "set_vma_name(mmap-0x1000, 0x1000, NULL) = -EINVAL",
        "setrlimit(RLIMIT_AS, 0x1000000, RLIM_INFINITY) = 0",
        "setrlimit(77, 0, 0) = -EINVAL",
        "load(mmap-0x1000, 0x1) = 0x41",
        "load(mmap-0x1000, 0x2000) = #0123456789abcdef",
        "load(0x1000, 0x1) = SIGSEGV/SEGV_MAPERR at 0x1000",
        "load(0x1000, 0x1) = SIGSEGV/SEGV_ACCERR",
        "load(0x1000, 0x1) = SIGBUS",
        "load(0x1000, 0x1) = SIGSEGV/SI_KERNEL at NULL",
        "load(0x1000, 0x1) = SIG31/9 at mmap-0x1000",
        "store(mmap-0x1000, 0x1000, 0xff) = 0",
        "call(mmap-0x1000) = SIGSEGV/SEGV_ACCERR at mmap-0x1000",
        "fork() = p1",
        "fork() = -E999",
        "munlockall()  # a remark",
    ] {
        let program = strict(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(program.lines[0].to_string(), line);
    }
}

/// What may be written differently.
#[test]
fn other_spellings() {
    for (written, canonical) in [
        ("munmap( 0x0 ,4096 )=0", "munmap(NULL, 0x1000) = 0"),
        ("p0: munlockall()", "munlockall()"),
        ("mlock(heap-0, 0)", "mlock(heap, 0)"),
        ("mlockall(2|MCL_CURRENT)", "mlockall(MCL_CURRENT|MCL_FUTURE)"),
        ("mprotect(mmap, 1, 0)", "mprotect(mmap, 0x1, PROT_NONE)"),
        ("mprotect(mmap, -1, PROT_NONE)", "mprotect(mmap, 0xffffffffffffffff, PROT_NONE)"),
        ("madvise(NULL, 0, 4)", "madvise(NULL, 0, MADV_DONTNEED)"),
        ("prctl(65, 1, 0, 0, 0)", "prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)"),
        ("setrlimit(9, -1, 0x10)", "setrlimit(RLIMIT_AS, RLIM_INFINITY, 0x10)"),
        ("store(mmap, 1, 65) = 0x0", "store(mmap, 0x1, 0x41) = 0"),
        ("mincore(mmap, 0x3000) = [1x1 1x2]", "mincore(mmap, 0x3000) = [1x3]"),
        ("munlockall()#x", "munlockall()  # x"),
        ("load(0, 1) = #1 # x", "load(NULL, 0x1) = #0000000000000001  # x"),
        ("munmap(NULL, 1) = -E22", "munmap(NULL, 0x1) = -EINVAL"),
    ] {
        let program = strict(written).unwrap_or_else(|e| panic!("{written}: {e}"));
        assert_eq!(program.lines[0].to_string(), canonical);
    }
}

/// What is refused, where and why.
#[test]
fn refusals() {
    for (text, message) in [
        ("munmap(mmap-, 1)", "line 1, column 12: expected an offset, found `-, 1)`"),
        ("munmap(1)", "line 1, column 9: expected `,`, found `)`"),
        ("munmap(1, x)", "line 1, column 11: expected a number, found `x)`"),
        ("munmap(1, 0x)", "line 1, column 11: expected a number, found `0x)`"),
        ("munmap(1, 1a)", "line 1, column 11: expected a number, found `1a)`"),
        ("munmap(1, 0x10000000000000000)", "line 1, column 11: number out of range for 64 bits"),
        ("munmap(-1, 1)", "line 1, column 8: expected an address, found `-1, 1)`"),
        ("munmap(1, 2", "line 1, column 12: expected `)`, found the end of the line"),
        ("munmap(1, 2) 3", "line 1, column 14: expected the end of the line, found `3`"),
        ("munmap(1, 2) =", "line 1, column 15: expected a number, found the end of the line"),
        ("munmap(1, 2) = -EWHAT", "line 1, column 16: unknown error `EWHAT`"),
        ("munmap(1, 2) = -E0", "line 1, column 16: unknown error `E0`"),
        ("\nunmap(1, 2)", "line 2, column 1: unknown operation `unmap`"),
        ("(1, 2)", "line 1, column 1: expected an operation, found `(1, 2)`"),
        ("mprotect(1, 2, PROT_RAED)", "line 1, column 16: unknown protection `PROT_RAED`"),
        ("madvise(1, 2, MADV_NO)", "line 1, column 15: unknown advice `MADV_NO`"),
        ("madvise(1, 2, 0x80000000)", "line 1, column 15: number out of range for advice"),
        ("store(1, 2, 256)", "line 1, column 13: number out of range for a byte"),
        ("setrlimit(RLIMIT_CPU, 1, 1)", "line 1, column 11: unknown resource `RLIMIT_CPU`"),
        ("setrlimit(2, INFINITY, 1)", "line 1, column 14: unknown limit `INFINITY`"),
        ("set_vma_name(1, 2, x)", "line 1, column 20: expected a quoted name or NULL, found `x)`"),
        ("set_vma_name(1, 2, \"x", "line 1, column 22: expected `\"`, found the end of the line"),
        (
            r#"set_vma_name(1, 2, "\q")"#,
            r#"line 1, column 21: expected an escape such as \x01 or \u{e9}, found `\\q\")`"#,
        ),
        (r#"set_vma_name(1, 2, "\x00")"#, "line 1, column 1: a name cannot hold a NUL"),
        ("load(1, 2) = -5", "line 1, column 14: number out of range for a byte"),
        (
            "load(1, 2) = #xyz",
            "line 1, column 14: expected a byte or a digest such as #0123456789abcdef, found `#xyz`",
        ),
        ("load(1, 2) = SIGWHAT", "line 1, column 14: unknown signal `SIGWHAT`"),
        ("load(1, 2) = SIGSEGV/OOPS", "line 1, column 22: unknown signal code `OOPS`"),
        (
            "mincore(0, 1) = [1x0]",
            "line 1, column 18: expected runs of pages such as [1x3 0x2], found `1x0]`",
        ),
        ("mincore(0, 1) = [1x1025]", "line 1, column 18: mincore asks about at most 1024 pages"),
        (
            "fork() = 1",
            "line 1, column 10: expected a process such as p1, or an error, found `1`",
        ),
        ("exit() = 0", "line 1, column 10: expected `exited`, found `0`"),
        ("requires: wings", "line 1, column 11: unknown requirement `wings`"),
        ("requires: rule=wings", "line 1, column 11: unknown requirement `rule=wings`"),
        ("requires: version>=6.18.44", "line 1, column 11: unknown requirement `version>=6.18.44`"),
        ("fork()\nrequires: root", "line 2, column 10: requires: must come before the first operation"),
        ("pp: fork()", "line 1, column 1: expected a process such as p1, found `pp: fork()`"),
        ("p1: munlockall()", "line 1, column 1: there is no process p1 here"),
        ("p9: munlockall()", "line 1, column 1: there is no process p9 here"),
        ("fork()\np1: exit()\np1: munlockall()", "line 3, column 1: process p1 has exited"),
        ("fork() = -ENOMEM\np1: munlockall()", "line 2, column 1: there is no process p1 here"),
        ("fork() = p2", "line 1, column 1: this fork makes process p1"),
        (
            "fork()\nfork()\nfork()\nfork()",
            "line 4, column 1: a program has at most 4 processes",
        ),
        ("exit()", "line 1, column 1: the first process cannot exit"),
        (
            "load(0, 0x4000001)",
            "line 1, column 1: a load or store touches at most 16 MiB",
        ),
        ("mincore(0, 0x400001)", "line 1, column 1: mincore asks about at most 1024 pages"),
    ] {
        assert_eq!(strict(text).expect_err(text), message, "{text}");
    }
}

#[test]
fn names_are_bounded() {
    let line = |n: usize| format!("set_vma_name(NULL, 0, \"{}\")", "n".repeat(n));
    assert!(strict(&line(100)).is_ok());
    assert_eq!(strict(&line(101)).unwrap_err(), "line 1, column 1: a name has at most 100 bytes");
    let (program, repairs) = repair(&line(101));
    assert_eq!(program, strict(&line(100)).unwrap());
    assert_eq!(repairs.len(), 1);
}

#[test]
fn files_are_bounded() {
    assert_eq!(
        parse(&"\n".repeat(MAX_LINES + 1), Mode::Strict).unwrap_err().problem,
        Problem::TooManyLines
    );
    let large = "#".repeat(MAX_BYTES + 1);
    assert_eq!(parse(&large, Mode::Strict).unwrap_err().problem, Problem::TooManyBytes);
    assert_eq!(repair(&large).1[0].problem, Problem::TooManyBytes);
}

#[test]
fn requirements() {
    let text =
        "requires: root user version>=6.17 version<7.2 anon-vma-name !soft-dirty pt-reclaim \
                ksm thp memory-failure pkeys la57 shadow-stack swap !swap thp=madvise overcommit=2 \
                 max-map-count=6 mmap-min-addr=65536 total-pages=64 overcommit-ratio=50 \
                 overcommit-kbytes=9 admin-reserve-kbytes=8 user-reserve-kbytes=7 legacy-layout \
                 !moves rule=mseal !rule=maybe-guard ipc-lock !sys-admin\n";
    let program = strict(text).unwrap();
    assert_eq!(program.requires.0.len(), 30);
    assert_eq!(write(&program), text);

    let profile = crate::profile::Profile::stock(crate::profile::Version::new(6, 18));
    let unmet = |word: &str| Requires(vec![Requirement::parse(word).unwrap()]).unmet(&profile);
    assert_eq!(unmet("root"), Some(Requirement::Root));
    assert!(unmet("ipc-lock").is_some() && unmet("!sys-rawio").is_none());
    for met in ["user", "version>=6.18", "soft-dirty", "rule=mseal", "!rule=maybe-guard", "!swap"] {
        assert_eq!(unmet(met), None, "{met}");
    }
    for not in ["version>=6.19", "version<6.18", "!thp", "overcommit=2", "rule=maybe-guard"] {
        assert!(unmet(not).is_some(), "{not}");
    }
    for not in ["max-map-count=6", "mmap-min-addr=4096", "total-pages=64"] {
        assert!(unmet(not).is_some(), "{not}");
    }
    for wrong in ["max-map-count=0x6", "max-map-count=06", "max-map-count=", "cpus=2", "=2"] {
        assert_eq!(Requirement::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Requirement::Thp(ThpMode::Never).holds(&profile), None);
}

#[test]
fn requirements_make_a_kernel_that_meets_them() {
    let profile = crate::profile::Profile::stock(crate::profile::Version::new(6, 18));
    for (text, version) in [
        ("overcommit=2 max-map-count=6 !thp rule=maybe-guard", "6.18"),
        ("overcommit-kbytes=5 admin-reserve-kbytes=0 legacy-layout moves !swap", "6.18"),
        ("version>=6.1 version<7.0", "6.18"),
        ("version<6.16 !anon-vma-name", "6.15"),
        ("version<6.16 version>=6.12 mmap-min-addr=4096", "6.15"),
        ("version>=7.2 version<8.0 rule=mseal", "7.2"),
        ("version<6.0", "5.19"),
        ("ipc-lock sys-resource !sys-admin", "6.18"),
    ] {
        let requires = strict(&format!("requires: {text}\n")).unwrap().requires;
        let imposed = requires.impose(&profile);
        assert_eq!(requires.unmet(&imposed), None, "{text}");
        assert_eq!(imposed.version.to_string(), version, "{text}");
    }
}

#[test]
fn programs_begin_with_all_capabilities_but_those_that_they_must_not_have() {
    let privilege = |text: &str| {
        strict(&format!("requires: {text}\n")).unwrap().requires.privilege(Privilege::ALL)
    };
    assert_eq!(privilege("user"), Privilege::NONE);
    assert_eq!(privilege("root swap"), Privilege::ALL);
    assert_eq!(privilege("!ipc-lock sys-admin"), Privilege::ALL.without(Capability::IpcLock));
    for given_up in [
        Privilege::ALL,
        Privilege::ALL.without(Capability::IpcLock),
        Privilege::NONE.with(Capability::SysAdmin),
    ] {
        let requires = Requires::without(given_up);
        assert_eq!(requires.privilege(Privilege::ALL), Privilege::ALL.minus(given_up));
        assert_eq!(strict(&format!("requires: {requires}\n")).unwrap().requires, requires);
    }
}

#[test]
fn comments_keep_their_place() {
    let text = "# the top\n# of it\nrequires: root\n\n# above\nfork() = p1  # beside\n\
                p1: exit() = exited\n# below\n#\n";
    let program = strict(text).unwrap();
    assert_eq!(program.header, ["the top", "of it"]);
    assert_eq!(program.lines[0].above, ["above"]);
    assert_eq!(program.lines[0].comment.as_deref(), Some("beside"));
    assert_eq!(program.lines[0].number, 6);
    assert_eq!(program.footer, ["below", ""]);
    assert_eq!(write(&program), text);

    assert_eq!(strict("# top\n\n# above\nfork()").unwrap().header, ["top"]);
    assert_eq!(strict("# above\nfork()").unwrap().lines[0].above, ["above"]);
}

#[test]
fn repairs() {
    let text = "requires: root wings\nrubbish\np3: munlockall() = 0\nexit()\nfork() = p3\n\
                p1: load(0, 0xffffffff) = 0x00\np1: exit()\np1: munlockall()\nfork() fork()\n";
    let (program, repairs) = repair(text);
    assert_eq!(
        write(&program),
        "requires: root\n\nmunlockall()\nfork() = p1\np1: load(NULL, 0x1000000)\np1: exit()\n\
         munlockall()\n"
    );
    let repairs: Vec<_> = repairs.iter().map(Repair::to_string).collect();
    assert_eq!(
        repairs,
        [
            "line 1: unknown requirement `wings`",
            "line 2: expected `(`, found the end of the line",
            "line 9: expected the end of the line, found `fork()`",
            "line 3: there is no process p3 here",
            "line 4: the first process cannot exit",
            "line 5: this fork makes process p1",
            "line 6: a load or store touches at most 16 MiB",
            "line 8: process p1 has exited",
        ]
    );
    assert_eq!(program.check(), Ok(()));
}

#[test]
fn the_exception_behind_a_signal_is_told_where_nothing_else_differs() {
    let signal = |code, error| {
        let trap = Trap { number: 14, error, key: (code == 4).then_some(1) };
        Outcome::Signal(Signal { number: 11, code, address: 8, trap })
    };
    let told = |one, other| {
        let (one, other) = Expected::told_apart(&one, &other, &LAYOUT);
        [one.to_string(), other.to_string()]
    };
    let plain = "SIGSEGV/SEGV_ACCERR at 0x8";
    assert_eq!(told(signal(2, 6), signal(2, 6)), [plain, plain]);
    assert_eq!(told(signal(2, 6), signal(1, 7)), [plain, "SIGSEGV/SEGV_MAPERR at 0x8"]);
    let error = [
        "SIGSEGV/SEGV_ACCERR at 0x8 trap 14 error 0x6",
        "SIGSEGV/SEGV_ACCERR at 0x8 trap 14 error 0x7",
    ];
    assert_eq!(told(signal(2, 6), signal(2, 7)), error);
    let key = "SIGSEGV/SEGV_PKUERR at 0x8 trap 14 error 0x25 key 1";
    assert_eq!(told(signal(4, 0x25), signal(4, 4))[0], key);
    // what is written is read, and what is not written matches anything
    for (text, fits) in [(plain, true), (error[0], true), (error[1], false)] {
        let program = parse(&format!("load(0x8, 0x1) = {text}\n"), Mode::Strict).expect("parses");
        let expected = program.lines[0].expected.as_ref().expect("a result");
        assert_eq!(expected.to_string(), text);
        assert_eq!(expected.matches(&signal(2, 6), &LAYOUT), fits, "{text}");
    }
}

#[test]
fn expected_results_follow_the_layout() {
    let elsewhere = Layout { heap: 0x4000_0000, mmap: 0x7ffff0000000, stack: 0x7ffffff00000 };
    let outcomes = [
        (Outcome::Value(3), "0x3"),
        (Outcome::Address(LAYOUT.mmap - 0x4000), "mmap-0x4000"),
        (Outcome::Address(LAYOUT.heap + 0x4000), "heap+0x4000"),
        (Outcome::Error(crate::errno::Errno::EINVAL), "-EINVAL"),
        (
            Outcome::Signal(Signal {
                number: 11,
                code: 2,
                address: LAYOUT.stack - 8,
                trap: Trap::default(),
            }),
            "SIGSEGV/SEGV_ACCERR at stack-0x8",
        ),
        (Outcome::Contents(Contents::Uniform(0)), "0x00"),
        (Outcome::Contents(Contents::Mixed(7)), "#0000000000000007"),
        (Outcome::Residency(Residency { runs: vec![(1, 2), (0, 3)] }), "[1x2 0x3]"),
        (Outcome::Child(ProcessId(2)), "p2"),
        (Outcome::Exited, "exited"),
    ];
    for (index, (outcome, text)) in outcomes.iter().enumerate() {
        let expected = Expected::of(outcome, &LAYOUT);
        assert_eq!(expected.to_string(), *text);
        for (other, (second, _)) in outcomes.iter().enumerate() {
            assert_eq!(expected.matches(second, &LAYOUT), index == other);
        }
    }
    let expected = Expected::of(&outcomes[1].0, &LAYOUT);
    assert!(expected.matches(&Outcome::Address(elsewhere.mmap - 0x4000), &elsewhere));
    assert!(!expected.matches(&outcomes[1].0, &elsewhere));

    let line = &strict("load(NULL, 1) = SIGSEGV").unwrap().lines[0];
    assert!(line.expected.as_ref().unwrap().matches(&outcomes[4].0, &LAYOUT));
}

#[test]
fn addresses_far_above_the_heap_are_plain_numbers() {
    let heap = LAYOUT.heap;
    for (address, text) in [
        (heap + 0x4000, "heap+0x4000".to_owned()),
        (heap + (1 << 26), "heap+0x4000000".to_owned()),
        (heap + (1 << 28), format!("{:#x}", heap + (1 << 28))),
    ] {
        let line = format!("brk({text})");
        let op = Op::first(Call::Brk { addr: LAYOUT.express(address) });
        assert_eq!(op.to_string(), line);
        assert_eq!(strict(&line).unwrap().lines[0].op, op);
    }
    // as it was once written
    let old = strict("brk(heap+0x10000000)").unwrap();
    let Call::Brk { addr } = old.lines[0].op.call else { panic!("{old:?}") };
    assert_eq!(LAYOUT.resolve(addr), heap + (1 << 28));
}
