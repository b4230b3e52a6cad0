//! The C reproducer of a finding.

use super::c::{c_program, Check, MapsRange};
use crate::campaign::Finding;
use crate::compare::{Difference, Field, Place, Signature};
use mm_reference::model::{Seed, System};
use mm_reference::op::{Layout, Outcome, ProcessId};
use mm_reference::snapshot::{MapsLine, PageEntry, ProcessSnapshot, Snapshot};
use mm_reference::text::{parse, Mode, Program};

/// A difference with all that a C program of it is made from.
pub(crate) struct Evidence<'a> {
    /// What makes it the same as another.
    pub(crate) signature: &'a Signature,
    /// The program, with the results that are expected.
    pub(crate) program: &'a Program,
    /// Where the bases of addresses were.
    pub(crate) layout: &'a Layout,
    /// What was expected of each operation, and what came of it.
    pub(crate) outcomes: &'a [(Outcome, Outcome)],
    /// What differs.
    pub(crate) differences: &'a [Difference],
    /// The states at that moment: the expected one, and the other.
    pub(crate) states: Option<(&'a Snapshot, &'a Snapshot)>,
    /// The state that the program starts from.
    pub(crate) start: &'a System,
}

/// A C program that shows the finding; a comment when its kind of difference
/// cannot be looked for from within a program.
pub fn c_of(finding: &Finding) -> String {
    let seen = finding.divergence.seen.as_deref();
    c_of_evidence(&Evidence {
        signature: &finding.signature,
        program: &finding.program,
        layout: &finding.layout,
        outcomes: &finding.outcomes,
        differences: &finding.divergence.differences,
        states: seen.map(|seen| (&seen.expected, &seen.actual)),
        start: &finding.start,
    })
}

/// A C program that shows a difference, as [`c_of`].
pub(crate) fn c_of_evidence(evidence: &Evidence<'_>) -> String {
    let checks = evidence.differences.iter();
    match checks.filter_map(|difference| check(evidence, difference)).next() {
        Some(check) => c_program(evidence.program, evidence.layout, &check),
        None => format!(
            "/* {}: this difference shows only from outside; run program.mm with mmdiff */\n",
            evidence.signature
        ),
    }
}

/// A C program for what brought a kernel down: it does what the program does, and
/// gets to its end where the kernel survives it. Empty for what is no program.
pub fn c_of_crash(program: &str) -> String {
    let Ok(program) = parse(program, Mode::Strict) else { return String::new() };
    c_program(&program, &Seed::standard().layout, &Check::Survival)
}

/// The first difference that a program can look for itself.
fn check(finding: &Evidence<'_>, difference: &Difference) -> Option<Check> {
    let process = difference.process;
    let layout = finding.layout;
    if let (Field::Outcome, Place::Operation(op_index)) = (difference.field, difference.place) {
        let (expected, actual) = finding.outcomes.get(op_index)?.clone();
        return Some(Check::Outcome { op_index, expected, actual });
    }
    let (expected, actual) = finding.states?;
    let of =
        |snapshots: &[ProcessSnapshot]| snapshots.iter().find(|s| s.process == process).cloned();
    let (expected, actual) = (of(&expected.processes)?, of(&actual.processes)?);
    let Place::Mapping(start, _) = difference.place else {
        return check_pages(difference, process, layout, &expected, &actual)
            .or_else(|| check_status(finding, difference, process));
    };
    let at = layout.express(start);
    let entry = |s: &ProcessSnapshot| s.smaps.iter().find(|e| e.line.start == start).cloned();
    match difference.field {
        Field::Maps(_) => Some(Check::MapsLine {
            process,
            addr: at,
            expected: line_at(&expected, start, layout),
            actual: line_at(&actual, start, layout),
        }),
        Field::Smaps(field) => Some(Check::SmapsValue {
            process,
            vma_start: at,
            field: field.name().to_owned(),
            expected: entry(&expected)?.get(field)?,
            actual: entry(&actual)?.get(field)?,
        }),
        Field::VmFlag(_) | Field::VmFlagOrder => Some(Check::VmFlags {
            process,
            vma_start: at,
            expected: entry(&expected)?.flags.to_string(),
            actual: entry(&actual)?.flags.to_string(),
        }),
        _ => None,
    }
}

fn line_at(snapshot: &ProcessSnapshot, address: u64, layout: &Layout) -> Option<MapsRange> {
    let holds = |line: &&MapsLine| line.start <= address && address < line.end;
    snapshot.maps.iter().find(holds).map(|line| MapsRange {
        start: layout.express(line.start),
        end: layout.express(line.end),
        perms: String::from_utf8_lossy(&line.perms.0).into_owned(),
        name: line.name.to_string(),
    })
}

fn check_pages(
    difference: &Difference,
    process: ProcessId,
    layout: &Layout,
    expected: &ProcessSnapshot,
    actual: &ProcessSnapshot,
) -> Option<Check> {
    let Place::Pages(start, _) = difference.place else { return None };
    let page = layout.express(start);
    match difference.field {
        Field::Contents => {
            let of = |s: &ProcessSnapshot| {
                s.contents.iter().find(|(at, _)| *at == start).map(|(_, contents)| *contents)
            };
            Some(Check::Contents { process, page, expected: of(expected)?, actual: of(actual)? })
        }
        Field::Pagemap(_) => {
            let of = |s: &ProcessSnapshot| {
                s.pagemap.iter().find_map(|window| {
                    let index = usize::try_from(start.checked_sub(window.start)? >> 12).ok()?;
                    window.entries.get(index).copied()
                })
            };
            let (expected, actual) = (of(expected)?.bits(), of(actual)?.bits());
            let mask = (expected ^ actual) & !PageEntry::FRAME;
            Some(Check::Pagemap { process, page, mask, expected, actual })
        }
        _ => None,
    }
}

fn check_status(
    finding: &Evidence<'_>,
    difference: &Difference,
    process: ProcessId,
) -> Option<Check> {
    let Field::Status(field) = difference.field else { return None };
    let (expected, actual) = finding.states?;
    let of = |snapshots: &[ProcessSnapshot]| {
        snapshots.iter().find(|s| s.process == process)?.status.get(field)
    };
    Some(Check::Status {
        process,
        field: field.name().to_owned(),
        start: start_status(finding.start, field)?,
        expected: of(&expected.processes)?,
        actual: of(&actual.processes)?,
    })
}

fn start_status(start: &System, field: mm_reference::snapshot::StatusField) -> Option<u64> {
    let first = ProcessId(0);
    start.snapshot(first, &start.plan(first)).status.get(field)
}
