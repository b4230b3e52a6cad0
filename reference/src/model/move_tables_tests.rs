use super::*;
use crate::addr::{PAGE_SIZE, PGDIR_SIZE};
use crate::model::tests::*;
use crate::model::vma::VmFlags;
use crate::model::System;

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);

/// Maps and touches `pages` at `old`, moves them to `new`; answers how many
/// tables there are then.
fn moved(system: &mut System, old: u64, new: u64, pages: u64) -> u64 {
    map(system, old, pages, RW);
    for page in 0..pages {
        store(system, P0, old + page * PAGE_SIZE, 1);
    }
    map(system, new, pages, RW);
    let cur = &mut current(system);
    let [from, to] = [old, new].map(|at| cur.mm.vmas.at(at).unwrap().clone());
    move_page_tables(cur, &from, &to, old, new, pages * PAGE_SIZE, false);
    for page in 0..pages {
        assert!(cur.mm.tables.pte(old + page * PAGE_SIZE).is_none());
        assert!(cur.mm.tables.pte(new + page * PAGE_SIZE).is_present());
    }
    cur.mm.tables.count()
}

const OTHER: u64 = FAR + PGDIR_SIZE;

#[test]
fn aligned_tables_move_as_a_whole() {
    // text, the upper tables of both sides, and the table that moved
    assert_eq!(moved(&mut system(), FAR, OTHER, 512), 3 + 2 + 2 + 1);
    assert_eq!(moved(&mut system(), FAR, OTHER + PAGE_SIZE, 512), 3 + 2 + 2 + 1 + 2);
}

#[test]
fn unaligned_starts_are_lowered_where_nothing_is_below() {
    let start = 100 * PAGE_SIZE;
    assert_eq!(moved(&mut system(), FAR + start, OTHER + start, 512), 3 + 3 + 2 + 2);
    let mut crowded = system();
    map(&mut crowded, OTHER, 1, RW);
    assert_eq!(moved(&mut crowded, FAR + start, OTHER + start, 512), 3 + 4 + 4);
}

#[test]
fn a_source_without_tables_makes_none() {
    let mut system = system();
    map(&mut system, FAR, 512, RW);
    map(&mut system, OTHER, 512, RW);
    let cur = &mut current(&mut system);
    let [from, to] = [FAR, OTHER].map(|at| cur.mm.vmas.at(at).unwrap().clone());
    let before = cur.mm.tables.count();
    move_page_tables(cur, &from, &to, FAR, OTHER, 512 * PAGE_SIZE, false);
    assert_eq!(cur.mm.tables.count(), before);
}
