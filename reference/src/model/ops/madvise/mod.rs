//! `madvise`: one file per group of advices.

mod discard;
mod flags;
mod guard;
mod reclaim;
#[cfg(test)]
mod tests;

pub(crate) use flags::{is_ksm_compatible, retry};

use crate::addr::{page_aligned, page_up};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, gup, CannotPredict, Current, Fail, VmFlags, Vma};
use crate::op::consts::*;
use crate::op::Outcome;
use crate::profile::{Capability, Rule};

/// `madvise(start, len, advice)`. Mirrors `do_madvise`.
pub(crate) fn madvise(
    cur: &mut Current,
    start: u64,
    len: u64,
    advice: i32,
) -> Result<Outcome, Fail> {
    if !is_known(cur, advice) {
        return fail(Errno::EINVAL, "this kernel does not know the advice");
    }
    let Some(end) = input_range(start, len)? else { return Ok(Outcome::Value(0)) };
    if !matches!(advice, MADV_HWPOISON | MADV_SOFT_OFFLINE) {
        check_seals(cur, start, end, advice)?;
    }
    match advice {
        MADV_HWPOISON | MADV_SOFT_OFFLINE => inject_error(cur, start)?,
        MADV_POPULATE_READ => populate(cur, start, end, false)?,
        MADV_POPULATE_WRITE => populate(cur, start, end, true)?,
        _ => walk_vmas(cur, start, end, |cur, vma, range| advise(cur, vma, range, advice))?,
    }
    Ok(Outcome::Value(0))
}

/// The part of a range that lies in one mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// Whether the kernel has an advice. Mirrors `madvise_behavior_valid`.
fn is_known(cur: &Current, advice: i32) -> bool {
    let config = &cur.profile.config;
    match advice {
        MADV_MERGEABLE | MADV_UNMERGEABLE => config.ksm,
        MADV_HUGEPAGE | MADV_NOHUGEPAGE | MADV_COLLAPSE => config.thp,
        MADV_HWPOISON | MADV_SOFT_OFFLINE => config.memory_failure,
        MADV_GUARD_INSTALL | MADV_GUARD_REMOVE => cur.profile.has(Rule::GuardRegions),
        _ => ADVICES.iter().any(|&(_, known)| known == advice),
    }
}

/// The end of a page-aligned range, none for an empty one. Mirrors
/// `check_input_range`.
pub(super) fn input_range(start: u64, len: u64) -> Result<Option<u64>, Fail> {
    if !page_aligned(start) {
        return fail(Errno::EINVAL, "the address is not page-aligned");
    }
    let rounded = page_up(len);
    if len != 0 && rounded == 0 {
        return fail(Errno::EINVAL, "the length rounds up to nothing");
    }
    match start.checked_add(rounded) {
        None => fail(Errno::EINVAL, "the range wraps around"),
        Some(end) => Ok((end != start).then_some(end)),
    }
}

/// `madvise_populate`: of the range as a whole, or of one mapping after the other.
fn populate(cur: &mut Current, start: u64, end: u64, write: bool) -> Result<(), Fail> {
    if cur.profile.has(Rule::PopulateStopsAtHole) {
        return gup::madvise_populate(cur, start, end, write);
    }
    walk_vmas(cur, start, end, |cur, vma, part| {
        gup::madvise_populate(cur, part.start, part.end, write)?;
        Ok(vma)
    })
}

/// Visits every mapping of a range; holes are passed over and reported at the
/// end. The visitor answers where the mapping that holds its part starts
/// afterwards: what it merged with counts as visited. Mirrors
/// `madvise_walk_vmas`.
pub(super) fn walk_vmas(
    cur: &mut Current,
    start: u64,
    end: u64,
    mut visit: impl FnMut(&mut Current, u64, Part) -> Result<u64, Fail>,
) -> Result<(), Fail> {
    const HOLE: &str = "part of the range is not mapped";
    let (mut at, mut hole) = (start, false);
    while at < end {
        let Some(vma) = cur.mm.vmas.find(at) else { return fail(Errno::ENOMEM, HOLE) };
        let (first, last) = (vma.start, vma.end);
        if at < first {
            if cur.profile.has_defect(Defect::MadviseStopsAtHole) {
                return fail(Errno::ENOMEM, HOLE);
            }
            hole = true;
            at = first;
            if at >= end {
                break;
            }
        }
        let part = Part { start: at, end: last.min(end) };
        let now = visit(cur, first, part)?;
        at = cur.mm.vmas.at(now).map_or(part.end, |vma| vma.end.max(part.end));
    }
    if hole && !cur.profile.has_defect(Defect::MadviseIgnoresHole) {
        return fail(Errno::ENOMEM, HOLE);
    }
    Ok(())
}

/// Gives an advice to the part of the mapping that starts at `vma`. Mirrors
/// `madvise_vma_behavior`.
fn advise(cur: &mut Current, vma: u64, part: Part, advice: i32) -> Result<u64, Fail> {
    let mapping = mapping(cur, vma)?;
    if is_sealed_against(cur, mapping, advice) {
        return fail(Errno::EPERM, "the mapping is sealed and may not be written");
    }
    match advice {
        MADV_DONTNEED | MADV_DONTNEED_LOCKED => discard::dont_need(cur, vma, part, advice)?,
        MADV_FREE => discard::free(cur, vma, part)?,
        MADV_REMOVE => discard::remove(mapping)?,
        MADV_WILLNEED => reclaim::will_need(cur, mapping, part)?,
        MADV_COLD => reclaim::cold(cur, vma, part)?,
        MADV_PAGEOUT => reclaim::page_out(cur, vma, part)?,
        MADV_COLLAPSE => collapse(cur)?,
        MADV_GUARD_INSTALL => guard::install(cur, vma, part)?,
        MADV_GUARD_REMOVE => guard::remove(cur, vma, part)?,
        _ => return flags::change(cur, vma, part, advice),
    }
    Ok(vma)
}

/// The mapping that starts at an address.
fn mapping<'a>(cur: &'a Current, start: u64) -> Result<&'a Vma, Fail> {
    match cur.mm.vmas.at(start) {
        Some(vma) => Ok(vma),
        None => fail(Errno::ENOMEM, "part of the range is not mapped"),
    }
}

/// Whether a seal forbids to discard: anonymous memory that its owner could
/// not write. Mirrors `can_madvise_modify`.
fn is_sealed_against(cur: &Current, vma: &Vma, advice: i32) -> bool {
    let discards = matches!(
        advice,
        MADV_FREE
            | MADV_DONTNEED
            | MADV_DONTNEED_LOCKED
            | MADV_REMOVE
            | MADV_DONTFORK
            | MADV_WIPEONFORK
            | MADV_GUARD_INSTALL
    );
    discards
        && vma.flags.contains(VmFlags::SEALED)
        && vma.is_anonymous()
        && (!vma.flags.contains(VmFlags::WRITE)
            || cur.profile.has_defect(Defect::DiscardRefusedWritable))
        && !cur.profile.has_defect(Defect::DiscardIgnoresSeal)
}

/// What 6.10 and 6.11 test before they touch any part of a range. Mirrors
/// `can_modify_mm_madv`.
fn check_seals(cur: &Current, start: u64, end: u64, advice: i32) -> Result<(), Fail> {
    let mut range = cur.mm.vmas.overlapping(start, end);
    if !cur.profile.has(Rule::SealPerMapping)
        && range.any(|vma| is_sealed_against(cur, vma, advice))
    {
        return fail(Errno::EPERM, "part of the range is sealed and may not be written");
    }
    Ok(())
}

/// Mirrors `madvise_inject_error`. Nothing is ever really poisoned: no page is beyond the
/// address space.
fn inject_error(cur: &Current, start: u64) -> Result<(), Fail> {
    let may = cur.capable(Capability::SysAdmin) || cur.profile.has_defect(Defect::PoisonForAll);
    if !may {
        return fail(Errno::EPERM, "injecting memory errors needs CAP_SYS_ADMIN");
    }
    if start >= cur.profile.task_size() {
        return fail(Errno::EFAULT, "beyond the address space");
    }
    Err(CannotPredict("injected memory errors").into())
}

/// Mirrors `madvise_collapse` for a process without huge pages.
fn collapse(cur: &Current) -> Result<(), Fail> {
    if cur.mm.thp_disable != 1 {
        return Err(CannotPredict("huge pages").into());
    }
    fail(Errno::EINVAL, "huge pages are disabled for the process")
}
