//! What is made where nothing is to be dwelt on: every path that a campaign can be aimed
//! at has its share, and what is wrong there shows.

use super::model_tests::fresh;
use super::*;
use crate::observe::Capabilities;
use crate::search::Search;
use mm_reference::defect::Defect;
use mm_reference::model::Seed;
use mm_reference::profile::{Privilege, Profile, Version};
use std::collections::HashMap;
use std::sync::Arc;

/// How many programs tell how often each theme is chosen.
const PROGRAMS: u64 = 4000;

/// The names of `--focus`.
const FOCUSES: [&str; 3] = ["realigned-moves", "brk", "relocate-anon"];

/// Holds how often programs dwell on what against the weights.
pub(crate) fn check(what: &str, theme: impl Fn(u64) -> Theme) {
    let mut counts: HashMap<Theme, u64> = HashMap::new();
    (0..PROGRAMS).for_each(|number| *counts.entry(theme(number)).or_default() += 1);
    let total: u32 = Theme::CHOICE.items().iter().map(|(weight, _)| weight).sum();
    for &(weight, theme) in Theme::CHOICE.items() {
        let expected = PROGRAMS * u64::from(weight) / u64::from(total);
        let count = counts.get(&theme).copied().unwrap_or(0);
        let spread = expected / 3 + 15;
        assert!(count.abs_diff(expected) <= spread, "{what}: {count} of {expected} on {theme:?}");
    }
    for focus in FOCUSES {
        let theme = Theme::of_focus(focus).unwrap();
        let count = counts.get(&theme).copied().unwrap_or(0);
        assert!(count * 50 >= PROGRAMS, "{what}: {count} of {PROGRAMS} on {focus}");
    }
}

/// What the program with this seed dwells on.
fn theme(seed: u64, shape: Shape, fence: &Fence, fresh: &System) -> Theme {
    Generator::new(shape, fence, &mut Seeded::new(seed), fresh).theme()
}

#[test]
fn campaigns_and_fuzzers_dwell_on_everything() {
    // without capabilities, programs dwell on what that forbids
    let profile = Profile { privilege: Privilege::ALL, ..Profile::stock(Version::new(6, 18)) };
    let fresh = System::new(Arc::new(profile), &Seed::standard());
    let fence = Fence::of(&fresh);
    let campaign = |number| {
        let shape = Shape { theme: Theme::of_program(number), ..Shape::default() };
        theme(program_seed(1, 0, number), shape, &fence, &fresh)
    };
    check("campaign", campaign);
    // of these a fuzzer's mutator makes programs, and what it puts into others
    let shop = Workshop::new(&fresh, &fence, &Shape::default());
    check("fuzzer", |number| theme(number, shop.shape(), &fence, &fresh));
}

#[test]
fn what_takes_long_comes_in_its_turn() {
    let executes = |number: &u64| Theme::begins_by_exec(Theme::of_program(*number), *number);
    assert_eq!((1..=20_000).filter(executes).count(), 20);
    let fills = |number: &u64| Theme::of_program(*number) == Some(Theme::Fill);
    assert_eq!((1..=20_000).filter(fills).count(), 1);
    assert!(Theme::begins_by_exec(Some(Theme::Realign), 100), "more often where it is asked for");
    assert!(!Theme::begins_by_exec(Some(Theme::Break), 100));
}

/// How many programs it takes until a wrong rule shows, on two models.
fn programs_until(defect: Defect, seed: u64, most: u64) -> Option<u64> {
    let right = Arc::new(Profile::stock(Version::new(7, 2)));
    let wrong = Arc::new(Profile { defect: Some(defect), ..(*right).clone() });
    let first = fresh();
    let (right, wrong) = (first.on(right), first.on(wrong));
    let fence = Fence::of(&right);
    let caps = Capabilities::full();
    let mut search = Search::new((right, wrong), &[], &fence, Shape::default(), caps);
    (0..most).find(|&number| search.program(program_seed(seed, 0, number), None).is_some())
}

/// Wrong conditions of a realigned move: they hide wherever nothing is moved from the edge of
/// one page table to that of another.
const REALIGNED: [Defect; 5] = [
    Defect::RealignInsideSource,
    Defect::RealignOverSource,
    Defect::RealignOverDestination,
    Defect::RealignAnyPlace,
    Defect::RealignUpwards,
];

#[test]
fn a_wrong_condition_of_a_realigned_move_shows_without_aiming() {
    for defect in REALIGNED {
        for seed in 1..=2 {
            let name = defect.name();
            assert!(programs_until(defect, seed, 4000).is_some(), "{name} with seed {seed}");
        }
    }
}
