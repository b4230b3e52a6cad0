//! The subject: the processes in which programs are executed.
//!
//! A worker thread owns one [`Subject`] and shares a CPU with it. Operations go
//! through the [`arena`](crate::protocol) in batches; a batch ends where another
//! process takes over, where one is forked or ends, and where the CPU's batches
//! of pages have to be emptied so that the next observation is exact.
//! What the first process does alone can be queued instead, with looks at itself,
//! and runs at a stretch ([`Subject::queue`]).

mod arena;
mod bare;
mod batch;
mod error;
mod launch;
mod long_name;
mod privilege;
mod queue;
mod start;
mod strings;
mod wait;

pub use bare::{Bare, Look};
pub use batch::Answers;
pub use error::{Death, SubjectError};
pub use queue::{Queued, Ran};
pub use start::StartInfo;
pub use strings::ExecInfo;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use mm_reference::errno::Errno;
use mm_reference::op::{Call, Layout, Op, Outcome, ProcessId, Start, MAX_PROCESSES};
use mm_reference::profile::Privilege;

use crate::protocol::{self, RawOp, RawResult};
use crate::sys::{self, Mapping};
use arena::Arena;
use batch::{Batch, Cut};

const _: () = assert!(protocol::PROCESSES == MAX_PROCESSES);

const FIRST: ProcessId = ProcessId(0);

/// How to start a subject.
#[derive(Clone, Debug)]
pub struct Config {
    /// The CPU to which the calling thread and the subject are pinned; `None`
    /// leaves the thread where it may run now, which makes some of what is
    /// observed a matter of chance.
    pub cpu: Option<usize>,
    /// Another CPU, on which the subject makes the calls of what it does alone, while it
    /// accesses memory on its own.
    pub away: Option<usize>,
    /// How long a batch may take.
    pub timeout: Duration,
    /// The capabilities that it keeps, of those that its starter has; of those that memory
    /// management does not ask for it keeps none.
    pub privilege: Privilege,
    /// How it begins.
    pub start: Start,
}

impl Default for Config {
    /// Pinned to the first CPU that may be used: what waits in the batches of
    /// another CPU cannot be drained.
    fn default() -> Config {
        let cpu = sys::allowed_cpus().first().copied();
        // the first process is that of a guest, where all is slower
        let first = std::process::id() == 1;
        let timeout = Duration::from_secs(if first { 60 } else { 10 });
        Config { cpu, away: None, timeout, privilege: Privilege::ALL, start: Start::Plain }
    }
}

/// How the first process gets back to the state in which it started.
#[derive(Clone, Debug, Default)]
pub struct ResetPlan {
    /// Operations of the first process, none of which may fail.
    pub ops: Vec<Op>,
}

/// The first process and the children that the current program has forked.
///
/// Belongs to the thread that started it: the subject dies with that thread.
#[derive(Debug)]
pub struct Subject {
    arena: Arena,
    info: StartInfo,
    timeout: Duration,
    processes: [Option<Process>; MAX_PROCESSES],
    forked: usize,
    queue: Batch,
    scratch: Mapping,
}

#[derive(Debug)]
struct Process {
    pid: i32,
    pidfd: OwnedFd,
}

impl Subject {
    /// Starts a subject whose address space is as [`StartInfo`] says.
    pub fn start(config: &Config) -> Result<Subject, SubjectError> {
        Subject::start_as(launch::SUBJECT, config)
    }

    fn start_as(executable: &[u8], config: &Config) -> Result<Subject, SubjectError> {
        let failed = |what| move |source| SubjectError::Start { what, source };
        if let Some(cpu) = config.cpu {
            sys::pin(cpu).map_err(failed("pin the thread to its CPU"))?;
        }
        let arena = Arena::new().map_err(failed("make the arena"))?;
        let scratch = Mapping::anonymous(protocol::PAGE).map_err(failed("map a page"))?;
        let pid = launch::launch(executable, &arena, config.start)?;
        arena.set_first_pid(pid);
        let pidfd = sys::pidfd_open(pid).map_err(|source| {
            // SAFETY: a child that nobody has waited for
            unsafe { libc::kill(pid, libc::SIGKILL) };
            sys::reap(pid);
            failed("watch the process")(source)
        })?;
        let mut subject = Subject {
            arena,
            info: StartInfo::default(),
            timeout: config.timeout,
            processes: [Some(Process { pid, pidfd }), None, None, None],
            forked: 0,
            queue: Batch::default(),
            scratch,
        };
        // if memory runs out, the subject goes first; not being allowed to is no reason to stop
        let _ = std::fs::write(format!("/proc/{pid}/oom_score_adj"), "1000");
        subject.wait_done(FIRST)?;
        subject.info = start::set_up(&mut subject, pid, config.start)?;
        privilege::keep(&mut subject, pid, config.privilege)?;
        subject.queue = Batch::new(subject.info.layout);
        Ok(subject)
    }

    /// Where heap, mappings and stack are.
    pub fn layout(&self) -> Layout {
        self.info.layout
    }

    /// What is known of the first process's address space.
    pub fn start_info(&self) -> &StartInfo {
        &self.info
    }

    /// The kernel's id of a process that lives.
    pub fn pid(&self, process: ProcessId) -> Option<i32> {
        self.process(process).map(|p| p.pid)
    }

    /// Where the memory files are found that it shares with this process or was started from.
    pub fn memory_files(&self) -> Vec<String> {
        let files = [self.arena.file(), self.arena.output_file()];
        let ours = files.map(|file| sys::inherited_path(file.as_fd()));
        let its = self.process(FIRST).map(|first| format!("/proc/{}/exe", first.pid));
        ours.into_iter().chain(its).collect()
    }

    /// Whether the subject can go on.
    pub fn is_alive(&self) -> bool {
        self.process(FIRST).is_some()
    }

    /// Lets it look at itself without asking for memory.
    ///
    /// # Errors
    /// When there is none.
    pub fn reserve_output(&self) -> Result<(), SubjectError> {
        let failed = |source| SubjectError::System { what: "reserve memory for its looks", source };
        self.arena.reserve_output().map_err(failed)
    }

    /// Executes consecutive operations of a program, one outcome each.
    pub fn execute(&mut self, ops: &[Op]) -> Result<Vec<Outcome>, SubjectError> {
        let mut outcomes = Vec::with_capacity(ops.len());
        self.execute_into(ops, &mut outcomes)?;
        Ok(outcomes)
    }

    /// Like [`Subject::execute`], into a vector that is emptied first. After an
    /// error it holds the outcomes of the operations that were completed.
    pub fn execute_into(
        &mut self,
        ops: &[Op],
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), SubjectError> {
        outcomes.clear();
        if !self.is_alive() {
            return Err(SubjectError::Dead);
        }
        let result = self.execute_all(ops, outcomes);
        self.kill_after_failure(result)
    }

    /// Ends the children and returns the first process to its initial state.
    pub fn reset(&mut self, plan: &ResetPlan) -> Result<(), SubjectError> {
        if !self.is_alive() {
            return Err(SubjectError::Dead);
        }
        let is_odd = |op: &&Op| op.process != FIRST || matches!(op.call, Call::Fork | Call::Exit);
        if let Some(op) = plan.ops.iter().find(is_odd) {
            let why = "a reset concerns the first process only";
            return Err(SubjectError::Unrepresentable { call: op.call.name(), why });
        }
        self.end_children()?;
        for (op, outcome) in plan.ops.iter().zip(self.execute(&plan.ops)?) {
            self.undone(&op.call, outcome)?;
        }
        Ok(())
    }

    /// Fails, for good, if an operation that undoes a program did not succeed.
    pub fn undone(&mut self, call: &Call, outcome: Outcome) -> Result<(), SubjectError> {
        let failed = matches!(outcome, Outcome::Error(_) | Outcome::Signal(_));
        let reset = SubjectError::Reset { call: call.name(), outcome };
        self.kill_after_failure(if failed { Err(reset) } else { Ok(()) })
    }

    /// Empties this CPU's batches of pages that are on their way to an LRU list:
    /// those of the subject too, provided that both are pinned.
    pub fn drain(&self) {
        // never touched, so that emptying the batches is all that it does
        self.scratch.advise(libc::MADV_COLD);
    }

    /// Looks whether all processes still live and run.
    pub fn check(&mut self) -> Result<(), SubjectError> {
        let result = (0..MAX_PROCESSES as u8)
            .map(ProcessId)
            .filter(|&p| self.process(p).is_some())
            .try_for_each(|p| self.look_at(p));
        self.kill_after_failure(result)
    }

    /// Ends all processes; [`SubjectError::Dead`] answers what comes later.
    pub fn kill(&mut self) {
        for process in self.processes.iter().skip(1).flatten() {
            sys::pidfd_kill(process.pidfd.as_fd());
        }
        // children leave no zombies as long as the first process is there
        for process in self.processes.iter_mut().skip(1) {
            if let Some(process) = process.take() {
                sys::poll_readable(process.pidfd.as_fd(), self.timeout);
            }
        }
        if let Some(first) = self.processes[0].take() {
            sys::pidfd_kill(first.pidfd.as_fd());
            sys::reap(first.pid);
        }
    }

    fn process(&self, process: ProcessId) -> Option<&Process> {
        self.processes.get(usize::from(process.0))?.as_ref()
    }

    fn kill_after_failure<T>(
        &mut self,
        result: Result<T, SubjectError>,
    ) -> Result<T, SubjectError> {
        if result.as_ref().is_err_and(|e| !e.is_about_program()) {
            self.kill();
        }
        result
    }

    fn execute_all(&mut self, ops: &[Op], outcomes: &mut Vec<Outcome>) -> Result<(), SubjectError> {
        debug_assert!(self.queue.len == 0, "what is queued comes first");
        let mut start = 0;
        while start < ops.len() {
            let process = ops[start].process;
            self.process(process).ok_or(SubjectError::NoProcess(process))?;
            if start > 0 && ops[start - 1].process != process {
                // a batch holds references, for which a page that only this process
                // still maps looks shared, and is copied instead of reused
                self.drain();
            }
            let child = self.forked + 1;
            let mut batch = Batch::new(self.info.layout);
            let (mut end, mut cut) = (start, Cut::None);
            while end < ops.len() && ops[end].process == process && cut == Cut::None {
                let call = &ops[end].call;
                let pushed = refuse(process, call, child)
                    .and_then(|()| batch.push(&self.arena, call, child));
                match pushed {
                    Ok(Some(after)) => cut = after,
                    Ok(None) => break,
                    Err(error) if end == start => return Err(error),
                    // what comes before it is executed first
                    Err(_) => break,
                }
                end += 1;
            }
            if cut == Cut::Fork {
                self.arena.state(child).store(protocol::STARTING, Ordering::Relaxed);
            }
            self.arena.run(usize::from(process.0), batch.len);
            let waited = match cut {
                Cut::Exit => self.wait_gone(process),
                _ => self.wait_done(process),
            };
            let done = match &waited {
                Ok(()) => end - start,
                Err(_) => self.arena.done().min(end - start),
            };
            let mut answers = Answers::from(&self.arena, 0);
            for op in &ops[start..start + done] {
                let nonsense = SubjectError::Nonsense { process, what: "a result of another kind" };
                outcomes.push(match &op.call {
                    Call::Exit => Outcome::Exited,
                    call => answers.next(call).ok_or(nonsense)?,
                });
            }
            waited?;
            match cut {
                Cut::Fork => {
                    let refused = Some(&Outcome::Error(Errno::EAGAIN));
                    if outcomes.last() == refused && sys::processes_are_limited() {
                        outcomes.pop();
                        return Err(SubjectError::NoMoreProcesses);
                    }
                    self.adopt(process, child, outcomes)?;
                }
                Cut::Exit => self.processes[usize::from(process.0)] = None,
                Cut::Drain => self.drain(),
                Cut::None => {}
            }
            start = end;
        }
        Ok(())
    }

    /// Turns the answer of a successful fork into a process of the program.
    fn adopt(
        &mut self,
        parent: ProcessId,
        child: usize,
        outcomes: &mut [Outcome],
    ) -> Result<(), SubjectError> {
        let pid = match outcomes.last() {
            Some(Outcome::Value(pid)) => i32::try_from(*pid).ok().filter(|&pid| pid > 0),
            _ => return Ok(()), // the fork failed
        };
        let what = "a fork that answers no process id";
        let pid = pid.ok_or(SubjectError::Nonsense { process: parent, what })?;
        let process = ProcessId(child as u8);
        let pidfd = sys::pidfd_open(pid).map_err(|source| match source.raw_os_error() {
            Some(libc::ESRCH) => SubjectError::Died { process, how: Death::Unknown },
            _ => SubjectError::System { what: "watch a forked process", source },
        })?;
        self.processes[child] = Some(Process { pid, pidfd });
        self.forked = child;
        self.wait_done(process)?;
        if let Some(last) = outcomes.last_mut() {
            *last = Outcome::Child(process);
        }
        Ok(())
    }

    /// Executes raw operations in the first process.
    fn execute_raw<const N: usize>(
        &mut self,
        ops: [RawOp; N],
    ) -> Result<[RawResult; N], SubjectError> {
        for (i, op) in ops.into_iter().enumerate() {
            self.arena.set_op(i, op);
        }
        self.arena.run(usize::from(FIRST.0), N);
        self.wait_done(FIRST)?;
        Ok(std::array::from_fn(|i| self.arena.result(i)))
    }

    /// Ends what the program has forked.
    pub fn end_children(&mut self) -> Result<(), SubjectError> {
        let result = self.kill_children();
        self.forked = 0;
        self.kill_after_failure(result)
    }

    fn kill_children(&mut self) -> Result<(), SubjectError> {
        for child in 1..MAX_PROCESSES {
            if let Some(process) = &self.processes[child] {
                sys::pidfd_kill(process.pidfd.as_fd());
                self.wait_gone(ProcessId(child as u8))?;
                self.processes[child] = None;
            }
        }
        Ok(())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Refuses what no batch can hold.
fn refuse(process: ProcessId, call: &Call, child: usize) -> Result<(), SubjectError> {
    match call {
        Call::Fork if child >= MAX_PROCESSES => Err(SubjectError::TooManyProcesses),
        Call::Exit if process == FIRST => {
            let why = "the first process never ends";
            Err(SubjectError::Unrepresentable { call: call.name(), why })
        }
        _ => Ok(()),
    }
}
