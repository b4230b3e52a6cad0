//! The table for people.

use super::known::Expectation;
use super::result::{End, Matrix, Row, Verdict};
use crate::columns::Columns;
use crate::compare::Observable;
use crate::words::counted;
use std::collections::BTreeMap;
use std::fmt;

/// Reasons, each with a letter that cells refer to.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn letter(&mut self, text: String) -> String {
        let at = self.0.iter().position(|note| *note == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        Notes::letter_of(at)
    }

    fn letter_of(at: usize) -> String {
        // after z come aa, ba, …
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        match at {
            0..26 => letter(at).to_string(),
            _ => format!("{}{}", letter(at), letter(at / 26 - 1)),
        }
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interrupted {
            writeln!(f, "interrupted: this is what was done until then")?;
        }
        let mut notes = Notes::default();
        let mut rows = vec![heading()];
        rows.extend(self.rows.iter().map(|row| line(row, &mut notes)));
        write!(f, "{}", Columns { rows, numbers: true })?;
        for (number, note) in notes.0.iter().enumerate() {
            let letter = Notes::letter_of(number);
            let head = if number == 0 { "not compared:\n" } else { "" };
            writeln!(f, "{head}  {letter}: {note}")?;
        }
        for row in &self.rows {
            for contradiction in &row.contradictions {
                writeln!(f, "{}: {contradiction}", row.kernel)?;
            }
        }
        self.known(f)?;
        let skipped = self.by_reason(|row| {
            row.corpus.iter().filter_map(|case| match &case.verdict {
                Verdict::Skipped { reason } => Some((format!("{}: {reason}", case.name), 1)),
                _ => None,
            })
        });
        listing(f, "programs of the corpus that were skipped:", &skipped, false)?;
        let otherwise = self.by_reason(|row| {
            row.corpus.iter().filter_map(|case| match &case.verdict {
                Verdict::Otherwise { lines } => {
                    let first = lines.lines().next().unwrap_or_default();
                    Some((format!("{}: {first}", case.name), 1))
                }
                _ => None,
            })
        });
        let heading = "programs of the corpus whose files expect the results of another kernel:";
        listing(f, heading, &otherwise, false)?;
        let not_predicted = self.by_reason(|row| {
            row.not_predicted.iter().map(|(reason, count)| (reason.clone(), *count))
        });
        let heading = "programs that ended early, because the model does not predict:";
        listing(f, heading, &not_predicted, true)?;
        let lost =
            self.by_reason(|row| row.lost.iter().map(|(reason, count)| (reason.clone(), *count)));
        listing(f, "subjects lost:", &lost, true)?;
        self.findings(f)?;
        for row in &self.rows {
            if let End::Failed(why) = &row.end {
                writeln!(f, "{} could not be run to the end: {why}", row.kernel)?;
            }
        }
        Ok(())
    }
}

fn heading() -> Vec<String> {
    let observables = Observable::ALL.iter().map(|o| o.word());
    let columns = ["corpus", "programs", "operations", "known", "not predicted", "findings"];
    let all = ["kernel", "release"].into_iter().chain(observables).chain(columns);
    all.map(str::to_owned).collect()
}

fn line(row: &Row, notes: &mut Notes) -> Vec<String> {
    let mut cells = vec![row.kernel.clone(), short_release(row)];
    match row.observables.is_empty() {
        true => cells.extend(Observable::ALL.map(|_| "?".to_owned())),
        false => cells.extend(row.observables.iter().map(|(what, why)| match why {
            None => "yes".to_owned(),
            Some(why) => format!("no {}", notes.letter(format!("{what}: {why}"))),
        })),
    }
    let (good, bad, rest) = row.corpus_counts();
    let bad = if bad > 0 { format!(", {bad} diverge") } else { String::new() };
    let rest = if rest > 0 { format!(" (+{rest})") } else { String::new() };
    let known: u64 = row.known.iter().map(|k| k.count).sum();
    let not_predicted: u64 = row.not_predicted.values().sum();
    cells.push(format!("{good}{bad}{rest}"));
    cells.extend([row.programs, row.operations, known, not_predicted].map(|n| n.to_string()));
    cells.push(match &row.end {
        End::Complete => row.findings.len().to_string(),
        End::Waiting => "not run".to_owned(),
        End::Interrupted => format!("{}, interrupted", row.findings.len()),
        End::Failed(_) => format!("{}, failed", row.findings.len()),
    });
    cells
}

/// The numbers of the release, without what a distribution adds in words.
fn short_release(row: &Row) -> String {
    let Some(release) = &row.release else { return "?".to_owned() };
    let is_number = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    release.split(['+', '-']).take_while(is_number).collect::<Vec<_>>().join("-")
}

/// Prints reasons with their kernels, if there are any.
fn listing(
    f: &mut fmt::Formatter<'_>,
    heading: &str,
    reasons: &BTreeMap<String, Vec<(&str, u64)>>,
    counted: bool,
) -> fmt::Result {
    if !reasons.is_empty() {
        writeln!(f, "{heading}")?;
    }
    for (reason, kernels) in reasons {
        let show = |(kernel, count): &(&str, u64)| match counted {
            true => format!("{kernel}: {count}"),
            false => (*kernel).to_owned(),
        };
        let kernels: Vec<String> = kernels.iter().map(show).collect();
        writeln!(f, "  {reason} ({})", kernels.join(", "))?;
    }
    Ok(())
}

impl Matrix {
    /// What each kernel has to say, by reason.
    fn by_reason<'a, I>(
        &'a self,
        of: impl Fn(&'a Row) -> I,
    ) -> BTreeMap<String, Vec<(&'a str, u64)>>
    where
        I: Iterator<Item = (String, u64)>,
    {
        let mut reasons: BTreeMap<String, Vec<(&str, u64)>> = BTreeMap::new();
        for row in &self.rows {
            for (reason, count) in of(row) {
                reasons.entry(reason).or_default().push((&row.kernel, count));
            }
        }
        reasons
    }

    fn known(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let booted: Vec<&Row> = self.rows.iter().filter(|row| !row.known.is_empty()).collect();
        let Some(first) = booted.first() else { return Ok(()) };
        writeln!(f, "known differences, how often they showed (0: could have, -: not of this kernel, !: but showed):")?;
        let mut rows = Vec::new();
        let head = ["  ".to_owned()].into_iter();
        rows.push(head.chain(booted.iter().map(|row| row.kernel.clone())).collect());
        for (index, entry) in first.known.iter().enumerate() {
            let mut cells = vec![format!("  {}", entry.name)];
            cells.extend(booted.iter().filter_map(|row| row.known.get(index)).map(|known| {
                match known.expectation {
                    Expectation::Fired | Expectation::Silent => known.count.to_string(),
                    Expectation::Absent => "-".to_owned(),
                    Expectation::Unexpected => format!("!{}", known.count),
                }
            }));
            rows.push(cells);
        }
        write!(f, "{}", Columns { rows, numbers: true })?;
        for row in booted {
            for known in row.known.iter().filter(|known| known.is_error()) {
                let times = times(known.count);
                let (name, kernel) = (&known.name, &row.kernel);
                writeln!(
                    f,
                    "error: {name} showed {times} on {kernel}, which its entry does not name"
                )?;
            }
        }
        Ok(())
    }

    fn findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: usize = self.rows.iter().map(|row| row.findings.len()).sum();
        if count == 0 {
            return writeln!(f, "no findings");
        }
        writeln!(f, "{}:", counted(count, "finding"))?;
        for row in &self.rows {
            for found in &row.findings {
                let folder = found.folder.as_ref().map(|folder| folder.display().to_string());
                let folder = folder.unwrap_or_else(|| "(not saved)".to_owned());
                writeln!(f, "  {}: {}  {folder}", row.kernel, found.signature)?;
                for line in found.program.lines().take(LINES) {
                    writeln!(f, "      {line}")?;
                }
                for line in found.report.lines().take(LINES) {
                    writeln!(f, "    {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// How often, in words.
pub(super) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// Lines of a program and of a report that are printed; all of them are saved.
const LINES: usize = 12;
