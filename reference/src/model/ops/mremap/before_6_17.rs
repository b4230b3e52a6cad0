//! `mremap` until 6.16: one mapping per call, and an order of tests in which
//! the mapping is looked for early and a fixed destination is cleared before
//! most of them.
//!
//! ```text
//!   arguments -> mapping there? -> sealed? -> destination named?
//!                                               |yes              |no
//!                           place, overlap, map count *   shrink, or grow:
//!                           clear the destination         vma_to_resize
//!                           vma_to_resize                 in place or move
//!                           move
//! ```
//!
//! `*`: in 6.15 and 6.16 the map count is the last of the tests of the arguments.

use super::super::mseal;
use super::checks::{check_count, check_growth, check_overlap, known_flags};
use super::{complete, destination, resize, Remap};
use crate::addr::page_aligned;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::vma::VmFlags;
use crate::model::{fail, Current, Fail};
use crate::profile::Rule;

/// The system call. `resizes` is whether the lengths differ as they were given,
/// not rounded to pages.
pub(super) fn mremap(cur: &mut Current, call: Remap, resizes: bool) -> Result<u64, Fail> {
    check_arguments(cur, &call, resizes)?;
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let sealed = vma.flags.contains(VmFlags::SEALED) && cur.profile.has(Rule::SealPerMapping);
    if sealed && !cur.profile.has_defect(Defect::MremapIgnoresSeal) {
        return fail(Errno::EPERM, "the mapping is sealed");
    }
    let (answer, populate) = if call.implies_new_addr() {
        move_to(cur, call)?
    } else {
        check_source_seal(cur, &call)?;
        let grows = call.old_len < call.new_len;
        let populate = grows && check_growth(cur, &call, vma)?;
        (resize::resize(cur, call)?, populate)
    };
    complete(cur, &call, answer, populate)
}

/// What is tested before the address space is looked at.
fn check_arguments(cur: &Current, call: &Remap, resizes: bool) -> Result<(), Fail> {
    if call.flags & !known_flags(cur) != 0 {
        return fail(Errno::EINVAL, "unknown flags");
    }
    if call.implies_new_addr() && !call.may_move() {
        return fail(Errno::EINVAL, "a new address without MREMAP_MAYMOVE");
    }
    if call.dontunmap() && resizes {
        return fail(Errno::EINVAL, "MREMAP_DONTUNMAP cannot resize");
    }
    if !page_aligned(call.addr) {
        return fail(Errno::EINVAL, "the old address is not page-aligned");
    }
    if call.new_len == 0 {
        return fail(Errno::EINVAL, "the new length is zero");
    }
    if call.implies_new_addr() && cur.profile.has(Rule::MremapDestinationFirst) {
        check_alignment(call)?;
        check_count(cur)?;
    }
    Ok(())
}

fn check_alignment(call: &Remap) -> Result<(), Fail> {
    if !page_aligned(call.new_addr) {
        return fail(Errno::EINVAL, "the new address is not page-aligned");
    }
    Ok(())
}

/// 6.10 and 6.11 test all of the old range, and where a destination is named
/// they do so after its own tests.
fn check_source_seal(cur: &Current, call: &Remap) -> Result<(), Fail> {
    let end = call.addr.saturating_add(call.old_len);
    mseal::check_range(cur, call.addr, end, Defect::MremapIgnoresSeal)
}

/// `mremap_to`: what is at the destination is gone when a later test fails.
/// Answers the address and whether the grown part has to be populated.
fn move_to(cur: &mut Current, mut call: Remap) -> Result<(u64, bool), Fail> {
    check_alignment(&call)?;
    let end = cur.profile.task_size();
    if call.new_len > end || call.new_addr > end - call.new_len {
        return fail(Errno::EINVAL, "the new range is beyond the address space");
    }
    check_overlap(cur, &call)?;
    if !cur.profile.has(Rule::MremapDestinationFirst) {
        check_count(cur)?;
    }
    check_source_seal(cur, &call)?;
    destination::clear_destination(cur, &mut call)?;
    let Some(vma) = cur.mm.vmas.containing(call.addr) else {
        return fail(Errno::EFAULT, "nothing is mapped at the old address");
    };
    let populate = check_growth(cur, &call, vma)?;
    Ok((destination::place_and_move(cur, call)?, populate))
}
