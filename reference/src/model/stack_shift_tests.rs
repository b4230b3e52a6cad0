use super::*;
use crate::addr::{PAGE_SIZE, PMD_SIZE};
use crate::model::page_table::Pte;
use crate::model::tests::{current, map, store, FAR, P0};
use crate::model::vma::VmFlags;
use crate::model::{Seed, System};
use crate::profile::{Profile, Rule, Version};
use std::sync::Arc;

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);
/// The end of the mapping before the shift.
const TOP: u64 = FAR + 16 * PMD_SIZE;

fn kernel(minor: u16, posted: bool) -> System {
    let mut profile = Profile::stock(Version::new(6, minor));
    if posted {
        profile.rules.insert(Rule::MremapRealignPosted);
    }
    System::new(Arc::new(profile), &Seed::standard())
}

/// Shifts a stack of `pages`, all written, down by `shift` pages.
fn shifted(mut system: System, pages: u64, shift: u64) -> (System, Moved) {
    let (start, shift) = (TOP - pages * PAGE_SIZE, shift * PAGE_SIZE);
    map(&mut system, start, pages, RW);
    for page in 0..pages {
        store(&mut system, P0, start + page * PAGE_SIZE, 1);
    }
    let before: Vec<Pte> = entries(&system, start, pages);
    let total = system.process(P0).unwrap().mm.total_vm;
    let moved = relocate_down(&mut current(&mut system), start, shift);
    assert_eq!(entries(&system, start - shift, pages), before);
    let mm = &system.process(P0).unwrap().mm;
    assert_eq!(mm.total_vm, total);
    let vma = mm.vmas.at(start - shift).unwrap();
    assert_eq!((vma.end, vma.pgoff), (TOP - shift, start >> 12));
    let mut stray = 0;
    mm.tables.for_each(TOP - shift, TOP, |_, _| stray += 1);
    assert_eq!(stray, 0);
    (system, moved)
}

fn entries(system: &System, start: u64, pages: u64) -> Vec<Pte> {
    let tables = &system.process(P0).unwrap().mm.tables;
    (0..pages).map(|page| tables.pte(start + page * PAGE_SIZE)).collect()
}

#[test]
fn contents_move_whatever_the_length_and_the_distance() {
    for minor in [1, 12, 18] {
        for pages in [1, 2, 31, 511, 512, 513, 800, 1536] {
            for shift in [1, 5, 511, 512, 513, 1024, 1500, 2048] {
                let (system, _) = shifted(kernel(minor, false), pages, shift);
                let mm = &system.process(P0).unwrap().mm;
                let start = TOP - (pages + shift) * PAGE_SIZE;
                let last = TOP - shift * PAGE_SIZE - PAGE_SIZE;
                let spans = last / PMD_SIZE - start / PMD_SIZE + 1;
                let stack = mm.tables.spans(start, TOP).count() as u64;
                assert_eq!(stack, spans, "{pages} pages by {shift} on 6.{minor}");
            }
        }
    }
}

/// Where the thread began: a stack that starts late in a table's span is shifted
/// down by whole tables into itself. Moved entry by entry, the first part leaves
/// an empty table, in the way of the next that could move whole.
#[test]
fn a_shift_into_itself_meets_an_empty_table_unless_it_is_realigned() {
    let (pages, shift) = (512 + 256 + 512, 512);
    assert!(shifted(kernel(6, false), pages, shift).1.met_table);
    assert!(!shifted(kernel(7, false), pages, shift).1.met_table);
    assert!(!shifted(kernel(18, false), pages, shift).1.met_table);
    // the posted patch leaves moves within one mapping alone
    assert!(shifted(kernel(6, true), pages, shift).1.met_table);
}
