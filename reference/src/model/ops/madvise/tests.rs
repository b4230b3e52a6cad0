use super::super::bench::{errno, page, Bench};
use super::*;
use crate::addr::PAGE_SIZE;
use crate::model::folio::FolioFlags;
use crate::model::page_table::{Pte, PteBits};
use crate::profile::Swap;

const RW: VmFlags = VmFlags::WRITE;

fn advise(bench: &mut Bench, from: u64, to: u64, advice: i32) -> Option<Errno> {
    errno(madvise(&mut bench.cur(), page(from), page(to) - page(from), advice))
}

#[test]
fn arguments_are_checked_before_mappings() {
    let mut bench = Bench::new();
    let cur = &mut bench.cur();
    assert_eq!(errno(madvise(cur, 1, 0, 99)), Some(Errno::EINVAL));
    assert_eq!(errno(madvise(cur, 1, 0, MADV_COLD)), Some(Errno::EINVAL));
    assert_eq!(errno(madvise(cur, page(0), u64::MAX, MADV_COLD)), Some(Errno::EINVAL));
    assert_eq!(madvise(cur, page(0), 0, MADV_COLD), Ok(Outcome::Value(0)));
    assert_eq!(errno(madvise(cur, page(0), 1, MADV_COLD)), Some(Errno::ENOMEM));
    assert_eq!(errno(madvise(cur, page(0), 1, MADV_HWPOISON)), Some(Errno::EPERM));
}

#[test]
fn holes_are_reported_after_the_rest_is_done() {
    let mut bench = Bench::new();
    bench.map(0, 2, RW);
    bench.map(4, 6, RW);
    assert_eq!(advise(&mut bench, 1, 8, MADV_DONTFORK), Some(Errno::ENOMEM));
    let spans = bench.spans(VmFlags::DONTCOPY);
    assert_eq!(spans, [(0, 1, false), (1, 2, true), (4, 6, true)]);
    assert_eq!(advise(&mut bench, 1, 2, MADV_DOFORK), None);
    assert_eq!(bench.spans(VmFlags::DONTCOPY), [(0, 2, false), (4, 6, true)]);
}

#[test]
fn a_split_too_many_asks_to_retry() {
    let mut bench = Bench::new();
    bench.map(0, 4, RW);
    bench.profile.settings.max_map_count = 1;
    assert_eq!(advise(&mut bench, 1, 2, MADV_RANDOM), Some(Errno::EAGAIN));
    assert_eq!(advise(&mut bench, 1, 2, MADV_NORMAL), None);
}

#[test]
fn sealed_memory_is_discarded_only_where_it_is_writable() {
    let mut bench = Bench::new();
    bench.map(0, 1, VmFlags::SEALED);
    bench.map(1, 2, VmFlags::SEALED | RW);
    assert_eq!(advise(&mut bench, 0, 2, MADV_DONTNEED), Some(Errno::EPERM));
    assert_eq!(advise(&mut bench, 0, 2, MADV_COLD), None);
    bench.touch(1);
    assert_eq!(advise(&mut bench, 1, 2, MADV_DONTNEED), None);
    assert_eq!(bench.bits(1), None);
}

#[test]
fn locked_memory_is_discarded_only_on_purpose() {
    let mut bench = Bench::new();
    bench.map(0, 1, RW);
    bench.map(2, 3, RW | VmFlags::LOCKED);
    bench.touch(0);
    bench.touch(2);
    // what lies before the locked mapping is gone
    assert_eq!(advise(&mut bench, 0, 3, MADV_DONTNEED), Some(Errno::EINVAL));
    assert_eq!((bench.bits(0), bench.bits(2).is_some()), (None, true));
    for advice in [MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_REMOVE, MADV_GUARD_INSTALL] {
        assert_eq!(advise(&mut bench, 2, 3, advice), Some(Errno::EINVAL));
    }
    assert_eq!(advise(&mut bench, 2, 3, MADV_DONTNEED_LOCKED), None);
    assert_eq!((bench.bits(2), bench.folios.count()), (None, 0));
}

#[test]
fn lazily_freed_pages_go_unless_they_are_written_again() {
    let mut bench = Bench::new();
    bench.map(0, 3, RW);
    let ids = [0, 1, 2].map(|n| bench.touch(n));
    assert_eq!(advise(&mut bench, 0, 2, MADV_FREE), None);
    assert_eq!(bench.bits(0), Some(PteBits::WRITE | PteBits::SOFT_DIRTY));
    assert!(!bench.flags(ids[0]).contains(FolioFlags::SWAPBACKED));
    let written = PteBits::WRITE | PteBits::DIRTY;
    bench.mm.tables.set(page(1), Pte::Page(ids[1], written));
    assert_eq!(advise(&mut bench, 0, 3, MADV_PAGEOUT), None);
    assert_eq!(bench.bits(0), None);
    assert_eq!(bench.bits(1), Some(written));
    assert!(bench.flags(ids[1]).contains(FolioFlags::SWAPBACKED | FolioFlags::DIRTY));
    assert_eq!(bench.bits(2), Some(written | PteBits::YOUNG));
    assert_eq!((bench.mm.rss.anon, bench.mm.hiwater_rss), (2, 3));
    bench.profile.settings.swap = Swap::Disk;
    let swapped = madvise(&mut bench.cur(), page(0), 3 * PAGE_SIZE, MADV_PAGEOUT);
    assert!(matches!(swapped, Err(Fail::Unknown(_))));
}

#[test]
fn shared_pages_keep_their_age() {
    let mut bench = Bench::new();
    bench.map(0, 2, RW);
    let shared = bench.touch(0);
    bench.folios.map(shared);
    bench.touch(1);
    assert_eq!(advise(&mut bench, 0, 2, MADV_COLD), None);
    let young = |n| bench.bits(n).is_some_and(|bits| bits.contains(PteBits::YOUNG));
    assert!(young(0) && !young(1));
}

#[test]
fn guards_replace_pages_and_leave_nothing() {
    let mut bench = Bench::new();
    bench.map(0, 4, RW);
    bench.touch(1);
    bench.touch(3);
    bench.profile.rules.insert(Rule::MaybeGuard);
    assert_eq!(advise(&mut bench, 0, 3, MADV_GUARD_INSTALL), None);
    assert_eq!(bench.spans(VmFlags::MAYBE_GUARD), [(0, 4, true)]);
    assert_eq!(bench.mm.tables.pte(page(1)), Pte::Guard);
    assert_eq!(advise(&mut bench, 0, 4, MADV_DONTNEED), None);
    assert_eq!(bench.mm.tables.pte(page(2)), Pte::Guard);
    assert_eq!(advise(&mut bench, 0, 2, MADV_GUARD_REMOVE), None);
    assert_eq!(bench.mm.tables.pte(page(1)), Pte::None);
    assert_eq!(bench.mm.tables.pte(page(2)), Pte::Guard);
    assert_eq!(bench.spans(VmFlags::MAYBE_GUARD), [(0, 4, true)]);
}

#[test]
fn advice_about_flags_knows_droppable_memory() {
    let mut bench = Bench::new();
    let droppable = VmFlags::DROPPABLE | VmFlags::WIPEONFORK | VmFlags::DONTDUMP;
    bench.map(0, 1, RW | droppable);
    assert_eq!(advise(&mut bench, 0, 1, MADV_KEEPONFORK), Some(Errno::EINVAL));
    assert_eq!(advise(&mut bench, 0, 1, MADV_DODUMP), Some(Errno::EINVAL));
    assert_eq!(advise(&mut bench, 0, 1, MADV_MERGEABLE), None);
    assert_eq!(bench.spans(VmFlags::MERGEABLE), [(0, 1, false)]);
    assert_eq!(advise(&mut bench, 0, 1, MADV_COLLAPSE), Some(Errno::EINVAL));
}
