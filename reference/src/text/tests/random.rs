//! Random programs and random text.

use super::super::*;
use crate::errno::Errno;
use crate::op::{Addr, Base, Call, Contents, Exec, Residency, Trap, MAX_ARGUMENTS, MAX_SHIFT};
use proptest::prelude::*;

fn address() -> impl Strategy<Value = Addr> {
    let base =
        prop_oneof![Just(Base::Absolute), Just(Base::Heap), Just(Base::Mmap), Just(Base::Stack)];
    let offset = prop_oneof![any::<i64>(), (-64i64..64).prop_map(|n| n * 0x1000), Just(0)];
    (base, offset).prop_map(|(base, offset)| Addr { base, offset })
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0u64..256, (0u64..64).prop_map(|n| n * 0x1000), Just(u64::MAX)]
}

fn short() -> impl Strategy<Value = u64> {
    0..MAX_ACCESS_LEN
}

fn name() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[^\\x00]{0,20}")
}

fn call() -> impl Strategy<Value = Call> {
    let option = prop_oneof![Just(35), Just(41), Just(65), Just(0x5356_4d41), any::<i32>()];
    prop_oneof![
        (address(), number(), number(), number(), any::<i32>(), number()).prop_map(
            |(addr, len, prot, flags, fd, offset)| Call::Mmap {
                addr,
                len,
                prot,
                flags,
                fd,
                offset
            }
        ),
        (address(), number()).prop_map(|(addr, len)| Call::Munmap { addr, len }),
        (address(), number(), number()).prop_map(|(addr, len, prot)| Call::Mprotect {
            addr,
            len,
            prot
        }),
        (address(), number(), number(), number(), address()).prop_map(
            |(old, old_len, new_len, flags, new)| Call::Mremap {
                old,
                old_len,
                new_len,
                flags,
                new
            }
        ),
        address().prop_map(|addr| Call::Brk { addr }),
        (address(), number(), prop_oneof![any::<i32>(), 0..110i32])
            .prop_map(|(addr, len, advice)| Call::Madvise { addr, len, advice }),
        (address(), number()).prop_map(|(addr, len)| Call::Mlock { addr, len }),
        (address(), number(), number()).prop_map(|(addr, len, flags)| Call::Mlock2 {
            addr,
            len,
            flags
        }),
        (address(), number()).prop_map(|(addr, len)| Call::Munlock { addr, len }),
        number().prop_map(|flags| Call::Mlockall { flags }),
        Just(Call::Munlockall),
        (address(), number(), number()).prop_map(|(addr, len, flags)| Call::Mseal {
            addr,
            len,
            flags
        }),
        (address(), number(), number()).prop_map(|(addr, len, flags)| Call::Msync {
            addr,
            len,
            flags
        }),
        (address(), 0u64..0x40_0000).prop_map(|(addr, len)| Call::Mincore { addr, len }),
        (option, [number(), number(), number(), number()])
            .prop_map(|(option, args)| Call::Prctl { option, args }),
        (address(), number(), name()).prop_map(|(addr, len, name)| Call::SetVmaName {
            addr,
            len,
            name
        }),
        (prop_oneof![any::<u32>(), 0..16u32], number(), number())
            .prop_map(|(resource, soft, hard)| Call::Setrlimit { resource, soft, hard }),
        (number(), number())
            .prop_map(|(effective, permitted)| Call::Capset { effective, permitted }),
        (address(), short()).prop_map(|(addr, len)| Call::Load { addr, len }),
        (address(), short(), any::<u8>()).prop_map(|(addr, len, value)| Call::Store {
            addr,
            len,
            value
        }),
        address().prop_map(|addr| Call::Call { addr }),
        Just(Call::Fork),
        Just(Call::Exit),
    ]
}

/// A success as this kind of call answers it.
fn success(call: &Call, addr: Addr, number: u64, mixed: bool) -> Expected {
    match call {
        Call::Mmap { .. } | Call::Mremap { .. } | Call::Brk { .. } => Expected::Address(addr),
        Call::Load { .. } if mixed => Expected::Contents(Contents::Mixed(number)),
        Call::Load { .. } => Expected::Contents(Contents::Uniform(number as u8)),
        Call::Mincore { .. } => {
            let mut residency = Residency::default();
            for bit in 0..8 {
                residency.push((number >> bit & 1) as u8, 1);
            }
            Expected::Residency(residency)
        }
        Call::Fork => Expected::Child(ProcessId(1)),
        Call::Exit => Expected::Exited,
        _ => Expected::Value(number),
    }
}

fn line() -> impl Strategy<Value = Line> {
    let text = || "( *[^\\x00-\\x1f\\x7f-\\x9f]{0,8})";
    let parts = (
        (0u8..5, call()),
        (0u8..4, address(), number(), 1..200i32, any::<bool>()),
        proptest::collection::vec(text(), 0..2),
        proptest::option::of(text()),
    );
    parts.prop_map(|((process, call), (kind, addr, number, small, flag), above, comment)| {
        let expected = match kind {
            0 => None,
            1 => Some(Expected::Error(Errno(small))),
            2 => Some(Expected::Signal {
                number: small,
                code: flag.then_some(small % 7 - 2),
                address: (number % 2 == 0).then_some(addr),
                trap: (number % 3 == 0).then_some(Trap {
                    number: small as u8,
                    error: number as u16,
                    key: flag.then_some(small as u8),
                }),
            }),
            _ => Some(success(&call, addr, number, flag)),
        };
        let trim = |s: String| s.trim().to_owned();
        Line {
            above: above.into_iter().map(trim).collect(),
            op: Op { process: ProcessId(process), call },
            expected,
            comment: comment.map(trim),
            number: 0,
        }
    })
}

/// Any valid program: random lines, mended.
fn program() -> impl Strategy<Value = Program> {
    let shift = proptest::option::of((0..=MAX_SHIFT >> 12).prop_map(|pages| pages << 12));
    let exec = (0..=MAX_ARGUMENTS, shift)
        .prop_map(|(arguments, shift)| Start::Exec(Exec { arguments, shift }));
    let start = prop_oneof![3 => Just(Start::Plain), 1 => exec];
    (start, proptest::collection::vec(line(), 0..12)).prop_map(|(start, lines)| {
        let mut program = Program { start, lines, ..Program::default() };
        program.repair();
        program
    })
}

proptest! {
    #[test]
    fn canonical_form_reads_back(program in program()) {
        let text = write(&program);
        let again = parse(&text, Mode::Strict).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&again, &program, "{}", text);
        prop_assert_eq!(write(&again), text);
    }

    #[test]
    fn repaired_programs_are_valid(program in program(), cut in any::<usize>(), noise in ".{0,6}") {
        let mut text = write(&program);
        let at = (0..=text.len()).rev().find(|n| *n <= cut % (text.len() + 1) && text.is_char_boundary(*n));
        text.insert_str(at.unwrap_or(0), &noise);
        let (mended, repairs) = repair(&text);
        prop_assert_eq!(mended.check(), Ok(()));
        match parse(&text, Mode::Strict) {
            Ok(strict) => {
                prop_assert_eq!(&strict, &mended);
                prop_assert!(repairs.is_empty());
            }
            Err(_) => prop_assert!(!repairs.is_empty()),
        }
        prop_assert_eq!(parse(&write(&mended), Mode::Strict), Ok(mended));
    }

    #[test]
    fn no_input_is_too_wild(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse(&text, Mode::Strict);
        let (mended, _) = repair(&text);
        prop_assert_eq!(mended.check(), Ok(()));
    }

    #[test]
    fn no_arrangement_of_words_is_too_wild(words in proptest::collection::vec(prop_oneof![
        Just("mmap("), Just("load("), Just("fork()"), Just("prctl("), Just("set_vma_name("),
        Just(", "), Just("0x"), Just("heap+"), Just("mmap-0x8000000000000000"), Just("|"), Just("="),
        Just("#"), Just("\n"), Just("p1:"), Just("requires: "), Just("SIGSEGV"), Just("/"), Just(" at "),
        Just("-E"), Just("["), Just("1x1"), Just("]"), Just(")"), Just("\""), Just("\\u{"), Just("é"),
        Just("-"), Just("1"), Just("version>="), Just("start: exec "), Just("K of arguments"),
    ], 0..40)) {
        let text = words.concat();
        let _ = parse(&text, Mode::Strict);
        prop_assert_eq!(repair(&text).0.check(), Ok(()));
    }
}
