//! What is made of differences, without waiting for a kernel to show them.

use super::ear::{Ear, Log};
use super::flight::Flight;
use super::*;
use crate::campaign::shows_again;
use crate::compare::{complaint, Difference, Field};
use crate::observe::{Complaint, KernelLogError};
use crate::profile::running_kernel;
use mm_reference::model::Seed;
use mm_reference::profile::{Quirk, Version};
use mm_reference::snapshot::PageFlags;
use mm_reference::text::{parse, Mode};
use std::path::Path;

const FIRST: ProcessId = ProcessId(0);

fn ops(text: &str) -> Vec<Op> {
    parse(text, Mode::Strict).expect("a program").ops().cloned().collect()
}

fn warning(sequence: u64) -> Complaint {
    let headline = "WARNING: mm/vma.c:42 at vma_merge+0x1/0x2".to_owned();
    Complaint { sequence, headline, details: Vec::new() }
}

fn warned() -> Difference {
    complaint(FIRST, &warning(1))
}

fn fields(divergence: &Divergence) -> Vec<Field> {
    divergence.differences.iter().map(|difference| difference.field).collect()
}

/// A runner that never runs anything, of a kernel that has these bugs.
fn runner_with(version: Version, bugs: &[Quirk]) -> Runner {
    let profile = Arc::new(Profile::stock(version));
    let mut runner = Runner::new(Config::default(), profile, Capabilities::full());
    let mut known = QuirkSet::default();
    bugs.iter().for_each(|&quirk| known.insert(quirk));
    runner.known_bugs = Some(known);
    runner
}

/// A program that ran on a kernel with these bugs, where nothing has been compared.
fn flight(fresh: &System, bugs: &[Quirk], ops: &[Op]) -> (Flight, System, System) {
    let (mut right, mut kernel) = (fresh.clone(), fresh.clone());
    let mut known = QuirkSet::default();
    bugs.iter().for_each(|&quirk| known.insert(quirk));
    kernel.imitate(known);
    let mut trial = Trial::default();
    for op in ops {
        trial.ops.push(op.clone());
        trial.predicted.push(right.apply(op).expect("predicted"));
        trial.actual.push(kernel.apply(op).expect("predicted").outcome);
    }
    (Flight::of(trial, fresh.high_water()), right, kernel)
}

/// Compares all processes, the flags of their pages included.
fn look(flight: &mut Flight, right: &System, kernel: &System, caps: &Capabilities) {
    let (mut expected, mut actual, mut plans) = (Snapshot::default(), Snapshot::default(), vec![]);
    for process in right.live() {
        let mut plan = right.plan(process);
        right.plan_flags(process, 16, &mut plan);
        expected.processes.push(right.snapshot(process, &plan));
        actual.processes.push(kernel.snapshot(process, &plan));
        plans.push(plan);
    }
    let mut differences = Vec::new();
    crate::compare::compare(&expected, &actual, caps, &mut differences);
    let after = Step::After(flight.trial.ops.len() - 1);
    flight.trial.observed(after, differences, (&mut expected, &mut actual, &plans), None);
}

const READ_AS_ERROR: &str =
    "mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n";

#[test]
fn a_complaint_next_to_a_known_bug_stays_a_divergence() {
    let bugs = [Quirk::FixedAddressReadAsError];
    let mut runner = runner_with(Version::new(6, 18), &bugs);
    let seed = Seed::standard();
    let fresh = System::new(runner.profile.clone(), &seed);
    for complains in [false, true] {
        let (mut flight, ..) = flight(&fresh, &bugs, &ops(READ_AS_ERROR));
        flight.trial.check_outcome(0);
        let (mut nothing, mut as_well) = (Snapshot::default(), Snapshot::default());
        if complains {
            let seen = (&mut nothing, &mut as_well, &[][..]);
            flight.trial.observed(Step::After(0), vec![warned()], seen, None);
        }
        let all = runner.account_for(&seed, &fresh, &mut flight);
        assert_eq!(all, !complains);
        assert!(flight.trial.known().contains(bugs[0]));
        assert_eq!(fields(&flight.trial.met[0].divergence), [Field::Outcome]);
        let left = flight.trial.divergence().map(fields);
        assert_eq!(left, complains.then(|| vec![Field::KernelLog]));
    }
}

#[test]
fn a_lost_subject_is_never_explained() {
    let bugs = [Quirk::FixedAddressReadAsError];
    let mut runner = runner_with(Version::new(6, 18), &bugs);
    let seed = Seed::standard();
    let fresh = System::new(runner.profile.clone(), &seed);
    let (mut flight, ..) = flight(&fresh, &bugs, &ops(READ_AS_ERROR));
    flight.trial.check_outcome(0);
    flight.trial.lose("failed to reset the subject: munmap gave EPERM".to_owned());
    assert!(!runner.account_for(&seed, &fresh, &mut flight));
    let left = flight.trial.divergence().map(fields);
    assert_eq!(left, Some(vec![Field::Process]));
}

#[test]
fn the_flag_of_every_page_explains_that_flag_alone() {
    let bugs = [Quirk::AnonShownAsKsm];
    let populate = "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, \
                    MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\nfork()\n";
    let mut runner = runner_with(Version::new(6, 12), &bugs);
    let seed = Seed::standard();
    let fresh = System::new(runner.profile.clone(), &seed);
    let blind = Capabilities { wrong_flags: PageFlags::KSM, ..Capabilities::full() };
    for (caps, shows) in [(Capabilities::full(), true), (blind, false)] {
        runner.caps = caps;
        for complains in [false, true] {
            let (mut flight, right, kernel) = flight(&fresh, &bugs, &ops(populate));
            look(&mut flight, &right, &kernel, &runner.caps);
            assert_eq!(flight.trial.diverged(), shows);
            if complains {
                let (mut expected, mut actual) = (Snapshot::default(), Snapshot::default());
                let seen = (&mut expected, &mut actual, &[][..]);
                if shows {
                    flight.trial.lose("died".to_owned());
                } else {
                    flight.trial.observed(Step::After(1), vec![warned()], seen, None);
                    // it was seen with a look at which the bug fires
                    look(&mut flight, &right, &kernel, &Capabilities::full());
                }
            }
            let all = runner.account_for(&seed, &fresh, &mut flight);
            assert_eq!(all, shows && !complains);
            assert_eq!(flight.trial.known().contains(bugs[0]), shows, "{complains}");
            assert_eq!(flight.trial.diverged(), complains);
        }
    }
}

/// A runner on the running kernel.
fn on_this_kernel() -> Option<Runner> {
    let started = running_kernel().map_err(|error| error.to_string()).and_then(|(profile, _)| {
        let (profile, caps) = (Arc::new(profile), Capabilities::detect());
        let mut runner = Runner::new(Config::default(), profile, caps);
        runner.fresh().map_err(|error| error.to_string())?;
        Ok(runner)
    });
    if let Err(why) = &started {
        println!("skipped: no subject can be run here: {why}");
    }
    started.ok()
}

/// Complains once a process is gone.
struct Mourner {
    pid: i32,
    said: bool,
}

impl Log for Mourner {
    fn new_complaints(&mut self) -> Result<Vec<Complaint>, KernelLogError> {
        let gone = !Path::new(&format!("/proc/{}", self.pid)).exists();
        match gone && !std::mem::replace(&mut self.said, gone) {
            true => Ok(vec![warning(1)]),
            false => Ok(Vec::new()),
        }
    }
}

fn listen_for_its_end(runner: &mut Runner) {
    let pid = runner.subject_pid().expect("it lives");
    runner.ear = Ear::new(Some(Box::new(Mourner { pid, said: false })));
}

#[test]
fn what_the_log_says_when_a_subject_has_ended_is_kept() {
    let Some(mut runner) = on_this_kernel() else { return };
    listen_for_its_end(&mut runner);
    let ops = ops("brk(heap+0x1000)\n");
    let trial = runner.run(&mut Replay::new(&ops), Observe::End).expect("runs");
    assert!(!trial.diverged());
    assert!(runner.take_left().is_empty());
    runner.discard();
    let left = runner.take_left();
    assert_eq!(left.len(), 1);
    assert!(left[0].ops.starts_with(&ops));
    assert_eq!(left[0].divergence().map(fields), Some(vec![Field::KernelLog]));
    assert!(runner.take_left().is_empty());
}

#[test]
fn a_program_that_its_subject_ends_with_answers_for_that_end() {
    let Some(mut runner) = on_this_kernel() else { return };
    listen_for_its_end(&mut runner);
    let ops = ops("brk(heap+0x1000)\n");
    let trial = runner.run_out(&mut Replay::new(&ops), Observe::End).expect("runs");
    assert_eq!(trial.divergence().map(fields), Some(vec![Field::KernelLog]));
    assert!(runner.take_left().is_empty());
    let trial = runner.run_out(&mut Replay::new(&ops), Observe::End).expect("runs");
    assert!(!trial.diverged());
}

#[test]
fn a_complaint_is_heard_once() {
    struct Says;
    impl Log for Says {
        fn new_complaints(&mut self) -> Result<Vec<Complaint>, KernelLogError> {
            Ok(vec![warning(7), warning(8)])
        }
    }
    let mut ear = Ear::new(Some(Box::new(Says)));
    assert_eq!(ear.overhear(b"4,7,1,-;WARNING: mm/vma.c:42 at x\n").len(), 1);
    assert_eq!(ear.listen().len(), 1);
    assert!(ear.listen().is_empty());
}

const MAP: &str = "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n";

/// Runs a program whose smaps is thought to be longer than it is, once; and with a flag of
/// the first mapping, if `flag` says so.
fn with_another_length(runner: &mut Runner, flag: bool) -> Option<Trial> {
    let ops = ops(MAP);
    // the worker looks at the first one
    runner.run(&mut Replay::new(&ops), Observe::End).expect("runs");
    let mut done = Vec::new();
    runner.submit(&mut Replay::new(&ops), Observe::End, &mut done).expect("it is queued");
    let look = runner.live.as_mut().and_then(|live| live.looks.back_mut());
    let Some((look, length)) = look.and_then(|look| look.smaps.map(|length| (look, length))) else {
        println!("skipped: the length of smaps is not foretold here");
        return None;
    };
    look.smaps = Some(length + 3);
    if flag {
        look.expected.smaps[0].flags.push(*b"lo");
    }
    runner.flush(&mut done).expect("the queue runs");
    done.pop()
}

#[test]
fn a_text_of_another_length_that_does_not_show_again_is_kept() {
    let Some(mut runner) = on_this_kernel() else { return };
    for flag in [true, false] {
        let Some(trial) = with_another_length(&mut runner, flag) else { return };
        assert_eq!(trial.actual.len(), 1);
        let divergence = trial.divergence().expect("it is kept");
        let expected = match flag {
            true => vec![Field::VmFlag(*b"lo"), Field::SmapsUnknown],
            false => vec![Field::SmapsUnknown],
        };
        assert_eq!(fields(divergence), expected);
        assert!(trial.before.starts_with(&trial.ops), "it has the history");
        assert!(!shows_again(&mut runner, &trial).expect("runs"));
    }
    assert!(runner.decoders.foretells_smaps());
}

/// Where entries turn out to have several forms nothing is wrong with the text.
#[test]
fn a_length_that_was_foretold_wrongly_is_no_difference() {
    let Some(mut runner) = on_this_kernel() else { return };
    for flag in [true, false] {
        let Some(trial) = with_another_length(&mut runner, flag) else { return };
        runner.fresh().expect("a subject");
        let mut trial = trial.clone();
        let mut flight = Flight::of(Trial::default(), (0, 0));
        flight.doubt = again::Doubt::of(&mut trial, Vec::new());
        runner.decoders = Decoders::default();
        runner.live.as_mut().expect("a subject").flights.push_back(flight);
        runner.weigh_doubt();
        let doubt = runner.live.as_mut().and_then(|live| live.flights.pop_back());
        assert_eq!(doubt.is_some_and(|flight| flight.doubt.is_some()), flag);
        runner.discard();
    }
}

/// Nothing is asked of a look but what was wanted.
#[test]
fn contents_that_were_not_read_are_not_explained_away() {
    let bugs = [Quirk::FixedAddressReadAsError];
    let mut runner = runner_with(Version::new(6, 18), &bugs);
    let seed = Seed::standard();
    let fresh = System::new(runner.profile.clone(), &seed);
    let program = format!("{MAP}store(mmap-0x1000, 0x1, 0x41)\n{READ_AS_ERROR}");
    let (mut flight, right, kernel) = flight(&fresh, &bugs, &ops(&program));
    // a kernel that shows no contents although there are some
    let plan = right.plan(FIRST);
    assert!(!right.snapshot(FIRST, &plan).contents.is_empty());
    flight.trial.check_outcome(2);
    let mut expected = Snapshot { processes: vec![right.snapshot(FIRST, &plan)] };
    let mut actual = Snapshot { processes: vec![kernel.snapshot(FIRST, &plan)] };
    actual.processes[0].contents.clear();
    let mut differences = Vec::new();
    crate::compare::compare(&expected, &actual, &runner.caps, &mut differences);
    let seen = (&mut expected, &mut actual, &[plan][..]);
    flight.trial.observed(Step::After(2), differences, seen, None);
    assert!(!runner.account_for(&seed, &fresh, &mut flight));
    assert!(flight.trial.met.is_empty());
}
