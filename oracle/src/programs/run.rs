//! One run of a program on model and kernel.

use super::{read, refused, ProgramError};
use crate::campaign::report;
use crate::corpus::{self, Ready, Verdict};
use crate::run::{Runner, Trial, Verdict as Outcome};
use mm_reference::text::Expected;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// In a word.
    pub verdict: Verdict,
    /// The same in words.
    pub summary: String,
    /// What differed first.
    pub signature: Option<String>,
    /// The known bugs that explain it.
    pub known: Vec<String>,
    /// How many operations were performed.
    pub operations: usize,
    /// Why it ended early, if it did.
    pub unpredictable: Option<String>,
    /// Where the file expects other results than the model.
    pub unexpected: Vec<String>,
    /// Each operation with what model and kernel say.
    pub table: String,
    /// The differences, if there are any.
    pub report: String,
}

impl Ran {
    fn skipped(reason: &str) -> Ran {
        Ran {
            verdict: Verdict::Skipped,
            summary: format!("skipped, {reason}"),
            signature: None,
            known: Vec::new(),
            operations: 0,
            unpredictable: None,
            unexpected: Vec::new(),
            table: String::new(),
            report: String::new(),
        }
    }

    /// Whether model, kernel and file say the same, known differences aside.
    pub fn is_as_expected(&self) -> bool {
        self.verdict != Verdict::Diverge && self.unexpected.is_empty()
    }
}

/// Runs a program and looks after every operation.
///
/// # Errors
/// When it is no program, may not run, or programs can no longer be run.
pub fn run(runner: &mut Runner, name: &str, text: &str) -> Result<Ran, ProgramError> {
    let program = read(name, text)?;
    runner.discard();
    let ops = match corpus::ready(runner, &program)? {
        Ready::Yes(ops) => ops,
        Ready::Skipped(reason) => return Ok(Ran::skipped(&reason)),
        Ready::Refused(why) => return Err(refused(name, why)),
    };
    let trial = runner.run_closely(&ops)?;
    let unexpected = corpus::unexpected(&program, &trial);
    let divergence = trial.divergence();
    let known = divergence.and_then(|divergence| divergence.known);
    Ok(Ran {
        verdict: match &trial.verdict {
            Outcome::Agreed if unexpected.is_empty() => Verdict::Agree,
            Outcome::Agreed => Verdict::Otherwise,
            Outcome::Diverged(_) if known.is_some() => Verdict::Known,
            Outcome::Diverged(_) => Verdict::Diverge,
        },
        summary: summary(&trial, &unexpected),
        signature: divergence.map(|divergence| divergence.signature.to_string()),
        known: known.iter().flat_map(|known| known.iter()).map(|q| q.name().to_owned()).collect(),
        operations: trial.ops.len(),
        unpredictable: trial.unpredictable.map(|reason| reason.to_string()),
        unexpected,
        table: table(&trial),
        report: divergence.map(report).unwrap_or_default(),
    })
}

fn summary(trial: &Trial, unexpected: &[String]) -> String {
    let mut text = match &trial.verdict {
        Outcome::Agreed if unexpected.is_empty() => "agree".to_owned(),
        Outcome::Agreed => "model and kernel agree, but not with the file".to_owned(),
        Outcome::Diverged(d) => match d.known {
            Some(quirks) => {
                let names: Vec<_> = quirks.iter().map(|q| q.name()).collect();
                format!("diverge, a known difference: {}", names.join(", "))
            }
            None => format!("diverge: {}", d.signature),
        },
    };
    // writing to a string cannot fail
    if let Some(reason) = trial.unpredictable {
        let lost = trial.lost.iter().map(|why| format!(", {why}")).collect::<String>();
        let next = trial.actual.len() + 1;
        let _ = write!(text, " (up to operation {next}: {reason}{lost})");
    }
    for line in unexpected {
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// Each operation with what model and kernel say.
fn table(trial: &Trial) -> String {
    let mut text = String::new();
    for (index, op) in trial.ops.iter().enumerate() {
        let (predicted, layout) = (&trial.predicted[index].outcome, &trial.layout);
        let (expected, actual) = match trial.actual.get(index) {
            Some(actual) => {
                let (expected, actual) = Expected::told_apart(predicted, actual, layout);
                (expected.to_string(), actual.to_string())
            }
            None => (Expected::of(predicted, layout).to_string(), "(not run)".to_owned()),
        };
        let mark = if expected == actual { ' ' } else { '!' };
        let _ = write!(text, "{mark} {op} = {expected}");
        if expected != actual {
            let _ = write!(text, "   kernel: {actual}");
        }
        if let Some(why) = trial.predicted[index].why {
            let _ = write!(text, "   # {why}");
        }
        text.push('\n');
    }
    text
}
