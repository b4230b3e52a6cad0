//! Programs that begin by an `execve` with arguments of every size, from none to
//! the limit. The kernel copies them to the top of the address space and moves them
//! down, page tables and all (`setup_arg_pages`); what is then on the stack is
//! predicted: the mapping, which pages are there, their contents and flags, and the
//! page tables. The kernel's log stays silent.
//!
//! The distance is random, so many programs are started for each size.

use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::{Observe, Replay, Runner, Verdict};
use mm_oracle::subject::Config;
use mm_reference::addr::{PAGE_SIZE, PMD_SIZE};
use mm_reference::op::{Exec, Op, Start, MAX_ARGUMENT, MAX_ARGUMENTS, USUAL_ARGUMENTS};
use mm_reference::text::{parse, Mode};
use std::collections::HashSet;
use std::sync::Arc;

/// How many programs are started for each size.
const ROUNDS: usize = 24;

const SIZES: [u64; 14] = [
    0,
    1,
    PAGE_SIZE - 64,
    PAGE_SIZE,
    2 * PAGE_SIZE,
    31 * PAGE_SIZE,
    MAX_ARGUMENT + 1,
    255 * PAGE_SIZE,
    256 * PAGE_SIZE + 1,
    500 * PAGE_SIZE,
    USUAL_ARGUMENTS,
    USUAL_ARGUMENTS + 1,
    2 * PMD_SIZE,
    MAX_ARGUMENTS,
];

/// Looks at the end, makes the stack longer, takes a part away and moves the rest.
const PROGRAM: &str = "\
    load(stack-0x12, 0x12)
    mincore(stack-0x1000, 0x1000)
    store(stack-0x1000, 0x8, 0x5a)
    mprotect(stack-0x2000, 0x1000, PROT_READ)
    mremap(stack-0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, mmap-0x7f0000)
    load(mmap-0x7f0000, 0x1000)
    madvise(stack-0x1000, 0x1000, MADV_DONTNEED)
";

fn ops(text: &str) -> Vec<Op> {
    parse(text, Mode::Strict).expect("a program").ops().cloned().collect()
}

#[test]
fn what_execve_leaves_on_a_stack_is_predicted() {
    let runner = running_kernel().map_err(|error| error.to_string()).and_then(|(profile, _)| {
        let caps = Capabilities::detect();
        let mut runner = Runner::new(Config::default(), Arc::new(profile), caps);
        runner.fresh().map_err(|error| error.to_string())?;
        Ok(runner)
    });
    let mut runner = match runner {
        Ok(runner) => runner,
        Err(why) => return println!("skipped: no subject can be run here: {why}"),
    };
    if !runner.capabilities().kernel_log {
        println!("the kernel's log is not watched");
    }
    runner.scrutinize(true);
    let ops = ops(PROGRAM);
    let (mut places, mut started, mut spans) = (HashSet::new(), 0, 0);
    for bytes in SIZES {
        let start = Start::Exec(Exec::with(bytes));
        runner.begin_by(start, &mut Vec::new()).expect("nothing is queued");
        for round in 0..ROUNDS {
            let seed = runner.seed().expect("a subject");
            let left = seed.exec.as_ref().expect("what execve left");
            let (from, to) = (left.start(seed.limits.stack.0), left.end);
            let observe = if round % 2 == 0 { Observe::EveryOp } else { Observe::End };
            let trial = runner.run(&mut Replay::new(&ops), observe).expect("a run");
            if let Verdict::Diverged(divergence) = &trial.verdict {
                let differences = &divergence.differences;
                panic!("{bytes} bytes: {}: {differences:#?}", divergence.signature);
            }
            assert_eq!((trial.actual.len(), trial.unpredictable), (ops.len(), None));
            places.insert(to % PMD_SIZE);
            spans += usize::from(from / PMD_SIZE != to / PMD_SIZE);
            started += 1;
        }
    }
    println!(
        "{started} programs, whose stacks ended at {} places of a page table; {spans} of them \
         reached beyond one",
        places.len()
    );
}
