//! What a guest counts as a whole: nothing else runs in it.

use super::guest;
use mm_oracle::guest::{Campaign, Event, Link, Named, Request, Verdict};

fn served(guest: &mut dyn Link, request: &Request) -> Vec<Event> {
    let mut events = Vec::new();
    guest.serve(request, &mut |event| events.push(event)).unwrap_or_else(|e| panic!("{e}"));
    events
}

#[test]
fn what_is_never_given_back_is_a_finding() {
    let Some(mut guest) = guest() else { return };
    let events = served(&mut guest, &Request::Profile);
    let counts = |event: &Event| match event {
        Event::Profile { compared, .. } => {
            compared.iter().any(|what| what.contains("Committed_AS"))
        }
        _ => false,
    };
    assert!(events.iter().any(counts), "{events:?}");
    // programs of every kind whose counts are as they should be, forks among them
    let map = "mmap(mmap-0x4000, 0x4000, PROT_READ|PROT_WRITE, \
               MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x4000\n";
    let touched = format!("{map}store(mmap-0x4000, 0x2000, 0x41) = 0\n");
    let shared = format!("{touched}fork() = p1\np1: store(mmap-0x4000, 0x1000, 0x42) = 0\n");
    let ended = format!("{shared}p1: exit() = exited\nmunmap(mmap-0x4000, 0x1000) = 0\n");
    let files = [map.to_owned(), touched, shared, ended]
        .into_iter()
        .enumerate()
        .map(|(number, text)| Named { name: format!("{number}.mm"), text })
        .collect();
    for event in served(&mut guest, &Request::Corpus { files }) {
        if let Event::Program { name, verdict, detail, .. } = event {
            assert_eq!(verdict, Verdict::Agree, "{name}: {detail}");
        }
    }
    for defect in ["munmap-keeps-charge", "anon-pages-count-mappings"] {
        let campaign = Campaign {
            seed: 1,
            programs: Some(400),
            defect: Some(defect.to_owned()),
            ..Campaign::default()
        };
        let events = served(&mut guest, &Request::Fuzz(campaign));
        let found = events.iter().filter_map(|event| match event {
            Event::Finding(found) => Some(&found.signature),
            _ => None,
        });
        let found: Vec<&String> = found.collect();
        assert!(found.iter().any(|s| s.contains(".system-")), "{defect}: {found:?}");
    }
}
