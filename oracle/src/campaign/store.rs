//! Findings on disk: one folder each, written as soon as they are made.

use super::{Finding, Record, Watcher};
use crate::compare::Outline;
use crate::run::Trial;
use mm_reference::text::{write, Program};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A finding could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {path}")]
pub struct StoreError {
    path: PathBuf,
    source: io::Error,
}

/// Findings of one signature that are kept: programs of as many shapes.
pub(crate) const VARIANTS: usize = 3;

/// A finding as workers hand it in.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) finding: Finding,
    /// The shape of its program.
    pub(crate) outline: Outline,
    /// Whether it was looked into although others of its signature may have been found.
    pub(crate) looked_again: bool,
}

/// The findings of a campaign by signature, those of each in the order of the programs.
#[derive(Debug)]
pub struct Store {
    out: PathBuf,
    findings: Mutex<BTreeMap<String, Vec<Found>>>,
    /// What could not be written, and why.
    unsaved: Mutex<Vec<String>>,
}

impl Store {
    /// A store below this folder, which is made with the first finding.
    ///
    /// # Errors
    /// When something that is not a folder is in the way.
    pub fn new(out: PathBuf) -> Result<Store, StoreError> {
        if out.exists() && !out.is_dir() {
            let source = io::Error::new(io::ErrorKind::NotADirectory, "not a folder");
            return Err(StoreError { path: out, source });
        }
        Ok(Store { out, findings: Mutex::default(), unsaved: Mutex::default() })
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<Found>>> {
        self.findings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps a finding; false when there is one like it. Of those with the same signature
    /// the one with the lowest number stays, and those of other shapes that were looked
    /// into whatever else had been found: so they are the same whatever the number of
    /// workers. One that cannot be written is printed at once, and kept for the summary.
    pub(crate) fn keep(&self, found: Found, watcher: &dyn Watcher) -> bool {
        let signature = found.finding.signature.to_string();
        let (new, is_new) = {
            let mut findings = self.lock();
            let kept = findings.entry(signature).or_default();
            let before = kept.len();
            kept.push(found);
            let new = choose(kept);
            // written while nobody else does, for folders may be others' as well
            for Found { finding, .. } in kept.iter() {
                if let Err(error) = Record::from(finding).save(&self.folder(finding)) {
                    self.complain(error, &finding.program);
                }
            }
            (new, kept.len() > before)
        };
        if let (Some(new), true) = (&new, is_new) {
            watcher.found(new);
        }
        is_new
    }

    fn folder(&self, finding: &Finding) -> PathBuf {
        self.out.join(finding.name())
    }

    /// Says that a program could not be written, and what it is.
    fn complain(&self, error: StoreError, program: &Program) {
        let why = format!("{error}: {}", error.source);
        let text = format!("mmdiff: {why}; the program is:\n{}\n", write(program));
        let _ = io::stderr().write_all(text.as_bytes()); // the summary says it again
        self.unsaved.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(why);
    }

    /// What could not be written, and why.
    pub fn unsaved(&self) -> Vec<String> {
        self.unsaved.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Keeps the program of a divergence that did not show again, for a person
    /// to look at, with what the same subject did before it.
    pub fn keep_unconfirmed(&self, trial: &Trial, watcher: &dyn Watcher) {
        let Some(divergence) = trial.divergence() else { return };
        let folder = self.out.join("unconfirmed").join(divergence.signature.to_string());
        let program = trial.program();
        watcher.unconfirmed(&program, divergence);
        let before = write(&Program::of(trial.before.iter().cloned()));
        let report = super::finding::report(divergence);
        let files =
            [("program.mm", write(&program)), ("report.txt", report), ("before.mm", before)];
        let mut files = files.iter().filter(|(_, text)| !text.is_empty());
        let written = files.try_for_each(|(name, text)| write_file(&folder, name, text));
        if let Err(error) = written {
            self.complain(error, &program);
        }
    }

    /// All findings with their folders, by signature.
    pub fn into_findings(self) -> Vec<(Finding, PathBuf)> {
        let findings = std::mem::take(&mut *self.lock());
        let all = findings.into_values().flatten().map(|found| found.finding);
        all.map(|finding| (finding.clone(), self.folder(&finding))).collect()
    }
}

/// Leaves those of the findings of one signature that are kept, and numbers them; answers
/// the one that came last, if it is among them.
fn choose(found: &mut Vec<Found>) -> Option<Finding> {
    let number = |found: &Found| found.finding.run.and_then(|run| run.program);
    let last = found.last().map(number);
    found.sort_by_key(number);
    let mut kept: Vec<Found> = Vec::new();
    for found in found.drain(..) {
        let is_like = |other: &Found| other.outline == found.outline;
        let counts = kept.is_empty() || found.looked_again && !kept.iter().any(is_like);
        if counts && kept.len() < VARIANTS {
            let variant = kept.len() + 1;
            kept.push(Found { finding: Finding { variant, ..found.finding }, ..found });
        }
    }
    *found = kept;
    found.iter().find(|found| Some(number(found)) == last).map(|found| found.finding.clone())
}

/// The folder of a finding below another. Names may come from a guest: none leads
/// out of it.
pub(crate) fn folder_below(out: &Path, name: &str) -> PathBuf {
    let parts = name.split('/').filter(|part| !part.is_empty() && *part != "..");
    parts.fold(out.to_owned(), |folder, part| folder.join(part))
}

/// Writes a file into a folder, which is made if need be; a reader never meets
/// half of it.
pub(crate) fn write_file(folder: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let path = folder.join(name);
    let written = fs::create_dir_all(folder).and_then(|()| {
        let partial = folder.join(format!(".{name}.partial"));
        let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, &path));
        if written.is_err() {
            let _ = fs::remove_file(&partial); // it may not exist
        }
        written
    });
    written.map_err(|source| StoreError { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, folder) in [
            ("mmap.maps-line.merged", "out/mmap.maps-line.merged"),
            ("corpus/brk/grow.mm", "out/corpus/brk/grow.mm"),
            ("/etc/../../passwd", "out/etc/passwd"),
            ("..", "out"),
        ] {
            assert_eq!(folder_below(Path::new("out"), name), Path::new(folder));
        }
    }
}
