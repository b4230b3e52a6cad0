//! What the kernel says in its log while programs run and when their subject has ended.

use super::trial::{Step, Trial};
use super::{Live, Runner};
use crate::compare::{complaint, Difference};
use crate::observe::{complaints_in, Complaint, KernelLog, KernelLogError};
use mm_reference::op::{Addr, Call, Op, ProcessId};

/// How many trials are kept that nobody has asked for.
const MOST_LEFT: usize = 64;

/// Where complaints of the kernel come from.
pub(super) trait Log: Send {
    /// Those since the last call.
    fn new_complaints(&mut self) -> Result<Vec<Complaint>, KernelLogError>;
}

impl Log for KernelLog {
    fn new_complaints(&mut self) -> Result<Vec<Complaint>, KernelLogError> {
        KernelLog::new_complaints(self)
    }
}

/// Hears every complaint once, although both the worker and the subject read the log.
#[derive(Default)]
pub(super) struct Ear {
    /// The log as the worker reads it.
    log: Option<Box<dyn Log>>,
    /// The number of the last complaint that was heard.
    heard: Option<u64>,
}

impl Ear {
    pub(super) fn new(log: Option<Box<dyn Log>>) -> Ear {
        Ear { log, heard: None }
    }

    /// What is new as the worker reads it; the log is given up when it cannot be read.
    pub(super) fn listen(&mut self) -> Vec<Difference> {
        match self.log.as_mut().map(|log| log.new_complaints()) {
            Some(Ok(complaints)) => self.unheard(&complaints),
            Some(Err(_)) => {
                self.log = None;
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// What is new in records that the subject has read.
    pub(super) fn overhear(&mut self, records: &[u8]) -> Vec<Difference> {
        match records.is_empty() {
            true => Vec::new(),
            false => self.unheard(&complaints_in(records)),
        }
    }

    fn unheard(&mut self, complaints: &[Complaint]) -> Vec<Difference> {
        let heard = self.heard;
        let new = complaints.iter().filter(|complaint| Some(complaint.sequence) > heard);
        let new = new.map(|said| complaint(ProcessId(0), said)).collect();
        self.heard = heard.max(complaints.iter().map(|complaint| complaint.sequence).max());
        new
    }
}

impl Runner {
    /// Ends the subject, if there is one. What the kernel says then, or has said since it
    /// was last listened to, is kept as a run of what the subject did last: see
    /// [`Runner::take_left`].
    pub(super) fn end(&mut self) {
        if let Some(mut live) = self.live.take() {
            self.bury(&mut live);
        }
    }

    /// Ends a subject that is given up.
    pub(super) fn bury(&mut self, live: &mut Live) {
        // an address space is checked when the last one lets go of it, and open files
        // of it hold on to it (`__mmdrop`, `check_mm`)
        live.files = Default::default();
        live.subject.kill();
        let differences = self.ear.listen();
        if differences.is_empty() || self.left.len() >= MOST_LEFT {
            return;
        }
        let (start, layout) = (live.seed.start(), live.seed.layout);
        let number = live.flights.back().and_then(|flight| flight.trial.number);
        let ops = live.history();
        let mut trial = Trial { number, start, layout, ops, ..Trial::default() };
        trial.diverge(Step::After(trial.ops.len() - 1), differences);
        self.left.push(trial);
    }

    /// What the kernel's log said when subjects ended: a divergence for each time, of what
    /// that subject did last, since nobody can tell which operation it was. Nothing was
    /// predicted.
    pub fn take_left(&mut self) -> Vec<Trial> {
        std::mem::take(&mut self.left)
    }
}

impl Live {
    /// What the subject did last: what is not done with, or else the last program that
    /// is, each with what undid it. At least something that changes nothing.
    fn history(&self) -> Vec<Op> {
        let flights = self.flights.iter().flat_map(|f| f.trial.ops.iter().chain(&f.undo));
        let mut ops: Vec<Op> = match self.flights.is_empty() {
            true => self.before.clone(),
            false => flights.cloned().collect(),
        };
        if ops.is_empty() {
            ops.push(Op::first(Call::Brk { addr: Addr::NULL }));
        }
        ops
    }
}
