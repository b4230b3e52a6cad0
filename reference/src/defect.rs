//! Deliberately wrong variants of the model's rules.
//!
//! Each must be caught by comparing with a real kernel; one that survives shows
//! a blind spot of the generator or of the comparison. A rule asks
//! [`Profile::has_defect`](crate::profile::Profile::has_defect) at the place
//! where it would go wrong.

use crate::profile::{Capability, Privilege, Profile, Rule, Swap};

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
    CapsetRegains = "capset-regains", "capabilities",
        "a capability that was given up for good can be had again";
    ForkRestoresCapabilities = "fork-restores-capabilities", "capabilities",
        "a child has the capabilities that its parent gave up";
    AdminLocksUnlimited = "admin-locks-unlimited", "capabilities",
        "CAP_SYS_ADMIN lifts RLIMIT_MEMLOCK instead of CAP_IPC_LOCK";
    ZeroLimitAllowsLocking = "zero-limit-allows-locking", "capabilities",
        "RLIMIT_MEMLOCK 0 does not forbid locking";
    SetrlimitRaisesHard = "setrlimit-raises-hard", "capabilities",
        "a hard limit can be raised without CAP_SYS_RESOURCE";
    SetMmForAll = "set-mm-for-all", "capabilities",
        "PR_SET_MM does not ask for CAP_SYS_RESOURCE";
    LowAddressesForAll = "low-addresses-for-all", "capabilities",
        "mapping below vm.mmap_min_addr does not ask for CAP_SYS_RAWIO";
    PoisonForAll = "poison-for-all", "capabilities",
        "MADV_HWPOISON and MADV_SOFT_OFFLINE do not ask for CAP_SYS_ADMIN";
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
    SplitsUnlimited = "splits-unlimited", "merge",
        "changes may split mappings although vm.max_map_count is reached";
    MmapIgnoresMapCount = "mmap-ignores-map-count", "mmap",
        "mmap is not bound by vm.max_map_count";
    MmapCountsItself = "mmap-counts-itself", "mmap",
        "mmap already fails when there are as many mappings as vm.max_map_count";
    BrkIgnoresMapCount = "brk-ignores-map-count", "limits",
        "the heap grows beyond vm.max_map_count";
    MremapIgnoresMapCount = "mremap-ignores-map-count", "mremap",
        "mremap does not ask whether vm.max_map_count leaves room for a move";
    MovesOneMapping = "moves-one-mapping", "mremap",
        "a move needs room for one mapping less below vm.max_map_count";
    CommitUnlimited = "commit-unlimited", "mmap", "any commit charge is granted";
    CommitReserveForgotten = "commit-reserve-forgotten", "mmap",
        "without overcommit the reserve of CAP_SYS_ADMIN is everybody's";
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
    FaultAddressRounded = "fault-address-rounded", "fault",
        "a signal tells the page instead of the address that was touched";
    FaultAlwaysMaperr = "fault-always-maperr", "fault",
        "a forbidden access is reported as SEGV_MAPERR";
    GuardFaultAccerr = "guard-fault-accerr", "fault",
        "touching a guard region is reported as SEGV_ACCERR";
    NonCanonicalTold = "non-canonical-told", "fault",
        "an access to a non-canonical address tells the address";
    ErrorHidesEntry = "error-hides-entry", "fault",
        "the error code never says that there is an entry";
    ErrorTellsKernelHalf = "error-tells-kernel-half", "fault",
        "the error code tells whether anything is mapped in the kernel's half";
    ExecIgnoresPermission = "exec-ignores-permission", "fault",
        "populated memory can be executed without PROT_EXEC";
    KeyFaultAccerr = "key-fault-accerr", "pkeys",
        "reading execute-only memory is reported as SEGV_ACCERR";
    KeyFaultWithoutKey = "key-fault-without-key", "pkeys",
        "the signal for reading execute-only memory names the default key";
    ExecuteOnlyWithoutKey = "execute-only-without-key", "pkeys",
        "execute-only memory gets no protection key";
    ExecuteOnlyKeepsKey = "execute-only-keeps-key", "pkeys",
        "execute-only memory keeps its protection key when its protection changes";
    PopulateIgnoresKey = "populate-ignores-key", "pkeys", "execute-only memory can be populated";
    WindowIgnored = "window-ignored", "la57",
        "mappings are placed above the 47 bits that programs expect";
    HighHintIgnored = "high-hint-ignored", "la57",
        "a hint above the 47 bits that programs expect does not let a mapping land there";
    HintAcrossWindow = "hint-across-window", "la57",
        "a hint is taken although the range leaves the 47 bits that programs expect";
    AccessKeepsOld = "access-keeps-old", "fault", "an access does not mark the page as accessed";
    WriteKeepsClean = "write-keeps-clean", "fault", "a write to a clean page leaves it clean";
    ReadMakesPage = "read-makes-page", "fault",
        "a first read maps a page of its own instead of the page of zeroes";
    ZeroWriteNotCounted = "zero-write-not-counted", "fault",
        "a page written where the page of zeroes was is missing in RssAnon";
    CowNeverCopies = "cow-never-copies", "fault",
        "a write to a page shared by a fork does not copy it";
    CowLosesContents = "cow-loses-contents", "fault", "a copy on write is empty";
    CopySwapsFrames = "copy-swaps-frames", "fault",
        "of a page that a write copies, the writer keeps the frame";
    SwapoutStaysResident = "swapout-stays-resident", "swap",
        "pages that went to swap still count as resident";
    SwapinLosesContents = "swapin-loses-contents", "swap", "a page read back from swap is empty";
    SwapinKeepsCount = "swapin-keeps-count", "swap",
        "a page read back from swap still counts as swapped";
    ForkDropsSwap = "fork-drops-swap", "swap", "a child lacks what its parent has in swap";
    FreeKeepsSwap = "free-keeps-swap", "swap", "MADV_FREE leaves pages in swap";
    SwapPssCountsWhole = "swap-pss-counts-whole", "swap",
        "SwapPss counts shared places in swap as a whole";
    DroppableKept = "droppable-kept", "fault",
        "written droppable pages are kept when memory is short";
    AnonVmaNeverLent = "anon-vma-never-lent", "fault",
        "a first write never takes a neighbour's anon_vma";
    StackIgnoresGap = "stack-ignores-gap", "stack",
        "a stack grows up to the mapping below without a gap";
    StackIgnoresLimit = "stack-ignores-limit", "stack",
        "RLIMIT_STACK does not bound the growth of stacks";
    StackGrowthNotLocked = "stack-growth-not-locked", "stack",
        "the growth of a locked stack is missing in VmLck";
    StackGrowthNotCounted = "stack-growth-not-counted", "stack",
        "the growth of a stack is missing in VmStk and VmSize";
    ProtectKeepsWriteBit = "protect-keeps-write-bit", "mprotect",
        "memory that becomes read-only can still be written where it is populated";
    ProtectClearsDirty = "protect-clears-dirty", "mprotect",
        "a change of protection makes pages clean";
    ProtectBreaksCow = "protect-breaks-cow", "mprotect",
        "a change of protection makes pages shared by a fork writable";
    MprotectChecksRangeFirst = "mprotect-checks-range-first", "mprotect",
        "unknown protection bits are looked at after the start of the range";
    MprotectForgetsPopulate = "mprotect-forgets-populate", "mprotect",
        "locked memory that becomes writable is not populated";
    MprotectSealBeforeMdwe = "mprotect-seal-before-mdwe", "mprotect",
        "a seal is looked at before PR_SET_MDWE";
    DiscardDropsGuards = "discard-drops-guards", "madvise", "MADV_DONTNEED removes guard regions";
    DiscardKeepsRss = "discard-keeps-rss", "madvise", "discarded pages stay in VmRSS";
    DiscardKeepsTables = "discard-keeps-tables", "madvise",
        "MADV_DONTNEED leaves empty page tables behind";
    MoveEntryByEntry = "move-entry-by-entry", "mremap", "a move never takes over whole page tables";
    MoveNeverRealigns = "move-never-realigns", "mremap",
        "a move never starts at the start of a page table that it could take over";
    RealignInsideSource = "realign-inside-source", "realign",
        "a move that starts within its mapping takes along what the mapping has below";
    RealignInsideDestination = "realign-inside-destination", "realign",
        "a move whose copy merged with the mapping below starts at the page table's start";
    RealignOverSource = "realign-over-source", "realign",
        "a move takes along what another mapping has below its source in the same page table";
    RealignOverDestination = "realign-over-destination", "realign",
        "a move starts at the page table's start although something is mapped below its destination";
    RealignAnyPlace = "realign-any-place", "realign",
        "a move starts at the page table's start although its two sides lie differently in theirs";
    RealignUpwards = "realign-upwards", "realign",
        "a move that ends before its page table does takes the table along where nothing is above";
    MoveProgressWraps = "move-progress-wraps", "realign",
        "a realigned move that fails in its first page table counts as done";
    MoveForgetsUndo = "move-forgets-undo", "realign",
        "the part of a failed move that was done is not moved back";
    ShiftKeepsTables = "shift-keeps-tables", "exec",
        "execve leaves the page tables where it copied the arguments to first";
    ShiftChangesPageOffset = "shift-changes-page-offset", "exec",
        "execve gives the moved stack the page offset of its new address";
    ShiftUnmapsOverlap = "shift-unmaps-overlap", "exec",
        "execve unmaps all of the stack's first place, also what the new one overlaps";
    RelocateIgnoresFork = "relocate-ignores-fork", "relocate",
        "memory that a parent or child may share is relocated";
    RelocateInVain = "relocate-in-vain", "relocate",
        "memory is relocated although it would merge as it is";
    RelocateOnlyToMerge = "relocate-only-to-merge", "relocate",
        "memory that does not merge at once is not relocated";
    RelocateKeepsAnonVma = "relocate-keeps-anon-vma", "relocate",
        "relocated memory keeps its anon_vma, and does not merge with touched memory";
    RelocateMissesPages = "relocate-misses-pages", "relocate",
        "pages behind an empty page table entry keep their index";
    RelocateSkipsPinned = "relocate-skips-pinned", "relocate",
        "a pinned page is passed over while the rest is relocated";
    RelocateMovesPinned = "relocate-moves-pinned", "relocate",
        "index and anon_vma of a pinned page change";
    RelocateMovesLarge = "relocate-moves-large", "relocate", "parts of large folios are relocated";
    RelocateForgetsUndo = "relocate-forgets-undo", "relocate",
        "pages that were relocated before an attempt failed stay so";
    RelocateUndoUnmaps = "relocate-undo-unmaps", "relocate",
        "a failed attempt unmaps what its copy had merged with";
    MoveLosesGuards = "move-loses-guards", "mremap", "guard regions do not move along";
    MoveClearsYoung = "move-clears-young", "mremap", "moved pages count as not accessed";
    MoveSwapsFrames = "move-swaps-frames", "mremap",
        "the first two pages of a move come out in each other's frames";
    MremapChecksSealLate = "mremap-checks-seal-late", "mremap",
        "a range that leaves its mapping is refused before a seal is";
    DontunmapKeepsLock = "dontunmap-keeps-lock", "mremap",
        "the emptied source of MREMAP_DONTUNMAP stays locked";
    MremapClosesHoles = "mremap-closes-holes", "mremap",
        "a move of several mappings closes the holes between them";
    MremapForgetsPopulate = "mremap-forgets-populate", "mremap",
        "what a locked mapping grows by is not populated";
    MlockIgnoresInaccessible = "mlock-ignores-inaccessible", "mlock",
        "mlock succeeds although pages cannot be populated";
    Mlock2AnyFlags = "mlock2-any-flags", "mlock", "mlock2 accepts unknown flags";
    OnFaultAloneAccepted = "onfault-alone-accepted", "mlockall",
        "mlockall accepts MCL_ONFAULT alone";
    FutureLocksUnlimited = "future-locks-unlimited", "mlockall",
        "mappings locked as they are made are not bound by RLIMIT_MEMLOCK";
    PopulateGuardIsNoMemory = "populate-guard-is-no-memory", "madvise",
        "populating a guard region is reported as ENOMEM";
    PopulateReadWrites = "populate-read-writes", "madvise",
        "MADV_POPULATE_READ maps pages as a write would";
    PopulateForgetsReferenced = "populate-forgets-referenced", "madvise",
        "populating does not mark pages that are there as referenced";
    DontdumpIgnored = "dontdump-ignored", "madvise", "MADV_DONTDUMP has no effect";
    KeeponforkAllowsDroppable = "keeponfork-allows-droppable", "madvise",
        "MADV_KEEPONFORK accepts droppable memory";
    HugepageKeepsNo = "hugepage-keeps-no", "madvise",
        "MADV_HUGEPAGE leaves the flag of MADV_NOHUGEPAGE";
    GuardSkipsFirst = "guard-skips-first", "madvise",
        "MADV_GUARD_INSTALL leaves out the first of several pages";
    UnmapKeepsTables = "unmap-keeps-tables", "munmap", "unmapping leaves the page tables";
    UnmapIgnoresCeiling = "unmap-ignores-ceiling", "munmap",
        "unmapping keeps upper page tables although nothing above needs them";
    MunmapNeedsMapping = "munmap-needs-mapping", "munmap", "munmap of nothing is an error";
    Map32BitIgnored = "map-32bit-ignored", "mmap", "MAP_32BIT has no effect";
    HintsIgnored = "hints-ignored", "mmap", "an address without MAP_FIXED has no effect";
    LowestGapWins = "lowest-gap-wins", "mmap", "mappings are placed bottom-up";
    LowPlacesSwapped = "low-places-swapped", "mmap",
        "memory below vm.mmap_min_addr may be mapped without CAP_SYS_RAWIO, and not with it";
    LowHintStays = "low-hint-stays", "mmap",
        "a hint below the lowest address is not raised to it";
    NoreserveIgnored = "noreserve-ignored", "mmap", "MAP_NORESERVE has no effect";
    PopulateFlagIgnored = "populate-flag-ignored", "mmap", "MAP_POPULATE has no effect";
    MapStackStaysHuge = "map-stack-stays-huge", "mmap", "MAP_STACK does not exclude huge pages";
    AddressSpaceUnlimited = "address-space-unlimited", "setrlimit", "RLIMIT_AS bounds nothing";
    DataUnlimited = "data-unlimited", "setrlimit", "RLIMIT_DATA bounds only the heap";
    MergeDropsGuardFlag = "merge-drops-guard-flag", "merge",
        "a merge forgets that one side may have guard regions";
    MergeDropsAnonVma = "merge-drops-anon-vma", "merge",
        "a mapping that swallows a touched one does not take over its anon_vma";
    SplitKeepsPgoff = "split-keeps-page-offset", "merge",
        "the upper part of a split gets the page offset of the lower one";
    BrkForgetsPopulate = "brk-forgets-populate", "brk",
        "the heap grows unpopulated although MCL_FUTURE holds";
    BrkNeverShrinks = "brk-never-shrinks", "brk", "a lower break leaves the memory mapped";
    BrkForgetsDataVm = "brk-forgets-data-vm", "brk", "the growth of the heap is missing in VmData";
    BrkCountsHeapTwice = "brk-counts-heap-twice", "brk",
        "limits are tested against the heap's whole length instead of what it grows by";
    BrkIgnoresFork = "brk-ignores-fork", "brk",
        "the heap extends a mapping that was inherited faulted";
    BrkIgnoresName = "brk-ignores-name", "brk", "the heap extends a mapping that has a name";
    BrkIgnoresPgoff = "brk-ignores-page-offset", "brk",
        "the heap extends a mapping that was moved there faulted";
    BrkFillsHole = "brk-fills-hole", "brk",
        "the heap extends a mapping that ends below the break, over the hole";
    BrkIgnoresFlags = "brk-ignores-flags", "brk",
        "the heap extends a mapping that may be executed";
    BrkReplacesMappings = "brk-replaces-mappings", "brk",
        "the heap grows over what is mapped in its way, which goes";
    BrkMovesWhenRefused = "brk-moves-when-refused", "brk",
        "the break moves although the heap did not grow";
    BrkCountsRefused = "brk-counts-refused", "brk",
        "VmSize and VmData count growth that was refused";
    BrkMovesWhenSealed = "brk-moves-when-sealed", "brk",
        "the break moves down although what lies above is sealed and stays";
    MincoreRoundsDown = "mincore-rounds-down", "mincore",
        "mincore leaves out the page that its range only begins";
    MsyncIgnoresHole = "msync-ignores-hole", "msync", "msync over a range with a hole succeeds";
    MsealForgetsLast = "mseal-forgets-last", "mseal", "mseal leaves out the last of several pages";
    PrctlIgnoresExtra = "prctl-ignores-extra", "prctl",
        "PR_GET_THP_DISABLE does not mind unused arguments";
    NoInheritAloneAccepted = "no-inherit-alone-accepted", "prctl",
        "PR_MDWE_NO_INHERIT is accepted alone";
    ForkForgetsLimits = "fork-forgets-limits", "fork", "a child starts without resource limits";
    ForkInheritsPeak = "fork-inherits-peak", "fork", "a child inherits VmPeak";
    ForkInheritsMdwe = "fork-inherits-mdwe", "fork", "PR_MDWE_NO_INHERIT has no effect";
    ForkInheritsFutureLocks = "fork-inherits-future-locks", "fork", "a child inherits MCL_FUTURE";
    ForkKeepsLockedVm = "fork-keeps-locked-vm", "fork", "a child inherits VmLck";
    ForkKeepsLockedFlag = "fork-keeps-locked-flag", "fork", "mappings stay locked in a child";
    ForkIgnoresDontfork = "fork-ignores-dontfork", "fork",
        "a child gets mappings with MADV_DONTFORK";
    ForkCountsLeftOut = "fork-counts-left-out", "fork",
        "a child counts mappings that it does not get in VmSize";
    ForkIgnoresWipe = "fork-ignores-wipe", "fork",
        "a child gets the contents of memory with MADV_WIPEONFORK";
    ForkCopiesUnfaulted = "fork-copies-unfaulted", "fork",
        "the page tables of memory that was only read are copied";
    ForkKeepsYoung = "fork-keeps-young", "fork", "a child's pages count as accessed";
    ForkSharesWritable = "fork-shares-writable", "fork",
        "the parent can still write pages that it shares with a child";
    ForkDropsGuards = "fork-drops-guards", "fork", "a child does not get guard regions";
    ExitKeepsPages = "exit-keeps-pages", "exit",
        "pages count as shared after the process that shared them ended";
    MapsShowPgoff = "maps-show-page-offset", "maps", "the page offset of anonymous memory is shown";
    MapsHideInode = "maps-hide-inode", "maps", "the inode of a file is not shown";
    MapsHideDevice = "maps-hide-device", "maps", "the device of a file is not shown";
    MapsImplyRead = "maps-imply-read", "maps", "writable memory is shown as readable";
    HeapNameOfNeighbours = "heap-name-of-neighbours", "maps",
        "mappings that only touch the heap are called [heap]";
    StackNameNeedsGrowth = "stack-name-needs-growth", "maps",
        "only a mapping that grows is called [stack]";
    FlagsHideMay = "flags-hide-may", "vmflags", "the flag me is not shown";
    FlagsInOtherOrder = "flags-in-other-order", "vmflags", "the flag wf stands right behind lo";
    ZeroResident = "zero-resident", "smaps", "the page of zeroes counts in Rss";
    LockedCountsSize = "locked-counts-size", "smaps", "Locked is the size of the mapping";
    DirtyIgnoresPage = "dirty-ignores-page", "smaps",
        "a page whose dirtiness left the page table counts as clean";
    AnonymousOnlyPrivate = "anonymous-only-private", "smaps",
        "shared pages do not count in Anonymous";
    LazyFreeCountsDirty = "lazy-free-counts-dirty", "smaps",
        "LazyFree counts pages that were written again";
    ReferencedIgnoresPage = "referenced-ignores-page", "smaps",
        "Referenced looks at page tables only";
    SharedFromThree = "shared-from-three", "smaps", "a page that is mapped twice counts as private";
    PssCountsWhole = "pss-counts-whole", "smaps", "Pss counts shared pages in full";
    PssDirtyCountsClean = "pss-dirty-counts-clean", "smaps", "Pss_Dirty counts clean pages";
    PrivateAlwaysDirty = "private-always-dirty", "smaps",
        "Private_Clean pages count as Private_Dirty";
    SharedNeverDirty = "shared-never-dirty", "smaps", "Shared_Dirty pages count as Shared_Clean";
    ZeroNotPresent = "zero-not-present", "pagemap", "the page of zeroes is not present";
    GuardBitHidden = "guard-bit-hidden", "pagemap", "guard regions lack their bit";
    FileBitHidden = "file-bit-hidden", "pagemap", "pages of shared memory lack the bit of files";
    AlwaysExclusive = "always-exclusive", "pagemap", "shared pages have the bit of exclusive ones";
    FlagsHideSwapbacked = "flags-hide-swapbacked", "kpageflags",
        "no page is swap-backed for kpageflags";
    FlagsHideLru = "flags-hide-lru-of-locked", "kpageflags",
        "locked pages are on no LRU list for kpageflags";
    LockForgetsPages = "lock-forgets-pages", "kpageflags",
        "locking does not mark the pages that are there already";
    LockKeepsActive = "lock-keeps-active", "kpageflags", "locked pages stay active";
    UnlockForgetsPages = "unlock-forgets-pages", "kpageflags",
        "unlocking leaves the pages marked as locked";
    CopyKeepsLock = "copy-keeps-lock", "kpageflags",
        "a page stays locked when a write replaces it in its only locked mapping";
    FaultForgetsLock = "fault-forgets-lock", "kpageflags",
        "a new page of locked memory is not marked as locked";
    ReuseStaysShared = "reuse-stays-shared", "kpageflags",
        "a page that its last user writes to does not become exclusive again";
    CopyStaysShared = "copy-stays-shared", "kpageflags",
        "the copy that a write makes of a shared page is not exclusive";
    ColdKeepsActive = "cold-keeps-active", "kpageflags", "MADV_COLD leaves pages active";
    FreeKeepsActive = "free-keeps-active", "kpageflags", "MADV_FREE leaves pages active";
    PopulateNeverActivates = "populate-never-activates", "kpageflags",
        "however often a page is used, it does not become active";
    PageoutNeverActivates = "pageout-never-activates", "kpageflags",
        "a page that cannot be paged out does not become active";
    MunmapKeepsCharge = "munmap-keeps-charge", "system",
        "what unmapped memory was charged for stays in Committed_AS";
    MprotectKeepsCharge = "mprotect-keeps-charge", "system",
        "what memory that becomes read-only before it is touched was charged for stays in Committed_AS";
    CommitCountsReserved = "commit-counts-noreserve", "system",
        "memory with MAP_NORESERVE counts in Committed_AS";
    AnonPagesCountMappings = "anon-pages-count-mappings", "system",
        "a page that two processes share counts twice in AnonPages";
    TablesCountLower = "tables-count-lower", "system",
        "PageTables leaves out the tables of the third level";
    SwapCountsReferences = "swap-counts-references", "system",
        "a place in swap that two processes refer to counts twice as in use";
    PeakForgets = "peak-forgets", "status", "VmPeak is the present size";
    HwmForgets = "hwm-forgets", "status", "VmHWM is the present resident size";
    HwmCountsMapped = "hwm-counts-mapped", "status",
        "VmHWM is the largest size, resident or not";
    ShmemNotTold = "shmem-not-told", "status", "RssShmem is zero";
    DataCountsStacks = "data-counts-stacks", "status", "VmData counts stacks";
    ExeCountsAllCode = "exe-counts-all-code", "status", "VmExe counts all executable memory";
    LibCountsAllCode = "lib-counts-all-code", "status", "VmLib counts the program's code";
    TablesWithoutTop = "tables-without-top", "status",
        "VmPTE leaves out the highest level below the root";
    StatmDataWithoutStacks = "statm-data-without-stacks", "statm",
        "the data column of statm leaves out stacks";
    StatmSharesAnon = "statm-shares-anon", "statm",
        "the shared column of statm counts anonymous pages";
    StatmCountsSwapped = "statm-counts-swapped", "swap",
        "pages in swap count as resident in statm";
    RollupForgetsLocked = "rollup-forgets-locked", "smaps_rollup",
        "Locked of smaps_rollup is zero";
    RollupForgetsSwap = "rollup-forgets-swap", "swap", "Swap of smaps_rollup is zero";
    RollupRoundsEach = "rollup-rounds-each", "smaps_rollup",
        "smaps_rollup adds up shares of pages that are rounded for each mapping";
    RollupAnonIsAll = "rollup-anon-is-all", "smaps_rollup",
        "Pss_Anon of smaps_rollup counts shared memory";
    RollupEndsEarly = "rollup-ends-early", "smaps_rollup",
        "smaps_rollup ends where the last mapping begins";
    NumaMapmaxOfLast = "numa-mapmax-of-last", "numa_maps",
        "mapmax of numa_maps is that of the last page";
    NumaDirtyIgnoresPage = "numa-dirty-ignores-page", "numa_maps",
        "a page whose dirtiness left the page table counts as clean in numa_maps";
    NumaLockedInactive = "numa-locked-inactive", "numa_maps",
        "locked pages do not count as active in numa_maps";
    PageCountForgetsFork = "page-count-forgets-fork", "kpagecount",
        "a page that a child shares is mapped once for kpagecount";
    AbsentReadsNonzero = "absent-reads-nonzero", "contents",
        "memory of which there is no page does not read as zeroes";
    SwappedReadsZero = "swapped-reads-zero", "swap",
        "the contents of a page in swap, seen from outside, are zeroes";
}

impl Defect {
    /// The defect with this name.
    pub fn from_name(name: &str) -> Option<Defect> {
        DEFECTS.iter().copied().find(|d| d.name() == name)
    }

    /// What a kernel lacks without which the wrong rule cannot show.
    pub fn lacks(self, profile: &Profile) -> Option<&'static str> {
        let (has, what) = match self {
            Defect::RelocateMissesPages
            | Defect::RelocateSkipsPinned
            | Defect::RelocateMovesPinned
            | Defect::RelocateMovesLarge
            | Defect::RelocateForgetsUndo
            | Defect::RelocateUndoUnmaps => (false, "a view of the index and anon_vma of pages"),
            Defect::RelocateIgnoresFork
            | Defect::RelocateInVain
            | Defect::RelocateOnlyToMerge
            | Defect::RelocateKeepsAnonVma => {
                (profile.has(Rule::RelocateAnon), "relocation of anonymous memory")
            }
            Defect::ShiftUnmapsOverlap => (false, "a choice of how far execve moves a stack"),
            Defect::MoveProgressWraps | Defect::MoveForgetsUndo => {
                (false, "page-table allocations that fail on demand")
            }
            Defect::MergeIgnoresName | Defect::BrkIgnoresName => {
                (profile.config.anon_vma_name, "names of anonymous memory")
            }
            _ if self.area() == "la57" => (profile.config.la57, "page tables of five levels"),
            _ if self.area() == "pkeys" => (profile.config.pkeys, "protection keys"),
            Defect::DiscardKeepsTables => (profile.config.pt_reclaim, "page-table reclaim"),
            Defect::NoThpAlignment => (profile.config.thp, "transparent huge pages"),
            Defect::MemoryMergeFutureOnly | Defect::MergeableOnDroppable => {
                (profile.config.ksm && !profile.settings.ksm_runs, "same-page merging, stopped")
            }
            Defect::AdminLocksUnlimited => {
                (profile.privilege.has(Capability::SysAdmin), "CAP_SYS_ADMIN to give up")
            }
            Defect::ForkRestoresCapabilities => {
                (profile.privilege != Privilege::NONE, "capabilities to give up")
            }
            Defect::LowAddressesForAll => {
                (profile.settings.mmap_min_addr > 0, "addresses that are kept free")
            }
            Defect::PoisonForAll => (profile.config.memory_failure, "memory errors on demand"),
            _ if matches!(self.area(), "kpageflags" | "kpagecount") && !profile.shows_frames => {
                (false, "the privilege to see frame numbers")
            }
            _ if self.area() == "system" => {
                (false, "a system in which nothing else runs, as a guest is")
            }
            Defect::PageoutNeverActivates
            | Defect::PageoutKeepsLazyfree
            | Defect::PageoutDropsRedirtied
            | Defect::PageoutDropsYoung
            | Defect::DroppableKept => (!profile.settings.swap.is_on(), "a state without swap"),
            _ if self.area() == "swap" => (profile.settings.swap == Swap::Memory, "swap on memory"),
            Defect::GuardBitHidden => {
                (profile.has(Rule::PagemapGuardBit), "a bit for guard regions")
            }
            Defect::MergeDropsGuardFlag | Defect::GuardForgetsFlag => {
                (profile.has(Rule::MaybeGuard), "a flag for guard regions")
            }
            Defect::MremapClosesHoles => {
                (profile.has(Rule::MremapMulti), "moves of several mappings")
            }
            Defect::MunmapIgnoresMapCount
            | Defect::MadviseSplitIsNoMemory
            | Defect::SplitsUnlimited
            | Defect::MmapIgnoresMapCount
            | Defect::MmapCountsItself
            | Defect::BrkIgnoresMapCount => {
                let few = profile.settings.has_few_mappings();
                (few || profile.has(Rule::MremapMulti), "moves of several mappings")
            }
            Defect::MremapIgnoresMapCount | Defect::MovesOneMapping => {
                (profile.settings.has_few_mappings(), "a small vm.max_map_count")
            }
            Defect::CommitUnlimited | Defect::CommitReserveForgotten => {
                (profile.settings.overcommit == 2, "a system that does not overcommit")
            }
            _ => (true, ""),
        };
        (!has).then_some(what)
    }
}
