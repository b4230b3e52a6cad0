//! Every version-dependent rule has a witness in `corpus/versions`: a program
//! that tells a kernel with the rule from one without.
//!
//! Missing ones are searched and written by `MMDIFF_RECORD=1 cargo test -p
//! mm-oracle --test versions`; read them before they are committed.

use mm_oracle::distinguish::{distinguish, Options, Pair};
use mm_reference::model::{Seed, System};
use mm_reference::op::Op;
use mm_reference::profile::{Profile, Switch, Version};
use mm_reference::text::{parse, write, Mode, Program, Requirement};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::time::Duration;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/versions")
}

/// The kernel that the corpus is predicted for.
fn stock() -> Profile {
    Profile::stock(Version::new(6, 18))
}

fn requirement(switch: Switch) -> Requirement {
    match switch {
        Switch::Rule(rule) => Requirement::Rule(rule, true),
        Switch::Config(option) => Requirement::Config(option, true),
    }
}

/// Why this file is no witness of the rule.
fn check(switch: Switch, text: &str) -> Result<(), String> {
    let program = parse(text, Mode::Strict).map_err(|error| error.to_string())?;
    if !program.requires.0.contains(&requirement(switch)) {
        return Err(format!("does not require {}", requirement(switch)));
    }
    let with = program.requires.impose(&stock());
    let ops: Vec<Op> = program.ops().cloned().collect();
    match Pair::new(&switch.set(&with, false), &with).differ_at(&ops) {
        Some(at) if at + 1 == ops.len() => Ok(()),
        Some(at) => Err(format!("shows after operation {at} already")),
        None => Err("does the same with the rule and without".to_owned()),
    }
}

/// Searches for a witness; the file that holds it.
fn record(switch: Switch) -> Option<String> {
    let (without, with) = (switch.set(&stock(), false), switch.set(&stock(), true));
    let options = Options { seed: 1, time: Duration::from_secs(20), jobs: 1 };
    let log = distinguish(&without, &with, &options, &AtomicBool::new(false));
    let entry = log.entries.into_iter().next()?;
    let mut program: Program = entry.program;
    program.header = vec![format!("With {} ({}):", switch.name(), switch.function())];
    program.header.push(format!("{}.", switch.text()));
    program.requires.0.insert(0, requirement(switch));
    let mut system = System::new(Arc::new(program.requires.impose(&with)), &Seed::standard());
    let layout = *system.layout();
    let ops: Vec<Op> = program.ops().cloned().collect();
    for (index, op) in ops.iter().enumerate() {
        program.expect(index, &system.apply(op).ok()?.outcome, &layout);
    }
    Some(write(&program))
}

#[test]
fn every_rule_has_a_witness() {
    let records = std::env::var_os("MMDIFF_RECORD").is_some();
    let mut failures = Vec::new();
    for switch in Switch::all() {
        let path = folder().join(format!("{}.mm", switch.name()));
        let mut fail = |what: String| failures.push(format!("{}: {what}", switch.name()));
        if records && switch.unseen().is_none() && !path.exists() {
            if let Some(text) = record(switch) {
                fs::write(&path, text).expect("a writable corpus");
            }
        }
        match (fs::read_to_string(&path), switch.unseen()) {
            (Ok(text), None) => check(switch, &text).unwrap_or_else(fail),
            (Ok(_), Some(why)) => fail(format!("is seen, but the table says: {why}")),
            (Err(error), None) => fail(format!("has no witness: {}: {error}", path.display())),
            (Err(_), Some(_)) => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_witness_belongs_to_a_rule() {
    for entry in fs::read_dir(folder()).expect("the corpus is readable") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let known = Switch::all().any(|switch| switch.name() == name);
        assert!(known, "{} belongs to no rule", path.display());
    }
}

#[test]
fn a_change_log_names_every_cause_once() {
    let [a, b] = ["6.6", "6.12"].map(|name| Profile::named(name).expect("a kernel"));
    let options = Options { seed: 1, time: Duration::from_secs(60), jobs: 2 };
    let log = distinguish(&a, &b, &options, &AtomicBool::new(false));
    assert!(log.missing.is_empty(), "{:?}", log.missing);
    let causes: Vec<Switch> = log.entries.iter().map(|entry| entry.cause).collect();
    let seen = |switch: &Switch| switch.unseen().is_none();
    let expected: Vec<Switch> = Switch::between(&a, &b).into_iter().filter(seen).collect();
    assert_eq!(causes, expected);
    for entry in &log.entries {
        let results_differ = entry.lines.iter().any(|line| line.a != line.b);
        assert!(results_differ || !entry.differences.is_empty(), "{}", entry.cause.name());
    }
}
