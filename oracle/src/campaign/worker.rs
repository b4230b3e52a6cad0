//! One thread of a campaign.

use super::block::{Block, Circumstances, Stream};
use super::store::{Found, VARIANTS};
use super::{investigate, CampaignError, Finding, Investigation, Options, Run, Shared};
use crate::compare::{Outline, Signature};
use crate::generate::{exec_start, Avoid, Fence, Generator, Seeded, Shape, Theme};
use crate::observe::Capabilities;
use crate::run::{Feed, Observe, RunError, Runner, Trial, Verdict};
use crate::subject::Config;
use mm_reference::model::{CannotPredict, System};
use mm_reference::op::{Layout, Op, Start};
use mm_reference::profile::{Capability, Profile, Quirk, QuirkSet, Swap};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// How many times in a row a subject may be lost before the worker gives up.
const LOSSES: u32 = 20;

/// How often a worker looks into divergences with a signature that never showed
/// again: one of them may yet be real.
const VAIN_LOOKS: u32 = 25;

/// What a worker counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) operations: u64,
    pub(crate) programs: u64,
    /// Programs that were run with the system set to something, by what that concerns.
    pub(crate) settings: BTreeMap<String, u64>,
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
    options: &'a Options,
    /// The kernel as it was found.
    kernel: Arc<Profile>,
    runner: Runner,
    tally: Tally,
    /// Subjects lost in a row.
    losses: u32,
    /// Signatures of findings.
    met: HashSet<Signature>,
    /// Whether these are looked into again in this block.
    looks_again: bool,
    /// The shapes of this block's findings.
    outlines: HashMap<Signature, Vec<Outline>>,
    /// How often a signature was looked into and did not show again.
    vain: HashMap<Signature, u32>,
}

/// Operations made up while the program runs.
pub(crate) struct Generated<'f> {
    generator: Generator<'f>,
    source: Seeded,
    seed: u64,
    number: Option<u64>,
}

impl<'f> Generated<'f> {
    /// The program with this seed, from the state in which programs start.
    pub(crate) fn new(seed: u64, shape: Shape, fence: &'f Fence, fresh: &System) -> Self {
        let mut source = Seeded::new(seed);
        let generator = Generator::new(shape, fence, &mut source, fresh);
        Generated { generator, source, seed, number: None }
    }

    /// It has this number in the campaign.
    pub(crate) fn numbered(self, number: u64) -> Self {
        Generated { number: Some(number), ..self }
    }

    /// What the program dwells on.
    #[cfg(test)]
    pub(crate) fn theme(&self) -> Theme {
        self.generator.theme()
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

    fn number(&self) -> Option<u64> {
        self.number
    }
}

impl<'a> Worker<'a> {
    pub(crate) fn new(
        cpu: Option<usize>,
        options: &'a Options,
        kernel: Arc<Profile>,
        caps: Capabilities,
    ) -> Worker<'a> {
        let config = Config { cpu, ..Config::default() };
        let mut runner = Runner::new(config, kernel.clone(), caps);
        if let Some(control) = &options.control {
            runner.set_control(control.clone());
        }
        Worker {
            options,
            kernel,
            runner,
            tally: Tally::default(),
            losses: 0,
            met: HashSet::new(),
            looks_again: false,
            outlines: HashMap::new(),
            vain: HashMap::new(),
        }
    }

    /// Runs programs until the campaign ends.
    pub(crate) fn work(mut self, shared: &Shared<'_>) -> (Tally, Result<(), CampaignError>) {
        // one worker that cannot go on ends the campaign, even by a panic
        let guard = StopOnDrop(&shared.over);
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
        while let Some(block) = shared.claim() {
            let control = self.options.control.clone();
            let circumstances = Circumstances::of(self.options.seed, &block, control.as_deref());
            let profile = circumstances.settings.apply(self.kernel.clone());
            let words = &circumstances.settings.0 .0;
            let lasting = |profile: &Profile| {
                let lasting = control.as_ref().map(|control| control.lasting(profile));
                lasting.transpose().map_err(RunError::Settings)
            };
            if !words.is_empty() {
                // as long as everything is as it was found
                let _usual = lasting(&self.kernel)?;
                self.runner.known_bugs();
            }
            self.runner.resettle(profile.clone());
            self.runner.restart(circumstances.privilege);
            let _lasting = lasting(&profile)?;
            let before = self.tally.programs;
            self.run_block(block, shared)?;
            for word in words {
                let count = self.tally.programs - before;
                *self.tally.settings.entry(word.kind()).or_default() += count;
            }
            // what is restored now is not for the subject of before
            self.runner.discard();
        }
        Ok(())
    }

    /// Runs the programs of a block.
    fn run_block(&mut self, block: Block, shared: &Shared<'_>) -> Result<(), CampaignError> {
        self.looks_again = block.looks_again();
        self.outlines.clear();
        let avoid = avoid_on(&mut self.runner);
        let mut done = Vec::new();
        let mut usual: Option<(Layout, Fence)> = None;
        for number in block.programs {
            if !shared.begin() {
                break;
            }
            self.tally.programs += 1;
            let seed = Stream::Programs.seed(self.options.seed, number);
            let theme = self.options.theme.or(Theme::of_program(number));
            let fill = theme == Some(Theme::Fill);
            let shape = Shape { max_ops: self.options.max_ops, avoid, theme, ..Shape::default() };
            // tens of thousands of operations are not looked at one by one
            let observe = if fill { Observe::End } else { self.options.observe };
            // an execve happens before the commit limit of a block is in force
            let overcommits = self.runner.profile().settings.overcommit < 2;
            let execs = overcommits && Theme::begins_by_exec(theme, number);
            let start = if execs { exec_start(&mut Seeded::new(seed)) } else { Start::Plain };
            let begun = self.runner.begin_by(start, &mut done).map(drop);
            self.after(begun)?;
            let fresh = match self.runner.fresh() {
                Ok(fresh) => fresh,
                Err(error) => {
                    self.lose(error)?;
                    continue;
                }
            };
            // what cannot be unmapped is elsewhere where addresses are random
            let layout = *fresh.layout();
            let known = usual.take().filter(|(known, _)| *known == layout);
            let (_, fence) = usual.insert(known.unwrap_or_else(|| (layout, Fence::of(fresh))));
            let mut feed = Generated::new(seed, shape, fence, fresh).numbered(number);
            let submitted = self.runner.submit(&mut feed, observe, &mut done);
            self.after(submitted)?;
            self.judge_all(&mut done, shared)?;
        }
        let flushed = self.runner.flush(&mut done);
        self.after(flushed)?;
        self.judge_all(&mut done, shared)?;
        // what the log says when the last subject has ended counts as well
        self.runner.discard();
        self.judge_all(&mut done, shared)
    }

    /// Counts what was lost.
    fn after(&mut self, ran: Result<(), RunError>) -> Result<(), CampaignError> {
        match ran {
            Ok(()) => {
                self.losses = 0;
                Ok(())
            }
            Err(error) => self.lose(error),
        }
    }

    fn judge_all(
        &mut self,
        done: &mut Vec<Trial>,
        shared: &Shared<'_>,
    ) -> Result<(), CampaignError> {
        done.extend(self.runner.take_left());
        if done.iter().any(|trial| trial.divergence().is_some()) {
            // looking into it starts with another subject; what is queued comes first
            let flushed = self.runner.flush(done);
            self.after(flushed)?;
        }
        for trial in done.drain(..) {
            self.judge(&trial, shared)?;
            self.runner.recycle(trial);
        }
        Ok(())
    }

    /// A subject that could not be run: goes on with another, up to a point.
    fn lose(&mut self, error: RunError) -> Result<(), CampaignError> {
        self.losses += 1;
        if self.losses >= LOSSES {
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
        self.count(trial.known(), shared);
        match &trial.verdict {
            Verdict::Agreed => Ok(()),
            Verdict::Diverged(divergence) => {
                if self.is_repeated(trial, &divergence.signature)? {
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

    /// Whether a divergence is as good as one that is a finding already. Where findings of
    /// other blocks do not count, one of this block does, if the program does all that that
    /// one takes.
    fn is_repeated(&mut self, trial: &Trial, signature: &Signature) -> Result<bool, RunError> {
        if !self.looks_again {
            return Ok(self.met.contains(signature));
        }
        let Some(outlines) = self.outlines.get(signature) else { return Ok(false) };
        let outline = Outline::of(self.runner.fresh()?, &trial.ops);
        Ok(outlines.len() >= VARIANTS || outline.contains_any(outlines))
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
        let apart = self.outlines.get(&signature).map_or(&[][..], Vec::as_slice);
        match investigate(&mut self.runner, trial, apart, &shared.stop)? {
            Investigation::Confirmed(finding) => {
                let outline = Outline::of(&finding.start, &finding.ops);
                let both = HashSet::from([signature, finding.signature.clone()]);
                for signature in both {
                    self.outlines.entry(signature.clone()).or_default().push(outline.clone());
                    self.met.insert(signature);
                }
                let run = Run { program: trial.number, ..self.options.run() };
                let finding = Finding { run: Some(run), ..*finding };
                let found = Found { finding, outline, looked_again: self.looks_again };
                if !shared.store.keep(found, shared.watcher) {
                    self.tally.repeated += 1;
                }
                if self.options.until_found {
                    shared.over.store(true, Ordering::Relaxed);
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
        hard_limits: !profile.privilege.has(Capability::SysResource),
        low: Path::new("/sys/fs/selinux/enforce").exists(),
        ..Avoid::default()
    }
}
