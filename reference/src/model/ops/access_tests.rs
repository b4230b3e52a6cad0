use crate::addr::PAGE_SIZE;
use crate::model::tests::*;
use crate::model::vma::VmFlags;
use crate::model::CannotPredict;
use crate::op::consts::*;
use crate::op::{Addr, Call, Contents, Op, Outcome, Signal, Trap};
use crate::snapshot::{SmapsField, StatusField};

fn segv(code: i32, address: u64, error: u16) -> Outcome {
    let trap = Trap { number: if code == SI_KERNEL { 13 } else { 14 }, error, key: None };
    Outcome::Signal(Signal { number: SIGSEGV, code, address, trap })
}

const RW: VmFlags = VmFlags::READ.union(VmFlags::WRITE);

#[test]
fn a_fresh_subject_has_three_tables() {
    let system = system();
    assert_eq!(status(&system, P0, StatusField::VmPte), 12);
    assert_eq!(status(&system, P0, StatusField::RssShmem), 76);
    assert_eq!(status(&system, P0, StatusField::RssAnon), 0);
    assert_eq!(kb(&system, P0, 0x40_0000, SmapsField::Pss), 38);
    assert_eq!(smaps(&system, P0, 0x40_0000).flags.to_string(), "rd wr ex sh mr mw me ms sd ");
    assert_eq!(system.is_pristine(&crate::model::tests::system()), Ok(()));
}

#[test]
fn reading_shares_the_page_of_zeroes_and_writing_makes_a_page() {
    let mut system = system();
    map(&mut system, FAR, 4, RW);
    assert_eq!(load(&mut system, P0, FAR, 2 * PAGE_SIZE), Outcome::Contents(Contents::Uniform(0)));
    assert_eq!(kb(&system, P0, FAR, SmapsField::Rss), 0);
    assert_eq!(status(&system, P0, StatusField::VmPte), 24);
    assert!(current(&mut system).mm.vmas.at(FAR).unwrap().anon_vma.is_none());
    assert_eq!(store(&mut system, P0, FAR, 9), Outcome::Value(0));
    assert!(current(&mut system).mm.vmas.at(FAR).unwrap().anon_vma.is_some());
    assert_eq!(kb(&system, P0, FAR, SmapsField::PrivateDirty), 4);
    assert_eq!(load(&mut system, P0, FAR, 1), Outcome::Contents(Contents::Uniform(9)));
}

#[test]
fn stores_count_up_by_page_and_stay_before_a_fault() {
    let mut system = system();
    map(&mut system, FAR, 2, RW);
    let call = Call::Store { addr: Addr::absolute(FAR + 1), len: 3 * PAGE_SIZE, value: 255 };
    assert_eq!(run(&mut system, P0, call), segv(SEGV_MAPERR, FAR + 2 * PAGE_SIZE, 6));
    let seen = |system: &mut _, at| load(system, P0, at, 1);
    assert_eq!(seen(&mut system, FAR), Outcome::Contents(Contents::Uniform(0)));
    assert_eq!(seen(&mut system, FAR + 1), Outcome::Contents(Contents::Uniform(255)));
    assert_eq!(seen(&mut system, FAR + PAGE_SIZE), Outcome::Contents(Contents::Uniform(0)));
}

#[test]
fn faults_carry_code_and_address() {
    let mut system = system();
    map(&mut system, FAR, 1, VmFlags::READ);
    map(&mut system, FAR + 0x10000, 1, VmFlags::empty());
    map(&mut system, FAR + 0x20000, 1, RW);
    assert_eq!(store(&mut system, P0, FAR + 5, 1), segv(SEGV_ACCERR, FAR + 5, 6));
    assert_eq!(load(&mut system, P0, FAR + 0x10000, 1), segv(SEGV_ACCERR, FAR + 0x10000, 4));
    assert_eq!(load(&mut system, P0, 8, 1), segv(SEGV_MAPERR, 8, 4));
    assert_eq!(load(&mut system, P0, 1 << 47, 1), segv(SI_KERNEL, 0, 0));
    assert_eq!(load(&mut system, P0, u64::MAX, 9), segv(SEGV_MAPERR, u64::MAX, 5));
    // an absent page is mapped before the hardware refuses to execute it
    let call = Call::Call { addr: Addr::absolute(FAR + 0x20000) };
    assert_eq!(run(&mut system, P0, call), segv(SEGV_ACCERR, FAR + 0x20000, 0x15));
    assert!(current(&mut system).mm.tables.pte(FAR + 0x20000).is_present());
    let own = Call::Load { addr: Addr::absolute(0x40_0000), len: 1 };
    let answer = system.apply(&Op::first(own));
    assert_eq!(answer, Err(CannotPredict("reads the subject's own memory")));
}

#[test]
fn only_a_return_can_be_called() {
    let mut system = system();
    map(&mut system, FAR, 1, RW | VmFlags::EXEC);
    let call = Call::Call { addr: Addr::absolute(FAR) };
    assert!(system.apply(&Op::first(call.clone())).is_err());
    store(&mut system, P0, FAR, RET_INSTRUCTION);
    assert_eq!(run(&mut system, P0, call), Outcome::Value(0));
}

#[test]
fn the_stack_grows_within_its_limit() {
    let mut system = system();
    let end = system.layout().stack;
    let start = end - 0x2_1000;
    assert_eq!(run(&mut system, P0, Call::map_stack()), Outcome::Address(start));
    assert_eq!(store(&mut system, P0, start - 0x5000, 1), Outcome::Value(0));
    assert_eq!(current(&mut system).mm.vmas.at(start - 0x5000).unwrap().pages(), 38);
    assert_eq!(status(&system, P0, StatusField::VmStk), 38 * 4);
    let deep = end - (8 << 20) - 1;
    assert_eq!(store(&mut system, P0, deep, 1), segv(SEGV_MAPERR, deep, 6));
    map(&mut system, start - 0x20_0000, 1, RW);
    let near = start - 0x20_0000 + 0x10_0000;
    assert_eq!(load(&mut system, P0, near, 1), segv(SEGV_MAPERR, near, 4));
}
