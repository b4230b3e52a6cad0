//! One run of a program in a subject of its own, with one allocation of its last
//! operation failing, held against what the model says.

use super::site::Site;
use super::{Effect, Faults};
use crate::compare::{compare, compare_outcome, complaint, Capabilities, Difference};
use crate::corpus::Verdict;
use crate::observe::{Decoders, FrameFlags, KernelLog, ProcFiles, Want};
use crate::run::{files_of, seed, RunError};
use crate::subject::{Config, Subject, SubjectError};
use mm_reference::model::{CannotPredict, Purpose, Seed, System};
use mm_reference::op::{Op, Outcome, ProcessId, Start, MAX_PROCESSES};
use mm_reference::profile::{Privilege, Profile, QuirkSet};
use mm_reference::snapshot::{ProcessPlan, Snapshot};
use mm_reference::text::{Expected, Requirement, Requires};
use std::sync::Arc;

/// Of how many pages of a process the flags are looked at.
const FLAGGED: usize = 1024;
/// How many differences are named.
const NAMED: usize = 6;

/// Where attempts take place.
pub(super) struct Stage {
    config: Config,
    profile: Arc<Profile>,
    /// The capabilities that mmdiff itself has to give.
    available: Privilege,
    caps: Capabilities,
    flags: Option<FrameFlags>,
}

impl Stage {
    pub(super) fn new(profile: Arc<Profile>, caps: Capabilities) -> Stage {
        let flags = caps.parts.page_flags.then(FrameFlags::open).and_then(Result::ok);
        let config = Config { privilege: profile.privilege, ..Config::default() };
        Stage { config, available: profile.privilege, profile, caps, flags }
    }

    /// Gives the next subjects the capabilities that a program requires; answers what of
    /// its requirements is not met all the same.
    pub(super) fn meet(&mut self, requires: &Requires) -> Option<Requirement> {
        let privilege = requires.privilege(self.available);
        if privilege != self.profile.privilege {
            self.profile = Arc::new(Profile { privilege, ..(*self.profile).clone() });
        }
        self.config.privilege = privilege;
        requires.unmet(&self.profile)
    }

    /// The kernel with these bugs in the model.
    pub(super) fn with(&self, quirks: QuirkSet) -> Arc<Profile> {
        Arc::new(Profile { quirks, ..(*self.profile).clone() })
    }

    pub(super) fn begin_by(&mut self, start: Start) {
        self.config.start = start;
    }

    /// A fresh subject, and what the model knows of it.
    pub(super) fn start(&self) -> Result<Attempt, RunError> {
        let subject = Subject::start(&self.config)?;
        let first = files_of(&subject, ProcessId(0))?;
        let mut files = [Some(first), None, None, None];
        let seed = match &mut files[0] {
            Some(first) => seed(&subject, first)?,
            None => return Err(SubjectError::Dead.into()),
        };
        let system = System::new(self.profile.clone(), &seed);
        Ok(Attempt { subject, files, seed, system, decoders: Decoders::default() })
    }
}

/// A subject, and the model at the same point of the program.
pub(super) struct Attempt {
    subject: Subject,
    files: [Option<ProcFiles>; MAX_PROCESSES],
    seed: Seed,
    pub(super) system: System,
    decoders: Decoders,
}

/// What a run came to that the model explains.
pub(super) struct Tried {
    /// Whether there was an allocation to fail.
    pub(super) failed: bool,
    /// Where, if the log says so.
    pub(super) site: Option<Site>,
    /// Whether it takes the known bugs of this kernel to explain it.
    pub(super) known: bool,
    pub(super) outcome: String,
    pub(super) effect: Effect,
    /// The least request that a later allocation can fail at.
    pub(super) least: u64,
    /// For what the model's request was that explains it.
    pub(super) missed: Option<Purpose>,
    pub(super) otherwise: Vec<String>,
}

/// What the kernel did with the last operation.
struct Seen<'a> {
    index: usize,
    op: &'a Op,
    outcome: Outcome,
    failed: bool,
    site: Option<Site>,
}

/// What the model says of the last operation.
struct Prediction {
    outcome: Outcome,
    system: System,
    /// The request that was not met.
    request: Option<u64>,
}

/// What the model says: without a failure, and with each request that is not met.
struct Predictions {
    before: System,
    done: Prediction,
    failures: Vec<Prediction>,
}

impl Predictions {
    fn of(before: System, op: &Op) -> Result<Predictions, CannotPredict> {
        let predict = |request: Option<u64>| {
            let mut system = before.clone();
            system.limit_allocations(request);
            let outcome = system.apply(op)?.outcome;
            Ok(Prediction { outcome, system, request })
        };
        let done = predict(None)?;
        let mut failures = Vec::new();
        for request in 0.. {
            let failure = predict(Some(request))?;
            if failure.system.missed_allocation().is_none() {
                break;
            }
            failures.push(failure);
        }
        Ok(Predictions { done, failures, before })
    }
}

impl Attempt {
    /// Performs all operations, the last one with its `n`-th allocation failing, and
    /// looks for the prediction that says so: of the requests from number `least` on that
    /// are for what the kernel says it was, or that of a call without failures. Otherwise answers a verdict, and why.
    pub(super) fn run(
        &mut self,
        stage: &Stage,
        with_bugs: Option<&Arc<Profile>>,
        ops: &[Op],
        faults: &Faults,
        n: u64,
        least: u64,
    ) -> Result<Result<Tried, (Verdict, String)>, RunError> {
        let Some((op, start)) = ops.split_last() else {
            return Ok(Err((Verdict::Skipped, "it has no operations".to_owned())));
        };
        let mut bugs = with_bugs.map(|profile| System::new(profile.clone(), &self.seed));
        let outcomes = self.subject.execute(start)?;
        for (index, (op, outcome)) in start.iter().zip(&outcomes).enumerate() {
            let expected = match self.system.apply(op) {
                Ok(answer) => answer.outcome,
                Err(reason) => return Ok(Err((Verdict::Skipped, reason.to_string()))),
            };
            if let Some(bugs) = &mut bugs {
                let _ = bugs.apply(op);
            }
            if let Some(difference) = compare_outcome(index, op.process, &expected, outcome) {
                return Ok(Err((Verdict::Failed, format!("before the call: {difference}"))));
            }
        }
        let models = [Some(self.system.clone()), bugs].into_iter().flatten();
        let predictions: Result<Vec<_>, _> =
            models.map(|before| Predictions::of(before, op)).collect();
        let predictions = match predictions {
            Ok(predictions) => predictions,
            Err(reason) => return Ok(Err((Verdict::Skipped, reason.to_string()))),
        };
        let pid = self.subject.pid(op.process).ok_or(SubjectError::Dead)?;
        let [mut log, mut traces] = [(); 2].map(|()| KernelLog::open().ok());
        let unarmed = |source| SubjectError::System { what: "let an allocation fail", source };
        faults.arm(pid, n).map_err(unarmed)?;
        let outcome = self.subject.execute(std::slice::from_ref(op))?.pop();
        let outcome = outcome.ok_or(SubjectError::Dead)?;
        let failed = faults.left(pid).map_err(unarmed)? == 0;
        faults.arm(pid, 0).map_err(unarmed)?;
        self.subject.drain();
        let lines = traces.as_mut().and_then(|log| log.new_lines().ok()).unwrap_or_default();
        let site = Site::find(&lines).filter(|_| failed);
        let complaints = log.as_mut().and_then(|log| log.new_complaints().ok()).unwrap_or_default();
        if let Some(first) = complaints.first() {
            let difference = complaint(op.process, first);
            return Ok(Err((Verdict::Diverge, format!(": {difference}"))));
        }
        let seen = Seen { index: ops.len() - 1, op, outcome, failed, site };
        self.explain(stage, &predictions, seen, least)
    }

    fn explain(
        &mut self,
        stage: &Stage,
        predictions: &[Predictions],
        seen: Seen<'_>,
        least: u64,
    ) -> Result<Result<Tried, (Verdict, String)>, RunError> {
        let Seen { index, op, outcome, failed, site } = seen;
        let outcome = &outcome;
        let layout = *self.system.layout();
        let purpose = site.as_ref().and_then(Site::purpose);
        let table = u64::from(site.as_ref().is_some_and(Site::is_table));
        let mut nearest: Option<Vec<Difference>> = None;
        for (number, Predictions { before, done, failures }) in predictions.iter().enumerate() {
            let possible = |failure: &&Prediction| {
                let missed = failure.system.missed_allocation();
                failed && failure.request >= Some(least) && (purpose.is_none() || purpose == missed)
            };
            // one allocation for each table, in the same order on both sides
            let most = if table > 0 { 1 } else { failures.len() };
            let failures = failures.iter().filter(possible).take(most);
            for prediction in failures.chain([done]) {
                let mut differences = Vec::new();
                let expected = &prediction.outcome;
                differences.extend(compare_outcome(index, op.process, expected, outcome));
                if differences.is_empty() {
                    self.look(stage, &prediction.system, &mut differences)?;
                    if differences.is_empty() {
                        let usual = prediction.request.is_none();
                        let error = matches!(outcome, Outcome::Error(_));
                        let otherwise = match error {
                            true => apart(before, &prediction.system),
                            false => apart(&done.system, &prediction.system),
                        };
                        let effect = match (usual, error, otherwise.is_empty()) {
                            (true, ..) | (false, false, true) => Effect::Unnoticed,
                            (false, true, true) => Effect::Undone,
                            (false, true, false) => Effect::Partly,
                            (false, false, false) => Effect::Otherwise,
                        };
                        return Ok(Ok(Tried {
                            failed,
                            known: number > 0,
                            outcome: Expected::of(outcome, &layout).to_string(),
                            effect,
                            least: prediction.request.map_or(least, |request| request + table),
                            site,
                            missed: prediction.system.missed_allocation(),
                            otherwise: if usual { Vec::new() } else { otherwise },
                        }));
                    }
                }
                // what agrees in the outcome tells more than what does not
                let weight =
                    |d: &Vec<Difference>| (d[0].field == crate::compare::Field::Outcome, d.len());
                if nearest.as_ref().is_none_or(|best| weight(&differences) < weight(best)) {
                    nearest = Some(differences);
                }
            }
        }
        let differences = nearest.unwrap_or_default();
        let at = site.map(|site| format!(" ({site})")).unwrap_or_default();
        let mut why = format!("{at}: = {}", Expected::of(outcome, &layout));
        for difference in differences.iter().take(NAMED) {
            why.push_str(&format!("\n  {difference}"));
        }
        Ok(Err((Verdict::Diverge, why)))
    }

    /// Appends how what can be seen differs from what the model says. Contents are looked
    /// at where nothing else differs, for that marks pages as accessed.
    fn look(
        &mut self,
        stage: &Stage,
        system: &System,
        differences: &mut Vec<Difference>,
    ) -> Result<(), RunError> {
        let mut expected = Snapshot::default();
        let mut actual = Snapshot::default();
        let mut plans = Vec::new();
        let live: Vec<ProcessId> = system.live().collect();
        for &process in &live {
            let mut plan = ProcessPlan::default();
            system.plan_into(process, &mut plan);
            if stage.flags.is_some() {
                system.plan_flags(process, FLAGGED, &mut plan);
            }
            plan.views = stage.caps.views;
            let files = match &mut self.files[usize::from(process.0)] {
                Some(files) => files,
                none => none.insert(files_of(&self.subject, process)?),
            };
            let mut snapshot = Default::default();
            let want = Want { contents: false, ..Want::ALL };
            files.observe(process, &plan, &want, &mut self.decoders, &mut snapshot)?;
            if let Some(flags) = &stage.flags {
                flags.observe(&plan, &mut snapshot)?;
            }
            let mut prediction = system.snapshot(process, &plan);
            prediction.contents.clear();
            expected.processes.push(prediction);
            actual.processes.push(snapshot);
            plans.push(plan);
        }
        compare(&expected, &actual, &stage.caps, differences);
        if !differences.is_empty() {
            return Ok(());
        }
        for (index, &process) in live.iter().enumerate() {
            let Some(files) = &mut self.files[usize::from(process.0)] else { continue };
            let into = &mut actual.processes[index].contents;
            files.contents(&plans[index].contents, &mut self.decoders, into)?;
            expected.processes[index] = system.snapshot(process, &plans[index]);
        }
        compare(&expected, &actual, &stage.caps, differences);
        Ok(())
    }
}

/// What differs between two states of the model, in words.
fn apart(usual: &System, other: &System) -> Vec<String> {
    let look = |system: &System, plans: &[ProcessPlan]| Snapshot {
        processes: usual.live().zip(plans).map(|(id, plan)| system.snapshot(id, plan)).collect(),
    };
    let plans: Vec<ProcessPlan> = usual.live().map(|process| usual.plan(process)).collect();
    let mut differences = Vec::new();
    compare(&look(usual, &plans), &look(other, &plans), &Capabilities::full(), &mut differences);
    differences.iter().map(ToString::to_string).collect()
}
