//! The vocabulary: what a program can do, and what can come of it.
//!
//! Arguments are kept as the raw numbers that reach the kernel, so that wrong
//! ones can be said as easily as right ones; [`consts`] names them.

pub mod consts;
mod outcome;
mod start;

pub use outcome::{Contents, Digest, Outcome, Residency, Signal, Trap};
pub use start::{
    Exec, Start, EXEC_NAME, EXEC_PATH, MAX_ARGUMENT, MAX_ARGUMENTS, MAX_SHIFT, USUAL_ARGUMENTS,
    USUAL_STACK,
};

/// A process of a program: 0 is the subject itself, the others are its
/// descendants, numbered in the order in which they were forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ProcessId(pub u8);

/// The most processes that one program may have, the first included.
pub const MAX_PROCESSES: usize = 4;

/// The most pages that one `mincore` may ask about (the answer has to fit in
/// the subject's result area).
pub const MAX_MINCORE_PAGES: u64 = 1024;

/// The longest name that an operation may carry, the final NUL excluded.
pub const MAX_NAME_LEN: usize = 100;

/// What an address is relative to. Programs that speak of these bases mean the
/// same thing on kernels that place heap, stack and mappings elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Base {
    /// An absolute address.
    #[default]
    Absolute,
    /// The start of the heap (`mm->start_brk`).
    Heap,
    /// The top of the area in which the kernel places mappings
    /// (`mm->mmap_base`); the first mapping ends here.
    Mmap,
    /// Where the stack of the first process ended; [`Call::map_stack`] maps one.
    Stack,
}

/// An address operand: a base and a signed distance from it, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Addr {
    /// What the offset counts from.
    pub base: Base,
    /// Distance in bytes; for [`Base::Absolute`] the address itself.
    pub offset: i64,
}

impl Addr {
    /// The null pointer.
    pub const NULL: Addr = Addr::absolute(0);

    /// An absolute address.
    pub const fn absolute(address: u64) -> Addr {
        Addr { base: Base::Absolute, offset: address as i64 }
    }

    /// An address relative to a base.
    pub const fn new(base: Base, offset: i64) -> Addr {
        Addr { base, offset }
    }

    /// The same base, `bytes` further on (wrapping).
    pub const fn plus(self, bytes: i64) -> Addr {
        Addr { base: self.base, offset: self.offset.wrapping_add(bytes) }
    }
}

/// Where the bases of [`Addr`] are in one particular subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Layout {
    /// [`Base::Heap`]
    pub heap: u64,
    /// [`Base::Mmap`]
    pub mmap: u64,
    /// [`Base::Stack`]
    pub stack: u64,
}

impl Layout {
    /// The number that is passed to the kernel.
    pub fn resolve(&self, addr: Addr) -> u64 {
        let base = match addr.base {
            Base::Absolute => 0,
            Base::Heap => self.heap,
            Base::Mmap => self.mmap,
            Base::Stack => self.stack,
        };
        base.wrapping_add(addr.offset as u64)
    }

    /// The way of saying an address that survives a change of layout: relative
    /// to the heap when it is soon above its start (but not as far as the area
    /// of MAP_32BIT may begin, which is where it is in every layout), to the area of mappings or
    /// to the stack when it is not far below their ends, absolute otherwise.
    pub fn express(&self, address: u64) -> Addr {
        const HEAP_REACH: u64 = 1 << 26;
        const MMAP_REACH: u64 = 1 << 36;
        const STACK_REACH: u64 = 1 << 30;
        let near = |base: u64, distance: Option<u64>, reach: u64| {
            base != 0 && distance.is_some_and(|d| d <= reach)
        };
        // the area of mappings ends some 128 MiB below the stack: ask for it first
        let bases = [
            (Base::Heap, self.heap, address.checked_sub(self.heap), HEAP_REACH),
            (Base::Mmap, self.mmap, self.mmap.checked_sub(address), MMAP_REACH),
            (Base::Stack, self.stack, self.stack.checked_sub(address), STACK_REACH),
        ];
        match bases.into_iter().find(|(_, at, distance, reach)| near(*at, *distance, *reach)) {
            Some((base, at, ..)) => Addr::new(base, address.wrapping_sub(at) as i64),
            None => Addr::absolute(address),
        }
    }
}

/// One operation of a program: who does what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Op {
    /// The process that performs it.
    pub process: ProcessId,
    /// What it does.
    pub call: Call,
}

impl Op {
    /// An operation of the first process.
    pub fn first(call: Call) -> Op {
        Op { process: ProcessId(0), call }
    }
}

/// What an operation does. System calls take their raw arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the fields are the system calls' own argument names
pub enum Call {
    Mmap {
        addr: Addr,
        len: u64,
        prot: u64,
        flags: u64,
        fd: i32,
        offset: u64,
    },
    Munmap {
        addr: Addr,
        len: u64,
    },
    Mprotect {
        addr: Addr,
        len: u64,
        prot: u64,
    },
    Mremap {
        old: Addr,
        old_len: u64,
        new_len: u64,
        flags: u64,
        new: Addr,
    },
    Brk {
        addr: Addr,
    },
    Madvise {
        addr: Addr,
        len: u64,
        advice: i32,
    },
    Mlock {
        addr: Addr,
        len: u64,
    },
    Mlock2 {
        addr: Addr,
        len: u64,
        flags: u64,
    },
    Munlock {
        addr: Addr,
        len: u64,
    },
    Mlockall {
        flags: u64,
    },
    Munlockall,
    Mseal {
        addr: Addr,
        len: u64,
        flags: u64,
    },
    Msync {
        addr: Addr,
        len: u64,
        flags: u64,
    },
    /// Answers which pages are resident; at most [`MAX_MINCORE_PAGES`].
    Mincore {
        addr: Addr,
        len: u64,
    },
    /// `prctl` with plain numbers.
    Prctl {
        option: i32,
        args: [u64; 4],
    },
    /// `prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, len, name)`; without a
    /// name the pointer is null, which removes the name.
    SetVmaName {
        addr: Addr,
        len: u64,
        name: Option<String>,
    },
    /// `prlimit64` on the process itself.
    Setrlimit {
        resource: u32,
        soft: u64,
        hard: u64,
    },
    /// `capset` on the process itself, as sets of bits; nothing is inheritable.
    Capset {
        effective: u64,
        permitted: u64,
    },
    /// Reads every byte of the range, lowest first.
    Load {
        addr: Addr,
        len: u64,
    },
    /// Fills the range, lowest byte first: bytes on the first page touched get
    /// `value`, those on the next `value + 1`, and so on, modulo 256.
    Store {
        addr: Addr,
        len: u64,
        value: u8,
    },
    /// Calls the address as a function. The byte there must be a `ret`
    /// ([`consts::RET_INSTRUCTION`]) for the program to go on.
    Call {
        addr: Addr,
    },
    /// Forks: the child gets the next free [`ProcessId`].
    Fork,
    /// Ends the process; never the first one.
    Exit,
}

impl Call {
    /// Maps a stack where the first process had it when it was started, as large
    /// as it was, and as growing.
    pub fn map_stack() -> Call {
        const SIZE: u64 = 0x2_1000;
        Call::Mmap {
            addr: Addr::new(Base::Stack, -(SIZE as i64)),
            len: SIZE,
            prot: consts::PROT_READ | consts::PROT_WRITE,
            flags: consts::MAP_PRIVATE
                | consts::MAP_ANONYMOUS
                | consts::MAP_FIXED
                | consts::MAP_GROWSDOWN,
            fd: -1,
            offset: 0,
        }
    }

    /// The name that the text format uses.
    pub fn name(&self) -> &'static str {
        match self {
            Call::Mmap { .. } => "mmap",
            Call::Munmap { .. } => "munmap",
            Call::Mprotect { .. } => "mprotect",
            Call::Mremap { .. } => "mremap",
            Call::Brk { .. } => "brk",
            Call::Madvise { .. } => "madvise",
            Call::Mlock { .. } => "mlock",
            Call::Mlock2 { .. } => "mlock2",
            Call::Munlock { .. } => "munlock",
            Call::Mlockall { .. } => "mlockall",
            Call::Munlockall => "munlockall",
            Call::Mseal { .. } => "mseal",
            Call::Msync { .. } => "msync",
            Call::Mincore { .. } => "mincore",
            Call::Prctl { .. } => "prctl",
            Call::SetVmaName { .. } => "set_vma_name",
            Call::Setrlimit { .. } => "setrlimit",
            Call::Capset { .. } => "capset",
            Call::Load { .. } => "load",
            Call::Store { .. } => "store",
            Call::Call { .. } => "call",
            Call::Fork => "fork",
            Call::Exit => "exit",
        }
    }
}
