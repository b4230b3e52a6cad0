//! How long decoding takes, apart from what the kernel needs to print.

use divan::{black_box, Bencher};
use mm_oracle::compare::{Capabilities, Comparer};
use mm_oracle::observe::{contents_of, decode_status, Decoders, ProcFiles, SmapsDecoder, Want};
use mm_reference::op::ProcessId;
use mm_reference::snapshot::{PageEntry, ProcessPlan, ProcessSnapshot, Snapshot, Window};

const SMAPS: &[u8] = include_bytes!("../testdata/smaps-6.18.txt");

fn main() {
    divan::main();
}

/// 20 mappings.
#[divan::bench]
fn smaps(bencher: Bencher) {
    let mut decoder = SmapsDecoder::default();
    let mut entries = Vec::new();
    bencher.bench_local(|| {
        decoder.decode(black_box(SMAPS), &mut entries).expect("decodes");
        entries.len()
    });
}

#[divan::bench]
fn own_status(bencher: Bencher) {
    let text = std::fs::read("/proc/self/status").expect("reads");
    bencher.bench_local(|| decode_status(black_box(&text)));
}

#[divan::bench(args = [0x41, 0x42])]
fn page(bencher: Bencher, last: u8) {
    let mut page = [0x41; 4096];
    page[4095] = last;
    bencher.bench_local(|| contents_of(black_box(&page)));
}

/// The usual case: equal but for the frames' names.
#[divan::bench]
fn compare_equal(bencher: Bencher) {
    let mut smaps = Vec::new();
    SmapsDecoder::default().decode(SMAPS, &mut smaps).expect("decodes");
    let with_frames = |base: u64| {
        let entries = (base..base + 200).map(|f| PageEntry(PageEntry::PRESENT | f)).collect();
        let process = ProcessSnapshot {
            maps: smaps.iter().map(|entry| entry.line.clone()).collect(),
            smaps: smaps.clone(),
            pagemap: vec![Window { start: 0x10000, entries }],
            ..ProcessSnapshot::default()
        };
        Snapshot { processes: vec![process] }
    };
    let (expected, actual) = (with_frames(1), with_frames(0x12_3456));
    let capabilities = Capabilities::full();
    let mut comparer = Comparer::default();
    let mut found = Vec::new();
    bencher.bench_local(|| {
        comparer.compare(black_box(&expected), black_box(&actual), &capabilities, &mut found);
        assert!(found.is_empty());
    });
}

/// Everything that an observation of this process does, the kernel's part included.
#[divan::bench]
fn observe_itself(bencher: Bencher) {
    let mut files = ProcFiles::open(std::process::id() as i32).expect("opens");
    let mut decoders = Decoders::default();
    let mut seen = ProcessSnapshot::default();
    let plan = ProcessPlan::default();
    bencher.bench_local(|| {
        files
            .observe(ProcessId(0), &plan, &Want::ON_THE_WAY, &mut decoders, &mut seen)
            .expect("observes");
    });
}
