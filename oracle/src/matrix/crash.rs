//! Guests that went down: whose fault it was.

use super::job::Boot;
use super::result::Found;
use crate::compare::slug;
use crate::guest::{GuestError, Named, Request, Wreck};
use std::sync::atomic::{AtomicBool, Ordering};

/// The most suspects that are tried, each in a guest of its own.
const TRIED: usize = 8;
/// What differs where a kernel goes down.
pub(super) const FIELD: &str = "kernel-log";

/// A guest that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crash {
    /// What makes it the same as another: how, and the words of the report's first
    /// line.
    pub(super) signature: String,
    /// How, and what the kernel said.
    pub(super) report: String,
    suspects: Vec<String>,
}

impl Crash {
    pub(super) fn new(error: &GuestError, wreck: &Wreck) -> Crash {
        let how = match error {
            GuestError::Panic(_) => "panic",
            GuestError::Hang { .. } => "hang",
            _ => "died",
        };
        let words = slug(wreck.report.lines().next().unwrap_or_default());
        let signature = format!("kernel.{how}.{words}").trim_end_matches('.').to_owned();
        Crash { signature, report: error.to_string(), suspects: wreck.suspects.clone() }
    }

    /// The suspect over which a fresh guest is lost as well, tried alone.
    pub(super) fn culprit(&self, boot: &Boot<'_>, stop: &AtomicBool) -> Option<String> {
        self.suspects
            .iter()
            .rev()
            .take(TRIED)
            .find(|text| {
                let file = Named { name: "suspect".to_owned(), text: (*text).clone() };
                let Ok(mut guest) = boot() else { return false };
                let tried = guest.serve(&Request::Corpus { files: vec![file] }, &mut |_| ());
                !stop.load(Ordering::Relaxed) && tried.is_err_and(|error| error.wreck().is_some())
            })
            .cloned()
    }

    /// The finding, with the program if it is known.
    pub(super) fn found(&self, culprit: Option<String>) -> Found {
        let mut report = self.report.clone();
        if culprit.is_none() && !self.suspects.is_empty() {
            report.push_str("\nnone of the programs that were being run does it alone:\n");
            report.push_str(&self.suspects.join("\n"));
        }
        Found {
            signature: self.signature.clone(),
            program: culprit.unwrap_or_default(),
            report,
            fields: vec![FIELD.to_owned()],
            case: None,
            folder: None,
        }
    }
}
