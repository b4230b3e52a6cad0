//! Every program of the corpus on model and kernel, observed after every
//! operation.

#[path = "../../reference/tests/programs/mod.rs"]
mod programs;

use mm_oracle::corpus::{judge, Judged, Verdict};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::Runner;
use mm_oracle::subject::Config;
use programs::{corpus, programs};
use std::fs;
use std::sync::Arc;

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

#[test]
fn model_and_kernel_agree_on_the_corpus() {
    let mut runner = match runner() {
        Ok(runner) => runner,
        Err(why) => return println!("skipped: no subject can be run here: {why}"),
    };
    let root = corpus();
    let files = programs(&root);
    let mut failures = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).expect("a readable program");
        match judge(&mut runner, &name, &text) {
            Ok(Judged { verdict: Verdict::Agree, detail, .. }) if detail.is_empty() => {}
            Ok(Judged { verdict: Verdict::Known, .. }) => {}
            Ok(Judged { verdict: Verdict::Agree, detail, .. }) => println!("{name}: {detail}"),
            Ok(Judged { verdict: Verdict::Skipped, detail, .. }) => {
                println!("{name}: skipped, {detail}")
            }
            Ok(Judged { detail, .. }) => failures.push(format!("{name}: {detail}")),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
