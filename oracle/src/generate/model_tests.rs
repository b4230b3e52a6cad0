//! Generation against the reference model.

use super::*;
use crate::fuzzing;
use mm_reference::addr::{MAP_WINDOW, TASK_SIZE_MAX};
use mm_reference::model::{Seed, Vma};
use mm_reference::op::{Base, Outcome};
use mm_reference::profile::{Profile, Version};
use std::sync::Arc;

pub(crate) fn fresh() -> System {
    System::new(Arc::new(Profile::stock(Version::new(6, 18))), &Seed::standard())
}

/// The mappings that programs must leave alone.
fn own(system: &System, fence: &Fence, id: ProcessId) -> Vec<(u64, u64)> {
    let vmas = system.process(id).into_iter().flat_map(|p| p.mm.vmas.iter());
    vmas.filter(|vma| !fence.is_free(vma)).map(|vma: &Vma| (vma.start, vma.end)).collect()
}

#[test]
fn the_fence_is_all_that_a_fresh_subject_runs_on() {
    let system = fresh();
    let fence = Fence::of(&system);
    assert_eq!(own(&system, &fence, ProcessId(0)), Seed::standard().kept_ranges().to_vec());
}

/// 2.7 GB were populated so, more than a guest has.
#[test]
fn memory_that_cannot_be_locked_counts_as_populated() {
    let mut system = fresh();
    let fence = Fence::of(&system);
    let bounds = Bounds { populated: 40, ..Bounds::default() };
    let mut guard = Guard::new(&fence, bounds, Avoid::default());
    let mut admit = |system: &System, call: &Call| {
        guard.admit(&Op::first(call.clone()), &View::of(system)).err()
    };
    let (private, droppable) =
        (Addr::new(Base::Mmap, -0x20_0000), Addr::new(Base::Mmap, -0x10_0000));
    let (len, prot) = (64 * PAGE_SIZE, PROT_READ | PROT_WRITE);
    let map = |addr, kind| {
        let flags = kind | MAP_ANONYMOUS | MAP_FIXED;
        Call::Mmap { addr, len, prot, flags, fd: -1, offset: 0 }
    };
    let maps = [map(private, MAP_PRIVATE), map(droppable, MAP_DROPPABLE)];
    for call in &maps {
        assert_eq!(admit(&system, call), None);
        system.apply(&Op::first(call.clone())).expect("a prediction");
    }
    let lock = |addr| Call::Mlock2 { addr, len, flags: MLOCK_ONFAULT };
    assert_eq!(admit(&system, &lock(private)), None);
    let too_much = Some(Refusal::TooMuch(Limit::Populated(40)));
    assert_eq!(admit(&system, &lock(droppable)), too_much);
    let all = Call::Mlockall { flags: MCL_CURRENT | MCL_ONFAULT };
    assert_eq!(admit(&system, &all), too_much);
    let future = Call::Mlockall { flags: MCL_FUTURE | MCL_ONFAULT };
    assert_eq!(admit(&system, &future), None);
    system.apply(&Op::first(future)).expect("a prediction");
    let answers = maps.map(|call| admit(&system, &call));
    assert_eq!(answers, [None, too_much]);
}

#[test]
fn the_model_agrees_that_the_subject_is_left_alone() {
    let system = fresh();
    let fence = Fence::of(&system);
    let before = own(&system, &fence, ProcessId(0));
    for seed in 0..1000 {
        let src = &mut Seeded::new(seed);
        let mut system = system.clone();
        let mut generator = Generator::new(Shape::default(), &fence, src, &system);
        while let Some(op) = generator.next_op(src, &system) {
            // what has no model yet changes nothing
            let _ = system.apply(&op);
            for id in system.live() {
                assert_eq!(own(&system, &fence, id), before, "after {op:x?}");
            }
        }
        let pages: u64 = system.live().map(|id| system.process(id).unwrap().mm.rss.anon).sum();
        assert!(pages < 4 * 2100, "{pages} pages");
    }
}

#[test]
fn with_five_levels_programs_reach_both_ends() {
    let mut profile = Profile::stock(Version::new(6, 18));
    profile.config.la57 = true;
    let system = System::new(Arc::new(profile), &Seed::standard());
    let fence = Fence::of(&system);
    let (mut across, mut above, mut last) = (0, 0, 0);
    for seed in 0..3000 {
        let src = &mut Seeded::new(seed);
        let mut system = system.clone();
        let mut generator = Generator::new(Shape::default(), &fence, src, &system);
        while let Some(op) = generator.next_op(src, &system) {
            let _ = system.apply(&op);
        }
        let vmas = &system.process(ProcessId(0)).unwrap().mm.vmas;
        let any = |test: fn(&Vma) -> bool| i32::from(vmas.iter().any(test));
        across += any(|vma| vma.start <= MAP_WINDOW && vma.end > MAP_WINDOW);
        above += any(|vma| vma.start > MAP_WINDOW);
        last += any(|vma| vma.end == TASK_SIZE_MAX);
    }
    assert!(across > 60 && above > 300 && last > 0, "{across} {above} {last}");
}

#[test]
fn operations_succeed_more_often_than_not() {
    let system = fresh();
    let fence = Fence::of(&system);
    let (mut fine, mut failed) = (0, 0);
    for seed in 0..500 {
        let src = &mut Seeded::new(seed);
        let mut system = system.clone();
        let mut generator = Generator::new(Shape::default(), &fence, src, &system);
        while let Some(op) = generator.next_op(src, &system) {
            match system.apply(&op).map(|answer| answer.outcome) {
                Ok(Outcome::Error(_) | Outcome::Signal(_)) => failed += 1,
                _ => fine += 1,
            }
        }
    }
    assert!(fine > failed, "{fine} fine, {failed} failed");
}

#[test]
fn what_mutation_makes_needs_no_repair() {
    let system = fresh();
    let fence = Fence::of(&system);
    let shop = Workshop::new(&system, &fence, &Shape::default());
    let src = &mut Seeded::new(1);
    let other = program(Shape::default(), &fence, src, &system);
    let mut ops = Vec::new();
    let mut changed = 0;
    for _ in 0..1000 {
        let next = mutate(src, &ops, Some(&other), &shop);
        assert!(!next.is_empty() && next.len() <= shop.max_ops);
        let again = repair(&shop, &next);
        assert_eq!(again.dropped, []);
        assert_eq!(again.ops, next);
        changed += usize::from(next != ops);
        ops = next;
        if ops.len() > 60 {
            ops.clear();
        }
    }
    assert!(changed > 700, "{changed}");
}

#[test]
fn repair_says_what_it_dropped() {
    let system = fresh();
    let fence = Fence::of(&system);
    let shop = Workshop::new(&system, &fence, &Shape::default());
    let brk = |process| Op { process: ProcessId(process), call: Call::Brk { addr: Addr::NULL } };
    let unmap = Call::Munmap { addr: Addr::absolute(0x40_0000), len: 0x1000 };
    let repaired = repair(&shop, &[brk(0), brk(1), Op::first(unmap), brk(0)]);
    assert_eq!(repaired.ops, [brk(0), brk(0)]);
    assert_eq!(repaired.dropped, [(1, Refusal::NoProcess), (2, Refusal::Protected)]);
}

#[test]
fn pinned_programs_do_not_leave_the_choice_to_the_kernel() {
    let system = fresh();
    let fence = Fence::of(&system);
    let shop = Workshop::new(&system, &fence, &Shape::default());
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    let op = Op::first(Call::Mmap { addr: Addr::NULL, len: 1, prot: 3, flags, fd: -1, offset: 0 });
    let pinned = pin(&shop, &[op.clone(), op]);
    let places: Vec<_> = pinned
        .iter()
        .map(|op| match op.call {
            Call::Mmap { addr, flags, .. } => (addr.base, addr.offset, flags & MAP_FIXED),
            _ => panic!("{op:?}"),
        })
        .collect();
    let base = mm_reference::op::Base::Mmap;
    assert_eq!(places, [(base, -0x1000, MAP_FIXED), (base, -0x2000, MAP_FIXED)]);
}

#[test]
fn programs_survive_the_way_through_bytes() {
    let system = fresh();
    let fence = Fence::of(&system);
    for seed in 0..500 {
        let ops = program(Shape::default(), &fence, &mut Seeded::new(seed), &system);
        let bytes = fuzzing::write(&ops);
        assert_eq!(fuzzing::read(&bytes), ops, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn mutated_bytes_fit_and_can_be_read() {
    let system = fresh();
    let fence = Fence::of(&system);
    let shop = Workshop::new(&system, &fence, &Shape::default());
    let mut buffer = vec![0xff; 2000];
    let mut size = 3;
    for seed in 0..300 {
        let new = fuzzing::mutate_bytes(&shop, &mut buffer, size, 1500, seed);
        assert!(new <= 1500);
        let ops = fuzzing::read(&buffer[..new]);
        assert!(!ops.is_empty());
        assert_eq!(repair(&shop, &ops).ops, ops);
        size = new;
    }
    let mut out = [0; 4000];
    let new = fuzzing::cross_bytes(&shop, &buffer[..size], &buffer[..size], &mut out, 1);
    assert!(!fuzzing::read(&out[..new]).is_empty());
}
