//! A guest is set to what programs ask for, and to many things while a campaign runs.

use super::guest;
use mm_oracle::guest::{Campaign, Event, Link, Named, Request, Verdict};

fn served(guest: &mut dyn Link, request: &Request) -> Vec<Event> {
    let mut events = Vec::new();
    guest.serve(request, &mut |event| events.push(event)).unwrap_or_else(|e| panic!("{e}"));
    events
}

#[test]
fn programs_get_the_settings_that_they_ask_for() {
    let Some(mut guest) = guest() else { return };
    const MAP: &str = "mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
    let split = "mprotect(mmap-0x2000, 0x1000, PROT_READ)";
    let large = "mmap(NULL, 0x70000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
    let programs = [
        ("few", format!("requires: max-map-count=2\n{MAP}\n{split} = -ENOMEM\n")),
        ("usual", format!("{MAP} = mmap-0x3000\n{split} = 0\n")),
        (
            "commit",
            format!("requires: overcommit=2 overcommit-kbytes=1048576\n{large} = -ENOMEM\n"),
        ),
        ("upwards", format!("requires: legacy-layout\n{MAP} = 0x2aaaaaaab000\n")),
        (
            "no-swap",
            format!("requires: !swap\n{MAP}\nmadvise(mmap-0x3000, 0x1000, MADV_PAGEOUT) = 0\n"),
        ),
        ("usual-again", format!("{large} = mmap-0x70000000\n")),
    ];
    let named = |(name, text): &(&str, String)| Named { name: (*name).into(), text: text.clone() };
    let request = Request::Corpus { files: programs.iter().map(named).collect() };
    for event in served(&mut guest, &request) {
        if let Event::Program { name, verdict, detail, .. } = event {
            assert_eq!(verdict, Verdict::Agree, "{name}: {detail}");
        }
    }
}

#[test]
fn a_campaign_meets_a_small_limit_of_mappings() {
    let Some(mut guest) = guest() else { return };
    let campaign = Campaign {
        seed: 1,
        programs: Some(4000),
        observe: "end".to_owned(),
        // as wrong as a kernel would be with `>=` in place of `>`
        defect: Some("mmap-counts-itself".to_owned()),
        ..Campaign::default()
    };
    let events = served(&mut guest, &Request::Fuzz(campaign));
    let finding = events.iter().find_map(|event| match event {
        Event::Finding(record) => Some(record),
        _ => None,
    });
    let finding = finding.expect("the wrong limit shows");
    assert!(finding.program.contains("max-map-count="), "{}", finding.program);
    let summary = events.iter().find_map(|event| match event {
        Event::Summary(summary) => Some(summary),
        _ => None,
    });
    let settings = &summary.expect("a summary")["settings"];
    assert!(settings["max-map-count"].as_u64().is_some_and(|n| n > 0), "{settings}");
}
