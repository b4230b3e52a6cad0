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
    MadviseStopsAtHole = "madvise-stops-at-hole", "madvise",
        "an advice is not applied beyond the first hole of its range";
    MadviseIgnoresHole = "madvise-ignores-hole", "madvise",
        "an advice over a range with a hole succeeds";
    MadviseSplitIsNoMemory = "madvise-split-is-no-memory", "madvise",
        "a split beyond vm.max_map_count is reported as ENOMEM";
    RandomKeepsSequential = "random-keeps-sequential", "madvise",
        "MADV_RANDOM leaves the flag of MADV_SEQUENTIAL";
    DodumpAllowsDroppable = "dodump-allows-droppable", "madvise",
        "MADV_DODUMP accepts droppable memory";
    MergeableOnDroppable = "mergeable-on-droppable", "madvise",
        "MADV_MERGEABLE marks droppable memory";
    DontneedIgnoresLock = "dontneed-ignores-lock", "madvise", "MADV_DONTNEED discards locked pages";
    DontneedLockedRefused = "dontneed-locked-refused", "madvise",
        "MADV_DONTNEED_LOCKED refuses locked memory";
    DiscardIgnoresSeal = "discard-ignores-seal", "madvise",
        "sealed read-only memory can be discarded";
    DiscardRefusedWritable = "discard-refused-writable", "madvise",
        "sealed memory cannot be discarded although it is writable";
    FreeKeepsDirty = "free-keeps-dirty", "madvise", "MADV_FREE leaves pages dirty";
    FreeKeepsYoung = "free-keeps-young", "madvise", "MADV_FREE leaves pages accessed";
    FreeKeepsSwapbacked = "free-keeps-swapbacked", "madvise",
        "MADV_FREE cleans pages but does not mark them lazily freed";
    ColdKeepsYoung = "cold-keeps-young", "madvise", "MADV_COLD leaves pages accessed";
    ColdTouchesShared = "cold-touches-shared", "madvise",
        "MADV_COLD also ages pages that other processes map";
    PageoutDropsYoung = "pageout-drops-young", "madvise",
        "MADV_PAGEOUT marks pages that stay as not accessed";
    PageoutKeepsLazyfree = "pageout-keeps-lazyfree", "madvise",
        "MADV_PAGEOUT does not drop clean lazily freed pages";
    PageoutDropsRedirtied = "pageout-drops-redirtied", "madvise",
        "MADV_PAGEOUT drops lazily freed pages that were written again";
    GuardOnLocked = "guard-on-locked", "madvise", "MADV_GUARD_INSTALL accepts locked memory";
    GuardForgetsFlag = "guard-forgets-flag", "madvise",
        "MADV_GUARD_INSTALL does not mark the mapping";
    GuardForgetsAnonVma = "guard-forgets-anon-vma", "madvise",
        "MADV_GUARD_INSTALL does not give the mapping its anon_vma";
    GuardRemoveDiscards = "guard-remove-discards", "madvise",
        "MADV_GUARD_REMOVE also discards the pages between the guards";
    MlockIgnoresLimit = "mlock-ignores-limit", "mlock", "mlock is not bound by RLIMIT_MEMLOCK";
    MlockCountsTwice = "mlock-counts-twice", "mlock", "locking locked memory counts it again";
    MlockUndoesAtHole = "mlock-undoes-at-hole", "mlock",
        "mlock locks nothing when its range has a hole";
    MlockOnFaultLocksNow = "mlock-onfault-locks-now", "mlock",
        "MLOCK_ONFAULT is treated as a plain lock";
    MlockDroppable = "mlock-droppable", "mlock", "mlock locks droppable memory";
    MunlockKeepsCount = "munlock-keeps-count", "mlock", "unlocked pages stay in VmLck";
    MlockallForgetsFuture = "mlockall-forgets-future", "mlockall",
        "MCL_FUTURE has no effect on later mappings";
    MunlockallKeepsFuture = "munlockall-keeps-future", "mlockall",
        "munlockall leaves MCL_FUTURE in force";
    MsealPartial = "mseal-partial", "mseal", "mseal seals what is mapped before a hole";
    MsealSkipsRest = "mseal-skips-rest", "mseal", "mseal stops behind memory that is sealed";
    MsyncAllowsLocked = "msync-allows-locked", "msync", "MS_INVALIDATE accepts locked memory";
    MincoreGuardResident = "mincore-guard-resident", "mincore", "a guard page counts as resident";
    MincoreZeroAbsent = "mincore-zero-absent", "mincore",
        "the page of zeroes does not count as resident";
    MdweCanBeUnset = "mdwe-can-be-unset", "prctl", "PR_SET_MDWE can be taken back";
    MemoryMergeFutureOnly = "memory-merge-future-only", "prctl",
        "PR_SET_MEMORY_MERGE does not mark the mappings that exist";
    SetrlimitAllowsInverted = "setrlimit-allows-inverted", "setrlimit",
        "a soft limit may exceed the hard one";
    SetrlimitSoftOnly = "setrlimit-soft-only", "setrlimit", "setrlimit does not lower hard limits";
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
