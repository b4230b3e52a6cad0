//! Compares the lines of maps: which mappings there are, then their columns.

use super::{Field, Findings, Kind, MapsColumn, Place};
use mm_reference::snapshot::{MapsLine, Name, SmapsEntry};

/// What has a header line.
pub(super) trait Mapping {
    fn line(&self) -> &MapsLine;
}

impl Mapping for MapsLine {
    fn line(&self) -> &MapsLine {
        self
    }
}

impl Mapping for SmapsEntry {
    fn line(&self) -> &MapsLine {
        &self.line
    }
}

/// Compares the lines; both lists ascend by address. Lines with the same start
/// or the same end are the same mapping. A start that only one side has, while
/// the other has memory there, is a mapping that was split or merged.
pub(super) fn compare<T: Mapping>(expected: &[T], actual: &[T], findings: &mut Findings<'_>) {
    let (mut e, mut a) = (0, 0);
    loop {
        let pair = (expected.get(e).map(T::line), actual.get(a).map(T::line));
        let (expected_only, line) = match pair {
            (None, None) => return,
            (Some(x), Some(y)) if x.start == y.start || x.end == y.end => {
                columns(x, y, (expected, actual), findings);
                (e, a) = (e + 1, a + 1);
                continue;
            }
            (Some(x), Some(y)) if x.start < y.start => (true, x),
            (Some(x), None) => (true, x),
            (_, Some(y)) => (false, y),
        };
        let other = if expected_only { actual } else { expected };
        let joined = covering(other, line.start);
        let shown = brief(line);
        let joined_text = joined.map_or("no mapping".into(), brief);
        let place = Place::Mapping(line.start, line.end);
        let field = Field::Maps(MapsColumn::Line);
        if expected_only {
            let kind = if joined.is_some() { Kind::Merged } else { Kind::Missing };
            findings.add(place, field, kind, shown, joined_text);
            e += 1;
        } else {
            let kind = if joined.is_some() { Kind::Split } else { Kind::Extra };
            findings.add(place, field, kind, joined_text, shown);
            a += 1;
        }
    }
}

/// Bounds, permissions and name.
pub(super) fn brief(line: &MapsLine) -> String {
    let brief = format!("{:08x}-{:08x} {:?} {}", line.start, line.end, line.perms, line.name);
    brief.trim_end().to_owned()
}

/// The mapping that has this address.
fn covering<T: Mapping>(mappings: &[T], address: u64) -> Option<&MapsLine> {
    let behind = mappings.partition_point(|m| m.line().end <= address);
    mappings.get(behind).map(T::line).filter(|line| line.start <= address)
}

fn columns<T: Mapping>(
    x: &MapsLine,
    y: &MapsLine,
    (expected, actual): (&[T], &[T]),
    findings: &mut Findings<'_>,
) {
    if x == y {
        return;
    }
    let place = Place::Mapping(x.start, x.end);
    let mut number = |column, e: u64, a: u64| {
        if let Some(kind) = Kind::of_numbers(Some(e), Some(a)) {
            findings.add(place, Field::Maps(column), kind, format!("{e:08x}"), format!("{a:08x}"));
        }
    };
    number(MapsColumn::Start, x.start, y.start);
    // where the shorter side goes on with another mapping, that one is reported
    let goes_on = if y.end < x.end { covering(actual, y.end) } else { covering(expected, x.end) };
    if goes_on.is_none() {
        number(MapsColumn::End, x.end, y.end);
    }
    number(MapsColumn::Offset, x.offset, y.offset);
    number(MapsColumn::Inode, x.inode, y.inode);
    if x.perms != y.perms {
        let (e, a) = (format!("{:?}", x.perms), format!("{:?}", y.perms));
        let kind = Kind::instead(&e, &a);
        findings.add(place, Field::Maps(MapsColumn::Perms), kind, e, a);
    }
    if x.dev != y.dev {
        let show = |(major, minor): (u32, u32)| format!("{major:02x}:{minor:02x}");
        let field = Field::Maps(MapsColumn::Dev);
        findings.add(place, field, Kind::Changed, show(x.dev), show(y.dev));
    }
    if x.name != y.name {
        let kind = Kind::instead(class(&x.name), class(&y.name));
        let field = Field::Maps(MapsColumn::Name);
        findings.add(place, field, kind, format!("{:?}", x.name), format!("{:?}", y.name));
    }
}

/// What sort of name it is; names themselves are chosen by the program.
fn class(name: &Name) -> &'static str {
    match name {
        Name::None => "none",
        Name::Heap => "heap",
        Name::Stack => "stack",
        Name::Vsyscall => "vsyscall",
        Name::Anon(_) => "anon",
        Name::Other(_) => "other",
    }
}
