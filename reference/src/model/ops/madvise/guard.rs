//! Guard regions: pages that may not be touched, without mappings of their own.

use super::{mapping, Part};
use crate::addr::PAGE_SIZE;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::page_table::Pte;
use crate::model::{fail, fault, zap, CannotPredict, Current, Fail, VmFlags, Vma};
use crate::profile::Rule;

/// Mirrors `is_valid_guard_vma`.
fn check_guardable(vma: &Vma, locked_too: bool) -> Result<(), Fail> {
    if vma.flags.intersects(VmFlags::SPECIAL | VmFlags::HUGETLB) {
        return fail(Errno::EINVAL, "a special mapping cannot have guard regions");
    }
    if !locked_too && vma.flags.contains(VmFlags::LOCKED) {
        return fail(Errno::EINVAL, "guarding would discard locked pages");
    }
    if !vma.is_anonymous() {
        return Err(CannotPredict("guard regions in a file").into());
    }
    Ok(())
}

/// MADV_GUARD_INSTALL. Mirrors `madvise_guard_install`.
pub(super) fn install(cur: &mut Current, vma: u64, part: Part) -> Result<(), Fail> {
    let profile = cur.profile;
    check_guardable(mapping(cur, vma)?, profile.has_defect(Defect::GuardOnLocked))?;
    if profile.has(Rule::MaybeGuard) && !profile.has_defect(Defect::GuardForgetsFlag) {
        cur.mm.vmas.update(vma, |vma| vma.flags.insert(VmFlags::MAYBE_GUARD));
    }
    if !profile.has_defect(Defect::GuardForgetsAnonVma) {
        fault::prepare_anon_vma(cur, vma);
    }
    let mut populated = false;
    cur.mm.tables.for_each(part.start, part.end, |_, pte| populated |= pte != Pte::Guard);
    if populated {
        let vma = mapping(cur, vma)?.clone();
        zap::zap_range(cur, &vma, part.start, part.end);
    }
    let first =
        match profile.has_defect(Defect::GuardSkipsFirst) && part.end - part.start > PAGE_SIZE {
            true => part.start + PAGE_SIZE,
            false => part.start,
        };
    cur.mm.tables.fill(first, part.end, Pte::Guard);
    Ok(())
}

/// MADV_GUARD_REMOVE. Mirrors `madvise_guard_remove`.
pub(super) fn remove(cur: &mut Current, vma: u64, part: Part) -> Result<(), Fail> {
    check_guardable(mapping(cur, vma)?, true)?;
    if cur.profile.has_defect(Defect::GuardRemoveDiscards) {
        let vma = mapping(cur, vma)?.clone();
        zap::discard_range(cur, &vma, part.start, part.end);
    }
    cur.mm.tables.for_each_pte(part.start, part.end, |_, pte| {
        if *pte == Pte::Guard {
            *pte = Pte::None;
        }
    });
    Ok(())
}
