//! What a guest can be asked for.

use super::{guest, kernel};
use mm_oracle::guest::{
    Campaign, Ended, Event, GuestError, Hunts, Link, Named, OutcomeForm, Plan, Request,
    SnapshotForm, Verdict,
};
use mm_oracle::programs::Sought;
use mm_reference::snapshot::Snapshot;
use std::path::{Path, PathBuf};
use std::process::Command;

fn served(guest: &mut dyn Link, request: &Request) -> Vec<Event> {
    let mut events = Vec::new();
    guest.serve(request, &mut |event| events.push(event)).unwrap_or_else(|e| panic!("{e}"));
    events.retain(|event| !matches!(event, Event::Progress { .. }));
    events
}

fn corpus(files: &[(&str, &str)]) -> Request {
    let named =
        |&(name, text): &(&str, &str)| Named { name: name.to_owned(), text: text.to_owned() };
    Request::Corpus { files: files.iter().map(named).collect() }
}

#[test]
fn a_guest_says_what_it_is_and_ends_when_it_is_told() {
    let Some(mut guest) = guest() else { return };
    println!("{} was ready after {:?}", guest.release(), guest.boot_time());
    let events = served(&mut guest, &Request::Profile);
    let [Event::Profile { origins, compared, .. }] = &events[..] else { panic!("{events:?}") };
    let value = |switch| &origins.iter().find(|o| o.switch == switch).expect(switch).value;
    assert!(guest.release().starts_with(value("version").as_str()));
    if kernel().is_ok_and(|kernel| kernel.module.is_some()) {
        assert_eq!(value("swap"), "memory", "its RAM disk can be had");
    }
    assert!(compared.iter().any(|what| what == "pagemap"), "{compared:?}");
    served(&mut guest, &Request::PowerOff);
    match guest.event(std::time::Duration::from_secs(60)) {
        Err(GuestError::Died { how, wreck }) => {
            assert_eq!(how, "exit status: 0");
            assert!(wreck.suspects.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn programs_get_verdicts_one_by_one() {
    let Some(mut guest) = guest() else { return };
    let long = format!("# {}\nmunmap(0x10000, 0x1000) = 0\n", "a long request ".repeat(20_000));
    let events = served(
        &mut guest,
        &corpus(&[
            ("agrees.mm", "munmap(0x10000, 0x1000) = 0\n"),
            ("long.mm", &long),
            ("wrong.mm", "munmap(0x10000, 0x1000) = -EINVAL\n"),
            ("for-others.mm", "requires: version<2.6\nmunmap(0x10000, 0x1000) = 0\n"),
            ("unreadable.mm", "no such thing\n"),
        ]),
    );
    let verdicts: Vec<(&str, Verdict)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Program { name, verdict, .. } => Some((name.as_str(), *verdict)),
            _ => None,
        })
        .collect();
    let expected = [
        ("agrees.mm", Verdict::Agree),
        ("long.mm", Verdict::Agree),
        ("wrong.mm", Verdict::Otherwise),
        ("for-others.mm", Verdict::Skipped),
        ("unreadable.mm", Verdict::Failed),
    ];
    assert_eq!(verdicts, expected, "{events:?}");
}

#[test]
fn findings_of_a_campaign_come_with_all_that_belongs_to_them() {
    let Some(mut guest) = guest() else { return };
    let campaign = Campaign {
        seed: 1,
        programs: Some(400),
        defect: Some("no-such-defect".to_owned()),
        ..Campaign::default()
    };
    let refused = guest.serve(&Request::Fuzz(campaign.clone()), &mut |_| {});
    assert!(matches!(refused, Err(GuestError::Failed(_))), "there is no such defect: {refused:?}");
    let campaign = Campaign { defect: Some(super::DEFECT.to_owned()), ..campaign };
    let events = served(&mut guest, &Request::Fuzz(campaign));
    let summary = events.iter().find_map(|event| match event {
        Event::Summary(summary) => Some(summary),
        _ => None,
    });
    let summary = summary.unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(summary["programs"], 400);
    let told = events.iter().filter(|event| match event {
        Event::Finding(found) => {
            assert!(!found.program.is_empty() && !found.c.is_empty(), "{found:?}");
            true
        }
        _ => false,
    });
    let told = told.count();
    assert!(told > 0, "the defect shows");
    assert_eq!(told, summary["findings"].as_array().map_or(0, Vec::len));
}

#[test]
fn what_a_kernel_does_is_seen_without_a_model() {
    let Some(mut guest) = guest() else { return };
    let program = "mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n\
                   store(mmap-0x2000, 0x1000, 0x41)\nfork()\np1: munmap(mmap-0x1000, 0x1000)\n";
    let request = Request::Observe { program: program.to_owned(), every_op: true };
    let events = served(&mut guest, &request);
    let [Event::Observed(seen)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(seen.lost, None);
    assert!(
        matches!(seen.outcomes[0], OutcomeForm::Address(a) if a == seen.layout().mmap - 0x2000)
    );
    assert_eq!(seen.outcomes[3], OutcomeForm::Value(0));
    assert_eq!(seen.looks.iter().map(|look| look.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let snapshots: Vec<Snapshot> =
        seen.looks.iter().map(|(_, look)| look.decode().expect("a snapshot")).collect();
    let processes: Vec<usize> = snapshots.iter().map(|s| s.processes.len()).collect();
    assert_eq!(processes, [1, 1, 2, 2]);
    for ((_, form), snapshot) in seen.looks.iter().zip(&snapshots) {
        assert_eq!(&SnapshotForm::from(snapshot), form);
    }
}

#[test]
fn digests_are_those_of_the_programs() {
    let Some(mut guest) = guest() else { return };
    let version = "6.18".to_owned();
    let mut digests = |first, count| -> Vec<u64> {
        let request = Request::Digests { seed: 7, first, count, version: version.clone() };
        let values = |event: Event| match event {
            Event::Digests { values, .. } => values,
            other => panic!("{other:?}"),
        };
        served(&mut guest, &request).into_iter().flat_map(values).collect()
    };
    let all = digests(0, 70);
    assert_eq!(all.len(), 70);
    assert!(all.iter().all(|&value| value != 0), "{all:?}");
    assert_eq!(digests(0, 70), all, "the same again");
    assert_eq!(digests(60, 5), all[60..65]);
    assert!(all.windows(2).any(|pair| pair[0] != pair[1]));
    let request = Request::Generate { seed: 7, number: 3, version };
    let events = served(&mut guest, &request);
    let [Event::Generated { program }] = &events[..] else { panic!("{events:?}") };
    let request = Request::Observe { program: program.clone(), every_op: false };
    assert!(matches!(served(&mut guest, &request)[..], [Event::Observed(_)]));
}

/// The end of a program in C that needs no library, or nothing without a compiler.
fn reproducer(folder: &Path, status: i32) -> Option<PathBuf> {
    let (source, program) = (folder.join("repro.c"), folder.join("repro"));
    let text = format!(
        "#include <stdio.h>\nint main(void) {{ fprintf(stderr, \"is: 3\\n\"); return {status}; }}\n"
    );
    std::fs::write(&source, text).expect("a file");
    let cc = Command::new("cc").args(["-static", "-o"]).arg(&program).arg(&source).status();
    cc.is_ok_and(|status| status.success()).then_some(program)
}

#[test]
fn a_guest_does_with_programs_what_the_command_line_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let reproducer = reproducer(folder.path(), 1);
    let plan = super::plan().map(|plan| Plan { reproducer: reproducer.clone(), ..plan });
    let Some(mut guest) = super::guest_of(plan) else { return };
    let file = |name: &str, text: &str| Named { name: name.to_owned(), text: text.to_owned() };

    let wrong = file("wrong.mm", "munmap(0x10000, 0x1000) = -EINVAL\n");
    let files = vec![file("agrees.mm", "munmap(0x10000, 0x1000) = 0\n"), wrong];
    let events = served(&mut guest, &Request::Run { files });
    let [Event::Ran { name, ran: agrees }, Event::Ran { ran: wrong, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((name.as_str(), agrees.summary.as_str()), ("agrees.mm", "agree"));
    assert_eq!(agrees.table, "  munmap(0x10000, 0x1000) = 0\n");
    assert_eq!(wrong.verdict, Verdict::Otherwise);
    let files = vec![file("a.mm", "x\n"), file("agrees.mm", "munmap(0x10000, 0x1000) = 0\n")];
    let events = served(&mut guest, &Request::Run { files });
    let [Event::Ran { ran: none, .. }, Event::Ran { ran: next, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((none.verdict, next.verdict), (Verdict::Failed, Verdict::Agree));
    assert!(none.summary.starts_with("failed to parse: line 1, "), "{}", none.summary);

    let bug = "mmap(0xffffffffffffffff, 0x1000, PROT_READ, \
               MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n";
    let events = served(&mut guest, &Request::Find { file: file("bug.mm", bug) });
    let [Event::Sought(Sought::Found { record, known })] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(known, &["fixed-address-read-as-error"]);
    assert!(record.c.contains("decide(number(FAILED, ENOMEM)"), "{}", record.c);
    let none = file("none.mm", "munmap(0x10000, 0x1000)\n");
    let events = served(&mut guest, &Request::Find { file: none.clone() });
    assert_eq!(events, [Event::Sought(Sought::Agreed)]);

    let events = served(&mut guest, &Request::Predict { file: none });
    let [Event::Predicted(predicted)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(predicted.program, "munmap(0x10000, 0x1000) = 0\n");

    let (only, millis_each) = (super::DEFECT.to_owned(), 20_000);
    let hunts = Hunts { only, seed: 1, millis_each, jobs: None };
    let events = served(&mut guest, &Request::Defects(hunts));
    let [Event::Hunted(hunted)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(hunted.record["verdict"], "caught", "{}", hunted.text);

    if reproducer.is_none() {
        return println!("skipped in part: there is no cc that links statically");
    }
    let events = served(&mut guest, &Request::Reproduce);
    let expected = Event::Reproduced { end: Ended::Status(1), output: "is: 3\n".to_owned() };
    assert_eq!(events, [expected]);
}
