//! Observes real processes.

use mm_oracle::observe::{Capabilities, Decoders, FrameFlags, ProcFiles, SmapsDecoder, Want};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::{Contents, ProcessId};
use mm_reference::snapshot::{
    PageFlags, ProcessPlan, ProcessSnapshot, Ranges, StatusField, Views, Window,
};
use std::process::{Child, Command, Stdio};

const PAGE: usize = PAGE_SIZE as usize;
const NOTHING: Want = Want {
    maps: false,
    smaps: false,
    pagemap: false,
    page_flags: false,
    status: false,
    contents: false,
};

fn own_process() -> ProcFiles {
    ProcFiles::open(std::process::id() as i32).expect("opens its own files")
}

/// A process that waits for input.
fn waiting_process() -> Child {
    Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat starts")
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().expect("cat ends");
}

#[test]
fn pages_of_this_process_are_seen() {
    let mut decoders = Decoders::default();
    let mut memory = vec![0x41u8; 9 * PAGE];
    let start = (memory.as_ptr() as u64).next_multiple_of(PAGE_SIZE);
    let first = (start - memory.as_ptr() as u64) as usize;
    memory[first + PAGE + 17] = 0x42;
    let page = |n: u64| start + n * PAGE_SIZE;
    let plan = ProcessPlan {
        windows: Ranges(vec![(page(0), page(2)), (page(2), page(3)), (page(5), page(8))]),
        empty: Ranges::default(),
        contents: Ranges(vec![(page(0), page(2))]),
        ..ProcessPlan::default()
    };
    let mut seen = ProcessSnapshot::default();
    let mut files = own_process();
    // the second observation finds used buffers
    for _ in 0..2 {
        files
            .observe(ProcessId(2), &plan, &Want::ALL, &mut decoders, &mut seen)
            .expect("observes itself");
        assert_eq!(seen.process, ProcessId(2));
        let covers =
            |line: &mm_reference::snapshot::MapsLine| line.start <= page(0) && page(8) <= line.end;
        assert!(seen.maps.iter().any(covers));
        assert!(seen.smaps.iter().any(|entry| covers(&entry.line)));
        assert!(seen.status.get(StatusField::VmSize) > seen.status.get(StatusField::VmRss));
        let shape: Vec<_> = seen.pagemap.iter().map(|w| (w.start, w.entries.len())).collect();
        assert_eq!(shape, [(page(0), 2), (page(2), 1), (page(5), 3)]);
        assert!(seen.pagemap.iter().flat_map(|w| &w.entries).all(|e| e.is_present()));
        assert_eq!(seen.contents[0], (page(0), Contents::Uniform(0x41)));
        assert!(matches!(seen.contents[1], (at, Contents::Mixed(_)) if at == page(1)));
    }
    if Capabilities::detect().frames {
        assert!(seen.pagemap.iter().flat_map(|w| &w.entries).all(|e| e.frame() != 0));
    }
    drop(std::hint::black_box(memory));
}

#[test]
fn what_should_be_empty_is_verified() {
    let mut decoders = Decoders::default();
    let mut memory: Vec<u8> = Vec::with_capacity(1 << 30);
    let start = (memory.as_ptr() as u64).next_multiple_of(PAGE_SIZE) + PAGE_SIZE;
    let end = start + (1 << 29);
    let plan = ProcessPlan { empty: Ranges(vec![(start, end)]), ..ProcessPlan::default() };
    let want = Want { pagemap: true, ..NOTHING };
    let mut seen = ProcessSnapshot::default();
    let mut files = own_process();
    files.observe(ProcessId(0), &plan, &want, &mut decoders, &mut seen).unwrap();
    assert_eq!(seen.pagemap, Vec::<Window>::new());

    let address = start + (1 << 20);
    std::hint::black_box(&mut memory).spare_capacity_mut()[(address - start) as usize].write(1);
    files.observe(ProcessId(0), &plan, &want, &mut decoders, &mut seen).unwrap();
    assert_eq!(seen.pagemap.len(), 1);
    let found = &seen.pagemap[0];
    // the system may have used a huge page
    assert!((start..=address).contains(&found.start) && !found.entries.is_empty());
    drop(std::hint::black_box(memory));
}

#[test]
fn real_smaps_text_prints_as_it_was_read() {
    let child = waiting_process();
    let path = format!("/proc/{}/smaps", child.id());
    let read = || std::fs::read_to_string(&path).expect("smaps reads");
    let mut text = read();
    // until it has loaded its libraries and waits for input
    loop {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let again = read();
        if again == text && text.contains("[heap]") {
            break;
        }
        text = again;
    }
    end(child);
    let mut entries = Vec::new();
    SmapsDecoder::default().decode(text.as_bytes(), &mut entries).expect("decodes");
    let printed: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    // before 6.6 this number is not padded
    let plain = |text: &str| text.replace("THPeligible:           ", "THPeligible:    ");
    assert_eq!(plain(&printed), plain(&text));
}

#[test]
fn a_process_that_is_gone_is_an_error() {
    let mut decoders = Decoders::default();
    let child = waiting_process();
    let mut files = ProcFiles::open(child.id() as i32).expect("opens its files");
    end(child);
    let plan = ProcessPlan { windows: Ranges(vec![(0x10000, 0x11000)]), ..Default::default() };
    for want in [
        Want { maps: true, ..NOTHING },
        Want { smaps: true, ..NOTHING },
        Want { pagemap: true, ..NOTHING },
        Want { status: true, ..NOTHING },
    ] {
        let result = files.observe(
            ProcessId(0),
            &plan,
            &want,
            &mut decoders,
            &mut ProcessSnapshot::default(),
        );
        assert!(result.is_err(), "{want:?}");
    }
}

#[test]
fn flags_of_frames_are_those_of_the_pages() {
    let caps = Capabilities::detect();
    if !caps.parts.page_flags {
        return println!("skipped: frame numbers or kpageflags cannot be read here");
    }
    let memory = vec![0x41u8; 3 * PAGE];
    let start = (memory.as_ptr() as u64).next_multiple_of(PAGE_SIZE);
    let windows =
        Ranges(vec![(start, start + PAGE_SIZE), (start + PAGE_SIZE, start + 2 * PAGE_SIZE)]);
    let wanted = vec![start - (1 << 40), start, start + PAGE_SIZE, start + (1 << 40)];
    let plan = ProcessPlan {
        windows,
        flagged: wanted.clone(),
        views: caps.views,
        ..ProcessPlan::default()
    };
    let mut seen = ProcessSnapshot::default();
    let want = Want { pagemap: true, ..NOTHING };
    let mut decoders = Decoders::default();
    own_process()
        .observe(ProcessId(0), &plan, &want, &mut decoders, &mut seen)
        .expect("observes itself");
    let flags = FrameFlags::open().expect("a file that opens");
    flags.observe(&plan, &mut seen).expect("observes itself");
    let addresses: Vec<u64> = seen.page_flags.iter().map(|(address, _)| *address).collect();
    assert_eq!(addresses, wanted[1..3]);
    if caps.views.contains(Views::PAGE_COUNTS) {
        let once: Vec<_> = wanted[1..3].iter().map(|&address| (address, 1)).collect();
        assert_eq!(seen.page_counts, once);
    }
    for (_, flags) in &seen.page_flags {
        assert!(flags.contains(PageFlags::ANON | PageFlags::MMAP | PageFlags::UPTODATE), "{flags}");
    }
}
