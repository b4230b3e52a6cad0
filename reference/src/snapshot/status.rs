//! The memory lines of `/proc/pid/status`.

use super::smaps::fields;
use std::fmt;

fields! {
    /// The lines, in kB.
    StatusField, STATUS_FIELDS {
        VmPeak = "VmPeak", VmSize = "VmSize", VmLck = "VmLck", VmPin = "VmPin",
        VmHwm = "VmHWM", VmRss = "VmRSS", RssAnon = "RssAnon", RssFile = "RssFile",
        RssShmem = "RssShmem", VmData = "VmData", VmStk = "VmStk", VmExe = "VmExe",
        VmLib = "VmLib", VmPte = "VmPTE", VmSwap = "VmSwap", HugetlbPages = "HugetlbPages",
    }
}

/// The values, by [`StatusField`].
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// In kB; those that are absent are 0.
    pub values: [u64; StatusField::COUNT],
    /// Bit `n` is set when field `n` is present.
    pub present: u32,
    /// How many kB of the resident pages and of those in swap the process may not have told
    /// yet, where that is known: a prediction's part only.
    pub held_back: Option<u64>,
}

impl PartialEq for Status {
    /// By what is shown.
    fn eq(&self, other: &Status) -> bool {
        (self.values, self.present) == (other.values, other.present)
    }
}

impl Eq for Status {}

impl Status {
    /// The value of a field, if the kernel has it.
    pub fn get(&self, field: StatusField) -> Option<u64> {
        (self.present & 1 << field as u32 != 0).then(|| self.values[field as usize])
    }

    /// Sets a field.
    pub fn set(&mut self, field: StatusField, value: u64) {
        self.values[field as usize] = value;
        self.present |= 1 << field as u32;
    }
}

impl StatusField {
    /// Writes the field's line as `/proc/pid/status` has it, without the newline.
    pub fn write_line(self, value: u64, f: &mut impl fmt::Write) -> fmt::Result {
        write!(f, "{}:\t{value:8} kB", self.name())
    }
}

impl fmt::Display for Status {
    /// As `/proc/pid/status` prints these lines, without the last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for &field in STATUS_FIELDS {
            if let Some(value) = self.get(field) {
                f.write_str(separator)?;
                field.write_line(value, f)?;
                separator = "\n";
            }
        }
        Ok(())
    }
}
