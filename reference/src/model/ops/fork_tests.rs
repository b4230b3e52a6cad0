use crate::addr::PAGE_SIZE;
use crate::model::folio::FolioFlags;
use crate::model::page_table::{Pte, PteBits};
use crate::model::tests::*;
use crate::model::vma::VmFlags;
use crate::model::{protection, zap, System};
use crate::op::{Call, Contents, Outcome, ProcessId};
use crate::snapshot::{PageEntry, SmapsField, StatusField};

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);

fn fork(system: &mut System, parent: ProcessId) -> Outcome {
    run(system, parent, Call::Fork)
}

fn frame(system: &System, process: ProcessId, at: u64) -> PageEntry {
    let snapshot = system.snapshot(process, &system.plan(process));
    let window = snapshot.pagemap.iter().rfind(|w| w.start <= at).unwrap();
    window.entries[((at - window.start) / PAGE_SIZE) as usize]
}

#[test]
fn pages_are_shared_until_written() {
    let mut system = system();
    map(&mut system, FAR, 5, RW);
    for page in 0..5 {
        store(&mut system, P0, FAR + page * PAGE_SIZE, 7);
    }
    assert_eq!(fork(&mut system, P0), Outcome::Child(P1));
    assert_eq!(kb(&system, P0, FAR, SmapsField::SharedDirty), 20);
    assert_eq!(kb(&system, P1, FAR, SmapsField::Referenced), 0);
    assert_eq!(kb(&system, P1, FAR, SmapsField::Pss), 10);
    // five pages of three sharers: 5 * 4096 / 3 bytes
    fork(&mut system, P0);
    assert_eq!(kb(&system, P0, FAR, SmapsField::Pss), 6);
    let shared = frame(&system, P0, FAR);
    assert_eq!(frame(&system, P1, FAR), shared);
    // the writer gets a copy; the others keep the page
    store(&mut system, P1, FAR, 8);
    assert_ne!(frame(&system, P1, FAR), shared);
    assert_eq!(load(&mut system, P0, FAR, 1), Outcome::Contents(Contents::Uniform(7)));
    assert_eq!(load(&mut system, P1, FAR, 1), Outcome::Contents(Contents::Uniform(8)));
}

#[test]
fn the_last_sharer_takes_the_page_over() {
    let mut system = system();
    map(&mut system, FAR, 1, RW);
    store(&mut system, P0, FAR, 1);
    let before = frame(&system, P0, FAR).frame();
    fork(&mut system, P0);
    assert_eq!(run(&mut system, P1, Call::Exit), Outcome::Exited);
    store(&mut system, P0, FAR, 2);
    assert_eq!(frame(&system, P0, FAR).frame(), before);
    assert_eq!(system.live().count(), 1);
}

#[test]
fn only_faulted_memory_is_copied() {
    let mut system = system();
    map(&mut system, FAR, 1, RW);
    load(&mut system, P0, FAR, 1);
    assert_eq!(status(&system, P0, StatusField::VmPte), 24);
    fork(&mut system, P0);
    assert_eq!(status(&system, P1, StatusField::VmPte), 12);
    assert_eq!(status(&system, P1, StatusField::RssShmem), 76);
    assert_eq!(kb(&system, P1, 0x40_0000, SmapsField::Pss), 25);
}

#[test]
fn advice_and_locks_decide_what_the_child_gets() {
    let mut system = system();
    map(&mut system, FAR, 1, RW | VmFlags::WIPEONFORK);
    map(&mut system, FAR + 0x10000, 1, RW | VmFlags::DONTCOPY);
    map(&mut system, FAR + 0x20000, 1, RW | VmFlags::LOCKED);
    for at in [0, 0x10000, 0x20000] {
        store(&mut system, P0, FAR + at, 5);
    }
    fork(&mut system, P0);
    let size = |system: &System, id| status(system, id, StatusField::VmSize);
    assert_eq!(size(&system, P1) + 4, size(&system, P0));
    assert_eq!(load(&mut system, P1, FAR, 1), Outcome::Contents(Contents::Uniform(0)));
    assert_eq!(kb(&system, P0, FAR + 0x20000, SmapsField::Locked), 2);
    assert_eq!(kb(&system, P1, FAR + 0x20000, SmapsField::Locked), 0);
}

#[test]
fn a_subject_whose_children_are_gone_is_fresh_again() {
    let mut system = system();
    fork(&mut system, P0);
    assert!(system.is_pristine(&crate::model::tests::system()).is_err());
    run(&mut system, P1, Call::Exit);
    assert_eq!(system.is_pristine(&crate::model::tests::system()), Ok(()));
}

#[test]
fn a_failed_fork_leaves_no_child() {
    let mut system = system();
    map(&mut system, FAR, 1, RW | VmFlags::ACCOUNT);
    map(&mut system, FAR + 0x10000, 1 << 21, RW | VmFlags::ACCOUNT);
    store(&mut system, P0, FAR, 5);
    let failed = fork(&mut system, P0);
    assert!(matches!(failed, Outcome::Error(_)));
    assert_eq!(system.live().count(), 1);
    assert_ne!(frame(&system, P0, FAR).bits() & PageEntry::EXCLUSIVE, 0);
}

#[test]
fn protection_takes_the_write_bit_and_gives_it_back_to_exclusive_pages() {
    let mut system = system();
    map(&mut system, FAR, 1, RW);
    store(&mut system, P0, FAR, 5);
    let cur = &mut current(&mut system);
    let writable = |cur: &crate::model::Current<'_>| matches!(cur.mm.tables.pte(FAR), Pte::Page(_, bits) if bits.contains(PteBits::WRITE));
    cur.mm.vmas.update(FAR, |vma| vma.flags.remove(VmFlags::WRITE));
    protection::change_protection(cur, FAR, FAR, FAR + PAGE_SIZE);
    assert!(!writable(cur));
    cur.mm.vmas.update(FAR, |vma| vma.flags.insert(VmFlags::WRITE));
    protection::change_protection(cur, FAR, FAR, FAR + PAGE_SIZE);
    assert!(writable(cur));
    let Pte::Page(id, _) = cur.mm.tables.pte(FAR) else { panic!("not a page") };
    cur.folios.get_mut(id).flags.remove(FolioFlags::EXCLUSIVE);
    protection::change_protection(cur, FAR, FAR, FAR + PAGE_SIZE);
    assert!(!writable(cur));
}

#[test]
fn discarding_whole_tables_frees_them_unless_a_guard_stays() {
    let mut system = system();
    map(&mut system, FAR, 2048, RW);
    let table = 512 * PAGE_SIZE;
    for n in 0..4 {
        store(&mut system, P0, FAR + n * table, 5);
    }
    let cur = &mut current(&mut system);
    cur.mm.tables.set(FAR + PAGE_SIZE, Pte::Guard);
    let vma = cur.mm.vmas.at(FAR).unwrap().clone();
    let before = cur.mm.tables.count();
    zap::discard_range(cur, &vma, FAR, FAR + 3 * table + PAGE_SIZE);
    assert_eq!(cur.mm.tables.count(), before - 2);
    assert_eq!(cur.mm.tables.pte(FAR + PAGE_SIZE), Pte::Guard);
    zap::unmap_range(cur, FAR, vma.end, &vma);
    assert!(cur.mm.tables.pte(FAR + PAGE_SIZE).is_none());
    assert_eq!(cur.mm.rss.anon, 0);
    assert_eq!(cur.mm.hiwater_rss, 4 + 19);
}
