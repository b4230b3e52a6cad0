//! The one table of version-dependent rules.
//!
//! Each entry is a behaviour that some kernels have and others lack. The
//! version gives the default; where both behaviours are legitimate a probe
//! settles which one a kernel has, because stable updates carry behaviour
//! backwards.
//!
//! A patch that was never merged is an entry whose version no kernel has.
//!
//! Each entry has a witness, `corpus/versions/<name>.mm`: a program that tells a
//! kernel with the rule from one without. What no program can tell says so:
//! `unseen` and why.

use super::Version;

macro_rules! rules {
    ($($variant:ident = $name:literal, since ($major:literal, $minor:literal), $function:literal, $text:literal
       $(, unseen $unseen:literal)?;)+) => {
        /// A behaviour that depends on the version.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table documents each
        #[repr(u8)]
        pub enum Rule { $($variant),+ }

        /// Every rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule::$variant),+];

        impl Rule {
            /// The name that profiles and the command line use.
            pub const fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name),+ }
            }

            /// The first mainline version that has it.
            pub const fn since(self) -> Version {
                match self { $(Rule::$variant => Version::new($major, $minor)),+ }
            }

            /// The kernel function that decides it.
            pub const fn function(self) -> &'static str {
                match self { $(Rule::$variant => $function),+ }
            }

            /// What a kernel with this rule does.
            pub const fn text(self) -> &'static str {
                match self { $(Rule::$variant => $text),+ }
            }

            /// Why no program of this vocabulary can tell whether a kernel has
            /// it, where that is so.
            pub const fn unseen(self) -> Option<&'static str> {
                match self { $(Rule::$variant => rules!(@ $($unseen)?)),+ }
            }
        }
    };
    (@) => { None };
    (@ $unseen:literal) => { Some($unseen) };
}

rules! {
    MmapGathersFirst = "mmap-gathers-first", since (6, 12), "mmap_region",
        "a fixed mmap checks limits before it removes what it replaces";
    MprotectWritesClean = "mprotect-writes-clean", since (6, 2), "can_change_pte_writable",
        "memory that becomes writable again needs no fault for private pages that are clean";
    StrictHeapName = "strict-heap-name", since (6, 7), "vma_is_initial_heap",
        "a mapping that only touches the heap's ends is not named [heap]";
    MapStackNoHuge = "map-stack-nohugepage", since (6, 7), "calc_vm_flag_bits",
        "MAP_STACK sets VM_NOHUGEPAGE";
    ThpAlign = "thp-align", since (6, 7), "__get_unmapped_area",
        "mappings of 2 MiB and more are aligned to it where the kernel chooses the address";
    ThpAlignMultiple = "thp-align-multiple", since (6, 13), "__get_unmapped_area",
        "of the anonymous mappings only those without a hint whose length is a multiple of 2 MiB are aligned to it";
    Mseal = "mseal", since (6, 10), "do_mseal", "the mseal system call exists";
    SealPerMapping = "seal-per-mapping", since (6, 12), "can_modify_vma",
        "a seal refuses a call when it reaches the sealed mapping, and what was changed before stays; \
         6.10 and 6.11 look at the whole range before they touch any of it";
    Droppable = "droppable", since (6, 11), "do_mmap", "MAP_DROPPABLE exists";
    GuardRegions = "guard-regions", since (6, 13), "madvise_guard_install",
        "MADV_GUARD_INSTALL and MADV_GUARD_REMOVE exist";
    PagemapGuardBit = "pagemap-guard-bit", since (6, 15), "pagemap_pte_hole",
        "pagemap shows guard markers in bit 58";
    MaybeGuard = "maybe-guard", since (6, 19), "madvise_guard_install",
        "a mapping that had guard regions carries the sticky flag gu";
    SymmetricAnonMerge = "symmetric-anon-merge", since (6, 16), "is_mergeable_anon_vma",
        "a faulted mapping merges with an unfaulted neighbour on either side";
    MremapEarlyChecks = "mremap-early-checks", since (6, 17), "check_mremap_params",
        "mremap tests its arguments before it looks for the mapping";
    MremapDestinationFirst = "mremap-destination-first", since (6, 15), "check_mremap_params",
        "with a given destination, mremap tests whether it is page-aligned, and the number of mappings, before it looks for the mapping";
    MremapMulti = "mremap-multi", since (6, 17), "remap_move",
        "a pure move with MREMAP_FIXED may span several mappings";
    MremapCountAtEntry = "mremap-count-at-entry", since (7, 1), "do_mremap",
        "mremap tests the number of mappings before anything else";
    CopyVmaForkCheck = "copy-vma-fork-check", since (6, 19), "copy_vma",
        "a moved mapping merges only when its anon_vma was not shared by fork";
    ExactRss = "exact-rss", since (6, 16), "task_mem", "status reads exact RSS counters",
        unseen "the model counts exactly; how far older counters lag depends on per-CPU batches";
    DoforkRefusesSpecial = "dofork-refuses-special", since (7, 0), "madvise_vma_behavior",
        "MADV_DOFORK refuses every special mapping",
        unseen "the only special mappings are the kernel's own, and the subject unmaps those";
    GupNoStackGrowth = "gup-no-stack-growth", since (6, 5), "__get_user_pages",
        "only faults grow the stack, not populate or mlock",
        unseen "populate and mlock stay within what is mapped; other uses of get_user_pages are not in the vocabulary";
    MprotectDropsAccount = "mprotect-drops-account", since (6, 7), "mprotect_fixup",
        "making never-faulted memory read-only gives back its commit charge";
    PageoutKeepsYoung = "pageout-keeps-young", since (6, 9), "madvise_cold_or_pageout_pte_range",
        "MADV_PAGEOUT leaves the accessed bits of pages that stay";
    SwapinWritable = "swapin-writable", since (6, 11), "do_swap_page",
        "a page that only this process has may be written once it is read back from swap, even by a read";
    SwapinForgetsLock = "swapin-forgets-lock", since (6, 11), "do_swap_page",
        "a page that is read back from swap into locked memory is not locked itself";
    SwapinByCache = "swapin-by-cache", since (6, 19), "swapin_sync",
        "a page that is read back from swap has been in the swap cache: it is dirty, and exclusive only if it was";
    Mdwe = "mdwe", since (6, 3), "prctl_set_mdwe", "PR_SET_MDWE exists";
    MdweNoInherit = "mdwe-no-inherit", since (6, 7), "prctl_set_mdwe",
        "PR_SET_MDWE knows PR_MDWE_NO_INHERIT";
    MemoryMerge = "memory-merge", since (6, 4), "ksm_enable_merge_any",
        "PR_SET_MEMORY_MERGE exists";
    ThpDisableFlags = "thp-disable-flags", since (6, 18), "prctl_set_thp_disable",
        "PR_SET_THP_DISABLE knows PR_THP_DISABLE_EXCEPT_ADVISED",
        unseen "huge pages that some of the memory may have are not modelled: all else of the option is refused as before";
    MremapRealign = "mremap-realign", since (6, 7), "try_realign_addr",
        "mremap lowers a move to the start of the page table's span, to move whole tables";
    Above4g = "map-above-4g", since (6, 6), "arch_get_unmapped_area_topdown",
        "MAP_ABOVE4G keeps a mapping above 4 GiB; older kernels ignore it";
    LowerNeighbourFirst = "lower-neighbour-first", since (6, 12), "mmap_region",
        "a new mapping that fits two neighbours which do not fit each other joins the lower one, not the upper";
    UiBehindDp = "vmflags-ui-behind-dp", since (6, 17), "show_smap_vma_flags",
        "VmFlags show ui behind dp",
        unseen "userfaultfd, which gives a mapping the flag ui, is not in the vocabulary";
    MremapRealignPosted = "realign-v4", since (99, 0), "realign_addr",
        "as mremap-realign, by the conditions of the posted patch: never within one mapping, \
         not even for the shift of a new program's stack";
    DontunmapMergesOthers = "dontunmap-merges-others", since (6, 12), "copy_vma",
        "the copy that MREMAP_DONTUNMAP makes beside its untouched source may merge with its other neighbour";
    BrkHeapOnly = "brk-heap-only", since (6, 1), "do_brk_flags",
        "a growing heap only extends a mapping that reaches beyond the heap's start";
    BrkShrinkNeedsMapping = "brk-shrink-needs-mapping", since (6, 1), "brk",
        "the break stays where nothing is mapped in the range that it gives up";
    BrkPosted = "brk-posted-v4", since (99, 0), "do_brk_flags",
        "a growing heap extends the mapping below by a condition of its own, which only looks at flags \
         and at the length of the anon_vma chain";
    KsmFlagsFirst = "ksm-flags-first", since (6, 17), "ksm_vma_flags",
        "with PR_SET_MEMORY_MERGE new memory is marked mergeable before it looks for neighbours to merge with";
    RelocateAnon = "relocate-anon", since (99, 0), "relocate_anon_folios",
        "mremap knows MREMAP_RELOCATE_ANON: moved pages get the place of their new address, so that the moved \
         memory merges as if it had been mapped there";
    VmflagsLf = "vmflags-lf", since (6, 7), "show_smap_vma_flags",
        "VmFlags show lf where memory is locked on fault, not ??";
    PopulateStopsAtHole = "populate-stops-at-hole", since (6, 9), "madvise_populate",
        "MADV_POPULATE_READ and MADV_POPULATE_WRITE end at the first hole; before, they passed over holes as other \
         advice does";
    RssPerCpu = "rss-per-cpu", since (6, 2), "add_mm_counter",
        "resident pages are counted per CPU; before, a task kept to itself what its faults counted",
        unseen "which part of a count is late, and by how much, is no rule of what programs see";
    UpperTablesCounted = "upper-tables-counted", since (6, 8), "pagetable_pud_ctor",
        "PageTables of meminfo counts the page tables of the third level too",
        unseen "no file of a process shows it, only the count of the whole system";
    KsmInSmaps = "ksm-in-smaps", since (6, 6), "__show_smap", "smaps has a line KSM";
}

/// The version of what no kernel has.
const UNMERGED: Version = Version::new(99, 0);

/// A set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RuleSet(u128);

impl Rule {
    /// The rule with this name.
    pub fn from_name(name: &str) -> Option<Rule> {
        RULES.iter().copied().find(|rule| rule.name() == name)
    }

    /// Whether it is a patch that was never merged.
    pub fn is_patch(self) -> bool {
        self.since() >= UNMERGED
    }
}

impl RuleSet {
    /// The mainline defaults of a version.
    pub fn of_version(version: Version) -> RuleSet {
        let mut set = RuleSet::default();
        for &rule in RULES {
            if rule.since() <= version {
                set.insert(rule);
            }
        }
        set
    }

    /// Whether the rule is in the set.
    #[inline]
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & 1 << rule as u32 != 0
    }

    /// Adds a rule.
    pub fn insert(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u32;
    }

    /// Takes a rule away.
    pub fn remove(&mut self, rule: Rule) {
        self.0 &= !(1 << rule as u32);
    }
}
