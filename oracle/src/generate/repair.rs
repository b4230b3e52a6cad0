//! Makes a valid program of a changed one.

use super::fence::Fence;
use super::guard::{Bounds, Guard, Refusal};
use super::view::View;
use super::{Avoid, Shape};
use mm_reference::model::{CannotPredict, System};
use mm_reference::op::consts::{MAP_FIXED, MAP_FIXED_NOREPLACE};
use mm_reference::op::{Call, Op, Outcome};

/// What programs are mended against: the state that they start from, and what
/// they must leave alone.
#[derive(Clone, Copy, Debug)]
pub struct Workshop<'a> {
    /// A fresh subject, as the model has it.
    pub fresh: &'a System,
    /// What it runs on.
    pub fence: &'a Fence,
    /// The most that a program may use.
    pub bounds: Bounds,
    /// What to stay away from.
    pub avoid: Avoid,
    /// The most operations of a program.
    pub max_ops: usize,
}

impl<'a> Workshop<'a> {
    /// With the bounds of a shape.
    pub fn new(fresh: &'a System, fence: &'a Fence, shape: &Shape) -> Workshop<'a> {
        let &Shape { bounds, avoid, max_ops, .. } = shape;
        Workshop { fresh, fence, bounds, avoid, max_ops }
    }

    /// The shape of new programs, and of what is put into others.
    pub(crate) fn shape(&self) -> Shape {
        let &Workshop { bounds, avoid, max_ops, .. } = self;
        Shape { bounds, avoid, max_ops, ..Shape::default() }
    }
}

/// A mended program.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Repaired {
    /// What may run.
    pub ops: Vec<Op>,
    /// Operations of the original that may not, by position, and why.
    pub dropped: Vec<(usize, Refusal)>,
    /// What the model has no rule for: the last of `ops`, after which nothing
    /// was kept.
    pub unpredicted: Option<CannotPredict>,
}

/// Drops what may not run: operations of processes that do not exist, of
/// protected memory, beyond what a program may use. The rest is played on the
/// model, and ends where that cannot predict.
pub fn repair(workshop: &Workshop<'_>, ops: &[Op]) -> Repaired {
    let mut system = workshop.fresh.clone();
    let mut guard = Guard::new(workshop.fence, workshop.bounds, workshop.avoid);
    let mut repaired = Repaired::default();
    for (index, op) in ops.iter().enumerate() {
        if repaired.ops.len() == workshop.max_ops {
            break;
        }
        if let Err(refusal) = guard.admit(op, &View::of(&system)) {
            repaired.dropped.push((index, refusal));
            continue;
        }
        repaired.ops.push(op.clone());
        if let Err(reason) = system.apply(op) {
            repaired.unpredicted = Some(reason);
            break;
        }
    }
    repaired
}

/// The first operation that may not run, by position. What the campaign merely
/// avoids may run where the model says that the kernel refuses it; an operation
/// without a prediction is never executed, and ends the search.
pub fn refusal(workshop: &Workshop<'_>, ops: &[Op]) -> Option<(usize, Refusal)> {
    let mut system = workshop.fresh.clone();
    let mut guard = Guard::new(workshop.fence, workshop.bounds, workshop.avoid);
    for (index, op) in ops.iter().enumerate() {
        let admitted = guard.admit(op, &View::of(&system));
        // what is refused may be too large even for the model
        if let Err(refusal) = admitted {
            if !matches!(refusal, Refusal::Avoided(_)) {
                return Some((index, refusal));
            }
        }
        match (admitted, system.apply(op)) {
            (_, Err(_)) => return None,
            (Err(refusal), Ok(answer)) if !matches!(answer.outcome, Outcome::Error(_)) => {
                return Some((index, refusal));
            }
            _ => {}
        }
    }
    None
}

/// The program with every mapping asked for at the place that the kernel would
/// choose for it: operations can go without moving what the others speak of.
pub fn pin(workshop: &Workshop<'_>, ops: &[Op]) -> Vec<Op> {
    let mut system = workshop.fresh.clone();
    let mut pinned = ops.to_vec();
    for (op, pinned) in ops.iter().zip(&mut pinned) {
        let Ok(answer) = system.apply(op) else { break };
        if let (Outcome::Address(at), Call::Mmap { addr, flags, .. }) =
            (answer.outcome, &mut pinned.call)
        {
            if *flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) == 0 {
                *flags |= MAP_FIXED;
                *addr = workshop.fresh.layout().express(at);
            }
        }
    }
    pinned
}
