//! Generation for those who lack capabilities, against the reference model.

use super::model_tests::fresh;
use super::*;
use mm_reference::profile::{Capability, Profile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A fresh subject with these capabilities.
fn with(privilege: Privilege) -> System {
    let profile = Profile { privilege, ..(**fresh().profile()).clone() };
    System::new(Arc::new(profile), &mm_reference::model::Seed::standard())
}

/// Runs programs on the model; answers how many of them met an error with each reason.
fn reasons(start: &System, shape: Shape, count: u64) -> BTreeMap<&'static str, u64> {
    let fence = Fence::of(start);
    let mut met = BTreeMap::new();
    for seed in 0..count {
        let mut system = start.clone();
        let mut whys: Vec<_> = program(shape, &fence, &mut Seeded::new(seed), start)
            .iter()
            .filter_map(|op| system.apply(op).ok()?.why)
            .collect();
        whys.sort_unstable();
        whys.dedup();
        whys.into_iter().for_each(|why| *met.entry(why).or_default() += 1);
    }
    met
}

/// What an emulated guest runs in a block.
const BLOCK: u64 = 512;

/// What only those without a capability are told, by capability.
const BOUND: [(Capability, &[&str]); 4] = [
    (
        Capability::IpcLock,
        &[
            "RLIMIT_MEMLOCK would be exceeded",
            "RLIMIT_MEMLOCK forbids all locking",
            "locking is not allowed",
        ],
    ),
    (
        Capability::SysResource,
        &["raising a hard limit needs CAP_SYS_RESOURCE", "PR_SET_MM needs CAP_SYS_RESOURCE"],
    ),
    (Capability::SysRawio, &["below vm.mmap_min_addr without CAP_SYS_RAWIO"]),
    (Capability::SysAdmin, &["injecting memory errors needs CAP_SYS_ADMIN"]),
];

#[test]
fn a_block_of_an_ordinary_user_meets_all_that_binds_him() {
    let met = reasons(&with(Privilege::NONE), Shape::default(), BLOCK);
    for why in BOUND.into_iter().flat_map(|(_, whys)| whys) {
        assert!(met.get(why).is_some_and(|&count| count >= 3), "{why}: {met:#?}");
    }
}

#[test]
fn a_block_without_one_capability_meets_what_it_guards() {
    for (capability, whys) in BOUND {
        let met = reasons(&with(Privilege::ALL.without(capability)), Shape::default(), BLOCK);
        for why in whys {
            assert!(met.get(why).is_some_and(|&count| count >= 3), "{why}: {met:#?}");
        }
    }
}

#[test]
fn root_gives_up_capabilities_on_the_way() {
    let shape = Shape { theme: Some(Theme::Privilege), ..Shape::default() };
    let met = reasons(&with(Privilege::ALL), shape, BLOCK);
    for why in BOUND.into_iter().flat_map(|(_, whys)| whys) {
        assert!(met.contains_key(why), "{why}: {met:#?}");
    }
    let again = "what is not permitted cannot be permitted again";
    assert!(met.contains_key(again), "{met:#?}");
}

#[test]
fn what_cannot_be_undone_is_left_to_children() {
    let start = with(Privilege::ALL);
    let fence = Fence::of(&start);
    let mut dropped = [0, 0];
    for (costly, dropped) in [0, 100].into_iter().zip(&mut dropped) {
        let shape = Shape { costly, theme: Some(Theme::Privilege), ..Shape::default() };
        for seed in 0..400 {
            let mut system = start.clone();
            for op in program(shape, &fence, &mut Seeded::new(seed), &start) {
                system.apply(&op).ok();
            }
            let permitted = |id| system.process(id).map(|process| process.capabilities.permitted);
            *dropped += u32::from(permitted(ProcessId(0)) != Some(Privilege::ALL));
        }
    }
    assert!(dropped[0] == 0 && dropped[1] > 50, "{dropped:?}");
}
