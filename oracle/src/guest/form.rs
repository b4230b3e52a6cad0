//! Outcomes and snapshots as messages carry them: texts as the kernel prints them,
//! numbers as they are.

use crate::observe::{
    decode_numa_maps, decode_rollup, decode_statm, decode_status, DecodeError, MapsDecoder,
    SmapsDecoder,
};
use mm_reference::errno::Errno;
use mm_reference::op::{Contents, Outcome, ProcessId, Residency, Signal, Trap};
use mm_reference::snapshot::{PageEntry, PageFlags, ProcessSnapshot, Snapshot, Window};
use serde::{Deserialize, Serialize};

/// An [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // as of `Outcome`
pub enum OutcomeForm {
    Value(u64),
    Address(u64),
    Error(i32),
    Signal { number: i32, code: i32, address: u64, trap: TrapForm },
    Uniform(u8),
    Mixed(u64),
    Residency(Vec<(u8, u32)>),
    Child(u8),
    Exited,
}

/// A [`Trap`]: number, error code, key.
pub type TrapForm = (u8, u16, Option<u8>);

impl From<&Outcome> for OutcomeForm {
    fn from(outcome: &Outcome) -> OutcomeForm {
        match outcome {
            Outcome::Value(value) => OutcomeForm::Value(*value),
            Outcome::Address(address) => OutcomeForm::Address(*address),
            Outcome::Error(Errno(number)) => OutcomeForm::Error(*number),
            Outcome::Signal(Signal { number, code, address, trap }) => {
                let trap = (trap.number, trap.error, trap.key);
                OutcomeForm::Signal { number: *number, code: *code, address: *address, trap }
            }
            Outcome::Contents(Contents::Uniform(byte)) => OutcomeForm::Uniform(*byte),
            Outcome::Contents(Contents::Mixed(digest)) => OutcomeForm::Mixed(*digest),
            Outcome::Residency(Residency { runs }) => OutcomeForm::Residency(runs.clone()),
            Outcome::Child(ProcessId(number)) => OutcomeForm::Child(*number),
            Outcome::Exited => OutcomeForm::Exited,
        }
    }
}

impl From<OutcomeForm> for Outcome {
    fn from(form: OutcomeForm) -> Outcome {
        match form {
            OutcomeForm::Value(value) => Outcome::Value(value),
            OutcomeForm::Address(address) => Outcome::Address(address),
            OutcomeForm::Error(number) => Outcome::Error(Errno(number)),
            OutcomeForm::Signal { number, code, address, trap } => {
                let trap = Trap { number: trap.0, error: trap.1, key: trap.2 };
                Outcome::Signal(Signal { number, code, address, trap })
            }
            OutcomeForm::Uniform(byte) => Outcome::Contents(Contents::Uniform(byte)),
            OutcomeForm::Mixed(digest) => Outcome::Contents(Contents::Mixed(digest)),
            OutcomeForm::Residency(runs) => Outcome::Residency(Residency { runs }),
            OutcomeForm::Child(number) => Outcome::Child(ProcessId(number)),
            OutcomeForm::Exited => Outcome::Exited,
        }
    }
}

/// A [`Snapshot`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotForm {
    /// Each process that is alive.
    pub processes: Vec<ProcessForm>,
}

/// A [`ProcessSnapshot`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessForm {
    /// Which process of the program.
    pub process: u8,
    /// `/proc/pid/maps`
    pub maps: String,
    /// `/proc/pid/smaps`
    pub smaps: String,
    /// Its memory lines.
    pub status: String,
    /// `/proc/pid/statm`; empty where it is not read, as the next two.
    pub statm: String,
    /// `/proc/pid/smaps_rollup`
    pub rollup: String,
    /// `/proc/pid/numa_maps`, of all nodes together.
    pub numa_maps: String,
    /// Windows of pagemap: the first page, and runs of equal entries.
    pub pagemap: Vec<(u64, Vec<(u64, u32)>)>,
    /// Flags of frames, by page.
    pub page_flags: Vec<(u64, u64)>,
    /// Contents of pages, by page.
    pub contents: Vec<(u64, OutcomeForm)>,
}

impl From<&Snapshot> for SnapshotForm {
    fn from(snapshot: &Snapshot) -> SnapshotForm {
        SnapshotForm { processes: snapshot.processes.iter().map(ProcessForm::from).collect() }
    }
}

impl From<&ProcessSnapshot> for ProcessForm {
    fn from(snapshot: &ProcessSnapshot) -> ProcessForm {
        let contents = |(page, contents): &(u64, Contents)| {
            (*page, OutcomeForm::from(&Outcome::Contents(*contents)))
        };
        ProcessForm {
            process: snapshot.process.0,
            maps: snapshot.maps.iter().map(|line| format!("{line}\n")).collect(),
            smaps: snapshot.smaps.iter().map(|entry| format!("{entry}\n")).collect(),
            status: format!("\n{}\n", snapshot.status),
            statm: snapshot.statm.iter().map(|statm| format!("{statm}\n")).collect(),
            rollup: snapshot.rollup.iter().map(|rollup| format!("{rollup}\n")).collect(),
            numa_maps: snapshot.numa_maps.iter().map(|line| format!("{line}\n")).collect(),
            pagemap: snapshot.pagemap.iter().map(runs).collect(),
            page_flags: snapshot.page_flags.iter().map(|(page, f)| (*page, f.bits())).collect(),
            contents: snapshot.contents.iter().map(contents).collect(),
        }
    }
}

/// A window as runs of equal entries.
fn runs(window: &Window) -> (u64, Vec<(u64, u32)>) {
    let mut runs: Vec<(u64, u32)> = Vec::new();
    for entry in &window.entries {
        match runs.last_mut() {
            Some((last, count)) if *last == entry.0 => *count += 1,
            _ => runs.push((entry.0, 1)),
        }
    }
    (window.start, runs)
}

impl SnapshotForm {
    /// The snapshot.
    ///
    /// # Errors
    /// When a text is not one that a kernel prints.
    pub fn decode(&self) -> Result<Snapshot, DecodeError> {
        let processes = self.processes.iter().map(ProcessForm::decode).collect::<Result<_, _>>()?;
        Ok(Snapshot { processes })
    }
}

impl ProcessForm {
    fn decode(&self) -> Result<ProcessSnapshot, DecodeError> {
        let mut snapshot =
            ProcessSnapshot { process: ProcessId(self.process), ..ProcessSnapshot::default() };
        MapsDecoder::default().decode(self.maps.as_bytes(), &mut snapshot.maps)?;
        SmapsDecoder::default().decode(self.smaps.as_bytes(), &mut snapshot.smaps)?;
        snapshot.status = decode_status(self.status.as_bytes())?;
        if !self.statm.is_empty() {
            snapshot.statm = Some(decode_statm(self.statm.as_bytes())?);
        }
        if !self.rollup.is_empty() {
            snapshot.rollup = Some(decode_rollup(self.rollup.as_bytes())?);
        }
        decode_numa_maps(self.numa_maps.as_bytes(), &mut snapshot.numa_maps)?;
        for (start, runs) in &self.pagemap {
            let entries = runs
                .iter()
                .flat_map(|&(entry, count)| std::iter::repeat_n(PageEntry(entry), count as usize));
            snapshot.pagemap.push(Window { start: *start, entries: entries.collect() });
        }
        let flags = |&(page, bits): &(u64, u64)| (page, PageFlags::from_bits_retain(bits));
        snapshot.page_flags = self.page_flags.iter().map(flags).collect();
        for (page, contents) in &self.contents {
            if let Outcome::Contents(contents) = Outcome::from(contents.clone()) {
                snapshot.contents.push((*page, contents));
            }
        }
        Ok(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::model::{Seed, System};
    use mm_reference::profile::{Profile, Version};
    use mm_reference::snapshot::Views;
    use std::sync::Arc;

    #[test]
    fn views_arrive_as_they_were_sent() {
        let profile = Arc::new(Profile::stock(Version::new(6, 18)));
        let system = System::new(profile, &Seed::standard());
        let mut plan = system.plan(ProcessId(0));
        for views in [Views::empty(), Views::STATM | Views::ROLLUP | Views::NUMA_MAPS] {
            plan.views = views;
            let sent = system.snapshot(ProcessId(0), &plan);
            let form = SnapshotForm::from(&Snapshot { processes: vec![sent.clone()] });
            let arrived = form.decode().expect("texts as a kernel prints them").processes.remove(0);
            assert_eq!(arrived.statm, sent.statm);
            assert_eq!(arrived.rollup, sent.rollup);
            assert_eq!(arrived.numa_maps, sent.numa_maps);
            assert_eq!(arrived.statm.is_some(), !views.is_empty());
        }
    }
}
