//! Where a mapping lands: `__get_unmapped_area` and the x86 searches.
//!
//! ```text
//! min_address        TASK_SIZE/3                        mmap_base     TASK_SIZE
//!  |-----------------------|---------------------------------|------------|
//!                          |--- bottom-up fall-back ------------------->|
//!  <----------------- top-down: the highest gap wins ---------|
//! ```

use super::{fail, CannotPredict, Current, Fail};
use crate::addr::{align_down, page_aligned, page_down, page_up, PAGE_SIZE, PMD_SIZE, TASK_SIZE};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::op::consts::{MAP_32BIT, MAP_ABOVE4G, MAP_FIXED};
use crate::profile::{Quirk, Rule};

/// Start of the bottom-up area (`mmap_legacy_base` without randomisation).
const LEGACY_BASE: u64 = page_up(TASK_SIZE / 3);
/// Addresses above look like error codes (`IS_ERR_VALUE`).
const LAST_ERROR_ADDRESS: u64 = -4096_i64 as u64;
/// The area of `MAP_32BIT`.
const LOW_AREA: (u64, u64) = (0x4000_0000, 0x8000_0000);

impl Current<'_> {
    /// `__get_unmapped_area` for memory without a file: the address of a new
    /// mapping of `len` bytes (page-aligned), of which `addr` is the hint or,
    /// with MAP_FIXED in `flags`, the place.
    pub(crate) fn unmapped_area(&mut self, addr: u64, len: u64, flags: u64) -> Result<u64, Fail> {
        if len > TASK_SIZE {
            return fail(Errno::ENOMEM, "longer than the address space");
        }
        let aligned = self.profile.config.thp
            && self.profile.has(Rule::ThpAlign)
            && len >= PMD_SIZE
            && (!self.profile.has(Rule::ThpAlignMultiple) || addr == 0 && len % PMD_SIZE == 0)
            && !self.profile.has_defect(Defect::NoThpAlignment);
        let found = match aligned.then(|| self.thp_aligned_area(addr, len, flags)).flatten() {
            Some(found) => found,
            None => self.topdown_area(addr, len, flags)?,
        };
        if found > LAST_ERROR_ADDRESS && self.quirk(Quirk::FixedAddressReadAsError) {
            return fail(Errno(found.wrapping_neg() as i32), "the address is taken for an error");
        }
        if found > TASK_SIZE - len {
            return fail(Errno::ENOMEM, "reaches beyond the address space");
        }
        if !page_aligned(found) {
            return fail(Errno::EINVAL, "the fixed address is not page-aligned");
        }
        if found < self.profile.settings.mmap_min_addr && !self.profile.privilege.sys_rawio {
            return fail(Errno::EPERM, "below vm.mmap_min_addr without CAP_SYS_RAWIO");
        }
        Ok(found)
    }

    /// `__thp_get_unmapped_area`: searches for 2 MiB more than needed, so that
    /// a part of the answer is aligned. A hint, or a fixed address, that has
    /// room for that is taken as it is.
    fn thp_aligned_area(&self, addr: u64, len: u64, flags: u64) -> Option<u64> {
        let found = self.topdown_area(addr, len.checked_add(PMD_SIZE)?, flags).ok()?;
        match found {
            0 => None,
            _ if found == addr => Some(addr),
            _ => Some(align_down(found, PMD_SIZE) + PMD_SIZE),
        }
    }

    /// `arch_get_unmapped_area_topdown` of x86.
    fn topdown_area(&self, hint: u64, len: u64, flags: u64) -> Result<u64, Fail> {
        if len > TASK_SIZE {
            return fail(Errno::ENOMEM, "longer than the address space");
        }
        if flags & MAP_FIXED != 0 {
            return Ok(hint);
        }
        if flags & MAP_32BIT != 0 && !self.profile.has_defect(Defect::Map32BitIgnored) {
            return self.bottomup_area(hint, len, LOW_AREA);
        }
        let ignored = self.profile.has_defect(Defect::HintsIgnored);
        let rounded = if ignored { 0 } else { page_down(hint) };
        if rounded != 0 && self.hint_is_free(rounded, len, TASK_SIZE) {
            return Ok(rounded);
        }
        let above = flags & MAP_ABOVE4G != 0 && self.profile.has(Rule::Above4g);
        let low = if above { 1 << 32 } else { PAGE_SIZE };
        let low = low.max(self.min_address());
        let found = if self.profile.has_defect(Defect::LowestGapWins) {
            self.mm.vmas.lowest_gap(len, low, self.mm.mmap_base)
        } else {
            self.mm.vmas.highest_gap(len, low, self.mm.mmap_base)
        };
        match found {
            Some(found) => Ok(found),
            None => self.bottomup_area(hint, len, (LEGACY_BASE, TASK_SIZE)),
        }
    }

    /// `arch_get_unmapped_area` of x86.
    fn bottomup_area(&self, hint: u64, len: u64, (low, high): (u64, u64)) -> Result<u64, Fail> {
        let rounded = page_up(hint);
        if hint != 0 && self.hint_is_free(rounded, len, high) {
            return Ok(rounded);
        }
        if self.mm.randomised {
            return Err(CannotPredict("a search upwards begins at a random address").into());
        }
        match self.mm.vmas.lowest_gap(len, low.max(self.min_address()), high) {
            Some(found) => Ok(found),
            None => fail(Errno::ENOMEM, "no gap is large enough"),
        }
    }

    fn hint_is_free(&self, hint: u64, len: u64, high: u64) -> bool {
        high.checked_sub(len).is_some_and(|last| hint <= last)
            && self.mm.vmas.find(hint).is_none_or(|next| {
                let free_until = if self.profile.has_defect(Defect::NoGuardGapForHints) {
                    next.start
                } else {
                    next.start_gap()
                };
                hint + len <= free_until
            })
    }
}
