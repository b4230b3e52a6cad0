//! Findings of a kernel on disk, each as soon as it is known.

use crate::campaign::{folder_below, write_file, Record, StoreError};
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
    pub(super) fn save(&self, found: &Record) -> Option<PathBuf> {
        let folder = folder_below(&self.0, &found.signature);
        match found.save(&folder) {
            Ok(()) => Some(folder),
            Err(error) => {
                say(&error, &[&found.program, &found.report]);
                None
            }
        }
    }

    /// Writes a divergence that did not show again.
    pub(super) fn unconfirmed(&self, signature: &str, program: &str, report: &str) {
        let folder = folder_below(&self.0, &format!("unconfirmed/{signature}"));
        let written = write_file(&folder, "program.mm", program)
            .and_then(|()| write_file(&folder, "report.txt", report));
        if let Err(error) = written {
            say(&error, &[program, report]);
        }
    }
}

/// Says what could not be written; the table says so again.
fn say(error: &StoreError, texts: &[&str]) {
    let text = format!("mmdiff: {error}; it is:\n{}\n", texts.join("\n"));
    let _ = std::io::stderr().write_all(text.as_bytes()); // nobody may be there to read it
}
