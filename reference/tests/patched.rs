//! The patched paths: what reviewers were afraid of is told from the right
//! behaviour by a program, and a page says so.

mod programs;
mod shown;

use mm_reference::defect::{Defect, DEFECTS};
use mm_reference::model::{Seed, System};
use mm_reference::profile::{Profile, Rule, Version, KERNELS};
use programs::{corpus, programs, root};
use shown::{read, tells};
use std::fs;
use std::sync::Arc;

/// A path, the area of its defects, and further defects that belong to it.
const PATHS: &[(&str, &str, &[Defect])] = &[
    (
        "realigned-moves",
        "realign",
        &[
            Defect::MoveNeverRealigns,
            Defect::MoveEntryByEntry,
            Defect::ShiftKeepsTables,
            Defect::ShiftChangesPageOffset,
            Defect::ShiftUnmapsOverlap,
        ],
    ),
    ("brk", "brk", &[]),
    ("relocate-anon", "relocate", &[]),
];

/// Those that take an allocation that fails, or pages that no program can make or
/// see: tests of the model tell them.
const ON_THE_MODEL: &[Defect] = &[
    Defect::MoveProgressWraps,
    Defect::MoveForgetsUndo,
    Defect::RelocateMissesPages,
    Defect::RelocateSkipsPinned,
    Defect::RelocateMovesPinned,
    Defect::RelocateMovesLarge,
    Defect::RelocateForgetsUndo,
    Defect::RelocateUndoUnmaps,
];

fn defects(area: &str, more: &[Defect]) -> Vec<Defect> {
    DEFECTS.iter().copied().filter(|d| d.area() == area || more.contains(d)).collect()
}

#[test]
fn every_concern_has_a_program_that_tells_it() {
    let mut missing = Vec::new();
    for &(path, area, more) in PATHS {
        let files = programs(&corpus().join("patched").join(path));
        for defect in defects(area, more) {
            if ON_THE_MODEL.contains(&defect) {
                println!("{path}: {} | tests of the model", defect.name());
                continue;
            }
            let names: Vec<_> = files
                .iter()
                .filter(|file| tells(file, defect))
                .filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()))
                .collect();
            println!("{path}: {} | {}", defect.name(), names.join(", "));
            if names.is_empty() {
                missing.push(defect.name());
            }
        }
    }
    assert!(missing.is_empty(), "no program tells {missing:?}");
}

/// The warning that the thread about realigned moves began with: kernels that never
/// realign, and the posted patch, which leaves moves within one mapping alone.
#[test]
fn the_shift_into_itself_warns_until_it_is_realigned() {
    let folder = corpus().join("patched/realigned-moves");
    let program = read(&folder.join("shifted-into-itself.mm"));
    let seed = Seed::standard_for(program.start);
    let warned = |profile: Profile| System::new(Arc::new(profile), &seed).warned();
    for kernel in KERNELS {
        let stock = Profile::stock(*kernel);
        let realigns = stock.has(Rule::MremapRealign);
        assert_eq!(warned(stock.clone()), !realigns, "{kernel}");
        let wrong = Profile { defect: Some(Defect::MoveNeverRealigns), ..stock };
        assert!(warned(wrong), "{kernel}");
    }
    let mut posted = Profile::stock(Version::new(6, 6));
    posted.rules.insert(Rule::MremapRealignPosted);
    assert!(warned(posted));
}

#[test]
fn every_path_has_a_page_that_names_its_defects_and_programs() {
    for &(path, area, more) in PATHS {
        let page = root().join(format!("docs/patched-paths/{path}.md"));
        let text = fs::read_to_string(&page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
        for defect in defects(area, more) {
            let name = format!("`{}`", defect.name());
            assert!(text.contains(&name), "{path}.md does not mention {name}");
        }
        let files = programs(&corpus().join("patched").join(path));
        for file in files {
            let name = format!("`{}`", file.file_name().expect("a file").to_string_lossy());
            assert!(text.contains(&name), "{path}.md does not mention {name}");
        }
    }
}
