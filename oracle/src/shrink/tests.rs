use super::*;
use crate::generate::operands::lengths;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Base, Call, ProcessId, MAX_PROCESSES};
use proptest::prelude::*;

const LAYOUT: Layout =
    Layout { heap: 0x3000_1000, mmap: 0x7fff_f7ff_f000, stack: 0x7fff_ffff_f000 };

/// Keeps what only the numbering of processes asks for.
struct Plain;

impl Rules for Plain {
    fn layout(&self) -> Layout {
        LAYOUT
    }

    fn repair(&self, ops: Vec<Op>) -> Vec<Op> {
        let mut live = vec![true];
        let mut kept = Vec::new();
        for op in ops {
            let process = usize::from(op.process.0);
            if !live.get(process).copied().unwrap_or(false) {
                continue;
            }
            match op.call {
                Call::Fork if live.len() == MAX_PROCESSES => continue,
                Call::Fork => live.push(true),
                Call::Exit if process == 0 => continue,
                Call::Exit => live[process] = false,
                _ => {}
            }
            kept.push(op);
        }
        kept
    }

    fn pin(&self, ops: &[Op]) -> Vec<Op> {
        ops.to_vec()
    }
}

fn store(process: u8, page: i64, value: u8) -> Op {
    let addr = Addr::new(Base::Mmap, -0x10_0000 + page * 0x1000);
    Op { process: ProcessId(process), call: Call::Store { addr, len: 0x3000, value } }
}

fn fork(process: u8) -> Op {
    Op { process: ProcessId(process), call: Call::Fork }
}

fn values(ops: &[Op]) -> Vec<u8> {
    let value = |op: &Op| match op.call {
        Call::Store { value, .. } => Some(value),
        _ => None,
    };
    ops.iter().filter_map(value).collect()
}

fn run(ops: &[Op], test: impl Fn(&[Op]) -> Verdict) -> Shrunk {
    shrink(ops, &Plain, &mut |ops| test(ops), Budget::default(), &mut |_, _| {})
}

/// Shows at the operation that completes the wanted values, in order.
fn wants(wanted: &[u8], ops: &[Op]) -> Verdict {
    let mut left = wanted.iter().peekable();
    for (at, op) in ops.iter().enumerate() {
        if let Call::Store { value, .. } = op.call {
            left.next_if(|wanted| **wanted == value);
        }
        if left.peek().is_none() {
            return Verdict::Same { at };
        }
    }
    Verdict::Gone
}

#[test]
fn keeps_two_of_a_hundred_with_few_tests() {
    let ops: Vec<Op> = (0..100).map(|n| store(0, n, 100 + n as u8)).collect();
    let shrunk = run(&ops, |ops| wants(&[117, 163], ops));
    assert!(shrunk.minimal);
    assert_eq!(values(&shrunk.ops), [117, 163]);
    assert!(shrunk.tests < 300, "{} tests", shrunk.tests);
    // arguments are plain, addresses near each other
    assert!(shrunk.ops.iter().all(|op| *lengths(&mut op.call.clone())[0] == 0x1000));
    let Call::Store { addr: first, .. } = shrunk.ops[0].call else { panic!() };
    let Call::Store { addr: second, .. } = shrunk.ops[1].call else { panic!() };
    assert_eq!(second.offset - first.offset, 0x2000);
}

#[test]
fn a_program_that_does_not_show_it_stays() {
    let ops = [store(0, 1, 7)];
    let shrunk = run(&ops, |_| Verdict::Gone);
    assert_eq!((shrunk.ops.as_slice(), shrunk.minimal, shrunk.tests), (&ops[..], false, 1));
}

#[test]
fn another_difference_is_not_taken_but_kept() {
    let ops = [store(0, 1, 7), store(0, 2, 8), store(0, 3, 9)];
    let shrunk = run(&ops, |ops| match values(ops).as_slice() {
        [.., 9] if ops.len() > 1 => Verdict::Same { at: ops.len() - 1 },
        [.., 9] => Verdict::Different,
        _ => Verdict::Gone,
    });
    assert_eq!(shrunk.ops.len(), 2);
    assert!(shrunk.others.iter().any(|ops| values(ops) == [9]));
}

#[test]
fn unrelated_processes_go_and_the_rest_is_renumbered() {
    let ops = [
        fork(0),
        store(1, 1, 70),
        fork(0),
        store(2, 2, 80),
        fork(1),
        store(3, 3, 90),
        store(0, 4, 60),
    ];
    let in_child = |ops: &[Op]| {
        let at = ops.iter().position(|op| {
            op.process != ProcessId(0) && matches!(op.call, Call::Store { value: 80, .. })
        });
        at.map_or(Verdict::Gone, |at| Verdict::Same { at })
    };
    let shrunk = run(&ops, in_child);
    assert!(shrunk.minimal);
    assert_eq!(shrunk.ops.len(), 2);
    assert_eq!(shrunk.ops[0], fork(0));
    assert_eq!(shrunk.ops[1].process, ProcessId(1));
}

#[test]
fn a_child_that_does_not_matter_works_in_its_parent() {
    let ops = [fork(0), store(1, 1, 70), fork(1), store(2, 2, 80)];
    let shrunk = run(&ops, |ops| wants(&[70, 80], ops));
    assert_eq!(values(&shrunk.ops), [70, 80]);
    assert_eq!(shrunk.ops.len(), 2);
}

#[test]
fn flags_are_dropped_one_by_one() {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE | MAP_STACK | MAP_LOCKED;
    let addr = Addr::new(Base::Mmap, -0x4000);
    let call = Call::Mmap { addr, len: 0x4000, prot: PROT_EXEC, flags, fd: 9999, offset: 0x1000 };
    let locked = |ops: &[Op]| match ops {
        [Op { call: Call::Mmap { flags, .. }, .. }] if flags & MAP_LOCKED != 0 => {
            Verdict::Same { at: 0 }
        }
        _ => Verdict::Gone,
    };
    let shrunk = run(&[Op::first(call)], locked);
    let Call::Mmap { len, prot, flags, fd, offset, .. } = shrunk.ops[0].call else { panic!() };
    assert_eq!(flags, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_LOCKED);
    assert_eq!((len, prot, fd, offset), (0x1000, PROT_READ | PROT_WRITE, -1, 0));
}

#[test]
fn an_exhausted_budget_is_said() {
    let ops: Vec<Op> = (0..50).map(|n| store(0, n, 100 + n as u8)).collect();
    let budget = Budget { tests: 5, ..Budget::default() };
    let shrunk = shrink(&ops, &Plain, &mut |o| wants(&[110, 120], o), budget, &mut |_, _| {});
    assert_eq!((shrunk.minimal, shrunk.tests), (false, 5));
    assert!(matches!(wants(&[110, 120], &shrunk.ops), Verdict::Same { .. }));
}

fn any_ops() -> impl Strategy<Value = Vec<Op>> {
    let op =
        (0u8..4, 0i64..64, 0u8..12, 0u8..10).prop_map(|(process, page, value, kind)| match kind {
            0 => fork(process),
            1 => Op { process: ProcessId(process), call: Call::Exit },
            _ => store(process, page, 100 + value),
        });
    proptest::collection::vec(op, 1..60).prop_map(|ops| Plain.repair(ops))
}

proptest! {
    #[test]
    fn what_comes_out_shows_it_and_is_minimal(
        ops in any_ops(),
        wanted in proptest::collection::vec(100u8..112, 1..5),
        in_child in any::<bool>(),
    ) {
        let test = |ops: &[Op]| match wants(&wanted, ops) {
            Verdict::Same { at } if in_child && ops[at].process == ProcessId(0) => {
                Verdict::Different
            }
            verdict => verdict,
        };
        let shrunk = run(&ops, test);
        if let Verdict::Same { .. } = test(&ops) {
            prop_assert!(shrunk.minimal);
            prop_assert_eq!(&Plain.repair(shrunk.ops.clone()), &shrunk.ops);
            prop_assert_eq!(test(&shrunk.ops), Verdict::Same { at: shrunk.ops.len() - 1 });
            for index in 0..shrunk.ops.len() {
                let fewer = Plain.repair(remove::without(&shrunk.ops, &[index]));
                let same = matches!(test(&fewer), Verdict::Same { .. });
                prop_assert!(!same, "operation {} can go", index);
            }
        } else {
            prop_assert_eq!(shrunk.ops, ops);
        }
    }
}
