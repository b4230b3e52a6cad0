//! Runs programs in the loop that forks a process for each and compares nothing.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::consts::*;
use mm_reference::op::{Op, Outcome};
use mm_reference::snapshot::decimal_digits;

use super::batch::{syscall, Answers, Batch};
use super::error::SubjectError;
use super::{launch, Config, Subject};
use crate::protocol::{self, bare, RawOp};

/// Where the loop's own memory is, which its children do not have.
const MEMORY: u64 = 0x10_0000_0000;
/// Bytes of the buffer that files are read into, at the start of the memory.
const BUFFER_SIZE: u64 = 256 << 10;
const REQUEST: u64 = MEMORY + BUFFER_SIZE;
const INPUT: u64 = REQUEST + PAGE_SIZE;
/// Bytes of the programs of one run.
const INPUT_SIZE: u64 = 4 << 20;
/// The number of the loop's children.
const CHILD: usize = 1;

/// What is read of a process besides its texts, as start and end.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// Bytes of smaps that are read, but for the digits of the arena's inode number;
    /// `None` if it is all.
    pub smaps: Option<u64>,
    /// Pages whose pagemap entries are read, one read each.
    pub windows: Vec<(u64, u64)>,
    /// Pages that are scanned.
    pub empty: Vec<(u64, u64)>,
    /// Pages whose contents are read.
    pub contents: Vec<(u64, u64)>,
}

/// A subject that forks a process for every program.
#[derive(Debug)]
pub struct Bare {
    subject: Subject,
    memory: File,
}

impl Bare {
    /// Starts it.
    ///
    /// # Errors
    /// As [`Subject::start`].
    pub fn start(config: &Config) -> Result<Bare, SubjectError> {
        let mut subject = Subject::start_as(launch::SUBJECT_BARE, config)?;
        let size = BUFFER_SIZE + PAGE_SIZE + INPUT_SIZE;
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE;
        let prot = PROT_READ | PROT_WRITE;
        let dont_fork = [MEMORY, size, MADV_DONTFORK as u64, 0, 0, 0];
        let results = subject.execute_raw([
            syscall(libc::SYS_mmap, [MEMORY, size, prot, flags, u64::MAX, 0]),
            syscall(libc::SYS_madvise, dont_fork),
        ])?;
        if results.map(|r| r.value) != [MEMORY, 0] {
            return Err(failed(std::io::Error::other("no memory of its own")));
        }
        let pid = subject.pid(super::FIRST).ok_or(SubjectError::Dead)?;
        let path = format!("/proc/{pid}/mem");
        let memory = File::options().read(true).write(true).open(path).map_err(failed)?;
        Ok(Bare { subject, memory })
    }

    /// Appends a program of one process to `programs`; `false` if it does not
    /// fit into one batch.
    ///
    /// # Errors
    /// When an operation has no form that the subject understands.
    pub fn encode(
        &self,
        ops: &[Op],
        look: &Look,
        programs: &mut Vec<u8>,
    ) -> Result<bool, SubjectError> {
        let arena = &self.subject.arena;
        // the first one is the loop's own
        let mut batch = Batch::new(self.subject.info.layout);
        batch.len = 1;
        for op in ops {
            if batch.push(arena, &op.call, CHILD)?.is_none() {
                return Ok(false);
            }
        }
        let Look { smaps, windows, empty, contents } = look;
        let digits = decimal_digits(self.subject.info.arena_inode);
        let smaps = smaps.map_or(0, |length| length as usize + digits);
        let head = [ops.len(), batch.names, windows.len(), empty.len(), contents.len(), smaps];
        programs.extend(head.into_iter().flat_map(|number| (number as u32).to_ne_bytes()));
        for op in (1..batch.len).map(|i| arena.op(i)) {
            programs.extend(op.kind.to_ne_bytes());
            programs.extend(op.nr.to_ne_bytes());
            programs.extend(op.args.into_iter().flat_map(u64::to_ne_bytes));
        }
        programs.extend((0..batch.names).flat_map(|i| arena.name(i)));
        let entry = |&(start, end): &(u64, u64)| (start / PAGE_SIZE * 8, end / PAGE_SIZE * 8);
        let windows = windows.iter().map(entry);
        for (start, end) in windows.chain(empty.iter().chain(contents).copied()) {
            programs.extend([start, end - start].into_iter().flat_map(u64::to_ne_bytes));
        }
        Ok(true)
    }

    /// Runs encoded programs; answers how long that took.
    ///
    /// # Errors
    /// When one of them could not be run or observed.
    pub fn run(&mut self, programs: &[u8], count: usize) -> Result<Duration, SubjectError> {
        if programs.len() as u64 > INPUT_SIZE {
            return Err(failed(std::io::Error::other("too many programs at once")));
        }
        let request = [INPUT, count as u64, MEMORY, BUFFER_SIZE];
        let request: Vec<u8> = request.into_iter().flat_map(u64::to_ne_bytes).collect();
        self.memory.write_all_at(&request, REQUEST).map_err(failed)?;
        self.memory.write_all_at(programs, INPUT).map_err(failed)?;
        let op = RawOp { kind: bare::LOOP, nr: 0, args: [REQUEST, 0, 0, 0, 0, 0] };
        let started = Instant::now();
        let [done] = self.subject.execute_raw([op])?;
        let time = started.elapsed();
        if done.value != count as u64 {
            let text = format!("it failed at program {} of {count}", done.value);
            return Err(failed(std::io::Error::other(text)));
        }
        Ok(time)
    }

    /// What the operations of the last program answered; `None` where that
    /// makes no sense.
    pub fn outcomes(&self, ops: &[Op]) -> Vec<Option<Outcome>> {
        let mut answers = Answers::from(&self.subject.arena, 1);
        ops.iter().map(|op| answers.next(&op.call)).collect()
    }
}

const _: () = assert!(size_of::<bare::Program>() == 24 && size_of::<bare::Request>() == 32);
const _: () = assert!(INPUT % PAGE_SIZE == 0 && protocol::PROCESSES > CHILD);

fn failed(source: std::io::Error) -> SubjectError {
    SubjectError::System { what: "run the loop without a model", source }
}
