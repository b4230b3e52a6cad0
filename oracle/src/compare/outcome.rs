//! Compares the outcomes of operations, and turns the kernel's complaints into
//! differences.

use super::signature::slug;
use super::{pages, Difference, Field, Kind, Place};
use crate::observe::Complaint;
use mm_reference::op::{Layout, Outcome, ProcessId};
use mm_reference::text::Expected;

/// Compares the outcome of operation number `index`, which `process` performed.
pub fn compare_outcome(
    index: usize,
    process: ProcessId,
    expected: &Outcome,
    actual: &Outcome,
) -> Option<Difference> {
    if expected == actual {
        return None;
    }
    let (e, a) = (class(expected), class(actual));
    // for values of the same sort the class says nothing
    let kind = match (expected, actual) {
        (Outcome::Value(e), Outcome::Value(a)) | (Outcome::Address(e), Outcome::Address(a)) => {
            Kind::of_numbers(Some(*e), Some(*a)).unwrap_or(Kind::Changed)
        }
        _ if e == a => Kind::Changed,
        _ => Kind::instead(e, a),
    };
    let (expected, actual) = Expected::told_apart(expected, actual, &Layout::default());
    Some(Difference {
        process,
        place: Place::Operation(index),
        field: Field::Outcome,
        kind,
        expected: expected.to_string(),
        actual: actual.to_string(),
    })
}

/// The difference that a complaint of the kernel is: it should have said
/// nothing.
pub fn complaint(process: ProcessId, complaint: &Complaint) -> Difference {
    let actual =
        std::iter::once(&complaint.headline).chain(&complaint.details).cloned().collect::<Vec<_>>();
    Difference {
        process,
        place: Place::System,
        field: Field::KernelLog,
        kind: Kind::instead("silence", slug(&complaint.headline)),
        expected: "silence".to_owned(),
        actual: actual.join("\n"),
    }
}

/// What sort of outcome it is: errors and signals by name, the rest as such.
fn class(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(_) => "value".to_owned(),
        Outcome::Address(_) => "address".to_owned(),
        Outcome::Error(errno) => errno.to_string(),
        Outcome::Signal(_) => show(outcome).split(" at ").next().unwrap_or_default().to_owned(),
        Outcome::Contents(contents) => pages::class(*contents).to_owned(),
        Outcome::Residency(_) => "residency".to_owned(),
        Outcome::Child(_) => "child".to_owned(),
        Outcome::Exited => "exited".to_owned(),
    }
}

/// As the text of programs has it, with absolute addresses.
pub(super) fn show(outcome: &Outcome) -> String {
    outcome.display(&Layout::default()).to_string()
}
