//! Moves whose allocations fail: on kernels with fault injection the last `mremap` of a
//! program is run again and again, with its first allocation failing, its second, and so
//! on until it needs no more. Each time all that can be seen afterwards must be what
//! the model says of one of its own requests for memory that is not met: the state before
//! the call, but for what a kernel does not undo.
//!
//! Kernel and model do not count alike: what the model asks for once may take the kernel
//! several allocations, and some that fail are done without. So the model's requests are
//! tried one after the other: those for what the kernel's log says the allocation was for,
//! and a later allocation may not fail at an earlier request.

mod attempt;
mod faults;
mod site;

pub use faults::{Faults, NoFaults};

use crate::corpus::{self, Verdict};
use crate::run::{RunError, Runner};
use attempt::{Attempt, Stage};
use mm_reference::op::{Call, Op};
use mm_reference::profile::QuirkSet;
use mm_reference::text::{parse, Line, Mode};
use serde::{Deserialize, Serialize};

/// A call that has not run out of allocations by then never will.
const MOST: u64 = 5000;

/// What came of one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injected {
    /// Whether all that could be seen was as it should be.
    pub verdict: Verdict,
    /// Why it was skipped, or what differed.
    pub detail: String,
    /// The call, as it is written in programs.
    pub call: String,
    /// One for every allocation that failed, in order.
    pub tries: Vec<Try>,
}

/// One allocation that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// Which one of the call's.
    pub n: u64,
    /// The functions that asked for it, the innermost first, where the log says so.
    pub site: Option<String>,
    /// What the call answered.
    pub outcome: String,
    /// What it came to.
    pub effect: Effect,
    /// For what the model lacked memory, where it explains the outcome by that.
    pub missed: Option<String>,
    /// What is not as it was before a call that failed, or not as after a call that succeeds.
    pub otherwise: Vec<String>,
}

/// What an allocation that failed came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The call failed, and left the state before it.
    Undone,
    /// The call failed, and left something that the kernel does not undo.
    Partly,
    /// The kernel did without: the outcome is that of a call without failures.
    Unnoticed,
    /// The call succeeded, with another state than it has without failures.
    Otherwise,
}

impl Effect {
    /// Every one.
    pub const ALL: [Effect; 4] =
        [Effect::Undone, Effect::Partly, Effect::Unnoticed, Effect::Otherwise];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Effect::Undone => "undone",
            Effect::Partly => "partly undone",
            Effect::Unnoticed => "unnoticed",
            Effect::Otherwise => "succeeded otherwise",
        }
    }
}

impl Injected {
    fn without_tries(verdict: Verdict, detail: impl Into<String>) -> Injected {
        Injected { verdict, detail: detail.into(), call: String::new(), tries: Vec::new() }
    }

    /// How often an allocation that failed came to this.
    pub fn count(&self, effect: Effect) -> usize {
        self.tries.iter().filter(|attempt| attempt.effect == effect).count()
    }
}

/// Runs the last `mremap` of programs with allocations that fail.
pub struct Injector<'a> {
    faults: &'a Faults,
    stage: Stage,
    /// The known bugs of this kernel.
    bugs: QuirkSet,
}

impl Injector<'_> {
    /// An injector on the kernel of a runner, which finds out there which of the known
    /// bugs this kernel has.
    pub fn new<'a>(faults: &'a Faults, runner: &mut Runner) -> Injector<'a> {
        let bugs = runner.known_bugs();
        runner.discard();
        let stage = Stage::new(runner.profile().clone(), runner.capabilities().clone());
        Injector { faults, stage, bugs }
    }

    /// Runs the program up to its last `mremap`, and that with one allocation after the
    /// other failing. `each` is told of every run.
    ///
    /// # Errors
    /// When programs can no longer be run.
    pub fn inject(&mut self, text: &str, each: &mut dyn FnMut()) -> Result<Injected, RunError> {
        let program = match parse(text, Mode::Strict) {
            Ok(program) => program,
            Err(error) => {
                let why = format!("failed to parse: {error}");
                return Ok(Injected::without_tries(Verdict::Failed, why));
            }
        };
        if let Some(unmet) = self.stage.meet(&program.requires) {
            let why = format!("requires {unmet}");
            return Ok(Injected::without_tries(Verdict::Skipped, why));
        }
        if let Some(why) = program.start.kernels_choice() {
            return Ok(Injected::without_tries(Verdict::Skipped, why));
        }
        let is_move = |line: &Line| matches!(line.op.call, Call::Mremap { .. });
        let Some(last) = program.lines.iter().rposition(is_move) else {
            return Ok(Injected::without_tries(Verdict::Skipped, "it has no mremap"));
        };
        self.stage.begin_by(program.start);
        let fresh = self.stage.start()?;
        let ops = match corpus::operations(&program, &fresh.system) {
            Ok(ops) => ops,
            Err(why) => return Ok(Injected::without_tries(Verdict::Failed, why)),
        };
        let call = program.lines[last].op.to_string();
        let mut injected = self.all(fresh, &ops[..=last], each)?;
        injected.call = call;
        Ok(injected)
    }

    /// Every n for one program, whose last operation is the one that fails.
    fn all(
        &mut self,
        first: Attempt,
        ops: &[Op],
        each: &mut dyn FnMut(),
    ) -> Result<Injected, RunError> {
        let mut injected = Injected::without_tries(Verdict::Agree, "");
        let with_bugs = (!self.bugs.is_empty()).then(|| self.stage.with(self.bugs));
        let mut first = Some(first);
        // the model's request at which the allocation before failed
        let mut least = 0;
        for n in 1..=MOST {
            let mut attempt = match first.take() {
                Some(first) => first,
                None => self.stage.start()?,
            };
            each();
            let tried = attempt.run(&self.stage, with_bugs.as_ref(), ops, self.faults, n, least)?;
            let tried = match tried {
                Ok(tried) => tried,
                Err((verdict, why)) => {
                    injected.verdict = verdict;
                    injected.detail = match verdict {
                        Verdict::Diverge => format!("allocation {n}{why}"),
                        _ => why,
                    };
                    return Ok(injected);
                }
            };
            if tried.known {
                injected.verdict = Verdict::Known;
            }
            if !tried.failed {
                return Ok(injected);
            }
            least = tried.least;
            injected.tries.push(Try {
                n,
                site: tried.site.map(|site| site.to_string()),
                outcome: tried.outcome,
                effect: tried.effect,
                missed: tried.missed.map(|purpose| purpose.why().to_owned()),
                otherwise: tried.otherwise,
            });
        }
        injected.verdict = Verdict::Failed;
        injected.detail = format!("{MOST} allocations do not suffice");
        Ok(injected)
    }
}
