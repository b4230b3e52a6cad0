//! Defects: does the tool notice when a rule of the model is wrong?
//!
//! For each deliberately wrong variant of the model a program is searched by
//! which it differs from the right one; that needs no kernel and is quick. The
//! program is made small, and counts only if the kernel agrees with the right
//! model on it and differs from the wrong one, seen as a campaign would see it.

mod full;
mod report;

pub use report::{hunt_all, named, End, Hunted};

use crate::campaign::avoid;
use crate::compare::Difference;
use crate::generate::{Avoid, Fence, Shape, Theme};
use crate::observe::Capabilities;
use crate::run::{RunError, Runner, Verdict};
use crate::search::Search;
use crate::settings::Control;
use crate::shrink::{shrink, Budget, Verdict as Shrinking};
use crate::subject::Config;
use mm_reference::defect::Defect;
use mm_reference::model::System;
use mm_reference::op::{Exec, Op, Start};
use mm_reference::profile::{Capability, Privilege, Profile};
use mm_reference::text::{Program, Requirement, Requires, SettingName};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How far to shrink where only the kernel can tell.
const KERNEL_BUDGET: Budget = Budget { tests: 200, time: Duration::from_secs(5) };

/// Bytes of the arguments of programs that begin by `execve`.
const ARGUMENTS: u64 = 1 << 18;

/// Mappings of a program that is to meet the limit soon.
const FEW_MAPPINGS: u64 = 12;
/// What the system may commit, in kB, where that is to be met: more than a guest needs.
const COMMIT_KBYTES: u64 = 1 << 20;

/// How to hunt.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Every choice follows from it.
    pub seed: u64,
    /// How long to look for one defect.
    pub time: Duration,
}

/// A defect that shows.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The shortest program found that shows it, with the right results.
    pub program: Program,
    /// What the kernel does otherwise than the wrong model says.
    pub difference: Difference,
    /// How many programs were tried on the two models.
    pub programs: u64,
    /// How long it took.
    pub time: Duration,
}

/// What a hunt came to.
#[derive(Clone, Debug)]
pub enum Hunt {
    /// It shows.
    Caught(Box<Caught>),
    /// It does not: a blind spot.
    Survived {
        /// How many programs were tried on the two models.
        programs: u64,
        /// Programs by which the models differ, but the kernel does not bear it
        /// out; the first one.
        unconfirmed: Option<Program>,
    },
    /// This kernel lacks what it is about.
    NotHere(&'static str),
}

/// Hunts one defect after the other.
pub struct Hunter {
    runner: Runner,
    /// The kernel as it was found.
    kernel: Arc<Profile>,
    /// The same as the system is set for the present hunt.
    right: Arc<Profile>,
}

impl Hunter {
    /// A hunter on the kernel that `profile` describes. With a control the system is set to what
    /// a defect needs to show.
    pub fn new(
        config: Config,
        profile: &Profile,
        caps: Capabilities,
        control: Option<Arc<Control>>,
    ) -> Hunter {
        let right = Arc::new(Profile { defect: None, ..profile.clone() });
        let mut runner = Runner::new(config, right.clone(), caps);
        if let Some(control) = control {
            runner.set_control(control);
        }
        runner.scrutinize(true);
        Hunter { runner, kernel: right.clone(), right }
    }

    /// Looks for the shortest program that shows the defect.
    ///
    /// # Errors
    /// When no programs can be run.
    pub fn hunt(
        &mut self,
        defect: Defect,
        options: &Options,
        stop: &AtomicBool,
    ) -> Result<Hunt, RunError> {
        let control = self.runner.control();
        let settings = control.map(|control| control.missing(&settings(defect), &self.kernel));
        self.right = match settings {
            Some(settings) if !settings.0.is_empty() => Arc::new(settings.impose(&self.kernel)),
            _ => self.kernel.clone(),
        };
        if let Some(lack) = defect.lacks(&self.right) {
            return Ok(Hunt::NotHere(lack));
        }
        // others that hunt wait while this system is set to what they could not live with
        let control = self.runner.control().cloned();
        let lasting = control.as_ref().map(|control| control.lasting(&self.right)).transpose();
        let _lasting = lasting.map_err(RunError::Settings)?;
        let privilege = privilege(defect).and(self.kernel.privilege);
        self.right = Arc::new(Profile { privilege, ..(*self.right).clone() });
        let started = Instant::now();
        let wrong = Arc::new(Profile { defect: Some(defect), ..(*self.right).clone() });
        self.set_profile(&self.right.clone());
        self.runner.begin_by(start(defect), &mut Vec::new())?;
        let seed = self.runner.seed()?.clone();
        let fresh = System::new(self.right.clone(), &seed);
        let fence = Fence::of(&fresh);
        let fills = full::needed_by(defect) && !self.right.settings.has_few_mappings();
        let first = if fills { full::ops(&fresh) } else { Vec::new() };
        let shape = Shape {
            max_ops: if first.is_empty() { 40 } else { 12 },
            costly: 100,
            avoid: Avoid { hard_limits: false, ..avoid(&self.right) },
            ..Shape::default()
        };
        let caps = self.runner.capabilities().clone();
        let both = (fresh.clone(), System::new(wrong.clone(), &seed));
        let mut search = Search::new(both, &first, &fence, shape, caps);
        let mut tried = HashSet::new();
        let (mut programs, mut unconfirmed) = (0, None);
        while started.elapsed() < options.time && !stop.load(Ordering::Relaxed) {
            // every other program dwells on what the defect is about
            let dwells = programs % 2 == 0 || !first.is_empty();
            let themes = if dwells { themes(defect) } else { &[] };
            let theme = themes.get((programs / 2) as usize % themes.len().max(1)).copied();
            let seed = crate::generate::program_seed(options.seed, defect as u64, programs);
            programs += 1;
            let Some(whole) = search.program(seed, theme) else { continue };
            let ops = search.shortest(&whole);
            if !tried.insert(ops.clone()) {
                continue;
            }
            let confirmed = match self.confirm(&ops, &wrong)? {
                Some(difference) => Some((ops.clone(), difference)),
                // what the models tell apart in the small may take more to be seen
                None if first.is_empty() => self.shrink_on_kernel(&whole, &wrong, &search)?,
                None => None,
            };
            match confirmed {
                Some((ops, difference)) => {
                    let program = expected(&fresh, start(defect), &ops);
                    let time = started.elapsed();
                    let caught = Caught { program, difference, programs, time };
                    return Ok(Hunt::Caught(Box::new(caught)));
                }
                None => {
                    unconfirmed.get_or_insert_with(|| expected(&fresh, start(defect), &ops));
                }
            }
        }
        Ok(Hunt::Survived { programs, unconfirmed })
    }

    /// Whether the kernel does what the right model says and not what the wrong
    /// one says; the first difference from the latter.
    fn confirm(
        &mut self,
        ops: &[Op],
        wrong: &Arc<Profile>,
    ) -> Result<Option<Difference>, RunError> {
        let right = self.right.clone();
        self.set_profile(&right);
        match self.run(ops)? {
            Verdict::Agreed => {}
            Verdict::Diverged(_) => return Ok(None),
        }
        self.set_profile(wrong);
        Ok(match self.run(ops)? {
            Verdict::Diverged(divergence) => divergence.differences.into_iter().next(),
            Verdict::Agreed => None,
        })
    }

    /// The shortest program that is confirmed, from one that may be.
    fn shrink_on_kernel(
        &mut self,
        ops: &[Op],
        wrong: &Arc<Profile>,
        search: &Search<'_>,
    ) -> Result<Option<(Vec<Op>, Difference)>, RunError> {
        if self.confirm(ops, wrong)?.is_none() {
            return Ok(None);
        }
        let mut failure = None;
        let shrunk = shrink(
            ops,
            &search.workshop(),
            &mut |candidate: &[Op]| match self.confirm(candidate, wrong) {
                Ok(Some(_)) => Shrinking::Same { at: candidate.len() - 1 },
                Ok(None) => Shrinking::Gone,
                Err(error) => {
                    failure = Some(error);
                    Shrinking::Gone
                }
            },
            KERNEL_BUDGET,
            &mut |_, _| {},
        );
        if let Some(error) = failure {
            return Err(error);
        }
        Ok(self.confirm(&shrunk.ops, wrong)?.map(|difference| (shrunk.ops, difference)))
    }

    fn run(&mut self, ops: &[Op]) -> Result<Verdict, RunError> {
        Ok(self.runner.run_closely(ops)?.verdict)
    }

    fn set_profile(&mut self, profile: &Arc<Profile>) {
        if !Arc::ptr_eq(self.runner.profile(), profile) {
            self.runner.set_profile(profile.clone());
        }
    }
}

/// What their subjects start with. Limits on locked memory, which any program may meet, are
/// there from the start; what is about the capabilities themselves takes all of them.
fn privilege(defect: Defect) -> Privilege {
    let bound = Privilege::ALL.without(Capability::IpcLock);
    match defect {
        Defect::CommitReserveForgotten => bound.without(Capability::SysAdmin),
        _ if defect.area() == "capabilities" => Privilege::ALL,
        _ => bound,
    }
}

/// To what the system is set so that a defect can show.
fn settings(defect: Defect) -> Requires {
    Requires(match defect {
        _ if full::needed_by(defect) => {
            vec![Requirement::Setting(SettingName::MaxMapCount, FEW_MAPPINGS)]
        }
        Defect::CommitUnlimited => vec![
            Requirement::Overcommit(2),
            Requirement::Setting(SettingName::OvercommitKbytes, COMMIT_KBYTES),
        ],
        Defect::CommitReserveForgotten => vec![
            Requirement::Overcommit(2),
            Requirement::Setting(SettingName::OvercommitKbytes, COMMIT_KBYTES),
            Requirement::Setting(SettingName::AdminReserve, COMMIT_KBYTES),
        ],
        _ => Vec::new(),
    })
}

/// How the programs begin that may show a defect.
fn start(defect: Defect) -> Start {
    match defect.area() {
        "exec" => Start::Exec(Exec::with(ARGUMENTS)),
        _ => Start::Plain,
    }
}

/// The program with the results that the right model predicts.
fn expected(fresh: &System, start: Start, ops: &[Op]) -> Program {
    let mut program = Program { start, ..Program::of(ops.iter().cloned()) };
    let mut system = fresh.clone();
    for (index, op) in ops.iter().enumerate() {
        if let Ok(answer) = system.apply(op) {
            program.expect(index, &answer.outcome, fresh.layout());
        }
    }
    program
}

/// Programs that dwell on what a defect is about.
fn themes(defect: Defect) -> &'static [Theme] {
    match defect.area() {
        "madvise" if full::needed_by(defect) => &[Theme::Advice],
        _ if full::needed_by(defect) => &[Theme::General],
        "mmap" => &[Theme::General, Theme::Merge, Theme::Limits],
        "munmap" => &[Theme::General, Theme::Seal, Theme::Remap],
        "mprotect" => &[Theme::Cow, Theme::Exec, Theme::Lock, Theme::Seal, Theme::Merge],
        "mremap" => {
            &[Theme::Tables, Theme::Realign, Theme::Remap, Theme::Guard, Theme::Lock, Theme::Seal]
        }
        "madvise" => {
            &[Theme::Reclaim, Theme::Tables, Theme::Advice, Theme::Guard, Theme::Cow, Theme::Seal]
        }
        "realign" => &[Theme::Realign],
        "relocate" => &[Theme::Relocate],
        "exec" => &[Theme::Stack, Theme::Realign],
        "brk" => &[Theme::Heap, Theme::Break],
        "merge" => &[Theme::Merge, Theme::Guard, Theme::Cow],
        "mlock" | "mlockall" => &[Theme::Lock, Theme::Limits],
        "mseal" => &[Theme::Seal],
        "prctl" => &[Theme::Exec],
        "capabilities" => &[Theme::Privilege],
        "setrlimit" => &[Theme::Limits, Theme::Heap],
        "stack" => &[Theme::Stack, Theme::Limits],
        "la57" => &[Theme::General, Theme::Merge],
        "pkeys" => &[Theme::Exec, Theme::Lock],
        "fault" => &[Theme::Cow, Theme::Exec, Theme::Stack],
        "fork" | "exit" => &[Theme::Cow, Theme::Advice, Theme::Lock, Theme::Limits, Theme::Exec],
        "smaps" | "pagemap" => &[Theme::Cow, Theme::Advice, Theme::Lock],
        "kpageflags" => &[Theme::Lock, Theme::Cow, Theme::Reclaim, Theme::Advice],
        _ => &[Theme::General],
    }
}
