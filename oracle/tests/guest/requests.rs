//! What a guest can be asked for.

use super::{guest, kernel};
use mm_oracle::guest::{
    Campaign, Event, GuestError, Link, Named, OutcomeForm, Request, SnapshotForm, Verdict,
};
use mm_reference::snapshot::Snapshot;

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
        ("wrong.mm", Verdict::Diverge),
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
    let Some(Event::Summary(summary)) = events.last() else { panic!("{events:?}") };
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
