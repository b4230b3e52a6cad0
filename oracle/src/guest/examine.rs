//! After a guest went down: which of the programs that were being run did it.

use super::link::{Event, Found, Named, Request};
use super::{GuestError, Link, Wreck};
use crate::compare::slug;
use crate::observe::is_trouble;

/// How many of the suspects are tried; they are few, one queue's programs.
const MOST: usize = 64;

/// Runs each suspect alone in a fresh guest. One that brings it down again is a
/// finding; if none does, there is one finding with all of them, for the kernel's
/// report must not be lost.
///
/// # Errors
/// When no guest can be booted any more.
pub fn examine(
    wreck: &Wreck,
    boot: &mut dyn FnMut() -> Result<Box<dyn Link>, GuestError>,
) -> Result<Vec<Found>, GuestError> {
    let mut guilty = Vec::new();
    // the last of the queue are the likeliest: those before them had mostly been run
    for suspect in wreck.suspects.iter().rev().take(MOST) {
        if let Some(again) = alone(suspect, boot()?.as_mut()) {
            guilty.push(found(suspect.clone(), &again.report, (2, 2)));
        }
    }
    if guilty.is_empty() {
        let all = wreck.suspects.iter().map(|text| format!("# a suspect\n{text}\n"));
        guilty.push(found(all.collect(), &wreck.report, (1, 1 + wreck.suspects.len() as u32)));
    }
    guilty.dedup_by(|one, other| one.signature == other.signature);
    Ok(guilty)
}

/// Runs a program; what is left of the guest if it did not survive that.
fn alone(program: &str, guest: &mut dyn Link) -> Option<Wreck> {
    let file = Named { name: "suspect".to_owned(), text: program.to_owned() };
    let ran = guest.serve(&Request::Corpus { files: vec![file] }, &mut |_: Event| {});
    ran.err().and_then(|error| error.wreck().cloned())
}

fn found(program: String, report: &str, reliability: (u32, u32)) -> Found {
    let headline = report.lines().find(|line| is_trouble(line)).unwrap_or("the guest went down");
    // without the time that the kernel puts before it
    let text = headline.rsplit_once("] ").map_or(headline, |(_, text)| text);
    Found {
        signature: format!("kernel.down.{}", slug(text)),
        program,
        report: report.to_owned(),
        reliability,
        field: "the kernel".to_owned(),
        expected: "runs".to_owned(),
        actual: text.to_owned(),
        ..Found::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const PANIC: &str = "[    2.5] BUG: unable to handle page fault for address: ffff\n[ 2.6] more";

    /// A guest that one program brings down.
    struct Fake {
        deadly: &'static str,
        down: bool,
    }

    impl Link for Fake {
        fn send(&mut self, request: &Request) -> Result<(), GuestError> {
            if let Request::Corpus { files } = request {
                self.down = files.iter().any(|file| file.text == self.deadly);
            }
            Ok(())
        }

        fn event(&mut self, _: Duration) -> Result<Event, GuestError> {
            if self.down {
                let wreck = Wreck { report: PANIC.to_owned(), suspects: Vec::new() };
                return Err(GuestError::Panic(Box::new(wreck)));
            }
            Ok(Event::Done)
        }

        fn console(&self) -> String {
            String::new()
        }
    }

    fn examined(deadly: &'static str) -> Vec<Found> {
        let suspects = ["a", "b", "c"].map(str::to_owned).to_vec();
        let wreck = Wreck { report: PANIC.to_owned(), suspects };
        let mut boot = || Ok(Box::new(Fake { deadly, down: false }) as Box<dyn Link>);
        examine(&wreck, &mut boot).expect("guests")
    }

    #[test]
    fn the_guilty_one_is_found() {
        let found = examined("b");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].program, "b");
        assert_eq!(
            found[0].signature,
            "kernel.down.BUG-unable-to-handle-page-fault-for-address-ffff"
        );
    }

    #[test]
    fn if_none_is_guilty_alone_all_are_kept() {
        let found = examined("none of them");
        assert_eq!(found.len(), 1);
        assert!(["a\n", "b\n", "c\n"].iter().all(|text| found[0].program.contains(text)));
        assert_eq!(found[0].report, PANIC);
    }
}
