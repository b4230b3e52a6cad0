//! Where a mapping lands: `__get_unmapped_area` and the x86 searches.
//!
//! ```text
//! min_address       MAP_WINDOW/3                       mmap_base     MAP_WINDOW
//!  |-----------------------|---------------------------------|------------|
//!                          |--- bottom-up fall-back ------------------->|
//!  <----------------- top-down: the highest gap wins ---------|
//! ```
//!
//! With five levels of page tables the address space goes on above this window,
//! but programs that keep other things in the upper bits of addresses must not be
//! surprised: only a hint above the window raises both ends, to the same
//! distance from `TASK_SIZE`.

use super::{fail, CannotPredict, Current, Fail};
use crate::addr::{
    align_down, align_up, page_aligned, page_down, page_up, MAP_WINDOW, PAGE_SIZE, PMD_SIZE,
};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::op::consts::{MAP_32BIT, MAP_ABOVE4G, MAP_FIXED};
use crate::profile::{Capability, Quirk, Rule};

/// Start of the bottom-up area (`mmap_legacy_base` without randomisation).
const LEGACY_BASE: u64 = page_up(MAP_WINDOW / 3);
/// Addresses above look like error codes (`IS_ERR_VALUE`).
const LAST_ERROR_ADDRESS: u64 = -4096_i64 as u64;
/// The area of `MAP_32BIT`.
const LOW_AREA: (u64, u64) = (0x4000_0000, 0x8000_0000);

impl Current<'_> {
    /// `__get_unmapped_area` for memory without a file: the address of a new
    /// mapping of `len` bytes (page-aligned), of which `addr` is the hint or,
    /// with MAP_FIXED in `flags`, the place.
    pub(crate) fn unmapped_area(&mut self, addr: u64, len: u64, flags: u64) -> Result<u64, Fail> {
        let task_size = self.profile.task_size();
        if len > task_size {
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
        if found > task_size - len {
            return fail(Errno::ENOMEM, "reaches beyond the address space");
        }
        if !page_aligned(found) {
            return fail(Errno::EINVAL, "the fixed address is not page-aligned");
        }
        if found < self.profile.settings.mmap_min_addr && !self.may_map_low() {
            return fail(Errno::EPERM, "below vm.mmap_min_addr without CAP_SYS_RAWIO");
        }
        Ok(found)
    }

    /// `cap_mmap_addr`: whether memory may be mapped below `vm.mmap_min_addr`.
    fn may_map_low(&self) -> bool {
        let may = self.capable(Capability::SysRawio)
            || self.profile.has_defect(Defect::LowAddressesForAll);
        may != self.profile.has_defect(Defect::LowPlacesSwapped)
    }

    /// `__thp_get_unmapped_area`: searches for 2 MiB more than needed, so that
    /// a part of the answer is aligned. A hint, or a fixed address, that has
    /// room for that is taken as it is.
    fn thp_aligned_area(&self, addr: u64, len: u64, flags: u64) -> Option<u64> {
        let found = self.topdown_area(addr, len.checked_add(PMD_SIZE)?, flags).ok()?;
        match found {
            0 => None,
            _ if found == addr => Some(addr),
            // a search upwards is content with the lowest address
            _ if self.profile.settings.legacy_layout => Some(align_up(found, PMD_SIZE)),
            _ => Some(align_down(found, PMD_SIZE) + PMD_SIZE),
        }
    }

    /// `arch_get_unmapped_area_topdown` of x86.
    fn topdown_area(&self, hint: u64, len: u64, flags: u64) -> Result<u64, Fail> {
        if len > self.profile.task_size() {
            return fail(Errno::ENOMEM, "longer than the address space");
        }
        if flags & MAP_FIXED != 0 {
            return Ok(hint);
        }
        if flags & MAP_32BIT != 0 && !self.profile.has_defect(Defect::Map32BitIgnored) {
            return self.bottomup_area(hint, len, LOW_AREA);
        }
        if self.profile.settings.legacy_layout {
            return self.upward_area(hint, len);
        }
        let ignored = self.profile.has_defect(Defect::HintsIgnored);
        let rounded = if ignored { 0 } else { page_down(hint) };
        if rounded != 0
            && self.hint_is_valid(rounded, len)
            && self.hint_is_free(rounded, len, self.profile.task_size())
        {
            return Ok(rounded);
        }
        let above = flags & MAP_ABOVE4G != 0 && self.profile.has(Rule::Above4g);
        let low = if above { 1 << 32 } else { PAGE_SIZE };
        let low = low.max(self.min_address());
        let high = self.mm.mmap_base + self.raised_by(rounded);
        let found = if self.profile.has_defect(Defect::LowestGapWins) {
            self.mm.vmas.lowest_gap(len, low, high)
        } else {
            self.mm.vmas.highest_gap(len, low, high)
        };
        match found {
            Some(found) => Ok(found),
            None => self.upward_area(hint, len),
        }
    }

    /// The search upwards in all of the address space (`find_start_end`).
    fn upward_area(&self, hint: u64, len: u64) -> Result<u64, Fail> {
        self.bottomup_area(hint, len, (LEGACY_BASE, MAP_WINDOW + self.raised_by(hint)))
    }

    /// By how much a hint raises the end of what is searched.
    fn raised_by(&self, hint: u64) -> u64 {
        let asks = hint > MAP_WINDOW && !self.profile.has_defect(Defect::HighHintIgnored);
        if asks || self.profile.has_defect(Defect::WindowIgnored) {
            self.profile.task_size() - MAP_WINDOW
        } else {
            0
        }
    }

    /// `mmap_address_hint_valid`: the whole range lies on one side of the
    /// window's end. The end itself is on neither.
    fn hint_is_valid(&self, hint: u64, len: u64) -> bool {
        let one_side = |end| (hint > MAP_WINDOW) == (end > MAP_WINDOW);
        hint.checked_add(len).is_some_and(one_side)
            || self.profile.has_defect(Defect::HintAcrossWindow)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::TASK_SIZE_MAX;
    use crate::model::tests::*;
    use crate::model::{Seed, System, VmFlags};
    use crate::op::consts::*;
    use crate::op::{Addr, Call, Outcome, Signal, Trap};
    use crate::profile::{Profile, Version};
    use std::sync::Arc;

    fn with_five_levels() -> System {
        let mut profile = Profile::stock(Version::new(6, 18));
        profile.config.la57 = true;
        System::new(Arc::new(profile), &Seed::standard())
    }

    fn area(system: &mut System, hint: u64, pages: u64, flags: u64) -> Result<u64, Errno> {
        match current(system).unmapped_area(hint, pages * PAGE_SIZE, flags) {
            Ok(found) => Ok(found),
            Err(Fail::Errno(errno, _)) => Err(errno),
            Err(Fail::Unknown(reason)) => panic!("{reason}"),
        }
    }

    #[test]
    fn only_a_high_hint_leads_out_of_the_window() {
        let mut system = with_five_levels();
        let base = current(&mut system).mm.mmap_base;
        let raised = base + (TASK_SIZE_MAX - MAP_WINDOW);
        let high = 1 << 48;
        assert_eq!(area(&mut system, 0, 1, 0), Ok(base - PAGE_SIZE));
        assert_eq!(area(&mut system, high, 1, 0), Ok(high));
        map(&mut system, high, 1, VmFlags::READ);
        for taken in [high, TASK_SIZE_MAX, 1 << 63] {
            assert_eq!(area(&mut system, taken, 1, 0), Ok(raised - PAGE_SIZE), "{taken:#x}");
        }
        assert_eq!(area(&mut system, MAP_WINDOW, 1, 0), Ok(base - PAGE_SIZE));
        assert_eq!(area(&mut system, MAP_WINDOW - PAGE_SIZE, 2, 0), Ok(base - 2 * PAGE_SIZE));
        assert_eq!(area(&mut system, MAP_WINDOW + PAGE_SIZE, 1, 0), Ok(MAP_WINDOW + PAGE_SIZE));
        // larger than the window
        assert_eq!(area(&mut system, 0, 1 << 36, 0), Err(Errno::ENOMEM));
        let large = area(&mut system, high, 1 << 36, 0);
        assert_eq!(large, Ok(raised - (1 << 48)));
    }

    #[test]
    fn a_fixed_address_is_bound_by_the_levels_of_tables() {
        for (mut system, end) in [(with_five_levels(), TASK_SIZE_MAX), (system(), MAP_WINDOW)] {
            let last = end - PAGE_SIZE;
            assert_eq!(area(&mut system, last, 1, MAP_FIXED), Ok(last));
            assert_eq!(area(&mut system, last, 2, MAP_FIXED), Err(Errno::ENOMEM));
            let segv = |code, address, (number, error)| {
                let trap = Trap { number, error, key: None };
                Outcome::Signal(Signal { number: SIGSEGV, code, address, trap })
            };
            let (general, page) = ((13, 0), (14, 5));
            assert_eq!(load(&mut system, P0, end, 1), segv(SEGV_MAPERR, end, page));
            let beyond = end + PAGE_SIZE;
            assert_eq!(load(&mut system, P0, beyond, 1), segv(SI_KERNEL, 0, general));
            assert_eq!(load(&mut system, P0, !beyond, 1), segv(SI_KERNEL, 0, general));
            let kernel = !(beyond - 1);
            assert_eq!(load(&mut system, P0, kernel, 1), segv(SEGV_MAPERR, kernel, page));
            let call = |len| Call::Munmap { addr: Addr::absolute(last), len };
            assert_eq!(run(&mut system, P0, call(PAGE_SIZE)), Outcome::Value(0));
            assert_eq!(run(&mut system, P0, call(PAGE_SIZE + 1)), Outcome::Error(Errno::EINVAL));
        }
    }
}
