//! How a subject gets back to the state in which programs start.

use mm_reference::addr::{page_up, PAGE_SIZE};
use mm_reference::model::{Seed, System, VmFlags};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Op, Outcome, ProcessId};

/// Finds the operations that bring process 0 back, applied to the model as they are
/// found. `None` when something cannot be undone, and the subject has to be
/// replaced. Afterwards both are the state in which the next program starts:
/// `initial` as it was, but for what outlives a program.
pub(super) fn reset_ops(
    system: &mut System,
    initial: &mut System,
    seed: &Seed,
    ops: &mut Vec<Op>,
) -> Option<()> {
    ops.clear();
    if seed.exec.is_some() {
        return None; // what execve did cannot be done again
    }
    let first = ProcessId(0);
    let children: Vec<ProcessId> = system.live().filter(|&p| p != first).collect();
    for process in children {
        system.apply(&Op { process, call: Call::Exit }).ok()?;
    }
    let mut perform = |system: &mut System, call: Call| -> Option<()> {
        let op = Op::first(call);
        match system.apply(&op).ok()?.outcome {
            Outcome::Error(_) | Outcome::Signal(_) => None,
            _ => {
                ops.push(op);
                Some(())
            }
        }
    };
    // first, since the rest may need them
    if let Some(call) = lost_capabilities(system, initial) {
        perform(system, call)?;
    }
    for (resource, soft, hard) in changed_limits(system, initial) {
        perform(system, Call::Setrlimit { resource, soft, hard })?;
    }
    let mm = &system.process(first)?.mm;
    let locked = mm.def_flags.intersects(VmFlags::LOCKED_MASK) || seed_is_locked(mm, seed);
    let merges_any = mm.merge_any;
    let heap = (mm.start_brk, page_up(mm.brk));
    let brk_moved = mm.brk != mm.start_brk;
    let heap_is_gone = heap.0 < heap.1 && !mm.vmas.intersects(heap.0, heap.1);
    if locked {
        perform(system, Call::Munlockall)?;
    }
    if merges_any {
        perform(system, Call::Prctl { option: PR_SET_MEMORY_MERGE, args: [0; 4] })?;
    }
    if brk_moved {
        if heap_is_gone {
            // the heap shrinks only over something that is mapped
            perform(system, map_fixed(heap.0, PAGE_SIZE))?;
        }
        perform(system, Call::Brk { addr: Addr::absolute(heap.0) })?;
    }
    let mut from = 0;
    let top = system.profile().task_size();
    for (start, end) in seed.kept_ranges().into_iter().chain([(top, top)]) {
        if from < start && system.process(first)?.mm.vmas.intersects(from, start) {
            perform(system, Call::Munmap { addr: Addr::absolute(from), len: start - from })?;
        }
        from = end;
    }
    system.is_pristine(initial).ok()?;
    initial.carry_from(system);
    system.return_to(initial);
    Some(())
}

fn map_fixed(start: u64, len: u64) -> Call {
    Call::Mmap {
        addr: Addr::absolute(start),
        len,
        prot: PROT_READ | PROT_WRITE,
        flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
        fd: -1,
        offset: 0,
    }
}

/// Makes the capabilities effective again that were so at the start.
fn lost_capabilities(system: &System, fresh: &System) -> Option<Call> {
    let of = |system: &System| Some(system.process(ProcessId(0))?.capabilities);
    let (now, before) = (of(system)?, of(fresh)?);
    let (effective, permitted) = (before.effective.bits(), before.permitted.bits());
    (now != before).then_some(Call::Capset { effective, permitted })
}

/// Whether the subject's own mappings are locked.
fn seed_is_locked(mm: &mm_reference::model::Mm, seed: &Seed) -> bool {
    seed.kept_ranges()
        .iter()
        .filter_map(|&(start, _)| mm.vmas.at(start))
        .any(|vma| vma.flags.intersects(VmFlags::LOCKED_MASK))
}

/// The limits that differ from those at the start.
fn changed_limits(system: &System, fresh: &System) -> Vec<(u32, u64, u64)> {
    let of = |system: &System| system.process(ProcessId(0)).map(|process| process.limits);
    let (Some(now), Some(before)) = (of(system), of(fresh)) else { return Vec::new() };
    RLIMITS
        .iter()
        .filter(|&&(_, resource)| now.of(resource) != before.of(resource))
        .filter_map(|&(_, resource)| before.of(resource).map(|(soft, hard)| (resource, soft, hard)))
        .collect()
}
