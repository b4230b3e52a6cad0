//! The exception behind a signal, as the signal's handler is told of it.
//!
//! Of a page fault the processor says what was tried, and whether a present entry was in
//! the way or none. The kernel hands that on (`set_signal_archinfo`), but for addresses
//! of its own half, of which it gives nothing away (`sanitize_error_code`). Nothing here
//! depends on what a TLB still holds: the kernel flushes before it takes rights away, and
//! where a stale entry refuses more than the tables, the fault is resolved without a
//! signal.

use super::fault::Access;
use crate::defect::Defect;
use crate::op::Trap;
use crate::profile::Profile;

/// `X86_TRAP_GP`
const GENERAL_PROTECTION: u8 = 13;
/// `X86_TRAP_PF`
const PAGE_FAULT: u8 = 14;

// Bits of the error code of a page fault (`enum x86_pf_error_code`).
const PF_PROT: u16 = 1 << 0;
const PF_WRITE: u16 = 1 << 1;
const PF_USER: u16 = 1 << 2;
const PF_INSTR: u16 = 1 << 4;
const PF_PK: u16 = 1 << 5;

/// What the hardware met at the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// No entry that is present to it: there is none, the mapping is inaccessible, or a
    /// marker is there.
    Nothing,
    /// An entry that does not permit the access.
    Entry,
    /// An entry whose protection key denies the access, whatever else does.
    DeniedByKey,
}

/// A page fault (`exc_page_fault`).
pub(super) fn page_fault(profile: &Profile, access: Access, met: Met) -> Trap {
    let tried = match access {
        Access::Read => 0,
        Access::Write => PF_WRITE,
        Access::Exec => PF_INSTR,
    };
    let found = match met {
        Met::Nothing => 0,
        _ if profile.has_defect(Defect::ErrorHidesEntry) => 0,
        Met::Entry => PF_PROT,
        Met::DeniedByKey => PF_PROT | PF_PK,
    };
    Trap { number: PAGE_FAULT, error: PF_USER | tried | found, key: None }
}

/// A page fault at an address of the kernel's half: whatever is there, it counts as an
/// entry that does not permit the access (`sanitize_error_code`).
pub(super) fn kernel_half(profile: &Profile, access: Access) -> Trap {
    let tells = profile.has_defect(Defect::ErrorTellsKernelHalf);
    page_fault(profile, access, if tells { Met::Nothing } else { Met::Entry })
}

/// An access to an address that is in neither half (`exc_general_protection`).
pub(super) fn non_canonical() -> Trap {
    Trap { number: GENERAL_PROTECTION, error: 0, key: None }
}

#[cfg(test)]
mod tests {
    use crate::addr::{MAP_WINDOW, PAGE_SIZE};
    use crate::model::tests::{current, map, system, FAR, P0};
    use crate::model::{System, VmFlags};
    use crate::op::consts::MADV_GUARD_INSTALL;
    use crate::op::{Addr, Call, Op, Outcome};

    /// Trap number and error code of the signal that an operation raises.
    fn raised(system: &mut System, call: Call) -> (u8, u16) {
        match system.apply(&Op { process: P0, call }).unwrap().outcome {
            Outcome::Signal(signal) => (signal.trap.number, signal.trap.error),
            other => panic!("no signal: {other:?}"),
        }
    }

    fn load(at: u64) -> Call {
        Call::Load { addr: Addr::absolute(at), len: 1 }
    }

    fn store(at: u64) -> Call {
        Call::Store { addr: Addr::absolute(at), len: 1, value: 1 }
    }

    fn call(at: u64) -> Call {
        Call::Call { addr: Addr::absolute(at) }
    }

    #[test]
    fn the_error_code_says_what_was_tried() {
        let mut system = system();
        assert_eq!(raised(&mut system, load(FAR)), (14, 4));
        assert_eq!(raised(&mut system, store(FAR)), (14, 6));
        assert_eq!(raised(&mut system, call(FAR)), (14, 0x14));
    }

    #[test]
    fn and_whether_there_is_an_entry() {
        let mut system = system();
        map(&mut system, FAR, 2, VmFlags::READ);
        assert_eq!(raised(&mut system, store(FAR)), (14, 6));
        system.apply(&Op { process: P0, call: load(FAR) }).unwrap();
        assert_eq!(raised(&mut system, store(FAR)), (14, 7));
        // an instruction that may be read is paged in before it is refused
        assert_eq!(raised(&mut system, call(FAR + PAGE_SIZE)), (14, 0x15));
    }

    #[test]
    fn entries_of_inaccessible_memory_are_not_present() {
        let mut system = system();
        map(&mut system, FAR, 1, VmFlags::READ | VmFlags::WRITE);
        system.apply(&Op { process: P0, call: store(FAR) }).unwrap();
        current(&mut system).mm.vmas.update(FAR, |vma| vma.flags.remove(VmFlags::ACCESS));
        assert_eq!(raised(&mut system, store(FAR)), (14, 6));
        let addr = Addr::absolute(FAR);
        let guard = Call::Madvise { addr, len: PAGE_SIZE, advice: MADV_GUARD_INSTALL };
        current(&mut system).mm.vmas.update(FAR, |vma| vma.flags.insert(VmFlags::WRITE));
        system.apply(&Op { process: P0, call: guard }).unwrap();
        assert_eq!(raised(&mut system, store(FAR)), (14, 6));
    }

    #[test]
    fn the_kernel_tells_nothing_of_its_half() {
        let mut system = system();
        for at in [MAP_WINDOW, u64::MAX] {
            assert_eq!(raised(&mut system, load(at)), (14, 5));
            assert_eq!(raised(&mut system, store(at)), (14, 7));
            assert_eq!(raised(&mut system, call(at)), (14, 0x15));
        }
        assert_eq!(raised(&mut system, store(1 << 62)), (13, 0));
    }
}
