//! What makes two findings the same.

use super::{Difference, Field, Kind};
use mm_reference::op::Call;
use std::fmt;

/// The operation, the field and the kind of a difference, without addresses or
/// amounts. Findings are deduplicated by it, and shrinking preserves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The operation after which the difference was seen.
    pub operation: &'static str,
    /// What differs.
    pub field: Field,
    /// In which way.
    pub kind: Kind,
}

impl Signature {
    /// The signature of a difference that was seen after an operation.
    pub fn new(operation: &Call, difference: &Difference) -> Signature {
        Signature {
            operation: operation.name(),
            field: difference.field,
            kind: difference.kind.clone(),
        }
    }
}

impl Signature {
    /// Whether it takes two looks to see it: one at the end of a program shows nothing.
    pub fn is_between_looks(&self) -> bool {
        self.kind == Kind::Moved
    }
}

impl fmt::Display for Signature {
    /// Short, and fit to name a directory: `mremap.smaps-Rss.less`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, kind) = (self.field.to_string(), self.kind.to_string());
        write!(f, "{}.{}.{}", self.operation, slug_of(&field), slug_of(&kind))
    }
}

/// The words of a text, without numbers and addresses: what stays the same when
/// the kernel says it again.
pub(crate) fn slug(text: &str) -> String {
    const LENGTH: usize = 48;
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut slug = String::new();
    for word in words.filter(|w| !w.is_empty() && !w.contains(|c: char| c.is_ascii_digit())) {
        if slug.len() + word.len() >= LENGTH {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// Replaces what does not belong in a file name.
fn slug_of(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .collect()
}
