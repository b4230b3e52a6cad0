//! What models start from where no kernel is at hand, against a real subject.

use mm_oracle::observe::ProcFiles;
use mm_oracle::run::seed;
use mm_oracle::subject::{Config, Subject};
use mm_reference::model::Seed;
use mm_reference::op::ProcessId;

#[test]
fn the_standard_seed_is_what_a_subject_looks_like() {
    let subject = match Subject::start(&Config::default()) {
        Ok(subject) => subject,
        Err(error) => return println!("skipped: no subject can be run here: {error}"),
    };
    let pid = subject.pid(ProcessId(0)).expect("a live process");
    let mut files = ProcFiles::open(pid).expect("its files");
    let real = seed(&subject, &mut files).expect("a look at it");
    let standard = Seed::standard();
    // what differs from kernel to kernel: the stack's pointer, what could not be unmapped
    let own = |seed: &Seed| {
        let arena = (seed.arena.start, seed.arena.end, seed.arena.mappers);
        (seed.text_size, arena, seed.data_segment, seed.start_brk)
    };
    assert_eq!(own(&standard), own(&real), "{real:#x?}");
}
