//! A small subject for the tests of the page half.

use super::seed::Seed;
use super::vma::{VmFlags, Vma};
use super::{Current, System};
use crate::addr::PAGE_SIZE;
use crate::op::{Addr, Call, Op, Outcome, ProcessId};
use crate::profile::{Profile, Version};
use crate::snapshot::{SmapsEntry, SmapsField, StatusField};
use std::sync::Arc;

pub(crate) const P0: ProcessId = ProcessId(0);
pub(crate) const P1: ProcessId = ProcessId(1);
/// An address in a 1 GiB and a 512 GiB slot of its own.
pub(crate) const FAR: u64 = 0x2000_0000_0000;

pub(crate) fn system() -> System {
    let mut profile = Profile::stock(Version::new(6, 18));
    profile.shows_frames = true;
    System::new(Arc::new(profile), &Seed::standard())
}

/// Maps private memory without the operation.
pub(crate) fn map(system: &mut System, start: u64, pages: u64, flags: VmFlags) {
    let cur = current(system);
    let all = VmFlags::MAYREAD | VmFlags::MAYWRITE | VmFlags::MAYEXEC;
    let vma = Vma::anonymous(start, start + pages * PAGE_SIZE, flags | all);
    cur.mm.stat_account(vma.flags, vma.pages() as i64);
    cur.mm.vmas.insert(vma);
}

pub(crate) fn current(system: &mut System) -> Current<'_> {
    system.current(P0).unwrap()
}

pub(crate) fn run(system: &mut System, process: ProcessId, call: Call) -> Outcome {
    system.apply(&Op { process, call }).unwrap().outcome
}

pub(crate) fn store(system: &mut System, process: ProcessId, at: u64, value: u8) -> Outcome {
    run(system, process, Call::Store { addr: Addr::absolute(at), len: 1, value })
}

pub(crate) fn load(system: &mut System, process: ProcessId, at: u64, len: u64) -> Outcome {
    run(system, process, Call::Load { addr: Addr::absolute(at), len })
}

pub(crate) fn status(system: &System, process: ProcessId, field: StatusField) -> u64 {
    system.snapshot(process, &system.plan(process)).status.get(field).unwrap()
}

pub(crate) fn smaps(system: &System, process: ProcessId, start: u64) -> SmapsEntry {
    let snapshot = system.snapshot(process, &system.plan(process));
    snapshot.smaps.into_iter().find(|entry| entry.line.start == start).unwrap()
}

pub(crate) fn kb(system: &System, process: ProcessId, start: u64, field: SmapsField) -> u64 {
    smaps(system, process, start).get(field).unwrap()
}
