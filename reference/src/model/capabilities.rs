//! What a process may do (`struct cred`), as far as memory is concerned.

use super::Current;
use crate::profile::{Capability, Privilege};

/// The capabilities of a process. They follow it through `fork`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Those that the kernel asks for (`cap_effective`).
    pub effective: Privilege,
    /// Those that it may make effective (`cap_permitted`).
    pub permitted: Privilege,
}

impl From<Privilege> for Capabilities {
    /// Permitted and effective.
    fn from(privilege: Privilege) -> Capabilities {
        Capabilities { effective: privilege, permitted: privilege }
    }
}

impl Current<'_> {
    /// `capable`: whether the process has the capability, and it is effective.
    pub(crate) fn capable(&self, capability: Capability) -> bool {
        self.capabilities.effective.has(capability)
    }
}
