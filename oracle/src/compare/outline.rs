//! What tells two findings with the same signature apart.

use mm_reference::model::System;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Layout, Op, ProcessId};
use mm_reference::text::{flags_text, int_text, mmap_flags_text};

/// The shape of a program: what it does step by step, with the flags that it gives, and
/// whether to mappings as a whole, to parts of them, or where nothing is; no addresses and
/// no amounts. The same step again and again is one step.
///
/// Two bugs that show in the same way hardly shrink to programs of the same shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline(Vec<String>);

/// Flags of `mmap` that say where memory goes, and nothing of what it is.
const PLACEMENT: u64 = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE;

impl Outline {
    /// The shape of a program that starts in this state.
    pub fn of(start: &System, ops: &[Op]) -> Outline {
        let mut system = start.clone();
        let mut steps: Vec<String> = Vec::new();
        for op in ops {
            let step = step(&system, op);
            if steps.last() != Some(&step) {
                steps.push(step);
            }
            if system.apply(op).is_err() {
                break;
            }
        }
        Outline(steps)
    }

    /// Whether the program does all that another one does, in the same order, whatever else
    /// it does.
    pub fn contains(&self, other: &Outline) -> bool {
        let mut steps = self.0.iter();
        other.0.iter().all(|other| steps.any(|step| step == other))
    }

    /// Whether it does all that one of the others does.
    pub fn contains_any<'a>(&self, others: impl IntoIterator<Item = &'a Outline>) -> bool {
        others.into_iter().any(|other| self.contains(other))
    }
}

fn step(system: &System, op: &Op) -> String {
    let who = if op.process == ProcessId(0) { "" } else { "child: " };
    let how = how(&op.call);
    let on = range(&op.call).map_or("", |(addr, len)| extent(system, op.process, addr, len));
    format!("{who}{} {how} {on}", op.call.name())
}

/// The flags that a call gives, or what else decides what it does.
fn how(call: &Call) -> String {
    let prots = |prot: u64| flags_text(prot, PROTS, "PROT_NONE");
    match call {
        Call::Mmap { prot, flags, .. } => {
            format!("{} {}", prots(*prot), mmap_flags_text(flags & !PLACEMENT))
        }
        Call::Mprotect { prot, .. } => prots(*prot),
        Call::Mremap { old_len, new_len, flags, .. } => {
            format!("{} {:?}", flags_text(*flags, MREMAP_FLAGS, "0"), new_len.cmp(old_len))
        }
        Call::Madvise { advice, .. } => int_text(*advice, ADVICES),
        Call::Mlock2 { flags, .. } => flags_text(*flags, MLOCK_FLAGS, "0"),
        Call::Mlockall { flags } => flags_text(*flags, MCL_FLAGS, "0"),
        Call::Prctl { option, .. } => int_text(*option, PRCTLS),
        Call::SetVmaName { name, .. } => name.as_ref().map_or("none", |_| "some").to_owned(),
        Call::Setrlimit { resource, .. } => resource.to_string(),
        _ => String::new(),
    }
}

/// The memory that a call is about, where it names some.
fn range(call: &Call) -> Option<(Addr, u64)> {
    match call {
        Call::Mmap { addr, len, flags, .. } if flags & MAP_FIXED != 0 => Some((*addr, *len)),
        Call::Mremap { old, old_len, .. } => Some((*old, *old_len)),
        Call::Munmap { addr, len }
        | Call::Mprotect { addr, len, .. }
        | Call::Madvise { addr, len, .. }
        | Call::Mlock { addr, len }
        | Call::Mlock2 { addr, len, .. }
        | Call::Munlock { addr, len }
        | Call::Mseal { addr, len, .. }
        | Call::Msync { addr, len, .. }
        | Call::Mincore { addr, len }
        | Call::SetVmaName { addr, len, .. }
        | Call::Load { addr, len }
        | Call::Store { addr, len, .. } => Some((*addr, *len)),
        Call::Call { addr } => Some((*addr, 1)),
        _ => None,
    }
}

/// What is mapped in a range.
fn extent(system: &System, process: ProcessId, addr: Addr, len: u64) -> &'static str {
    let layout: &Layout = system.layout();
    let start = layout.resolve(addr);
    let Some(end) = start.checked_add(len) else { return "beyond everything" };
    let Some(process) = system.process(process) else { return "" };
    let (mut at, mut count, mut whole) = (start, 0, true);
    for vma in process.mm.vmas.overlapping(start, end) {
        if vma.start > at {
            return "with a hole";
        }
        whole &= vma.start >= start && vma.end <= end;
        at = vma.end;
        count += 1;
    }
    match (count, whole) {
        (0, _) => "of nothing",
        _ if at < end => "with a hole",
        (1, true) => "whole",
        (1, false) => "in part",
        (_, true) => "several",
        (_, false) => "several, in part",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::model::Seed;
    use mm_reference::profile::{Profile, Version};
    use mm_reference::text::{parse, Mode};
    use std::sync::Arc;

    fn outline(text: &str) -> Outline {
        let profile = Arc::new(Profile::stock(Version::new(6, 18)));
        let program = parse(text, Mode::Strict).expect("a program");
        let ops: Vec<Op> = program.ops().cloned().collect();
        Outline::of(&System::new(profile, &Seed::standard()), &ops)
    }

    fn map(at: &str, prot: &str) -> String {
        format!("mmap({at}, 0x4000, {prot}, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n")
    }

    #[test]
    fn places_and_amounts_do_not_tell_programs_apart() {
        let one = map("mmap-0x4000", "PROT_READ") + "munmap(mmap-0x2000, 0x1000)\n";
        let other = map("heap+0x100000", "PROT_READ") + "munmap(heap+0x100000, 0x3000)\n";
        assert_eq!(outline(&one), outline(&other));
        let twice = map("mmap-0x4000", "PROT_READ") + &map("mmap-0x10000", "PROT_READ");
        assert_eq!(outline(&twice), outline(&map("mmap-0x4000", "PROT_READ")));
    }

    #[test]
    fn flags_and_extents_do() {
        let none = map("mmap-0x4000", "PROT_NONE");
        let distinct = [
            "load(mmap-0x4000, 0x1)\n".to_owned(),
            none.clone() + "load(mmap-0x4000, 0x1)\n",
            map("mmap-0x4000", "PROT_READ") + "load(mmap-0x4000, 0x1)\n",
            none.clone() + "munmap(mmap-0x4000, 0x4000)\n",
            none.clone() + "munmap(mmap-0x4000, 0x1000)\n",
            none.clone() + "munmap(mmap-0x4000, 0x8000)\n",
            none.clone() + "madvise(mmap-0x4000, 0x4000, MADV_RANDOM)\n",
            none + "madvise(mmap-0x4000, 0x4000, MADV_NORMAL)\n",
        ]
        .map(|text| outline(&text));
        for (index, one) in distinct.iter().enumerate() {
            assert!(distinct[..index].iter().all(|other| other != one), "{one:?}");
        }
    }

    #[test]
    fn a_program_within_another_is_found() {
        let small = map("mmap-0x4000", "PROT_NONE") + "load(mmap-0x4000, 0x1)\n";
        let large = format!(
            "{}{}mlockall(MCL_CURRENT)\nload(mmap-0x14000, 0x1)\n",
            map("mmap-0x8000", "PROT_READ"),
            map("mmap-0x14000", "PROT_NONE")
        );
        assert!(outline(&large).contains(&outline(&small)));
        assert!(!outline(&small).contains(&outline(&large)));
        assert!(!outline(&large).contains(&outline("load(NULL, 0x1)\n")));
    }
}
