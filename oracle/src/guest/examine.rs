//! After a guest went down: which of the programs that were being run did it.

use super::link::{Event, Named, Request};
use super::{GuestError, Link, Wreck};
use crate::campaign::{Differs, Record};
use crate::compare::slug;
use crate::observe::is_trouble;
use crate::report::c_of_crash;

/// A program that was being run when a guest went down is run alone in a fresh one.
/// If that goes down as well, the program is a finding. If no program does it alone,
/// what the kernel reported is still one, with all suspects: it must not be lost. A
/// guest that went down without a word from its kernel was ended by somebody else.
///
/// # Errors
/// When no guest can be booted any more.
pub fn examine(
    error: &GuestError,
    boot: &mut dyn FnMut() -> Result<Box<dyn Link>, GuestError>,
) -> Result<Vec<Record>, GuestError> {
    let Some(wreck) = error.wreck() else { return Ok(Vec::new()) };
    let mut guilty: Vec<Record> = Vec::new();
    let mut suspects = &wreck.suspects[..];
    // one guest for all of them, until one brings it down: that one is then run alone
    while !suspects.is_empty() {
        let Some((culprit, first)) = run(suspects, boot()?.as_mut()) else { break };
        let suspect = &suspects[culprit..=culprit];
        let found = match run(suspect, boot()?.as_mut()) {
            Some((_, again)) => found(suspect[0].clone(), &again.report, (2, 2)),
            None => found(suspect[0].clone(), &first.report, (1, 2)),
        };
        let found = Record { c: c_of_crash(&found.program), ..found };
        if guilty.iter().all(|known| known.signature != found.signature) {
            guilty.push(found);
        }
        suspects = &suspects[culprit + 1..];
    }
    let silent = matches!(error, GuestError::Died { .. }) && !wreck.report.lines().any(is_trouble);
    if guilty.is_empty() && !silent {
        let all = wreck.suspects.iter().map(|text| format!("# a suspect\n{text}\n"));
        guilty.push(found(all.collect(), &wreck.report, (1, 2)));
    }
    Ok(guilty)
}

/// Runs programs one after the other; the one that the guest did not survive, and
/// what is left of it.
fn run(programs: &[String], guest: &mut dyn Link) -> Option<(usize, Wreck)> {
    let named =
        |(number, text): (usize, &String)| Named { name: number.to_string(), text: text.clone() };
    let files = programs.iter().enumerate().map(named).collect();
    let mut done = 0;
    let mut count = |event: Event| done += usize::from(matches!(event, Event::Program { .. }));
    let ran = guest.serve(&Request::Corpus { files }, &mut count);
    let wreck = ran.err().and_then(|error| error.wreck().cloned())?;
    Some((done.min(programs.len() - 1), wreck))
}

fn found(program: String, report: &str, reliability: (u32, u32)) -> Record {
    let headline = report.lines().find(|line| is_trouble(line)).unwrap_or("the guest went down");
    // without the time that the kernel puts before it
    let text = headline.rsplit_once("] ").map_or(headline, |(_, text)| text);
    Record {
        signature: format!("kernel.down.{}", slug(text)),
        program,
        report: report.to_owned(),
        reliability,
        differences: vec![Differs {
            process: 0,
            field: "the kernel".to_owned(),
            kind: "down".to_owned(),
            expected: "runs".to_owned(),
            actual: text.to_owned(),
        }],
        ..Record::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::Verdict;
    use std::time::Duration;

    const PANIC: &str = "[    2.5] BUG: unable to handle page fault for address: ffff\n[ 2.6] more";

    /// A guest that one program brings down.
    struct Fake {
        deadly: &'static str,
        to_come: Vec<String>,
    }

    impl Link for Fake {
        fn send(&mut self, request: &Request) -> Result<(), GuestError> {
            if let Request::Corpus { files } = request {
                self.to_come = files.iter().rev().map(|file| file.text.clone()).collect();
            }
            Ok(())
        }

        fn event(&mut self, _: Duration) -> Result<Event, GuestError> {
            match self.to_come.pop() {
                None => Ok(Event::Done),
                Some(text) if text == self.deadly => Err(panic(&[])),
                Some(name) => {
                    let (verdict, detail) = (Verdict::Agree, String::new());
                    Ok(Event::Program { name, verdict, detail, finding: None })
                }
            }
        }

        fn console(&self) -> String {
            String::new()
        }
    }

    fn panic(suspects: &[&str]) -> GuestError {
        let suspects = suspects.iter().map(|&text| text.to_owned()).collect();
        GuestError::Panic(Box::new(Wreck { report: PANIC.to_owned(), suspects }))
    }

    fn examined(deadly: &'static str, error: &GuestError) -> Vec<Record> {
        let mut boot = || Ok(Box::new(Fake { deadly, to_come: Vec::new() }) as Box<dyn Link>);
        examine(error, &mut boot).expect("guests")
    }

    #[test]
    fn the_guilty_one_is_found() {
        for guilty in ["a", "b", "c"] {
            let found = examined(guilty, &panic(&["a", "b", "c"]));
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].program.as_str(), found[0].reliability), (guilty, (2, 2)));
            let name = "kernel.down.BUG-unable-to-handle-page-fault-for-address-ffff";
            assert!(name.starts_with(&found[0].signature), "{}", found[0].signature);
        }
    }

    #[test]
    fn if_none_is_guilty_alone_all_are_kept() {
        let found = examined("none of them", &panic(&["a", "b", "c"]));
        assert_eq!(found.len(), 1);
        assert!(["a\n", "b\n", "c\n"].iter().all(|text| found[0].program.contains(text)));
        assert_eq!(found[0].report, PANIC);
    }

    #[test]
    fn a_guest_that_somebody_ended_is_no_finding() {
        let wreck = Wreck { report: "[ 1.0] all is well".to_owned(), suspects: vec!["a".into()] };
        let error = GuestError::Died { how: "signal: 9".to_owned(), wreck: Box::new(wreck) };
        assert!(examined("none", &error).is_empty());
        assert_eq!(examined("a", &error).len(), 1);
    }
}
