//! What relocating promises, on generated programs: contents never differ from
//! those after an ordinary move, there are never more mappings, and every page
//! is found by the way back from it.

use super::*;
use mm_reference::addr::TASK_SIZE_MAX;
use mm_reference::model::page_table::Pte;
use mm_reference::model::Seed;
use mm_reference::op::consts::MREMAP_RELOCATE_ANON;
use mm_reference::op::{Call, Contents, Outcome};
use mm_reference::profile::{Profile, Rule, Version};
use proptest::prelude::*;
use std::sync::Arc;

fn fresh(patched: bool) -> System {
    let mut profile = Profile::stock(Version::new(7, 2));
    if patched {
        profile.rules.insert(Rule::RelocateAnon);
    }
    System::new(Arc::new(profile), &Seed::standard())
}

/// Every page's address and contents.
fn contents(system: &System, process: ProcessId) -> Vec<(u64, Option<Contents>)> {
    let mut pages = Vec::new();
    let plan = system.plan(process);
    let snapshot = system.snapshot(process, &plan);
    let Some(found) = system.process(process) else { return pages };
    found.mm.tables.for_each(0, TASK_SIZE_MAX, |address, pte| {
        if matches!(pte, Pte::Page(..)) {
            let told = snapshot.contents.iter().find(|(at, _)| *at == address);
            pages.push((address, told.map(|(_, contents)| *contents)));
        }
    });
    pages
}

fn without_flag(op: &Op) -> Op {
    let mut op = op.clone();
    if let Call::Mremap { flags, .. } = &mut op.call {
        *flags &= !MREMAP_RELOCATE_ANON;
    }
    op
}

/// A flagged move beside the same move without the flag, from the same state.
fn compare(before: &System, after: &System, op: &Op, done: bool) {
    let mut plain = before.clone();
    let Ok(answer) = plain.apply(&without_flag(op)) else { return };
    assert_eq!(done, !matches!(answer.outcome, Outcome::Error(_)), "{op}");
    for process in after.live() {
        assert_eq!(contents(after, process), contents(&plain, process), "{op}");
        let count = |system: &System| system.process(process).map(|p| p.mm.vmas.len());
        assert!(count(after) <= count(&plain), "{op}: {:?} {:?}", count(after), count(&plain));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn relocating_keeps_its_promises(seed: u64, patched: bool) {
        let mut system = fresh(patched);
        let fence = Fence::of(&system);
        let mut source = Seeded::new(seed);
        let shape = Shape { theme: Some(Theme::Relocate), max_ops: 60, ..Shape::default() };
        let mut generator = Generator::new(shape, &fence, &mut source, &system);
        while let Some(op) = generator.next_op(&mut source, &system) {
            let before = system.clone();
            let Ok(answer) = system.apply(&op) else { break };
            prop_assert_eq!(system.check_rmap(), Ok(()), "{}", op);
            if without_flag(&op) != op && patched {
                let done = !matches!(answer.outcome, Outcome::Error(_));
                compare(&before, &system, &op, done);
            }
        }
    }
}
