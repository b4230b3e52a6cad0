//! Programs that are queued and run in one go come out as if each had been run
//! by itself, whatever happens to the others.

#[path = "../../reference/tests/programs/mod.rs"]
mod programs;

use mm_oracle::generate::{self, Fence, Seeded, Shape};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Feed, Observe, Replay, Runner, Trial, Verdict};
use mm_oracle::subject::Config;
use mm_reference::defect::Defect;
use mm_reference::model::System;
use mm_reference::op::{Call, Op};
use mm_reference::profile::{Capability, Privilege, Profile};
use mm_reference::snapshot::Views;
use mm_reference::text::{parse, Mode};
use programs::{corpus, programs};
use std::fs;
use std::sync::Arc;

/// A runner, unless none can be had here; with a wrong rule, if one is wanted.
fn runner(defect: Option<Defect>) -> Option<Runner> {
    let started = running_kernel().map_err(|error| error.to_string()).and_then(|(profile, _)| {
        let profile = Arc::new(Profile { defect, ..profile });
        let mut runner = Runner::new(Config::default(), profile, Capabilities::detect());
        runner.fresh().map_err(|error| error.to_string())?;
        Ok(runner)
    });
    if let Err(why) = &started {
        println!("skipped: no subject can be run here: {why}");
    }
    started.ok()
}

/// Generated programs, some of which fork.
fn generated(runner: &mut Runner, count: u64) -> Vec<Vec<Op>> {
    let fresh = runner.fresh().expect("a subject").clone();
    let fence = Fence::of(&fresh);
    let avoid = mm_oracle::campaign::avoid(runner.profile());
    let shape = Shape { avoid, max_ops: 40, ..Shape::default() };
    (0..count)
        .map(|seed| generate::program(shape, &fence, &mut Seeded::new(seed), &fresh))
        .collect()
}

/// Queues all programs before the first result is asked for.
fn all_at_once(runner: &mut Runner, programs: &[Vec<Op>], observe: Observe) -> Vec<Trial> {
    let mut done = Vec::new();
    for ops in programs {
        runner.submit(&mut Replay::new(ops), observe, &mut done).expect("it is queued");
    }
    runner.flush(&mut done).expect("the queue runs");
    done
}

/// Programs of one line each.
fn texts(texts: &[&str]) -> Vec<Vec<Op>> {
    let parse =
        |text: &&str| parse(text, Mode::Repair).expect("a program").ops().cloned().collect();
    texts.iter().map(parse).collect()
}

fn agrees(trial: &Trial) -> bool {
    trial.divergence().is_none()
}

#[test]
fn the_outcomes_are_those_of_single_runs() {
    for observe in [Observe::End, Observe::EveryOp, Observe::Adaptive] {
        let Some(mut runner) = runner(None) else { return };
        let programs = generated(&mut runner, 60);
        let together = all_at_once(&mut runner, &programs, observe);
        assert_eq!(together.len(), programs.len());
        for ops in &programs {
            let alone = runner.run(&mut Replay::new(ops), observe).expect("runs");
            let trial = together.iter().find(|trial| ops.starts_with(&trial.ops)).expect("there");
            assert_eq!(trial.actual, alone.actual, "{observe:?} {ops:?}");
            assert_eq!(agrees(trial), agrees(&alone));
        }
    }
}

/// Frames and all else that takes privilege to see is seen of those who have none.
#[test]
fn programs_agree_whatever_their_subject_may_do() {
    let Some(mut runner) = runner(None) else { return };
    let singly = Capability::ALL.map(|capability| Privilege::ALL.without(capability));
    for privilege in [Privilege::NONE].into_iter().chain(singly) {
        runner.restart(privilege);
        let programs = generated(&mut runner, 60);
        for trial in all_at_once(&mut runner, &programs, Observe::EveryOp) {
            let differences = trial.divergence().map(|divergence| &divergence.differences);
            assert!(agrees(&trial), "{privilege}: {:?}\n{differences:?}", trial.program());
        }
    }
}

#[test]
fn the_corpus_agrees_in_one_go() {
    let Some(mut runner) = runner(None) else { return };
    let mut queued = Vec::new();
    for path in programs(&corpus()) {
        let text = fs::read_to_string(&path).expect("a readable program");
        let program = parse(&text, Mode::Strict).expect("a program");
        if program.requires.unmet(runner.profile()).is_none() {
            queued.push(program.ops().cloned().collect::<Vec<Op>>());
        }
    }
    let done = all_at_once(&mut runner, &queued, Observe::End);
    assert_eq!(done.len(), queued.len());
    if let Some(trial) = done.iter().find(|trial| !agrees(trial)) {
        panic!("{:?}\n{:?}", trial.ops, trial.divergence().map(|d| &d.differences));
    }
}

#[test]
fn a_divergence_costs_no_other_program() {
    let Some(mut runner) = runner(Some(Defect::BrkNeverExtends)) else { return };
    let good = "mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
    let bad = "brk(heap+0x1000)\nbrk(heap+0x2000)";
    let also_good = "fork()\np1: mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
    let programs = texts(&[good, bad, good, also_good, bad, good]);
    let done = all_at_once(&mut runner, &programs, Observe::End);
    assert_eq!(done.len(), programs.len());
    let alone = runner.run(&mut Replay::new(&programs[1]), Observe::End).expect("runs");
    let signature = &alone.divergence().expect("the rule is wrong").signature;
    let (diverged, agreed): (Vec<_>, Vec<_>) = done.iter().partition(|trial| !agrees(trial));
    assert_eq!((diverged.len(), agreed.len()), (2, 4));
    for trial in diverged {
        assert_eq!(trial.ops, programs[1]);
        assert_eq!(&trial.divergence().expect("diverged").signature, signature);
    }
    assert!(agreed.iter().all(|trial| trial.actual.len() == trial.ops.len()));
}

#[test]
fn a_subject_that_dies_costs_no_other_program() {
    let Some(mut runner) = runner(None) else { return };
    let map = "mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
    let programs = texts(&[map, map, "brk(heap+0x1000)"]);
    let mut done = Vec::new();
    for ops in &programs {
        runner.submit(&mut Replay::new(ops), Observe::End, &mut done).expect("it is queued");
    }
    assert!(done.is_empty(), "so few programs wait in the queue");
    let killed = runner.subject_pid().expect("it lives");
    // SAFETY: the subject is a child of this process
    unsafe { libc::kill(killed, libc::SIGKILL) };
    runner.flush(&mut done).expect("another subject goes on");
    assert_eq!(done.len(), programs.len());
    let lost: Vec<_> = done.iter().filter(|trial| trial.lost.is_some()).collect();
    assert_eq!(lost.len(), 1, "the one that was being run");
    assert!(lost[0].lost.as_ref().is_some_and(|why| why.contains("SIGKILL")), "{:?}", lost[0].lost);
    let agreed = done.iter().filter(|trial| matches!(trial.verdict, Verdict::Agreed)).count();
    assert_eq!(agreed, 2);
}

#[test]
fn a_program_longer_than_the_queue_is_run_in_parts() {
    let Some(mut runner) = runner(None) else { return };
    let page = |n: u64| mm_reference::op::Addr::absolute(0x7000_0000 + (n << 12));
    let map = |n: u64| {
        let flags = 0x32; // MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
        let prot = 1 + n % 3;
        Op::first(Call::Mmap { addr: page(n), len: 0x1000, prot, flags, fd: -1, offset: 0 })
    };
    let ops: Vec<Op> = (0..700).map(map).collect();
    for observe in [Observe::End, Observe::Adaptive] {
        let trial = runner.run(&mut Replay::new(&ops), observe).expect("runs");
        assert!(agrees(&trial), "{:?}", trial.divergence().map(|d| &d.differences));
        assert_eq!(trial.actual.len(), ops.len());
    }
}

/// Nothing is queued when the worker itself has looked and nothing is to be undone.
#[test]
fn a_program_of_nothing_is_done_with() {
    let Some(mut runner) = runner(None) else { return };
    for scrutinizes in [false, true] {
        runner.scrutinize(scrutinizes);
        for observe in [Observe::End, Observe::EveryOp] {
            let done = all_at_once(&mut runner, &[Vec::new(), Vec::new()], observe);
            assert_eq!(done.len(), 2);
            assert!(done.iter().all(|trial| matches!(trial.verdict, Verdict::Agreed)));
        }
    }
}

/// A program that is there already, with a seed of its own.
struct Seeds<'a> {
    program: Replay<'a>,
    seed: u64,
}

impl Feed for Seeds<'_> {
    fn next(&mut self, system: &System) -> Option<Op> {
        self.program.next(system)
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

/// What is read with a share of looks is read again and again, without being asked for.
#[test]
fn a_wrong_view_shows_within_some_programs() {
    const ENOUGH: usize = 600;
    let views = [
        Defect::StatmSharesAnon,
        Defect::RollupAnonIsAll,
        Defect::NumaLockedInactive,
        Defect::AbsentReadsNonzero,
    ];
    let flags = "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED";
    let lines = [
        format!("mmap(mmap-0x4000, 0x2000, PROT_READ|PROT_WRITE, {flags}, -1, 0)"),
        "mmap(mmap-0x8000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)".into(),
    ];
    let programs = vec![texts(&[&lines.join("\n")]).swap_remove(0); ENOUGH];
    for defect in views {
        let Some(mut runner) = runner(Some(defect)) else { return };
        let caps = runner.capabilities().views;
        if defect == Defect::NumaLockedInactive && !caps.contains(Views::NUMA_MAPS) {
            println!("skipped: numa_maps cannot be read here");
            continue;
        }
        let area = if defect.area() == "smaps_rollup" { "rollup" } else { defect.area() };
        let area = area.trim_end_matches("_maps");
        let shows = |trial: &Trial| {
            trial.divergence().is_some_and(|d| d.signature.field.to_string().starts_with(area))
        };
        let mut done = Vec::new();
        for (number, ops) in (0..).zip(&programs) {
            let mut feed = Seeds { program: Replay::new(ops), seed: number << 32 };
            runner.submit(&mut feed, Observe::End, &mut done).expect("it is queued");
            if done.iter().any(shows) {
                break;
            }
        }
        runner.flush(&mut done).expect("the queue runs");
        assert!(done.iter().any(shows), "{}", defect.name());
    }
}
