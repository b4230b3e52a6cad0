use super::*;
use crate::observe::{Complaint, SmapsDecoder};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::errno::Errno;
use mm_reference::op::{Call, Contents, Outcome, Signal, Trap};
use mm_reference::snapshot::{
    MapsLine, Name, NumaLine, PageEntry, PageFlags, Perms, Rollup, Statm, Status, SystemCounts,
    Window,
};
use proptest::prelude::*;

const TEXT: &str = include_str!("../../testdata/smaps-6.18.txt");
const PRESENT: u64 = PageEntry::PRESENT | PageEntry::EXCLUSIVE;

/// A process whose pages have the frames given, from `frame_base` on.
fn process(id: u8, frames: &[u64]) -> ProcessSnapshot {
    let mut smaps = Vec::new();
    SmapsDecoder::default().decode(TEXT.as_bytes(), &mut smaps).unwrap();
    let mut status = Status::default();
    for (field, value) in [
        (StatusField::VmPeak, 9000),
        (StatusField::VmSize, 8000),
        (StatusField::VmHwm, 1000),
        (StatusField::VmRss, 600),
        (StatusField::VmPte, 44),
    ] {
        status.set(field, value);
    }
    ProcessSnapshot {
        process: ProcessId(id),
        maps: smaps.iter().map(|entry| entry.line.clone()).collect(),
        smaps,
        pagemap: vec![Window {
            start: 0x3000_1000,
            entries: frames.iter().map(|f| PageEntry(PRESENT | f)).collect(),
        }],
        status,
        contents: vec![(0x3000_1000, Contents::Uniform(7)), (0x3000_2000, Contents::Mixed(77))],
        ..ProcessSnapshot::default()
    }
}

fn snapshot(frames: &[&[u64]]) -> Snapshot {
    Snapshot { processes: (0..).zip(frames).map(|(id, frames)| process(id, frames)).collect() }
}

fn differences(expected: &Snapshot, actual: &Snapshot) -> Vec<Difference> {
    let mut out = Vec::new();
    compare(expected, actual, &Capabilities::full(), &mut out);
    out
}

/// A process of which every view was read.
fn viewed() -> ProcessSnapshot {
    let mut process = process(0, &[1, 2, 3]);
    process.status.set(StatusField::RssFile, 200);
    process.status.set(StatusField::RssShmem, 100);
    let mut statm = Statm::default();
    for (field, value) in [(StatmField::Size, 2000), (StatmField::Resident, 150)] {
        statm.set(field, value);
    }
    statm.set(StatmField::Shared, 75);
    let mut rollup = Rollup { start: 0x1000, end: 0x9000, ..Rollup::default() };
    let used = process.smaps.iter().filter_map(|entry| entry.get(SmapsField::Referenced)).sum();
    for (field, value) in [(RollupField::Pss, 10), (RollupField::Referenced, used)] {
        rollup.set(field, value);
    }
    let mut line = NumaLine::new(process.maps[0].start, Name::Heap);
    for (field, value) in [(NumaField::Anon, 4), (NumaField::Active, 1), (NumaField::Pages, 4)] {
        line.set(field, value);
    }
    process.page_counts = vec![(0x3000_1000, 1)];
    process.away = vec![(0x3000_4000, Contents::Uniform(0))];
    process.numa_maps = vec![line, NumaLine::new(process.maps[1].start, Name::None)];
    ProcessSnapshot { statm: Some(statm), rollup: Some(rollup), ..process }
}

/// The signatures that a change of the expected and of the actual side gives.
fn signatures_of_views(
    caps: &Capabilities,
    change: impl FnOnce(&mut ProcessSnapshot, &mut ProcessSnapshot),
) -> Vec<String> {
    let (mut e, mut a) = (viewed(), viewed());
    change(&mut e, &mut a);
    let [expected, actual] = [e, a].map(|process| Snapshot { processes: vec![process] });
    let mut out = Vec::new();
    compare(&expected, &actual, caps, &mut out);
    out.iter().map(signature).collect()
}

#[test]
fn every_view_is_compared() {
    let caps = Capabilities::full();
    let of = |change: fn(&mut ProcessSnapshot)| signatures_of_views(&caps, |_, a| change(a));
    assert_eq!(of(|_| {}), [""; 0]);
    let statm = of(|a| a.statm.as_mut().unwrap().set(StatmField::Resident, 149));
    assert_eq!(statm, ["munlockall.statm-resident.less"]);
    let rollup = of(|a| a.rollup.as_mut().unwrap().set(RollupField::Pss, 11));
    assert_eq!(rollup, ["munlockall.rollup-Pss.more"]);
    assert_eq!(of(|a| a.rollup.as_mut().unwrap().end += 1), ["munlockall.rollup-range.changed"]);
    let unknown = of(|a| a.rollup.as_mut().unwrap().unknown.push("New: 1".into()));
    assert_eq!(unknown, ["munlockall.rollup-unknown.extra"]);
    let mapmax = of(|a| a.numa_maps[0].set(NumaField::Mapmax, 2));
    assert_eq!(mapmax, ["munlockall.numa-mapmax.extra"]);
    let active = of(|a| a.numa_maps[0].set(NumaField::Active, 2));
    assert_eq!(active, ["munlockall.numa-active.more"]);
    let policy = of(|a| a.numa_maps[0].policy = Some("bind:0".into()));
    assert_eq!(policy, ["munlockall.numa-line.changed"]);
    let gone = of(|a| drop(a.numa_maps.pop()));
    assert_eq!(gone, ["munlockall.numa-line.missing"]);
    assert_eq!(of(|a| a.page_counts[0].1 = 2), ["munlockall.kpagecount.more"]);
    let away = of(|a| a.away[0].1 = Contents::Uniform(7));
    assert_eq!(away, ["munlockall.contents.uniform-not-zeroes"]);
}

#[test]
fn views_that_one_side_lacks_are_not_compared() {
    let nothing = signatures_of_views(&Capabilities::full(), |_, a| {
        (a.statm, a.rollup) = (None, None);
        a.numa_maps.clear();
        a.page_counts.clear();
    });
    assert_eq!(nothing, [""; 0]);
}

#[test]
fn views_of_one_kernel_may_not_contradict_each_other() {
    let caps = Capabilities { rss_lag: Some(264), lru_lists: false, ..Capabilities::full() };
    let lagging = |a: &mut ProcessSnapshot, by: u64| {
        let rss = a.status.get(StatusField::VmRss).unwrap();
        a.status.set(StatusField::VmRss, rss - by);
    };
    // both lag by as much
    let both = signatures_of_views(&caps, |_, a| {
        lagging(a, 8);
        a.statm.as_mut().unwrap().set(StatmField::Resident, 148);
    });
    assert_eq!(both, [""; 0]);
    assert_eq!(
        signatures_of_views(&caps, |_, a| lagging(a, 8)),
        ["munlockall.statm-resident.more"]
    );
    // more pages were used than those with an accessed bit, for smaps alone
    let used = signatures_of_views(&caps, |e, _| e.smaps[1].set(SmapsField::Referenced, 0));
    assert_eq!(used, [""; 0]);
    let other = signatures_of_views(&caps, |_, a| {
        let rollup = a.rollup.as_mut().unwrap();
        rollup.set(RollupField::Referenced, rollup.get(RollupField::Referenced).unwrap() + 4);
    });
    assert_eq!(other, ["munlockall.rollup-Referenced.more"]);
}

#[test]
fn active_pages_have_bounds_where_they_cannot_be_foretold() {
    let caps = Capabilities::full();
    let read_back = |active: u64| {
        signatures_of_views(&caps, |e, a| {
            e.numa_maps[0].active_or_not = 2;
            a.numa_maps[0].set(NumaField::Active, active);
        })
    };
    assert_eq!(read_back(3), [""; 0]);
    assert_eq!(read_back(0), ["munlockall.numa-active.less"]);
    let of_file = |active: u64| {
        signatures_of_views(&caps, |e, a| {
            for line in [&mut e.numa_maps[0], &mut a.numa_maps[0]] {
                line.name = Name::Other("/memfd:mmdiff-arena (deleted)".into());
            }
            a.numa_maps[0].set(NumaField::Active, active);
        })
    };
    assert_eq!(of_file(0), [""; 0]);
    assert_eq!(of_file(5), ["munlockall.numa-active.more"]);
}

/// The signatures that one change of the actual side gives.
fn signatures(change: impl FnOnce(&mut ProcessSnapshot)) -> Vec<String> {
    let expected = snapshot(&[&[1, 2, 3]]);
    let mut actual = expected.clone();
    change(&mut actual.processes[0]);
    differences(&expected, &actual).iter().map(signature).collect()
}

fn signature(difference: &Difference) -> String {
    Signature::new(&Call::Munlockall, difference).to_string()
}

#[test]
fn equal_snapshots_do_not_differ() {
    assert_eq!(signatures(|_| ()), Vec::<String>::new());
}

#[test]
fn each_change_has_its_signature() {
    use SmapsField::{Ksm, Pss, Rss};
    let one = |change: fn(&mut ProcessSnapshot)| signatures(change).join(" ");
    assert_eq!(one(|p| p.maps[0].perms = Perms(*b"rw-p")), "munlockall.maps-perms.rw-p-not-r-xp");
    assert_eq!(one(|p| p.maps[2].name = Name::None), "munlockall.maps-name.none-not-heap");
    assert_eq!(one(|p| p.maps[1].offset = 0), "munlockall.maps-offset.less");
    assert_eq!(one(|p| p.maps[1].inode += 1), "munlockall.maps-inode.more");
    assert_eq!(one(|p| p.maps[1].dev.1 += 1), "munlockall.maps-dev.changed");
    assert_eq!(one(|p| p.maps[2].start -= 0x1000), "munlockall.maps-start.less");
    assert_eq!(one(|p| p.maps[2].end += 0x1000), "munlockall.maps-end.more");
    assert_eq!(one(|p| drop(p.maps.remove(2))), "munlockall.maps-line.missing");
    assert_eq!(one(|p| p.smaps[0].set(Rss, 0)), "munlockall.smaps-Rss.less");
    assert_eq!(one(|p| p.smaps[0].present &= !(1 << Ksm as u32)), "munlockall.smaps-KSM.missing");
    assert_eq!(one(|p| p.smaps[3].set(Pss, 1 << 30)), "munlockall.smaps-Pss.more");
    assert_eq!(one(|p| p.smaps[0].unknown.push("New: 1".into())), "munlockall.smaps-unknown.extra");
    assert_eq!(one(|p| p.smaps[0].flags.push(*b"gu")), "munlockall.vmflag-gu.extra");
    assert_eq!(one(|p| p.smaps[0].line.offset = 1 << 12), "munlockall.maps-offset.more");
    assert_eq!(
        one(|p| p.pagemap[0].entries[1].0 ^= PageEntry::EXCLUSIVE),
        "munlockall.pagemap-exclusive.missing"
    );
    assert_eq!(
        one(|p| p.pagemap[0].entries[1].0 = 0),
        "munlockall.pagemap-present.missing",
        "the other bits of an absent page are not listed"
    );
    assert_eq!(one(|p| p.pagemap[0].entries[1].0 |= 1 << 60), "munlockall.pagemap-bit60.extra");
    assert_eq!(
        one(|p| p.contents[0].1 = Contents::Uniform(0)),
        "munlockall.contents.zeroes-not-uniform"
    );
    assert_eq!(one(|p| p.contents.truncate(1)), "munlockall.contents.missing");
    assert_eq!(one(|p| p.status.set(StatusField::VmPte, 48)), "munlockall.status-VmPTE.more");
    assert_eq!(one(|p| p.status.set(StatusField::VmLck, 0)), "munlockall.status-VmLck.extra");
}

#[test]
fn flags_in_another_order_differ() {
    let mut actual = signatures(|p| {
        let codes: Vec<_> = p.smaps[0].flags.codes().iter().rev().copied().collect();
        p.smaps[0].flags = Default::default();
        codes.into_iter().for_each(|code| p.smaps[0].flags.push(code));
    });
    assert_eq!(actual.pop().as_deref(), Some("munlockall.vmflag-order.changed"));
    assert!(actual.is_empty());
}

#[test]
fn the_high_water_mark_is_bounded_not_equal() {
    let with = |mark| signatures(move |p| p.status.set(StatusField::VmHwm, mark)).join(" ");
    assert_eq!(with(1000), "");
    // three counters may each hold back 31 pages
    assert_eq!(with(1000 - 3 * 31 * 4), "");
    assert_eq!(with(999 - 3 * 31 * 4), "munlockall.status-VmHWM.less");
    assert_eq!(with(1001), "munlockall.status-VmHWM.more");
    let low = |rss| {
        let found = signatures(move |p| {
            p.status.set(StatusField::VmRss, rss);
            p.status.set(StatusField::VmHwm, 800);
        });
        found.join(" ")
    };
    assert_eq!(low(800), "munlockall.status-VmRSS.more");
    assert_eq!(low(801), "munlockall.status-VmHWM.less munlockall.status-VmRSS.more");
    let gone = signatures(|p| p.status.present &= !(1 << StatusField::VmHwm as u32));
    assert_eq!(gone, ["munlockall.status-VmHWM.missing"]);
}

#[test]
fn a_split_and_a_merge_are_told_apart() {
    let split = signatures(|p| {
        let mut half = p.maps[2].clone();
        half.start += 0x1000;
        p.maps[2].end = half.start;
        p.maps.insert(3, half);
    });
    assert_eq!(split, ["munlockall.maps-line.split"]);

    let line = |start, end| MapsLine { start, end, ..process(0, &[]).maps[2].clone() };
    let only = |maps: Vec<MapsLine>| Snapshot {
        processes: vec![ProcessSnapshot { maps, ..ProcessSnapshot::default() }],
    };
    let two = only(vec![line(0x1000, 0x2000), line(0x2000, 0x3000)]);
    let one = only(vec![line(0x1000, 0x3000)]);
    let found = differences(&two, &one);
    assert_eq!(found.iter().map(signature).collect::<Vec<_>>(), ["munlockall.maps-line.merged"]);
}

#[test]
fn frames_are_equal_up_to_renaming() {
    let zero = PageEntry::ZERO_FRAME;
    let expected = snapshot(&[&[1, 2, zero, zero], &[1, 3, zero, 4]]);
    let renamed = snapshot(&[&[900, 50, 7, 7], &[900, 51, 7, 52]]);
    assert_eq!(differences(&expected, &renamed), []);
    let kinds = |actual: &[&[u64]]| {
        let found = differences(&expected, &snapshot(actual));
        assert!(found.iter().all(|d| d.field == Field::Frame));
        found.into_iter().map(|d| (d.process.0, d.kind)).collect::<Vec<_>>()
    };
    // a page that should be shared with the parent is a copy
    assert_eq!(kinds(&[&[900, 50, 7, 7], &[901, 51, 7, 52]]), [(1, Kind::Unshared)]);
    // a page that should be a copy is the parent's
    assert_eq!(kinds(&[&[900, 50, 7, 7], &[900, 50, 7, 52]]), [(1, Kind::Shared)]);
    // two zero pages
    assert_eq!(kinds(&[&[900, 50, 7, 8], &[900, 51, 7, 52]]), [(0, Kind::Unshared)]);
    // an ordinary page has the zero page's frame
    assert_eq!(kinds(&[&[900, 50, 7, 7], &[900, 51, 7, 7]]), [(1, Kind::Shared)]);
}

/// What the last of several looks shows, each of them the model's frames and the real ones.
fn looks(looks: &[(&[u64], &[u64])]) -> Vec<(Kind, Place)> {
    let mut comparer = Comparer::default();
    let mut found = Vec::new();
    for (model, real) in looks {
        assert_eq!(found, [], "only the last look shows anything");
        let (expected, actual) = (snapshot(&[model]), snapshot(&[real]));
        comparer.compare(&expected, &actual, &Capabilities::full(), &mut found);
    }
    assert!(found.iter().all(|d| d.field == Field::Frame));
    found.into_iter().map(|d| (d.kind, d.place)).collect()
}

#[test]
fn a_page_that_lives_on_keeps_its_frame() {
    // the next frame in the slot of the first
    let next = 1 | 1 << PageEntry::SLOT_BITS;
    let second = Place::Pages(0x3000_2000, 0x3000_3000);
    let moved = vec![(Kind::Moved, second)];
    assert_eq!(looks(&[(&[1, 2], &[90, 91]), (&[1, 2], &[90, 92])]), moved);
    // wherever the page is mapped meanwhile, and whatever was looked at in between
    assert_eq!(looks(&[(&[1, 2], &[90, 91]), (&[1], &[90]), (&[2, 1], &[91, 93])]), moved);
    // two pages that changed places
    let both = Place::Pages(0x3000_1000, 0x3000_3000);
    let swapped = looks(&[(&[1, 2], &[90, 91]), (&[1, 2], &[91, 90])]);
    assert_eq!(swapped, [(Kind::Moved, both)]);
    // said once
    let mut comparer = Comparer::default();
    let counts = [&[90, 91], &[90, 92], &[90, 92]].map(|real: &[u64; 2]| {
        let mut found = Vec::new();
        let (expected, actual) = (snapshot(&[&[1, 2]]), snapshot(&[real]));
        comparer.compare(&expected, &actual, &Capabilities::full(), &mut found);
        found.len()
    });
    assert_eq!(counts, [0, 1, 0]);
    // a page that was freed leaves its frame to others, and its slot
    assert_eq!(looks(&[(&[1, 2], &[90, 91]), (&[next, 2], &[92, 91])]), []);
    assert_eq!(looks(&[(&[1, 2], &[90, 91]), (&[3, 2], &[90, 91])]), []);
    assert_eq!(looks(&[(&[1, 2], &[90, 91]), (&[2], &[91]), (&[2, 3], &[91, 90])]), []);
}

#[test]
fn the_frames_of_many_pages_are_kept_while_they_live() {
    let many = |from: u64| (from..from + 3000).collect::<Vec<_>>();
    let (old, new) = (many(1), many(4001));
    let swapped: Vec<_> = many(9000).into_iter().rev().collect();
    let looks = looks(&[
        (&old, &many(1_000_000)),
        (&old, &many(1_000_000)),
        (&new, &many(9000)),
        (&new, &many(9000)),
        (&new, &swapped),
    ]);
    assert_eq!(looks, [(Kind::Moved, Place::Pages(0x3000_1000, 0x3000_1000 + 3000 * PAGE_SIZE))]);
}

#[test]
fn hidden_frames_are_not_compared_but_bits_are() {
    let expected = snapshot(&[&[1, 1]]);
    let mut actual = snapshot(&[&[0, 0]]);
    let caps = Capabilities { frames: false, ..Capabilities::full() };
    let mut out = Vec::new();
    compare(&expected, &actual, &caps, &mut out);
    assert_eq!(out, []);
    actual.processes[0].pagemap[0].entries[1].0 |= PageEntry::FILE;
    compare(&expected, &actual, &caps, &mut out);
    assert_eq!(out.iter().map(signature).collect::<Vec<_>>(), ["munlockall.pagemap-file.extra"]);
}

#[test]
fn markers_are_compared_literally() {
    let mut expected = snapshot(&[&[1]]);
    expected.processes[0].pagemap[0].entries[0] = PageEntry(0x4400_0000_0000_009f);
    let mut actual = expected.clone();
    actual.processes[0].pagemap[0].entries[0] = PageEntry(0x4400_0000_0000_005f);
    let found = differences(&expected, &actual);
    assert_eq!(
        found.iter().map(signature).collect::<Vec<_>>(),
        ["munlockall.pagemap-swap-entry.changed"]
    );
}

#[test]
fn parts_that_are_not_compared_may_differ() {
    let caps = Capabilities {
        parts: crate::observe::Want { smaps: false, ..crate::observe::Want::ALL },
        ..Capabilities::full()
    };
    let expected = snapshot(&[&[1]]);
    let mut actual = expected.clone();
    actual.processes[0].smaps.clear();
    let mut out = Vec::new();
    compare(&expected, &actual, &caps, &mut out);
    assert_eq!(out, []);
}

#[test]
fn a_process_may_be_missing_or_too_many() {
    let (one, two) = (snapshot(&[&[1]]), snapshot(&[&[1], &[2]]));
    let found = differences(&two, &one).remove(0);
    assert_eq!((found.process, &found.kind), (ProcessId(1), &Kind::Missing));
    assert_eq!(signature(&differences(&one, &two)[0]), "munlockall.process.extra");
}

#[test]
fn outcomes_differ_by_class() {
    let slug = |expected: Outcome, actual: Outcome| {
        compare_outcome(3, ProcessId(1), &expected, &actual).map(|d| signature(&d))
    };
    let signal = |number, address| {
        Outcome::Signal(Signal { number, code: 1, address, trap: Trap::default() })
    };
    assert_eq!(slug(Outcome::Value(0), Outcome::Value(0)), None);
    for (expected, actual, is) in [
        (Outcome::Value(0), Outcome::Error(Errno::EINVAL), "munlockall.outcome.EINVAL-not-value"),
        (
            Outcome::Error(Errno::ENOMEM),
            Outcome::Error(Errno::EPERM),
            "munlockall.outcome.EPERM-not-ENOMEM",
        ),
        (Outcome::Address(8), Outcome::Address(4), "munlockall.outcome.less"),
        (signal(11, 4), Outcome::Value(0), "munlockall.outcome.value-not-SIGSEGV_SEGV_MAPERR"),
        (signal(11, 4), signal(11, 8), "munlockall.outcome.changed"),
        (
            Outcome::Contents(Contents::Uniform(0)),
            Outcome::Contents(Contents::Uniform(3)),
            "munlockall.outcome.uniform-not-zeroes",
        ),
    ] {
        assert_eq!(slug(expected, actual).as_deref(), Some(is));
    }
}

#[test]
fn complaints_are_named_without_numbers() {
    let with = |headline: &str| {
        let details = vec!["Call Trace:".to_owned()];
        let heard = Complaint { sequence: 1, headline: headline.to_owned(), details };
        signature(&complaint(ProcessId(0), &heard))
    };
    let is = "munlockall.kernel-log.WARNING-mm-vma-c-at-CPU-subject-not-silence";
    assert_eq!(with("WARNING: mm/vma.c:42 at 0xff12+0x1/0x2, CPU#0: subject/77"), is);
    assert_eq!(with("WARNING: mm/vma.c:43 at 0xff13+0x1/0x2, CPU#1: subject/78"), is);
}

#[test]
fn neighbouring_pages_are_one_difference() {
    let expected = snapshot(&[&[1, 2, 3, 4]]);
    let mut actual = expected.clone();
    for entry in &mut actual.processes[0].pagemap[0].entries[1..] {
        *entry = PageEntry(PageEntry::PRESENT | entry.frame() | PageEntry::FILE);
    }
    let found = differences(&expected, &actual);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|d| d.place == Place::Pages(0x3000_2000, 0x3000_5000)));
}

#[test]
fn pages_in_a_window_of_their_own_are_unexpected() {
    let expected = snapshot(&[&[1]]);
    let mut actual = expected.clone();
    let entries = vec![PageEntry(PRESENT | 99)];
    actual.processes[0].pagemap.push(Window { start: 0x7000_0000, entries });
    let found = differences(&expected, &actual);
    assert_eq!(
        found.iter().map(signature).collect::<Vec<_>>(),
        ["munlockall.pagemap-present.extra"]
    );
}

#[test]
fn the_rendering_shows_the_neighbourhood() {
    let expected = snapshot(&[&[1, 2, 3], &[1, 4, 5]]);
    let mut actual = expected.clone();
    let first = &mut actual.processes[0];
    let mut half = first.maps[2].clone();
    half.start += 0x1000;
    first.maps[2].end = half.start;
    first.maps.insert(3, half);
    let second = &mut actual.processes[1];
    second.smaps[2].set(SmapsField::Rss, 8);
    second.smaps[2].set(SmapsField::ThpEligible, 1);
    second.smaps[2].flags.push(*b"gu");
    second.smaps[2].flags.push(*b"sl");
    second.pagemap[0].entries[1] = PageEntry(0);
    second.pagemap[0].entries[2] = PageEntry(PRESENT | 1);
    second.contents[1].1 = Contents::Uniform(0);
    second.status.set(StatusField::VmPte, 48);
    let mut found = differences(&expected, &actual);
    let (good, bad) = (Outcome::Value(0), Outcome::Error(Errno::EPERM));
    found.extend(compare_outcome(5, ProcessId(1), &good, &bad));
    insta::assert_snapshot!(render(&expected, &actual, &found), @r"
    p0 maps:
      00400000-00401000 r-xp 00000000 00:00 0
      00500000-00580000 rw-s 00001000 00:01 1034                               /memfd:arena (deleted)
    - 30001000-30022000 rw-p 00000000 00:00 0                                  [heap]
    + 30001000-30002000 rw-p 00000000 00:00 0                                  [heap]
    + 30002000-30022000 rw-p 00000000 00:00 0                                  [heap]
      7ffff7000000-7ffff7300000 r--p 00000000 00:00 0
      7ffff7400000-7ffff7700000 rw-p 00000000 00:00 0
      (15 lines that agree)
    p1 smaps of 30001000-30022000 rw-p [heap]:
    - Rss: 12 kB
    + Rss: 8 kB
    - THPeligible: 0
    + THPeligible: 1
    - VmFlags: rd wr mr mw me ac
    + VmFlags: rd wr mr mw me ac gu sl
    p1 pagemap-present of 30002000-30003000 (1 page):
    - present|exclusive
    + -
    p1 frame of 30003000-30004000 (1 page):
    - another frame
    + the frame of p0 30001000
    p1 contents of 30002000-30003000 (1 page):
    - #000000000000004d
    + 0x00
    p1 status:
    - VmPTE: 44 kB
    + VmPTE: 48 kB
    p1 outcome of operation 5:
    - 0
    + -EPERM
    ");
    let lines: Vec<_> = found.iter().map(Difference::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    p0 30002000-30022000 maps-line: expected 30001000-30022000 rw-p [heap], actual 30002000-30022000 rw-p [heap]
    p1 30001000-30022000 smaps-Rss: expected 12 kB, actual 8 kB
    p1 30001000-30022000 smaps-THPeligible: expected 0, actual 1
    p1 30001000-30022000 vmflag-gu: expected rd wr mr mw me ac, actual rd wr mr mw me ac gu sl
    p1 30001000-30022000 vmflag-sl: expected rd wr mr mw me ac, actual rd wr mr mw me ac gu sl
    p1 30002000-30003000 pagemap-present: expected present|exclusive, actual -
    p1 30003000-30004000 frame: expected another frame, actual the frame of p0 30001000
    p1 30002000-30003000 contents: expected #000000000000004d, actual 0x00
    p1 process status-VmPTE: expected 44 kB, actual 48 kB
    p1 operation 5 outcome: expected 0, actual -EPERM
    ");
}

/// Mappings of one kind at the places where the list of page counts says so:
/// alternately a gap and a mapping.
fn mappings(counts: &[(u64, u64)]) -> Vec<MapsLine> {
    let mut at = 0x10000;
    let mapping = |&(gap, length): &(u64, u64)| {
        let start = at + gap * PAGE_SIZE;
        at = start + length * PAGE_SIZE;
        MapsLine { start, end: at, ..process(0, &[]).maps[2].clone() }
    };
    counts.iter().map(mapping).collect()
}

proptest! {
    #[test]
    fn lines_that_differ_are_reported(
        expected in prop::collection::vec((0u64..2, 1u64..4), 0..6),
        actual in prop::collection::vec((0u64..2, 1u64..4), 0..6),
    ) {
        let with = |counts: &[(u64, u64)]| Snapshot {
            processes: vec![ProcessSnapshot { maps: mappings(counts), ..Default::default() }],
        };
        let (expected, actual) = (with(&expected), with(&actual));
        let found = differences(&expected, &actual);
        prop_assert_eq!(found.is_empty(), expected == actual);
        render(&expected, &actual, &found);
    }
}

#[test]
fn flags_of_frames_are_compared_by_name() {
    let seen = |flags: PageFlags| {
        let mut snapshot = snapshot(&[&[1]]);
        snapshot.processes[0].page_flags = vec![(0x3000_1000, flags)];
        snapshot
    };
    let locked = PageFlags::LRU | PageFlags::MLOCKED;
    assert!(differences(&seen(locked), &seen(locked | PageFlags::IDLE)).is_empty());
    // a page that is not there shows in pagemap
    assert!(differences(&seen(locked), &snapshot(&[&[1]])).is_empty());
    let found = differences(&seen(locked), &seen(PageFlags::LRU | PageFlags::ACTIVE));
    let found: Vec<_> = found.iter().map(|d| (d.field.to_string(), d.kind.clone())).collect();
    let expected = [("kpageflags-MLOCKED", Kind::Missing), ("kpageflags-ACTIVE", Kind::Extra)];
    assert_eq!(found, expected.map(|(field, kind)| (field.to_owned(), kind)));
    // in generations, whether a page is referenced is not compared
    let caps = Capabilities { lru_lists: false, ..Capabilities::full() };
    let mut out = Vec::new();
    compare(&seen(locked), &seen(locked | PageFlags::REFERENCED), &caps, &mut out);
    assert!(out.is_empty());
}

#[test]
fn counts_of_the_system_differ_by_counter() {
    let mut actual = SystemCounts::NONE;
    actual.set(SystemCounter::CommittedAs, Some(8));
    actual.set(SystemCounter::Mappings, Some(-1));
    actual.set(SystemCounter::Swap, None);
    let mut out = Vec::new();
    compare_counts(&SystemCounts::NONE, &actual, &mut out);
    let shown: Vec<String> = out.iter().map(|d| format!("{} {d}", signature(d))).collect();
    assert_eq!(
        shown,
        [
            "munlockall.system-Committed_AS.more p0 kernel system-Committed_AS: expected 0 kB, actual 8 kB",
            "munlockall.system-vm_area_struct.less p0 kernel system-vm_area_struct: expected 0, actual -1",
        ]
    );
}

#[test]
fn a_task_holds_back_what_its_faults_counted_and_no_more() {
    let caps = Capabilities { rss_lag: Some(66 * 4), ..Capabilities::full() };
    let differs = |held_back, field, expected: u64, actual: u64| {
        let mut sides = [snapshot(&[&[1]]), snapshot(&[&[1]])];
        sides[0].processes[0].status.held_back = held_back;
        sides[0].processes[0].status.set(field, expected);
        sides[1].processes[0].status.set(field, actual);
        let mut out = Vec::new();
        compare(&sides[0], &sides[1], &caps, &mut out);
        !out.is_empty()
    };
    use StatusField::{RssAnon, VmSwap};
    for (held_back, field, expected, actual, is) in [
        // in batches of a CPU anything may be late, either way
        (None, RssAnon, 400, 136, false),
        (None, RssAnon, 400, 132, true),
        // one page less than the program has, when its faults have told all
        (Some(0), RssAnon, 400, 396, true),
        (Some(8), RssAnon, 400, 392, false),
        (Some(8), RssAnon, 400, 388, true),
        (Some(8), RssAnon, 400, 404, true),
        (Some(u64::MAX), RssAnon, 400, 132, true),
        (Some(8), VmSwap, 400, 408, false),
        (Some(8), VmSwap, 400, 396, true),
    ] {
        let case = (held_back, field.name(), expected, actual);
        assert_eq!(differs(held_back, field, expected, actual), is, "{case:?}");
    }
}

#[test]
fn what_cannot_be_counted_is_said_once() {
    let mut caps = Capabilities::full();
    caps.lose_system_counts("others run here".to_owned());
    caps.lose_system_counts("several workers run at once".to_owned());
    assert!(!Observable::SystemCounts.is_compared(&caps));
    let why: Vec<&str> = caps.blind.iter().map(|blind| blind.why.as_str()).collect();
    assert_eq!(why, ["others run here"]);
}
