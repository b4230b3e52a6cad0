//! The subject against the running kernel: operations, processes, faults.

use std::fs;
use std::time::{Duration, Instant};

use mm_oracle::subject::{Config, Death, ResetPlan, Subject, SubjectError};
use mm_reference::errno::Errno;
use mm_reference::op::consts::*;
use mm_reference::op::{
    Addr, Base, Call, Contents, Digest, Op, Outcome, ProcessId, Residency, Signal, Trap,
};
use mm_reference::profile::{Capability, Privilege};

const P0: ProcessId = ProcessId(0);
const P1: ProcessId = ProcessId(1);
const P2: ProcessId = ProcessId(2);
const RW: u64 = PROT_READ | PROT_WRITE;
const ANON: u64 = MAP_PRIVATE | MAP_ANONYMOUS;

fn start() -> Subject {
    let config =
        Config { cpu: Some(first_cpu()), timeout: Duration::from_secs(5), ..Config::default() };
    Subject::start(&config).unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// A CPU on which this process may run.
fn first_cpu() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("status is readable");
    let list = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed_list:")).expect("a list");
    let first = list.trim().split([',', '-']).next().expect("not empty");
    first.parse().expect("a number")
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

fn mmap(base: i64) -> Addr {
    Addr::new(Base::Mmap, base)
}

fn p(process: ProcessId, call: Call) -> Op {
    Op { process, call }
}

fn map(addr: Addr, len: u64, prot: u64) -> Call {
    Call::Mmap { addr, len, prot, flags: ANON | MAP_FIXED, fd: -1, offset: 0 }
}

fn store(addr: Addr, len: u64, value: u8) -> Call {
    Call::Store { addr, len, value }
}

fn load(addr: Addr, len: u64) -> Call {
    Call::Load { addr, len }
}

fn uniform(byte: u8) -> Outcome {
    Outcome::Contents(Contents::Uniform(byte))
}

fn segv(code: i32, address: u64, error: u16) -> Outcome {
    let trap = Trap { number: if code == SI_KERNEL { 13 } else { 14 }, error, key: None };
    Outcome::Signal(Signal { number: SIGSEGV, code, address, trap })
}

/// Unmaps whatever a program left, and gives back the heap.
fn plan(subject: &Subject) -> ResetPlan {
    let info = subject.start_info();
    let gap = |start: u64, end: u64| {
        Op::first(Call::Munmap { addr: Addr::absolute(start), len: end - start })
    };
    let ops = vec![
        Op::first(Call::Brk { addr: Addr::new(Base::Heap, 0) }),
        gap(info.arena.end, info.layout.stack),
    ];
    ResetPlan { ops }
}

fn proc_file(subject: &Subject, process: ProcessId, name: &str) -> String {
    let pid = subject.pid(process).expect("the process lives");
    fs::read_to_string(format!("/proc/{pid}/{name}")).expect("its files are readable")
}

fn status_kb(subject: &Subject, process: ProcessId, field: &str) -> u64 {
    let status = proc_file(subject, process, "status");
    let line = status.lines().find_map(|l| l.strip_prefix(field)).expect("the field is there");
    line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").trim().parse().expect("a number")
}

#[test]
fn starts_with_a_known_address_space() {
    let subject = start();
    let info = subject.start_info();
    let maps = proc_file(&subject, P0, "maps");
    println!("{maps}\n{info:#x?}");
    let user = maps.lines().filter(|l| !l.ends_with("[vsyscall]")).count();
    assert_eq!(user, 1 + info.kept.len(), "{maps}");
    let kb = |range: &std::ops::Range<u64>| (range.end - range.start) / 1024;
    assert_eq!(status_kb(&subject, P0, "RssAnon"), 0);
    assert_eq!(status_kb(&subject, P0, "RssShmem"), kb(&info.arena));
    assert_eq!(status_kb(&subject, P0, "RssFile"), 0);
    if info.kept.is_empty() {
        assert_eq!(status_kb(&subject, P0, "VmPTE"), 12);
    } else {
        println!("VmPTE not checked: this kernel keeps {:?}", info.kept);
    }
    assert_eq!(info.layout.heap, 0x3000_0000);
    assert_eq!(info.mm.start_brk, info.layout.heap);
}

#[test]
fn starts_the_same_each_time() {
    let describe = |subject: &Subject| {
        let info = subject.start_info();
        let inode = info.arena_inode.to_string();
        let files = ["maps", "smaps"].map(|name| {
            let text = proc_file(subject, P0, name);
            text.lines()
                // the arena's inode differs, and with it the width of its column
                .map(|l| {
                    l.replace(&inode, "INODE").split_whitespace().collect::<Vec<_>>().join(" ")
                })
                .collect::<Vec<_>>()
        });
        (files, info.layout, info.mm, info.limits.clone())
    };
    let first = describe(&start());
    for _ in 0..5 {
        assert_eq!(describe(&start()), first);
    }
}

#[test]
fn executes_simple_operations() {
    let mut subject = start();
    let top = subject.layout().mmap;
    let at = |offset: u64| Outcome::Address(top - offset);
    let table: Vec<(Call, Outcome)> = vec![
        (
            Call::Mmap { addr: Addr::NULL, len: 0x4000, prot: RW, flags: ANON, fd: -1, offset: 0 },
            at(0x4000),
        ),
        (load(mmap(-0x4000), 0x4000), uniform(0)),
        (store(mmap(-0x4000), 0x1000, 0x41), Outcome::Value(0)),
        (load(mmap(-0x4000), 0x1000), uniform(0x41)),
        (store(mmap(-0x2800), 0x1801, 0xff), Outcome::Value(0)),
        (load(mmap(-0x2800), 0x800), uniform(0xff)),
        (load(mmap(-0x2000), 0x1000), uniform(0)),
        (load(mmap(-0x1000), 1), uniform(1)),
        (
            Call::Mincore { addr: mmap(-0x4000), len: 0x4000 },
            Outcome::Residency(Residency { runs: vec![(1, 4)] }),
        ),
        (Call::Mprotect { addr: mmap(-0x3000), len: 0x1000, prot: PROT_NONE }, Outcome::Value(0)),
        (load(mmap(-0x4000), 0x4000), segv(SEGV_ACCERR, top - 0x3000, 4)),
        (load(mmap(-0x3001), 2), segv(SEGV_ACCERR, top - 0x3000, 4)),
        (store(mmap(-0x2ffd), 9, 1), segv(SEGV_ACCERR, top - 0x2ffd, 6)),
        (store(mmap(-3), 9, 1), segv(SEGV_MAPERR, top, 6)),
        (load(Addr::absolute(0x1003), 1), segv(SEGV_MAPERR, 0x1003, 4)),
        (load(Addr::absolute(0x1000), 0), uniform(0)),
        (load(Addr::absolute(1 << 63), 1), segv(SI_KERNEL, 0, 0)),
        (Call::Call { addr: mmap(-0x1000) }, segv(SEGV_ACCERR, top - 0x1000, 0x15)),
        (store(mmap(-0x1000), 1, RET_INSTRUCTION), Outcome::Value(0)),
        (
            Call::Mprotect { addr: mmap(-0x1000), len: 0x1000, prot: RW | PROT_EXEC },
            Outcome::Value(0),
        ),
        (Call::Call { addr: mmap(-0x1000) }, Outcome::Value(0)),
        (Call::Munmap { addr: mmap(-0x3fff), len: 0x1000 }, Outcome::Error(Errno::EINVAL)),
        (
            Call::Mremap {
                old: mmap(-0x2000),
                old_len: 0x1000,
                new_len: 0x1000,
                flags: MREMAP_MAYMOVE | MREMAP_FIXED,
                new: mmap(-0x8000),
            },
            at(0x8000),
        ),
        (Call::Brk { addr: Addr::new(Base::Heap, 0x3000) }, Outcome::Address(0x3000_3000)),
        (Call::Brk { addr: Addr::NULL }, Outcome::Address(0x3000_3000)),
        (Call::Madvise { addr: mmap(-0x4000), len: 0x1000, advice: MADV_FREE }, Outcome::Value(0)),
        (
            Call::Mmap { addr: Addr::NULL, len: 1, prot: RW, flags: MAP_PRIVATE, fd: 0, offset: 0 },
            Outcome::Error(Errno::EBADF),
        ),
        (Call::Prctl { option: PR_GET_THP_DISABLE, args: [0; 4] }, Outcome::Value(1)),
        (
            Call::Setrlimit { resource: RLIMIT_DATA, soft: 0x4000, hard: RLIM_INFINITY },
            Outcome::Value(0),
        ),
        (map(mmap(-0x1_0000), 0x4000, RW), Outcome::Error(Errno::ENOMEM)),
    ];
    let ops: Vec<Op> = table.iter().map(|(call, _)| Op::first(call.clone())).collect();
    let outcomes = subject.execute(&ops).expect("the program runs");
    assert_eq!(outcomes.len(), table.len());
    for ((call, expected), outcome) in table.iter().zip(&outcomes) {
        assert_eq!(outcome, expected, "{call:?}");
    }
    assert!(proc_file(&subject, P0, "maps").contains("[heap]"));
}

#[test]
fn loads_digest_as_the_reference_does() {
    let mut subject = start();
    let mut ops = vec![Op::first(map(mmap(-0x4000), 0x4000, RW))];
    let mut bytes = vec![0_u8; 0x4000];
    for (at, len, value) in [(3, 5, 9), (0xff9, 0x11, 0xfe), (0x2000, 0x1000, 7), (0x3fff, 1, 1)] {
        ops.push(Op::first(store(mmap(at - 0x4000), len, value)));
        let touched = bytes.iter_mut().enumerate().skip(at as usize).take(len as usize);
        for (i, byte) in touched {
            *byte = value.wrapping_add(((i >> 12) - (at as usize >> 12)) as u8);
        }
    }
    let ranges =
        [(0, 0x4000), (1, 0x3ffe), (3, 5), (0xff8, 0x12), (0x1fff, 2), (0x2fff, 1), (7, 99)];
    for (at, len) in ranges {
        ops.push(Op::first(load(mmap(at - 0x4000), len)));
    }
    let outcomes = subject.execute(&ops).expect("the program runs");
    for ((at, len), outcome) in ranges.into_iter().zip(&outcomes[5..]) {
        let mut digest = Digest::default();
        digest.bytes(&bytes[at as usize..at as usize + len as usize]);
        assert_eq!(*outcome, Outcome::Contents(digest.finish()), "{len:#x} bytes at {at:#x}");
    }
}

#[test]
fn long_programs_go_in_several_batches() {
    let mut subject = start();
    let mut ops = vec![Op::first(map(mmap(-0x40_0000), 0x40_0000, RW))];
    for i in 0..200 {
        ops.push(Op::first(match i % 4 {
            0 => store(mmap(-0x1000 - i * 0x1000), 0x10, i as u8),
            1 => load(mmap(-0x1000 - (i - 1) * 0x1000), 0x10),
            2 => Call::SetVmaName { addr: Addr::NULL, len: 1, name: Some("name".repeat(25)) },
            _ => Call::Mincore { addr: mmap(-0x40_0000), len: 0x40_0000 },
        }));
    }
    let outcomes = subject.execute(&ops).expect("the program runs");
    assert_eq!(outcomes.len(), ops.len());
    for i in 0..200 {
        match (i % 4, &outcomes[i + 1]) {
            (0, Outcome::Value(0)) | (2, Outcome::Error(_)) => {}
            (1, outcome) => assert_eq!(*outcome, uniform((i - 1) as u8)),
            (3, Outcome::Residency(r)) => {
                assert_eq!(r.runs.iter().map(|r| r.1).sum::<u32>(), 1024);
                let present: u32 = r.runs.iter().filter(|r| r.0 == 1).map(|r| r.1).sum();
                assert_eq!(present as usize, i / 4 + 1);
            }
            (_, outcome) => panic!("operation {i}: {outcome:?}"),
        }
    }
}

#[test]
fn children_have_their_own_memory() {
    let mut subject = start();
    let a = mmap(-0x1000);
    let ops = [
        p(P0, map(a, 0x1000, RW)),
        p(P0, store(a, 0x1000, 1)),
        p(P0, Call::Fork),
        p(P1, load(a, 0x1000)),
        p(P1, store(a, 0x1000, 2)),
        p(P0, load(a, 0x1000)),
        p(P1, Call::Fork),
        p(P1, load(Addr::NULL, 1)),
        p(P1, Call::Exit),
        // survives its parent
        p(P2, load(a, 0x1000)),
        p(P2, store(a, 1, 3)),
        p(P2, load(a, 1)),
        p(P0, Call::Fork),
        p(ProcessId(3), load(a, 0x1000)),
    ];
    let outcomes = subject.execute(&ops).expect("the program runs");
    let ok = Outcome::Value(0);
    let expected = [
        Outcome::Address(subject.layout().mmap - 0x1000),
        ok.clone(),
        Outcome::Child(P1),
        uniform(1),
        ok.clone(),
        uniform(1),
        Outcome::Child(P2),
        segv(SEGV_MAPERR, 0, 4),
        Outcome::Exited,
        uniform(2),
        ok,
        uniform(3),
        Outcome::Child(ProcessId(3)),
        uniform(1),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(subject.pid(P1), None);
    for process in [P0, P2, ProcessId(3)] {
        assert_eq!(status_kb(&subject, process, "RssAnon"), 4, "{process:?}");
        let arena = &subject.start_info().arena;
        let shared = status_kb(&subject, process, "RssShmem");
        assert_eq!(shared, (arena.end - arena.start) / 1024);
    }
    let error = subject.execute(&[p(P0, Call::Fork)]).expect_err("too many");
    assert!(matches!(error, SubjectError::TooManyProcesses), "{error}");
    let error = subject.execute(&[p(P1, load(a, 1))]).expect_err("p1 has exited");
    assert!(matches!(error, SubjectError::NoProcess(P1)), "{error}");
    assert_eq!(subject.execute(&[p(P0, load(a, 1))]).expect("still usable"), [uniform(1)]);
}

#[test]
fn what_cannot_be_executed_is_refused() {
    let mut subject = start();
    let too_long = Call::SetVmaName { addr: Addr::NULL, len: 0, name: Some("x".repeat(101)) };
    let too_many = Call::Mincore { addr: Addr::NULL, len: 1025 << 12 };
    let mut outcomes = Vec::new();
    for call in [Call::Exit, too_long, too_many] {
        let ops = [Op::first(load(Addr::NULL, 0)), Op::first(call)];
        let error = subject.execute_into(&ops, &mut outcomes).expect_err("refused");
        assert!(error.is_about_program(), "{error}");
        assert_eq!(outcomes, [uniform(0)]);
    }
    let absurd = Call::Mincore { addr: Addr::NULL, len: u64::MAX };
    subject.execute(&[Op::first(absurd)]).expect("an error number");
}

#[test]
fn resets_a_thousand_times() {
    let mut subject = start();
    let plan = plan(&subject);
    let first = [proc_file(&subject, P0, "maps"), proc_file(&subject, P0, "smaps")];
    let pte = status_kb(&subject, P0, "VmPTE");
    let stack = Addr::new(Base::Stack, -0x2_1000 - 8);
    let ops = [
        p(P0, map(mmap(-0x10_0000), 0x8000, RW)),
        p(P0, store(mmap(-0x10_0000), 0x8000, 5)),
        p(P0, Call::map_stack()),
        p(P0, store(stack, 8, 5)),
        p(P0, Call::Brk { addr: Addr::new(Base::Heap, 0x5000) }),
        p(P0, store(Addr::new(Base::Heap, 0), 0x5000, 1)),
        p(P0, Call::Fork),
        p(P1, load(mmap(-0x10_0000), 0x1000)),
        p(P1, Call::Fork),
        p(P2, store(stack, 1, 1)),
    ];
    let expected = subject.execute(&ops).expect("the program runs");
    for i in 0..1000 {
        subject.reset(&plan).unwrap_or_else(|e| panic!("reset {i}: {}", chain(&e)));
        assert_eq!(subject.pid(P1), None);
        let now = [proc_file(&subject, P0, "maps"), proc_file(&subject, P0, "smaps")];
        assert_eq!(now, first, "after reset {i}");
        assert_eq!(status_kb(&subject, P0, "VmPTE"), pte);
        assert_eq!(subject.execute(&ops).expect("the program runs"), expected);
    }
}

/// `ps` and the like read it of every process, at any time.
#[test]
fn who_asks_for_its_arguments_changes_nothing() {
    let subject = start();
    let state = || ["maps", "smaps"].map(|name| proc_file(&subject, P0, name));
    let before = (state(), status_kb(&subject, P0, "VmPTE"));
    for name in ["cmdline", "environ", "comm"] {
        proc_file(&subject, P0, name);
    }
    assert_eq!((state(), status_kb(&subject, P0, "VmPTE")), before);
}

#[test]
fn a_reset_that_fails_says_so() {
    let mut subject = start();
    let bad = ResetPlan { ops: vec![Op::first(Call::Munmap { addr: Addr::NULL, len: 0 })] };
    let error = subject.reset(&bad).expect_err("refused by the kernel");
    assert!(matches!(error, SubjectError::Reset { call: "munmap", .. }), "{error}");
    assert!(!subject.is_alive());
}

#[test]
fn a_killed_process_is_noticed() {
    for victim in [P0, P1] {
        let mut subject = start();
        subject.execute(&[p(P0, Call::Fork)]).expect("forks");
        kill(subject.pid(victim).expect("lives"), libc::SIGKILL);
        let begin = Instant::now();
        let error = subject.execute(&[p(victim, load(Addr::NULL, 0))]).expect_err("it is dead");
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        println!("after {:?}: {error}", begin.elapsed());
        match error {
            SubjectError::Died { process, how } => {
                assert_eq!(process, victim);
                let how_known = if victim == P0 { Death::Killed(9) } else { Death::Unknown };
                assert_eq!(how, how_known);
            }
            other => panic!("{other}"),
        }
        let error = subject.execute(&[]).expect_err("it is still dead");
        assert!(matches!(error, SubjectError::Dead));
    }
}

#[test]
fn a_program_that_breaks_the_subject_is_noticed() {
    let mut subject = start();
    // the arena begins with it
    let code = Addr::absolute(subject.start_info().arena.start);
    let gone = Call::Munmap { addr: code, len: 0x2000 };
    let error = subject.execute(&[Op::first(gone)]).expect_err("its code is gone");
    assert!(matches!(error, SubjectError::Died { how: Death::Killed(11), .. }), "{error}");
}

#[test]
fn a_stopped_process_is_noticed() {
    for victim in [P0, P1] {
        let mut subject = start();
        subject.execute(&[p(P0, Call::Fork)]).expect("forks");
        kill(subject.pid(victim).expect("lives"), libc::SIGSTOP);
        let begin = Instant::now();
        let error = subject.execute(&[p(victim, load(Addr::NULL, 0))]).expect_err("it is stopped");
        assert!(matches!(error, SubjectError::Stopped { process } if process == victim), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    }
}

#[test]
fn a_hung_process_is_given_up() {
    let timeout = Duration::from_millis(200);
    let mut subject =
        Subject::start(&Config { cpu: Some(first_cpu()), timeout, ..Config::default() })
            .expect("starts");
    let ops = [
        Op::first(map(mmap(-0x1000), 0x1000, RW | PROT_EXEC)),
        // jmp to itself: eb fe
        Op::first(store(mmap(-0x1000), 1, 0xeb)),
        Op::first(store(mmap(-0xfff), 1, 0xfe)),
        Op::first(Call::Call { addr: mmap(-0x1000) }),
    ];
    let mut outcomes = Vec::new();
    let begin = Instant::now();
    let error = subject.execute_into(&ops, &mut outcomes).expect_err("never ends");
    assert!(matches!(error, SubjectError::Hung { process: P0, .. }), "{error}");
    assert!(begin.elapsed() >= timeout && begin.elapsed() < Duration::from_secs(2));
    assert_eq!(outcomes.len(), 3, "what was done before is known");
}

#[test]
fn failing_to_fork_is_an_outcome() {
    // SAFETY: cannot fail
    if unsafe { libc::geteuid() } == 0 {
        println!("skipped: the limit of processes does not bind root");
        return;
    }
    let mut subject = start();
    let limit = Call::Setrlimit { resource: libc::RLIMIT_NPROC, soft: 1, hard: 1 };
    let ops = [p(P0, limit), p(P0, Call::Fork), p(P0, load(Addr::NULL, 0))];
    let outcomes = subject.execute(&ops).expect("the program runs");
    assert_eq!(outcomes[1], Outcome::Error(Errno::EAGAIN));
}

/// Of what its starter has it keeps what it is told to, and nothing that does not concern memory.
#[test]
fn capabilities_are_given_up() {
    let status = |pid: &str| fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let set = |status: &str, name: &str| {
        let text = status.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
        u64::from_str_radix(text.trim(), 16).expect("a set")
    };
    let ours = Privilege::of_bits(set(&status("self"), "CapEff:"));
    let singly = Capability::ALL.map(|capability| Privilege::ALL.without(capability));
    for privilege in [Privilege::ALL, Privilege::NONE].into_iter().chain(singly) {
        let subject = Subject::start(&Config { privilege, ..Config::default() }).expect("starts");
        let theirs = status(&subject.pid(P0).expect("lives").to_string());
        for name in ["CapEff:", "CapPrm:"] {
            assert_eq!(set(&theirs, name), privilege.and(ours).bits(), "{name} {privilege}");
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let mut subject = start();
    let ops = [p(P0, Call::Fork), p(P1, Call::Fork), p(P1, Call::Exit), p(P0, Call::Fork)];
    subject.execute(&ops).expect("the program runs");
    let pids: Vec<i32> = (0..4).filter_map(|i| subject.pid(ProcessId(i))).collect();
    assert_eq!(pids.len(), 3);
    drop(subject);
    for pid in pids {
        assert!(fs::metadata(format!("/proc/{pid}")).is_err(), "process {pid} is still there");
    }
}

/// The tree dies with the thread that started it, even when nothing is dropped.
#[test]
fn the_subject_dies_with_its_worker() {
    let pids = std::thread::spawn(|| {
        let mut subject = start();
        let ops = [p(P0, Call::Fork), p(P1, Call::Fork), p(P1, Call::Exit)];
        subject.execute(&ops).expect("the program runs");
        let pids = [P0, P2].map(|process| subject.pid(process).expect("lives"));
        std::mem::forget(subject);
        pids
    })
    .join()
    .expect("the thread ends");
    let begin = Instant::now();
    let alive = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    while pids.iter().any(alive) {
        assert!(begin.elapsed() < Duration::from_secs(1), "still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn kill(pid: i32, signal: i32) {
    // SAFETY: no memory is involved, and the process is this test's own
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}
