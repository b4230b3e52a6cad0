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

/// The key that a signal names where one denies an access (`force_sig_pkuerr`): that of
/// the mapping.
pub fn told(profile: &Profile, flags: VmFlags) -> u8 {
    if profile.has_defect(Defect::KeyFaultWithoutKey) {
        return 0;
    }
    number(flags) as u8
}

/// The number of a mapping's key (`vma_pkey`).
pub fn number(flags: VmFlags) -> u64 {
    u64::from(flags.contains(EXECUTE_ONLY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::PAGE_SIZE;
    use crate::model::tests::*;
    use crate::model::{Seed, System};
    use crate::op::consts::*;
    use crate::op::{Addr, Call, Outcome, Signal, Trap};
    use crate::profile::Version;
    use crate::snapshot::SmapsField;
    use std::sync::Arc;

    fn with_keys() -> System {
        let mut profile = Profile::stock(Version::new(6, 18));
        profile.config.pkeys = true;
        System::new(Arc::new(profile), &Seed::standard())
    }

    fn mmap(system: &mut System, pages: u64, prot: u64) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        let (addr, len) = (Addr::absolute(FAR), pages * PAGE_SIZE);
        let call = Call::Mmap { addr, len, prot, flags, fd: -1, offset: 0 };
        assert!(matches!(run(system, P0, call), Outcome::Address(FAR)));
    }

    fn mprotect(system: &mut System, prot: u64) {
        let call = Call::Mprotect { addr: Addr::absolute(FAR), len: PAGE_SIZE, prot };
        assert_eq!(run(system, P0, call), Outcome::Value(0));
    }

    fn key(system: &System) -> u64 {
        kb(system, P0, FAR, SmapsField::ProtectionKey)
    }

    #[test]
    fn only_plain_prot_exec_gives_a_key() {
        for prot in 0..16 {
            let mut system = with_keys();
            mmap(&mut system, 1, prot);
            assert_eq!(key(&system), u64::from(prot == PROT_EXEC), "mmap of {prot}");
            for before in [PROT_READ, PROT_EXEC] {
                mprotect(&mut system, before);
                mprotect(&mut system, prot);
                assert_eq!(key(&system), u64::from(prot == PROT_EXEC), "{before} to {prot}");
            }
        }
    }

    #[test]
    fn a_key_comes_before_the_permission() {
        let mut system = with_keys();
        mmap(&mut system, 2, PROT_READ | PROT_WRITE);
        store(&mut system, P0, FAR, RET_INSTRUCTION);
        mprotect(&mut system, PROT_EXEC);
        let denied = |address, error| {
            let trap = Trap { number: 14, error, key: Some(1) };
            Outcome::Signal(Signal { number: SIGSEGV, code: SEGV_PKUERR, address, trap })
        };
        // what the processor says and what only the kernel knows
        assert_eq!(load(&mut system, P0, FAR + 1, 1), denied(FAR + 1, 0x25));
        assert_eq!(store(&mut system, P0, FAR, 1), denied(FAR, 0x27));
        let untouched = FAR + PAGE_SIZE;
        let addr = Addr::absolute(untouched);
        let call = Call::Mprotect { addr, len: PAGE_SIZE, prot: PROT_EXEC };
        assert_eq!(run(&mut system, P0, call), Outcome::Value(0));
        assert_eq!(load(&mut system, P0, untouched, 1), denied(untouched, 4));
        let call = Call::Call { addr: Addr::absolute(FAR) };
        assert_eq!(run(&mut system, P0, call), Outcome::Value(0));
    }

    #[test]
    fn without_keys_there_is_no_field_and_no_denial() {
        let mut system = system();
        mmap(&mut system, 1, PROT_EXEC);
        assert_eq!(smaps(&system, P0, FAR).get(SmapsField::ProtectionKey), None);
        assert!(matches!(load(&mut system, P0, FAR, 1), Outcome::Contents(_)));
    }
}
