//! `mlockall` and `munlockall`.

use super::mlock::{check_may_lock, fix_up};
use crate::addr::PAGE_SHIFT;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, gup, Current, Fail, VmFlags};
use crate::op::consts::{MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT};
use crate::op::Outcome;

/// Mirrors the system call `mlockall`.
pub(crate) fn mlockall(cur: &mut Current, flags: u64) -> Result<Outcome, Fail> {
    // an `int` argument
    let flags = flags & 0xffff_ffff;
    if flags == 0 || flags & !(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0 {
        return fail(Errno::EINVAL, "no flags or unknown ones");
    }
    if flags == MCL_ONFAULT && !cur.profile.has_defect(Defect::OnFaultAloneAccepted) {
        return fail(Errno::EINVAL, "MCL_ONFAULT says nothing alone");
    }
    check_may_lock(cur)?;
    let current = flags & MCL_CURRENT != 0;
    let limit = cur.limits.memlock.0 >> PAGE_SHIFT;
    if current && cur.mm.total_vm > limit && !cur.locks_without_limit() {
        return fail(Errno::ENOMEM, "RLIMIT_MEMLOCK would be exceeded");
    }
    apply(cur, flags);
    if current {
        gup::populate(cur, 0, cur.profile.task_size())?;
    }
    Ok(Outcome::Value(0))
}

/// Mirrors the system call `munlockall`.
pub(crate) fn munlockall(cur: &mut Current) -> Result<Outcome, Fail> {
    apply(cur, 0);
    Ok(Outcome::Value(0))
}

/// Applies `MCL_*` flags to the future, to all mappings, or both; flags of an
/// earlier call that are not repeated are forgotten. Mirrors
/// `apply_mlockall_flags`.
fn apply(cur: &mut Current, flags: u64) {
    let on_fault = flags & MCL_ONFAULT != 0;
    let lock = if on_fault { VmFlags::LOCKED_MASK } else { VmFlags::LOCKED };
    let profile = cur.profile;
    if flags != 0 || !profile.has_defect(Defect::MunlockallKeepsFuture) {
        cur.mm.def_flags.remove(VmFlags::LOCKED_MASK);
    }
    if flags & MCL_FUTURE != 0 {
        if !profile.has_defect(Defect::MlockallForgetsFuture) {
            cur.mm.def_flags.insert(lock);
        }
        if flags & MCL_CURRENT == 0 {
            return;
        }
    }
    let wanted = if flags & MCL_CURRENT != 0 { lock } else { VmFlags::empty() };
    let mut at = 0;
    while let Some(vma) = cur.mm.vmas.find(at) {
        let (start, end) = (vma.start, vma.end);
        // a mapping that cannot be changed stays as it is
        at = fix_up(cur, start, start, end, wanted).unwrap_or(end);
    }
}
