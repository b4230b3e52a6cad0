//! Known bugs of the running kernel do not end a program: what follows is compared with a
//! model that imitates them.

use mm_oracle::campaign::shows_again;
use mm_oracle::corpus::{judge, Verdict};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Observe, Replay, Runner, Step, Trial};
use mm_oracle::subject::Config;
use mm_reference::defect::Defect;
use mm_reference::op::Op;
use mm_reference::profile::{Profile, Quirk};
use mm_reference::text::{parse, Mode};
use std::sync::Arc;

/// Shows `fixed-address-read-as-error`, which every kernel has, and then goes on.
const WITH_A_KNOWN_BUG: &str = "\
    mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n\
    mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n\
    store(mmap-0x3000, 0x1000, 0x41)\n\
    brk(heap+0x1000)\n\
    brk(heap+0x2000)\n\
    munmap(mmap-0x3000, 0x3000)\n";
/// The operation that shows it.
const SHOWS: usize = 1;

/// A runner, unless none can be had here; with a wrong rule, if one is wanted.
fn runner(defect: Option<Defect>) -> Option<Runner> {
    let started = running_kernel().map_err(|error| error.to_string()).and_then(|(profile, _)| {
        let profile = Arc::new(Profile { defect, ..profile });
        let mut runner = Runner::new(Config::default(), profile, Capabilities::detect());
        runner.fresh().map_err(|error| error.to_string())?;
        match runner.known_bugs().contains(Quirk::FixedAddressReadAsError) {
            true => Ok(runner),
            false => Err("this kernel lacks the bug".to_owned()),
        }
    });
    if let Err(why) = &started {
        println!("skipped: {why}");
    }
    started.ok()
}

fn ops(text: &str) -> Vec<Op> {
    parse(text, Mode::Strict).expect("a program").ops().cloned().collect()
}

fn differences(trial: &Trial) -> String {
    format!("{:?}", trial.divergence().map(|divergence| &divergence.differences))
}

#[test]
fn every_operation_is_compared_after_a_known_difference() {
    let Some(mut runner) = runner(None) else { return };
    let forks = format!("fork()\n{WITH_A_KNOWN_BUG}p1: store(heap, 0x1, 0x1)\n");
    for (text, shows) in [(WITH_A_KNOWN_BUG, SHOWS), (&forks, SHOWS + 1)] {
        let ops = ops(text);
        for (observe, scrutinizes) in
            [(Observe::End, false), (Observe::EveryOp, false), (Observe::EveryOp, true)]
        {
            runner.scrutinize(scrutinizes);
            let trial = runner.run(&mut Replay::new(&ops), observe).expect("runs");
            assert!(trial.divergence().is_none(), "{}", differences(&trial));
            assert_eq!((trial.ops.len(), trial.actual.len()), (ops.len(), ops.len()));
            assert!(trial.known().contains(Quirk::FixedAddressReadAsError));
            assert_eq!(trial.met.len(), 1);
            assert_eq!(trial.met[0].divergence.step, Step::Outcome(shows));
            // it is compared with what the kernel does, and said with what it should do
            assert_eq!(trial.predicted[shows].outcome, trial.actual[shows]);
            let right = trial.expected(shows).expect("predicted");
            assert_ne!(right.outcome, trial.actual[shows]);
        }
    }
}

/// What no known bug explains is found behind one.
#[test]
fn what_differs_after_a_known_difference_is_a_divergence() {
    let Some(mut runner) = runner(Some(Defect::BrkNeverExtends)) else { return };
    let ops = ops(WITH_A_KNOWN_BUG);
    for observe in [Observe::End, Observe::EveryOp] {
        let trial = runner.run(&mut Replay::new(&ops), observe).expect("runs");
        assert!(trial.known().contains(Quirk::FixedAddressReadAsError));
        let found = trial.divergence().expect("the rule is wrong");
        assert!(found.step.index() > SHOWS, "{:?}", found.step);
        assert!(found.signature.to_string().contains("maps-line"), "{}", found.signature);
    }
}

/// Programs that are queued together keep their order and their verdicts.
#[test]
fn a_known_difference_costs_no_other_program() {
    let Some(mut runner) = runner(None) else { return };
    let (known, plain) = (ops(WITH_A_KNOWN_BUG), ops("brk(heap+0x1000)\nbrk(heap)\n"));
    let mut done = Vec::new();
    for program in [&plain, &known, &plain, &known, &plain] {
        runner.submit(&mut Replay::new(program), Observe::End, &mut done).expect("it is queued");
    }
    runner.flush(&mut done).expect("the queue runs");
    let seen: Vec<_> = done.iter().map(|trial| (trial.actual.len(), trial.met.len())).collect();
    assert_eq!(seen, [(2, 0), (6, 1), (2, 0), (6, 1), (2, 0)]);
    assert!(done.iter().all(|trial| trial.divergence().is_none()));
}

/// A program may meet several bugs, one after the other.
#[test]
fn bugs_that_show_one_after_the_other_are_all_met() {
    let Some(mut runner) = runner(None) else { return };
    let bugs = runner.known_bugs();
    if !bugs.contains(Quirk::DontunmapMergesWithItself) {
        return println!("skipped: this kernel lacks the second bug");
    }
    let second = Quirk::DontunmapMergesWithItself.program();
    let ops = ops(&format!("{WITH_A_KNOWN_BUG}{second}brk(heap)\n"));
    let trial = runner.run(&mut Replay::new(&ops), Observe::EveryOp).expect("runs");
    assert!(trial.divergence().is_none(), "{}", differences(&trial));
    assert_eq!(trial.actual.len(), ops.len());
    let met: Vec<_> = trial.met.iter().map(|met| met.divergence.step.index()).collect();
    assert_eq!(met, [SHOWS, ops.len() - 2]);
    assert!(trial.known().contains(Quirk::DontunmapMergesWithItself));
}

/// The corpus says so when a program about a known bug does not get to its end.
#[test]
fn a_program_about_a_known_bug_runs_to_its_end() {
    let Some(mut runner) = runner(None) else { return };
    let name = "known/fixed-address-read-as-error.mm";
    let judged = judge(&mut runner, name, WITH_A_KNOWN_BUG).expect("runs");
    assert_eq!(
        (judged.verdict, judged.detail.as_str()),
        (Verdict::Known, "fixed-address-read-as-error")
    );
    let ends_early = format!(
        "{WITH_A_KNOWN_BUG}\
         mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n\
         brk(heap)\n"
    );
    let judged = judge(&mut runner, name, &ends_early).expect("runs");
    assert_eq!(judged.verdict, Verdict::Failed, "{}", judged.detail);
    assert!(judged.detail.contains("operation 7"), "{}", judged.detail);
    // what comes before the end that is not as the file says is no reason to be content
    let wrong = WITH_A_KNOWN_BUG.replace("brk(heap+0x1000)\n", "brk(heap+0x1000) = -ENOMEM\n");
    let judged = judge(&mut runner, name, &wrong).expect("runs");
    assert_eq!(judged.verdict, Verdict::Otherwise, "{}", judged.detail);
}

/// What shows every time is told from what showed once.
#[test]
fn a_divergence_is_tried_again() {
    let Some(mut runner) = runner(Some(Defect::BrkNeverExtends)) else { return };
    let ops = ops(WITH_A_KNOWN_BUG);
    let trial = runner.run(&mut Replay::new(&ops), Observe::EveryOp).expect("runs");
    assert!(shows_again(&mut runner, &trial).expect("runs"));
    let right = Profile { defect: None, ..(**runner.profile()).clone() };
    runner.set_profile(Arc::new(right));
    assert!(!shows_again(&mut runner, &trial).expect("runs"));
}
