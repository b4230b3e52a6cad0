//! Runs programs on the model and on the kernel, side by side.
//!
//! A [`Runner`] belongs to one thread. It keeps a subject alive from program to
//! program and returns it to its initial state in between, which the model
//! predicts as well; a subject that cannot be returned is replaced.

mod error;
mod explain;
mod reset;
mod seed;
mod trial;

pub use error::RunError;
pub use seed::seed;
pub use trial::{Divergence, Feed, Observe, Replay, Step, Trial, Verdict};

use crate::compare::{compare_outcome, complaint, Comparer, Difference, Signature};
use crate::observe::{Capabilities, KernelLog, ObserveError, ProcFiles, Want};
use crate::stages::{lap, Stage};
use crate::subject::{Config, ResetPlan, Subject, SubjectError};
use mm_reference::model::{Seed, System};
use mm_reference::op::{Call, Op, Outcome, ProcessId, MAX_PROCESSES};
use mm_reference::profile::Profile;
use mm_reference::snapshot::{ProcessPlan, Snapshot};
use reset::reset_ops;
use std::sync::Arc;

/// How many programs one subject serves: bounds what an unnoticed leftover of
/// one program can do to later ones.
const PROGRAMS_PER_SUBJECT: u32 = 512;

/// Runs programs, one after the other.
pub struct Runner {
    config: Config,
    profile: Arc<Profile>,
    caps: Capabilities,
    /// Whether contents are compared at all.
    sees_contents: bool,
    log: Option<KernelLog>,
    live: Option<Live>,
    comparer: Comparer,
    expected: Snapshot,
    actual: Snapshot,
    plans: Vec<ProcessPlan>,
    outcomes: Vec<Outcome>,
}

/// A running subject and what the model knows of it.
struct Live {
    subject: Subject,
    files: [Option<ProcFiles>; MAX_PROCESSES],
    seed: Seed,
    /// The state at the start of the program.
    start: System,
    /// The state now, between programs that at the start of the next one.
    next: System,
    /// What the program before did, and how it was undone.
    before: Vec<Op>,
    programs: u32,
}

impl Runner {
    /// A runner for the kernel that `profile` describes.
    pub fn new(config: Config, profile: Arc<Profile>, caps: Capabilities) -> Runner {
        let log = if caps.kernel_log { KernelLog::open().ok() } else { None };
        Runner {
            config,
            profile,
            sees_contents: caps.parts.contents,
            caps,
            log,
            live: None,
            comparer: Comparer::default(),
            expected: Snapshot::default(),
            actual: Snapshot::default(),
            plans: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// The kernel as the model sees it.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// What can be observed here.
    pub fn capabilities(&self) -> &Capabilities {
        &self.caps
    }

    /// Forgets the running subject, so that the next program meets a fresh one.
    pub fn discard(&mut self) {
        self.live = None;
    }

    /// Changes the kernel that the model imitates; the subject is started anew.
    pub fn set_profile(&mut self, profile: Arc<Profile>) {
        self.profile = profile;
        self.live = None;
    }

    /// The state in which programs start: starts a subject if none runs.
    ///
    /// # Errors
    /// When no subject can be started or observed.
    pub fn fresh(&mut self) -> Result<&System, RunError> {
        self.start()?;
        match &self.live {
            Some(live) => Ok(&live.next),
            None => Err(RunError::Subject(SubjectError::Dead)),
        }
    }

    fn start(&mut self) -> Result<(), RunError> {
        let usable = self
            .live
            .as_ref()
            .is_some_and(|l| l.programs < PROGRAMS_PER_SUBJECT && l.subject.is_alive());
        if usable {
            return Ok(());
        }
        self.live = None;
        let subject = Subject::start(&self.config)?;
        let mut first = files_of(&subject, ProcessId(0))?;
        let seed = seed(&subject, &mut first)?;
        let start = System::new(self.profile.clone(), &seed);
        let files = [Some(first), None, None, None];
        let next = start.clone();
        let before = Vec::new();
        self.live = Some(Live { subject, files, seed, start, next, before, programs: 0 });
        Ok(())
    }

    /// Runs one program, operation by operation as `feed` gives them.
    ///
    /// # Errors
    /// When no subject can be started, or the observer itself fails. A subject
    /// that dies during the program is a verdict, not an error.
    pub fn run(&mut self, feed: &mut dyn Feed, observe: Observe) -> Result<Trial, RunError> {
        self.start()?;
        if let Some(log) = &mut self.log {
            // what others did to the kernel's log is not this program's doing
            log.new_complaints().ok();
        }
        lap(Stage::Other);
        let mut trial = Trial::default();
        let result = match observe {
            Observe::End => self.run_batched(feed, &mut trial),
            Observe::EveryOp => self.run_stepwise(feed, &mut trial, 1),
            Observe::Adaptive => {
                let stride = 3 + (feed.seed() % 14) as usize;
                self.run_stepwise(feed, &mut trial, stride)
            }
        };
        match result {
            Ok(()) => {}
            Err(RunError::Subject(error)) if !error.is_about_program() => {
                trial.lose(error.to_string());
            }
            Err(error) => {
                self.live = None;
                return Err(error);
            }
        }
        self.finish(&mut trial);
        Ok(trial)
    }

    /// All operations at once, observed at the end.
    fn run_batched(&mut self, feed: &mut dyn Feed, trial: &mut Trial) -> Result<(), RunError> {
        let Some(live) = &mut self.live else { return Err(SubjectError::Dead.into()) };
        while let Some(op) = feed.next(&live.next) {
            lap(Stage::Generate);
            let predicted = predict(&mut live.next, &live.start, op, trial);
            lap(Stage::Model);
            if !predicted {
                break;
            }
        }
        lap(Stage::Generate);
        self.predict_state(&Want::ALL);
        lap(Stage::Model);
        let Some(live) = &mut self.live else { return Err(SubjectError::Dead.into()) };
        let ran = live.subject.execute_into(&trial.ops, &mut self.outcomes);
        trial.actual.append(&mut self.outcomes);
        lap(Stage::Execute);
        ran?;
        self.compare_outcomes(trial, 0);
        lap(Stage::Compare);
        self.observe(trial, &Want::ALL)
    }

    /// A few operations at a time, each time observed.
    fn run_stepwise(
        &mut self,
        feed: &mut dyn Feed,
        trial: &mut Trial,
        stride: usize,
    ) -> Result<(), RunError> {
        loop {
            let Some(live) = &mut self.live else { return Err(SubjectError::Dead.into()) };
            let first = trial.ops.len();
            let mut more = true;
            while more && trial.ops.len() - first < stride {
                more = match feed.next(&live.next) {
                    Some(op) => predict(&mut live.next, &live.start, op, trial),
                    None => false,
                };
            }
            let want = if more { Want::UNDISTURBING } else { Want::ALL };
            self.predict_state(&want);
            let Some(live) = &mut self.live else { return Err(SubjectError::Dead.into()) };
            let ran = live.subject.execute_into(&trial.ops[first..], &mut self.outcomes);
            trial.actual.append(&mut self.outcomes);
            ran?;
            self.compare_outcomes(trial, first);
            if !trial.diverged() || !more {
                self.observe(trial, &want)?;
            }
            if !more || trial.diverged() {
                return Ok(());
            }
        }
    }

    /// Notes the first outcome that differs.
    fn compare_outcomes(&mut self, trial: &mut Trial, first: usize) {
        for index in first..trial.ops.len().min(trial.actual.len()) {
            let expected = &trial.predicted[index].outcome;
            let op = &trial.ops[index];
            if expected == &trial.actual[index] {
                continue;
            }
            if let Some(difference) =
                compare_outcome(index, op.process, expected, &trial.actual[index])
            {
                trial.diverge(Step::Outcome(index), vec![difference]);
                return;
            }
        }
    }

    /// Says what every live process should look like, and where to look. Done
    /// before the subject runs, which takes the model out of the CPU's caches.
    fn predict_state(&mut self, want: &Want) {
        let Some(live) = &self.live else { return };
        let system = &live.next;
        let mut count = 0;
        for process in system.live() {
            grow(&mut self.plans, count);
            grow(&mut self.expected.processes, count);
            let (plan, snapshot) = (&mut self.plans[count], &mut self.expected.processes[count]);
            system.plan_into(process, plan);
            system.snapshot_into(process, plan, snapshot);
            if !want.contents {
                snapshot.contents.clear();
            }
            count += 1;
        }
        self.expected.processes.truncate(count);
    }

    /// Observes every live process and compares with the prediction.
    fn observe(&mut self, trial: &mut Trial, want: &Want) -> Result<(), RunError> {
        let Some(live) = &mut self.live else { return Err(SubjectError::Dead.into()) };
        live.subject.drain();
        lap(Stage::Execute);
        let mut count = 0;
        for process in live.next.live() {
            let Some(pid) = live.subject.pid(process) else {
                self.expected.processes.remove(count);
                self.plans.remove(count);
                continue;
            };
            grow(&mut self.actual.processes, count);
            let files = match &mut live.files[process.0 as usize] {
                Some(files) => files,
                none => none.insert(ProcFiles::open(pid)?),
            };
            lap(Stage::Read);
            let want = Want { contents: false, ..*want };
            files.observe(process, &self.plans[count], &want, &mut self.actual.processes[count])?;
            count += 1;
        }
        self.actual.processes.truncate(count);
        if want.contents {
            // last of all, for it marks pages as accessed
            for (plan, actual) in self.plans.iter().zip(&mut self.actual.processes) {
                if let Some(files) = &mut live.files[actual.process.0 as usize] {
                    files.contents(&plan.contents, &mut actual.contents)?;
                }
            }
        }
        let mut differences = Vec::new();
        self.caps.parts.contents &= want.contents;
        self.comparer.compare(&self.expected, &self.actual, &self.caps, &mut differences);
        self.caps.parts.contents = self.sees_contents;
        lap(Stage::Compare);
        self.check_log(&mut differences);
        lap(Stage::Read);
        if !differences.is_empty() {
            let index = trial.ops.len().saturating_sub(1);
            trial.observed(
                Step::After(index),
                differences,
                &self.expected,
                &self.actual,
                &self.plans,
            );
        }
        Ok(())
    }

    fn check_log(&mut self, differences: &mut Vec<Difference>) {
        let Some(log) = &mut self.log else { return };
        match log.new_complaints() {
            Ok(complaints) => {
                differences.extend(complaints.iter().map(|c| complaint(ProcessId(0), c)));
            }
            Err(_) => self.log = None,
        }
    }

    /// Explains a divergence if it is a known one, and returns the subject to
    /// its initial state or gives it up.
    fn finish(&mut self, trial: &mut Trial) {
        let Some(mut live) = self.live.take() else { return };
        if let Verdict::Diverged(divergence) = &mut trial.verdict {
            divergence.known = explain::explain(
                &live.seed,
                &live.start,
                (&trial.ops, &trial.actual),
                divergence,
                &self.caps,
            );
        }
        if trial.diverged() {
            trial.before = live.before;
            return;
        }
        live.programs += 1;
        let children: Vec<_> = live.next.live().filter(|p| p.0 != 0).collect();
        let children = children.into_iter();
        for files in &mut live.files[1..] {
            *files = None;
        }
        lap(Stage::Read);
        let ops = reset_ops(&mut live.next, &mut live.start, &live.seed);
        lap(Stage::Model);
        if let Some(ops) = ops {
            live.before.clear();
            live.before.extend_from_slice(&trial.ops);
            live.before.extend(children.map(|process| Op { process, call: Call::Exit }));
            live.before.extend_from_slice(&ops);
            if live.subject.reset_lazily(&ResetPlan { ops }).is_ok() {
                self.live = Some(live);
            }
        }
    }
}

/// Makes room for an element with this index, and keeps what is there.
fn grow<T: Default>(elements: &mut Vec<T>, index: usize) {
    if elements.len() <= index {
        elements.resize_with(index + 1, T::default);
    }
}

/// Applies an operation to the model; false when it has no prediction, and the
/// model is then as it was before: it may have noticed only halfway.
fn predict(system: &mut System, start: &System, op: Op, trial: &mut Trial) -> bool {
    match system.apply(&op) {
        Ok(answer) => {
            trial.ops.push(op);
            trial.predicted.push(answer);
            true
        }
        Err(reason) => {
            trial.unpredictable = Some(reason);
            system.return_to(start);
            for op in &trial.ops {
                system.apply(op).ok();
            }
            false
        }
    }
}

fn files_of(subject: &Subject, process: ProcessId) -> Result<ProcFiles, RunError> {
    let pid = subject.pid(process).ok_or(SubjectError::Dead)?;
    ProcFiles::open(pid).map_err(RunError::Observe)
}

/// The signature of a divergence: its first difference, seen after its operation.
pub(crate) fn signature(ops: &[Op], step: Step, differences: &[Difference]) -> Option<Signature> {
    let op = ops.get(step.index())?;
    Some(Signature::new(&op.call, differences.first()?))
}

impl From<ObserveError> for RunError {
    fn from(error: ObserveError) -> RunError {
        RunError::Observe(error)
    }
}
