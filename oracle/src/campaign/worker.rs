//! One thread of a campaign.

use super::{investigate, CampaignError, Investigation, Options, Shared};
use crate::compare::Signature;
use crate::generate::{exec_start, program_seed, Avoid, Fence, Generator, Seeded, Shape, Theme};
use crate::observe::Capabilities;
use crate::run::{Feed, Observe, RunError, Runner, Trial, Verdict};
use crate::subject::Config;
use mm_reference::model::{CannotPredict, System};
use mm_reference::op::{Op, Start};
use mm_reference::profile::{Privilege, Profile, Quirk, QuirkSet, Swap};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// How many times in a row a subject may be lost before the worker gives up.
const LOSSES: u32 = 20;

/// Of so many programs one fills the address space up to the limit of mappings,
/// which takes about a second.
const FILL_EVERY: u64 = 20_000;

/// Of so many programs that dwell on moves of page tables one begins by an `execve`
/// with arguments, which takes a subject of its own.
const EXEC_EVERY: u64 = 100;

/// How often a worker looks into divergences with a signature that never showed
/// again: one of them may yet be real.
const VAIN_LOOKS: u32 = 25;

/// What a worker counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) operations: u64,
    /// Programs that ended early, by reason.
    pub(crate) unpredictable: BTreeMap<&'static str, u64>,
    /// How often each known difference showed.
    pub(crate) known: BTreeMap<Quirk, u64>,
    /// Divergences that did not show again.
    pub(crate) unconfirmed: u64,
    /// Divergences with a signature that was met before.
    pub(crate) repeated: u64,
    /// Subjects that were lost, by reason.
    pub(crate) lost: BTreeMap<String, u64>,
}

pub(crate) struct Worker<'a> {
    number: u64,
    options: &'a Options,
    runner: Runner,
    tally: Tally,
    /// Signatures of findings.
    met: HashSet<Signature>,
    /// How often a signature was looked into and did not show again.
    vain: HashMap<Signature, u32>,
}

/// Operations made up while the program runs.
pub(crate) struct Generated<'f> {
    generator: Generator<'f>,
    source: Seeded,
    seed: u64,
}

impl<'f> Generated<'f> {
    /// The program with this seed, from the state in which programs start.
    pub(crate) fn new(seed: u64, shape: Shape, fence: &'f Fence, fresh: &System) -> Self {
        let mut source = Seeded::new(seed);
        let generator = Generator::new(shape, fence, &mut source, fresh);
        Generated { generator, source, seed }
    }

    /// The whole program, up to an operation that the model cannot predict.
    pub(crate) fn ops(mut self, fresh: &System) -> Vec<Op> {
        let mut system = fresh.clone();
        let mut ops = Vec::new();
        while let Some(op) = self.next(&system) {
            if system.apply(&op).is_err() {
                break;
            }
            ops.push(op);
        }
        ops
    }
}

impl Feed for Generated<'_> {
    fn next(&mut self, system: &System) -> Option<Op> {
        self.generator.next_op(&mut self.source, system)
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

impl<'a> Worker<'a> {
    pub(crate) fn new(
        number: u64,
        cpu: Option<usize>,
        options: &'a Options,
        profile: Arc<Profile>,
        caps: Capabilities,
    ) -> Worker<'a> {
        // every other worker meets the limit on locked memory, which root does not
        let bounded = number % 2 == 1 && profile.privilege.ipc_lock;
        let config = Config { cpu, keeps_ipc_lock: !bounded, ..Config::default() };
        let profile = if bounded { without_ipc_lock(&profile) } else { profile };
        let runner = Runner::new(config, profile, caps);
        Worker {
            number,
            options,
            runner,
            tally: Tally::default(),
            met: HashSet::new(),
            vain: HashMap::new(),
        }
    }

    /// Runs programs until the campaign ends.
    pub(crate) fn work(mut self, shared: &Shared<'_>) -> (Tally, Result<(), CampaignError>) {
        // one worker that cannot go on ends the campaign, even by a panic
        let guard = StopOnDrop(&shared.stop);
        if let Some(recorder) = shared.watcher.recorder() {
            self.runner.set_recorder(recorder);
        }
        let result = self.run_programs(shared);
        if result.is_ok() {
            std::mem::forget(guard);
        }
        (self.tally, result)
    }

    fn run_programs(&mut self, shared: &Shared<'_>) -> Result<(), CampaignError> {
        let avoid = avoid_on(&mut self.runner);
        let fence = Fence::of(self.runner.fresh()?);
        let mut losses = 0;
        let mut count = 0;
        let mut done = Vec::new();
        while shared.begin() {
            let seed = program_seed(self.options.seed, self.number, count);
            count += 1;
            let theme = match self.options.theme {
                None if count % FILL_EVERY == FILL_EVERY / 2 => Some(Theme::Fill),
                theme => theme,
            };
            let fill = theme == Some(Theme::Fill);
            let shape = Shape { max_ops: self.options.max_ops, avoid, theme, ..Shape::default() };
            // tens of thousands of operations are not looked at one by one
            let observe = if fill { Observe::End } else { self.options.observe };
            let execs = theme == Some(Theme::Realign) && count % EXEC_EVERY == 0;
            let start = if execs { exec_start(&mut Seeded::new(seed)) } else { Start::Plain };
            let begun = self.runner.begin_by(start, &mut done).map(drop);
            self.after(begun, &mut losses)?;
            let fresh = match self.runner.fresh() {
                Ok(fresh) => fresh,
                Err(error) => {
                    losses += 1;
                    self.lose(error, losses)?;
                    continue;
                }
            };
            // what cannot be unmapped is elsewhere after each of them
            let fence = if execs { &Fence::of(fresh) } else { &fence };
            let mut feed = Generated::new(seed, shape, fence, fresh);
            let submitted = self.runner.submit(&mut feed, observe, &mut done);
            self.after(submitted, &mut losses)?;
            self.judge_all(&mut done, &mut losses, shared)?;
        }
        let flushed = self.runner.flush(&mut done);
        self.after(flushed, &mut losses)?;
        self.judge_all(&mut done, &mut losses, shared)
    }

    /// Counts what was lost.
    fn after(&mut self, ran: Result<(), RunError>, losses: &mut u32) -> Result<(), CampaignError> {
        match ran {
            Ok(()) => {
                *losses = 0;
                Ok(())
            }
            Err(error) => {
                *losses += 1;
                self.lose(error, *losses)
            }
        }
    }

    fn judge_all(
        &mut self,
        done: &mut Vec<Trial>,
        losses: &mut u32,
        shared: &Shared<'_>,
    ) -> Result<(), CampaignError> {
        if done.iter().any(|trial| trial.divergence().is_some_and(|d| d.known.is_none())) {
            // looking into it starts with another subject; what is queued comes first
            let flushed = self.runner.flush(done);
            self.after(flushed, losses)?;
        }
        for trial in done.drain(..) {
            self.judge(&trial, shared)?;
            self.runner.recycle(trial);
        }
        Ok(())
    }

    /// A subject that could not be run: goes on with another, up to a point.
    fn lose(&mut self, error: RunError, losses: u32) -> Result<(), CampaignError> {
        if losses >= LOSSES {
            return Err(error.into());
        }
        *self.tally.lost.entry(error.to_string()).or_default() += 1;
        self.runner.discard();
        std::thread::sleep(Duration::from_millis(10));
        Ok(())
    }

    fn judge(&mut self, trial: &Trial, shared: &Shared<'_>) -> Result<(), CampaignError> {
        self.tally.operations += trial.ops.len() as u64;
        shared.operations.fetch_add(trial.ops.len() as u64, Ordering::Relaxed);
        if let Some(CannotPredict(reason)) = trial.unpredictable {
            *self.tally.unpredictable.entry(reason).or_default() += 1;
        }
        if let Some(why) = &trial.lost {
            *self.tally.lost.entry(why.clone()).or_default() += 1;
        }
        match &trial.verdict {
            Verdict::Agreed => Ok(()),
            Verdict::Diverged(divergence) => {
                if let Some(known) = divergence.known {
                    self.count(known, shared);
                    return Ok(());
                }
                if self.met.contains(&divergence.signature) {
                    self.tally.repeated += 1;
                    return Ok(());
                }
                let signature = divergence.signature.clone();
                if self.vain.get(&signature).is_some_and(|&times| times >= VAIN_LOOKS) {
                    self.tally.repeated += 1;
                    return Ok(());
                }
                self.look_into(trial, signature, shared)
            }
        }
    }

    fn count(&mut self, quirks: QuirkSet, shared: &Shared<'_>) {
        for quirk in quirks.iter() {
            *self.tally.known.entry(quirk).or_default() += 1;
            shared.watcher.known(quirk);
        }
    }

    fn look_into(
        &mut self,
        trial: &Trial,
        signature: Signature,
        shared: &Shared<'_>,
    ) -> Result<(), CampaignError> {
        match investigate(&mut self.runner, trial, &shared.stop)? {
            Investigation::Confirmed(finding) => {
                self.met.insert(signature);
                self.met.insert(finding.signature.clone());
                if !shared.store.keep(*finding, shared.watcher) {
                    self.tally.repeated += 1;
                }
            }
            Investigation::Known(quirks) => {
                self.count(quirks, shared);
            }
            Investigation::Unconfirmed => {
                self.tally.unconfirmed += 1;
                *self.vain.entry(signature).or_default() += 1;
                shared.store.keep_unconfirmed(trial, shared.watcher);
            }
        }
        Ok(())
    }
}

/// Ends the campaign when it goes.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The kernel for a subject that may not lock memory without limit.
fn without_ipc_lock(profile: &Profile) -> Arc<Profile> {
    let privilege = Privilege { ipc_lock: false, ..profile.privilege };
    Arc::new(Profile { privilege, ..profile.clone() })
}

/// Whether reading a page back from swap may be a bug of the kernel that ends in a panic
/// (`BUG_ON` in `__folio_set_anon`): in memory that lost its anon_vma.
fn panics_with_swap(profile: &Profile) -> bool {
    let bugs = QuirkSet::of_version(profile.version);
    profile.settings.swap == Swap::Memory && bugs.contains(Quirk::MoveForgetsAnonVma)
}

/// What programs stay away from on a runner's kernel, which has fewer bugs than its
/// version may have.
pub fn avoid_on(runner: &mut Runner) -> Avoid {
    let mut avoid = avoid(runner.profile());
    if panics_with_swap(runner.profile()) {
        avoid.pageout = runner.known_bugs().contains(Quirk::MoveForgetsAnonVma);
    }
    avoid
}

/// What programs stay away from on this kernel.
pub fn avoid(profile: &Profile) -> Avoid {
    Avoid {
        pageout: profile.settings.swap == Swap::Disk || panics_with_swap(profile),
        mergeable: profile.settings.ksm_runs,
        hard_limits: !profile.privilege.sys_resource,
        ..Avoid::default()
    }
}
