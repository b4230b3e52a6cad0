//! All that one program can touch: processes, pages, files.

use super::allocations::{Allocations, Purpose};
use super::anon_vma::AnonVmas;
use super::capabilities::Capabilities;
use super::folio::{FolioFlags, Folios};
use super::limits::committed;
use super::mm::{Limits, Mm};
use super::page_table::Pte;
use super::seed::Fixture;
use super::{ops, Fail};
use crate::op::{Layout, Op, Outcome, ProcessId, MAX_PROCESSES};
use crate::profile::{Profile, Quirk, QuirkSet};
use std::cell::Cell;
use std::sync::Arc;

/// The model has no rule for what a program asks: nothing after it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{0}")]
pub struct CannotPredict(pub &'static str);

/// A prediction, with the reason for an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the operation answers.
    pub outcome: Outcome,
    /// Why it fails, where it does.
    pub why: Option<&'static str>,
}

/// A live process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its address space.
    pub mm: Mm,
    /// Its resource limits.
    pub limits: Limits,
    /// What it may do.
    pub capabilities: Capabilities,
}

/// The state of one program's run.
#[derive(Clone, Debug)]
pub struct System {
    pub(crate) profile: Arc<Profile>,
    pub(crate) layout: Layout,
    pub(crate) processes: [Option<Box<Process>>; MAX_PROCESSES],
    /// How many processes were ever made: the next child's number.
    pub(crate) forked: u8,
    pub(crate) anon_vmas: AnonVmas,
    pub(crate) folios: Folios,
    /// What no operation changes.
    pub(crate) fixture: Arc<Fixture>,
    /// The imitated bugs that changed a prediction.
    pub(crate) fired: QuirkSet,
    /// The imitated bugs that changed what is shown.
    pub(crate) shown: Cell<QuirkSet>,
    /// What memory calls cannot get.
    pub(crate) allocations: Allocations,
    /// See [`System::warned`].
    pub(crate) warned: bool,
    /// Pages that a wrong rule or an imitated bug charged for good: nothing gives them back.
    pub(crate) stray_charge: u64,
}

/// The process that performs an operation, and what it shares with the others
/// (`current`).
pub struct Current<'a> {
    /// The kernel.
    pub profile: &'a Profile,
    /// The process's address space.
    pub mm: &'a mut Mm,
    /// The process's resource limits.
    pub limits: &'a mut Limits,
    /// What the process may do.
    pub capabilities: &'a mut Capabilities,
    /// Every anon_vma.
    pub anon_vmas: &'a mut AnonVmas,
    /// Every page.
    pub folios: &'a mut Folios,
    /// The imitated bugs that changed a prediction.
    pub fired: &'a mut QuirkSet,
    /// What memory the call cannot get.
    pub allocations: &'a mut Allocations,
    /// Pages that are charged for good.
    pub(crate) stray_charge: &'a mut u64,
    /// Pages that the program's other processes have committed, where that matters.
    pub committed_elsewhere: u64,
}

impl Current<'_> {
    /// Whether a known bug shows here; notes that it did.
    pub(crate) fn quirk(&mut self, quirk: Quirk) -> bool {
        let imitated = self.profile.imitates(quirk);
        if imitated {
            self.fired.insert(quirk);
        }
        imitated
    }
}

impl System {
    /// The kernel that this system runs on.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Where the bases of addresses are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The imitated bugs that changed a prediction so far.
    pub fn fired(&self) -> QuirkSet {
        self.fired.union(self.shown.get())
    }

    /// Whether a known bug changes what is shown; notes that it did.
    pub(crate) fn shows_quirk(&self, quirk: Quirk) -> bool {
        let imitated = self.profile.imitates(quirk);
        if imitated {
            let mut shown = self.shown.get();
            shown.insert(quirk);
            self.shown.set(shown);
        }
        imitated
    }

    /// The processes that are alive, ascending.
    pub fn live(&self) -> impl Iterator<Item = ProcessId> + '_ {
        (0..MAX_PROCESSES).filter(|&n| self.processes[n].is_some()).map(|n| ProcessId(n as u8))
    }

    /// A live process.
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(id.0 as usize)?.as_deref()
    }

    /// From now on moves can allocate so many page tables, and the next one cannot be
    /// had; `None` takes that away.
    pub fn limit_tables(&mut self, left: Option<u64>) {
        self.allocations.limit_tables(left);
    }

    /// How many page tables moves can still allocate before one cannot be had.
    pub fn tables_left(&self) -> Option<u64> {
        self.allocations.tables_left()
    }

    /// From now on moves and unmappings are granted so many requests for memory, and not
    /// the next one, whatever it is for; `None` takes that away.
    pub fn limit_allocations(&mut self, left: Option<u64>) {
        self.allocations.limit(left);
    }

    /// What the request for memory was for that was not met, if there was one.
    pub fn missed_allocation(&self) -> Option<Purpose> {
        self.allocations.missed()
    }

    /// Says of the page at an address what no operation of a program can make it: that
    /// it is pinned, or part of a large folio. Answers whether there is a page.
    pub fn mark_page(&mut self, process: ProcessId, address: u64, flags: FolioFlags) -> bool {
        let pte = self.process(process).map(|p| p.mm.tables.pte(address));
        let Some(Pte::Page(id, _)) = pte else { return false };
        self.folios.get_mut(id).flags.insert(flags);
        true
    }

    /// Whether the kernel complained in its log when `execve` moved the stack of
    /// this program: a page table was in the way of one that could have moved whole.
    pub fn warned(&self) -> bool {
        self.warned
    }

    /// The same state on another kernel.
    pub fn on(&self, profile: Arc<Profile>) -> System {
        System { profile, ..self.clone() }
    }

    /// From now on does as a kernel with these known bugs.
    pub fn imitate(&mut self, quirks: QuirkSet) {
        let quirks = self.profile.quirks.union(quirks);
        if quirks != self.profile.quirks {
            self.profile = Arc::new(Profile { quirks, ..(*self.profile).clone() });
        }
    }

    /// Becomes what `start` is, within the memory that is there already.
    pub fn return_to(&mut self, start: &System) {
        let System {
            profile,
            layout,
            processes,
            forked,
            anon_vmas,
            folios,
            fixture,
            fired,
            shown,
            allocations,
            warned,
            stray_charge,
        } = self;
        profile.clone_from(&start.profile);
        fixture.clone_from(&start.fixture);
        (*layout, *forked, *fired) = (start.layout, start.forked, start.fired);
        shown.set(start.shown.get());
        (*allocations, *warned) = (start.allocations, start.warned);
        *stray_charge = start.stray_charge;
        anon_vmas.clone_from(&start.anon_vmas);
        folios.clone_from(&start.folios);
        for (process, start) in processes.iter_mut().zip(&start.processes) {
            match (process, start) {
                (Some(process), Some(start)) => {
                    process.mm.return_to(&start.mm);
                    (process.limits, process.capabilities) = (start.limits, start.capabilities);
                }
                (process, start) => process.clone_from(start),
            }
        }
    }

    /// Performs an operation and predicts its outcome.
    pub fn apply(&mut self, op: &Op) -> Result<Answer, CannotPredict> {
        match ops::perform(self, op) {
            Ok(outcome) => Ok(Answer { outcome, why: None }),
            Err(Fail::Errno(errno, why)) => {
                Ok(Answer { outcome: Outcome::Error(errno), why: Some(why) })
            }
            Err(Fail::Unknown(reason)) => Err(reason),
        }
    }

    /// The view of one process.
    pub(crate) fn current(&mut self, id: ProcessId) -> Result<Current<'_>, CannotPredict> {
        let committed_elsewhere = match self.profile.settings.overcommit {
            0 | 1 => 0,
            _ => {
                let others = self.live().filter(|&other| other != id);
                others.filter_map(|other| self.process(other)).map(|p| committed(&p.mm)).sum()
            }
        };
        let process = self
            .processes
            .get_mut(id.0 as usize)
            .and_then(|p| p.as_deref_mut())
            .ok_or(CannotPredict("no such process"))?;
        Ok(Current {
            profile: &self.profile,
            mm: &mut process.mm,
            limits: &mut process.limits,
            capabilities: &mut process.capabilities,
            anon_vmas: &mut self.anon_vmas,
            folios: &mut self.folios,
            fired: &mut self.fired,
            allocations: &mut self.allocations,
            stray_charge: &mut self.stray_charge,
            committed_elsewhere,
        })
    }
}
