//! Deliberately wrong variants of the model's rules.
//!
//! Each must be caught by comparing with a real kernel; one that survives shows
//! a blind spot of the generator or of the comparison. A rule asks
//! [`Profile::has_defect`](crate::profile::Profile::has_defect) at the place
//! where it would go wrong.

macro_rules! defects {
    ($($variant:ident = $name:literal, $area:literal, $text:literal;)+) => {
        /// One wrong rule. At most one is active in a profile.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table below documents each
        pub enum Defect { $($variant),+ }

        /// The catalogue.
        pub const DEFECTS: &[Defect] = &[$(Defect::$variant),+];

        impl Defect {
            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Defect::$variant => $name),+ }
            }

            /// The operation or observable that it concerns.
            pub const fn area(self) -> &'static str {
                match self { $(Defect::$variant => $area),+ }
            }

            /// What the wrong rule does.
            pub const fn text(self) -> &'static str {
                match self { $(Defect::$variant => $text),+ }
            }
        }
    };
}

defects! {
    MunmapLengthRoundsDown = "munmap-length-rounds-down", "munmap",
        "munmap rounds an unaligned length down instead of up";
    MunmapIgnoresSeal = "munmap-ignores-seal", "munmap", "munmap removes sealed mappings";
    MunmapIgnoresMapCount = "munmap-ignores-map-count", "munmap",
        "a hole may be punched although vm.max_map_count is reached";
    MunmapKeepsTotalVm = "munmap-keeps-total-vm", "munmap", "unmapped pages stay in VmSize";
    MunmapKeepsLockedVm = "munmap-keeps-locked-vm", "munmap", "unmapped locked pages stay in VmLck";
    MergeIgnoresExec = "merge-ignores-exec", "merge",
        "mappings that differ in execute permission merge";
    MergeIgnoresName = "merge-ignores-name", "merge", "mappings with different names merge";
    MergeIgnoresAnonVma = "merge-ignores-anon-vma", "merge",
        "mappings with different anon_vmas merge";
    MergeIgnoresFork = "merge-ignores-fork", "merge",
        "a mapping inherited faulted through fork takes in new neighbours";
    MergeIgnoresPgoff = "merge-ignores-page-offset", "merge",
        "mappings whose page offsets do not continue each other merge";
    MergeNeverRight = "merge-never-right", "merge", "a range never merges with the mapping above";
    NoThpAlignment = "no-thp-alignment", "mmap", "mappings of whole 2 MiB are not aligned to 2 MiB";
    NoGuardGapForHints = "no-guard-gap-for-hints", "mmap",
        "a hint may land inside the guard gap of a stack";
    NoreplaceReplaces = "noreplace-replaces", "mmap", "MAP_FIXED_NOREPLACE replaces what is there";
    MdweIgnored = "mdwe-ignored", "prctl", "PR_SET_MDWE has no effect";
    MmapForgetsLockedVm = "mmap-forgets-locked-vm", "mmap", "MAP_LOCKED is not counted in VmLck";
    MprotectIgnoresSeal = "mprotect-ignores-seal", "mprotect", "mprotect changes sealed mappings";
    MprotectForgetsAccount = "mprotect-forgets-account", "mprotect",
        "memory that becomes writable is not added to the commit charge";
    MprotectForgetsDataVm = "mprotect-forgets-data-vm", "mprotect",
        "VmData does not follow a change of protection";
    BrkLeavesNoPage = "brk-leaves-no-page", "brk",
        "the heap may grow right up to the mapping above it";
    BrkNeverExtends = "brk-never-extends", "brk", "every growth of the heap makes a new mapping";
    MremapAllowsOverlap = "mremap-allows-overlap", "mremap",
        "a move onto a range that overlaps its source is not refused";
    MremapIgnoresSeal = "mremap-ignores-seal", "mremap", "mremap touches sealed mappings";
    MremapIgnoresLimits = "mremap-ignores-limits", "mremap", "growth is not bound by RLIMIT_AS";
    MremapNeverInPlace = "mremap-never-in-place", "mremap", "growth always moves";
    MremapKeepsSource = "mremap-keeps-source", "mremap", "a move leaves the emptied source behind";
    MremapRaisesPeak = "mremap-raises-peak", "mremap",
        "VmPeak counts source and copy of a move at once";
    MremapKeepsUnfaultedPgoff = "mremap-keeps-unfaulted-page-offset", "mremap",
        "an untouched mapping keeps its page offset when it moves";
}

impl Defect {
    /// The defect with this name.
    pub fn from_name(name: &str) -> Option<Defect> {
        DEFECTS.iter().copied().find(|d| d.name() == name)
    }
}
