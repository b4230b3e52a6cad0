//! Wrong variants of the model are noticed on the running kernel. A few of
//! different areas; `mmdiff defects` goes through the whole catalogue.

use mm_oracle::defects::{Hunt, Hunter, Options};
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::subject::Config;
use mm_reference::defect::{Defect, DEFECTS};
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const OPTIONS: Options = Options { seed: 1, time: Duration::from_secs(10) };

fn hunter() -> Hunter {
    let (profile, _) = running_kernel().expect("a profile of this kernel");
    Hunter::new(Config::default(), &profile, Capabilities::detect(), None)
}

#[test]
fn some_of_every_sort_are_caught() {
    let mut hunter = hunter();
    for defect in [
        Defect::MunmapLengthRoundsDown,
        Defect::MergeIgnoresExec,
        Defect::FaultAddressRounded,
        Defect::CowLosesContents,
        Defect::CopySwapsFrames,
        Defect::MoveSwapsFrames,
        Defect::ErrorHidesEntry,
        Defect::ForkKeepsYoung,
        Defect::MlockIgnoresLimit,
        Defect::StackIgnoresLimit,
        Defect::UnmapKeepsTables,
    ] {
        match hunter.hunt(defect, &OPTIONS, &AtomicBool::new(false)).expect("programs run") {
            Hunt::Caught(caught) => {
                let count = caught.program.ops().count();
                assert!(count <= 6, "{}: {count} operations", defect.name());
            }
            other => panic!("{}: {other:?}", defect.name()),
        }
    }
}

#[test]
fn an_interrupted_hunt_ends_at_once() {
    let hunt = hunter().hunt(Defect::HintsIgnored, &OPTIONS, &AtomicBool::new(true));
    assert!(matches!(hunt, Ok(Hunt::Survived { programs: 0, .. })));
}

#[test]
fn the_catalogue_names_each_once() {
    let names: HashSet<&str> = DEFECTS.iter().map(|defect| defect.name()).collect();
    assert_eq!(names.len(), DEFECTS.len());
    assert!(DEFECTS.iter().all(|&d| Defect::from_name(d.name()) == Some(d)));
}
