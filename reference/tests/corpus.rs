//! Every program of the corpus on the model alone: what a file expects is what
//! the model predicts, on the kernel that the file asks for.

mod programs;

use mm_reference::model::{Seed, System};
use mm_reference::profile::{Profile, Version, QUIRKS};
use mm_reference::text::{parse, write as write_program, Expected, Mode, Program};
use programs::{corpus, programs};
use std::fmt::Write;
use std::fs;
use std::sync::Arc;

/// The kernel that a program's results and its recorded state are for: this one,
/// or the nearest that meets what the program requires.
fn kernel_of(program: &Program) -> Profile {
    program.requires.impose(&Profile::stock(Version::new(6, 18)))
}

#[test]
fn the_model_predicts_what_the_files_expect() {
    let files = programs(&corpus());
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
        let profile = kernel_of(&program);
        if let Some(unmet) = program.requires.unmet(&profile) {
            complain(format!("no kernel is like that: {unmet} is not met"));
            continue;
        }
        let mut system = System::new(Arc::new(profile), &Seed::standard_for(program.start));
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

/// The state that a program ends in: maps with VmFlags, and status, of every
/// process; before it the kernel, where it is not the usual one.
fn final_state(program: &Program, system: &System) -> String {
    let mut text = String::new();
    let (version, stock) = (system.profile().version, Profile::stock(system.profile().version));
    let special: Vec<_> =
        program.requires.0.iter().filter(|r| r.holds(&stock) == Some(false)).collect();
    if version != Version::new(6, 18) || !special.is_empty() {
        let _ = write!(text, "kernel: {version}");
        for (index, requirement) in special.iter().enumerate() {
            let _ = write!(text, "{}{requirement}", if index == 0 { " with " } else { " " });
        }
        text.push('\n');
    }
    for process in system.live() {
        let snapshot = system.snapshot(process, &system.plan(process));
        let _ = writeln!(text, "{process} maps:");
        for entry in &snapshot.smaps {
            let _ = writeln!(text, "{}", entry.line);
            let _ = writeln!(text, "    {}", entry.flags.to_string().trim_end());
        }
        let _ = writeln!(text, "{process} status:\n{}", snapshot.status);
    }
    text
}

/// What programs end in is recorded beside them, so that a change of any rule of
/// mapping, merging, splitting or counting shows without a kernel. Recorded
/// states come from `MMDIFF_RECORD=1 cargo test -p mm-reference`, once model and
/// kernel agree on the program.
#[test]
fn programs_end_in_the_recorded_states() {
    let record = std::env::var_os("MMDIFF_RECORD").is_some();
    let files = programs(&corpus());
    let mut failures = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a readable program");
        let program = parse(&text, Mode::Strict).expect("a program");
        let mut system =
            System::new(Arc::new(kernel_of(&program)), &Seed::standard_for(program.start));
        for op in program.ops() {
            if system.apply(op).is_err() {
                break;
            }
        }
        let state = final_state(&program, &system);
        let recorded = path.with_extension("state");
        if record {
            fs::write(&recorded, &state).expect("a writable corpus");
        }
        if fs::read_to_string(&recorded).ok().as_deref() != Some(state.as_str()) {
            failures.push(format!("{} is not as recorded:\n{state}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The registry's programs are what the files hold, and none is forgotten.
#[test]
fn every_known_difference_has_its_program() {
    let folder = corpus().join("known");
    let mut files = programs(&folder);
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
            write_program(&program)
        };
        assert_eq!(bare(&text), bare(quirk.program()), "{}", quirk.name());
        files.retain(|file| *file != path);
    }
    assert!(files.is_empty(), "not in the registry: {files:?}");
}
