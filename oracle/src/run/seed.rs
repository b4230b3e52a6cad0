//! From the first look at a fresh subject to the model's initial state.

use super::RunError;
use crate::observe::{Decoders, ProcFiles, Want};
use crate::subject::{Subject, SubjectError};
use mm_reference::addr::{page_down, page_up, pages};
use mm_reference::model::exec::ExecSeed;
use mm_reference::model::seed::ArenaSeed;
use mm_reference::model::{Limits, Seed};
use mm_reference::op::consts::*;
use mm_reference::op::ProcessId;
use mm_reference::snapshot::{Name, ProcessPlan, ProcessSnapshot, StatusField};

/// Describes a subject that has just started.
///
/// # Errors
/// When it cannot be observed.
pub fn seed(subject: &Subject, files: &mut ProcFiles) -> Result<Seed, RunError> {
    let info = subject.start_info();
    let mut look = ProcessSnapshot::default();
    let want = Want { contents: false, pagemap: false, ..Want::ALL };
    let plan = ProcessPlan::default();
    files.observe(ProcessId(0), &plan, &want, &mut Decoders::default(), &mut look)?;
    let missing = |what| RunError::Subject(SubjectError::Nonsense { process: ProcessId(0), what });
    let arena = info.maps.iter().find(|line| line.start == info.arena.start);
    let arena = arena.ok_or_else(|| missing("a subject without its arena"))?;
    let kept = |start: u64| info.kept.iter().any(|line| line.start == start);
    let kb = |field| look.status.get(field).unwrap_or(0) << 10;
    Ok(Seed {
        layout: info.layout,
        arena: ArenaSeed {
            start: info.arena.start,
            end: info.arena.end,
            dev: info.arena_dev,
            inode: info.arena_inode,
            name: arena.name.to_string().into(),
            mappers: info.arena_mappers,
        },
        exec: info.exec.as_ref().map(|exec| ExecSeed {
            exec: exec.exec,
            end: info.layout.stack,
            tables_start: info.mm.start_stack,
            tables_end: exec.tables_end,
            bytes: exec.bytes.clone(),
        }),
        randomised: info.randomised,
        start_stack: info.mm.start_stack,
        start_brk: info.mm.start_brk,
        mmap_base: info.layout.mmap,
        text_size: page_up(info.mm.end_code) - page_down(info.mm.start_code),
        data_segment: info.mm.end_data - info.mm.start_data,
        vsyscall: info.maps.iter().find(|l| l.name == Name::Vsyscall).map(|l| l.perms),
        leftovers: look.smaps.iter().filter(|e| kept(e.line.start)).cloned().collect(),
        limits: limits(&info.limits),
        thp_disable: 1,
        hiwater_vm: pages(kb(StatusField::VmPeak)),
        hiwater_rss: pages(kb(StatusField::VmHwm)),
    })
}

fn limits(known: &[(u32, (u64, u64))]) -> Limits {
    let mut limits = Limits::default();
    for &(resource, limit) in known {
        match resource {
            RLIMIT_AS => limits.address_space = limit,
            RLIMIT_DATA => limits.data = limit,
            RLIMIT_STACK => limits.stack = limit,
            RLIMIT_MEMLOCK => limits.memlock = limit,
            _ => {}
        }
    }
    limits
}
