//! Every program of the corpus on model and kernel, observed after every
//! operation.

#[path = "../../reference/tests/programs/mod.rs"]
mod programs;

use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Observe, Replay, Runner, Verdict};
use mm_oracle::subject::Config;
use mm_reference::op::Op;
use mm_reference::profile::QUIRKS;
use mm_reference::text::{parse, Mode};
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
        let program = parse(&text, Mode::Strict).unwrap_or_else(|e| panic!("{name}: {e}"));
        if let Some(unmet) = program.requires.unmet(runner.profile()) {
            println!("{name}: skipped, requires {unmet}");
            continue;
        }
        if let Some(why) = program.start.kernels_choice() {
            println!("{name}: skipped, {why}");
            continue;
        }
        runner.begin_by(program.start, &mut Vec::new()).expect("nothing is queued");
        let ops: Vec<Op> = program.ops().cloned().collect();
        // looked at once, at the end, and then after every operation
        let both = runner
            .run(&mut Replay::new(&ops), Observe::End)
            .and_then(|once| Ok((once, runner.run(&mut Replay::new(&ops), Observe::EveryOp)?)));
        let trial = match both {
            Ok((once, _)) if matches!(once.verdict, Verdict::Diverged(_)) => once,
            Ok((_, trial)) => trial,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let layout = trial.layout;
        let version = runner.profile().version;
        let quirk = QUIRKS
            .iter()
            .find(|q| {
                path.parent().is_some_and(|p| p.ends_with("known")) && name.contains(q.name())
            })
            .filter(|q| q.affects(version));
        match (&trial.verdict, quirk) {
            (Verdict::Agreed, None) if trial.unpredictable.is_none() => {}
            (Verdict::Agreed, Some(quirk)) => {
                // a stable update may have repaired it
                println!("{name}: {} did not show on this kernel", quirk.name());
            }
            (Verdict::Diverged(d), Some(quirk)) if d.known.is_some_and(|k| k.contains(*quirk)) => {
                continue;
            }
            (Verdict::Diverged(d), _) => {
                let differences: String =
                    d.differences.iter().map(|difference| format!("\n  {difference}")).collect();
                failures.push(format!("{name}: {}{differences}", d.signature));
                continue;
            }
            (verdict, _) => {
                failures.push(format!("{name}: {verdict:?} {:?}", trial.unpredictable));
                continue;
            }
        }
        for (line, actual) in program.lines.iter().zip(&trial.actual) {
            if line.expected.as_ref().is_some_and(|e| !e.matches(actual, &layout)) {
                failures.push(format!("{name}: line {} gave {actual:?}", line.number));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
