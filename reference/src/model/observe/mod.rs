//! What `/proc` shows of a process.

mod away;
mod flags;
pub mod limits;
mod maps;
mod numa_maps;
mod page_counts;
mod page_flags;
mod pagemap;
mod plan;
mod rollup;
mod smaps;
mod statm;
mod status;
mod system;

use super::page_table::Pte;
use super::System;
use crate::addr::{pages, PAGE_SIZE};
use crate::op::{Contents, ProcessId};
use crate::snapshot::{ProcessPlan, ProcessSnapshot, SystemCounts, Views};

impl System {
    /// What is observed of a process in its present state. The process must be
    /// alive.
    pub fn plan(&self, id: ProcessId) -> ProcessPlan {
        let mut plan = ProcessPlan::default();
        self.plan_into(id, &mut plan);
        plan
    }

    /// [`System::plan`] into a plan whose memory is used again.
    pub fn plan_into(&self, id: ProcessId, plan: &mut ProcessPlan) {
        plan::fill(&self.observed(id).mm, &self.folios, plan);
    }

    /// Adds the first `most` pages whose flags are known to a process's plan.
    pub fn plan_flags(&self, id: ProcessId, most: usize, plan: &mut ProcessPlan) {
        page_flags::choose(self, &self.observed(id).mm, most, plan);
    }

    /// Adds pages that are not there to a process's plan: those that can be read back from
    /// swap, and of the others some; `most` of each.
    pub fn plan_away(&self, id: ProcessId, most: usize, plan: &mut ProcessPlan) {
        away::choose(self, &self.observed(id).mm, most, plan);
    }

    /// All that can be seen of a process, which must be alive.
    pub fn snapshot(&self, id: ProcessId, plan: &ProcessPlan) -> ProcessSnapshot {
        let mut snapshot = ProcessSnapshot::default();
        self.snapshot_into(id, plan, &mut snapshot);
        snapshot
    }

    /// [`System::snapshot`] into a snapshot whose memory is used again.
    pub fn snapshot_into(&self, id: ProcessId, plan: &ProcessPlan, into: &mut ProcessSnapshot) {
        let mm = &self.observed(id).mm;
        into.process = id;
        smaps::fill(self, mm, &mut into.smaps);
        into.maps.clear();
        into.maps.extend(into.smaps.iter().map(|entry| entry.line.clone()));
        pagemap::fill(self, mm, &plan.windows, &mut into.pagemap);
        page_flags::fill(self, mm, &plan.flagged, &mut into.page_flags);
        if plan.views.contains(Views::PAGE_COUNTS) {
            page_counts::fill(self, mm, &plan.flagged, &mut into.page_counts);
        } else {
            into.page_counts.clear();
        }
        status::fill(&self.profile, mm, &mut into.status);
        let sees = |view| plan.views.contains(view);
        into.statm = sees(Views::STATM).then(|| statm::of(&self.profile, mm));
        into.rollup = sees(Views::ROLLUP).then(|| rollup::of(self, mm)).flatten();
        into.numa_maps.clear();
        if sees(Views::NUMA_MAPS) {
            numa_maps::fill(self, mm, &mut into.numa_maps);
        }
        away::fill(self, mm, &plan.away, &mut into.away);
        into.contents.clear();
        for &(start, end) in &plan.contents.0 {
            let before = into.contents.len();
            mm.tables.for_each(start, end, |address, pte| {
                if let Pte::Page(folio, _) = pte {
                    if let Some(contents) = self.folios.get(folio).content.contents() {
                        into.contents.push((address, contents));
                    }
                }
            });
            if ((into.contents.len() - before) as u64) < pages(end - start) {
                // a plan for another state
                into.contents.truncate(before);
                into.contents.extend(self.contents_of(mm, start, end));
            }
        }
    }

    /// What the program accounts for in what the system counts as a whole.
    pub fn counts(&self) -> SystemCounts {
        system::counts(self)
    }

    /// What stays counted when all of its processes have ended: nothing, if all is well.
    pub fn leftover(&self) -> SystemCounts {
        system::leftover(self)
    }

    /// The contents of pages, of which some are not there and read as zeroes.
    fn contents_of<'a>(
        &'a self,
        mm: &'a super::Mm,
        start: u64,
        end: u64,
    ) -> impl Iterator<Item = (u64, Contents)> + 'a {
        let readable = |address| mm.vmas.containing(address).is_some_and(|vma| vma.is_anonymous());
        (start..end).step_by(PAGE_SIZE as usize).filter_map(move |address| {
            let contents = match mm.tables.pte(address) {
                Pte::Page(folio, _) => self.folios.get(folio).content.contents(),
                Pte::None | Pte::Zero if readable(address) => Some(Contents::Uniform(0)),
                _ => None,
            };
            Some((address, contents?))
        })
    }

    fn observed(&self, id: ProcessId) -> &super::Process {
        self.process(id).expect("only live processes are observed")
    }
}
