//! Changes a program into a similar one.

use super::operands::{addresses, flag_words, lengths};
use super::repair::{repair, Workshop};
use super::source::{Choose, Source, Weights};
use super::weights::BAD_ADVICES;
use super::{wrong, Generator};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Op, ProcessId, MAX_PROCESSES};

#[derive(Clone, Copy)]
enum Change {
    Insert,
    Delete,
    Duplicate,
    Move,
    Swap,
    Tweak,
    Splice,
    Reassign,
    Cut,
}

const CHANGES: Weights<Change> = Weights::of(&[
    (30, Change::Insert),
    (12, Change::Delete),
    (5, Change::Duplicate),
    (5, Change::Move),
    (5, Change::Swap),
    (30, Change::Tweak),
    (8, Change::Splice),
    (3, Change::Reassign),
    (2, Change::Cut),
]);

/// A changed program that may run, with parts of `other` where there is one.
/// It is never empty.
pub fn mutate(
    src: &mut (impl Source + ?Sized),
    ops: &[Op],
    other: Option<&[Op]>,
    workshop: &Workshop<'_>,
) -> Vec<Op> {
    let mut ops = ops.to_vec();
    for _ in 0..src.pick(&[1, 1, 1, 2, 2, 3, 5]) {
        change(src, &mut ops, other, workshop);
    }
    let repaired = repair(workshop, &ops).ops;
    if !repaired.is_empty() {
        return repaired;
    }
    let mut made = Vec::new();
    insert(src, &mut made, workshop);
    made
}

fn change(
    src: &mut (impl Source + ?Sized),
    ops: &mut Vec<Op>,
    other: Option<&[Op]>,
    shop: &Workshop<'_>,
) {
    let count = ops.len() as u64;
    if count == 0 {
        return insert(src, ops, shop);
    }
    let at = src.below(count) as usize;
    match src.weighted(CHANGES) {
        Change::Insert => insert(src, ops, shop),
        Change::Delete => {
            let end = (at + src.pick(&[1, 1, 1, 2, 4])).min(ops.len());
            ops.drain(at..end);
        }
        Change::Duplicate => {
            let to = src.below(count + 1) as usize;
            ops.insert(to, ops[at].clone());
        }
        Change::Move => {
            let op = ops.remove(at);
            ops.insert(src.below(count) as usize, op);
        }
        Change::Swap => ops.swap(at, src.below(count) as usize),
        Change::Tweak => tweak(src, ops, at),
        Change::Splice => match other {
            Some(other) if !other.is_empty() => {
                let from = src.below(other.len() as u64) as usize;
                let end = (from + src.between(1, 16) as usize).min(other.len());
                ops.splice(at..at, other[from..end].iter().cloned());
            }
            _ => tweak(src, ops, at),
        },
        Change::Reassign => {
            let process = ProcessId(src.below(MAX_PROCESSES as u64) as u8);
            let end = (at + src.between(1, 4) as usize).min(ops.len());
            ops[at..end].iter_mut().for_each(|op| op.process = process);
        }
        Change::Cut => ops.truncate(at + 1),
    }
}

/// Puts newly generated operations somewhere, fit for the state there.
fn insert(src: &mut (impl Source + ?Sized), ops: &mut Vec<Op>, shop: &Workshop<'_>) {
    let at = src.below(ops.len() as u64 + 1) as usize;
    let mut system = shop.fresh.clone();
    let mut generator = Generator::new(shop.shape(), shop.fence, src, &system);
    for op in &ops[..at] {
        generator.follow(op, &system);
        if system.apply(op).is_err() {
            break;
        }
    }
    let mut made = Vec::new();
    for _ in 0..src.pick(&[1, 1, 2, 3, 6]) {
        let op = generator.extra_op(src, &system);
        let predicted = system.apply(&op).is_ok();
        made.push(op);
        if !predicted {
            break;
        }
    }
    ops.splice(at..at, made);
}

/// Changes one argument of one operation.
fn tweak(src: &mut (impl Source + ?Sized), ops: &mut [Op], at: usize) {
    // an address that another operation speaks of, or the end of its range
    let (address, len) = {
        let n = src.below(ops.len() as u64) as usize;
        let mut call = ops[n].call.clone();
        let address = addresses(&mut call).first().map(|a| **a);
        (address, lengths(&mut call).first().map_or(PAGE_SIZE, |l| **l))
    };
    let call = &mut ops[at].call;
    match src.below(6) {
        0 => {
            let mut found = addresses(call);
            if !found.is_empty() {
                let n = src.below(found.len() as u64) as usize;
                tweak_address(src, found[n], address, len);
            }
        }
        1 => {
            let mut found = lengths(call);
            if !found.is_empty() {
                let n = src.below(found.len() as u64) as usize;
                tweak_length(src, found[n], len);
            }
        }
        2 => tweak_flags(src, call),
        3 => wrong::spoil(src, call),
        _ => tweak_value(src, call),
    }
}

fn tweak_address(src: &mut (impl Source + ?Sized), addr: &mut Addr, other: Option<Addr>, len: u64) {
    let pages = src.pick(&[1, 1, 2, 4, 512]) * PAGE_SIZE as i64;
    *addr = match (src.below(5), other) {
        (0 | 1, _) => addr.plus(pages),
        (2, _) => addr.plus(-pages),
        (3, Some(other)) => other,
        (_, Some(other)) => other.plus(len as i64),
        _ => Addr::NULL,
    };
}

fn tweak_length(src: &mut (impl Source + ?Sized), len: &mut u64, other: u64) {
    *len = match src.below(6) {
        0 => len.wrapping_add(PAGE_SIZE),
        1 => len.saturating_sub(PAGE_SIZE),
        2 => len.wrapping_mul(2),
        3 => (*len / 2).next_multiple_of(PAGE_SIZE),
        4 => other,
        _ => PAGE_SIZE,
    };
}

fn tweak_flags(src: &mut (impl Source + ?Sized), call: &mut Call) {
    if let Call::Mmap { flags, .. } = call {
        *flags ^= src.pick(MAP_FLAGS).1;
        return;
    }
    let mut words = flag_words(call);
    if !words.is_empty() {
        let n = src.below(words.len() as u64) as usize;
        *words[n] ^= 1 << src.below(3);
    }
}

fn tweak_value(src: &mut (impl Source + ?Sized), call: &mut Call) {
    match call {
        Call::Mmap { prot, .. } | Call::Mprotect { prot, .. } => *prot = src.below(8),
        Call::Madvise { advice, .. } => {
            *advice = if src.chance(1, 20) { src.pick(BAD_ADVICES) } else { src.pick(ADVICES).1 };
        }
        Call::Mremap { old_len, new_len, .. } => std::mem::swap(old_len, new_len),
        Call::Store { value, .. } => *value = src.below(256) as u8,
        Call::Setrlimit { resource, soft, .. } => match src.below(3) {
            0 => *resource = src.pick(RLIMITS).1,
            1 => *soft = soft.wrapping_add(PAGE_SIZE),
            _ => *soft = soft.wrapping_sub(PAGE_SIZE),
        },
        Call::Capset { effective, permitted } => {
            let word = if src.chance(1, 2) { effective } else { permitted };
            *word ^= src.pick(CAPABILITIES).1;
        }
        Call::SetVmaName { name, .. } => {
            *name = src.pick(&[None, Some("a"), Some("b")]).map(str::to_owned);
        }
        Call::Prctl { option, args } => match src.below(2) {
            0 => *option = src.pick(PRCTLS).1,
            _ => args[0] = src.below(4),
        },
        _ => {}
    }
}
