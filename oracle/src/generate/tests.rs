use super::fence::Span;
use super::*;
use mm_reference::addr::{page_up, MAP_WINDOW};
use mm_reference::model::{Limits, Mm, VmFlags, Vma};
use mm_reference::op::{Layout, MAX_MINCORE_PAGES, MAX_PROCESSES};
use std::collections::BTreeMap;

const LAYOUT: Layout =
    Layout { heap: 0x3000_1000, mmap: 0x7fff_f7ff_f000, stack: 0x7fff_ffff_f000 };
const TEXT: std::ops::Range<u64> = 0x40_0000..0x40_2000;
const MAX_MAP_COUNT: u64 = 1000;
const ARENA: std::ops::Range<u64> = 0x41_0000..0x42_1000;

/// Just enough of an address space to generate for: mappings without merging,
/// heap, limits and processes.
#[derive(Clone)]
struct Toy {
    processes: Vec<Option<(Mm, Limits)>>,
}

impl Toy {
    fn new() -> Toy {
        let mut mm = Mm {
            mmap_base: LAYOUT.mmap,
            start_brk: LAYOUT.heap,
            brk: LAYOUT.heap,
            start_stack: LAYOUT.stack - 0x10,
            ..Mm::default()
        };
        let read_write = VmFlags::READ | VmFlags::WRITE;
        let mut stack = Vma::anonymous(LAYOUT.stack - 0x21000, LAYOUT.stack, read_write);
        stack.flags |= VmFlags::GROWSDOWN;
        mm.vmas.insert(stack);
        mm.vmas.insert(Vma::anonymous(TEXT.start, TEXT.end, VmFlags::READ | VmFlags::EXEC));
        mm.vmas.insert(Vma::anonymous(ARENA.start, ARENA.end, read_write));
        Toy { processes: vec![Some((mm, Limits::default()))] }
    }

    fn fence() -> Fence {
        Fence::new([TEXT, ARENA], 0x10000..MAP_WINDOW)
    }

    fn with_view<R>(&self, f: impl FnOnce(&View<'_>) -> R) -> R {
        let none = (Mm::default(), Limits::default());
        let slots: Vec<_> = self.processes.iter().map(|p| p.as_ref().unwrap_or(&none)).collect();
        let pairs: Vec<_> = slots.iter().map(|(mm, limits)| (mm, limits)).collect();
        let mut view = View::bare(&LAYOUT, &pairs);
        view.max_map_count = MAX_MAP_COUNT;
        for (number, process) in self.processes.iter().enumerate() {
            if process.is_none() {
                view.end(ProcessId(number as u8));
            }
        }
        f(&view)
    }

    fn apply(&mut self, op: &Op) {
        let slot = usize::from(op.process.0);
        match op.call {
            Call::Fork => {
                let copy = self.processes[slot].clone();
                self.processes.push(copy);
                return;
            }
            Call::Exit => {
                self.processes[slot] = None;
                return;
            }
            _ => {}
        }
        let (mm, limits) = self.processes[slot].as_mut().expect("it lives");
        match op.call {
            Call::Mmap { addr, len, prot, flags, .. } => map(mm, addr, len, prot, flags),
            Call::Munmap { addr, len } => cut(mm, LAYOUT.resolve(addr), page_up(len)),
            Call::Mprotect { addr, len, prot } if prot < 8 => {
                let (start, len) = (LAYOUT.resolve(addr), page_up(len));
                if start % PAGE_SIZE == 0 && len > 0 && start.checked_add(len).is_some() {
                    let parts: Vec<_> = mm.vmas.overlapping(start, start + len).cloned().collect();
                    for part in parts {
                        let (from, to) = (part.start.max(start), part.end.min(start + len));
                        cut(mm, from, to - from);
                        let flags = part.flags.difference(VmFlags::ACCESS) | flags_of(prot);
                        mm.vmas.insert(Vma::anonymous(from, to, flags));
                    }
                }
            }
            Call::Brk { addr } => {
                let to = LAYOUT.resolve(addr);
                if to >= mm.start_brk && to < mm.start_brk + (1 << 30) {
                    mm.brk = to;
                }
            }
            Call::Setrlimit { resource: RLIMIT_STACK, soft, hard } => limits.stack = (soft, hard),
            _ => {}
        }
        mm.total_vm = mm.vmas.iter().map(Vma::pages).sum();
    }
}

fn flags_of(prot: u64) -> VmFlags {
    VmFlags::from_bits_truncate(prot & 7)
}

fn map(mm: &mut Mm, addr: Addr, len: u64, prot: u64, flags: u64) {
    let mut start = LAYOUT.resolve(addr);
    let len = page_up(len);
    if len == 0 || len > MAP_WINDOW || flags & MAP_ANONYMOUS == 0 || !matches!(flags & 15, 2 | 8) {
        return;
    }
    if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) == 0 {
        let lowest = mm.vmas.iter().map(|vma| vma.start).filter(|at| *at > 1 << 40).min();
        start = lowest.unwrap_or(LAYOUT.mmap).min(LAYOUT.mmap).saturating_sub(len);
    } else if start % PAGE_SIZE != 0 || start > MAP_WINDOW - len {
        return;
    }
    if start < 0x10000 {
        return;
    }
    cut(mm, start, len);
    let mut kind = flags_of(prot);
    kind.set(VmFlags::GROWSDOWN, flags & MAP_GROWSDOWN != 0);
    kind.set(VmFlags::LOCKED, flags & MAP_LOCKED != 0);
    mm.vmas.insert(Vma::anonymous(start, start + len, kind));
}

fn cut(mm: &mut Mm, start: u64, len: u64) {
    if len == 0
        || start % PAGE_SIZE != 0
        || start.checked_add(len).is_none_or(|end| end > MAP_WINDOW)
    {
        return;
    }
    let end = start + len;
    let parts: Vec<Vma> = mm.vmas.overlapping(start, end).cloned().collect();
    for part in parts {
        mm.vmas.remove(part.start);
        for (from, to) in [(part.start, start), (end, part.end)] {
            if from < to {
                mm.vmas.insert(Vma::anonymous(from, to, part.flags));
            }
        }
    }
}

fn programs(shape: Shape, seeds: std::ops::Range<u64>, mut each: impl FnMut(&[Op], &Toy)) {
    let fence = Toy::fence();
    for seed in seeds {
        let src = &mut Seeded::new(program_seed(1, 0, seed));
        let mut toy = Toy::new();
        let mut generator = toy.with_view(|view| Generator::at(shape, &fence, src, view));
        let mut ops = Vec::new();
        while let Some(op) = toy.with_view(|view| generator.next(src, view)) {
            toy.apply(&op);
            ops.push(op);
        }
        each(&ops, &toy);
    }
}

#[test]
fn the_subject_is_left_alone() {
    programs(Shape::default(), 0..1500, |ops, toy| {
        assert!(!ops.is_empty() && ops.len() <= 200);
        for (mm, _) in toy.processes.iter().flatten() {
            for own in [TEXT, ARENA] {
                let vma = mm.vmas.at(own.start).expect("still mapped");
                assert_eq!((vma.start, vma.end), (own.start, own.end), "{ops:#x?}");
            }
        }
    });
}

#[test]
fn programs_follow_the_rules() {
    programs(Shape::default(), 0..1500, |ops, _| {
        let forks = ops.iter().filter(|op| op.call == Call::Fork).count();
        assert!(forks < MAX_PROCESSES);
        for op in ops {
            match op.call {
                Call::Exit => assert_ne!(op.process, ProcessId(0)),
                Call::Mincore { len, .. } => assert!(len.div_ceil(PAGE_SIZE) <= MAX_MINCORE_PAGES),
                Call::Madvise { addr, advice, .. } => {
                    let real = LAYOUT.resolve(addr) < MAP_WINDOW;
                    assert!(!real || !matches!(advice, MADV_HWPOISON | MADV_SOFT_OFFLINE));
                }
                Call::Mmap { flags, len, .. } => {
                    let anonymous = flags & MAP_ANONYMOUS != 0;
                    assert!(!anonymous || flags & MAP_HUGETLB == 0);
                    assert!(!anonymous || flags & MAP_TYPE_MASK != MAP_SHARED || len == 0);
                }
                Call::Prctl { option, args } => {
                    assert!(option != PR_SET_MM || args[1] >= MAP_WINDOW);
                    assert!(option != PR_SET_THP_DISABLE || args[0] != 0);
                }
                _ => {}
            }
        }
    });
}

#[test]
fn every_call_and_advice_appears() {
    let mut calls = BTreeMap::new();
    let mut advices = BTreeMap::new();
    let (mut count, mut total) = (0, 0);
    programs(Shape::default(), 0..2000, |ops, _| {
        count += 1;
        total += ops.len();
        for op in ops {
            *calls.entry(op.call.name()).or_insert(0) += 1;
            if let Call::Madvise { advice, .. } = op.call {
                *advices.entry(advice).or_insert(0) += 1;
            }
        }
    });
    let names = [
        "mmap",
        "munmap",
        "mprotect",
        "mremap",
        "brk",
        "madvise",
        "mlock",
        "mlock2",
        "munlock",
        "mlockall",
        "munlockall",
        "mseal",
        "msync",
        "mincore",
        "prctl",
        "set_vma_name",
        "setrlimit",
        "load",
        "store",
        "call",
        "fork",
        "exit",
    ];
    for name in names {
        assert!(calls.get(name).is_some_and(|n| *n > 20), "{name}: {:?}", calls.get(name));
    }
    for (name, advice) in ADVICES {
        if !matches!(*advice, MADV_HWPOISON | MADV_SOFT_OFFLINE) {
            assert!(advices.contains_key(advice), "{name}");
        }
    }
    let mean = total / count;
    assert!((10..30).contains(&mean), "mean length {mean}");
}

#[test]
fn the_same_seed_gives_the_same_programs() {
    let mut first = Vec::new();
    programs(Shape::default(), 0..50, |ops, _| first.push(ops.to_vec()));
    let mut second = Vec::new();
    programs(Shape::default(), 0..50, |ops, _| second.push(ops.to_vec()));
    assert_eq!(first, second);
    first.dedup();
    assert_eq!(first.len(), 50);
}

#[test]
fn the_limit_of_mappings_is_reached() {
    let shape = Shape { theme: Some(Theme::Fill), ..Shape::default() };
    let mut most = 0;
    // what follows may unmap a part of it
    programs(shape, 0..4, |_, toy| {
        let (mm, _) = toy.processes[0].as_ref().unwrap();
        most = most.max(mm.vmas.len() as u64);
    });
    assert!(most > MAX_MAP_COUNT - 20, "{most}");
}

#[test]
fn what_is_to_be_avoided_is() {
    let avoid = Avoid {
        pageout: true,
        mergeable: true,
        hugepage: true,
        droppable: true,
        seal_first: true,
        mdwe_first: true,
        hard_limits: true,
        drop_first: true,
        fork: true,
        low: true,
    };
    let floor = Toy::fence().floor();
    programs(Shape { avoid, ..Shape::default() }, 0..1000, |ops, _| {
        for op in ops {
            match op.call {
                Call::Fork | Call::Mseal { .. } => panic!("{op:?}"),
                Call::Madvise { advice, .. } => {
                    assert!(![MADV_PAGEOUT, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_COLLAPSE]
                        .contains(&advice))
                }
                Call::Mmap { addr, flags, len, .. } if flags & MAP_ANONYMOUS != 0 => {
                    assert_ne!(flags & MAP_TYPE_MASK, MAP_DROPPABLE);
                    let insists = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
                    let address = LAYOUT.resolve(addr);
                    let fails = address % PAGE_SIZE != 0 || len > MAP_WINDOW;
                    assert!(!insists || fails || address >= floor, "{op:?}");
                }
                Call::Setrlimit { hard, .. } => assert_eq!(hard, RLIM_INFINITY),
                _ => {}
            }
        }
    });
}

#[test]
fn spans_round_outwards_and_know_when_they_wrap() {
    let span = |start, end, wraps| Span { start, end, wraps };
    assert_eq!(Span::new(0x1000, 0x1000), span(0x1000, 0x2000, false));
    assert_eq!(Span::new(0x1fff, 2), span(0x1000, 0x3000, false));
    assert_eq!(Span::new(0x1000, 0), span(0x1000, 0x1000, false));
    assert_eq!(Span::new(0x1234, u64::MAX), span(0x1000, 0x3000, true));
    let fence = Toy::fence();
    assert!(fence.beyond_user(&Span::new(0, MAP_WINDOW + 1)));
    assert!(!fence.beyond_user(&Span::new(0x1000, MAP_WINDOW - 0x1000)));
}

#[test]
fn the_guard_keeps_out_of_the_fence() {
    let fence = Toy::fence();
    let at = Addr::absolute;
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    let mmap = |addr, len| Call::Mmap { addr: at(addr), len, prot: 3, flags, fd: -1, offset: 0 };
    let mremap = |old, new| Call::Mremap {
        old: at(old),
        old_len: 0x1000,
        new_len: 0x1000,
        flags: MREMAP_MAYMOVE | MREMAP_FIXED,
        new: at(new),
    };
    let cases = [
        (Call::Munmap { addr: at(TEXT.start), len: 1 }, Err(Refusal::Protected)),
        (Call::Munmap { addr: at(0x1000), len: MAP_WINDOW - 0x1000 }, Err(Refusal::Protected)),
        (Call::Munmap { addr: at(0x1000), len: MAP_WINDOW }, Ok(())),
        (Call::Munmap { addr: at(TEXT.end), len: 0x1000 }, Ok(())),
        (Call::Mprotect { addr: at(0x1000), len: u64::MAX >> 1, prot: 0 }, Err(Refusal::Protected)),
        (mmap(ARENA.end - 0x1000, 0x2000), Err(Refusal::Protected)),
        (mmap(0x1000, 0x1000), Ok(())),
        (mmap(0, TEXT.start), Ok(())),
        (mmap(0, TEXT.start + 1), Err(Refusal::Protected)),
        (mmap(0x1001, 0x1000), Ok(())),
        (
            mmap(LAYOUT.mmap, 16 << 30),
            Err(Refusal::TooMuch(Limit::Mapped(Bounds::default().mapped))),
        ),
        (mmap(LAYOUT.mmap, MAP_WINDOW + 1), Ok(())),
        (mremap(LAYOUT.stack - 0x1000, ARENA.start), Err(Refusal::Protected)),
        (mremap(ARENA.start, LAYOUT.mmap), Err(Refusal::Protected)),
        (Call::Load { addr: at(0xffff_ffff_ff60_0000), len: 1 }, Err(Refusal::Protected)),
        (Call::Load { addr: at(0xffff_ffff_ff5f_f000), len: 1 }, Ok(())),
        (Call::Call { addr: at(TEXT.start) }, Err(Refusal::Protected)),
        (Call::Call { addr: at(LAYOUT.stack - 8) }, Ok(())),
        (Call::Exit, Err(Refusal::NoProcess)),
    ];
    for (call, expected) in cases {
        let mut guard = Guard::new(&fence, Bounds::default(), Avoid::default());
        let op = Op::first(call);
        assert_eq!(Toy::new().with_view(|view| guard.admit(&op, view)), expected, "{op:x?}");
    }
    for call in [mmap(0, 0x1000), mmap(0xf000, 0x2000), mremap(LAYOUT.stack - 0x1000, 0)] {
        let avoid = Avoid { low: true, ..Avoid::default() };
        let mut guard = Guard::new(&fence, Bounds::default(), avoid);
        let admitted = Toy::new().with_view(|view| guard.admit(&Op::first(call), view));
        assert!(matches!(admitted, Err(Refusal::Avoided(_))), "{admitted:?}");
    }
}

#[test]
fn the_lowest_addresses_are_tried() {
    let floor = Toy::fence().floor();
    let (mut fixed, mut moved, mut hinted) = (0, 0, 0);
    programs(Shape::default(), 0..2000, |ops, _| {
        for op in ops {
            match op.call {
                Call::Mmap { addr, flags, .. } if LAYOUT.resolve(addr) < floor => {
                    let insists = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
                    *(if insists { &mut fixed } else { &mut hinted }) +=
                        u32::from(insists || addr != Addr::NULL);
                }
                Call::Mremap { flags, new, .. } if flags & MREMAP_FIXED != 0 => {
                    moved += u32::from(LAYOUT.resolve(new) < floor);
                }
                _ => {}
            }
        }
    });
    assert!(fixed > 20 && moved > 5 && hinted > 5, "{fixed} {moved} {hinted}");
}

#[test]
fn a_refusal_says_what_is_not_supported() {
    let fence = Toy::fence();
    let mmap = |flags, fd| {
        let (addr, len, prot) = (Addr::NULL, 0x1000, PROT_READ);
        Call::Mmap { addr, len, prot, flags, fd, offset: 0 }
    };
    for (call, what) in [
        (mmap(MAP_SHARED | MAP_ANONYMOUS, -1), "shared memory"),
        (mmap(MAP_PRIVATE, 3), "a mapping of a file"),
        (mmap(MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1), "MAP_HUGETLB"),
        (Call::Prctl { option: PR_SET_THP_DISABLE, args: [0; 4] }, "huge pages"),
        (Call::Prctl { option: 1, args: [0; 4] }, "a prctl that is not about memory"),
    ] {
        let mut guard = Guard::new(&fence, Bounds::default(), Avoid::default());
        let op = Op::first(call);
        let refusal = Toy::new().with_view(|view| guard.admit(&op, view)).expect_err(what);
        let text = format!("it asks for what is not supported: {what}");
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn the_guard_keeps_account_of_pages_and_processes() {
    let fence = Toy::fence();
    let bounds = Bounds { populated: 40, ..Bounds::default() };
    let mut guard = Guard::new(&fence, bounds, Avoid::default());
    let toy = Toy::new();
    let lock = Op::first(Call::Mlock {
        addr: Addr::new(mm_reference::op::Base::Stack, -0x21000),
        len: 0x21000,
    });
    toy.with_view(|view| {
        assert_eq!(guard.admit(&lock, view), Ok(()));
        assert_eq!(guard.pages_left(), 7);
        assert_eq!(guard.admit(&lock, view), Err(Refusal::TooMuch(Limit::Populated(40))));
        let fork = Op::first(Call::Fork);
        for _ in 1..MAX_PROCESSES {
            assert_eq!(guard.admit(&fork, view), Ok(()));
        }
        assert_eq!(guard.admit(&fork, view), Err(Refusal::TooManyProcesses));
    });
}

#[test]
fn weights_are_of_known_things() {
    for (_, theme) in Theme::CHOICE.items() {
        assert!(theme.kinds().items().iter().all(|(weight, _)| *weight > 0), "{theme:?}");
        let known = |advice: &i32| ADVICES.iter().any(|(_, a)| a == advice);
        assert!(theme.advices().items().iter().all(|(_, advice)| known(advice)), "{theme:?}");
    }
    assert!(weights::BAD_ADVICES.iter().all(|bad| ADVICES.iter().all(|(_, a)| a != bad)));
}
