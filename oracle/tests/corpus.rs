//! Every program of the corpus on model and kernel, observed after every
//! operation.

#[path = "../../reference/tests/programs/mod.rs"]
mod programs;

use mm_oracle::corpus::{judge, Judged, Verdict};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::Runner;
use mm_oracle::subject::Config;
use mm_reference::profile::{Profile, Version};
use mm_reference::text::{parse, Mode};
use programs::{corpus, programs};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::{fmt, fs};

/// A runner, or why there is none here.
fn runner() -> Result<Runner, String> {
    let (profile, _) = running_kernel().map_err(|error| error.to_string())?;
    let mut runner = Runner::new(Config::default(), Arc::new(profile), Capabilities::detect());
    runner.scrutinize(true);
    runner.fresh().map_err(|error| error.to_string())?;
    Ok(runner)
}

/// What ordinary users meet is compared whoever runs the test.
#[test]
fn programs_of_ordinary_users_run() {
    let mut runner = match runner() {
        Ok(runner) => runner,
        Err(why) => return println!("skipped: no subject can be run here: {why}"),
    };
    let before = runner.profile().privilege;
    for name in ["lock/limit.mm", "capabilities/ipc-lock.mm", "capabilities/by-an-ordinary-user.mm"]
    {
        let text = fs::read_to_string(corpus().join(name)).expect("a readable program");
        let judged = judge(&mut runner, name, &text).expect("programs run");
        assert_eq!((judged.verdict, judged.detail.as_str()), (Verdict::Agree, ""), "{name}");
    }
    // and the next one has back what mmdiff has
    let judged = judge(&mut runner, "any.mm", "# any\n\nfork() = p1\n").expect("programs run");
    assert_eq!((runner.profile().privilege, judged.detail.as_str()), (before, ""));
}

/// What came of the programs of the corpus.
#[derive(Default)]
struct Count {
    ran: usize,
    /// How many were skipped, by reason.
    skipped: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Count {
    /// Counts a program; one that this kernel has all for must run.
    fn add(&mut self, name: &str, text: &str, judged: Judged, profile: &Profile) {
        let Judged { verdict, detail, .. } = judged;
        match verdict {
            Verdict::Skipped => {
                if should_run(text, profile) {
                    self.failures.push(format!("{name}: skipped for nothing: {detail}"));
                }
                *self.skipped.entry(detail).or_default() += 1;
                return;
            }
            Verdict::Agree | Verdict::Known => {}
            _ => self.failures.push(format!("{name}: {}: {detail}", verdict.name())),
        }
        self.ran += usize::from(verdict != Verdict::Failed);
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { ran, skipped, failures } = self;
        let not_run: usize = skipped.values().sum();
        write!(f, "ran {ran}, skipped {not_run}")?;
        for (number, (why, count)) in skipped.iter().enumerate() {
            let before = if number == 0 { ": " } else { ", " };
            write!(f, "{before}{why} ({count})")?;
        }
        failures.iter().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}

/// Whether a kernel has all that a program requires.
fn should_run(text: &str, profile: &Profile) -> bool {
    let program = parse(text, Mode::Strict).expect("a program");
    program.requires.unmet(profile).is_none() && program.start.kernels_choice().is_none()
}

#[test]
fn model_and_kernel_agree_on_the_corpus() {
    let mut runner = match runner() {
        Ok(runner) => runner,
        Err(why) => return println!("skipped: no subject can be run here: {why}"),
    };
    let profile = runner.profile().clone();
    let root = corpus();
    let files = programs(&root);
    let mut count = Count::default();
    for path in &files {
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        let text = fs::read_to_string(path).expect("a readable program");
        match judge(&mut runner, &name, &text) {
            Ok(judged) => count.add(&name, &text, judged, &profile),
            Err(error) => count.failures.push(format!("{name}: {error}")),
        }
    }
    // past what is caught of a test that passes
    let _ = writeln!(io::stderr(), "corpus: of {} programs {count}", files.len());
    assert!(count.failures.is_empty() && count.ran > 0, "{count}");
}

#[test]
fn a_program_that_should_run_and_does_not_is_a_failure() {
    let profile = Profile::stock(Version::new(6, 18));
    let failures = |requires: &str, verdict: Verdict| {
        let text = format!("{requires}\n\nmunmap(0x10000, 0x1000)\n");
        let judged = Judged { verdict, detail: "why".to_owned(), finding: None };
        let mut count = Count::default();
        count.add("a.mm", &text, judged, &profile);
        count.failures.len()
    };
    assert_eq!(failures("requires: rule=mseal", Verdict::Agree), 0);
    assert_eq!(failures("requires: rule=mseal", Verdict::Skipped), 1);
    assert_eq!(failures("requires: !rule=mseal", Verdict::Skipped), 0);
    assert_eq!(failures("requires: rule=mseal", Verdict::Failed), 1);
}
