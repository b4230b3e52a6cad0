//! How long decoding takes, apart from what the kernel needs to print.

use divan::{black_box, Bencher};
use mm_oracle::observe::{contents_of, decode_status, SmapsDecoder};

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
