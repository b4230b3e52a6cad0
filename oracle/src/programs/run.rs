//! One run of a program on model and kernel.

use crate::campaign::report;
use crate::corpus::{self, Ready, Verdict};
use crate::run::{Observe, Replay, RunError, Runner, Trial, Verdict as Outcome};
use mm_reference::text::{parse, Expected, Mode, Program};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::Write;
use std::iter::successors;

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
    /// Of a program that is not run.
    fn not_run(verdict: Verdict, summary: String) -> Ran {
        Ran {
            verdict,
            summary,
            signature: None,
            known: Vec::new(),
            operations: 0,
            unpredictable: None,
            unexpected: Vec::new(),
            table: String::new(),
            report: String::new(),
        }
    }

    /// Of a program that could not be run, and why.
    pub fn failed(why: &(dyn Error + 'static)) -> Ran {
        let chain: Vec<_> =
            successors(Some(why), |&error| error.source()).map(ToString::to_string).collect();
        Ran::not_run(Verdict::Failed, chain.join(": "))
    }

    /// Whether model, kernel and file say the same, known differences aside.
    pub fn is_as_expected(&self) -> bool {
        self.verdict != Verdict::Diverge && self.unexpected.is_empty()
    }
}

/// Runs a program and looks after every operation. One that is no program, may not run or
/// cannot be run has failed, and says nothing of the next one.
pub fn run(runner: &mut Runner, text: &str) -> Ran {
    let program = match parse(text, Mode::Strict) {
        Ok(program) => program,
        Err(error) => return Ran::not_run(Verdict::Failed, format!("failed to parse: {error}")),
    };
    let ran = corpus::under(runner, &program.requires, |runner| run_here(runner, &program));
    ran.unwrap_or_else(|error: RunError| Ran::failed(&error))
}

/// As [`run`], with what the program requires as far as that can be had.
fn run_here(runner: &mut Runner, program: &Program) -> Result<Ran, RunError> {
    runner.discard();
    let ops = match corpus::ready(runner, program)? {
        Ready::Yes(ops) => ops,
        Ready::Skipped(reason) => {
            return Ok(Ran::not_run(Verdict::Skipped, format!("skipped, {reason}")))
        }
        Ready::Refused(why) => return Ok(Ran::not_run(Verdict::Failed, why)),
    };
    let observe = Observe::closest(runner.fresh()?, &ops);
    let trial = runner.run_out(&mut Replay::new(&ops), observe)?;
    let unexpected = corpus::unexpected(program, &trial);
    let known = trial.known();
    let verdict = match &trial.verdict {
        Outcome::Diverged(_) if corpus::is_confirmed(runner, &trial)? => Verdict::Diverge,
        _ if trial.unpredictable.is_some() => Verdict::Failed,
        _ if !unexpected.is_empty() => Verdict::Otherwise,
        _ if !known.is_empty() => Verdict::Known,
        _ => Verdict::Agree,
    };
    let divergence = trial.divergence();
    let first = divergence.or(trial.met.first().map(|met| &*met.divergence));
    let met = trial.met.iter().map(|met| &*met.divergence);
    Ok(Ran {
        verdict,
        summary: summary(&trial, verdict, ops.len(), &unexpected),
        signature: first.map(|divergence| divergence.signature.to_string()),
        known: known.iter().map(|quirk| quirk.name().to_owned()).collect(),
        operations: trial.ops.len(),
        unpredictable: trial.unpredictable.map(|reason| reason.to_string()),
        unexpected,
        table: table(&trial),
        report: met.chain(divergence).map(report).collect(),
    })
}

/// In words, of a program of so many operations.
fn summary(trial: &Trial, verdict: Verdict, of: usize, unexpected: &[String]) -> String {
    let known: Vec<_> = trial.known().iter().map(|quirk| quirk.name()).collect();
    let known = known.join(", ");
    let mut text = match &trial.verdict {
        Outcome::Agreed if !known.is_empty() => {
            let end = match trial.unpredictable {
                Some(_) => String::new(), // it is said below
                None => format!(", up to operation {of}"),
            };
            format!("diverge, a known difference: {known}; the model that imitates it agrees{end}")
        }
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
        let done = trial.actual.len();
        let _ = write!(text, ", up to operation {done} of {of}: {reason}{lost}");
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
