//! What a campaign came to.

use super::worker::Tally;
use super::{CampaignError, Finding, Options, Provenance, Store};
use crate::compare::{limits, Observable, EXEMPTIONS, MIGRATIONS, NUMA_ACTIVE, UNSTEADY_FLAGS};
use crate::observe::Capabilities;
use crate::profile::Contradiction;
use crate::words::counted;
use mm_reference::profile::{Profile, QuirkSet};
use mm_reference::snapshot::Views;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The result of a campaign.
#[derive(Debug)]
pub struct Summary {
    /// What it takes to repeat it.
    pub provenance: Provenance,
    /// Programs run.
    pub programs: u64,
    /// Operations run.
    pub operations: u64,
    /// How long it took.
    pub time: Duration,
    /// What probes say against what else is known of the kernel.
    pub contradictions: Vec<Contradiction>,
    /// What was compared.
    pub compared: Vec<&'static str>,
    /// What was not compared, or not exactly, and why.
    pub not_compared: Vec<(String, String)>,
    /// Programs that were run with the system set otherwise than it was found, by setting.
    pub settings: BTreeMap<String, u64>,
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
    /// Whether it was stopped before its programs or its time were over.
    pub interrupted: bool,
}

/// So many subjects may be lost before a campaign that lost them is no success.
const FEW: u64 = 10;
/// Or one of so many programs, if that is more.
const FEW_OF: u64 = 10_000;

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
            provenance: Provenance::here(Some(options.run())),
            programs,
            operations: tallies.iter().map(|t| t.operations).sum(),
            time,
            contradictions: options.contradictions.clone(),
            compared: compared(caps),
            not_compared: not_compared(caps),
            settings: BTreeMap::new(),
            cannot_compare: BTreeMap::new(),
            unsaved: store.unsaved(),
            findings: store.into_findings(),
            known: QuirkSet::of_version(profile.version).iter().map(|q| (q.name(), 0)).collect(),
            unconfirmed: tallies.iter().map(|t| t.unconfirmed).sum(),
            repeated: tallies.iter().map(|t| t.repeated).sum(),
            lost: BTreeMap::new(),
            failure: None,
            interrupted: false,
        };
        for tally in tallies {
            for (setting, count) in &tally.settings {
                *summary.settings.entry(setting.clone()).or_default() += count;
            }
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
        if summary.settings.contains_key("moves") {
            let what = "VmHWM, and VmRSS with its parts before 6.16, of programs that move";
            let why = "each of both CPUs may hold back a batch; they are checked to be off by at \
                       most two";
            summary.not_compared.push((what.to_owned(), why.to_owned()));
        }
        summary
    }

    /// Why a campaign without findings is no success, where it is none: not all that was
    /// asked for was run and compared.
    pub fn incomplete(&self) -> Option<String> {
        let lost: u64 = self.lost.values().sum();
        if let Some(failure) = &self.failure {
            return Some(format!("the campaign ended early: {failure}"));
        }
        if self.interrupted {
            return Some("interrupted".to_owned());
        }
        if self.programs == 0 {
            return Some("no program was run".to_owned());
        }
        too_many_lost(lost, self.programs).then(|| {
            let subjects = counted(lost, "subject");
            format!("lost {subjects}, and what ran in them was not compared")
        })
    }

    /// For scripts.
    pub fn json(&self) -> serde_json::Value {
        let run = self.provenance.campaign.unwrap_or_default();
        json!({
            "mmdiff": self.provenance.mmdiff,
            "kernel": self.provenance.kernel,
            "seed": run.seed,
            "jobs": run.jobs,
            "interrupted": self.interrupted,
            "incomplete": self.incomplete(),
            "programs": self.programs,
            "operations": self.operations,
            "seconds": self.time.as_secs_f64(),
            "contradictions": self.contradictions,
            "compared": self.compared,
            "not_compared": self.not_compared.iter()
                .map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
            "settings": self.settings,
            "cannot_compare": self.cannot_compare,
            "findings": self.findings.iter().map(|(finding, folder)| {
                let first = finding.divergence.differences.first();
                json!({
                    "signature": finding.name(),
                    "number": finding.run.and_then(|run| run.program),
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
    let (frames, why) = MIGRATIONS;
    let moves = caps.frames.then(|| (frames.to_owned(), why.to_owned()));
    let numa = caps.views.contains(Views::NUMA_MAPS);
    let active = numa.then(|| ("active of numa_maps".to_owned(), NUMA_ACTIVE.to_owned()));
    let exempt = blind.chain(exempt).chain(unsteady).chain(moves).chain(active);
    exempt.chain(limits(caps)).collect()
}

/// Whether so many subjects were lost that a run of so many programs is no success: now and
/// then somebody kills one.
pub fn too_many_lost(lost: u64, programs: u64) -> bool {
    lost > FEW.max(programs / FEW_OF)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64().max(0.001);
        if self.interrupted {
            writeln!(f, "interrupted; until then:")?;
        }
        writeln!(
            f,
            "{}, {} in {seconds:.1} s ({:.0} programs/s, {:.0} operations/s), seed {}",
            counted(self.programs, "program"),
            counted(self.operations, "operation"),
            self.programs as f64 / seconds,
            self.operations as f64 / seconds,
            self.provenance.campaign.unwrap_or_default().seed,
        )?;
        for contradiction in &self.contradictions {
            writeln!(f, "{contradiction}")?;
        }
        writeln!(f, "compared: {}", self.compared.join(", "))?;
        if !self.not_compared.is_empty() {
            writeln!(f, "not compared, or not exactly:")?;
            for (what, why) in &self.not_compared {
                writeln!(f, "  {what}: {why}")?;
            }
        }
        if !self.settings.is_empty() {
            let say = |(setting, count): (&String, &u64)| format!("{setting} ({count})");
            let all: Vec<_> = self.settings.iter().map(say).collect();
            writeln!(f, "programs with other settings of the system: {}", all.join(", "))?;
        }
        if !self.cannot_compare.is_empty() {
            writeln!(f, "programs that ended early, because the model does not predict:")?;
            for (reason, count) in &self.cannot_compare {
                writeln!(f, "  {count:8}  {reason}")?;
            }
        }
        if !self.lost.is_empty() {
            writeln!(f, "subjects that were lost, with what ran in them:")?;
            for (why, count) in &self.lost {
                writeln!(f, "  {count:8}  {why}")?;
            }
        }
        for what in &self.unsaved {
            writeln!(f, "could not be saved: {what}")?;
        }
        if self.unconfirmed > 0 {
            let divergences = counted(self.unconfirmed, "divergence");
            writeln!(f, "{divergences} did not show again (see unconfirmed/)")?;
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
        writeln!(f, "{}:", counted(self.findings.len(), "finding"))?;
        for (finding, folder) in &self.findings {
            let (shown, of) = finding.reliability;
            let runs = counted(of, "run");
            writeln!(f, "  {}  ({shown} of {runs})  {}", finding.name(), folder.display())?;
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
