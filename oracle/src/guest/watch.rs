//! What a kernel does with a program, without a model: where to look follows from
//! what the kernel itself says is mapped, so that two kernels can be compared of
//! which none is modelled.

use super::form::{OutcomeForm, ProcessForm, SnapshotForm};
use super::link::Observed;
use crate::campaign::Generated;
use crate::corpus;
use crate::generate::{program_seed, Avoid, Fence, Shape};
use crate::observe::{views_here, Decoders, ObserveError, ProcFiles, Want};
use crate::subject::{Config, Subject, SubjectError};
use anyhow::{Context, Result};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Op, ProcessId, MAX_PROCESSES};
use mm_reference::profile::{Privilege, Profile, Version};
use mm_reference::snapshot::{NumaField, PageEntry, ProcessPlan, ProcessSnapshot, Snapshot, Views};
use mm_reference::text::{parse, write, Mode, Program};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Pages of a mapping of which the entries are read, at its beginning.
const PAGES_OF_MAPPING: u64 = 1024;
/// Pages of a process of which the contents are read.
const CONTENTS: usize = 512;

/// What is not looked at, in words.
pub fn not_looked_at() -> String {
    format!(
        "kpageflags, kpagecount, active of numa_maps, pagemap of a mapping beyond its first {PAGES_OF_MAPPING} pages, contents of \
         more than {CONTENTS} pages of a process and of those that are not there"
    )
}

/// What the kernel does with a program.
///
/// # Errors
/// When the text is no program that may run, or no subject can be started.
pub(super) fn observe(program: &str, every_op: bool) -> Result<Observed> {
    let program = parse(program, Mode::Strict).context("failed to parse the program")?;
    let ops: Vec<Op> = program.ops().cloned().collect();
    let fresh = System::new(Arc::new(Profile::stock(NEWEST)), &Seed::standard());
    corpus::operations(&program, &fresh).map_err(anyhow::Error::msg)?;
    let mut watching = Watching::new();
    watching.run(&ops, every_op).context("failed to run the program")
}

/// For which kernel it is decided what may run.
const NEWEST: Version = Version::new(6, 18);

/// Generated programs, the same in every guest.
pub(super) struct Programs {
    seed: u64,
    fresh: System,
    fence: Fence,
}

impl Programs {
    pub(super) fn new(seed: u64, version: &str) -> Result<Programs> {
        let version = Version::parse(version).context("failed to understand the version")?;
        // the first process of a guest may do everything
        let profile = Profile { privilege: Privilege::ALL, ..Profile::stock(version) };
        let fresh = System::new(Arc::new(profile), &Seed::standard());
        let fence = Fence::of(&fresh);
        Ok(Programs { seed, fresh, fence })
    }

    /// The operations of a program, up to one that the model cannot predict.
    pub(super) fn ops(&self, number: u64) -> Vec<Op> {
        self.generated(number).ops(&self.fresh)
    }

    fn generated(&self, number: u64) -> Generated<'_> {
        let avoid = Avoid { pageout: true, mergeable: true, ..Avoid::default() };
        let shape = Shape { avoid, ..Shape::default() };
        let seed = program_seed(self.seed, 0, number);
        Generated::new(seed, shape, &self.fence, &self.fresh)
    }

    pub(super) fn text(&self, number: u64) -> String {
        write(&Program::of(self.ops(number)))
    }
}

/// Runs programs, each in a subject of its own.
pub(super) struct Watching {
    config: Config,
    decoders: Decoders,
    views: Views,
}

impl Watching {
    pub(super) fn new() -> Watching {
        // flags of frames, and with them how often they are mapped, are not looked at
        let views = views_here() - Views::PAGE_COUNTS;
        Watching { config: Config::default(), decoders: Decoders::default(), views }
    }

    /// What the kernel does with a program, as a number; 0 where it cannot be run.
    pub(super) fn digest(&mut self, ops: &[Op]) -> u64 {
        match self.run(ops, false) {
            Ok(observed) => digest(&observed).max(1),
            Err(_) => 0,
        }
    }

    fn run(&mut self, ops: &[Op], every_op: bool) -> Result<Observed, SubjectError> {
        let mut subject = Subject::start(&self.config)?;
        let mut files: [Option<ProcFiles>; MAX_PROCESSES] = Default::default();
        let layout = subject.start_info().layout;
        let layout = (layout.heap, layout.mmap, layout.stack);
        let mut observed = Observed { layout, ..Observed::default() };
        let mut outcomes = Vec::new();
        let stride = if every_op { 1 } else { ops.len().max(1) };
        for (index, part) in ops.chunks(stride).enumerate() {
            let ran = subject.execute_into(part, &mut outcomes);
            observed.outcomes.extend(outcomes.drain(..).map(|o| OutcomeForm::from(&o)));
            if let Err(error) = ran {
                observed.lost = Some(error.to_string());
                break;
            }
            subject.drain();
            match self.look(&subject, &mut files) {
                Ok(look) => observed.looks.push((index * stride + part.len(), look)),
                Err(error) => {
                    observed.lost = Some(format!("failed to {error}"));
                    break;
                }
            }
        }
        Ok(observed)
    }

    fn look(
        &mut self,
        subject: &Subject,
        files: &mut [Option<ProcFiles>; MAX_PROCESSES],
    ) -> Result<SnapshotForm, ObserveError> {
        let mut snapshot = Snapshot::default();
        let arena = subject.start_info().arena.clone();
        for number in 0..MAX_PROCESSES as u8 {
            let process = ProcessId(number);
            let Some(pid) = subject.pid(process) else {
                files[number as usize] = None;
                continue;
            };
            let files = match &mut files[number as usize] {
                Some(files) => files,
                none => none.insert(ProcFiles::open(pid)?),
            };
            let mut seen = ProcessSnapshot::default();
            let maps = Want { smaps: false, pagemap: false, status: false, ..Want::ALL };
            let maps = Want { contents: false, page_flags: false, ..maps };
            let nothing = ProcessPlan::default();
            files.observe(process, &nothing, &maps, &mut self.decoders, &mut seen)?;
            let mut plan = ProcessPlan { views: self.views, ..ProcessPlan::default() };
            for line in seen.maps.iter().filter(|line| line.start < 1 << 47) {
                let end = line.end.min(line.start + PAGES_OF_MAPPING * PAGE_SIZE);
                plan.windows.0.push((line.start, end));
            }
            let want = Want { contents: false, page_flags: false, ..Want::ALL };
            files.observe(process, &plan, &want, &mut self.decoders, &mut seen)?;
            // last of all, for it marks pages as accessed
            let mut pages: Vec<(u64, u64)> = Vec::new();
            for window in seen.pagemap.iter().filter(|window| window.start != arena.start) {
                for (page, entry) in
                    (window.start..).step_by(PAGE_SIZE as usize).zip(&window.entries)
                {
                    if entry.is_present() && pages.len() < CONTENTS {
                        pages.push((page, page + PAGE_SIZE));
                    }
                }
            }
            // how much mmdiff's own pages are used is not the program's doing
            seen.numa_maps.retain(|line| line.start != arena.start);
            // a flag of frames
            seen.numa_maps.iter_mut().for_each(|line| line.forget(NumaField::Active));
            plan.contents.0 = pages;
            files.contents(&plan.contents, &mut self.decoders, &mut seen.contents)?;
            snapshot.processes.push(seen);
        }
        Ok(SnapshotForm::from(&snapshot))
    }
}

/// A number for all that was observed, without what differs from boot to boot: of
/// frames, places in swap and inodes counts only which are the same.
fn digest(observed: &Observed) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    observed.outcomes.hash(&mut hasher);
    observed.lost.hash(&mut hasher);
    for (after, look) in &observed.looks {
        after.hash(&mut hasher);
        let (mut frames, mut inodes) = (Names::default(), Names::default());
        for process in &look.processes {
            process.hash_with(&mut frames, &mut inodes, &mut hasher);
        }
    }
    hasher.finish()
}

/// Numbers of things by the order in which they are met.
#[derive(Default)]
struct Names<'a>(HashMap<(&'a str, u64), usize>);

impl<'a> Names<'a> {
    fn of(&mut self, text: &'a str, number: u64) -> usize {
        let next = self.0.len();
        *self.0.entry((text, number)).or_insert(next)
    }
}

impl ProcessForm {
    fn hash_with<'a>(
        &'a self,
        frames: &mut Names<'a>,
        inodes: &mut Names<'a>,
        hasher: &mut impl Hasher,
    ) {
        self.process.hash(hasher);
        (&self.status, &self.statm, &self.rollup, &self.numa_maps).hash(hasher);
        for line in self.maps.lines().chain(self.smaps.lines()) {
            // start-end, permissions, offset, device, inode, name
            let columns: Vec<&str> = line.split_ascii_whitespace().collect();
            match columns[..] {
                [range, perms, offset, _, inode, ref name @ ..] if range.contains('-') => {
                    (range, perms, offset, name).hash(hasher);
                    (inode != "0").then(|| inodes.of(inode, 0)).hash(hasher);
                }
                _ => columns.hash(hasher),
            }
        }
        for (start, runs) in &self.pagemap {
            start.hash(hasher);
            for &(entry, count) in runs {
                let entry = PageEntry(entry);
                (entry.bits(), count).hash(hasher);
                let sort = if entry.is_in_swap() { "swap" } else { "" };
                let is_place = entry.is_present() || entry.is_in_swap();
                is_place.then(|| frames.of(sort, entry.frame())).hash(hasher);
            }
        }
        self.contents.hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::shares;

    #[test]
    fn every_aimed_theme_has_its_share_of_what_two_kernels_run() {
        let programs = Programs::new(1, "7.2").unwrap();
        shares::check("compare-kernels", |number| programs.generated(number).theme());
    }
}
