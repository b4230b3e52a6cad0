//! Allocations that fail, on a kernel that was built for it.

use super::{guest, mmdiff};
use mm_oracle::guest::{Event, Guest, GuestError, Link, Named, Plan, Request, Verdict};
use mm_oracle::inject::{Effect, Injected};
use mm_oracle::kernels::{self, Cache, Report};

/// What `mmdiff kernel build --source 7.2 --config fault-injection` makes.
const KERNEL: &str = "7.2-fault-injection";

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/patched/realigned-moves");

/// A guest whose kernel lets allocations fail; none where none was built, which is said.
fn with_faults() -> Option<Guest> {
    let cache = Cache::new(None).expect("a folder for what is kept");
    let kernel = match kernels::get(KERNEL, &cache, &Report::new(false)) {
        Ok(kernel) => kernel,
        Err(error) => {
            println!(
                "skipped: {error} (mmdiff kernel build --source 7.2 --config fault-injection)"
            );
            return None;
        }
    };
    let plan = Plan { executable: Some(mmdiff()), ..Plan::new(kernel) };
    match Guest::boot(&plan) {
        Ok(guest) => Some(guest),
        Err(error @ (GuestError::NoQemu { .. } | GuestError::Dynamic { .. })) => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn inject(guest: &mut Guest, names: &[&str], defect: Option<&str>) -> Vec<Event> {
    let read = |name: &&str| {
        let text = std::fs::read_to_string(format!("{FOLDER}/{name}")).unwrap();
        Named { name: (*name).to_owned(), text }
    };
    let files = names.iter().map(read).collect();
    let request = Request::Inject { files, defect: defect.map(str::to_owned) };
    let mut events = Vec::new();
    guest.serve(&request, &mut |event| events.push(event)).unwrap_or_else(|e| panic!("{e}"));
    events.retain(|event| !matches!(event, Event::Progress { .. }));
    events
}

fn results(events: Vec<Event>) -> Vec<Injected> {
    let result = |event| match event {
        Event::Injected { injected, .. } => injected,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(result).collect()
}

#[test]
fn moves_whose_allocations_fail_leave_what_the_model_says() {
    let Some(mut guest) = with_faults() else { return };
    let names =
        ["takes-the-table.mm", "other-place.mm", "within-one-mapping.mm", "never-before.mm"];
    let results = results(inject(&mut guest, &names, None));
    let verdicts: Vec<_> = results.iter().map(|injected| injected.verdict).collect();
    use Verdict::{Agree, Skipped};
    assert_eq!(verdicts, [Agree, Agree, Agree, Skipped], "{results:?}");
    // a table or more, and what the copied mapping takes
    assert!(results[1].count(Effect::Undone) >= 3, "{:?}", results[1]);
    assert_eq!(results[1].count(Effect::Partly), 0);
    // what was at the destination is gone, and a source that could not be unmapped is not
    assert!(results[2].count(Effect::Partly) > 0, "{:?}", results[2]);
    assert!(results[2].count(Effect::Otherwise) > 0, "{:?}", results[2]);
}

#[test]
fn a_move_that_is_not_undone_is_noticed() {
    let Some(mut guest) = with_faults() else { return };
    for defect in ["move-forgets-undo", "move-progress-wraps"] {
        let results = results(inject(&mut guest, WITH_TWO_TABLES, Some(defect)));
        let diverged = results.iter().filter(|r| r.verdict == Verdict::Diverge).count();
        assert!(diverged > 0, "{defect}: {results:?}");
    }
}

/// Moves of which a part is done when the next table cannot be had, and one that begins
/// below its start.
const WITH_TWO_TABLES: &[&str] = &["other-place.mm", "to-where-no-tables-are.mm"];

#[test]
fn a_kernel_without_fault_injection_says_so() {
    let Some(mut guest) = guest() else { return };
    let events = inject(&mut guest, &["takes-the-table.mm"], None);
    match &events[..] {
        [Event::NoFaults { why }] => assert!(why.contains("no fault injection"), "{why}"),
        other => println!("skipped: this kernel has fault injection: {other:?}"),
    }
}
