//! Every program of the corpus on the model alone: what a file expects is what
//! the model predicts, on the kernel that the file asks for.

use mm_reference::model::{Seed, System};
use mm_reference::profile::{Profile, Version, QUIRKS};
use mm_reference::text::{parse, write, Expected, Mode};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// All programs below a folder, sorted.
fn programs(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the corpus is readable");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            programs(&path, into);
        } else if path.extension().is_some_and(|e| e == "mm") {
            into.push(path);
        }
    }
}

#[test]
fn the_model_predicts_what_the_files_expect() {
    let mut files = Vec::new();
    programs(&corpus(), &mut files);
    assert!(files.len() >= 60, "only {} programs found", files.len());
    let mut failures = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a readable program");
        let program = parse(&text, Mode::Strict)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut complain = |what: String| failures.push(format!("{}: {what}", path.display()));
        if program.header.is_empty() {
            complain("there is no comment that says what it teaches".to_owned());
        }
        let stock = Profile::stock(Version::new(6, 18));
        let profile = program.requires.impose(&stock);
        if let Some(unmet) = program.requires.unmet(&profile) {
            complain(format!("no kernel at hand with {unmet}"));
            continue;
        }
        let mut system = System::new(Arc::new(profile), &Seed::standard());
        let layout = *system.layout();
        for line in &program.lines {
            let answer = match system.apply(&line.op) {
                Ok(answer) => answer,
                Err(reason) => {
                    complain(format!("line {}: no prediction: {reason}", line.number));
                    break;
                }
            };
            match &line.expected {
                None => complain(format!("line {}: no expected result", line.number)),
                Some(expected) if !expected.matches(&answer.outcome, &layout) => {
                    let predicted = Expected::of(&answer.outcome, &layout);
                    complain(format!("line {}: expected {expected}, not {predicted}", line.number));
                }
                Some(_) => {}
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The registry's programs are what the files hold, and none is forgotten.
#[test]
fn every_known_difference_has_its_program() {
    let folder = corpus().join("known");
    let mut files = Vec::new();
    programs(&folder, &mut files);
    for quirk in QUIRKS {
        let path = folder.join(format!("{}.mm", quirk.name()));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let bare = |text: &str| {
            let mut program = parse(text, Mode::Strict).expect("a program");
            program.header.clear();
            for line in &mut program.lines {
                (line.expected, line.comment) = (None, None);
                line.above.clear();
            }
            program.requires.0.clear();
            write(&program)
        };
        assert_eq!(bare(&text), bare(quirk.program()), "{}", quirk.name());
        files.retain(|file| *file != path);
    }
    assert!(files.is_empty(), "not in the registry: {files:?}");
}
