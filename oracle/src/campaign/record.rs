//! A finding as text: what a guest says of it, and what is kept of it.

use super::store::{write_file, StoreError};
use super::{Finding, Provenance};
use crate::compare::Difference;
use crate::profile::Contradiction;
use mm_reference::text::write;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// A finding as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What makes it the same as another.
    pub signature: String,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The smallest program that shows it, with the results that the model
    /// expects; empty where none is known.
    pub program: String,
    /// The differences in words, or the kernel's console.
    pub report: String,
    /// A C program that shows it; empty where there is none.
    pub c: String,
    /// In how many of how many fresh runs it showed.
    pub reliability: (u32, u32),
    /// Whether no operation can be left out.
    pub minimal: bool,
    /// What differs, the most telling first.
    pub differences: Vec<Differs>,
}

/// A difference as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// Whose: the number of the process.
    pub process: u8,
    /// In what.
    pub field: String,
    /// In which way; empty where only the report is known.
    pub kind: String,
    /// The expected value.
    pub expected: String,
    /// The actual value.
    pub actual: String,
}

impl Record {
    /// Writes it into a folder: `program.mm`, `report.txt`, `repro.c` and
    /// `finding.json`, the first and the third where they exist.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let (shown, of) = self.reliability;
        let info = json!({
            "signature": self.signature,
            "mmdiff": self.provenance.mmdiff,
            "kernel": self.provenance.kernel,
            "campaign": self.provenance.campaign,
            "reliability": { "shown": shown, "of": of },
            "minimal": self.minimal,
            "differences": self.differences,
        });
        for (name, text) in [("program.mm", &self.program), ("repro.c", &self.c)] {
            if !text.is_empty() {
                write_file(folder, name, text)?;
            }
        }
        write_file(folder, "report.txt", &self.report)?;
        write_file(folder, "finding.json", &format!("{info:#}\n"))
    }

    /// The fields that differ, each once.
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        for Differs { field, .. } in &self.differences {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        fields
    }
}

impl From<&Finding> for Record {
    /// Of a finding on the running kernel.
    fn from(finding: &Finding) -> Record {
        Record {
            signature: finding.name(),
            provenance: Provenance::here(finding.run),
            program: write(&finding.program),
            report: finding.report.clone(),
            c: crate::report::c_of(finding),
            reliability: finding.reliability,
            minimal: finding.minimal,
            differences: finding.divergence.differences.iter().map(Differs::from).collect(),
        }
    }
}

impl From<&Contradiction> for Record {
    /// Of a probe against what a kernel must be, since it was built here.
    fn from(contradiction: &Contradiction) -> Record {
        let Contradiction { value, against, probe, .. } = contradiction;
        let expected = if value == "on" { "off" } else { "on" };
        Record {
            signature: contradiction.signature(),
            report: format!(
                "{contradiction}\n\
                 Either the kernel lost what its {against} says it has, or it has what it should \
                 not have yet.\n"
            ),
            reliability: (1, 1),
            differences: vec![Differs {
                process: 0,
                field: format!("probe: {probe}"),
                kind: "against".to_owned(),
                expected: expected.to_owned(),
                actual: value.clone(),
            }],
            ..Record::default()
        }
    }
}

impl From<&Difference> for Differs {
    fn from(difference: &Difference) -> Differs {
        Differs {
            process: difference.process.0,
            field: difference.field.to_string(),
            kind: difference.kind.to_string(),
            expected: difference.expected.clone(),
            actual: difference.actual.clone(),
        }
    }
}

impl Differs {
    /// Reads the differences from the lines of a report that say what was
    /// expected: `p0 operation 3 outcome: expected 0, actual -EPERM`.
    pub fn of_report(report: &str) -> Vec<Differs> {
        let read = |line: &str| {
            let (before, values) = line.split_once(": expected ")?;
            let (expected, actual) = values.split_once(", actual ").unwrap_or((values, ""));
            let mut words = before.split_whitespace();
            let process = words.next()?.strip_prefix('p').and_then(|n| n.parse().ok());
            Some(Differs {
                process: process.unwrap_or_default(),
                field: words.next_back()?.to_owned(),
                kind: String::new(),
                expected: expected.to_owned(),
                actual: actual.to_owned(),
            })
        };
        report.lines().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_read_from_a_report() {
        let report = "mmap.maps-line.merged\n  \
             p1 00001000-00002000 maps-line: expected a, b, actual c\n  \
             p0 operation 3 outcome: expected 0, actual -EPERM\nBUG: expected\n";
        let found = Differs::of_report(report);
        let of = |d: &Differs| format!("{} {} {}|{}", d.process, d.field, d.expected, d.actual);
        let found: Vec<String> = found.iter().map(of).collect();
        assert_eq!(found, ["1 maps-line a, b|c", "0 outcome 0|-EPERM"]);
    }

    #[test]
    fn what_is_kept_names_each_field_once() {
        let differs = |field: &str| Differs { field: field.to_owned(), ..Differs::default() };
        let differences = ["maps-line", "smaps-Rss", "maps-line"].map(differs).to_vec();
        let record = Record { differences, ..Record::default() };
        assert_eq!(record.fields(), ["maps-line", "smaps-Rss"]);
    }
}
