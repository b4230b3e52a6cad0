//! What programs show on the model.

use mm_reference::defect::Defect;
use mm_reference::model::{Seed, System};
use mm_reference::op::ProcessId;
use mm_reference::profile::{Profile, Version};
use mm_reference::snapshot::{ProcessSnapshot, Views};
use mm_reference::text::{parse, Expected, Mode, Program};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What a program shows: each outcome, and the states after each operation.
fn shown(program: &Program, profile: &Profile) -> (Vec<String>, Vec<ProcessSnapshot>) {
    let mut system = System::new(Arc::new(profile.clone()), &Seed::standard_for(program.start));
    let layout = *system.layout();
    let log = if system.warned() { "the kernel warns" } else { "the log is silent" };
    let (mut outcomes, mut states) = (vec![log.to_owned()], Vec::new());
    for op in program.ops() {
        let Ok(answer) = system.apply(op) else { break };
        outcomes.push(Expected::of(&answer.outcome, &layout).to_string());
        states.extend(system.live().map(|process| state(&system, process)));
    }
    (outcomes, states)
}

/// All that can be seen of a process.
fn state(system: &System, process: ProcessId) -> ProcessSnapshot {
    const MOST: usize = 64;
    let mut plan = system.plan(process);
    plan.views = Views::all();
    system.plan_flags(process, MOST, &mut plan);
    system.plan_away(process, MOST, &mut plan);
    system.snapshot(process, &plan)
}

/// The program of a file.
pub fn read(path: &Path) -> Program {
    let text = fs::read_to_string(path).expect("a readable program");
    parse(&text, Mode::Strict).expect("a program")
}

/// Whether the program of a file tells a wrong rule from the right one, on the kernel
/// that it requires.
pub fn tells(file: &Path, defect: Defect) -> bool {
    let program = read(file);
    let right = program.requires.impose(&Profile::stock(Version::new(6, 18)));
    let wrong = Profile { defect: Some(defect), ..right.clone() };
    shown(&program, &right) != shown(&program, &wrong)
}
