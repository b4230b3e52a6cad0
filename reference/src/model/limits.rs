//! Resource limits and overcommit.

use super::vma::{VmFlags, Vma};
use super::{CannotPredict, Current, Mm};
use crate::addr::pages;
use crate::defect::Defect;
use crate::op::consts::RLIM_INFINITY;
use crate::profile::{Capability, Profile};

/// `__vm_enough_memory`: whether a process of `total_vm` pages is granted a commit charge of
/// `count` pages, which may have `CAP_SYS_ADMIN`; `committed` gives those that all processes
/// of the program have already.
///
/// # Errors
/// Without overcommit, close to the limit, it cannot be said.
pub(crate) fn enough_memory(
    profile: &Profile,
    count: u64,
    total_vm: u64,
    admin: bool,
    committed: impl FnOnce() -> u64,
) -> Result<bool, CannotPredict> {
    match profile.settings.overcommit {
        _ if profile.has_defect(Defect::CommitUnlimited) => Ok(true),
        0 => Ok(count <= profile.settings.total_pages),
        1 => Ok(true),
        _ => {
            let used = committed().saturating_add(count);
            let forgets = profile.has_defect(Defect::CommitReserveForgotten);
            let granted = profile.settings.commit.grants(used, total_vm, admin || forgets);
            granted.ok_or(CannotPredict("as much is committed as the limit, give or take"))
        }
    }
}

/// The pages that an address space has charged.
pub(crate) fn committed(mm: &Mm) -> u64 {
    mm.vmas.iter().filter(|vma| vma.flags.contains(VmFlags::ACCOUNT)).map(Vma::pages).sum()
}

impl Current<'_> {
    /// `may_expand_vm`: whether `pages` more of this kind stay within
    /// RLIMIT_AS and RLIMIT_DATA.
    pub(crate) fn may_expand(&self, flags: VmFlags, count: u64) -> bool {
        let within = |total: u64, limit: u64| total.saturating_add(count) <= pages(limit);
        let unbound = self.profile.has_defect(Defect::AddressSpaceUnlimited);
        if !within(self.mm.total_vm, self.limits.address_space.0) && !unbound {
            return false;
        }
        if Vma::is_data(flags) && !within(self.mm.data_vm, self.limits.data.0) {
            if self.profile.has_defect(Defect::DataUnlimited) {
                return true;
            }
            // a soft limit of zero is ignored while the hard limit allows
            return self.limits.data.0 == 0 && within(self.mm.data_vm, self.limits.data.1);
        }
        true
    }

    /// Whether RLIMIT_MEMLOCK does not bind the process.
    pub(crate) fn locks_without_limit(&self) -> bool {
        match self.profile.has_defect(Defect::AdminLocksUnlimited) {
            true => self.capable(Capability::SysAdmin),
            false => self.capable(Capability::IpcLock),
        }
    }

    /// `mlock_future_ok`: whether `bytes` more may be locked.
    pub(crate) fn may_lock(&self, locked: bool, bytes: u64) -> bool {
        !locked
            || self.locks_without_limit()
            || self.profile.has_defect(Defect::FutureLocksUnlimited)
            || self.mm.locked_vm.wrapping_add(pages(bytes)) <= pages(self.limits.memlock.0)
    }

    /// `can_do_mlock`: whether locking is allowed at all.
    pub(crate) fn can_lock(&self) -> bool {
        self.limits.memlock.0 != 0
            || self.locks_without_limit()
            || self.profile.has_defect(Defect::ZeroLimitAllowsLocking)
    }

    /// Whether a commit charge of `count` pages is granted.
    ///
    /// # Errors
    /// As [`enough_memory`].
    pub(crate) fn enough_memory(&self, count: u64) -> Result<bool, CannotPredict> {
        let all = || committed(self.mm) + self.committed_elsewhere;
        let admin = self.capable(Capability::SysAdmin);
        enough_memory(self.profile, count, self.mm.total_vm, admin, all)
    }

    /// Whether one more mapping would be over `vm.max_map_count`: what a split tests.
    pub(crate) fn map_count_full(&self) -> bool {
        self.mm.vmas.len() as u64 >= self.profile.settings.max_map_count
    }

    /// The lowest address that hints, searches and growing stacks may use
    /// (`mmap_min_addr`).
    pub(crate) fn min_address(&self) -> u64 {
        self.profile.settings.mmap_min_addr.max(self.profile.settings.lsm_mmap_min_addr)
    }

    /// `check_data_rlimit`: whether a heap of `bytes` fits RLIMIT_DATA.
    pub(crate) fn heap_fits_data_limit(&self, bytes: u64) -> bool {
        let limit = self.limits.data.0;
        limit == RLIM_INFINITY || bytes + self.mm.data_segment <= limit
    }
}
