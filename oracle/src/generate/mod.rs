//! Programs: made from nothing, changed, and mended.
//!
//! Generation looks at the model's state between operations and aims at the
//! edges of what is mapped (`aim`); [`weights`] says how often it does what;
//! `guard` is the one place that decides what may run at all. The same code
//! serves campaigns (from a seed) and libFuzzer (by [`mutate`]).

mod aim;
mod calls;
mod fence;
#[cfg(test)]
mod focus_tests;
mod guard;
mod heap;
mod mapping;
#[cfg(test)]
mod model_tests;
mod mutate;
pub(crate) mod operands;
mod privilege;
#[cfg(test)]
mod privilege_tests;
mod realign;
mod relocate;
#[cfg(test)]
mod relocate_tests;
mod repair;
#[cfg(test)]
pub(crate) mod shares;
mod source;
#[cfg(test)]
mod tests;
mod view;
pub mod weights;
mod wrong;

pub use fence::Fence;
pub use guard::{Bounds, Guard, Limit, Refusal};
pub use mutate::mutate;
pub use realign::exec_start;
pub use repair::{pin, refusal, repair, Repaired, Workshop};
pub use source::{program_seed, Choose, Seeded, Source, Weights};
pub use weights::{Kind, Scale, Theme};

use aim::{Aim, Memory};
use calls::Maker;
use mm_reference::addr::{PAGE_SIZE, PUD_SIZE};
use mm_reference::model::System;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Op, ProcessId};
use mm_reference::profile::Privilege;
use std::cell::OnceCell;
pub(crate) use view::View;

/// What programs stay away from, because the kernel at hand makes it
/// unpredictable or a run cannot undo it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Avoid {
    /// `MADV_PAGEOUT`: with swap, reclaim decides.
    pub pageout: bool,
    /// Same-page merging.
    pub mergeable: bool,
    /// Asking for huge pages.
    pub hugepage: bool,
    /// `MAP_DROPPABLE`
    pub droppable: bool,
    /// `mseal` in the first process: the subject has to be started anew.
    pub seal_first: bool,
    /// Memory-deny-write-execute in the first process: the same.
    pub mdwe_first: bool,
    /// Lowering hard limits in the first process: an ordinary user cannot raise them again.
    pub hard_limits: bool,
    /// Giving up capabilities for good in the first process: they cannot be had again.
    pub drop_first: bool,
    /// More than one process.
    pub fork: bool,
    /// Mappings below the lowest address, where a security module has a say by rules of
    /// its own (`selinux_mmap_addr`).
    pub low: bool,
}

/// What kind of programs to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The most operations of one program (without those that fill a space up
    /// to the limit of mappings).
    pub max_ops: usize,
    /// The fewest operations of one program.
    pub min_ops: usize,
    /// The most that one program may use.
    pub bounds: Bounds,
    /// What to stay away from in every program.
    pub avoid: Avoid,
    /// Always this theme.
    pub theme: Option<Theme>,
    /// Now and then a program up to the limit of mappings, which is slow.
    pub limit_of_mappings: bool,
    /// Wrong arguments, out of 1000 operations.
    pub wrong: u32,
    /// Programs that may do what costs a new subject, out of 100.
    pub costly: u32,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape {
            max_ops: 200,
            min_ops: 1,
            bounds: Bounds::default(),
            avoid: Avoid::default(),
            theme: None,
            limit_of_mappings: false,
            wrong: weights::WRONG,
            costly: 1,
        }
    }
}

/// How many operations a program gets: a dozen mostly, `max` at the most.
pub fn program_length(src: &mut (impl Source + ?Sized), max: usize) -> usize {
    let max = max.max(1) as u64;
    let length = match src.below(100) {
        0..=64 => src.between(6, 18),
        65..=87 => src.between(1, 40),
        88..=96 => src.between(20, 100),
        _ => src.between(60, max.max(60)),
    };
    length.min(max) as usize
}

/// Makes the operations of one program, one after the other.
#[derive(Clone, Debug)]
pub struct Generator<'f> {
    shape: Shape,
    theme: Theme,
    length: usize,
    made: usize,
    guard: Guard<'f>,
    memory: Memory,
    /// Who performed the last operation.
    last: ProcessId,
    /// Where a return instruction was stored last.
    ret_at: Option<u64>,
    /// The next mapping to split, in [`Theme::Fill`].
    fill: Fill,
    /// Whether the stack is still to be mapped.
    wants_stack: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fill {
    Off,
    Begin,
    At(u64),
}

impl<'f> Generator<'f> {
    /// For a new program on a fresh system.
    pub fn new(
        shape: Shape,
        fence: &'f Fence,
        src: &mut (impl Source + ?Sized),
        fresh: &System,
    ) -> Self {
        Self::at(shape, fence, src, &View::of(fresh))
    }

    fn at(
        mut shape: Shape,
        fence: &'f Fence,
        src: &mut (impl Source + ?Sized),
        view: &View<'_>,
    ) -> Self {
        let is_bound = view.capabilities(ProcessId(0)).effective != Privilege::ALL;
        let theme = match shape.theme {
            Some(theme) => theme,
            None if is_bound && src.chance(1, weights::BOUND) => Theme::Privilege,
            None if shape.limit_of_mappings && src.chance(1, 500) => Theme::Fill,
            None => src.weighted(Theme::CHOICE),
        };
        let scale = theme.scale().unwrap_or_else(|| src.weighted(Scale::CHOICE));
        shape.bounds.populated = shape.bounds.populated.min(scale.populated());
        if theme == Theme::Fill {
            // what is known of every mapping of every process has to fit into memory
            shape.bounds.processes = 1;
        }
        // what costs a new subject is rare
        shape.avoid.seal_first |= !src.chance(shape.costly, 100);
        shape.avoid.mdwe_first |= !src.chance(shape.costly, 100);
        shape.avoid.drop_first |= !src.chance(shape.costly, 100);
        let (stacks, of) = theme.stacks();
        Generator {
            length: program_length(src, shape.max_ops).max(shape.min_ops),
            memory: Memory::new(src, (view.layout.mmap, fence.end()), theme.unit(), scale),
            guard: Guard::new(fence, shape.bounds, shape.avoid),
            shape,
            theme,
            made: 0,
            last: ProcessId(0),
            ret_at: None,
            fill: if theme == Theme::Fill { Fill::Begin } else { Fill::Off },
            wants_stack: src.chance(stacks, of),
        }
    }

    /// What the program dwells on.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// The next operation, for the state that those before it have left;
    /// nothing when the program is long enough. Every operation that it gives
    /// out counts as performed.
    pub fn next_op(&mut self, src: &mut (impl Source + ?Sized), system: &System) -> Option<Op> {
        self.next(src, &View::of(system))
    }

    fn next(&mut self, src: &mut (impl Source + ?Sized), view: &View<'_>) -> Option<Op> {
        if let Some(op) = self.fill_op(view) {
            return Some(op);
        }
        if self.made >= self.length {
            return None;
        }
        self.made += 1;
        if std::mem::take(&mut self.wants_stack) {
            let op = Op::first(Call::map_stack());
            if self.guard.admit(&op, view).is_ok() {
                self.note(&op, view);
                return Some(op);
            }
        }
        Some(self.any_op(src, view))
    }

    /// Takes note of an operation that came from elsewhere, before it is
    /// performed.
    fn follow(&mut self, op: &Op, system: &System) {
        let view = View::of(system);
        // what is refused here is dropped by the repair that follows
        let _ = self.guard.admit(op, &view);
        self.note(op, &view);
    }

    /// An operation for the state at hand, however long the program is.
    fn extra_op(&mut self, src: &mut (impl Source + ?Sized), system: &System) -> Op {
        self.any_op(src, &View::of(system))
    }

    fn any_op(&mut self, src: &mut (impl Source + ?Sized), view: &View<'_>) -> Op {
        for _ in 0..8 {
            let op = self.propose(src, view);
            if let Some(op) = self.admit(src, view, op) {
                return op;
            }
        }
        // always possible
        Op { process: ProcessId(0), call: Call::Brk { addr: Addr::NULL } }
    }

    fn propose(&self, src: &mut (impl Source + ?Sized), view: &View<'_>) -> Op {
        let process = self.process(src, view);
        let (Some(mm), Some(limits)) = (view.mm(process), view.limits(process)) else {
            return Op { process, call: Call::Munlockall };
        };
        let fence = self.guard.fence();
        let cling = self.theme.cling();
        let memory = &self.memory;
        let maker = Maker {
            aim: Aim { mm, view, process, fence, memory, cling, free: OnceCell::new() },
            limits,
            capabilities: view.capabilities(process),
            theme: self.theme,
            avoid: &self.shape.avoid,
            pages_left: self.guard.pages_left(),
            ret_at: self.ret_at,
        };
        let free = mm.vmas.iter().filter(|vma| fence.is_free(vma)).take(2).count();
        let theme = if src.chance(weights::STRAY, 100) { Theme::General } else { self.theme };
        let mut kind = match free {
            0 if src.chance(1, 2) => Kind::Mmap,
            1 if src.chance(1, 4) => Kind::Mmap,
            _ => src.weighted(theme.kinds()),
        };
        match kind {
            Kind::Fork if !self.guard.may_fork() || self.shape.avoid.fork => kind = Kind::Store,
            Kind::Exit if process == ProcessId(0) => kind = Kind::Load,
            Kind::Mseal if process == ProcessId(0) && self.shape.avoid.seal_first => {
                // sealing wants a child
                kind = if self.guard.may_fork() { Kind::Fork } else { Kind::Mprotect };
            }
            _ => {}
        }
        Op { process, call: maker.call(src, kind) }
    }

    /// Who goes on: the last one or another.
    fn process(&self, src: &mut (impl Source + ?Sized), view: &View<'_>) -> ProcessId {
        let count = view.live().count() as u64;
        if count > 1 && src.chance(6, 10) {
            let n = src.below(count) as usize;
            if let Some(id) = view.live().nth(n) {
                return id;
            }
        }
        match view.mm(self.last) {
            Some(_) => self.last,
            None => ProcessId(0),
        }
    }

    /// The operation with a wrong argument now and then, if it may run.
    fn admit(&mut self, src: &mut (impl Source + ?Sized), view: &View<'_>, op: Op) -> Option<Op> {
        if src.chance(self.shape.wrong, 1000) {
            let mut spoilt = op.clone();
            wrong::spoil(src, &mut spoilt.call);
            if self.guard.admit(&spoilt, view).is_ok() {
                self.last = spoilt.process;
                return Some(spoilt);
            }
        }
        if self.guard.admit(&op, view).is_err() {
            return None;
        }
        self.note(&op, view);
        Some(op)
    }

    fn note(&mut self, op: &Op, view: &View<'_>) {
        self.last = op.process;
        match op.call {
            Call::Mmap { addr, len, .. } if addr != Addr::NULL => {
                self.memory.note(view.resolve(addr));
                self.memory.note(view.resolve(addr).wrapping_add(len));
            }
            Call::Mremap { old, new, .. } => {
                self.memory.note(view.resolve(old));
                self.memory.note(view.resolve(new));
            }
            Call::Store { addr, value, .. } => {
                self.memory.note(view.resolve(addr));
                if value == RET_INSTRUCTION {
                    self.ret_at = Some(view.resolve(addr));
                }
            }
            Call::Mprotect { addr, .. } | Call::Madvise { addr, .. } | Call::Mlock { addr, .. } => {
                self.memory.note(view.resolve(addr));
            }
            _ => {}
        }
    }

    /// The operations that bring a space near its limit of mappings: one large
    /// mapping with every other page made readable.
    fn fill_op(&mut self, view: &View<'_>) -> Option<Op> {
        let first = ProcessId(0);
        let base = view.layout.mmap.saturating_sub(8 * PUD_SIZE);
        let mm = view.mm(first)?;
        let room = view.max_map_count.saturating_sub(mm.vmas.len() as u64);
        let (call, next) = match self.fill {
            Fill::Off => return None,
            Fill::Begin => {
                let addr = view.layout.express(base);
                let len = (view.max_map_count + 16) * PAGE_SIZE;
                let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
                (Call::Mmap { addr, len, prot: PROT_NONE, flags, fd: -1, offset: 0 }, base)
            }
            Fill::At(at) if room > 3 && (at - base) / PAGE_SIZE < view.max_map_count => {
                let addr = view.layout.express(at + PAGE_SIZE);
                (Call::Mprotect { addr, len: PAGE_SIZE, prot: PROT_READ }, at + 2 * PAGE_SIZE)
            }
            Fill::At(_) => {
                self.fill = Fill::Off;
                return None;
            }
        };
        let op = Op { process: first, call };
        self.fill = Fill::At(next);
        if self.guard.admit(&op, view).is_err() {
            self.fill = Fill::Off;
            return None;
        }
        self.memory.note(next);
        Some(op)
    }
}

/// A whole program, made by letting a model run along. It ends early where the
/// model cannot predict.
pub fn program(
    shape: Shape,
    fence: &Fence,
    src: &mut (impl Source + ?Sized),
    fresh: &System,
) -> Vec<Op> {
    let mut system = fresh.clone();
    let mut generator = Generator::new(shape, fence, src, &system);
    let mut ops = Vec::new();
    while let Some(op) = generator.next_op(src, &system) {
        let predicted = system.apply(&op).is_ok();
        ops.push(op);
        if !predicted {
            break;
        }
    }
    ops
}
