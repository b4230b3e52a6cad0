//! What a kernel is: version, configuration, settings, and which of the
//! version-dependent behaviours it has.

mod commit;
mod named;
mod privilege;
mod quirks;
mod rules;
mod switch;

pub use commit::Commit;
pub use named::{UnknownProfile, KERNELS};
pub use privilege::{Capability, Privilege};
pub use quirks::{Quirk, QuirkSet, QUIRKS};
pub use rules::{Rule, RuleSet, RULES};
pub use switch::Switch;

use crate::addr::{MAP_WINDOW, TASK_SIZE_MAX};
use crate::defect::Defect;
use std::fmt;

/// A kernel version, major and minor: stable updates are behaviours, not
/// numbers, and are found by probing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 6 in 6.18
    pub major: u16,
    /// 18 in 6.18
    pub minor: u16,
}

impl Version {
    /// A version.
    pub const fn new(major: u16, minor: u16) -> Version {
        Version { major, minor }
    }

    /// Reads `6.18`, `6.18.44` or `6.18.44-anything`.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim().split(|c: char| !c.is_ascii_digit());
        Some(Version { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }

    /// The release before this one; since 5.0 a major version ends with 19.
    pub const fn previous(self) -> Version {
        match self.minor {
            0 => Version::new(self.major.saturating_sub(1), 19),
            minor => Version::new(self.major, minor - 1),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Configuration options that change what userspace sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// `CONFIG_ANON_VMA_NAME`
    pub anon_vma_name: bool,
    /// `CONFIG_MEM_SOFT_DIRTY`, where the CPU and architecture have it
    pub soft_dirty: bool,
    /// `CONFIG_PT_RECLAIM`
    pub pt_reclaim: bool,
    /// `CONFIG_KSM`
    pub ksm: bool,
    /// `CONFIG_TRANSPARENT_HUGEPAGE`
    pub thp: bool,
    /// `CONFIG_MEMORY_FAILURE`
    pub memory_failure: bool,
    /// Protection keys in use (`CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS` and the CPU)
    pub pkeys: bool,
    /// Page tables of five levels in use (`CONFIG_X86_5LEVEL` and the CPU)
    pub la57: bool,
    /// `CONFIG_ARCH_HAS_USER_SHADOW_STACK` in use; it only matters for VmFlags
    pub shadow_stack: bool,
    /// `CONFIG_LRU_GEN` in use (`lru_gen_enabled`): pages are kept in generations, not on an
    /// active and an inactive list
    pub lru_gen: bool,
}

/// What a system swaps to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Swap {
    /// Nothing.
    #[default]
    Off,
    /// Memory: a RAM disk, or compressed memory. Writing a page and reading it back end
    /// within the call or the fault (`SWP_SYNCHRONOUS_IO`), so that it can be said
    /// which pages `MADV_PAGEOUT` takes away.
    Memory,
    /// Disks, among others, or memory that is nearly full: what goes, and when, depends on
    /// more than what a program does.
    Disk,
}

impl Swap {
    /// As profiles and the command line call it.
    pub const fn name(self) -> &'static str {
        match self {
            Swap::Off => "off",
            Swap::Memory => "memory",
            Swap::Disk => "disk",
        }
    }

    /// Whether there is any.
    pub fn is_on(self) -> bool {
        self != Swap::Off
    }
}

/// System settings that change what userspace sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// `vm.max_map_count`
    pub max_map_count: u64,
    /// The lowest address that may be mapped without CAP_SYS_RAWIO, in bytes:
    /// `vm.mmap_min_addr`
    pub mmap_min_addr: u64,
    /// The lowest address that may be mapped at all (`CONFIG_LSM_MMAP_MIN_ADDR`
    /// rules the capability-less; 0 where root may map page zero).
    pub lsm_mmap_min_addr: u64,
    /// `vm.overcommit_memory`
    pub overcommit: u8,
    /// What a commit charge is held against with overcommit 2.
    pub commit: Commit,
    /// RAM plus swap, in pages: what one request may not exceed with overcommit 0.
    pub total_pages: u64,
    /// What swap there is.
    pub swap: Swap,
    /// `vm.legacy_va_layout` as it was when the program was started: mappings are placed
    /// upwards.
    pub legacy_layout: bool,
    /// The program's process changes its CPU now and then.
    pub moves: bool,
    /// `/sys/kernel/mm/ksm/run` is 1.
    pub ksm_runs: bool,
    /// Online processors: the batch of per-CPU counters depends on it.
    pub cpus: u32,
}

impl Settings {
    /// Whether ordinary programs meet `vm.max_map_count`.
    pub fn has_few_mappings(&self) -> bool {
        self.max_map_count < 100
    }
}

/// A kernel as the model sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Version; the defaults of the rules come from it.
    pub version: Version,
    /// Configuration.
    pub config: Config,
    /// Settings.
    pub settings: Settings,
    /// Capabilities of the subject when a program starts.
    pub privilege: Privilege,
    /// Whether frame numbers are shown. `pagemap_read` asks who opened the file, which the
    /// subject and the worker do before any capability is given up.
    pub shows_frames: bool,
    /// The version-dependent rules that hold.
    pub rules: RuleSet,
    /// Known bugs that are imitated; empty but for explaining a divergence.
    pub quirks: QuirkSet,
    /// The wrong rule, when this is a defective variant.
    pub defect: Option<Defect>,
}

impl Profile {
    /// A kernel of this version with a common distribution configuration and
    /// the default settings, the subject unprivileged.
    pub fn stock(version: Version) -> Profile {
        Profile {
            version,
            config: Config {
                anon_vma_name: true,
                soft_dirty: true,
                pt_reclaim: version >= switch::PT_RECLAIM_SINCE,
                ksm: true,
                thp: true,
                memory_failure: true,
                pkeys: false,
                la57: false,
                shadow_stack: false,
                lru_gen: false,
            },
            settings: Settings {
                max_map_count: 65530,
                mmap_min_addr: 65536,
                lsm_mmap_min_addr: 65536,
                overcommit: 0,
                commit: Commit::default(),
                total_pages: 1 << 20,
                swap: Swap::Off,
                legacy_layout: false,
                moves: false,
                ksm_runs: false,
                cpus: 2,
            },
            privilege: Privilege::NONE,
            shows_frames: false,
            rules: RuleSet::of_version(version),
            quirks: QuirkSet::default(),
            defect: None,
        }
    }

    /// End of the user address space (`TASK_SIZE_MAX`).
    #[inline]
    pub fn task_size(&self) -> u64 {
        if self.config.la57 {
            TASK_SIZE_MAX
        } else {
            MAP_WINDOW
        }
    }

    /// Whether a version-dependent rule holds.
    #[inline]
    pub fn has(&self, rule: Rule) -> bool {
        self.rules.contains(rule)
    }

    /// Whether a known bug is imitated.
    #[inline]
    pub fn imitates(&self, quirk: Quirk) -> bool {
        self.quirks.contains(quirk)
    }

    /// Whether this is the variant with that wrong rule.
    #[inline]
    pub fn has_defect(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}
