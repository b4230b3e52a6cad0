//! What two sides do with a program, for scripts.

use crate::compare::Difference;
use crate::distinguish::Line;
use serde_json::{json, Value};

/// The operations with both results.
pub(super) fn lines(lines: &[Line]) -> Value {
    lines.iter().map(|line| json!({ "operation": line.op, "a": line.a, "b": line.b })).collect()
}

/// What differs at the end.
pub(super) fn differences(differences: &[Difference]) -> Value {
    let difference = |difference: &Difference| {
        json!({
            "process": difference.process.to_string(),
            "place": difference.place.to_string(),
            "field": difference.field.to_string(),
            "a": difference.expected,
            "b": difference.actual,
        })
    };
    differences.iter().map(difference).collect()
}
