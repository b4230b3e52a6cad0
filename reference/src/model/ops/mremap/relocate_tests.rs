//! What no program can show: the index and anon_vma of pages, and attempts that
//! fail at pages that no program can make.

use crate::addr::PAGE_SIZE;
use crate::defect::Defect;
use crate::model::anon_vma::AnonVmaId;
use crate::model::folio::FolioFlags;
use crate::model::page_table::Pte;
use crate::model::{Seed, System, Vma};
use crate::op::{Addr, Base, ProcessId};
use crate::profile::{Profile, Rule, Version};
use crate::text::{parse, Mode};
use std::sync::Arc;

/// Four pages of which the third is untouched, and touched memory below and
/// untouched memory above their destination.
const BEFORE: &str = "\
    mmap(mmap-0x8000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
    store(mmap-0x8000, 0x2000, 0x1)
    store(mmap-0x5000, 0x1000, 0x2)
    mmap(mmap-0x12000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
    store(mmap-0x11000, 0x1000, 0x3)
    mmap(mmap-0xc000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
";
const FLAGGED: &str =
    "mremap(mmap-0x8000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x10000)";
const PLAIN: &str =
    "mremap(mmap-0x8000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x10000)";

fn profile(defect: Option<Defect>) -> Profile {
    let mut profile = Profile::stock(Version::new(7, 2));
    profile.rules.insert(Rule::RelocateAnon);
    Profile { defect, ..profile }
}

fn run(system: &mut System, text: &str) {
    let program = parse(text, Mode::Strict).expect("a program");
    for op in program.ops() {
        system.apply(op).expect("a prediction");
    }
}

/// The state after a move, in which one of the source's pages is unlike others.
fn moved(defect: Option<Defect>, call: &str, odd: Option<(u64, FolioFlags)>) -> System {
    let mut system = System::new(Arc::new(profile(defect)), &Seed::standard());
    run(&mut system, BEFORE);
    if let Some((number, flags)) = odd {
        let start = system.layout().resolve(Addr::new(Base::Mmap, -0x8000));
        assert!(system.mark_page(ProcessId(0), start + number * PAGE_SIZE, flags), "a page");
    }
    run(&mut system, call);
    system
}

/// A page: its address, index and anon_vma.
type Place = (u64, u64, Option<AnonVmaId>);

/// All of the state that relocating can change.
fn state(system: &System) -> (Vec<Vma>, Vec<Place>, u64) {
    let mm = &system.process(ProcessId(0)).expect("a process").mm;
    let mut pages = Vec::new();
    mm.tables.for_each(0, crate::addr::TASK_SIZE_MAX, |address, pte| {
        if let Pte::Page(id, _) = pte {
            let folio = system.folios.get(id);
            pages.push((address, folio.index, folio.anon_vma));
        }
    });
    (mm.vmas.iter().cloned().collect(), pages, mm.total_vm)
}

#[test]
fn relocated_pages_are_found_at_their_new_place() {
    let system = moved(None, FLAGGED, None);
    system.check_rmap().expect("pages that are found");
    let (vmas, ..) = state(&system);
    let joined = vmas.iter().find(|vma| vma.pages() == 8).expect("one mapping of all");
    assert_eq!(joined.chain.len(), 1);
}

#[test]
fn pages_that_were_passed_over_are_not_found() {
    let system = moved(Some(Defect::RelocateMissesPages), FLAGGED, None);
    let hidden = (1, FolioFlags::PINNED);
    assert!(system.check_rmap().is_err());
    assert!(moved(Some(Defect::RelocateSkipsPinned), FLAGGED, Some(hidden)).check_rmap().is_err());
}

#[test]
fn a_failed_attempt_leaves_nothing_changed() {
    for flags in [FolioFlags::LARGE, FolioFlags::PINNED] {
        for page in [0, 1, 3] {
            let odd = Some((page, flags));
            let (flagged, plain) = (moved(None, FLAGGED, odd), moved(None, PLAIN, odd));
            assert_eq!(state(&flagged), state(&plain), "{flags:?} at page {page}");
            flagged.check_rmap().expect("pages that are found");
            // anon_vmas that nobody is linked to would be left
            let links = |system: &System| format!("{:?}", system.anon_vmas);
            assert_eq!(links(&flagged), links(&plain));
        }
    }
}

#[test]
fn wrong_attempts_and_undoings_show() {
    let large = Some((3, FolioFlags::LARGE));
    let pinned = Some((3, FolioFlags::PINNED));
    for (defect, odd) in [
        (Defect::RelocateMovesLarge, large),
        (Defect::RelocateForgetsUndo, large),
        (Defect::RelocateUndoUnmaps, large),
        (Defect::RelocateMovesPinned, pinned),
        (Defect::RelocateSkipsPinned, pinned),
        (Defect::RelocateMissesPages, None),
    ] {
        let (right, wrong) = (moved(None, FLAGGED, odd), moved(Some(defect), FLAGGED, odd));
        assert_ne!(state(&right), state(&wrong), "{}", defect.name());
    }
}

#[test]
fn a_move_that_fails_gives_the_pages_their_place_back() {
    for tables in 0..3 {
        let mut system = System::new(Arc::new(profile(None)), &Seed::standard());
        run(&mut system, BEFORE);
        let (vmas, pages, total) = state(&system);
        let far = "mremap(mmap-0x8000, 0x4000, 0x4000, \
                   MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x80000000)";
        system.limit_tables(Some(tables));
        run(&mut system, far);
        system.limit_tables(None);
        system.check_rmap().expect("pages that are found");
        if state(&system).0 == vmas {
            assert_eq!(state(&system), (vmas, pages, total), "{tables} tables");
        }
    }
}
