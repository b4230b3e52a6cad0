//! `/proc/pid/statm`.

use super::smaps::fields;
use std::fmt;

fields! {
    /// The columns, in pages.
    StatmField, STATM_FIELDS {
        Size = "size", Resident = "resident", Shared = "shared", Text = "text", Lib = "lib",
        Data = "data", Dt = "dt",
    }
}

/// The one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Statm {
    /// In pages, by [`StatmField`].
    pub values: [u64; StatmField::COUNT],
}

impl Statm {
    /// The value of a column.
    pub fn get(&self, field: StatmField) -> u64 {
        self.values[field as usize]
    }

    /// Sets a column.
    pub fn set(&mut self, field: StatmField, value: u64) {
        self.values[field as usize] = value;
    }
}

impl fmt::Display for Statm {
    /// As `/proc/pid/statm` prints it, without the newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for value in self.values {
            write!(f, "{separator}{value}")?;
            separator = " ";
        }
        Ok(())
    }
}
