//! What the first process does at a stretch: operations of one program after the
//! other, with looks at itself in between. Nobody is woken until the queue is done.

use mm_reference::op::consts::MADV_COLD;
use mm_reference::op::Call;
use mm_reference::snapshot::Views;

use super::batch::{range, syscall, Answers, Batch, Cut};
use super::error::SubjectError;
use super::{refuse, Subject, FIRST};
use crate::protocol::{self, files, RawOp};

/// Operations for which there is always room: that which empties the CPU's
/// batches of pages, the look into the log, and that which writes out; and a move to
/// another CPU, before an operation and back at the end.
const RESERVED: usize = 3 + 2 * MOVE;
/// Operations of a move.
const MOVE: usize = 2;

/// Reads what is new in the kernel's log.
const LOG: RawOp = RawOp { kind: protocol::READ, nr: files::LOG, args: [0; 6] };

/// What became of an operation that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It is.
    Yes,
    /// It is, and leaves pages in the CPU's batches, which have to be emptied
    /// before anything else: see [`Subject::queue_drain`].
    ThenDrain,
    /// It has to wait until the queue has been run.
    Full,
}

impl Subject {
    /// Whether the first process can look at itself, and therefore whether there
    /// can be a queue.
    pub fn sees_itself(&self) -> bool {
        files::NEEDED.iter().all(|&file| self.opened(file))
    }

    /// What of these views the first process can read of itself.
    pub fn own_views(&self, mut views: Views) -> Views {
        views &= Views::STATM | Views::ROLLUP;
        for (view, file) in [(Views::STATM, files::STATM), (Views::ROLLUP, files::ROLLUP)] {
            if !self.opened(file) {
                views.remove(view);
            }
        }
        views
    }

    fn opened(&self, file: u32) -> bool {
        self.arena.opened() & 1 << file != 0
    }

    /// Whether it can also read the kernel's log.
    pub fn sees_log(&self) -> bool {
        self.opened(files::LOG)
    }

    /// Whether there is room for so many more operations.
    pub fn has_room(&self, operations: usize) -> bool {
        self.queue.has_room(operations + RESERVED)
    }

    /// Whether nothing is queued.
    pub fn queue_is_empty(&self) -> bool {
        self.queue.len == 0
    }

    /// Queues an operation of the first process that makes or ends no process.
    ///
    /// # Errors
    /// When it cannot be executed at all.
    pub fn queue(&mut self, call: &Call) -> Result<Queued, SubjectError> {
        if !self.has_room(1) {
            return Ok(Queued::Full);
        }
        refuse(FIRST, call, self.forked + 1)?;
        Ok(match self.queue.push(&self.arena, call, 0)? {
            None => Queued::Full,
            Some(Cut::Drain) => Queued::ThenDrain,
            Some(_) => Queued::Yes,
        })
    }

    /// Queues a [`Subject::drain`], right after the operation that needs it. Has
    /// an effect unless the arena is locked: its pages are mapped more than once,
    /// so that the advice itself leaves them alone.
    pub fn queue_drain(&mut self) {
        let (start, length) = (protocol::ARENA_START as u64, protocol::PAGE as u64);
        let drain = range(libc::SYS_madvise, start, length, MADV_COLD as u64);
        self.queue.push_raw(&self.arena, drain);
    }

    /// Queues a move to another CPU; what is in the batches of the one before has to be
    /// emptied while it can be, so that comes first.
    pub fn queue_move(&mut self, cpu: usize) {
        self.queue_drain();
        // the arguments that the call does not take hold the set of one CPU
        let set: [u64; 3] = std::array::from_fn(|word| match cpu / 64 == word {
            true => 1 << (cpu % 64),
            false => 0,
        });
        let set_at = self.arena.arg_address(self.queue.len, 3);
        let args = [0, size_of_val(&set) as u64, set_at, set[0], set[1], set[2]];
        self.queue.push_raw(&self.arena, syscall(libc::SYS_sched_setaffinity, args));
    }

    /// Queues requests to look at itself; `false` when they have to wait.
    pub fn queue_look(&mut self, requests: &[RawOp]) -> bool {
        let fits = self.has_room(requests.len());
        if fits {
            for &request in requests {
                self.queue.push_raw(&self.arena, request);
            }
        }
        fits
    }

    /// Queues a look into the kernel's log.
    pub fn queue_log(&mut self) {
        self.queue.push_raw(&self.arena, LOG);
    }

    /// Runs what is queued, and looks into the log at the end where wanted.
    pub fn run_queue(&mut self, with_log: bool) -> Ran {
        if with_log {
            self.queue_log();
        }
        let flush = RawOp { kind: protocol::FLUSH, nr: 0, args: [0; 6] };
        self.queue.push_raw(&self.arena, flush);
        let len = std::mem::replace(&mut self.queue, Batch::new(self.info.layout)).len;
        let result = if self.is_alive() {
            self.arena.run(usize::from(FIRST.0), len);
            self.wait_done(FIRST)
        } else {
            Err(SubjectError::Dead)
        };
        let result = self.kill_after_failure(result);
        let done = if result.is_ok() { len } else { self.arena.done().min(len) };
        Ran { done, result }
    }

    /// The results of the queue that was run last.
    pub fn answers(&self) -> Answers<'_> {
        Answers::from(&self.arena, 0)
    }

    /// Copies what the looks of a queue of so many operations have read.
    ///
    /// # Errors
    /// When it could not be written out.
    pub fn output(&self, ran: &Ran, into: &mut Vec<u8>) -> Result<(), SubjectError> {
        let written = self.arena.result(ran.done.saturating_sub(1)).value;
        match usize::try_from(written) {
            Ok(length) if length <= protocol::OUTPUT_SIZE => {
                self.arena.output(length, into);
                Ok(())
            }
            _ => {
                let source = std::io::Error::from_raw_os_error(written.wrapping_neg() as i32);
                Err(SubjectError::System { what: "read what the subject says of itself", source })
            }
        }
    }
}

/// How a queue ended.
#[derive(Debug)]
pub struct Ran {
    /// How many of its operations are done, those of looks and drains included.
    pub done: usize,
    /// Why it went no further, if it did not.
    pub result: Result<(), SubjectError>,
}
