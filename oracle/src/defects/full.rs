//! Programs that begin with as many mappings as there may be.

use mm_reference::addr::{PAGE_SIZE, PUD_SIZE};
use mm_reference::defect::Defect;
use mm_reference::model::System;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Op, Outcome, ProcessId};

/// Whether the defect shows only there.
pub(super) fn needed_by(defect: Defect) -> bool {
    matches!(
        defect,
        Defect::MunmapIgnoresMapCount
            | Defect::MadviseSplitIsNoMemory
            | Defect::SplitsUnlimited
            | Defect::MmapIgnoresMapCount
            | Defect::MmapCountsItself
            | Defect::BrkIgnoresMapCount
            | Defect::MremapIgnoresMapCount
            | Defect::MovesOneMapping
    )
}

/// The pages at the limit minus this many are made by doubling.
const SPARE: u64 = 8;
/// Pages of one mapping: enough to be cut in three almost anywhere.
const EACH: u64 = 8;

/// A few operations that fill the first process up to `vm.max_map_count`:
/// read-only and writable mappings of a few pages by turns, all copied by each
/// further call.
///
/// ```text
///   rrrwww  ->  rrrwww.rrrwww  ->  rrrwww.rrrwww.rrrwww.rrrwww  ...
/// ```
///
/// Nothing where the kernel does not move several mappings at once.
pub(super) fn ops(fresh: &System) -> Vec<Op> {
    let max = fresh.profile().settings.max_map_count;
    let base = fresh.layout().mmap.saturating_sub(4 * PUD_SIZE);
    let mut system = fresh.clone();
    let mut ops = Vec::new();
    let mut perform = |call: Call| {
        let op = Op::first(call);
        let done = matches!(system.apply(&op), Ok(answer) if !is_error(&answer.outcome));
        if done {
            ops.push(op);
        }
        let mm = system.process(ProcessId(0)).map(|p| p.mm.vmas.len() as u64);
        if done {
            mm
        } else {
            None
        }
    };
    let at = |page: u64| fresh.layout().express(base + page * PAGE_SIZE);
    let mut fill = || -> Option<()> {
        perform(map(at(0), 2 * EACH))?;
        let mut count = perform(protect(at(0), EACH))?;
        let mut span = 2 * EACH;
        while count + SPARE < max {
            let pages = span.min((max - SPARE - count) * EACH);
            count = perform(Call::Mremap {
                old: at(0),
                old_len: pages * PAGE_SIZE,
                new_len: pages * PAGE_SIZE,
                flags: MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
                new: at(span + 1),
            })?;
            span += 1 + pages;
        }
        // the rest one by one: each makes two of one, or three
        perform(map(at(span + 1), 32))?;
        for page in 0.. {
            count = perform(protect(at(span + 1 + 2 * page), 1))?;
            if count >= max {
                break;
            }
        }
        Some(())
    };
    match fill() {
        Some(()) => ops,
        None => Vec::new(),
    }
}

fn is_error(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(_) | Outcome::Signal(_))
}

fn map(addr: Addr, pages: u64) -> Call {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    let prot = PROT_READ | PROT_WRITE;
    Call::Mmap { addr, len: pages * PAGE_SIZE, prot, flags, fd: -1, offset: 0 }
}

fn protect(addr: Addr, pages: u64) -> Call {
    Call::Mprotect { addr, len: pages * PAGE_SIZE, prot: PROT_READ }
}
