//! The capabilities that memory management asks for.

use crate::op::consts::{CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RAWIO, CAP_SYS_RESOURCE};
use std::fmt;

/// A capability that some rule of memory management asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Locking without limit.
    IpcLock,
    /// Mapping below `vm.mmap_min_addr`.
    SysRawio,
    /// The overcommit reserve, and memory errors on demand.
    SysAdmin,
    /// Raising hard limits.
    SysResource,
}

impl Capability {
    /// Every one, as the kernel numbers them.
    pub const ALL: [Capability; 4] =
        [Capability::IpcLock, Capability::SysRawio, Capability::SysAdmin, Capability::SysResource];

    /// As profiles and `requires:` call it.
    pub const fn name(self) -> &'static str {
        match self {
            Capability::IpcLock => "ipc-lock",
            Capability::SysRawio => "sys-rawio",
            Capability::SysAdmin => "sys-admin",
            Capability::SysResource => "sys-resource",
        }
    }

    /// Its bit in the sets that the kernel keeps.
    pub const fn bit(self) -> u64 {
        match self {
            Capability::IpcLock => CAP_IPC_LOCK,
            Capability::SysRawio => CAP_SYS_RAWIO,
            Capability::SysAdmin => CAP_SYS_ADMIN,
            Capability::SysResource => CAP_SYS_RESOURCE,
        }
    }
}

/// A set of capabilities: what a process may do, as far as memory is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Privilege(u64);

impl Privilege {
    /// What an ordinary user has.
    pub const NONE: Privilege = Privilege(0);
    /// What root has.
    pub const ALL: Privilege =
        Privilege(CAP_IPC_LOCK | CAP_SYS_RAWIO | CAP_SYS_ADMIN | CAP_SYS_RESOURCE);

    /// Those among the bits of a set of the kernel's that concern memory.
    pub const fn of_bits(bits: u64) -> Privilege {
        Privilege(bits & Privilege::ALL.0)
    }

    /// The bits as the kernel numbers capabilities.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether the capability is among them.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Privilege {
        Privilege(self.0 | capability.bit())
    }

    /// All of these but one.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Privilege {
        Privilege(self.0 & !capability.bit())
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Privilege) -> Privilege {
        Privilege(self.0 & other.0)
    }

    /// Those that are not in the other.
    #[must_use]
    pub const fn minus(self, other: Privilege) -> Privilege {
        Privilege(self.0 & !other.0)
    }

    /// The capabilities, as the kernel numbers them.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |&capability| self.has(capability))
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Capability::name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_know_their_members() {
        assert_eq!(Privilege::ALL.iter().collect::<Vec<_>>(), Capability::ALL);
        assert_eq!(Privilege::NONE.iter().next(), None);
        for capability in Capability::ALL {
            let rest = Privilege::ALL.without(capability);
            assert!(!rest.has(capability) && rest.iter().count() == 3);
            assert_eq!(rest.with(capability), Privilege::ALL);
            assert_eq!(Privilege::ALL.minus(rest), Privilege::NONE.with(capability));
            assert_eq!(rest.and(Privilege::NONE.with(capability)), Privilege::NONE);
        }
        assert_eq!(Privilege::of_bits(u64::MAX), Privilege::ALL);
    }
}
