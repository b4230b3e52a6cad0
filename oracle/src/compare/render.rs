//! Shows differences to people: `-` is expected, `+` is actual.

use super::maps::brief;
use super::{Difference, Field, Place};
use mm_reference::op::ProcessId;
use mm_reference::snapshot::{MapsLine, Snapshot};
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff};
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Lines of maps that are shown around those that differ.
const CONTEXT: usize = 2;
/// Differences of one process that are shown in full.
const MOST: usize = 40;

/// The differences between two snapshots as text, process by process: the
/// neighbourhood in maps first, then counters, pages and the rest. The same
/// input gives the same text.
pub fn render(expected: &Snapshot, actual: &Snapshot, differences: &[Difference]) -> String {
    let mut text = String::new();
    // writing to a string cannot fail
    let _ = write_all(expected, actual, differences, &mut text);
    text
}

fn write_all(
    expected: &Snapshot,
    actual: &Snapshot,
    differences: &[Difference],
    out: &mut String,
) -> fmt::Result {
    let processes: BTreeSet<ProcessId> = differences.iter().map(|d| d.process).collect();
    for process in processes {
        let of_process = || differences.iter().filter(|d| d.process == process);
        if of_process().any(|d| matches!(d.field, Field::Maps(_))) {
            writeln!(out, "{process} maps:")?;
            maps(&lines(expected, process), &lines(actual, process), out)?;
        }
        let rest: Vec<_> = of_process().filter(|d| !matches!(d.field, Field::Maps(_))).collect();
        others(expected, &rest, out)?;
    }
    Ok(())
}

fn lines(snapshot: &Snapshot, process: ProcessId) -> Vec<String> {
    let Some(found) = snapshot.processes.iter().find(|p| p.process == process) else {
        return Vec::new();
    };
    let show = |line: &MapsLine| line.to_string().trim_end().to_owned();
    match found.maps.as_slice() {
        [] => found.smaps.iter().map(|entry| show(&entry.line)).collect(),
        maps => maps.iter().map(show).collect(),
    }
}

/// How many lines are left out.
fn agreeing(lines: usize) -> String {
    match lines {
        1 => "1 line that agrees".to_owned(),
        lines => format!("{lines} lines that agree"),
    }
}

fn maps(expected: &[String], actual: &[String], out: &mut String) -> fmt::Result {
    let borrow = |lines: &'_ [String]| {
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n") + "\n"
    };
    let (expected, actual) = (borrow(expected), borrow(actual));
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(&expected, &actual);
    let mut end = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let start = group.first().map_or(0, |op: &DiffOp| op.old_range().start);
        if start > end {
            writeln!(out, "  ({})", agreeing(start - end))?;
        }
        for op in &group {
            end = op.old_range().end;
            for change in diff.iter_changes(op) {
                let sign = match change.tag() {
                    ChangeTag::Equal => ' ',
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                };
                writeln!(out, "{sign} {}", change.value().trim_end())?;
            }
        }
    }
    let total = diff.old_slices().len();
    if total > end {
        writeln!(out, "  ({})", agreeing(total - end))?;
    }
    Ok(())
}

/// Differences outside maps, under a heading for each place.
fn others(expected: &Snapshot, differences: &[&Difference], out: &mut String) -> fmt::Result {
    let mut heading = String::new();
    let mut last: Option<&Difference> = None;
    for difference in differences.iter().take(MOST) {
        let here = title(expected, difference);
        if here != heading {
            writeln!(out, "{here}:")?;
            heading = here;
            last = None;
        }
        // all flags stand on one line, which is shown once
        let name = difference.field.line_name();
        // all of a line of numa_maps as well
        let shown = match difference.field {
            Field::Numa(_) | Field::NumaLine => last.is_some_and(|l| {
                (&l.expected, &l.actual) == (&difference.expected, &difference.actual)
            }),
            _ => name == Some("VmFlags") && last.is_some_and(|l| l.field.line_name() == name),
        };
        if !shown {
            let label = name.map_or(String::new(), |name| format!("{name}: "));
            value('-', &label, &difference.expected, out)?;
            value('+', &label, &difference.actual, out)?;
        }
        last = Some(difference);
    }
    match differences.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => writeln!(out, "({more} more differences)"),
    }
}

fn value(sign: char, label: &str, text: &str, out: &mut String) -> fmt::Result {
    text.split('\n').try_for_each(|line| writeln!(out, "{sign} {label}{line}"))
}

/// What the heading says: smaps and status lines name themselves.
fn title(expected: &Snapshot, difference: &Difference) -> String {
    let Difference { process, place, field, .. } = difference;
    match (place, field) {
        (Place::Operation(index), _) => format!("{process} {field} of operation {index}"),
        (Place::System, _) => field.to_string(),
        (Place::Process, Field::Status(_)) => format!("{process} status"),
        (Place::Process, Field::Statm(_)) => format!("{process} statm"),
        (Place::Process, Field::Rollup(_) | Field::RollupUnknown) => {
            format!("{process} smaps_rollup")
        }
        (Place::Mapping(..), Field::Numa(_) | Field::NumaLine) => {
            // its lines say where they belong
            format!("{process} numa_maps")
        }
        (Place::Process, _) => format!("{process} {field}"),
        (Place::Mapping(start, _), _) => {
            let line = expected
                .processes
                .iter()
                .filter(|p| p.process == *process)
                .flat_map(|p| &p.smaps)
                .find(|entry| entry.line.start == *start)
                .map(|entry| brief(&entry.line));
            format!("{process} smaps of {}", line.unwrap_or_else(|| place.to_string()))
        }
        (Place::Pages(start, end), _) => {
            let count = mm_reference::addr::pages(end - start);
            let noun = if count == 1 { "page" } else { "pages" };
            format!("{process} {field} of {place} ({count} {noun})")
        }
    }
}
