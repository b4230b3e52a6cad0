//! What relocating moved memory comes to, in words that every kernel knows: a
//! fresh mapping at the destination with the same contents, and no source. The
//! running kernel does that; the flagged move in the model must look the same,
//! also to what later calls do.

use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Observe, Replay, Runner, Verdict};
use mm_oracle::subject::Config;
use mm_reference::model::System;
use mm_reference::op::{Contents, Op, Outcome};
use mm_reference::profile::{Profile, Rule};
use mm_reference::text::{parse, Mode};
use std::sync::Arc;

/// Three touched pages and an untouched one.
const SOURCE: &str = "\
    mmap(mmap-0x8000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
    store(mmap-0x8000, 0x2000, 0x1)
    store(mmap-0x5000, 0x1000, 0x2)
";
const FLAGGED: &str = "\
    mremap(mmap-0x8000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_RELOCATE_ANON, mmap-0x20000)
";
const FRESH: &str = "\
    mmap(mmap-0x20000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
    store(mmap-0x20000, 0x2000, 0x1)
    store(mmap-0x1d000, 0x1000, 0x2)
    munmap(mmap-0x8000, 0x4000)
";

/// What is mapped below the destination, and above it.
const BELOW: [&str; 4] = [
    "",
    "mmap(mmap-0x22000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n",
    "mmap(mmap-0x22000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
     store(mmap-0x22000, 0x1000, 0x3)\n",
    "mmap(mmap-0x22000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n",
];
const ABOVE: [&str; 3] = [
    "",
    "mmap(mmap-0x1c000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n",
    "mmap(mmap-0x1c000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
     store(mmap-0x1c000, 0x2000, 0x4)\n",
];
/// What happens afterwards.
const LATER: [&str; 4] = [
    "load(mmap-0x20000, 0x4000)\nmremap(mmap-0x20000, 0x4000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x40000)\n",
    "mprotect(mmap-0x22000, 0x2000, PROT_READ|PROT_WRITE)\nmremap(mmap-0x20000, 0x4000, 0x5000, 0, NULL)\n",
    "mprotect(mmap-0x1f000, 0x1000, PROT_READ)\nmprotect(mmap-0x1f000, 0x1000, PROT_READ|PROT_WRITE)\n\
     mmap(mmap-0x1c000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n",
    "fork()\np1: store(mmap-0x20000, 0x1000, 0x5)\np1: mprotect(mmap-0x22000, 0x2000, PROT_READ|PROT_WRITE)\n\
     load(mmap-0x20000, 0x2000)\n",
];

fn ops(text: &str) -> Vec<Op> {
    let program = parse(text, Mode::Strict).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    program.ops().cloned().collect()
}

/// Mappings with their flags, and contents.
type Seen = (Vec<String>, Vec<(u64, Contents)>);

/// What is seen of every process.
fn seen(system: &System) -> Vec<Seen> {
    let of_process = |process| {
        let snapshot = system.snapshot(process, &system.plan(process));
        let line =
            |entry: &mm_reference::snapshot::SmapsEntry| format!("{} {}", entry.line, entry.flags);
        (snapshot.smaps.iter().map(line).collect(), snapshot.contents)
    };
    system.live().map(of_process).collect()
}

/// Runs a program in the model; the outcomes of its last operations.
fn predict(fresh: &System, program: &str, last: usize) -> (System, Vec<Outcome>) {
    let mut system = fresh.clone();
    let outcomes: Vec<Outcome> =
        ops(program).iter().map(|op| system.apply(op).expect("a prediction").outcome).collect();
    (system, outcomes[outcomes.len() - last..].to_vec())
}

#[test]
fn relocated_memory_is_like_memory_that_was_mapped_there() {
    let profile = match running_kernel() {
        Ok((profile, _)) => profile,
        Err(why) => return println!("skipped: the kernel cannot be told: {why}"),
    };
    let mut runner =
        Runner::new(Config::default(), Arc::new(profile.clone()), Capabilities::detect());
    if let Err(why) = runner.fresh() {
        return println!("skipped: no subject can be run here: {why}");
    }
    let mut rules = profile.rules;
    rules.insert(Rule::RelocateAnon);
    let patched = Arc::new(Profile { rules, ..profile });
    let mut programs = 0;
    for (below, above, later) in BELOW
        .iter()
        .flat_map(|below| ABOVE.iter().map(move |above| (below, above)))
        .flat_map(|(below, above)| LATER.iter().map(move |later| (below, above, later)))
    {
        let stock = format!("{SOURCE}{below}{above}{FRESH}{later}");
        let flagged = format!("{SOURCE}{below}{above}{FLAGGED}{later}");
        let trial = runner
            .run(&mut Replay::new(&ops(&stock)), Observe::EveryOp)
            .unwrap_or_else(|error| panic!("{error}:\n{stock}"));
        assert!(matches!(trial.verdict, Verdict::Agreed), "{:?}:\n{stock}", trial.verdict);
        let fresh = runner.fresh().expect("a subject").clone();
        let last = ops(later).len();
        let (equivalent, expected) = predict(&fresh, &stock, last);
        let (relocated, outcomes) = predict(&fresh.on(patched.clone()), &flagged, last);
        assert_eq!(outcomes, expected, "{flagged}");
        assert_eq!(seen(&relocated), seen(&equivalent), "{flagged}");
        relocated.check_rmap().unwrap_or_else(|lost| panic!("{lost}:\n{flagged}"));
        programs += 1;
    }
    println!("{programs} programs");
}
