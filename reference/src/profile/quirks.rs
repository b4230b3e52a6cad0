//! Kernel bugs that the model knows how to imitate: the registry of known
//! differences.
//!
//! The model states what Linux should do. Where a kernel is known to do
//! otherwise, the wrong behaviour is an entry here, narrow and typed. It is
//! never part of a prediction: only when kernel and model have diverged is the
//! program predicted again with the entries that concern this kernel, and only
//! if that explains every observation exactly does the divergence count as
//! known.
//!
//! An entry's program only has bugs that stand before it: which of them a
//! kernel really has, backports included, is found by running the programs in
//! this order.

use super::Version;
use crate::snapshot::PageFlags;

macro_rules! quirks {
    ($($variant:ident = $name:literal, from ($fa:literal, $fb:literal) until ($ua:literal, $ub:literal),
       $function:literal, $text:literal, $reason:literal, $program:literal;)+) => {
        /// A known bug of some kernels.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table documents each
        #[repr(u8)]
        pub enum Quirk { $($variant),+ }

        /// The registry.
        pub const QUIRKS: &[Quirk] = &[$(Quirk::$variant),+];

        impl Quirk {
            /// The name that reports use.
            pub const fn name(self) -> &'static str {
                match self { $(Quirk::$variant => $name),+ }
            }

            /// The first affected mainline version.
            pub const fn from(self) -> Version {
                match self { $(Quirk::$variant => Version::new($fa, $fb)),+ }
            }

            /// The first mainline version that is right again; 99.0 when none is known.
            pub const fn until(self) -> Version {
                match self { $(Quirk::$variant => Version::new($ua, $ub)),+ }
            }

            /// The kernel function that is wrong.
            pub const fn function(self) -> &'static str {
                match self { $(Quirk::$variant => $function),+ }
            }

            /// What an affected kernel does.
            pub const fn text(self) -> &'static str {
                match self { $(Quirk::$variant => $text),+ }
            }

            /// Why that is a bug.
            pub const fn reason(self) -> &'static str {
                match self { $(Quirk::$variant => $reason),+ }
            }

            /// The smallest program that shows it, with the right results.
            pub const fn program(self) -> &'static str {
                match self { $(Quirk::$variant => $program),+ }
            }
        }
    };
}

quirks! {
    FixedAddressReadAsError = "fixed-address-read-as-error", from (2, 6) until (99, 0),
        "__get_unmapped_area",
        "a fixed address in the last 4095 bytes of the address space comes back as an error: mmap of -N fails with error N",
        "The address is taken for an error code before it is tested. It should be ENOMEM like every \
         other address beyond the address space; the error depends on the argument instead.",
        "mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n";
    AnonShownAsKsm = "anon-shown-as-ksm", from (6, 10) until (7, 1),
        "stable_page_flags",
        "kpageflags shows KSM for every anonymous page; once that is seen, the flag is not compared",
        "Only pages that same-page merging shares are KSM pages. The test takes the bit that all anonymous pages have \
         for both bits of a KSM page; 7.1 and later updates of older kernels compare both.",
        "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n";
    DroppableLocked = "droppable-locked-by-mcl-future", from (6, 11) until (7, 0),
        "__mmap_complete",
        "after mlockall(MCL_FUTURE) a new droppable mapping is locked",
        "Droppable memory cannot be locked: MAP_LOCKED is refused, mlock passes over it, and a locked page could not \
         be dropped. Only mmap forgets the check; 7.0 and later updates of older kernels have it.",
        "mlockall(MCL_FUTURE)\n\
         mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0)\n";
    DontunmapDropsAccount = "dontunmap-drops-account", from (6, 15) until (6, 17),
        "move_vma",
        "MREMAP_DONTUNMAP takes the flag ac from the whole source mapping",
        "Memory that is private and writable is charged, and its mapping says so, or the charge is never given back; \
         and without the flag it does not merge with its like. Seen on 6.16, absent in 6.12 and 6.17, inferred for 6.15.",
        "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n\
         mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x4000)\n";
    DontunmapCountsLockedTwice = "dontunmap-counts-locked-twice", from (6, 15) until (7, 2),
        "move_vma",
        "MREMAP_DONTUNMAP of a locked mapping adds the moved pages to VmLck although the source is no longer locked",
        "VmLck must be the size of all locked mappings: the source loses VM_LOCKED, so the count may not grow. \
         Seen from 6.16 on, and inferred for 6.15, where mremap was rewritten; until then the count stayed as it was; 7.2 accounts after the source was unlocked.",
        "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0)\n\
         mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL)\n";
    DontunmapUnlocksWhole = "dontunmap-unlocks-whole-mapping", from (5, 7) until (7, 2),
        "dontunmap_complete",
        "MREMAP_DONTUNMAP of a part of a locked mapping unlocks the whole mapping, and VmLck keeps counting it",
        "Only the pages that moved leave the source, and VmLck then counts pages that no mapping locks. \
         7.2 splits a locked mapping first, so that only the moved part is unlocked.",
        "mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0)\n\
         mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL)\n";
    DontunmapKeepsPgoff = "dontunmap-keeps-page-offset", from (5, 7) until (7, 2),
        "dontunmap_complete",
        "the emptied source of MREMAP_DONTUNMAP keeps the page offset that its pages had, and so does not merge with its neighbours",
        "A mapping without an anon_vma has its address as page offset everywhere else, and merging relies on it. \
         7.2 resets the offset with the anon_vma.",
        "mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n\
         store(mmap-0x1000, 0x1, 0x1)\n\
         mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x4000)\n\
         mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x8000)\n\
         mmap(mmap-0x3000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n";
    ShrinkingMoveCharges = "shrinking-move-charges", from (6, 15) until (99, 0),
        "vrm_calc_charge",
        "mremap that moves memory to a fixed address and makes it shorter charges the difference, and fails where that is too much",
        "Nothing is added, so nothing is to be charged: the difference has just been unmapped and given back. The charge \
         is that of the difference of both lengths, whichever is longer, and is never returned.",
        "mmap(heap+0x10000000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
         mremap(heap+0x10000000, 0x400000000000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, heap+0x8000000)\n";
    GrowthChargesForGood = "growth-charges-for-good", from (2, 6) until (99, 0),
        "acct_stack_growth",
        "growth of a stack that is not accounted (MAP_NORESERVE, or not writable) is charged all the same, and the charge is \
         never given back",
        "Unmapping gives back what accounted mappings were charged for, and no others; so anybody can use up what may be \
         promised until nothing more is with vm.overcommit_memory=2. Seen where the counts of the system are compared.",
        "mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_NORESERVE, -1, 0)\n\
         store(mmap-0x2000, 0x1, 0x1)\n";
    MoveForgetsAnonVma = "move-forgets-anon-vma", from (6, 16) until (6, 19),
        "vma_expand",
        "touched memory that moves to beside untouched memory and joins it has no anon_vma any more: fork does not copy its pages, \
         so the child finds zeroes",
        "Both may join since 6.16, and the joined mapping needs the anon_vma of the pages that it now has; without it they \
         are lost to fork, and to reclaim they belong to an anon_vma that may be freed. 6.19 and later updates of 6.18 copy it.",
        "mmap(mmap-0x1000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n\
         store(mmap-0x1000, 0x1, 0x1)\n\
         mremap(mmap-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x4000)\n\
         mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n\
         mremap(mmap-0x4000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x1000)\n\
         fork()\n";
    DontunmapMergesWithItself = "dontunmap-merges-with-itself", from (5, 7) until (7, 2),
        "copy_vma",
        "MREMAP_DONTUNMAP of untouched memory to an adjacent address grows the source instead of making a second mapping",
        "Source and copy must be treated apart: unlocking the source then unlocks the copy too. 7.2 forbids the merge.",
        "mmap(mmap-0x2000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n\
         mremap(mmap-0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x1000)\n";
    MsealForgetsMerge = "mseal-forgets-merge", from (6, 17) until (7, 0),
        "mseal_apply",
        "mseal of a range whose first part joins a sealed mapping does not join the part behind that",
        "All of the range has the same attributes afterwards and is one mapping, as when it is sealed at once. The kernel goes \
         on from the end that the first part had before it was joined; 7.0 and later updates of older kernels take the new one.",
        "mmap(mmap-0x3000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n\
         mseal(mmap-0x2000, 0x1000, 0)\n\
         mseal(mmap-0x3000, 0x3000, 0)\n";
    MlockCountsInInt = "mlock-counts-in-int", from (2, 6) until (7, 3),
        "mlock_fixup",
        "locking or unlocking a mapping of 8 TiB or more changes VmLck by a number of pages cut to 32 bits, even to below zero",
        "VmLck must be the size of all locked mappings, and RLIMIT_MEMLOCK is tested against it. \
         7.3 counts the pages in a long; stable kernels may do so as well.",
        "mmap(mmap-0x80000000000, 0x80000000000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n\
         mlock2(mmap-0x80000000000, 0x80000000000, MLOCK_ONFAULT)\n";
    NamingForgetsGuard = "naming-forgets-guard", from (6, 18) until (99, 0),
        "madvise_update_vma",
        "memory that joins a neighbour by its name takes the flag gu from all of the joined mapping if it had no guards itself",
        "The flag says that there may be guards, and stays with whatever is joined: so it does wherever else flags change. \
         Naming alone stores the flags that the named part had after it was joined. Where only the flag tells fork to \
         copy guards, as in shared anonymous memory, the child has none. Since 6.19, which has the flag, and later \
         updates of 6.18. The soft-dirty flag gets lost in the same way.",
        "mmap(mmap-0x2000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
         set_vma_name(mmap-0x1000, 0x1000, \"a\")\n\
         madvise(mmap-0x1000, 0x1000, MADV_GUARD_INSTALL)\n\
         set_vma_name(mmap-0x2000, 0x1000, \"a\")\n";
}

impl Quirk {
    /// The flags that it changes for every page. Once it is found they are not
    /// compared, or it would hide everything behind the first page.
    pub fn wrong_flags(self) -> PageFlags {
        match self {
            Quirk::AnonShownAsKsm => PageFlags::KSM,
            _ => PageFlags::empty(),
        }
    }

    /// Whether mainline kernels of this version have it.
    pub fn affects(self, version: Version) -> bool {
        self.from() <= version && version < self.until()
    }
}

/// A set of quirks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QuirkSet(u64);

impl QuirkSet {
    /// The quirks of a version.
    pub fn of_version(version: Version) -> QuirkSet {
        let mut set = QuirkSet::default();
        QUIRKS.iter().filter(|q| q.affects(version)).for_each(|&q| set.insert(q));
        set
    }

    /// Whether the quirk is in the set.
    #[inline]
    pub fn contains(self, quirk: Quirk) -> bool {
        self.0 & 1 << quirk as u32 != 0
    }

    /// Adds a quirk.
    pub fn insert(&mut self, quirk: Quirk) {
        self.0 |= 1 << quirk as u32;
    }

    /// The quirks in either.
    pub fn union(self, other: QuirkSet) -> QuirkSet {
        QuirkSet(self.0 | other.0)
    }

    /// The quirks that the other one lacks.
    pub fn without(self, other: QuirkSet) -> QuirkSet {
        QuirkSet(self.0 & !other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The quirks in it, in the order of the registry.
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        QUIRKS.iter().copied().filter(move |&q| self.contains(q))
    }
}
