//! Findings of a kernel on disk, each as soon as it is known.

use super::result::Found;
use crate::campaign::{folder_below, write_file};
use std::io::Write;
use std::path::PathBuf;

/// The folder of one kernel.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A folder that is made with the first finding.
    pub(super) fn new(path: PathBuf) -> Folder {
        Folder(path)
    }

    /// Writes a finding; answers where. One that cannot be written is printed at
    /// once.
    pub(super) fn save(&self, found: &Found, more: &[(&str, &str)]) -> Option<PathBuf> {
        let mut files = vec![("report.txt", found.report.as_str())];
        if !found.program.is_empty() {
            files.insert(0, ("program.mm", found.program.as_str()));
        }
        files.extend(more);
        self.write(&found.signature, &files)
    }

    /// Writes a divergence that did not show again.
    pub(super) fn unconfirmed(&self, signature: &str, program: &str, report: &str) {
        let files = [("program.mm", program), ("report.txt", report)];
        self.write(&format!("unconfirmed/{signature}"), &files);
    }

    fn write(&self, name: &str, files: &[(&str, &str)]) -> Option<PathBuf> {
        let folder = folder_below(&self.0, name);
        for (file, text) in files {
            if let Err(error) = write_file(&folder, file, text) {
                let text = format!("mmdiff: {error}; it is:\n{text}\n");
                let _ = std::io::stderr().write_all(text.as_bytes()); // the table says it again
                return None;
            }
        }
        Some(folder)
    }
}
