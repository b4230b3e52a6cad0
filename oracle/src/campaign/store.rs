//! Findings on disk: one folder each, written as soon as they are made.

use super::{Finding, Record, Watcher};
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

/// The findings of a campaign, one per signature.
#[derive(Debug)]
pub struct Store {
    out: PathBuf,
    findings: Mutex<BTreeMap<String, (Finding, PathBuf)>>,
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
        self.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Finding, PathBuf)>> {
        self.findings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps a finding; false when its signature is there already. Of two that workers
    /// made at the same time the one with the lower number stays, so that it is the same
    /// whatever the number of workers. One that cannot be written is printed at once, and
    /// kept for the summary.
    pub fn keep(&self, finding: Finding, watcher: &dyn Watcher) -> bool {
        let name = finding.signature.to_string();
        let folder = self.out.join(&name);
        let is_new = {
            let mut findings = self.lock();
            let number = |finding: &Finding| finding.run.and_then(|run| run.program);
            let is_new = match findings.get(&name) {
                Some((known, _)) if number(known) <= number(&finding) => return false,
                known => known.is_none(),
            };
            findings.insert(name, (finding.clone(), folder.clone()));
            // written while nobody else does, for its folder may be another's as well
            if let Err(error) = Record::from(&finding).save(&folder) {
                self.complain(error, &finding.program);
            }
            is_new
        };
        if is_new {
            watcher.found(&finding);
        }
        is_new
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
    /// to look at.
    pub fn keep_unconfirmed(&self, trial: &Trial, watcher: &dyn Watcher) {
        let Some(divergence) = trial.divergence() else { return };
        let folder = self.out.join("unconfirmed").join(divergence.signature.to_string());
        let program = trial.program();
        watcher.unconfirmed(&program, divergence);
        let written = write_file(&folder, "program.mm", &write(&program))
            .and_then(|()| write_file(&folder, "report.txt", &super::finding::report(divergence)));
        if let Err(error) = written {
            self.complain(error, &program);
        }
    }

    /// All findings with their folders, by signature.
    pub fn into_findings(self) -> Vec<(Finding, PathBuf)> {
        let findings = self.findings.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        findings.into_values().collect()
    }
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
