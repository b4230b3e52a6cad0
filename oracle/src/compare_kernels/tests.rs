use super::*;
use crate::campaign::Generated;
use crate::campaign::Provenance;
use crate::generate::{program_seed, Fence, Shape};
use crate::guest::{Event, Link, Observed, OutcomeForm, Request, SnapshotForm, Wreck};
use crate::profile::{Origin, Section};
use mm_reference::defect::Defect;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Call, Op};
use mm_reference::profile::{Profile, Version};
use mm_reference::snapshot::{ProcessPlan, Snapshot};
use mm_reference::text::{parse, write, Mode, Program};
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

const VERSION: Version = Version::new(6, 18);

/// A guest whose kernel is the model.
struct Modelled {
    fresh: System,
    /// A call that this kernel does not survive.
    deadly: Option<fn(&Call) -> bool>,
    events: VecDeque<Result<Event, GuestError>>,
}

impl Modelled {
    fn boxed(defect: Option<Defect>, deadly: Option<fn(&Call) -> bool>) -> Box<dyn Link> {
        let profile = Profile { defect, ..Profile::stock(VERSION) };
        let fresh = System::new(Arc::new(profile), &Seed::standard());
        Box::new(Modelled { fresh, deadly, events: VecDeque::new() })
    }

    /// The same programs whatever is wrong with this kernel.
    fn program(seed: u64, number: u64) -> Vec<Op> {
        let fresh = System::new(Arc::new(Profile::stock(VERSION)), &Seed::standard());
        let fence = Fence::of(&fresh);
        let seed = program_seed(seed, 0, number);
        Generated::new(seed, Shape::default(), &fence, &fresh).ops(&fresh)
    }

    fn kills(&self, ops: &[Op]) -> bool {
        self.deadly.is_some_and(|deadly| ops.iter().any(|op| deadly(&op.call)))
    }

    fn run(&self, ops: &[Op], every_op: bool) -> Observed {
        let mut system = self.fresh.clone();
        let layout = *system.layout();
        let mut observed =
            Observed { layout: (layout.heap, layout.mmap, layout.stack), ..Observed::default() };
        for (index, op) in ops.iter().enumerate() {
            let Ok(answer) = system.apply(op) else { break };
            observed.outcomes.push(OutcomeForm::from(&answer.outcome));
            if every_op || index + 1 == ops.len() {
                let mut snapshot = Snapshot::default();
                for process in system.live() {
                    let mut plan = ProcessPlan::default();
                    system.plan_into(process, &mut plan);
                    snapshot.processes.push(system.snapshot(process, &plan));
                }
                observed.looks.push((index + 1, SnapshotForm::from(&snapshot)));
            }
        }
        observed
    }

    fn digest(&self, ops: &[Op]) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        format!("{:?}", self.run(ops, false)).hash(&mut hasher);
        hasher.finish()
    }

    fn serve(&mut self, request: &Request) -> Result<Event, GuestError> {
        let panic = || {
            let wreck = Wreck { report: "BUG: here".to_owned(), suspects: Vec::new() };
            GuestError::Panic(Box::new(wreck))
        };
        Ok(match request {
            Request::Profile => Event::Profile {
                origins: vec![Origin {
                    section: Section::Kernel,
                    switch: "version".to_owned(),
                    value: VERSION.to_string(),
                    origin: format!("uname: {VERSION}.7-test"),
                }],
                compared: Vec::new(),
                not_compared: Vec::new(),
            },
            Request::Digests { seed, first, count, version } => {
                assert_eq!(*version, VERSION.to_string());
                let mut values = Vec::new();
                for number in *first..first + count {
                    let ops = Modelled::program(*seed, number);
                    if self.kills(&ops) {
                        self.events.push_back(Ok(Event::Digests { first: *first, values }));
                        return Err(panic());
                    }
                    values.push(self.digest(&ops));
                }
                Event::Digests { first: *first, values }
            }
            Request::Generate { seed, number, .. } => {
                Event::Generated { program: write(&Program::of(Modelled::program(*seed, *number))) }
            }
            Request::Observe { program, every_op } => {
                let program = parse(program, Mode::Strict).expect("a program");
                let ops: Vec<Op> = program.ops().cloned().collect();
                if self.kills(&ops) {
                    return Err(panic());
                }
                Event::Observed(Box::new(self.run(&ops, *every_op)))
            }
            other => return Err(GuestError::Failed(format!("{other:?}"))),
        })
    }
}

impl Link for Modelled {
    fn send(&mut self, request: &Request) -> Result<(), GuestError> {
        let served = self.serve(request);
        let well = served.is_ok();
        self.events.push_back(served);
        if well {
            self.events.push_back(Ok(Event::Done));
        }
        Ok(())
    }

    fn event(&mut self, _: Duration) -> Result<Event, GuestError> {
        self.events.pop_front().expect("something was asked for")
    }

    fn console(&self) -> String {
        String::new()
    }
}

/// Compares the model with a variant of it.
fn changes(
    defect: Option<&str>,
    deadly: Option<fn(&Call) -> bool>,
    seconds: u64,
    stop: &AtomicBool,
) -> Changes {
    let defect = defect.map(|name| Defect::from_name(name).expect("a defect"));
    let (plain, variant) =
        (|| Ok(Modelled::boxed(None, None)), move || Ok(Modelled::boxed(defect, deadly)));
    let mut sides = [Side::new("plain", &plain), Side::new("variant", &variant)];
    let options = Options { seed: 1, time: Duration::from_secs(seconds) };
    let mut told = |told: Told| {
        // one is enough
        let found = matches!(told, Told::Found { .. });
        let long = matches!(told, Told::Progress { programs, .. } if programs > 300);
        stop.fetch_or(defect.is_none() && deadly.is_none() && (found || long), Ordering::Relaxed);
    };
    let changes = compare(&mut sides, &options, stop, &mut told).expect("compared");
    assert_eq!(sides[0].release(), "6.18.7-test");
    changes
}

#[test]
fn a_kernel_is_like_itself() {
    let changes = changes(None, None, 60, &AtomicBool::new(false));
    assert!(changes.entries.is_empty() && changes.crashes.is_empty(), "{changes:?}");
    assert!(changes.programs > 300 && changes.differing == 0);
    let lines = ktap(&changes, ("one", "two"));
    assert!(!lines.contains("not ok") && lines.contains(" both survive"), "{lines}");
    assert!(lines.contains("ok 7 kpageflags # SKIP it is not compared"), "{lines}");
}

#[test]
fn one_wrong_rule_is_found_and_made_small() {
    let changes = changes(Some("brk-leaves-no-page"), None, 10, &AtomicBool::new(false));
    assert!(!changes.entries.is_empty(), "{} programs", changes.programs);
    for entry in &changes.entries {
        let operations = entry.program.ops().count();
        assert!(operations <= 4, "{}", entry.render("plain", "variant"));
        assert!(entry.shown.0 > 0 && entry.lines.len() == operations);
    }
    let text = changes.entries[0].render("plain", "variant");
    assert!(text.contains(" (plain)") && text.contains(" (variant)"), "{text}");
    let entry = &changes.entries[0];
    let record = entry.record(("plain", "variant"), Provenance::default());
    assert!(record.c.contains("int main(") && record.c.contains("decide"), "{}", record.c);
    assert!(record.program.contains(" = "), "the first kernel's results: {}", record.program);
    let names = ("plain", "variant");
    let xml = junit(&changes, names, ["6.18", "6.18"], 1).expect("XML");
    crate::report::validate_junit(&xml);
    let failures = xml.matches("<failure ").count();
    assert!(failures > 0 && xml.contains(&entry.signature), "{xml}");
    let lines = ktap(&changes, names);
    assert!(lines.starts_with("KTAP version 1\n1..1\n"), "{lines}");
    assert!(lines.contains("        not ok 1 "), "{lines}");
    assert!(lines.ends_with("not ok 1 plain and variant\n"), "{lines}");
}

#[test]
fn a_program_that_brings_one_kernel_down_is_named() {
    let deadly: fn(&Call) -> bool = |call| matches!(call, Call::Mlockall { .. });
    let changes = changes(None, Some(deadly), 5, &AtomicBool::new(false));
    let crash = changes.crashes.first().expect("a crash");
    assert_eq!((crash.kernel.as_str(), crash.report.as_str()), ("variant", "BUG: here"));
    assert!(crash.program.contains("mlockall("), "{}", crash.program);
    assert!(changes.entries.is_empty());
}

/// A guest in which nothing can be run.
struct Idle(Box<dyn Link>);

impl Link for Idle {
    fn send(&mut self, request: &Request) -> Result<(), GuestError> {
        self.0.send(request)
    }

    fn event(&mut self, timeout: Duration) -> Result<Event, GuestError> {
        Ok(match self.0.event(timeout)? {
            Event::Digests { first, values } => {
                Event::Digests { first, values: vec![0; values.len()] }
            }
            event => event,
        })
    }

    fn console(&self) -> String {
        String::new()
    }
}

#[test]
fn kernels_that_run_nothing_are_not_alike() {
    let boot = || Ok(Box::new(Idle(Modelled::boxed(None, None))) as Box<dyn Link>);
    let mut sides = [Side::new("one", &boot), Side::new("two", &boot)];
    let options = Options { seed: 1, time: Duration::from_secs(60) };
    let compared = compare(&mut sides, &options, &AtomicBool::new(false), &mut |_| ());
    let error = compared.expect_err("nothing was run").to_string();
    assert_eq!(error, "the guest could not: run any of the programs on one");
}

#[test]
fn it_ends_when_it_is_stopped() {
    let changes = changes(None, None, 3600, &AtomicBool::new(true));
    assert!(changes.interrupted && changes.programs == 0);
}
