//! The programs of an aimed campaign on the model alone: on every kernel that the
//! path concerns, and with every wrong rule that stands for a concern about it.
//! `scripts/coverage` counts the lines that they reach.
//!
//! ```sh
//! cargo run --release -p mm-oracle --example aimed -- brk 2000
//! ```

use mm_oracle::generate::{exec_start, Choose, Fence, Generator, Seeded, Shape, Source, Theme};
use mm_reference::addr::{PAGE_SIZE, PMD_SIZE, PUD_SIZE};
use mm_reference::defect::DEFECTS;
use mm_reference::model::folio::FolioFlags;
use mm_reference::model::{Seed, System};
use mm_reference::op::{Call, Exec, Op, Start};
use mm_reference::profile::{Capability, Profile, Rule, KERNELS};
use std::process::ExitCode;
use std::sync::Arc;

/// Failing allocations of page tables that are tried for each move.
const TABLES: u64 = 4;
/// Pages of a move of which one is made such that it cannot be relocated.
const OBSTACLES: u64 = 3;
/// Of so many programs about moves of page tables one begins by `execve`.
const EXEC_EVERY: u64 = 25;
/// Few enough mappings for a program to reach the limit.
const FEW_MAPPINGS: u64 = 12;
/// Few enough pages for a program to ask for too many.
const FEW_PAGES: u64 = 1 << 12;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = args.get(1).and_then(|number| number.parse().ok());
    let path = args.first().and_then(|name| path(name));
    let (Some((theme, patch, areas)), Some(programs)) = (path, number) else {
        eprintln!("usage: aimed realigned-moves|brk|relocate-anon PROGRAMS");
        return ExitCode::from(2);
    };
    let profiles = profiles(patch, areas);
    let mut operations = 0;
    for (number, profile) in profiles.iter().enumerate() {
        let start = System::new(Arc::new(profile.clone()), &Seed::standard());
        for program in 0..programs {
            let seed = program * profiles.len() as u64 + number as u64;
            operations += match theme == Theme::Realign && program % EXEC_EVERY == 0 {
                true => run(&executed(profile, seed), seed, theme),
                false => run(&start, seed, theme),
            };
        }
    }
    println!("{programs} programs on each of {} kernels, {operations} operations", profiles.len());
    ExitCode::SUCCESS
}

/// What the programs dwell on, the patch as it was posted, and the areas of the
/// defects.
fn path(name: &str) -> Option<(Theme, Rule, &'static [&'static str])> {
    match name {
        "realigned-moves" => {
            Some((Theme::Realign, Rule::MremapRealignPosted, &["realign", "exec", "mremap"]))
        }
        "brk" => Some((Theme::Break, Rule::BrkPosted, &["brk"])),
        "relocate-anon" => Some((Theme::Relocate, Rule::RelocateAnon, &["relocate"])),
        _ => None,
    }
}

/// Every kernel, the first and the last one also with the patch and the first
/// one before all patches, with settings that programs meet and do not meet; and
/// the last one with every wrong rule.
fn profiles(patch: Rule, areas: &[&str]) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = KERNELS.iter().map(|&v| Profile::stock(v)).collect();
    let (oldest, newest) = (profiles[0].clone(), profiles[profiles.len() - 1].clone());
    for base in [&oldest, &newest] {
        let mut patched = base.clone();
        patched.rules.insert(patch);
        if patch == Rule::MremapRealignPosted {
            patched.rules.remove(Rule::MremapRealign);
        }
        profiles.push(patched);
    }
    let mut before = oldest;
    before.rules.remove(Rule::BrkHeapOnly);
    before.rules.remove(Rule::BrkShrinkNeedsMapping);
    profiles.push(before);
    let tight = profiles.clone().into_iter().flat_map(|profile| {
        let (mut few, mut strict) = (profile.clone(), profile);
        few.settings.max_map_count = FEW_MAPPINGS;
        strict.settings.total_pages = FEW_PAGES;
        strict.privilege = strict.privilege.with(Capability::IpcLock);
        [few, strict]
    });
    profiles.extend(tight.collect::<Vec<_>>());
    let mut wrong = newest;
    if patch == Rule::RelocateAnon {
        wrong.rules.insert(patch);
    }
    let defects = DEFECTS.iter().filter(|defect| areas.contains(&defect.area()));
    profiles.extend(defects.map(|&defect| Profile { defect: Some(defect), ..wrong.clone() }));
    profiles
}

/// A system that begins by an `execve`, which moves the stack a little, by whole
/// page tables, or far.
fn executed(profile: &Profile, seed: u64) -> System {
    let mut source = Seeded::new(!seed);
    let shift = match source.below(5) {
        0 => source.below(3) * PAGE_SIZE,
        1 => source.below(512) * PAGE_SIZE,
        2 => source.between(1, 2) * PMD_SIZE,
        3 => source.below(4) * PUD_SIZE + source.pick(&[0, PMD_SIZE, PAGE_SIZE]),
        _ => source.below(1 << 20) * PAGE_SIZE,
    };
    let start = match exec_start(&mut source) {
        Start::Exec(exec) => Start::Exec(Exec { shift: Some(shift), ..exec }),
        Start::Plain => Start::Plain,
    };
    System::new(Arc::new(profile.clone()), &Seed::standard_for(start))
}

/// Tries a move without page tables to allocate, and with pages that cannot be
/// relocated.
fn hamper(system: &System, op: &Op) {
    let Call::Mremap { old, .. } = op.call else { return };
    for tables in 0..TABLES {
        let mut scarce = system.clone();
        scarce.limit_tables(Some(tables));
        try_op(&mut scarce, op);
    }
    let from = system.layout().resolve(old);
    for page in 0..OBSTACLES {
        for flags in [FolioFlags::PINNED, FolioFlags::LARGE] {
            let mut odd = system.clone();
            if odd.mark_page(op.process, from.wrapping_add(page * PAGE_SIZE), flags) {
                try_op(&mut odd, op);
            }
        }
    }
}

fn try_op(system: &mut System, op: &Op) {
    let outcome = system.apply(op);
    let found = system.check_rmap();
    let right = system.profile().defect.is_none();
    assert!(!right || outcome.is_ok() && found.is_ok(), "{outcome:?}, {found:?} after {op}");
}

/// Makes and performs one program; answers how many operations it has. Moves
/// are hampered first.
fn run(start: &System, seed: u64, theme: Theme) -> u64 {
    let mut system = start.clone();
    let fence = Fence::of(&system);
    let mut source = Seeded::new(seed);
    let shape = Shape { theme: Some(theme), costly: 10, ..Shape::default() };
    let mut generator = Generator::new(shape, &fence, &mut source, &system);
    let mut operations = 0;
    while let Some(op) = generator.next_op(&mut source, &system) {
        hamper(&system, &op);
        operations += 1;
        if system.apply(&op).is_err() {
            break;
        }
        let found = system.check_rmap();
        assert!(found.is_ok() || system.profile().defect.is_some(), "{found:?} after {op}");
    }
    for process in system.live() {
        let seen = system.snapshot(process, &system.plan(process));
        assert!(!seen.smaps.is_empty());
    }
    // a worker begins the next program in the same memory
    system.return_to(start);
    assert_eq!(system.is_pristine(start), Ok(()));
    operations
}
