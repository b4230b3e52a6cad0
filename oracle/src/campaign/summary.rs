//! What a campaign came to.

use super::worker::Tally;
use super::{CampaignError, Finding, Options, Store};
use crate::compare::{Observable, EXEMPTIONS, UNSTEADY_FLAGS};
use crate::observe::Capabilities;
use mm_reference::profile::{Profile, QuirkSet};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The result of a campaign.
#[derive(Debug)]
pub struct Summary {
    /// The seed that repeats it.
    pub seed: u64,
    /// Programs run.
    pub programs: u64,
    /// Operations run.
    pub operations: u64,
    /// How long it took.
    pub time: Duration,
    /// What was compared.
    pub compared: Vec<&'static str>,
    /// What was not compared, or not exactly, and why.
    pub not_compared: Vec<(String, String)>,
    /// Programs that ended early because the model has no prediction, by reason.
    pub cannot_compare: BTreeMap<&'static str, u64>,
    /// The findings, with their folders.
    pub findings: Vec<(Finding, PathBuf)>,
    /// How often each known difference of this kernel showed.
    pub known: BTreeMap<&'static str, u64>,
    /// Divergences that did not show again.
    pub unconfirmed: u64,
    /// Divergences with the signature of a finding.
    pub repeated: u64,
    /// Subjects lost, by reason.
    pub lost: BTreeMap<String, u64>,
    /// What could not be written, and why.
    pub unsaved: Vec<String>,
    /// Why the campaign ended early, if it did.
    pub failure: Option<CampaignError>,
}

impl Summary {
    pub(super) fn new(
        options: &Options,
        profile: &Profile,
        caps: &Capabilities,
        programs: u64,
        time: Duration,
        tallies: &[Tally],
        store: Store,
    ) -> Summary {
        let mut summary = Summary {
            seed: options.seed,
            programs,
            operations: tallies.iter().map(|t| t.operations).sum(),
            time,
            compared: compared(caps),
            not_compared: not_compared(caps),
            cannot_compare: BTreeMap::new(),
            unsaved: store.unsaved(),
            findings: store.into_findings(),
            known: QuirkSet::of_version(profile.version).iter().map(|q| (q.name(), 0)).collect(),
            unconfirmed: tallies.iter().map(|t| t.unconfirmed).sum(),
            repeated: tallies.iter().map(|t| t.repeated).sum(),
            lost: BTreeMap::new(),
            failure: None,
        };
        for tally in tallies {
            for (&reason, count) in &tally.unpredictable {
                *summary.cannot_compare.entry(reason).or_default() += count;
            }
            for (quirk, count) in &tally.known {
                *summary.known.entry(quirk.name()).or_default() += count;
            }
            for (why, count) in &tally.lost {
                *summary.lost.entry(why.clone()).or_default() += count;
            }
        }
        summary
    }

    /// For scripts.
    pub fn json(&self) -> serde_json::Value {
        json!({
            "seed": self.seed,
            "programs": self.programs,
            "operations": self.operations,
            "seconds": self.time.as_secs_f64(),
            "compared": self.compared,
            "not_compared": self.not_compared.iter()
                .map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
            "cannot_compare": self.cannot_compare,
            "findings": self.findings.iter().map(|(finding, folder)| {
                let first = finding.divergence.differences.first();
                json!({
                    "signature": finding.signature.to_string(),
                    "program": folder.join("program.mm"),
                    "reliability": { "shown": finding.reliability.0, "of": finding.reliability.1 },
                    "minimal": finding.minimal,
                    "field": first.map(|d| d.field.to_string()),
                    "expected": first.map(|d| &d.expected),
                    "actual": first.map(|d| &d.actual),
                })
            }).collect::<Vec<_>>(),
            "known": self.known,
            "unconfirmed": self.unconfirmed,
            "repeated": self.repeated,
            "lost": self.lost,
            "unsaved": self.unsaved,
            "failure": self.failure.as_ref().map(ToString::to_string),
        })
    }
}

/// The observables that are compared here.
pub fn compared(caps: &Capabilities) -> Vec<&'static str> {
    Observable::ALL.iter().filter(|o| o.is_compared(caps)).map(|o| o.name()).collect()
}

/// What is not compared, or not exactly, and why.
pub fn not_compared(caps: &Capabilities) -> Vec<(String, String)> {
    let blind = caps.blind.iter().map(|b| (b.what.to_owned(), b.why.clone()));
    let exempt = EXEMPTIONS.iter().map(|e| (e.field.name().to_owned(), e.reason.to_owned()));
    let unsteady = UNSTEADY_FLAGS
        .iter()
        .filter(|_| caps.parts.page_flags)
        .map(|u| (format!("{} of kpageflags", u.flags), u.reason.to_owned()));
    blind.chain(exempt).chain(unsteady).collect()
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64().max(0.001);
        writeln!(
            f,
            "{} programs, {} operations in {seconds:.1} s ({:.0} programs/s, {:.0} operations/s), seed {}",
            self.programs,
            self.operations,
            self.programs as f64 / seconds,
            self.operations as f64 / seconds,
            self.seed,
        )?;
        writeln!(f, "compared: {}", self.compared.join(", "))?;
        if !self.not_compared.is_empty() {
            writeln!(f, "not compared, or not exactly:")?;
            for (what, why) in &self.not_compared {
                writeln!(f, "  {what}: {why}")?;
            }
        }
        if !self.cannot_compare.is_empty() {
            writeln!(f, "programs that ended early, because the model does not predict:")?;
            for (reason, count) in &self.cannot_compare {
                writeln!(f, "  {count:8}  {reason}")?;
            }
        }
        for (why, count) in &self.lost {
            writeln!(f, "lost {count} subjects: {why}")?;
        }
        for what in &self.unsaved {
            writeln!(f, "could not be saved: {what}")?;
        }
        if self.unconfirmed > 0 {
            writeln!(f, "{} divergences did not show again (see unconfirmed/)", self.unconfirmed)?;
        }
        if !self.known.is_empty() {
            writeln!(f, "known differences of this kernel (mmdiff known):")?;
            for (name, count) in &self.known {
                let note = if *count == 0 { "  did not show in this run" } else { "" };
                writeln!(f, "  {count:8}  {name}{note}")?;
            }
        }
        if self.findings.is_empty() {
            return writeln!(f, "no findings");
        }
        writeln!(f, "{} findings:", self.findings.len())?;
        for (finding, folder) in &self.findings {
            let (shown, of) = finding.reliability;
            writeln!(f, "  {}  ({shown} of {of} runs)  {}", finding.signature, folder.display())?;
            for line in mm_reference::text::write(&finding.program).lines() {
                writeln!(f, "      {line}")?;
            }
            if let Some(first) = finding.divergence.differences.first() {
                writeln!(
                    f,
                    "    expected {}, got {} ({})",
                    first.expected, first.actual, first.field
                )?;
            }
        }
        Ok(())
    }
}
