//! `capset` on the process itself.

use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::capabilities::Capabilities;
use crate::model::{fail, Current, Fail};
use crate::op::Outcome;
use crate::profile::Privilege;

/// The bits that stand for a capability: up to CAP_CHECKPOINT_RESTORE (`CAP_VALID_MASK`).
const KNOWN: u64 = (1 << 41) - 1;

/// Changes which capabilities are effective and permitted. Mirrors `cap_capset`; the subject
/// has none but those that concern memory.
pub(crate) fn capset(cur: &mut Current, effective: u64, permitted: u64) -> Result<Outcome, Fail> {
    let (effective, permitted) = (effective & KNOWN, permitted & KNOWN);
    let regained = permitted & !cur.capabilities.permitted.bits() != 0;
    if regained && !cur.profile.has_defect(Defect::CapsetRegains) {
        return fail(Errno::EPERM, "what is not permitted cannot be permitted again");
    }
    if effective & !permitted != 0 {
        return fail(Errno::EPERM, "what is not permitted cannot be effective");
    }
    *cur.capabilities = Capabilities {
        effective: Privilege::of_bits(effective),
        permitted: Privilege::of_bits(permitted),
    };
    Ok(Outcome::Value(0))
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, Bench};
    use super::*;
    use crate::op::consts::{CAP_IPC_LOCK, CAP_SYS_ADMIN};
    use crate::profile::Capability;

    #[test]
    fn what_is_given_up_for_good_does_not_come_back() {
        const CAP_CHOWN: u64 = 1;
        let mut bench = Bench::new();
        bench.capabilities = Privilege::ALL.into();
        let mut set = |e, p| errno(capset(&mut bench.cur(), e, p));
        assert_eq!(set(0, Privilege::ALL.bits()), None);
        assert_eq!(set(CAP_IPC_LOCK, CAP_IPC_LOCK | CAP_SYS_ADMIN | 1 << 63), None);
        assert_eq!(set(CAP_SYS_ADMIN, CAP_IPC_LOCK), Some(Errno::EPERM));
        assert_eq!(set(0, CAP_IPC_LOCK), None);
        assert_eq!(set(0, CAP_IPC_LOCK | CAP_SYS_ADMIN), Some(Errno::EPERM));
        assert_eq!(set(0, CAP_CHOWN), Some(Errno::EPERM));
        assert!(!bench.cur().capable(Capability::IpcLock));
        assert_eq!(errno(capset(&mut bench.cur(), CAP_IPC_LOCK, CAP_IPC_LOCK)), None);
        assert!(bench.cur().capable(Capability::IpcLock));
    }
}
