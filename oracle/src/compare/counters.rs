//! Compares counters and flags: smaps entries, status.

use super::{exempt, Capabilities, Difference, Exemption, Field, Findings, Kind, Place};
use mm_reference::op::ProcessId;
use mm_reference::snapshot::{
    SmapsEntry, SmapsField, Status, SystemCounts, VmFlagList, SMAPS_FIELDS, STATUS_FIELDS,
    SYSTEM_COUNTERS,
};

/// Compares the entries of mappings that both sides have with the same bounds;
/// the others are told apart by their lines.
pub(super) fn compare_smaps(
    expected: &[SmapsEntry],
    actual: &[SmapsEntry],
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    let bounds = |entry: &SmapsEntry| (entry.line.start, entry.line.end);
    super::join(expected, actual, bounds, |pair| {
        if let (Some(e), Some(a)) = pair {
            if e != a {
                compare_entry(e, a, caps, findings);
            }
        }
    });
}

fn compare_entry(
    expected: &SmapsEntry,
    actual: &SmapsEntry,
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    let place = Place::Mapping(expected.line.start, expected.line.end);
    for &field in SMAPS_FIELDS {
        let (e, a) = (expected.get(field), actual.get(field));
        if let Some(kind) = Kind::of_numbers(e, a) {
            let used = field == SmapsField::Referenced;
            if used && exempt::used_within_bounds(expected, actual, caps) {
                continue;
            }
            let show = |value| number(value, field.in_kb());
            findings.add(place, Field::Smaps(field), kind, show(e), show(a));
        }
    }
    if expected.unknown != actual.unknown {
        let (e, a) = (expected.unknown.join("\n"), actual.unknown.join("\n"));
        findings.add(place, Field::SmapsUnknown, Kind::of_texts(&e, &a), e, a);
    }
    if expected.flags != actual.flags {
        compare_flags(&expected.flags, &actual.flags, place, findings);
    }
}

fn compare_flags(
    expected: &VmFlagList,
    actual: &VmFlagList,
    place: Place,
    findings: &mut Findings<'_>,
) {
    let show = |flags: &VmFlagList| flags.to_string().trim_end().to_owned();
    let mut add = |field, kind| findings.add(place, field, kind, show(expected), show(actual));
    let (e, a) = (expected.codes(), actual.codes());
    let mut same = true;
    for &code in e.iter().filter(|code| !a.contains(code)) {
        add(Field::VmFlag(code), Kind::Missing);
        same = false;
    }
    for &code in a.iter().filter(|code| !e.contains(code)) {
        add(Field::VmFlag(code), Kind::Extra);
        same = false;
    }
    if same {
        add(Field::VmFlagOrder, Kind::Changed);
    }
}

/// Compares the memory lines of status.
pub(super) fn compare_status(
    expected: &Status,
    actual: &Status,
    caps: &Capabilities,
    findings: &mut Findings<'_>,
) {
    for &field in STATUS_FIELDS {
        let (e, a) = (expected.get(field), actual.get(field));
        let Some(kind) = Kind::of_numbers(e, a) else { continue };
        if exempt::within_lag(field, (e, a), expected.held_back, caps) {
            continue;
        }
        if Exemption::of(field).is_some_and(|x| x.allows(expected, actual, caps)) {
            continue;
        }
        let (e, a) = (number(e, true), number(a, true));
        findings.add(Place::Process, Field::Status(field), kind, e, a);
    }
}

/// Compares what a program accounts for in the counts of its system; a counter that either
/// side does not know is passed over.
pub fn compare_counts(expected: &SystemCounts, actual: &SystemCounts, out: &mut Vec<Difference>) {
    for &counter in SYSTEM_COUNTERS {
        let (Some(e), Some(a)) = (expected.get(counter), actual.get(counter)) else { continue };
        let kind = match a.cmp(&e) {
            std::cmp::Ordering::Less => Kind::Less,
            std::cmp::Ordering::Greater => Kind::More,
            std::cmp::Ordering::Equal => continue,
        };
        let unit = if counter.in_kb() { " kB" } else { "" };
        let (expected, actual) = (format!("{e}{unit}"), format!("{a}{unit}"));
        let (process, place) = (ProcessId(0), Place::System);
        let field = Field::System(counter);
        out.push(Difference { process, place, field, kind, expected, actual });
    }
}

pub(super) fn number(value: Option<u64>, in_kb: bool) -> String {
    match value {
        None => "no such line".to_owned(),
        Some(value) if in_kb => format!("{value} kB"),
        Some(value) => value.to_string(),
    }
}

impl Field {
    /// The name of the line that the field is printed on, where it has one.
    pub(super) fn line_name(&self) -> Option<&'static str> {
        match self {
            Field::Smaps(field) => Some(SmapsField::name(*field)),
            Field::Status(field) => Some(field.name()),
            Field::Statm(field) => Some(field.name()),
            Field::Rollup(field) => Some(field.name()),
            Field::VmFlag(_) | Field::VmFlagOrder => Some("VmFlags"),
            _ => None,
        }
    }
}
