//! Which operations may run: the one place that keeps generated, mutated,
//! shrunk and replayed programs away from what they must not touch and within
//! the memory they may use.

use super::fence::{Fence, Span};
use super::view::{overlap_pages, View};
use super::Avoid;
use mm_reference::addr::{page_aligned, Size, PAGE_SIZE};
use mm_reference::model::{Mm, VmFlags};
use mm_reference::op::consts::*;
use mm_reference::op::{Call, Op, ProcessId, MAX_MINCORE_PAGES, MAX_NAME_LEN, MAX_PROCESSES};
use mm_reference::profile::{Capability, Privilege};
use mm_reference::text::{Problem, MAX_ACCESS_LEN};
use std::fmt;

/// The last field of `PR_SET_MM` that is an address (`PR_SET_MM_ENV_END`).
const LAST_FIELD: u64 = 11;
/// What only a run without these settings can do.
const HUGE_PAGES: Refusal = Refusal::Avoided("huge pages");
/// See [`HUGE_PAGES`].
const SAME_PAGES: Refusal = Refusal::Avoided("merging of pages with the same contents");

/// Why an operation may not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Its process does not exist.
    NoProcess,
    /// There are as many processes as there may be.
    TooManyProcesses,
    /// It touches what the subject runs on.
    Protected,
    /// It would take more than a program may.
    TooMuch(Limit),
    /// It asks for what is not supported or not wanted: this.
    Avoided(&'static str),
    /// It would execute bytes that are not a return instruction.
    NotCallable,
}

/// A limit that an operation would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Of one load or store: [`MAX_ACCESS_LEN`].
    Access,
    /// Of one mincore: [`MAX_MINCORE_PAGES`].
    Mincore,
    /// Pages that all operations together may populate: [`Bounds::populated`].
    Populated(u64),
    /// Pages that a process may have mapped: [`Bounds::mapped`].
    Mapped(u64),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |pages: &u64| Size(pages.saturating_mul(PAGE_SIZE));
        match self {
            Limit::Access => Problem::AccessTooLong.fmt(f),
            Limit::Mincore => Problem::MincoreTooLong.fmt(f),
            Limit::Populated(pages) => write!(f, "a program touches at most {}", size(pages)),
            Limit::Mapped(pages) => write!(f, "a process maps at most {}", size(pages)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoProcess => f.write_str("its process does not exist"),
            Refusal::TooManyProcesses => f.write_str("there are as many processes as there may be"),
            Refusal::Protected => f.write_str("it touches memory that the subject runs on"),
            Refusal::TooMuch(limit) => {
                write!(f, "it uses more memory than a program may: {limit}")
            }
            Refusal::Avoided(what) => write!(f, "it asks for what is not supported: {what}"),
            Refusal::NotCallable => {
                f.write_str("it would execute something else than a return instruction")
            }
        }
    }
}

/// The most a program may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Pages that the operations of one program may populate, in all.
    pub populated: u64,
    /// Pages that one process may have mapped.
    pub mapped: u64,
    /// Processes that the program may have.
    pub processes: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { populated: 2048, mapped: (8 << 30) / PAGE_SIZE, processes: MAX_PROCESSES }
    }
}

/// Admits the operations of one program, in order, and keeps account.
#[derive(Clone, Debug)]
pub struct Guard<'f> {
    fence: &'f Fence,
    bounds: Bounds,
    avoid: Avoid,
    populated: u64,
    forked: usize,
}

impl<'f> Guard<'f> {
    /// For a program that starts afresh.
    pub fn new(fence: &'f Fence, bounds: Bounds, avoid: Avoid) -> Guard<'f> {
        Guard { fence, bounds, avoid, populated: 0, forked: 0 }
    }

    /// How many pages may still be populated.
    pub fn pages_left(&self) -> u64 {
        self.bounds.populated.saturating_sub(self.populated)
    }

    /// Whether another process may be forked.
    pub fn may_fork(&self) -> bool {
        self.forked + 1 < self.bounds.processes.min(MAX_PROCESSES)
    }

    /// What this program must stay out of.
    pub(crate) fn fence(&self) -> &'f Fence {
        self.fence
    }

    /// Tests an operation and books what it costs.
    pub(crate) fn admit(&mut self, op: &Op, view: &View<'_>) -> Result<(), Refusal> {
        let cost = self.check(op, view)?;
        self.populated += cost;
        self.forked += usize::from(op.call == Call::Fork);
        Ok(())
    }

    /// Tests an operation; answers how many pages it may populate at most.
    fn check(&self, op: &Op, view: &View<'_>) -> Result<u64, Refusal> {
        let mm = view.mm(op.process).ok_or(Refusal::NoProcess)?;
        let cost = match &op.call {
            &Call::Mremap { old, old_len, new_len, new, .. } if is_too_low(op, view) => {
                self.span(view.resolve(old), old_len)?;
                // what is there goes before the place is looked at (`mremap_to`)
                self.clear(Span::new(view.resolve(new), new_len))?;
                0
            }
            Call::Mmap { .. } if is_too_low(op, view) => 0,
            &Call::Mmap { addr, len, prot, flags, fd, .. } => {
                self.mapping(mm, view.resolve(addr), len, prot, flags, fd)?
            }
            &Call::Munmap { addr, len } => {
                let span = Span::new(view.resolve(addr), len);
                if !self.fence.beyond_user(&span) {
                    self.clear(span)?;
                }
                0
            }
            &Call::Mprotect { addr, len, .. } => {
                let span = self.span(view.resolve(addr), len)?;
                populated_by(mm, span, |flags| flags.contains(VmFlags::LOCKED))
            }
            &Call::Mremap { old, old_len, new_len, flags, new } => {
                self.moving(mm, view.resolve(old), old_len, new_len, flags, view.resolve(new))?
            }
            &Call::Brk { addr } => self.heap(mm, view.resolve(addr))?,
            &Call::Madvise { addr, len, advice } => {
                let span = self.span(view.resolve(addr), len)?;
                self.advice(advice, span)?;
                match advice {
                    // guards are no pages, but take as much work
                    MADV_POPULATE_READ | MADV_POPULATE_WRITE | MADV_GUARD_INSTALL => {
                        populated_by(mm, span, |_| true)
                    }
                    _ => 0,
                }
            }
            &Call::Mlock { addr, len } => {
                populated_by(mm, self.span(view.resolve(addr), len)?, |_| true)
            }
            &Call::Mlock2 { addr, len, flags } => {
                let span = self.span(view.resolve(addr), len)?;
                let at_once = flags & MLOCK_ONFAULT == 0;
                let never = VmFlags::NEVER_LOCKED;
                populated_by(mm, span, |flags| at_once || flags.intersects(never))
            }
            &Call::Munlock { addr, len } | &Call::Msync { addr, len, .. } => {
                self.span(view.resolve(addr), len)?;
                0
            }
            &Call::SetVmaName { addr, len, ref name } => {
                self.span(view.resolve(addr), len)?;
                if name.as_ref().is_some_and(|n| n.len() > MAX_NAME_LEN || n.contains('\0')) {
                    return Err(Refusal::Avoided("a name that is too long, or holds a NUL"));
                }
                0
            }
            &Call::Mseal { addr, len, .. } => {
                self.span(view.resolve(addr), len)?;
                if op.process == ProcessId(0) && self.avoid.seal_first {
                    return Err(Refusal::Avoided("a seal in the first process"));
                }
                0
            }
            &Call::Mlockall { flags } if flags & MCL_CURRENT != 0 && flags & MCL_ONFAULT == 0 => {
                mm.total_vm
            }
            &Call::Mlockall { flags } if flags & MCL_CURRENT != 0 => {
                let all = Span::new(0, self.fence.end());
                populated_by(mm, all, |flags| flags.intersects(VmFlags::NEVER_LOCKED))
            }
            &Call::Mincore { addr, len } => {
                self.span(view.resolve(addr), len)?;
                if len.div_ceil(PAGE_SIZE) > MAX_MINCORE_PAGES {
                    return Err(Refusal::TooMuch(Limit::Mincore));
                }
                0
            }
            &Call::Prctl { option, args } => self.setting(op.process, option, args)?,
            &Call::Setrlimit { resource, hard, .. } => {
                let now = view.limits(op.process).and_then(|limits| limits.of(resource));
                let lowers = now.is_some_and(|(_, now)| hard < now);
                if self.avoid.hard_limits && op.process == ProcessId(0) && lowers {
                    return Err(Refusal::Avoided("a lower hard limit"));
                }
                if !RLIMITS.iter().any(|(_, known)| *known == resource) && resource < 16 {
                    return Err(Refusal::Avoided("a limit on something else than memory"));
                }
                0
            }
            &Call::Capset { permitted, .. } => {
                let now = view.capabilities(op.process).permitted;
                let drops = now.minus(Privilege::of_bits(permitted)) != Privilege::NONE;
                if self.avoid.drop_first && op.process == ProcessId(0) && drops {
                    return Err(Refusal::Avoided("capabilities given up in the first process"));
                }
                0
            }
            &Call::Load { addr, len } | &Call::Store { addr, len, .. } => {
                if len > MAX_ACCESS_LEN {
                    return Err(Refusal::TooMuch(Limit::Access));
                }
                let span = self.span(view.resolve(addr), len)?;
                populated_by(mm, span, |_| true)
            }
            &Call::Call { addr } => {
                let at = view.resolve(addr);
                self.span(at, 1)?;
                let exec = mm.vmas.containing(at).is_some_and(|v| v.flags.contains(VmFlags::EXEC));
                if exec && !returns(op, view) {
                    return Err(Refusal::NotCallable);
                }
                1
            }
            Call::Fork if !self.may_fork() => return Err(Refusal::TooManyProcesses),
            Call::Fork if self.avoid.fork => return Err(Refusal::Avoided("fork")),
            Call::Exit if op.process == ProcessId(0) => return Err(Refusal::NoProcess),
            Call::Mlockall { .. } | Call::Munlockall | Call::Fork | Call::Exit => 0,
        };
        if cost > self.pages_left() {
            return Err(Refusal::TooMuch(Limit::Populated(self.bounds.populated)));
        }
        Ok(cost)
    }

    fn clear(&self, span: Span) -> Result<(), Refusal> {
        // an empty range is looked up all the same
        let end = span.end.max(span.start.saturating_add(1));
        if self.fence.clear(span.start, end) {
            Ok(())
        } else {
            Err(Refusal::Protected)
        }
    }

    fn span(&self, addr: u64, len: u64) -> Result<Span, Refusal> {
        let span = Span::new(addr, len);
        self.clear(span)?;
        Ok(span)
    }

    fn room(&self, mm: &Mm, pages: u64) -> Result<(), Refusal> {
        if mm.total_vm.saturating_add(pages) > self.bounds.mapped {
            return Err(Refusal::TooMuch(Limit::Mapped(self.bounds.mapped)));
        }
        Ok(())
    }

    /// A place that the caller insists on.
    fn place(&self, span: Span, addr: u64) -> Result<(), Refusal> {
        // these fail for certain, before anything is unmapped
        if self.fence.beyond_user(&span) || !page_aligned(addr) {
            return Ok(());
        }
        if span.start < self.fence.floor() && self.avoid.low {
            return Err(Refusal::Avoided("a mapping so low that a security module decides on it"));
        }
        self.clear(span)
    }

    fn mapping(
        &self,
        mm: &Mm,
        addr: u64,
        len: u64,
        prot: u64,
        flags: u64,
        fd: i32,
    ) -> Result<u64, Refusal> {
        if flags & MAP_ANONYMOUS == 0 {
            // a descriptor that is not open fails before anything else counts
            return match fd {
                -1 => Ok(0),
                _ => Err(Refusal::Avoided("a mapping of a file")),
            };
        }
        if flags & MAP_HUGETLB != 0 {
            return Err(Refusal::Avoided("MAP_HUGETLB"));
        }
        match flags & MAP_TYPE_MASK {
            MAP_SHARED if len != 0 => return Err(Refusal::Avoided("shared memory")),
            MAP_DROPPABLE if self.avoid.droppable => {
                return Err(Refusal::Avoided("MAP_DROPPABLE"));
            }
            _ => {}
        }
        if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0 {
            self.place(Span::new(addr, len), addr)?;
        }
        let size = Span::new(0, len);
        if self.fence.beyond_user(&size) {
            return Ok(0);
        }
        self.room(mm, size.pages())?;
        let locks = mm.def_flags & VmFlags::LOCKED_MASK;
        let future = locks == VmFlags::LOCKED
            || flags & MAP_TYPE_MASK == MAP_DROPPABLE && locks.contains(VmFlags::LOCKED);
        let populates = (flags & MAP_POPULATE != 0 && flags & MAP_NONBLOCK == 0)
            || flags & MAP_LOCKED != 0
            || future;
        let accessible = prot & (PROT_READ | PROT_WRITE | PROT_EXEC) != 0;
        Ok(if populates && accessible { size.pages() } else { 0 })
    }

    fn moving(
        &self,
        mm: &Mm,
        old: u64,
        old_len: u64,
        new_len: u64,
        flags: u64,
        new: u64,
    ) -> Result<u64, Refusal> {
        let from = self.span(old, old_len)?;
        let to = Span::new(new, new_len);
        if flags & MREMAP_FIXED != 0 {
            self.place(to, new)?;
        }
        let size = Span::new(0, new_len);
        if self.fence.beyond_user(&size) || from.wraps {
            return Ok(0);
        }
        let grown = size.pages().saturating_sub(from.pages());
        let twice = if flags & MREMAP_DONTUNMAP != 0 { size.pages() } else { 0 };
        self.room(mm, grown.max(twice))?;
        let locked = mm.vmas.containing(old).is_some_and(|v| v.flags.contains(VmFlags::LOCKED));
        Ok(if locked { grown } else { 0 })
    }

    fn heap(&self, mm: &Mm, to: u64) -> Result<u64, Refusal> {
        let grown = to.saturating_sub(mm.brk).div_ceil(PAGE_SIZE);
        if self.fence.beyond_user(&Span::new(mm.brk, to.saturating_sub(mm.brk))) {
            return Ok(0);
        }
        self.room(mm, grown)?;
        Ok(if mm.def_flags.contains(VmFlags::LOCKED) { grown } else { 0 })
    }

    fn advice(&self, advice: i32, span: Span) -> Result<(), Refusal> {
        let avoid = &self.avoid;
        match advice {
            // real ones, for who may; where no memory can be, only the question who may
            MADV_HWPOISON | MADV_SOFT_OFFLINE if span.start < self.fence.end() => {
                Err(Refusal::Avoided("advice that breaks memory"))
            }
            MADV_PAGEOUT if avoid.pageout => Err(Refusal::Avoided("MADV_PAGEOUT")),
            MADV_MERGEABLE | MADV_UNMERGEABLE if avoid.mergeable => Err(SAME_PAGES),
            MADV_HUGEPAGE | MADV_COLLAPSE if avoid.hugepage => Err(HUGE_PAGES),
            _ => Ok(()),
        }
    }

    fn setting(&self, process: ProcessId, option: i32, args: [u64; 4]) -> Result<u64, Refusal> {
        let refused = match option {
            PR_GET_THP_DISABLE | PR_GET_MDWE | PR_GET_MEMORY_MERGE => None,
            // huge pages stay off
            PR_SET_THP_DISABLE => {
                let on = args[0] == 0 || args[1] & PR_THP_DISABLE_EXCEPT_ADVISED != 0;
                on.then_some(HUGE_PAGES)
            }
            PR_SET_MDWE => {
                let avoided = process == ProcessId(0) && self.avoid.mdwe_first && args[0] & 1 != 0;
                avoided.then_some(Refusal::Avoided("PR_SET_MDWE in the first process"))
            }
            PR_SET_MEMORY_MERGE => self.avoid.mergeable.then_some(SAME_PAGES),
            // a field with a value that it cannot have
            PR_SET_MM if args[0] <= LAST_FIELD && args[1] >= self.fence.end() => None,
            // the rest can change anything
            _ => Some(Refusal::Avoided("a prctl that is not about memory")),
        };
        refused.map_or(Ok(0), Err)
    }
}

/// Whether memory is asked for where this process may have none, which the kernel refuses.
fn is_too_low(op: &Op, view: &View<'_>) -> bool {
    const FIXED: u64 = MAP_FIXED | MAP_FIXED_NOREPLACE;
    const KINDS: u64 = MAP_TYPE_MASK | MAP_ANONYMOUS | MAP_HUGETLB;
    let place = match op.call {
        Call::Mmap { addr, flags, .. } => {
            (flags & FIXED != 0 && flags & KINDS == MAP_PRIVATE | MAP_ANONYMOUS).then_some(addr)
        }
        Call::Mremap { new, flags, .. } => (flags & MREMAP_FIXED != 0).then_some(new),
        _ => None,
    };
    let effective = view.capabilities(op.process).effective;
    place.zip(view.system).is_some_and(|(place, system)| {
        let bound = system.profile().settings.mmap_min_addr;
        view.resolve(place) < bound && !effective.has(Capability::SysRawio)
    })
}

/// Accessible pages of a range in mappings whose flags satisfy `counts`.
fn populated_by(mm: &Mm, span: Span, counts: impl Fn(VmFlags) -> bool) -> u64 {
    mm.vmas
        .overlapping(span.start, span.end)
        .filter(|vma| counts(vma.flags))
        .map(|vma| overlap_pages(vma, span.start, span.end))
        .sum()
}

/// Whether what would be executed is a return instruction, or a signal comes
/// first. Without a model to ask, nobody knows.
fn returns(op: &Op, view: &View<'_>) -> bool {
    view.system.is_some_and(|system| system.clone().apply(op).is_ok())
}
