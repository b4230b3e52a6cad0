//! One run of a program on model and kernel.

use super::{read, refused, ProgramError};
use crate::campaign::report;
use crate::corpus::{self, Ready, Verdict};
use crate::run::{Observe, Replay, Runner, Trial, Verdict as Outcome};
use mm_reference::text::Expected;
use mm_reference::text::Program;
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
    /// The known bugs that were met; what followed was compared with a model that has them.
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
    corpus::under(runner, &program.requires, |runner| run_here(runner, name, &program))
}

/// As [`run`], with what the program requires as far as that can be had.
fn run_here(runner: &mut Runner, name: &str, program: &Program) -> Result<Ran, ProgramError> {
    runner.discard();
    let ops = match corpus::ready(runner, program)? {
        Ready::Yes(ops) => ops,
        Ready::Skipped(reason) => return Ok(Ran::skipped(&reason)),
        Ready::Refused(why) => return Err(refused(name, why)),
    };
    let observe = Observe::closest(runner.fresh()?, &ops);
    let trial = runner.run_out(&mut Replay::new(&ops), observe)?;
    let unexpected = corpus::unexpected(program, &trial);
    let known = trial.known();
    let verdict = match &trial.verdict {
        Outcome::Diverged(_) if corpus::is_confirmed(runner, &trial)? => Verdict::Diverge,
        _ if !unexpected.is_empty() => Verdict::Otherwise,
        _ if !known.is_empty() => Verdict::Known,
        _ => Verdict::Agree,
    };
    let divergence = trial.divergence();
    let first = divergence.or(trial.met.first().map(|met| &*met.divergence));
    let met = trial.met.iter().map(|met| &*met.divergence);
    Ok(Ran {
        verdict,
        summary: summary(&trial, verdict, &unexpected),
        signature: first.map(|divergence| divergence.signature.to_string()),
        known: known.iter().map(|quirk| quirk.name().to_owned()).collect(),
        operations: trial.ops.len(),
        unpredictable: trial.unpredictable.map(|reason| reason.to_string()),
        unexpected,
        table: table(&trial),
        report: met.chain(divergence).map(report).collect(),
    })
}

fn summary(trial: &Trial, verdict: Verdict, unexpected: &[String]) -> String {
    let known: Vec<_> = trial.known().iter().map(|quirk| quirk.name()).collect();
    let known = known.join(", ");
    let mut text = match &trial.verdict {
        Outcome::Agreed if !known.is_empty() => format!(
            "diverge, a known difference: {known}; the model that imitates it agrees, \
             up to operation {}",
            trial.ops.len()
        ),
        Outcome::Agreed if unexpected.is_empty() => "agree".to_owned(),
        Outcome::Agreed => "model and kernel agree, but not with the file".to_owned(),
        Outcome::Diverged(d) => {
            let shows_again = verdict == Verdict::Diverge;
            let how = if shows_again { "diverge" } else { "diverged once, did not show again" };
            let after = match known.is_empty() {
                true => String::new(),
                false => format!(", after a known difference: {known}"),
            };
            format!("{how}: {}{after}", d.signature)
        }
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
        let (predicted, layout) = (&trial.predicted[index], &trial.layout);
        let actual = trial.actual.get(index);
        // where a model that imitates known bugs agrees, what is right is said
        let answer = match actual == Some(&predicted.outcome) {
            true => trial.expected(index).unwrap_or(predicted),
            false => predicted,
        };
        let (expected, actual) = match actual {
            Some(actual) => {
                let (expected, actual) = Expected::told_apart(&answer.outcome, actual, layout);
                (expected.to_string(), actual.to_string())
            }
            None => (Expected::of(&answer.outcome, layout).to_string(), "(not run)".to_owned()),
        };
        let mark = if expected == actual { ' ' } else { '!' };
        let _ = write!(text, "{mark} {op} = {expected}");
        if expected != actual {
            let _ = write!(text, "   kernel: {actual}");
        }
        if let Some(why) = answer.why {
            let _ = write!(text, "   # {why}");
        }
        text.push('\n');
    }
    text
}
