//! Where a result comes from: what it takes to have it again.

use crate::kernels::Build;
use serde::{Deserialize, Serialize};

/// Where a result comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The tool's version.
    pub mmdiff: String,
    /// On which kernel.
    pub kernel: KernelIdentity,
    /// The campaign that made the program; nothing where a file had it.
    pub campaign: Option<Run>,
}

/// Which kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelIdentity {
    /// What it was asked for by; nothing for the running kernel.
    pub name: Option<String>,
    /// Its release, as `uname -r` prints it; empty where it did not get so far as to say.
    pub release: String,
    /// Which build of that it is, as `uname -v` prints it.
    pub build: String,
    /// The configuration of one that mmdiff built.
    pub configuration: Option<String>,
    /// The patches that are in one that mmdiff built, in order.
    pub patches: Vec<String>,
}

/// A campaign's options, as far as its programs follow from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Everything random follows from it.
    pub seed: u64,
    /// How many workers there were, which changes nothing but the time it takes.
    pub jobs: usize,
    /// The number of the program in the campaign.
    pub program: Option<u64>,
}

impl Provenance {
    /// Of something that happens here and now.
    pub fn here(campaign: Option<Run>) -> Provenance {
        Provenance {
            mmdiff: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: KernelIdentity::running(),
            campaign,
        }
    }
}

impl KernelIdentity {
    /// A kernel of this name, and how it was built, before it has said anything.
    pub fn asked_for(name: &str, built: Option<&Build>) -> KernelIdentity {
        KernelIdentity {
            name: Some(name.to_owned()),
            configuration: built.map(|build| build.configuration.clone()),
            patches: built.map(|build| build.patches.clone()).unwrap_or_default(),
            ..KernelIdentity::default()
        }
    }

    /// Notes what it says of itself.
    pub fn says(&mut self, said: KernelIdentity) {
        (self.release, self.build) = (said.release, said.build);
    }

    /// The kernel that this process runs on; what it does not say is empty.
    pub fn running() -> KernelIdentity {
        let say = |file| std::fs::read_to_string(file).map(|text| text.trim().to_owned());
        KernelIdentity {
            release: say("/proc/sys/kernel/osrelease").unwrap_or_default(),
            build: say("/proc/sys/kernel/version").unwrap_or_default(),
            ..KernelIdentity::default()
        }
    }
}
