//! What changes for programs from one kernel to another: model against model,
//! without a kernel.
//!
//! The rules in which two profiles differ are known. For each of them programs
//! are searched on two models that differ in nothing else, so that the cause of
//! what is found needs no guessing: the first profile with and without the rule,
//! or the second one, where the rule shows only together with others. What is
//! found is made small and has to tell the two profiles themselves apart.

mod entry;
mod pair;
mod prelude;
mod themes;

pub(crate) use entry::write_sides;
pub use entry::{Entry, Line};
pub use pair::Pair;

use crate::generate::{program_seed, Avoid, Fence, Shape};
use crate::observe::Capabilities;
use crate::search::Search;
use mm_reference::addr::{PAGE_SIZE, TASK_SIZE_MAX};
use mm_reference::model::{Seed, System};
use mm_reference::op::Op;
use mm_reference::profile::{Profile, Quirk, Rule, Switch, QUIRKS};
use mm_reference::text::{Requirement, Requires, SettingName};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Every choice follows from it.
    pub seed: u64,
    /// How long to search at the most.
    pub time: Duration,
    /// On how many threads.
    pub jobs: usize,
}

/// What changes from one profile to another.
#[derive(Clone, Debug, Default)]
pub struct ChangeLog {
    /// One entry for each cause, in the order of the table of rules.
    pub entries: Vec<Entry>,
    /// Differing rules that no program was found for.
    pub missing: Vec<Switch>,
    /// Differing rules that no program can show.
    pub unseen: Vec<Switch>,
    /// Known bugs that one of the versions has and the other has not.
    pub bugs: Vec<Bug>,
    /// How many programs were made.
    pub programs: u64,
}

/// A known bug that one of two versions has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// Which.
    pub quirk: Quirk,
    /// Whether the second version is the one that has it.
    pub in_b: bool,
}

impl ChangeLog {
    /// In how many rules the profiles differ.
    pub fn rules(&self) -> usize {
        self.entries.len() + self.missing.len() + self.unseen.len()
    }
}

/// The known bugs in which two versions differ, in the order of the registry.
fn bugs(a: &Profile, b: &Profile) -> Vec<Bug> {
    let differs = |&quirk: &Quirk| {
        let in_b = quirk.affects(b.version);
        (quirk.affects(a.version) != in_b).then_some(Bug { quirk, in_b })
    };
    QUIRKS.iter().filter_map(differs).collect()
}

/// How long one rule is searched for before the next has its turn.
const TURN: Duration = Duration::from_millis(1500);
/// The most witnesses of one rule that are compared.
const WITNESSES: usize = 4;
/// How many more programs are made for better ones.
const MORE: u64 = 100;
/// Out of so many programs one is made where there is room for few mappings.
const FEW_EACH: u64 = 4;
/// `vm.max_map_count` there: what a program of a few lines can reach.
const FEW_MAPPINGS: u64 = 12;
/// The most operations of a program before it is made small.
const MAX_OPS: usize = 40;

/// Searches for programs on which two profiles differ.
pub fn distinguish(a: &Profile, b: &Profile, options: &Options, stop: &AtomicBool) -> ChangeLog {
    let (unseen, seen): (Vec<_>, Vec<_>) =
        Switch::between(a, b).into_iter().partition(|switch| switch.unseen().is_some());
    let deadline = Instant::now() + options.time;
    let hunts = seen.iter().map(|&switch| Hunt::new(switch)).collect();
    let queue: Mutex<VecDeque<Hunt>> = Mutex::new(hunts);
    let log = Mutex::new(ChangeLog { unseen, bugs: bugs(a, b), ..ChangeLog::default() });
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, seen.len().max(1)) {
            scope.spawn(|| {
                while Instant::now() < deadline && !stop.load(Ordering::Relaxed) {
                    let Some(mut hunt) = lock(&queue).pop_front() else { break };
                    let before = hunt.attempts;
                    let until = deadline.min(Instant::now() + TURN);
                    let entry = hunt.turn(&Turn { a, b, seed: options.seed, until, stop });
                    let mut log = lock(&log);
                    log.programs += hunt.attempts - before;
                    match entry {
                        Some(entry) => log.entries.push(entry),
                        None => lock(&queue).push_back(hunt),
                    }
                    drop(log);
                }
            });
        }
    });
    let mut log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    let rank = |switch: &Switch| seen.iter().position(|other| other == switch);
    log.entries.sort_by_key(|entry| rank(&entry.cause));
    log.missing = seen;
    log.missing.retain(|switch| log.entries.iter().all(|entry| entry.cause != *switch));
    log
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where and how long a rule is searched for.
struct Turn<'a> {
    a: &'a Profile,
    b: &'a Profile,
    seed: u64,
    until: Instant,
    stop: &'a AtomicBool,
}

impl Turn<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.stop.load(Ordering::Relaxed)
    }
}

/// The search for one rule.
struct Hunt {
    switch: Switch,
    /// How many programs were made so far.
    attempts: u64,
    /// The witnesses found so far: how many, and the best.
    found: usize,
    best: Option<Entry>,
    /// After how many programs the best is good enough.
    enough: u64,
}

impl Hunt {
    fn new(switch: Switch) -> Hunt {
        Hunt { switch, attempts: 0, found: 0, best: None, enough: u64::MAX }
    }

    /// Searches until the time is over; the best of a few witnesses.
    fn turn(&mut self, turn: &Turn<'_>) -> Option<Entry> {
        while self.found < WITNESSES && self.attempts < self.enough {
            let Some(entry) = self.next(turn) else { break };
            self.found += 1;
            if self.best.is_none() {
                self.enough = self.attempts.saturating_mul(2).saturating_add(MORE);
            }
            if self.best.as_ref().is_none_or(|best| entry.rank() < best.rank()) {
                self.best = Some(entry);
            }
        }
        self.best.take()
    }

    /// The next witness.
    fn next(&mut self, turn: &Turn<'_>) -> Option<Entry> {
        let (wide_a, wide_b) = (turn.a, turn.b);
        while self.attempts < self.enough && !turn.is_over() {
            let number = self.attempts;
            self.attempts += 1;
            let setting = Setting::of(self.switch, number);
            let (a, b) = (setting.of_profile(wide_a), setting.of_profile(wide_b));
            // the cause alone, from either end; programs are made for the kernel
            // that has it
            let on_in_b = self.switch.is_on(&b);
            let base = if number / 2 % 2 == 0 { &a } else { &b };
            let (with, without) = (self.switch.set(base, true), self.switch.set(base, false));
            let theme = themes::of(self.switch, number);
            let seed = program_seed(turn.seed, rank(self.switch), number);
            let Some(ops) = self.try_one((with, without), (&a, &b), theme, seed) else { continue };
            // what shows with room for many is not about the limit
            if setting != Setting::Usual && self.shows(wide_a, wide_b, &ops) {
                let usual = Setting::Usual;
                return Some(Entry::new(self.switch, on_in_b, (wide_a, wide_b), ops, usual));
            }
            return Some(Entry::new(self.switch, on_in_b, (&a, &b), ops, setting));
        }
        None
    }

    /// Whether the rule alone, switched at either end, changes what a program
    /// does.
    fn shows(&self, a: &Profile, b: &Profile, ops: &[Op]) -> bool {
        let at = |base| {
            let (with, without) = (self.switch.set(base, true), self.switch.set(base, false));
            Pair::new(&with, &without).differ_at(ops).is_some()
        };
        Pair::new(a, b).differ_at(ops).is_some() && (at(a) || at(b))
    }

    /// Makes up one program; answers it made small, if it shows the rule and
    /// tells the profiles apart.
    fn try_one(
        &self,
        (with, without): (Profile, Profile),
        (a, b): (&Profile, &Profile),
        theme: Option<crate::generate::Theme>,
        seed: u64,
    ) -> Option<Vec<Op>> {
        let with = System::new(Arc::new(with), &Seed::standard());
        let without = System::new(Arc::new(without), &Seed::standard());
        let first = prelude::of(self.switch, &with);
        // programs leave alone what only fills the space
        let mut filled = with.clone();
        first.iter().for_each(|op| drop(filled.apply(op)));
        let fence = Fence::of(&filled);
        let mut shape =
            Shape { max_ops: MAX_OPS, costly: 100, avoid: Avoid::default(), ..Shape::default() };
        if !first.is_empty() {
            shape.bounds.mapped += TASK_SIZE_MAX / PAGE_SIZE;
        }
        let caps = Capabilities::full();
        let mut search = Search::new((with, without), &first, &fence, shape, caps);
        let whole = search.program(seed, theme)?;
        let mut profiles = Pair::new(a, b);
        let mut telling = |ops: &[Op]| {
            let ops: Vec<Op> = first.iter().chain(ops).cloned().collect();
            profiles.telling(&ops)
        };
        let level = telling(&whole)?;
        Some(search.shortest_that(&whole, &mut |ops| telling(ops) == Some(level)))
    }
}

/// How the system is set up that a program runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    /// As the profile says.
    Usual,
    /// With a low limit on the number of mappings.
    FewMappings,
    /// With swap on memory.
    Swap,
}

impl Setting {
    /// That of the attempt with this number.
    fn of(switch: Switch, number: u64) -> Setting {
        match switch {
            Switch::Rule(Rule::SwapinByCache | Rule::SwapinForgetsLock | Rule::SwapinWritable) => {
                Setting::Swap
            }
            _ if number % FEW_EACH == FEW_EACH - 1 => Setting::FewMappings,
            _ => Setting::Usual,
        }
    }

    /// What a program requires of it.
    fn requirement(self) -> Option<Requirement> {
        match self {
            Setting::Usual => None,
            Setting::FewMappings => {
                Some(Requirement::Setting(SettingName::MaxMapCount, FEW_MAPPINGS))
            }
            Setting::Swap => Some(Requirement::Swap(true)),
        }
    }

    fn of_profile(self, profile: &Profile) -> Profile {
        Requires(self.requirement().into_iter().collect()).impose(profile)
    }
}

/// The place of a rule in the list of all.
fn rank(switch: Switch) -> u64 {
    Switch::all().position(|other| other == switch).unwrap_or_default() as u64
}
