//! Compares what says again what maps, smaps, pagemap and status say: statm, smaps_rollup,
//! numa_maps, kpagecount. Where a value cannot be predicted exactly, it has to be what the
//! same kernel says elsewhere: two views that contradict each other are wrong whatever the
//! model says.

use super::counters::number;
use super::{exempt, Capabilities, Field, Findings, Kind, Place};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::snapshot::{
    NumaField, NumaLine, ProcessSnapshot, Rollup, Statm, NUMA_FIELDS, ROLLUP_FIELDS, STATM_FIELDS,
};

/// Compares the views that both sides have.
pub(super) fn compare(
    expected: &ProcessSnapshot,
    actual: &ProcessSnapshot,
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    if let (Some(e), Some(a)) = (&expected.statm, &actual.statm) {
        compare_statm(e, a, actual, caps, findings);
    }
    if let (Some(e), Some(a)) = (&expected.rollup, &actual.rollup) {
        compare_rollup(e, a, actual, caps, findings);
    }
    if !expected.numa_maps.is_empty() && !actual.numa_maps.is_empty() {
        compare_numa(expected, actual, findings);
    }
    compare_counts(&expected.page_counts, &actual.page_counts, findings);
}

fn compare_statm(
    expected: &Statm,
    statm: &Statm,
    actual: &ProcessSnapshot,
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    for &field in STATM_FIELDS {
        let elsewhere = exempt::statm_elsewhere(field, actual, caps);
        let e = elsewhere.unwrap_or(expected.get(field));
        let a = statm.get(field);
        if let Some(kind) = Kind::of_numbers(Some(e), Some(a)) {
            let show = |pages: u64| format!("{pages} pages");
            findings.add(Place::Process, Field::Statm(field), kind, show(e), show(a));
        }
    }
}

fn compare_rollup(
    expected: &Rollup,
    rollup: &Rollup,
    actual: &ProcessSnapshot,
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    let range = |rollup: &Rollup| format!("{:08x}-{:08x}", rollup.start, rollup.end);
    if range(expected) != range(rollup) {
        let (e, a) = (range(expected), range(rollup));
        findings.add(Place::Process, Field::RollupRange, Kind::Changed, e, a);
    }
    for &field in ROLLUP_FIELDS {
        let elsewhere = exempt::rollup_elsewhere(field, actual, caps);
        let (e, a) = (elsewhere.or(expected.get(field)), rollup.get(field));
        if let Some(kind) = Kind::of_numbers(e, a) {
            let (e, a) = (number(e, true), number(a, true));
            findings.add(Place::Process, Field::Rollup(field), kind, e, a);
        }
    }
    if expected.unknown != rollup.unknown {
        let (e, a) = (expected.unknown.join("\n"), rollup.unknown.join("\n"));
        findings.add(Place::Process, Field::RollupUnknown, Kind::of_texts(&e, &a), e, a);
    }
}

/// Compares the lines of mappings; that one of them is missing is said only where maps has
/// the same mappings.
fn compare_numa(expected: &ProcessSnapshot, actual: &ProcessSnapshot, findings: &mut Findings<'_>) {
    let same_lines = expected.maps == actual.maps;
    let place = |start| {
        let line = actual.maps.iter().find(|line| line.start == start);
        Place::Mapping(start, line.map_or(start + PAGE_SIZE, |line| line.end))
    };
    let start = |line: &NumaLine| line.start;
    super::join(&expected.numa_maps, &actual.numa_maps, start, |pair| match pair {
        (Some(e), Some(a)) if e == a => {}
        (Some(e), Some(a)) => compare_line(e, a, place(e.start), findings),
        (e, a) if same_lines => {
            let kind = if a.is_none() { Kind::Missing } else { Kind::Extra };
            let place = place(e.or(a).map_or(0, start));
            let show = |line: Option<&NumaLine>| line.map_or("no line".into(), shown);
            findings.add(place, Field::NumaLine, kind, show(e), show(a));
        }
        _ => {}
    });
}

fn shown(line: &NumaLine) -> String {
    line.to_string()
}

fn compare_line(expected: &NumaLine, actual: &NumaLine, place: Place, findings: &mut Findings<'_>) {
    let head = |line: &NumaLine| (line.policy.clone(), line.name.clone(), line.huge);
    if head(expected) != head(actual) {
        let (e, a) = (shown(expected), shown(actual));
        findings.add(place, Field::NumaLine, Kind::Changed, e, a);
    }
    for &field in NUMA_FIELDS {
        let (mut e, mut a) = (expected.get(field), actual.get(field));
        if field == NumaField::Active {
            if exempt::numa_active_within_bounds(expected, actual) {
                continue;
            }
            (e, a) = (Some(expected.active()), Some(actual.active()));
        }
        if let Some(kind) = Kind::of_numbers(e, a) {
            findings.add(place, Field::Numa(field), kind, shown(expected), shown(actual));
        }
    }
}

/// Compares how often the frames of pages are mapped; a page that one side lacks shows in
/// pagemap.
fn compare_counts(expected: &[(u64, u64)], actual: &[(u64, u64)], findings: &mut Findings<'_>) {
    let address = |count: &(u64, u64)| count.0;
    super::join(expected, actual, address, |pair| {
        let (Some(&(address, e)), Some(&(_, a))) = pair else { return };
        if let Some(kind) = Kind::of_numbers(Some(e), Some(a)) {
            let show = |count: u64| format!("{count} mappings");
            let page = (address, address + PAGE_SIZE);
            findings.add_page(page, Field::PageCount, kind, show(e), show(a));
        }
    });
}
