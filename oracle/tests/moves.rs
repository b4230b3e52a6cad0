//! A subject that moves between two CPUs.

use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Observe, Replay, Runner, Verdict};
use mm_oracle::subject::{Config, Subject};
use mm_reference::op::{Call, Op, ProcessId};
use mm_reference::text::{parse, Mode};
use std::fs;
use std::sync::Arc;

/// Whether the first two CPUs can be had; it is said if not.
fn has_two() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let two = allowed.is_some_and(|list| list.trim().starts_with("0-"));
    if !two {
        println!("skipped: the first two CPUs are not to be had");
    }
    two
}

/// The CPU on which a process was last.
fn cpu_of(pid: i32) -> Option<usize> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_whitespace().nth(36)?.parse().ok()
}

#[test]
fn a_move_takes_the_subject_to_another_cpu() {
    if !has_two() {
        return;
    }
    let mut subject = Subject::start(&Config { cpu: Some(0), ..Config::default() }).unwrap();
    let pid = subject.pid(ProcessId(0)).unwrap();
    for cpu in [1, 0, 1] {
        subject.queue_move(cpu);
        subject.queue(&Call::Munlockall).unwrap();
        assert!(subject.run_queue(false).result.is_ok());
        assert_eq!(cpu_of(pid), Some(cpu));
    }
}

#[test]
fn programs_agree_wherever_their_calls_are_made() {
    if !has_two() {
        return;
    }
    let (profile, _) = running_kernel().unwrap();
    let config = Config { cpu: Some(0), ..Config::default() };
    let caps = Capabilities::detect();
    let mut runner = Runner::new(config, Arc::new(profile.clone()), caps);
    runner.scrutinize(true);
    let mut moving = profile;
    moving.settings.moves = true;
    runner.resettle(Arc::new(moving));
    // what a call takes away is remembered by neither, and what waits in the batches of
    // either is known when it is looked at
    let text = "mmap(mmap-0x8000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
        store(mmap-0x8000, 32768, 0x41)\n\
        mprotect(mmap-0x8000, 0x2000, PROT_READ)\n\
        store(mmap-0x8000, 1, 0x42)\n\
        munmap(mmap-0x6000, 0x1000)\n\
        load(mmap-0x6000, 1)\n\
        madvise(mmap-0x5000, 0x1000, MADV_DONTNEED)\n\
        load(mmap-0x5000, 4096)\n\
        madvise(mmap-0x4000, 0x1000, MADV_FREE)\n\
        madvise(mmap-0x3000, 0x1000, MADV_COLD)\n\
        mlockall(MCL_CURRENT)\n\
        store(mmap-0x4000, 1, 0x43)\n\
        munlockall()\n\
        load(mmap-0x3000, 4096)\n\
        fork()\n\
        store(mmap-0x2000, 1, 0x44)\n\
        p1: load(mmap-0x2000, 1)\n\
        p1: exit()\n";
    let program = parse(text, Mode::Strict).unwrap();
    let ops: Vec<Op> = program.ops().cloned().collect();
    for observe in Observe::ALL {
        let trial = runner.run(&mut Replay::new(&ops), observe).unwrap();
        assert_eq!(trial.actual.len(), ops.len());
        assert!(matches!(trial.verdict, Verdict::Agreed), "{:?}", trial.divergence());
    }
}
