//! Campaigns: what they run follows from the seed, and what they could not run is said.

use mm_oracle::campaign::{self, Limit, Options, Summary, Watcher};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::Observe;
use mm_reference::defect::Defect;
use mm_reference::profile::Profile;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use tempfile::TempDir;

struct Nobody;

impl Watcher for Nobody {}

/// The kernel as seen by a model with a wrong rule; none where no kernel can be described.
fn kernel(defect: Defect) -> Option<Arc<Profile>> {
    match running_kernel() {
        Ok((profile, _)) => Some(Arc::new(Profile { defect: Some(defect), ..profile })),
        Err(error) => {
            println!("skipped: this kernel cannot be described: {error}");
            None
        }
    }
}

fn options(folder: &TempDir, programs: u64, jobs: usize) -> Options {
    Options {
        limit: Limit::Programs(programs),
        seed: 5,
        jobs,
        observe: Observe::Adaptive,
        max_ops: 60,
        theme: None,
        until_found: false,
        out: folder.path().join("out"),
        contradictions: Vec::new(),
        control: None,
    }
}

fn run(options: &Options, profile: &Arc<Profile>) -> Summary {
    let stop = Arc::new(AtomicBool::new(false));
    campaign::run(options, profile, &Capabilities::detect(), stop, &Nobody).expect("a campaign")
}

#[test]
fn a_seed_repeats_a_run_whatever_the_number_of_workers() {
    let Some(profile) = kernel(Defect::BrkLeavesNoPage) else { return };
    let results = [1, 2, 3].map(|jobs| {
        let folder = TempDir::new().expect("a folder");
        let summary = run(&options(&folder, 2500, jobs), &profile);
        assert_eq!(summary.programs, 2500);
        let text = |finding: &campaign::Finding| {
            let number = finding.run.and_then(|run| run.program);
            (finding.signature.to_string(), number, finding.ops.clone())
        };
        let findings: Vec<_> = summary.findings.iter().map(|(finding, _)| text(finding)).collect();
        (summary.operations, findings)
    });
    assert!(!results[0].1.is_empty(), "a finding to compare");
    assert!(results[0].1.iter().all(|(_, number, _)| number.is_some()));
    assert_eq!(results[0].1, results[1].1);
    assert_eq!(results[0].1, results[2].1);
}

#[test]
fn what_shows_in_the_same_way_by_other_programs_is_found_too() {
    // an access to a hole and one that is forbidden tell the wrong address, both alike
    let Some(profile) = kernel(Defect::FaultAddressRounded) else { return };
    let folder = TempDir::new().expect("a folder");
    let summary = run(&options(&folder, 1200, 1), &profile);
    let names: Vec<_> = summary.findings.iter().map(|(finding, _)| finding.name()).collect();
    let first = "load.outcome.changed".to_owned();
    let second = format!("{first}-2");
    assert!(names.contains(&first) && names.contains(&second), "{names:?}");
    let found = |name: &String| summary.findings.iter().find(|(f, _)| f.name() == *name);
    let [one, other] = [&first, &second].map(|name| found(name).expect("it is there"));
    assert_eq!(one.0.signature, other.0.signature);
    assert_ne!(one.0.ops, other.0.ops);
    assert!(other.1.ends_with(&second) && other.1.join("program.mm").is_file());
    // a bug that shows everywhere is not looked into again and again
    let most = names.iter().filter(|name| name.starts_with(&first)).count();
    assert!(most <= 3 && summary.repeated > most as u64, "{names:?}");
}

#[test]
fn the_first_finding_ends_a_campaign_that_is_run_until_found() {
    let Some(profile) = kernel(Defect::BrkLeavesNoPage) else { return };
    let folder = TempDir::new().expect("a folder");
    let options = Options { until_found: true, ..options(&folder, 100_000, 1) };
    let summary = run(&options, &profile);
    assert_eq!(summary.findings.len(), 1);
    assert!(summary.programs < 100_000, "{}", summary.programs);
    assert!(!summary.interrupted);
    // all that it takes to repeat it is in the folder
    let (finding, folder) = &summary.findings[0];
    let text = std::fs::read_to_string(folder.join("finding.json")).expect("a file");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(record["campaign"]["seed"], 5);
    assert_eq!(record["campaign"]["jobs"], 1);
    assert_eq!(record["campaign"]["program"].as_u64(), finding.run.and_then(|run| run.program));
    assert_eq!(record["mmdiff"], env!("CARGO_PKG_VERSION"));
    for key in ["release", "build"] {
        assert!(record["kernel"][key].as_str().is_some_and(|text| !text.is_empty()), "{record}");
    }
}

#[test]
fn no_program_is_no_success() {
    let Some(profile) = kernel(Defect::BrkLeavesNoPage) else { return };
    let folder = TempDir::new().expect("a folder");
    let summary = run(&options(&folder, 0, 1), &profile);
    assert_eq!(summary.incomplete().as_deref(), Some("no program was run"));
}

#[test]
fn a_finding_asks_for_nothing_that_it_does_not_need() {
    let Some(profile) = kernel(Defect::BrkLeavesNoPage) else { return };
    let folder = TempDir::new().expect("a folder");
    // blocks of an ordinary user among them
    let options = Options { seed: 1, ..options(&folder, 3000, 1) };
    let summary = run(&options, &profile);
    assert!(!summary.findings.is_empty());
    for (finding, _) in &summary.findings {
        assert!(finding.program.requires.0.is_empty(), "{:?}", finding.program.requires);
    }
}
