//! Compares page by page: pagemap entries, the sharing of frames, contents.

use super::frames::Frames;
use super::{outcome, Field, Findings, Kind, PageBit};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::{Contents, Outcome};
use mm_reference::snapshot::{PageEntry, PageFlags, Window};

fn page(address: u64) -> (u64, u64) {
    (address, address + PAGE_SIZE)
}

/// Compares entries; without `frames`, frame numbers and swap entries are not
/// visible.
pub(super) fn compare_pagemap(
    expected: &[Window],
    actual: &[Window],
    mut frames: Option<&mut Frames>,
    findings: &mut Findings<'_>,
) {
    let same_shape = expected.len() == actual.len()
        && expected
            .iter()
            .zip(actual)
            .all(|(e, a)| e.start == a.start && e.entries.len() == a.entries.len());
    if same_shape {
        for (e, a) in expected.iter().zip(actual) {
            let addresses = (e.start..).step_by(PAGE_SIZE as usize);
            for ((&e, &a), address) in e.entries.iter().zip(&a.entries).zip(addresses) {
                // mostly nothing is there
                if e != a || e.is_present() || e.is_in_swap() {
                    compare_entry(e, a, address, frames.as_deref_mut(), findings);
                }
            }
        }
        return;
    }
    // the observer adds windows where it finds pages that should not be there
    let (expected, actual) = (flat(expected), flat(actual));
    super::join(
        &expected,
        &actual,
        |(address, _)| *address,
        |pair| {
            let address = pair.0.or(pair.1).map_or(0, |(address, _)| *address);
            let entry = |side: Option<&(u64, PageEntry)>| side.map_or(PageEntry(0), |(_, e)| *e);
            compare_entry(entry(pair.0), entry(pair.1), address, frames.as_deref_mut(), findings);
        },
    );
}

/// All entries with their addresses, ascending.
fn flat(windows: &[Window]) -> Vec<(u64, PageEntry)> {
    let entries = |w: &Window| {
        (w.start..).step_by(PAGE_SIZE as usize).zip(w.entries.clone()).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = windows.iter().flat_map(entries).collect();
    all.sort_by_key(|(address, _)| *address);
    all
}

#[inline]
fn compare_entry(
    expected: PageEntry,
    actual: PageEntry,
    address: u64,
    frames: Option<&mut Frames>,
    findings: &mut Findings<'_>,
) {
    if expected.bits() != actual.bits() {
        bits(expected, actual, address, findings);
        return;
    }
    let Some(frames) = frames else { return };
    if expected.is_present() {
        frames.frames.pair(expected.frame(), actual.frame(), address, findings);
    } else if expected.is_in_swap() && actual.is_in_swap() {
        // numbered from 1 on above the type
        let place = expected.frame() >> PageEntry::SWAP_TYPE_BITS;
        frames.places.pair(place, actual.frame(), address, findings);
    } else if expected.frame() != actual.frame() {
        let show = |entry: PageEntry| format!("{:#x}", entry.frame());
        let (e, a) = (show(expected), show(actual));
        findings.add_page(page(address), Field::SwapEntry, Kind::Changed, e, a);
    }
}

#[cold]
fn bits(expected: PageEntry, actual: PageEntry, address: u64, findings: &mut Findings<'_>) {
    let mut differing = expected.bits() ^ actual.bits();
    // the other bits of a page that is not there say nothing more
    if differing & PageEntry::PRESENT != 0 {
        differing = PageEntry::PRESENT;
    }
    for (bit, kind) in each_bit(differing, actual.0) {
        let (e, a) = (expected.to_string(), actual.to_string());
        findings.add_page(page(address), Field::Pagemap(bit), kind, e, a);
    }
}

/// The bits that differ, and how; the highest first: they say most.
fn each_bit(differing: u64, actual: u64) -> impl Iterator<Item = (PageBit, Kind)> {
    (0..u64::BITS).rev().filter(move |bit| differing & 1 << bit != 0).map(move |bit| {
        let kind = if actual & 1 << bit == 0 { Kind::Missing } else { Kind::Extra };
        (PageBit(bit), kind)
    })
}

/// Compares the flags of the frames of pages; a page that one side lacks shows
/// in pagemap.
pub(super) fn compare_flags(
    expected: &[(u64, PageFlags)],
    actual: &[(u64, PageFlags)],
    ignored: PageFlags,
    findings: &mut Findings<'_>,
) {
    super::join(
        expected,
        actual,
        |(address, _)| *address,
        |pair| {
            let (Some(&(address, e)), Some(&(_, a))) = pair else { return };
            let mut ignored = ignored;
            if e.contains(PageFlags::ACTIVE_OR_NOT) {
                ignored |= PageFlags::ACTIVE;
            }
            let (e, a) = (e - ignored, a - ignored);
            for (bit, kind) in each_bit((e ^ a).bits(), a.bits()) {
                let (e, a) = (e.to_string(), a.to_string());
                findings.add_page(page(address), Field::PageFlag(bit), kind, e, a);
            }
        },
    );
}

/// Compares the contents of pages.
pub(super) fn compare_contents(
    expected: &[(u64, Contents)],
    actual: &[(u64, Contents)],
    findings: &mut Findings<'_>,
) {
    super::join(
        expected,
        actual,
        |(address, _)| *address,
        |pair| {
            let (e, a) = (pair.0.map(|p| p.1), pair.1.map(|p| p.1));
            if e == a {
                return;
            }
            let address = pair.0.or(pair.1).map_or(0, |p| p.0);
            let kind = match (e, a) {
                (_, None) => Kind::Missing,
                (None, _) => Kind::Extra,
                (Some(e), Some(a)) => Kind::instead(class(e), class(a)),
            };
            let show = |side: Option<Contents>| {
                side.map_or("not readable".to_owned(), |c| outcome::show(&Outcome::Contents(c)))
            };
            findings.add_page(page(address), Field::Contents, kind, show(e), show(a));
        },
    );
}

/// What sort of contents it is.
pub(super) fn class(contents: Contents) -> &'static str {
    match contents {
        Contents::Uniform(0) => "zeroes",
        Contents::Uniform(_) => "uniform",
        Contents::Mixed(_) => "mixed",
    }
}
