//! The ABI's constants, with the names that the text format uses.

macro_rules! constants {
    ($(#[$doc:meta])* $table:ident: $ty:ty { $($name:ident = $value:expr),+ $(,)? }) => {
        $(#[allow(missing_docs)] pub const $name: $ty = $value;)+
        $(#[$doc])*
        pub const $table: &[(&str, $ty)] = &[$((stringify!($name), $name)),+];
    };
}

constants! {
    /// Protection bits of `mmap` and `mprotect`.
    PROTS: u64 {
        PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_SEM = 8,
        PROT_GROWSDOWN = 0x0100_0000, PROT_GROWSUP = 0x0200_0000,
    }
}
/// No access.
pub const PROT_NONE: u64 = 0;

constants! {
    /// Flags of `mmap`; the low four bits are a type, not flags.
    MAP_FLAGS: u64 {
        MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_32BIT = 0x40, MAP_ABOVE4G = 0x80,
        MAP_GROWSDOWN = 0x100, MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000,
        MAP_LOCKED = 0x2000, MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000,
        MAP_NONBLOCK = 0x1_0000, MAP_STACK = 0x2_0000, MAP_HUGETLB = 0x4_0000,
        MAP_SYNC = 0x8_0000, MAP_FIXED_NOREPLACE = 0x10_0000, MAP_UNINITIALIZED = 0x400_0000,
    }
}
constants! {
    /// Mapping types, the low four bits of `mmap`'s flags.
    MAP_TYPES: u64 {
        MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_DROPPABLE = 8,
    }
}
/// The bits of `mmap`'s flags that hold the type.
pub const MAP_TYPE_MASK: u64 = 0xf;

constants! {
    /// Flags of `mremap`.
    MREMAP_FLAGS: u64 { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4, MREMAP_RELOCATE_ANON = 8 }
}

constants! {
    /// Advice values of `madvise`.
    ADVICES: i32 {
        MADV_NORMAL = 0, MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3,
        MADV_DONTNEED = 4, MADV_FREE = 8, MADV_REMOVE = 9, MADV_DONTFORK = 10,
        MADV_DOFORK = 11, MADV_MERGEABLE = 12, MADV_UNMERGEABLE = 13, MADV_HUGEPAGE = 14,
        MADV_NOHUGEPAGE = 15, MADV_DONTDUMP = 16, MADV_DODUMP = 17, MADV_WIPEONFORK = 18,
        MADV_KEEPONFORK = 19, MADV_COLD = 20, MADV_PAGEOUT = 21, MADV_POPULATE_READ = 22,
        MADV_POPULATE_WRITE = 23, MADV_DONTNEED_LOCKED = 24, MADV_COLLAPSE = 25,
        MADV_HWPOISON = 100, MADV_SOFT_OFFLINE = 101, MADV_GUARD_INSTALL = 102,
        MADV_GUARD_REMOVE = 103,
    }
}

constants! {
    /// Flags of `mlock2`.
    MLOCK_FLAGS: u64 { MLOCK_ONFAULT = 1 }
}
constants! {
    /// Flags of `mlockall`.
    MCL_FLAGS: u64 { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 }
}
constants! {
    /// Flags of `msync`.
    MS_FLAGS: u64 { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4 }
}
constants! {
    /// `prctl` options that concern memory management.
    PRCTLS: i32 {
        PR_SET_MM = 35, PR_SET_THP_DISABLE = 41, PR_GET_THP_DISABLE = 42,
        PR_SET_MDWE = 65, PR_GET_MDWE = 66, PR_SET_MEMORY_MERGE = 67,
        PR_GET_MEMORY_MERGE = 68, PR_SET_VMA = 0x5356_4d41,
    }
}
/// `prctl(PR_SET_VMA, ...)`: set the name of anonymous memory.
pub const PR_SET_VMA_ANON_NAME: u64 = 0;
/// `prctl(PR_SET_MDWE)`: refuse to gain PROT_EXEC.
pub const PR_MDWE_REFUSE_EXEC_GAIN: u64 = 1;
/// `prctl(PR_SET_MDWE)`: children do not inherit it.
pub const PR_MDWE_NO_INHERIT: u64 = 2;
/// `prctl(PR_SET_THP_DISABLE)`, 6.18 and later: except where advised.
pub const PR_THP_DISABLE_EXCEPT_ADVISED: u64 = 2;

constants! {
    /// Resource limits that concern memory management.
    RLIMITS: u32 {
        RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9,
    }
}
constants! {
    /// Capabilities that concern memory management, as bits of the sets of `capset`.
    CAPABILITIES: u64 {
        CAP_IPC_LOCK = 1 << 14, CAP_SYS_RAWIO = 1 << 17, CAP_SYS_ADMIN = 1 << 21,
        CAP_SYS_RESOURCE = 1 << 24,
    }
}
/// No limit.
pub const RLIM_INFINITY: u64 = u64::MAX;

constants! {
    /// Signals that a memory access can raise.
    SIGNALS: i32 { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11 }
}
/// `si_code` of SIGSEGV: nothing is mapped there.
pub const SEGV_MAPERR: i32 = 1;
/// `si_code` of SIGSEGV: the mapping forbids the access.
pub const SEGV_ACCERR: i32 = 2;
/// `si_code` of SIGSEGV: a protection key forbids the access.
pub const SEGV_PKUERR: i32 = 4;
/// `si_code` of SIGBUS: beyond the end of the object.
pub const BUS_ADRERR: i32 = 2;
/// `si_code` of a signal that the kernel raised without an address.
pub const SI_KERNEL: i32 = 128;

/// The x86 instruction that a callable byte holds.
pub const RET_INSTRUCTION: u8 = 0xc3;
