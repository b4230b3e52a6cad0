//! Programs with their expected results, held against model and kernel.

use crate::generate::{refusal, Avoid, Bounds, Fence, Workshop};
use crate::run::{Divergence, Observe, Replay, RunError, Runner, Trial, Verdict as Ran};
use mm_reference::addr::{PAGE_SIZE, TASK_SIZE_MAX};
use mm_reference::model::System;
use mm_reference::op::{Op, MAX_PROCESSES};
use mm_reference::profile::{Quirk, QUIRKS};
use mm_reference::text::{parse, Mode, Program};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What came of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Model and kernel agree, and with the file.
    Agree,
    /// They differ as a known difference says.
    Known,
    /// They differ.
    Diverge,
    /// It requires what this kernel does not have.
    Skipped,
    /// It could not be run, or only in part.
    Failed,
}

impl Verdict {
    /// The word that stands for it.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Agree => "agree",
            Verdict::Known => "known",
            Verdict::Diverge => "diverge",
            Verdict::Skipped => "skipped",
            Verdict::Failed => "failed",
        }
    }
}

/// The most that a program from a file may use.
pub const BOUNDS: Bounds = Bounds {
    populated: (256 << 20) / PAGE_SIZE,
    mapped: TASK_SIZE_MAX / PAGE_SIZE,
    processes: MAX_PROCESSES,
};

/// The operations of a program; or the line of one that may not run, because it
/// would break the subject or take more memory than is healthy for the machine,
/// with the reason.
///
/// # Errors
/// When there is such a line.
pub fn operations(program: &Program, fresh: &System) -> Result<Vec<Op>, String> {
    let ops: Vec<Op> = program.ops().cloned().collect();
    let fence = Fence::of(fresh);
    let workshop = Workshop {
        fresh,
        fence: &fence,
        bounds: BOUNDS,
        avoid: Avoid::default(),
        max_ops: ops.len(),
    };
    match refusal(&workshop, &ops) {
        None => Ok(ops),
        Some((index, why)) => {
            let line = &program.lines[index];
            Err(format!("line {}: `{}` cannot be run: {why}", line.number, line.op))
        }
    }
}

/// Runs a program of the corpus: looked at once, at the end, and then after every
/// operation. `name` is its path within the corpus; a program in `known/` with the
/// name of a known difference is expected to show it, where the kernel has it.
///
/// # Errors
/// When programs can no longer be run.
pub fn judge(runner: &mut Runner, name: &str, text: &str) -> Result<(Verdict, String), RunError> {
    let program = match parse(text, Mode::Strict) {
        Ok(program) => program,
        Err(error) => return Ok((Verdict::Failed, format!("failed to parse: {error}"))),
    };
    if let Some(unmet) = program.requires.unmet(runner.profile()) {
        return Ok((Verdict::Skipped, format!("requires {unmet}")));
    }
    if let Some(why) = program.start.kernels_choice() {
        return Ok((Verdict::Skipped, why.to_owned()));
    }
    runner.begin_by(program.start, &mut Vec::new())?;
    let ops = match operations(&program, runner.fresh()?) {
        Ok(ops) => ops,
        Err(why) => return Ok((Verdict::Failed, why)),
    };
    let mut trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
    if trial.divergence().is_none() {
        trial = runner.run_closely(&ops)?;
    }
    let layout = trial.layout;
    let quirk = expected_quirk(name).filter(|quirk| quirk.affects(runner.profile().version));
    Ok(match &trial.verdict {
        Ran::Diverged(divergence) => match divergence.known {
            // that of the file or another one that the program meets on its way
            Some(known) => {
                let names: Vec<_> = known.iter().map(|quirk| quirk.name()).collect();
                (Verdict::Known, names.join(", "))
            }
            None => (Verdict::Diverge, differences(divergence)),
        },
        Ran::Agreed => {
            let early = trial.unpredictable.map(|reason| reason.to_string());
            match (early, quirk) {
                (Some(reason), None) => (Verdict::Failed, reason),
                (_, Some(quirk)) => {
                    // a stable update may have repaired it
                    let note = format!("{} did not show on this kernel", quirk.name());
                    (Verdict::Agree, note)
                }
                (None, None) => against_file(&program, &trial, &layout),
            }
        }
    })
}

/// The known difference that a file of this name is about.
fn expected_quirk(name: &str) -> Option<Quirk> {
    let (folder, file) = name.rsplit_once('/')?;
    let known = folder == "known" || folder.ends_with("/known");
    QUIRKS.iter().copied().find(|quirk| known && file.contains(quirk.name()))
}

fn differences(divergence: &Divergence) -> String {
    let mut text = divergence.signature.to_string();
    for difference in &divergence.differences {
        let _ = write!(text, "\n  {difference}");
    }
    text
}

/// The kernel's results against those of the file.
fn against_file(
    program: &Program,
    trial: &Trial,
    layout: &mm_reference::op::Layout,
) -> (Verdict, String) {
    let wrong: Vec<String> = program
        .lines
        .iter()
        .zip(&trial.actual)
        .filter(|(line, actual)| line.expected.as_ref().is_some_and(|e| !e.matches(actual, layout)))
        .map(|(line, actual)| format!("line {} gave {actual:?}", line.number))
        .collect();
    match wrong.is_empty() {
        true => (Verdict::Agree, String::new()),
        false => (Verdict::Diverge, wrong.join("\n")),
    }
}
