//! Programs that dwell on the patched paths, on every kernel the model knows:
//! what it counts is what there is, and moves that fail leave no trace.

use super::model_tests::fresh;
use super::*;
use mm_reference::addr::{align_down, PMD_SIZE, TASK_SIZE_MAX};
use mm_reference::errno::Errno;
use mm_reference::model::page_table::Pte;
use mm_reference::model::{VmFlags, Vma};
use mm_reference::op::Outcome;
use mm_reference::profile::{Profile, Rule, Version};
use mm_reference::snapshot::{PageEntry, ProcessSnapshot, StatusField};
use std::sync::Arc;

const THEMES: &[Theme] =
    &[Theme::Realign, Theme::Break, Theme::Remap, Theme::Tables, Theme::Lock, Theme::Cow];

fn profiles() -> Vec<Profile> {
    let versions = [(6, 1), (6, 6), (6, 12), (6, 16), (6, 17), (6, 18), (7, 0), (7, 1), (7, 3)];
    let mut list: Vec<_> = versions.map(|(a, b)| Profile::stock(Version::new(a, b))).into();
    let mut posted = Profile::stock(Version::new(6, 1));
    posted.rules.insert(Rule::MremapRealignPosted);
    list.push(posted);
    let mut before = Profile::stock(Version::new(6, 1));
    before.rules.remove(Rule::BrkHeapOnly);
    before.rules.remove(Rule::BrkShrinkNeedsMapping);
    list.push(before);
    let mut large = Profile::stock(Version::new(6, 18));
    (large.config.la57, large.config.pkeys) = (true, true);
    list.push(large);
    list
}

fn shape(theme: Theme) -> Shape {
    Shape { theme: Some(theme), max_ops: 60, ..Shape::default() }
}

/// Recounts what the model keeps count of.
fn check(system: &System, what: &str) {
    for id in system.live() {
        let mm = &system.process(id).unwrap().mm;
        let pages = |flag: VmFlags| -> u64 {
            mm.vmas.iter().filter(|vma| vma.flags.contains(flag)).map(Vma::pages).sum()
        };
        assert_eq!(mm.total_vm, pages(VmFlags::empty()), "{what}");
        assert_eq!(mm.locked_vm, pages(VmFlags::LOCKED), "{what}");
        let mut resident = 0;
        mm.tables.for_each(0, TASK_SIZE_MAX, |at, pte| {
            assert!(mm.vmas.containing(at).is_some(), "{what}: an entry at {at:#x}");
            resident += u64::from(matches!(pte, Pte::Page(..)));
        });
        assert_eq!(mm.rss.total(), resident, "{what}");
    }
}

#[test]
fn what_is_counted_is_what_there_is_on_every_kernel() {
    let first = fresh();
    for profile in profiles() {
        let start = first.on(Arc::new(profile.clone()));
        let fence = Fence::of(&start);
        for (number, &theme) in THEMES.iter().enumerate() {
            for seed in 0..25 {
                let src = &mut Seeded::new(1000 * number as u64 + seed);
                let mut system = start.clone();
                let mut generator = Generator::new(shape(theme), &fence, src, &system);
                while let Some(op) = generator.next_op(src, &system) {
                    let predicted = system.apply(&op);
                    let moves = matches!(op.call, Call::Mremap { .. } | Call::Brk { .. });
                    assert!(predicted.is_ok() || !moves, "{op} on {}", profile.version);
                    if predicted.is_err() {
                        break;
                    }
                    check(&system, &format!("after {op} on {}", profile.version));
                }
            }
        }
    }
}

/// What a failed move must leave alone. The tables and flags that its neighbours
/// may take over from an abandoned copy are not part of it, nor an empty table that
/// the way back made.
fn traces(system: &System) -> Vec<ProcessSnapshot> {
    let states = system.live().map(|id| system.snapshot(id, &system.plan(id)));
    states
        .map(|mut state| {
            state.status.set(StatusField::VmPte, 0);
            let used = PageEntry::PRESENT | PageEntry::SWAP;
            state.pagemap.retain(|window| window.entries.iter().any(|e| e.bits() & used != 0));
            for entry in &mut state.smaps {
                entry.flags = Default::default();
            }
            state
        })
        .collect()
}

#[test]
fn moves_that_fail_leave_no_trace() {
    let first = fresh();
    let mut failed = 0;
    for profile in profiles() {
        let start = first.on(Arc::new(profile.clone()));
        let fence = Fence::of(&start);
        for seed in 0..80 {
            let src = &mut Seeded::new(seed);
            let mut system = start.clone();
            let mut generator = Generator::new(shape(Theme::Realign), &fence, src, &system);
            while let Some(op) = generator.next_op(src, &system) {
                let before = system.clone();
                let Ok(answer) = system.apply(&op) else { break };
                let Outcome::Address(_) = answer.outcome else { continue };
                if !leaves_the_rest_alone(&before, &op) {
                    continue;
                }
                for n in 0..6 {
                    let mut scarce = before.clone();
                    scarce.limit_tables(Some(n));
                    let outcome = scarce.apply(&op).unwrap().outcome;
                    if outcome == answer.outcome {
                        break;
                    }
                    let what = format!("{op} with {n} tables on {}", profile.version);
                    assert_eq!(outcome, Outcome::Error(Errno::ENOMEM), "{what}");
                    if can_be_undone(&before, &op) {
                        assert_eq!(traces(&scarce), traces(&before), "{what}");
                    }
                    failed += 1;
                }
            }
        }
    }
    assert!(failed > 300, "only {failed} moves failed");
}

/// Whether undoing a move needs no table: where its source lacks one, moving back
/// ends there, as moving did, and what was moved beyond it is lost.
fn can_be_undone(system: &System, op: &Op) -> bool {
    let Call::Mremap { old, old_len, .. } = op.call else { return false };
    let Some(process) = system.process(op.process) else { return false };
    let start = system.layout().resolve(old);
    let mut spans = (align_down(start, PMD_SIZE)..start + old_len).step_by(PMD_SIZE as usize);
    spans.all(|span| process.mm.tables.has_pte_table(span))
}

/// Whether a move neither clears its destination nor splits its source before
/// tables are moved, nor does so piece by piece.
fn leaves_the_rest_alone(system: &System, op: &Op) -> bool {
    let Call::Mremap { old, old_len, new_len, flags, new } = op.call else { return false };
    let Some(process) = system.process(op.process) else { return false };
    let (old, new) = (system.layout().resolve(old), system.layout().resolve(new));
    let clears =
        flags & MREMAP_FIXED != 0 && process.mm.vmas.intersects(new, new.saturating_add(new_len));
    let source = process.mm.vmas.containing(old);
    let single = source.is_some_and(|vma| {
        old.saturating_add(old_len) <= vma.end && !vma.flags.contains(VmFlags::LOCKED)
    });
    single && !clears && new_len >= old_len
}
