use super::*;
use crate::model::tests::{kb, load, status, P0};
use crate::model::{Seed, System};
use crate::op::consts::{MAP_32BIT, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ};
use crate::op::{Addr, Call, Contents, Op, Outcome, Start, USUAL_ARGUMENTS};
use crate::profile::{Profile, Version};
use crate::snapshot::{SmapsField, StatusField};
use std::sync::Arc;

fn begun(exec: Exec) -> (System, Seed) {
    let profile = Profile::stock(Version::new(6, 18));
    let seed = Seed::standard_for(Start::Exec(exec));
    (System::new(Arc::new(profile), &seed), seed)
}

/// Where the stack is.
fn stack(seed: &Seed) -> (u64, u64) {
    let exec = seed.exec.as_ref().expect("an exec");
    (exec.start(seed.limits.stack.0), exec.end)
}

#[test]
fn the_stack_is_as_large_as_its_arguments_and_some_room() {
    for (arguments, pages) in [(0, 1), (1, 1), (4096, 2), (0x2_1000, 34), (USUAL_ARGUMENTS, 512)] {
        let (system, seed) = begun(Exec::with(arguments));
        let mm = &system.process(P0).unwrap().mm;
        let (start, end) = stack(&seed);
        assert_eq!(mm.vmas.at(start).map(|vma| vma.end), Some(end));
        assert_eq!(end - start, pages * PAGE_SIZE + ROOM, "{arguments}");
        let resident = kb(&system, P0, start, SmapsField::Rss) / 4;
        assert!([pages, pages + 1].contains(&resident), "{resident} pages of {arguments}");
        assert_eq!(status(&system, P0, StatusField::VmStk), (end - start) >> 10);
        system.check_rmap().expect("pages that are found");
    }
}

#[test]
fn a_stack_is_never_larger_than_its_limit() {
    let exec = Exec::with(USUAL_ARGUMENTS);
    let mut seed = Seed::standard_for(Start::Exec(exec));
    seed.limits.stack.0 = (2 << 20) + PAGE_SIZE;
    let system = System::new(Arc::new(Profile::stock(Version::new(6, 18))), &seed);
    let (_, end) = stack(&seed);
    let size = |vma: &Vma| vma.len();
    assert_eq!(
        system.process(P0).unwrap().mm.vmas.containing(end - 1).map(size),
        Some(seed.limits.stack.0)
    );
}

#[test]
fn arguments_are_where_the_kernel_puts_them() {
    let exec = Exec::with(MAX_ARGUMENT + 0x1800);
    for shift in [Some(0), Some(0x1000), Some(0x1f_f000), None] {
        let (mut system, seed) = begun(Exec { shift, ..exec });
        let end = seed.layout.stack;
        let mut byte = |depth: u64| match load(&mut system, P0, end - depth, 1) {
            Outcome::Contents(Contents::Uniform(byte)) => byte,
            other => panic!("{other:?} at {depth:#x}"),
        };
        assert_eq!([1, 8, 9].map(&mut byte), [0; 3]);
        assert_eq!([10, 18].map(&mut byte), [b'5', b'/']);
        // the end of the last argument, and that of the first
        let first_end = exec.depth() - MAX_ARGUMENT + 1;
        assert_eq!([19, 20, first_end, first_end + 1].map(&mut byte), [0, b'a', 0, b'b']);
        assert_eq!([0x1000, 0x1001, 0x2000, 0x2001].map(&mut byte), [b'a', b'b', b'b', b'c']);
        assert_eq!(byte(0x2_1000), Exec::letter(0x2_1000));
    }
}

#[test]
fn what_the_kernel_wrote_is_what_was_found() {
    let mut seed = Seed::standard_for(Start::Exec(Exec::with(1)));
    let Some(exec) = &mut seed.exec else { panic!("no exec") };
    let first = page_down(exec.tables_start);
    let count = exec.tables_end.next_multiple_of(PAGE_SIZE) - first;
    exec.bytes = (0..count).map(|at| (at % 251) as u8).collect();
    let at = exec.tables_start + 5;
    let mut system = System::new(Arc::new(Profile::stock(Version::new(6, 18))), &seed);
    let expected = ((at - first) % 251) as u8;
    assert_eq!(load(&mut system, P0, at, 1), Outcome::Contents(Contents::Uniform(expected)));
}

#[test]
fn where_a_search_upwards_begins_is_not_known() {
    let (mut system, _) = begun(Exec::with(1));
    let mut map = |flags, addr| {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | flags;
        let addr = Addr::absolute(addr);
        let call = Call::Mmap { addr, len: 1, prot: PROT_READ, flags, fd: -1, offset: 0 };
        system.apply(&Op { process: P0, call }).map(|answer| answer.outcome)
    };
    assert!(map(MAP_32BIT, 0).is_err());
    assert_eq!(map(MAP_32BIT, 0x5000_0000), Ok(Outcome::Address(0x5000_0000)));
    assert!(map(0, 0).is_ok());
}

/// A move by entries marks what it moves as soft-dirty, and the stack of an `execve` does not
/// show as such itself; the model does not know whether the zero page is marked.
#[test]
fn what_a_move_marks_out_of_the_stack_is_not_guessed() {
    let (mut system, _) = begun(Exec::with(0));
    let text = "store(stack-0x30000, 0x1, 0x01)\n\
                mremap(stack-0x20000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x9000)\n\
                load(mmap-0x9000, 0x1)\n\
                mremap(mmap-0x9000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, mmap-0x5000)\n";
    let program = crate::text::parse(text, crate::text::Mode::Strict).expect("a program");
    let answers: Vec<bool> = program.ops().map(|op| system.apply(op).is_ok()).collect();
    assert_eq!(answers, [true, true, true, false]);
}
