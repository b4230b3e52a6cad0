//! A break that is refused leaves everything as it was, and one that is granted
//! fills what was free: over many heaps, targets and kernels.

use super::*;
use crate::model::tests::{map, run, P0, P1};
use crate::model::{Seed, System};
use crate::op::consts::*;
use crate::op::{Addr, Call, Outcome, ProcessId};
use crate::profile::{Profile, Version};
use crate::snapshot::{ProcessSnapshot, StatusField};
use std::sync::Arc;

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE).union(VmFlags::ACCOUNT);

fn profiles() -> Vec<Profile> {
    let mut list: Vec<_> = [(6, 1), (6, 6), (6, 12), (6, 17), (6, 19), (7, 3)]
        .map(|(major, minor)| Profile::stock(Version::new(major, minor)))
        .into();
    let mut before = Profile::stock(Version::new(6, 1));
    before.rules.remove(Rule::BrkHeapOnly);
    before.rules.remove(Rule::BrkShrinkNeedsMapping);
    list.push(before);
    let mut posted = Profile::stock(Version::new(6, 1));
    posted.rules.insert(Rule::BrkPosted);
    list.push(posted);
    list
}

fn heap(system: &System) -> u64 {
    system.process(P0).unwrap().mm.start_brk
}

fn set_brk(system: &mut System, process: ProcessId, to: u64) -> u64 {
    match run(system, process, Call::Brk { addr: Addr::absolute(to) }) {
        Outcome::Address(address) => address,
        other => panic!("{other:?}"),
    }
}

/// What is done to a heap of eight pages before the break under test.
type Prepare = fn(&mut System, u64);

const HEAPS: &[(&str, Prepare)] = &[
    ("plain", |_, _| {}),
    ("written", |system, start| {
        let call = Call::Store { addr: Addr::absolute(start), len: 8 * PAGE_SIZE, value: 1 };
        run(system, P0, call);
    }),
    ("a hole at the top", |system, start| {
        let addr = Addr::absolute(start + 6 * PAGE_SIZE);
        run(system, P0, Call::Munmap { addr, len: 2 * PAGE_SIZE });
    }),
    ("nothing left", |system, start| {
        run(system, P0, Call::Munmap { addr: Addr::absolute(start), len: 8 * PAGE_SIZE });
    }),
    ("something above", |system, start| map(system, start + 12 * PAGE_SIZE, 1, RW)),
    ("another permission at the top", |system, start| {
        let addr = Addr::absolute(start + 7 * PAGE_SIZE);
        run(system, P0, Call::Mprotect { addr, len: PAGE_SIZE, prot: PROT_READ });
    }),
    ("locked from now on", |system, _| {
        run(system, P0, Call::Mlockall { flags: MCL_FUTURE });
    }),
    ("a little room to lock", |system, _| {
        run(system, P0, Call::Mlockall { flags: MCL_FUTURE });
        let limit = 3 * PAGE_SIZE;
        run(system, P0, Call::Setrlimit { resource: RLIMIT_MEMLOCK, soft: limit, hard: limit });
    }),
    ("a little room in the address space", |system, _| {
        let size = system.process(P0).unwrap().mm.total_vm * PAGE_SIZE + 2 * PAGE_SIZE;
        run(system, P0, Call::Setrlimit { resource: RLIMIT_AS, soft: size, hard: size });
    }),
    ("a little room for data", |system, _| {
        let size = system.process(P0).unwrap().mm.data_vm * PAGE_SIZE + 2 * PAGE_SIZE;
        run(system, P0, Call::Setrlimit { resource: RLIMIT_DATA, soft: size, hard: size });
    }),
    ("mergeable memory", |system, _| {
        run(system, P0, Call::Prctl { option: PR_SET_MEMORY_MERGE, args: [1, 0, 0, 0] });
    }),
];

fn state(system: &System) -> ProcessSnapshot {
    system.snapshot(P0, &system.plan(P0))
}

fn mapped(system: &System) -> u64 {
    system.process(P0).unwrap().mm.vmas.iter().map(|vma| vma.pages()).sum()
}

#[test]
fn a_refused_break_changes_nothing_and_a_granted_one_is_counted() {
    for profile in profiles() {
        let posted = profile.has(Rule::BrkPosted);
        for (name, prepare) in HEAPS {
            let mut fresh = System::new(Arc::new(profile.clone()), &Seed::standard());
            let start = heap(&fresh);
            assert_eq!(set_brk(&mut fresh, P0, start + 8 * PAGE_SIZE), start + 8 * PAGE_SIZE);
            prepare(&mut fresh, start);
            let before = state(&fresh);
            for pages in 0..20 {
                let mut system = fresh.clone();
                let to = start + pages * PAGE_SIZE;
                let answer = set_brk(&mut system, P0, to);
                let what = format!("{name}, {pages} pages on {}", profile.version);
                if answer != to {
                    assert_eq!(answer, start + 8 * PAGE_SIZE, "{what}");
                    assert_eq!(state(&system), before, "{what}");
                    continue;
                }
                let mm = &system.process(P0).unwrap().mm;
                assert!(
                    mm.vmas.find(to).is_none_or(|next| next.start > to || pages <= 8),
                    "{what}"
                );
                // the posted condition extends over a hole, which it does not count
                let filled = posted && *name == "a hole at the top" && pages > 8;
                let uncounted = if filled { 2 } else { 0 };
                assert_eq!(mm.total_vm + uncounted, mapped(&system), "{what}");
                let locked: u64 = mm
                    .vmas
                    .iter()
                    .filter(|vma| vma.flags.contains(VmFlags::LOCKED))
                    .map(|vma| vma.pages())
                    .sum();
                assert_eq!(mm.locked_vm, locked, "{what}");
            }
        }
    }
}

#[test]
fn only_what_was_free_is_filled() {
    for profile in profiles() {
        let mut system = System::new(Arc::new(profile), &Seed::standard());
        let start = heap(&system);
        map(&mut system, start + 3 * PAGE_SIZE, 1, RW);
        for pages in 1..6 {
            let to = start + pages * PAGE_SIZE;
            let granted = set_brk(&mut system, P0, to) == to;
            assert_eq!(granted, pages <= 2, "{pages} pages");
            assert!(system.process(P0).unwrap().mm.vmas.at(start + 3 * PAGE_SIZE).is_some());
        }
    }
}

#[test]
fn a_heap_inherited_faulted_is_not_extended() {
    for profile in profiles() {
        let mut system = System::new(Arc::new(profile), &Seed::standard());
        let start = heap(&system);
        set_brk(&mut system, P0, start + 2 * PAGE_SIZE);
        run(&mut system, P0, Call::Store { addr: Addr::absolute(start), len: 1, value: 1 });
        run(&mut system, P0, Call::Fork);
        for (process, pieces) in [(P0, 1), (P1, 2)] {
            set_brk(&mut system, process, start + 4 * PAGE_SIZE);
            let mm = &system.process(process).unwrap().mm;
            assert_eq!(mm.vmas.overlapping(start, mm.brk).count(), pieces);
        }
    }
}

#[test]
fn the_size_counts_what_limits_count() {
    let mut system = System::new(Arc::new(Profile::stock(Version::new(6, 18))), &Seed::standard());
    let before = state(&system).status.get(StatusField::VmData);
    let start = heap(&system);
    set_brk(&mut system, P0, start + 4 * PAGE_SIZE);
    let after = state(&system).status.get(StatusField::VmData);
    assert_eq!(after, before.map(|kb| kb + 16));
}
