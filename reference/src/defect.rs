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
}

impl Defect {
    /// The defect with this name.
    pub fn from_name(name: &str) -> Option<Defect> {
        DEFECTS.iter().copied().find(|d| d.name() == name)
    }
}
