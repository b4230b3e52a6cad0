//! Protection keys (`arch/x86/mm/pkeys.c`): what makes execute-only memory.
//!
//! The hardware has no entry that can be executed and not read. Where it has
//! protection keys, Linux gives memory that is to be executed only a key whose
//! data accesses are denied. No operation allocates keys, so the one that the
//! first such mapping takes (`mm_pkey_alloc`) is always the first after the
//! default key, in a child as in its parent; and a process starts with access
//! denied by every key but the default (`init_pkru_value`), which the handlers
//! of its signals find as well. So neither the keys allocated nor the PKRU
//! register need be state.

use super::fault::Access;
use super::vma::VmFlags;
use crate::defect::Defect;
use crate::op::consts::PROT_EXEC;
use crate::profile::Profile;

/// The key of execute-only memory, as bits of `vm_flags`.
const EXECUTE_ONLY: VmFlags = VmFlags::PKEY_BIT0;

/// The key that `mmap` gives (`do_mmap`, `execute_only_pkey`): it looks at the
/// protection as it was asked for, unknown bits included.
pub fn of_new(profile: &Profile, prot: u64) -> VmFlags {
    let keyed = profile.config.pkeys
        && prot == PROT_EXEC
        && !profile.has_defect(Defect::ExecuteOnlyWithoutKey);
    if keyed {
        EXECUTE_ONLY
    } else {
        VmFlags::empty()
    }
}

/// The key that `mprotect` leaves a mapping with
/// (`__arch_override_mprotect_pkey`): memory that was execute-only goes back to
/// the default key, and other memory has no other.
pub fn of_changed(profile: &Profile, old: VmFlags, prot: u64) -> VmFlags {
    if profile.has_defect(Defect::ExecuteOnlyKeepsKey) {
        return of_new(profile, prot) | (old & EXECUTE_ONLY);
    }
    of_new(profile, prot)
}

/// `arch_vma_access_permitted`, turned round: whether the mapping's key denies
/// the process itself the access.
pub fn denies(flags: VmFlags, access: Access) -> bool {
    flags.intersects(EXECUTE_ONLY) && access != Access::Exec
}

/// The number of a mapping's key (`vma_pkey`).
pub fn number(flags: VmFlags) -> u64 {
    u64::from(flags.contains(EXECUTE_ONLY))
}
