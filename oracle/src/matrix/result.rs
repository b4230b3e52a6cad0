//! What running on many kernels came to.

use super::known::Expectation;
use crate::campaign::{too_many_lost, KernelIdentity};
use crate::compare::Observable;
use crate::profile::Contradiction;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// All kernels.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The seed that repeats it.
    pub seed: u64,
    /// One row for each kernel, in the order asked for.
    pub rows: Vec<Row>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
}

/// One kernel.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The name that it was asked for by.
    pub kernel: String,
    /// The release that it calls itself, once it has been booted.
    pub release: Option<String>,
    /// Which build of what that is.
    pub identity: KernelIdentity,
    /// What was compared there, and what was not; empty as long as it has not
    /// been booted.
    pub observables: Vec<(Sight, Option<String>)>,
    /// What was not compared, or not exactly, and why.
    pub not_compared: Vec<(String, String)>,
    /// What probes say against what else is known of the kernel; findings if it was built
    /// here.
    pub contradictions: Vec<Contradiction>,
    /// The programs of the corpus, in their order.
    pub corpus: Vec<Case>,
    /// Fresh programs run.
    pub programs: u64,
    /// Operations of these.
    pub operations: u64,
    /// How long fresh programs were run.
    pub time: Duration,
    /// Findings: of fresh programs, of the corpus, and what the kernel did to
    /// itself.
    pub findings: Vec<Found>,
    /// The registry, with how often each entry showed.
    pub known: Vec<Known>,
    /// Fresh programs that ended early because the model has no prediction, by
    /// reason.
    pub not_predicted: BTreeMap<String, u64>,
    /// Divergences that did not show again.
    pub unconfirmed: u64,
    /// Subjects lost, by reason.
    pub lost: BTreeMap<String, u64>,
    /// How many guests it took.
    pub boots: u32,
    /// How it ended.
    pub end: End,
}

/// An observable, by its name.
pub type Sight = &'static str;

/// A program of the corpus.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path below the corpus.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a program of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Model, kernel and file agree.
    Agree,
    /// The known differences of this kernel explain it.
    Known {
        /// Their names.
        entries: Vec<String>,
    },
    /// It is a finding, or could not be run.
    Diverge {
        /// The fields that differ; none where something else went wrong.
        fields: Vec<String>,
        /// All of it.
        report: String,
    },
    /// Model and kernel agree, but the file expects the results of another kernel.
    Otherwise {
        /// Where.
        lines: String,
    },
    /// Not for this kernel.
    Skipped {
        /// What is missing, or why else it cannot run there, as it is printed.
        reason: String,
    },
    /// The guest was gone before its turn.
    NotRun,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What makes it the same as another.
    pub signature: String,
    /// The smallest program that shows it, with what was expected; what the
    /// guest was running, where that is all that is known.
    pub program: String,
    /// The differences, or the kernel's console.
    pub report: String,
    /// The fields that differ.
    pub fields: Vec<String>,
    /// The program of the corpus that it is about, if it is not a fresh one.
    pub case: Option<String>,
    /// Where it was kept.
    pub folder: Option<PathBuf>,
}

/// An entry of the registry on one kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// How often it showed.
    pub count: u64,
    /// What this kernel should have made of it, and did.
    pub expectation: Expectation,
}

/// How a row came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It has not begun.
    #[default]
    Waiting,
    /// All of it was run.
    Complete,
    /// It was stopped on the way.
    Interrupted,
    /// It could not go on, and why.
    Failed(String),
}

impl Matrix {
    /// Whether a kernel did what it should not: a finding, or a known difference
    /// where it should not be.
    pub fn has_findings(&self) -> bool {
        self.rows
            .iter()
            .any(|row| !row.findings.is_empty() || row.known.iter().any(|known| known.is_error()))
    }

    /// Why a run without findings is no success, where it is none: not all that was asked for
    /// was run and compared.
    pub fn incomplete(&self) -> Option<String> {
        let of_row = |row: &Row| {
            let kernel = &row.kernel;
            let lost: u64 = row.lost.values().sum();
            match &row.end {
                End::Failed(why) => Some(format!("{kernel} could not be run to the end: {why}")),
                End::Complete if row.ran() == 0 => Some(format!("{kernel} ran no program")),
                End::Complete if too_many_lost(lost, row.programs) => Some(format!(
                    "{kernel} lost {lost} subjects, and what ran in them was not compared"
                )),
                _ => None,
            }
        };
        let interrupted = || self.interrupted.then(|| "interrupted".to_owned());
        self.rows.iter().find_map(of_row).or_else(interrupted)
    }
}

impl Row {
    /// A row that has not begun.
    pub fn waiting(kernel: &str) -> Row {
        Row { kernel: kernel.to_owned(), ..Row::default() }
    }

    /// Notes what is compared on this kernel, by the lists that a campaign ends
    /// with.
    pub fn set_observables(&mut self, compared: &[String], not_compared: Vec<(String, String)>) {
        let of = |observable: Observable| {
            if compared.iter().any(|name| name == observable.name()) {
                return None;
            }
            let remark = not_compared.iter().find(|(what, _)| observable.is_subject_of(what));
            Some(remark.map_or("cannot be seen there", |(_, why)| why).to_owned())
        };
        self.observables = Observable::ALL.iter().map(|&o| (o.word(), of(o))).collect();
        self.not_compared = not_compared;
    }

    /// How many programs were run, of the corpus and fresh ones.
    fn ran(&self) -> u64 {
        let (good, bad, _) = self.corpus_counts();
        self.programs + (good + bad) as u64
    }

    /// How many programs of the corpus agreed or were known, diverged, and were
    /// not run; one that expects another kernel's results says nothing of this one.
    pub fn corpus_counts(&self) -> (usize, usize, usize) {
        self.corpus.iter().fold((0, 0, 0), |(good, bad, rest), case| match case.verdict {
            Verdict::Agree | Verdict::Known { .. } | Verdict::Otherwise { .. } => {
                (good + 1, bad, rest)
            }
            Verdict::Diverge { .. } => (good, bad + 1, rest),
            Verdict::Skipped { .. } | Verdict::NotRun => (good, bad, rest + 1),
        })
    }
}

impl Known {
    /// Whether it showed where it should not.
    pub fn is_error(&self) -> bool {
        self.expectation == Expectation::Unexpected
    }
}
