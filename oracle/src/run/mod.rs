//! Runs programs on the model and on the kernel, side by side.
//!
//! A [`Runner`] belongs to one thread. It keeps a subject alive from program to
//! program and returns it to its initial state in between, which the model
//! predicts as well; a subject that cannot be returned is replaced.
//!
//! Since all of it is predicted, the subject need not be waited for: programs
//! are queued, with looks at itself and with what undoes them, and run in one go
//! ([`Runner::submit`], [`Runner::flush`]). Only while a program has several
//! processes does the worker go along step by step (`direct`).

mod again;
mod counts;
mod direct;
mod ear;
mod error;
mod explain;
mod flight;
mod further;
mod known;
pub(crate) mod limits;
mod moves;
mod places;
mod record;
mod reset;
mod seed;
#[cfg(test)]
mod tests;
mod trial;
mod verify;

pub use error::RunError;
pub use record::Recorder;
pub use seed::seed;
pub use trial::{Divergence, Feed, Met, Observe, Replay, Seen, Step, Trial, Verdict};

use crate::compare::{Comparer, Difference, Signature};
use crate::observe::{
    oom_kills, Capabilities, Decoders, FrameFlags, KernelLog, ObserveError, ProcFiles, SystemFiles,
};
use crate::profile::committed;
use crate::protocol::RawOp;
use crate::settings::{between, Control};
use crate::subject::{Config, Death, Subject, SubjectError};
use counts::Ledger;
use ear::{Ear, Log};
use flight::{Flight, Item, Look};
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, Outcome, ProcessId, Start, MAX_PROCESSES};
use mm_reference::profile::{Privilege, Profile, QuirkSet, Settings};
use mm_reference::snapshot::{ProcessPlan, ProcessSnapshot, SmapsEntry, Snapshot};
use mm_reference::text::{Requirement, Requires};
use moves::Moves;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many programs one subject serves: bounds what an unnoticed leftover of
/// one program can do to later ones.
const PROGRAMS_PER_SUBJECT: u32 = 4096;

/// What has more elements than this is rare, and its memory is not kept.
const LARGE: usize = 4096;

impl Buffers {
    /// Gives back what only a program up to the limit of mappings needs.
    fn forget_what_is_large(&mut self) {
        let Buffers { expected, actual, .. } = self;
        if expected.processes.iter().chain(&actual.processes).any(|p| p.maps.len() > LARGE) {
            *self = Buffers::default();
        }
    }

    /// Makes both snapshots as many processes, whose memory may be there already.
    fn make_room(&mut self, processes: usize) {
        let Buffers { expected, actual, spare, .. } = self;
        for Snapshot { processes: known } in [expected, actual] {
            spare.extend(known.drain(processes.min(known.len())..));
            while known.len() < processes {
                known.push(spare.pop().unwrap_or_default());
            }
        }
    }

    fn keep_undo(&mut self, undo: Vec<Op>) {
        if self.undos.len() < RECYCLED {
            self.undos.push(undo);
        }
    }
}

/// How many trials are kept for their memory.
const RECYCLED: usize = 64;

/// Runs programs, one after the other.
pub struct Runner {
    config: Config,
    profile: Arc<Profile>,
    /// The capabilities that mmdiff itself has to give.
    available: Privilege,
    caps: Capabilities,
    /// What could be observed when the system was as it was found.
    usual_caps: Capabilities,
    /// What settings of the system may be changed, if any.
    control: Option<Arc<Control>>,
    /// What the present ones are, for programs to say.
    asks: Requires,
    /// Whether flags of frames are looked at wherever possible.
    scrutinizes: bool,
    frame_flags: Option<FrameFlags>,
    /// Processes that the kernel had killed for want of memory when the subject
    /// was started.
    oom_kills: Option<u64>,
    ear: Ear,
    /// What the system counts, where that is compared.
    ledger: Option<Ledger>,
    /// The known bugs that this kernel has, as far as that was found out.
    known_bugs: Option<QuirkSet>,
    /// See [`Runner::take_left`].
    left: Vec<Trial>,
    recorder: Option<Box<dyn Recorder>>,
    live: Option<Live>,
    comparer: Comparer,
    moves: Moves,
    decoders: Decoders,
    buffers: Buffers,
}

/// Memory that is used again and again.
#[derive(Default)]
struct Buffers {
    expected: Snapshot,
    actual: Snapshot,
    /// Of processes that are not at hand.
    spare: Vec<ProcessSnapshot>,
    plans: Vec<ProcessPlan>,
    outcomes: Vec<Outcome>,
    output: Vec<u8>,
    requests: Vec<RawOp>,
    looks: Vec<Look>,
    trials: Vec<Trial>,
    /// What undid programs that are done with.
    undos: Vec<Vec<Op>>,
}

/// A running subject and what the model knows of it.
struct Live {
    subject: Subject,
    files: [Option<ProcFiles>; MAX_PROCESSES],
    seed: Seed,
    /// The state at the start of the last program.
    start: System,
    /// The state when all that is queued is done.
    next: System,
    /// The same without the known bugs that the program that is being made has met.
    right: Option<System>,
    /// The capabilities that mmdiff has and the subject has not.
    given_up: Privilege,
    /// What the last program that is done with did, and how it was undone.
    before: Vec<Op>,
    programs: u32,
    /// The system's counts were looked at where the program that is being made has ended.
    counted: bool,
    /// Programs since the worker itself looked at the flags of frames.
    unseen: u32,
    /// The programs that are not done with, the one that is being made last.
    flights: VecDeque<Flight>,
    /// The number of the first of them.
    first: usize,
    /// Whether what is queued ends on another CPU than the worker's.
    is_away: bool,
    /// Whether the arena was locked after the last operation.
    was_locked: bool,
    /// What is queued, in order.
    items: Vec<Item>,
    /// The looks among it.
    looks: VecDeque<Look>,
    /// Bytes that its looks may need.
    bytes: u64,
}

impl Runner {
    /// A runner for the kernel that `profile` describes, whose subjects have the capabilities
    /// that it says.
    pub fn new(config: Config, profile: Arc<Profile>, caps: Capabilities) -> Runner {
        let log = caps.kernel_log.then(KernelLog::open).and_then(Result::ok);
        let log = log.map(|log| Box::new(log) as Box<dyn Log>);
        let counts = if caps.system_counts { SystemFiles::open().ok() } else { None };
        Runner {
            config: Config { privilege: profile.privilege, ..config },
            available: profile.privilege,
            profile,
            scrutinizes: false,
            frame_flags: caps.parts.page_flags.then(FrameFlags::open).and_then(Result::ok),
            oom_kills: None,
            usual_caps: caps.clone(),
            caps,
            ear: Ear::new(log),
            ledger: counts.map(Ledger::new),
            left: Vec::new(),
            control: None,
            asks: Requires::default(),
            known_bugs: None,
            recorder: None,
            live: None,
            comparer: Comparer::default(),
            moves: Moves::new(),
            decoders: Decoders::default(),
            buffers: Buffers::default(),
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

    /// Whether to look at everything at every observation, the flags of the frames of
    /// all pages among it; otherwise at those of some pages of each process at the end
    /// of some programs. Answers what was the case before.
    pub fn scrutinize(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.scrutinizes, on)
    }

    /// Whether the subject is gone because memory ran out, which says nothing
    /// about the rules: how much there is depends on the system and its load.
    fn is_out_of_memory(&self, error: &SubjectError) -> bool {
        let how = Death::Killed(libc::SIGKILL);
        let gone =
            matches!(error, SubjectError::Died { how: h, .. } if *h == how || *h == Death::Unknown);
        gone && self.oom_kills.is_some_and(|before| oom_kills() > Some(before))
    }

    /// Takes back a trial that nobody needs any more, for its memory.
    pub fn recycle(&mut self, mut trial: Trial) {
        if self.buffers.trials.len() < RECYCLED && trial.ops.capacity() <= LARGE {
            trial.clear();
            self.buffers.trials.push(trial);
        }
    }

    /// How much of smaps a look reads where these are its entries; `None` if all of it.
    pub fn smaps_length(&self, entries: &[SmapsEntry]) -> Option<u64> {
        self.decoders.smaps_length(entries)
    }

    /// The kernel's id of the process that runs programs, if there is one.
    pub fn subject_pid(&self) -> Option<i32> {
        self.live.as_ref()?.subject.pid(ProcessId(0))
    }

    /// Forgets the running subject and all that is queued, so that the next
    /// program meets a fresh one.
    pub fn discard(&mut self) {
        self.end();
    }

    /// Gives up the running subject, and what is queued with it. The next ones start with
    /// these capabilities, as far as mmdiff has them.
    pub fn restart(&mut self, privilege: Privilege) {
        let privilege = privilege.and(self.available);
        if privilege != self.profile.privilege {
            self.profile = Arc::new(Profile { privilege, ..(*self.profile).clone() });
        }
        self.config.privilege = privilege;
        self.end();
    }

    /// Gives the subjects of the next programs the capabilities that a program requires, and
    /// answers what of its requirements is not met all the same. What is queued is run
    /// first if need be, and appended to `done`.
    ///
    /// # Errors
    /// As [`Runner::flush`].
    pub fn meet(
        &mut self,
        requires: &Requires,
        done: &mut Vec<Trial>,
    ) -> Result<Option<Requirement>, RunError> {
        let privilege = requires.privilege(self.available);
        if privilege != self.profile.privilege {
            self.flush(done)?;
            self.restart(privilege);
        }
        Ok(requires.unmet(&self.profile))
    }

    /// Gives up the running subject, and what is queued with it. The next ones meet a system
    /// that is set to what this profile says; all else is as before.
    pub fn resettle(&mut self, profile: Arc<Profile>) {
        self.end();
        if let Some(ledger) = &mut self.ledger {
            ledger.forget();
        }
        self.config.privilege = profile.privilege;
        self.adopt(profile);
    }

    /// The kernel as it was found, with all capabilities that mmdiff has to give; but for what
    /// cannot be set back between two programs ([`Control::lasting`]).
    pub fn usual(&self) -> Profile {
        let mut usual = Profile { privilege: self.available, ..(*self.profile).clone() };
        if let Some(control) = &self.control {
            let base = control.base();
            let swap = usual.settings.swap;
            usual.settings = Settings { swap, ..base.settings };
        }
        usual
    }

    /// Lets the system be set to what the profile says, while programs run and as far as it
    /// differs from what the system was found with.
    pub fn set_control(&mut self, control: Arc<Control>) {
        self.control = Some(control);
    }

    /// What settings of the system may be changed.
    pub fn control(&self) -> Option<&Arc<Control>> {
        self.control.as_ref()
    }

    fn adopt(&mut self, profile: Arc<Profile>) {
        if let Some(control) = &self.control {
            self.asks = between(control.base(), &profile);
        }
        let wrong_flags = self.caps.wrong_flags;
        self.caps = Capabilities { wrong_flags, ..self.usual_caps.under(&profile) };
        let cpu = self.config.cpu.filter(|_| profile.settings.moves);
        // in a guest they are numbered from 0
        self.config.away = cpu.map(|cpu| usize::from(cpu == 0));
        self.profile = profile;
    }

    /// Changes the kernel that the model imitates; the subject is started anew.
    pub fn set_profile(&mut self, profile: Arc<Profile>) {
        self.resettle(profile);
        self.known_bugs = None;
    }

    /// How the subjects of the next programs begin.
    pub fn start(&self) -> Start {
        self.config.start
    }

    /// Changes how the subjects of the next programs begin, and answers how they
    /// did before. What is queued is run first, and appended to `done`.
    ///
    /// # Errors
    /// As [`Runner::flush`].
    pub fn begin_by(&mut self, start: Start, done: &mut Vec<Trial>) -> Result<Start, RunError> {
        if start != self.config.start {
            self.flush(done)?;
            self.end();
        }
        Ok(std::mem::replace(&mut self.config.start, start))
    }

    /// What the model knows of the subject that runs the next program; starts one
    /// if none runs.
    ///
    /// # Errors
    /// As [`Runner::fresh`].
    pub fn seed(&mut self) -> Result<&Seed, RunError> {
        self.fresh()?;
        Ok(&self.live()?.seed)
    }

    /// The state in which the next program starts: starts a subject if none runs.
    ///
    /// # Errors
    /// When no subject can be started or observed.
    pub fn fresh(&mut self) -> Result<&System, RunError> {
        if !self.is_usable() {
            self.replace()?;
        }
        Ok(&self.live()?.next)
    }

    fn live(&mut self) -> Result<&mut Live, RunError> {
        self.live.as_mut().ok_or(RunError::Subject(SubjectError::Dead))
    }

    fn is_usable(&self) -> bool {
        self.live.as_ref().is_some_and(|l| {
            !l.flights.is_empty() || l.programs < PROGRAMS_PER_SUBJECT && l.subject.is_alive()
        })
    }

    /// Starts another subject.
    fn replace(&mut self) -> Result<(), RunError> {
        self.end();
        self.comparer.forget();
        self.forget_record();
        self.oom_kills = oom_kills();
        // what others did is not its doing
        self.ear.listen();
        let settings = &self.profile.settings;
        let in_force = self.control.as_ref().map(|c| c.while_starting(settings)).transpose()?;
        let subject = Subject::start(&self.config)?;
        drop(in_force);
        if self.profile.settings.overcommit > 1 {
            subject.reserve_output()?;
        }
        let mut first = files_of(&subject, ProcessId(0))?;
        let seed = seed(&subject, &mut first)?;
        let start = System::new(self.profile_now(), &seed);
        let files = [Some(first), None, None, None];
        let next = start.clone();
        if let Some(ledger) = &mut self.ledger {
            ledger.starts(&seed);
        }
        self.live = Some(Live {
            subject,
            files,
            seed,
            start,
            next,
            right: None,
            given_up: self.available.minus(self.profile.privilege),
            before: Vec::new(),
            programs: 0,
            counted: false,
            unseen: flight::LONG_AGO,
            flights: VecDeque::new(),
            first: 0,
            is_away: false,
            was_locked: false,
            items: Vec::new(),
            looks: VecDeque::new(),
            bytes: 0,
        });
        Ok(())
    }

    /// The kernel as the subject meets it that was just started.
    fn profile_now(&self) -> Arc<Profile> {
        let mut profile = self.profile.clone();
        if profile.settings.overcommit > 1 {
            // if the system does not say, all is said to be committed, and nothing predicted
            let others = committed().unwrap_or(u64::MAX);
            Arc::make_mut(&mut profile).settings.commit.others = others;
        }
        profile
    }

    /// Runs one program, operation by operation as `feed` gives them, after all
    /// that is queued.
    ///
    /// # Errors
    /// When no subject can be started, or the observer itself fails. A subject
    /// that dies during the program is a verdict, not an error.
    pub fn run(&mut self, feed: &mut dyn Feed, observe: Observe) -> Result<Trial, RunError> {
        let mut done = Vec::new();
        self.submit(feed, observe, &mut done)?;
        self.flush(&mut done)?;
        done.pop().ok_or(RunError::Subject(SubjectError::Dead))
    }

    /// As [`Runner::run`], but the subject ends with the program, and what the kernel's log
    /// says when it has ended belongs to the program.
    ///
    /// # Errors
    /// Those of [`Runner::run`].
    pub fn run_out(&mut self, feed: &mut dyn Feed, observe: Observe) -> Result<Trial, RunError> {
        let others = self.take_left();
        let mut trial = self.run(feed, observe)?;
        self.end();
        let said = std::mem::replace(&mut self.left, others);
        trial.add_left(said);
        Ok(trial)
    }

    /// Runs a program that is there already, looked at as closely as does not take too
    /// long ([`Observe::closest`]).
    ///
    /// # Errors
    /// Those of [`Runner::run`].
    pub fn run_closely(&mut self, ops: &[Op]) -> Result<Trial, RunError> {
        let observe = Observe::closest(self.fresh()?, ops);
        self.run(&mut Replay::new(ops), observe)
    }
}

/// Opens the files of a process of the subject.
pub(crate) fn files_of(subject: &Subject, process: ProcessId) -> Result<ProcFiles, RunError> {
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
