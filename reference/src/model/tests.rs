//! A small subject for the tests of the page half.

use super::seed::{ArenaSeed, Seed, TextSeed};
use super::vma::{VmFlags, Vma};
use super::{Current, System};
use crate::addr::PAGE_SIZE;
use crate::op::{Addr, Call, Layout, Op, Outcome, ProcessId};
use crate::profile::{Profile, Version};
use crate::snapshot::{SmapsEntry, SmapsField, StatusField};
use std::sync::Arc;

pub(crate) const P0: ProcessId = ProcessId(0);
pub(crate) const P1: ProcessId = ProcessId(1);
/// An address in a 1 GiB and a 512 GiB slot of its own.
pub(crate) const FAR: u64 = 0x2000_0000_0000;

pub(crate) fn seed() -> Seed {
    Seed {
        layout: Layout { heap: 0x3000_1000, mmap: 0x7fff_f7ff_f000, stack: 0x7fff_ffff_f000 },
        text: TextSeed { start: 0x40_0000, end: 0x40_3000, pgoff: 0x1000 },
        arena: ArenaSeed {
            start: 0x50_0000,
            end: 0x50_8000,
            dev: (0, 1),
            inode: 7,
            name: "/memfd:arena (deleted)".into(),
            mappers: 1,
        },
        stack: (0x7fff_fffd_e000, 0x7fff_ffff_f000),
        start_stack: 0x7fff_ffff_e000,
        start_brk: 0x3000_1000,
        mmap_base: 0x7fff_f7ff_f000,
        text_size: 0x3000,
        data_segment: 0,
        vsyscall: None,
        leftovers: Vec::new(),
        limits: Default::default(),
        thp_disable: 1,
        hiwater_vm: 0,
        hiwater_rss: 0,
    }
}

pub(crate) fn system() -> System {
    let mut profile = Profile::stock(Version::new(6, 18));
    profile.privilege.sys_admin = true;
    System::new(Arc::new(profile), &seed())
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
