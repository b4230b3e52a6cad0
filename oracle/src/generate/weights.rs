//! How often what is generated: the numbers behind all choices of operations.

use super::source::Weights;
use mm_reference::op::consts::*;

/// What kind of operation to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // named as the calls are
pub enum Kind {
    Mmap,
    Munmap,
    Mprotect,
    Mremap,
    Brk,
    Madvise,
    /// `mlock` and `mlock2`
    Mlock,
    Munlock,
    Mlockall,
    Munlockall,
    Mseal,
    Msync,
    Mincore,
    Prctl,
    Name,
    Setrlimit,
    Capset,
    Load,
    Store,
    Call,
    Fork,
    Exit,
}

/// What a program dwells on, so that its operations build on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Theme {
    /// A bit of everything.
    General,
    /// Small mappings side by side that merge and split.
    Merge,
    /// Moving, growing and shrinking.
    Remap,
    /// Fork and copy-on-write.
    Cow,
    /// The heap and what is mapped in its way.
    Heap,
    /// Locking, populating, dropping.
    Lock,
    /// Guard regions.
    Guard,
    /// Resource limits, just around what is used.
    Limits,
    /// The stack, other growing mappings, and their neighbours.
    Stack,
    /// Advice of every kind.
    Advice,
    /// Executable memory.
    Exec,
    /// Sealing; in children, since a sealed subject has to be started anew.
    Seal,
    /// Whole page tables, moved and dropped.
    Tables,
    /// Pages that are freed lazily, written again, and reclaimed.
    Reclaim,
    /// As many mappings as there may be.
    Fill,
    /// Moves that may begin below what was asked for.
    Realign,
    /// What decides how a heap grows.
    Break,
    /// Touched memory that moves beside other memory.
    Relocate,
    /// What capabilities are asked for.
    Privilege,
}

impl Theme {
    /// What a `--focus` of this name dwells on.
    pub fn of_focus(name: &str) -> Option<Theme> {
        match name {
            "realigned-moves" => Some(Theme::Realign),
            "brk" => Some(Theme::Break),
            "relocate-anon" => Some(Theme::Relocate),
            _ => None,
        }
    }
}

impl Theme {
    /// The themes with how often each is chosen where nothing is to be dwelt on.
    /// [`Theme::Fill`] is not left to chance, see [`Theme::of_program`].
    pub const CHOICE: Weights<Theme> = Weights::of(&[
        (30, Theme::General),
        (14, Theme::Merge),
        (12, Theme::Remap),
        (12, Theme::Cow),
        (6, Theme::Heap),
        (7, Theme::Lock),
        (5, Theme::Guard),
        (5, Theme::Limits),
        (5, Theme::Stack),
        (6, Theme::Advice),
        (3, Theme::Exec),
        (3, Theme::Seal),
        (1, Theme::Tables),
        (2, Theme::Reclaim),
        // what each needs is rare, and hardly comes about in other programs
        (22, Theme::Realign),
        (8, Theme::Break),
        (6, Theme::Relocate),
        (6, Theme::Privilege),
    ]);

    /// What the program of this number of a campaign dwells on, where the campaign
    /// itself dwells on nothing and this is not left to chance: what takes long comes
    /// in its turn.
    pub fn of_program(number: u64) -> Option<Theme> {
        match number {
            _ if number % FILL_EVERY == FILL_EVERY / 2 => Some(Theme::Fill),
            _ if number % UNAIMED_EXEC_EVERY == UNAIMED_EXEC_EVERY / 2 => Some(Theme::Realign),
            _ => None,
        }
    }

    /// Whether the program of this number of a campaign begins by an `execve` with
    /// arguments; what it dwells on is known.
    pub fn begins_by_exec(theme: Option<Theme>, number: u64) -> bool {
        theme == Some(Theme::Realign) && number % EXEC_EVERY == 0
    }

    /// Out of 100 ranges, how many lie on the program's own small ground.
    pub fn cling(self) -> u32 {
        match self {
            Theme::Merge | Theme::Seal | Theme::Tables | Theme::Reclaim => 85,
            Theme::Remap | Theme::Guard => 50,
            Theme::Cow | Theme::Advice | Theme::Lock | Theme::Exec => 40,
            Theme::Heap | Theme::Stack | Theme::Realign | Theme::Break | Theme::Relocate => 5,
            Theme::General | Theme::Limits | Theme::Fill | Theme::Privilege => 25,
        }
    }

    /// How many programs begin with a stack, as a share.
    pub fn stacks(self) -> (u32, u32) {
        match self {
            Theme::Stack => (3, 4),
            Theme::Limits | Theme::Privilege => (1, 3),
            _ => (1, 8),
        }
    }

    /// How much memory it deals with, where the theme decides it.
    pub fn scale(self) -> Option<Scale> {
        match self {
            Theme::Tables | Theme::Fill => Some(Scale::Large),
            _ => None,
        }
    }

    /// What ranges on the program's own ground are made of, in pages.
    pub fn unit(self) -> u64 {
        match self {
            Theme::Tables => 512,
            _ => 1,
        }
    }

    /// The weights of the kinds of operations.
    pub fn kinds(self) -> Weights<Kind> {
        match self {
            Theme::General | Theme::Fill => GENERAL,
            Theme::Merge => MERGE,
            Theme::Remap => REMAP,
            Theme::Cow => COW,
            Theme::Heap => HEAP,
            Theme::Lock => LOCK,
            Theme::Guard => GUARD,
            Theme::Limits => LIMITS,
            Theme::Stack => STACK,
            Theme::Advice => ADVICE,
            Theme::Exec => EXEC,
            Theme::Seal => SEAL,
            Theme::Tables => TABLES,
            Theme::Reclaim => RECLAIM,
            Theme::Realign => REALIGN,
            Theme::Break => BREAK,
            Theme::Relocate => RELOCATE,
            Theme::Privilege => PRIVILEGE,
        }
    }

    /// The weights of the advices.
    pub fn advices(self) -> Weights<i32> {
        match self {
            Theme::Guard => GUARD_ADVICES,
            Theme::Cow => FORK_ADVICES,
            Theme::Reclaim => RECLAIM_ADVICES,
            _ => ADVICE_WEIGHTS,
        }
    }
}

/// Of so many programs of a campaign one fills the address space up to the limit of
/// mappings, which takes about a second.
const FILL_EVERY: u64 = 20_000;

/// Of so many programs that dwell on moves of page tables one begins by an `execve`
/// with arguments, which takes a subject of its own.
const EXEC_EVERY: u64 = 100;

/// The same for campaigns that dwell on nothing, of all programs; half of it is a multiple
/// of the other.
const UNAIMED_EXEC_EVERY: u64 = 1000;

/// The chance of a wrong argument, out of 1000 operations.
pub const WRONG: u32 = 80;

/// Of so many programs of an ordinary user one dwells on what binds ordinary users.
pub const BOUND: u32 = 5;

/// Any operation, now and then, in a program with a theme: out of 100.
pub const STRAY: u32 = 15;

const GENERAL: Weights<Kind> = Weights::of(&[
    (160, Kind::Mmap),
    (110, Kind::Munmap),
    (120, Kind::Mprotect),
    (90, Kind::Mremap),
    (50, Kind::Brk),
    (130, Kind::Madvise),
    (25, Kind::Mlock),
    (15, Kind::Munlock),
    (5, Kind::Mlockall),
    (4, Kind::Munlockall),
    (4, Kind::Mseal),
    (8, Kind::Msync),
    (15, Kind::Mincore),
    (8, Kind::Prctl),
    (20, Kind::Name),
    (15, Kind::Setrlimit),
    (6, Kind::Capset),
    (45, Kind::Load),
    (150, Kind::Store),
    (8, Kind::Call),
    (18, Kind::Fork),
    (5, Kind::Exit),
]);

const MERGE: Weights<Kind> = Weights::of(&[
    (300, Kind::Mmap),
    (120, Kind::Munmap),
    (200, Kind::Mprotect),
    (90, Kind::Mremap),
    (90, Kind::Madvise),
    (20, Kind::Mlock),
    (10, Kind::Munlock),
    (40, Kind::Name),
    (120, Kind::Store),
    (10, Kind::Fork),
]);

const REMAP: Weights<Kind> = Weights::of(&[
    (150, Kind::Mmap),
    (40, Kind::Munmap),
    (60, Kind::Mprotect),
    (350, Kind::Mremap),
    (50, Kind::Madvise),
    (15, Kind::Mlock),
    (10, Kind::Name),
    (20, Kind::Load),
    (130, Kind::Store),
    (15, Kind::Fork),
]);

const COW: Weights<Kind> = Weights::of(&[
    (110, Kind::Mmap),
    (50, Kind::Munmap),
    (60, Kind::Mprotect),
    (60, Kind::Mremap),
    (110, Kind::Madvise),
    (10, Kind::Mlock),
    (15, Kind::Mincore),
    (60, Kind::Load),
    (230, Kind::Store),
    (110, Kind::Fork),
    (30, Kind::Exit),
]);

const HEAP: Weights<Kind> = Weights::of(&[
    (100, Kind::Mmap),
    (50, Kind::Munmap),
    (40, Kind::Mprotect),
    (40, Kind::Mremap),
    (350, Kind::Brk),
    (40, Kind::Madvise),
    (10, Kind::Mlock),
    (10, Kind::Mlockall),
    (30, Kind::Setrlimit),
    (90, Kind::Store),
    (15, Kind::Fork),
]);

const LOCK: Weights<Kind> = Weights::of(&[
    (170, Kind::Mmap),
    (50, Kind::Munmap),
    (60, Kind::Mprotect),
    (60, Kind::Mremap),
    (20, Kind::Brk),
    (90, Kind::Madvise),
    (170, Kind::Mlock),
    (90, Kind::Munlock),
    (35, Kind::Mlockall),
    (20, Kind::Munlockall),
    (20, Kind::Mincore),
    (20, Kind::Setrlimit),
    (10, Kind::Capset),
    (20, Kind::Load),
    (70, Kind::Store),
    (15, Kind::Fork),
]);

const GUARD: Weights<Kind> = Weights::of(&[
    (120, Kind::Mmap),
    (50, Kind::Munmap),
    (60, Kind::Mprotect),
    (70, Kind::Mremap),
    (380, Kind::Madvise),
    (25, Kind::Mlock),
    (15, Kind::Mincore),
    (60, Kind::Load),
    (140, Kind::Store),
    (25, Kind::Fork),
]);

const LIMITS: Weights<Kind> = Weights::of(&[
    (200, Kind::Mmap),
    (50, Kind::Munmap),
    (90, Kind::Mprotect),
    (90, Kind::Mremap),
    (80, Kind::Brk),
    (20, Kind::Madvise),
    (60, Kind::Mlock),
    (20, Kind::Mlockall),
    (220, Kind::Setrlimit),
    (15, Kind::Capset),
    (80, Kind::Store),
    (15, Kind::Fork),
]);

const STACK: Weights<Kind> = Weights::of(&[
    (220, Kind::Mmap),
    (70, Kind::Munmap),
    (80, Kind::Mprotect),
    (50, Kind::Mremap),
    (40, Kind::Madvise),
    (30, Kind::Mlock),
    (40, Kind::Setrlimit),
    (60, Kind::Load),
    (250, Kind::Store),
    (20, Kind::Fork),
]);

const ADVICE: Weights<Kind> = Weights::of(&[
    (130, Kind::Mmap),
    (40, Kind::Munmap),
    (50, Kind::Mprotect),
    (40, Kind::Mremap),
    (400, Kind::Madvise),
    (40, Kind::Mlock),
    (30, Kind::Mincore),
    (20, Kind::Msync),
    (60, Kind::Load),
    (170, Kind::Store),
    (40, Kind::Fork),
    (10, Kind::Exit),
]);

const EXEC: Weights<Kind> = Weights::of(&[
    (130, Kind::Mmap),
    (20, Kind::Munmap),
    (200, Kind::Mprotect),
    (40, Kind::Mremap),
    (40, Kind::Madvise),
    (40, Kind::Prctl),
    (180, Kind::Store),
    (200, Kind::Call),
    (20, Kind::Fork),
    (15, Kind::Mseal),
]);

const SEAL: Weights<Kind> = Weights::of(&[
    (160, Kind::Mmap),
    (110, Kind::Munmap),
    (120, Kind::Mprotect),
    (110, Kind::Mremap),
    (20, Kind::Brk),
    (130, Kind::Madvise),
    (150, Kind::Mseal),
    (20, Kind::Mlock),
    (10, Kind::Load),
    (90, Kind::Store),
    (90, Kind::Fork),
]);

const TABLES: Weights<Kind> = Weights::of(&[
    (200, Kind::Mmap),
    (60, Kind::Munmap),
    (20, Kind::Mprotect),
    (250, Kind::Mremap),
    (80, Kind::Madvise),
    (200, Kind::Store),
    (20, Kind::Load),
    (15, Kind::Fork),
]);

const RECLAIM: Weights<Kind> = Weights::of(&[
    (100, Kind::Mmap),
    (20, Kind::Munmap),
    (20, Kind::Mprotect),
    (350, Kind::Madvise),
    (20, Kind::Mlock),
    (60, Kind::Load),
    (250, Kind::Store),
    (30, Kind::Fork),
]);

const REALIGN: Weights<Kind> = Weights::of(&[
    (280, Kind::Mmap),
    (50, Kind::Munmap),
    (10, Kind::Mprotect),
    (330, Kind::Mremap),
    (40, Kind::Madvise),
    (220, Kind::Store),
    (60, Kind::Load),
    (15, Kind::Fork),
]);

const RELOCATE: Weights<Kind> = Weights::of(&[
    (250, Kind::Mmap),
    (40, Kind::Munmap),
    (80, Kind::Mprotect),
    (300, Kind::Mremap),
    (30, Kind::Madvise),
    (220, Kind::Store),
    (20, Kind::Load),
    (30, Kind::Fork),
    (10, Kind::Exit),
]);

const BREAK: Weights<Kind> = Weights::of(&[
    (120, Kind::Mmap),
    (60, Kind::Munmap),
    (60, Kind::Mprotect),
    (60, Kind::Mremap),
    (380, Kind::Brk),
    (30, Kind::Madvise),
    (10, Kind::Mlock),
    (15, Kind::Mlockall),
    (10, Kind::Munlockall),
    (12, Kind::Mseal),
    (12, Kind::Prctl),
    (30, Kind::Name),
    (60, Kind::Setrlimit),
    (120, Kind::Store),
    (40, Kind::Fork),
    (5, Kind::Exit),
]);

const PRIVILEGE: Weights<Kind> = Weights::of(&[
    (220, Kind::Mmap),
    (30, Kind::Munmap),
    (20, Kind::Mprotect),
    (90, Kind::Mremap),
    (80, Kind::Brk),
    (20, Kind::Madvise),
    (120, Kind::Mlock),
    (30, Kind::Munlock),
    (80, Kind::Mlockall),
    (10, Kind::Munlockall),
    (20, Kind::Prctl),
    (200, Kind::Setrlimit),
    (120, Kind::Capset),
    (100, Kind::Store),
    (40, Kind::Fork),
    (5, Kind::Exit),
]);

/// Advices by weight.
const ADVICE_WEIGHTS: Weights<i32> = Weights::of(&[
    (3, MADV_NORMAL),
    (4, MADV_RANDOM),
    (4, MADV_SEQUENTIAL),
    (3, MADV_WILLNEED),
    (16, MADV_DONTNEED),
    (10, MADV_FREE),
    (1, MADV_REMOVE),
    (6, MADV_DONTFORK),
    (4, MADV_DOFORK),
    (2, MADV_MERGEABLE),
    (1, MADV_UNMERGEABLE),
    (3, MADV_HUGEPAGE),
    (3, MADV_NOHUGEPAGE),
    (5, MADV_DONTDUMP),
    (3, MADV_DODUMP),
    (6, MADV_WIPEONFORK),
    (3, MADV_KEEPONFORK),
    (7, MADV_COLD),
    (5, MADV_PAGEOUT),
    (8, MADV_POPULATE_READ),
    (8, MADV_POPULATE_WRITE),
    (6, MADV_DONTNEED_LOCKED),
    (1, MADV_COLLAPSE),
    (12, MADV_GUARD_INSTALL),
    (7, MADV_GUARD_REMOVE),
]);

const GUARD_ADVICES: Weights<i32> = Weights::of(&[
    (45, MADV_GUARD_INSTALL),
    (25, MADV_GUARD_REMOVE),
    (8, MADV_DONTNEED),
    (4, MADV_FREE),
    (3, MADV_DONTNEED_LOCKED),
    (3, MADV_COLD),
    (3, MADV_PAGEOUT),
    (5, MADV_POPULATE_READ),
    (5, MADV_POPULATE_WRITE),
    (3, MADV_WIPEONFORK),
    (2, MADV_DONTFORK),
]);

const FORK_ADVICES: Weights<i32> = Weights::of(&[
    (15, MADV_DONTFORK),
    (8, MADV_DOFORK),
    (18, MADV_WIPEONFORK),
    (8, MADV_KEEPONFORK),
    (15, MADV_DONTNEED),
    (12, MADV_FREE),
    (6, MADV_COLD),
    (4, MADV_PAGEOUT),
    (8, MADV_POPULATE_READ),
    (8, MADV_POPULATE_WRITE),
    (5, MADV_GUARD_INSTALL),
]);

const RECLAIM_ADVICES: Weights<i32> = Weights::of(&[
    (30, MADV_FREE),
    (30, MADV_PAGEOUT),
    (20, MADV_COLD),
    (5, MADV_DONTNEED),
    (10, MADV_POPULATE_WRITE),
    (5, MADV_POPULATE_READ),
]);

/// Advice values that no kernel knows.
pub const BAD_ADVICES: &[i32] = &[-1, 5, 6, 7, 26, 27, 99, 104, 128, 255, i32::MAX, i32::MIN];

/// Protections by weight.
pub const PROT_WEIGHTS: Weights<u64> = Weights::of(&[
    (60, PROT_READ | PROT_WRITE),
    (14, PROT_READ),
    (12, PROT_NONE),
    (4, PROT_READ | PROT_WRITE | PROT_EXEC),
    (5, PROT_READ | PROT_EXEC),
    (3, PROT_WRITE),
    (2, PROT_EXEC),
]);

/// Protections where code is run. PROT_SEM means nothing, but memory with it is not
/// execute-only.
pub const EXEC_PROT_WEIGHTS: Weights<u64> = Weights::of(&[
    (30, PROT_READ | PROT_WRITE | PROT_EXEC),
    (25, PROT_READ | PROT_EXEC),
    (25, PROT_READ | PROT_WRITE),
    (10, PROT_EXEC),
    (2, PROT_EXEC | PROT_SEM),
    (5, PROT_READ),
    (5, PROT_NONE),
]);

/// Flags that an `mmap` may have beyond its type, each with its chance out of
/// 1000.
pub const MMAP_EXTRA: &[(u32, u64)] = &[
    (25, MAP_32BIT),
    (4, MAP_ABOVE4G),
    (35, MAP_GROWSDOWN),
    (5, MAP_DENYWRITE),
    (5, MAP_EXECUTABLE),
    (35, MAP_LOCKED),
    (60, MAP_NORESERVE),
    (60, MAP_POPULATE),
    (10, MAP_NONBLOCK),
    (25, MAP_STACK),
    (3, MAP_SYNC),
    (3, MAP_UNINITIALIZED),
];

/// How much memory a program deals with. What goes wrong with many pages mostly
/// goes wrong with a few, at a fraction of the kernel's time; what needs whole
/// page tables needs the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// A few pages at a time.
    Small,
    /// Up to whole page tables and beyond.
    Large,
}

impl Scale {
    /// How often which is chosen, where the theme does not decide it.
    pub const CHOICE: Weights<Scale> = Weights::of(&[(29, Scale::Small), (1, Scale::Large)]);

    /// Pages that all operations of a program may populate.
    pub fn populated(self) -> u64 {
        match self {
            Scale::Small => 64,
            Scale::Large => 2048,
        }
    }

    /// Pages that one operation may populate.
    pub fn portion(self) -> u64 {
        match self {
            Scale::Small => 6,
            Scale::Large => 530,
        }
    }

    /// Sizes in pages: how often a range of which class is made.
    pub fn sizes(self) -> Weights<(u64, u64)> {
        match self {
            Scale::Small => SMALL_SIZES,
            Scale::Large => LARGE_SIZES,
        }
    }

    /// The most pages that one access touches, one of these.
    pub fn accesses(self) -> &'static [u64] {
        match self {
            Scale::Small => &[1, 1, 1, 1, 1, 2],
            Scale::Large => &[1, 1, 2, 4, 16],
        }
    }
}

const SMALL_SIZES: Weights<(u64, u64)> =
    Weights::of(&[(50, (1, 1)), (35, (2, 4)), (12, (5, 16)), (2, (17, 64)), (1, (500, 530))]);

const LARGE_SIZES: Weights<(u64, u64)> = Weights::of(&[
    (30, (1, 1)),
    (30, (2, 4)),
    (25, (5, 16)),
    (7, (17, 64)),
    (4, (500, 530)),
    (3, (1020, 1540)),
    (1, (262_140, 524_300)),
]);
