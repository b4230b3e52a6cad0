//! Programs with their expected results, held against model and kernel.

use crate::campaign::{shows_again, Finding, Record};
use crate::compare::Field;
use crate::generate::{refusal, Avoid, Bounds, Fence, Workshop};
use crate::run::{Divergence, Observe, Replay, RunError, Runner, Trial, Verdict as Ran};
use mm_reference::addr::{PAGE_SIZE, TASK_SIZE_MAX};
use mm_reference::model::{Limits, Seed, System};
use mm_reference::op::{Layout, Op, Outcome, MAX_PROCESSES};
use mm_reference::profile::{Profile, Quirk, QUIRKS};
use mm_reference::text::{parse, Expected, Line, Mode, Program, Requires};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::sync::Arc;

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
    /// They agree, but the file expects the results of another kernel.
    Otherwise,
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
            Verdict::Otherwise => "otherwise",
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

/// A program on a kernel.
pub(crate) enum Ready {
    /// These are its operations.
    Yes(Vec<Op>),
    /// It is not for this kernel, and why.
    Skipped(String),
    /// It may not run, and why.
    Refused(String),
}

/// Makes the runner begin as a program does, if this kernel has what it requires.
///
/// # Errors
/// When programs can no longer be run.
pub(crate) fn ready(runner: &mut Runner, program: &Program) -> Result<Ready, RunError> {
    if let Some(unmet) = runner.meet(&program.requires, &mut Vec::new())? {
        return Ok(Ready::Skipped(format!("requires {unmet}")));
    }
    if let Some(why) = program.start.kernels_choice() {
        return Ok(Ready::Skipped(why.to_owned()));
    }
    runner.begin_by(program.start, &mut Vec::new())?;
    let ops = match operations(program, runner.fresh()?) {
        Ok(ops) => ops,
        Err(why) => return Ok(Ready::Refused(why)),
    };
    let seed = runner.seed()?.clone();
    Ok(match is_for_other_limits(program, runner.profile(), &seed) {
        true => Ready::Skipped("its results are for higher limits than are given here".to_owned()),
        false => Ready::Yes(ops),
    })
}

/// Whether the results in a file are those of a subject with the usual limits, which this one
/// has not: who has started it may have lowered them (`ulimit -Hl`).
fn is_for_other_limits(program: &Program, profile: &Arc<Profile>, seed: &Seed) -> bool {
    let usual = Limits { stack: seed.limits.stack, ..Limits::default() };
    let disagrees = |seed: &Seed| {
        let mut system = System::new(profile.clone(), seed);
        let layout = *system.layout();
        let mut answers = program.lines.iter().map_while(|line| {
            let answer = system.apply(&line.op).ok()?;
            Some(otherwise(line, &answer.outcome, &layout).is_some())
        });
        answers.any(|disagrees| disagrees)
    };
    seed.limits != usual && disagrees(seed) && !disagrees(&Seed { limits: usual, ..seed.clone() })
}

/// What a file says otherwise about an operation than the model does.
pub(crate) fn otherwise(line: &Line, outcome: &Outcome, layout: &Layout) -> Option<String> {
    let expected = line.expected.as_ref().filter(|expected| !expected.matches(outcome, layout))?;
    let predicted = Expected::of(outcome, layout);
    Some(format!("line {}: the file expects {expected}, the model {predicted}", line.number))
}

/// The lines whose expected result in the file is not what the model says: what should come
/// of them, whatever known bugs this kernel has.
pub(crate) fn unexpected(program: &Program, trial: &Trial) -> Vec<String> {
    let lines = program.lines.iter().enumerate();
    let right = lines.map_while(|(index, line)| Some((line, trial.expected(index)?)));
    right.filter_map(|(line, answer)| otherwise(line, &answer.outcome, &trial.layout)).collect()
}

/// What came of a program of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// In a word.
    pub verdict: Verdict,
    /// Why, where that needs words.
    pub detail: String,
    /// The divergence as a finding, with the program as the file has it.
    pub finding: Option<Box<Record>>,
}

impl Judged {
    fn new(verdict: Verdict, detail: String) -> Judged {
        Judged { verdict, detail, finding: None }
    }
}

/// Runs a program of the corpus: looked at once, at the end, and then after every
/// operation. `name` is its path within the corpus; a program in `known/` with the
/// name of a known difference is expected to show it, where the kernel has it.
///
/// # Errors
/// When programs can no longer be run.
pub fn judge(runner: &mut Runner, name: &str, text: &str) -> Result<Judged, RunError> {
    let program = match parse(text, Mode::Strict) {
        Ok(program) => program,
        Err(error) => return Ok(Judged::new(Verdict::Failed, format!("failed to parse: {error}"))),
    };
    under(runner, &program.requires, |runner| judge_here(runner, (name, text), &program))
}

/// Brings about what a program requires, as far as the settings of this system may be
/// changed, for as long as `then` takes.
///
/// # Errors
/// Those of `then`, and when the system does not take a setting.
pub fn under<T, E: From<RunError>>(
    runner: &mut Runner,
    requires: &Requires,
    then: impl FnOnce(&mut Runner) -> Result<T, E>,
) -> Result<T, E> {
    let usual = runner.profile().clone();
    let control = runner.control().cloned();
    let missing = control.as_ref().map(|c| c.missing(requires, &usual)).unwrap_or_default();
    let all = requires.unmet(&missing.impose(&usual)).is_none();
    let (Some(control), true, false) = (control, all, missing.0.is_empty()) else {
        return then(runner);
    };
    // as long as everything is as it was found
    runner.known_bugs();
    let profile = Arc::new(missing.impose(&usual));
    runner.resettle(profile.clone());
    let done = match control.lasting(&profile).map_err(RunError::Settings) {
        Ok(_lasting) => {
            let done = then(runner);
            // no subject of now may be left when what lasts is restored
            runner.discard();
            done
        }
        Err(error) => Err(error.into()),
    };
    runner.resettle(usual);
    done
}

/// As [`judge`], with all that the program requires.
fn judge_here(
    runner: &mut Runner,
    (name, text): (&str, &str),
    program: &Program,
) -> Result<Judged, RunError> {
    let ops = match ready(runner, program)? {
        Ready::Yes(ops) => ops,
        Ready::Skipped(why) => return Ok(Judged::new(Verdict::Skipped, why)),
        Ready::Refused(why) => return Ok(Judged::new(Verdict::Failed, why)),
    };
    let mut trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
    if trial.divergence().is_none() {
        let observe = Observe::closest(runner.fresh()?, &ops);
        trial = runner.run_out(&mut Replay::new(&ops), observe)?;
    }
    trial.add_left(runner.take_left());
    let known: Vec<_> = trial.known().iter().map(|quirk| quirk.name()).collect();
    let quirk = expected_quirk(name).filter(|quirk| quirk.affects(runner.profile().version));
    Ok(match &trial.verdict {
        Ran::Diverged(divergence) => {
            let what = differences(divergence);
            if !is_confirmed(runner, &trial)? {
                let note = format!("did not show again: {what}");
                return Ok(Judged::new(Verdict::Agree, note));
            }
            let finding = Finding::of(&trial, runner.fresh()?).map(|finding| {
                let program = text.to_owned();
                Box::new(Record { program, ..Record::from(&finding) })
            });
            Judged { finding, ..Judged::new(Verdict::Diverge, what) }
        }
        Ran::Agreed => match (trial.unpredictable, unexpected(program, &trial)) {
            (Some(reason), _) => {
                let next = trial.ops.len() + 1;
                Judged::new(Verdict::Failed, format!("it ended before operation {next}: {reason}"))
            }
            (None, wrong) if !wrong.is_empty() => Judged::new(Verdict::Otherwise, wrong.join("\n")),
            // that of the file or another one that the program meets on its way
            (None, _) if !known.is_empty() => Judged::new(Verdict::Known, known.join(", ")),
            // a stable update may have repaired it
            (None, _) => {
                let note = quirk.map(|q| format!("{} did not show on this kernel", q.name()));
                Judged::new(Verdict::Agree, note.unwrap_or_default())
            }
        },
    })
}

/// Whether a divergence counts: it shows again, or is what a kernel may say only once.
///
/// # Errors
/// When programs can no longer be run.
pub fn is_confirmed(runner: &mut Runner, trial: &Trial) -> Result<bool, RunError> {
    Ok(match trial.divergence() {
        Some(divergence) if divergence.signature.field == Field::KernelLog => true,
        Some(_) => shows_again(runner, trial)?,
        None => false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::addr::Size;
    use mm_reference::model::Seed;
    use mm_reference::profile::{Profile, Version};
    use mm_reference::text::MAX_ACCESS_LEN;
    use std::sync::Arc;

    fn refused(text: &str) -> String {
        let profile = Arc::new(Profile::stock(Version::new(6, 18)));
        let fresh = System::new(profile, &Seed::standard());
        let program = parse(text, Mode::Strict).unwrap_or_else(|error| panic!("{text}: {error}"));
        operations(&program, &fresh).expect_err(text)
    }

    #[test]
    fn a_refusal_names_the_bound_that_the_readme_names() {
        let readme = include_str!("../../README.md");
        let map = "mmap(mmap-0x80000000, 0x80000000, PROT_READ|PROT_WRITE, \
                   MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)\n";
        let longest = format!("load(mmap-0x80000000, {MAX_ACCESS_LEN:#x})\n");
        let (all, one) = (Size(BOUNDS.populated * PAGE_SIZE), Size(MAX_ACCESS_LEN));
        let too_often = BOUNDS.populated * PAGE_SIZE / MAX_ACCESS_LEN + 1;
        let why = refused(&format!("{map}{}", longest.repeat(too_often as usize)));
        assert!(why.contains(&format!("a program touches at most {all}")), "{why}");
        let longer = format!("load(mmap-0x80000000, {:#x})\n", MAX_ACCESS_LEN + 1);
        let why = parse(&longer, Mode::Strict).expect_err("too long").to_string();
        assert!(why.contains(&format!("touches at most {one}")), "{why}");
        assert!(readme.contains(&format!("may touch {all} in all, and {one} with one load")));
    }

    #[test]
    fn what_a_file_expects_otherwise_is_told_as_files_say_it() {
        let text =
            "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x2000\n\
                    munmap(mmap-0x1000, 0x1000) = -EINVAL\n";
        let program = parse(text, Mode::Strict).expect("a program");
        let layout = Seed::standard().layout;
        let told: Vec<String> = program
            .lines
            .iter()
            .zip([Outcome::Address(layout.mmap - 0x1000), Outcome::Value(0)])
            .filter_map(|(line, outcome)| otherwise(line, &outcome, &layout))
            .collect();
        assert_eq!(
            told,
            [
                "line 1: the file expects mmap-0x2000, the model mmap-0x1000",
                "line 2: the file expects -EINVAL, the model 0",
            ]
        );
    }
}
