//! What the guests of one kernel counted, put together.

use super::job::KnownCounts;
use super::result::Row;
use serde_json::Value;
use std::collections::BTreeMap;

/// Sums over campaigns, the last of which may not be over.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// What the campaigns before have counted.
    programs: u64,
    operations: u64,
    pub(super) known: KnownCounts,
    /// What the present one has counted so far.
    now: (u64, u64),
    known_now: KnownCounts,
    not_predicted: BTreeMap<String, u64>,
    lost: BTreeMap<String, u64>,
    unconfirmed: u64,
}

impl Counts {
    /// Another campaign begins.
    pub(super) fn begin(&mut self) {
        self.fold();
    }

    fn fold(&mut self) {
        let (programs, operations) = std::mem::take(&mut self.now);
        self.programs += programs;
        self.operations += operations;
        add(&mut self.known, std::mem::take(&mut self.known_now));
    }

    pub(super) fn progress(&mut self, programs: u64, operations: u64) {
        self.now = (programs, operations);
    }

    pub(super) fn programs(&self) -> u64 {
        self.programs + self.now.0
    }

    /// How often an entry of the registry has shown in this campaign so far.
    pub(super) fn known(&mut self, name: &str, count: u64) {
        self.known_now.insert(name.to_owned(), count);
    }

    pub(super) fn known_in_corpus(&mut self, name: &str) {
        *self.known.entry(name.to_owned()).or_default() += 1;
    }

    pub(super) fn unconfirmed(&mut self, count: u64) {
        self.unconfirmed += count;
    }

    /// What the campaign came to says more than its progress.
    pub(super) fn summary(&mut self, summary: &Value) {
        let number = |name: &str| summary[name].as_u64().unwrap_or_default();
        self.now = (number("programs"), number("operations"));
        self.known_now = numbers(&summary["known"]);
        add(&mut self.not_predicted, numbers(&summary["cannot_compare"]));
        add(&mut self.lost, numbers(&summary["lost"]));
        if let Some(failure) = summary["failure"].as_str() {
            let why = format!("the campaign ended early: {failure}");
            *self.lost.entry(why).or_default() += 1;
        }
    }

    /// Puts the sums into the row.
    pub(super) fn fill(&mut self, row: &mut Row) {
        self.fold();
        row.programs = self.programs;
        row.operations = self.operations;
        row.not_predicted = std::mem::take(&mut self.not_predicted);
        row.lost = std::mem::take(&mut self.lost);
        row.unconfirmed = self.unconfirmed;
    }
}

fn add(sums: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (name, count) in more {
        *sums.entry(name).or_default() += count;
    }
}

/// The numbers of an object, by name.
fn numbers(value: &Value) -> BTreeMap<String, u64> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?))).collect()
}
