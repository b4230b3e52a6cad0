//! Compares the outcomes of operations, and turns the kernel's complaints into
//! differences.

use super::signature::slug;
use super::{pages, Difference, Field, Kind, Place};
use crate::observe::Complaint;
use mm_reference::op::{Outcome, ProcessId};

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
    Some(Difference {
        process,
        place: Place::Operation(index),
        field: Field::Outcome,
        kind,
        expected: show(expected),
        actual: show(actual),
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
        Outcome::Signal(signal) => format!("{}.{}", signal_name(signal.number), signal.code),
        Outcome::Contents(contents) => pages::class(*contents).to_owned(),
        Outcome::Residency(_) => "residency".to_owned(),
        Outcome::Child(_) => "child".to_owned(),
        Outcome::Exited => "exited".to_owned(),
    }
}

fn show(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => value.to_string(),
        Outcome::Address(address) => format!("{address:#x}"),
        Outcome::Error(errno) => format!("-{errno}"),
        Outcome::Signal(signal) => {
            let name = signal_name(signal.number);
            format!("{name} (code {}) at {:#x}", signal.code, signal.address)
        }
        Outcome::Contents(contents) => pages::show(*contents),
        Outcome::Residency(residency) => {
            let run = |(byte, count): &(u8, u32)| format!("{byte}x{count}");
            format!("[{}]", residency.runs.iter().map(run).collect::<Vec<_>>().join(" "))
        }
        Outcome::Child(process) => format!("p{}", process.0),
        Outcome::Exited => "exited".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    match number {
        libc::SIGSEGV => "SIGSEGV".to_owned(),
        libc::SIGBUS => "SIGBUS".to_owned(),
        libc::SIGILL => "SIGILL".to_owned(),
        libc::SIGTRAP => "SIGTRAP".to_owned(),
        libc::SIGKILL => "SIGKILL".to_owned(),
        _ => format!("signal{number}"),
    }
}
