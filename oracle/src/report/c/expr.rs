//! Operations, addresses and outcomes as C expressions.

use crate::generate::operands;
use mm_reference::errno::Errno;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Base, Call, Contents, Trap};
use mm_reference::text::{flags_text, int_text, limit_text, mmap_flags_text, prctl_text, Expected};

/// Constants that older headers lack.
pub(super) const USED_CONSTANTS: &[&[(&str, u64)]] = &[
    PROTS,
    MAP_FLAGS,
    MAP_TYPES,
    MREMAP_FLAGS,
    MLOCK_FLAGS,
    MCL_FLAGS,
    &[
        ("MADV_FREE", MADV_FREE as u64),
        ("MADV_WIPEONFORK", MADV_WIPEONFORK as u64),
        ("MADV_KEEPONFORK", MADV_KEEPONFORK as u64),
        ("MADV_COLD", MADV_COLD as u64),
        ("MADV_PAGEOUT", MADV_PAGEOUT as u64),
        ("MADV_POPULATE_READ", MADV_POPULATE_READ as u64),
        ("MADV_POPULATE_WRITE", MADV_POPULATE_WRITE as u64),
        ("MADV_DONTNEED_LOCKED", MADV_DONTNEED_LOCKED as u64),
        ("MADV_COLLAPSE", MADV_COLLAPSE as u64),
        ("MADV_HWPOISON", MADV_HWPOISON as u64),
        ("MADV_SOFT_OFFLINE", MADV_SOFT_OFFLINE as u64),
        ("MREMAP_RELOCATE_ANON", MREMAP_RELOCATE_ANON),
        ("MADV_GUARD_INSTALL", MADV_GUARD_INSTALL as u64),
        ("MADV_GUARD_REMOVE", MADV_GUARD_REMOVE as u64),
        ("PR_SET_THP_DISABLE", PR_SET_THP_DISABLE as u64),
        ("PR_GET_THP_DISABLE", PR_GET_THP_DISABLE as u64),
        ("PR_SET_MDWE", PR_SET_MDWE as u64),
        ("PR_GET_MDWE", PR_GET_MDWE as u64),
        ("PR_SET_MEMORY_MERGE", PR_SET_MEMORY_MERGE as u64),
        ("PR_GET_MEMORY_MERGE", PR_GET_MEMORY_MERGE as u64),
        ("PR_SET_VMA", PR_SET_VMA as u64),
        ("PR_SET_VMA_ANON_NAME", PR_SET_VMA_ANON_NAME),
        ("PR_MDWE_REFUSE_EXEC_GAIN", PR_MDWE_REFUSE_EXEC_GAIN),
        ("PR_MDWE_NO_INHERIT", PR_MDWE_NO_INHERIT),
        ("PR_THP_DISABLE_EXCEPT_ADVISED", PR_THP_DISABLE_EXCEPT_ADVISED),
    ],
];

/// An unsigned long.
pub(super) fn num(value: u64) -> String {
    match value {
        0 => "0UL".to_owned(),
        n => format!("{n:#x}UL"),
    }
}

/// A pointer.
pub(super) fn address(addr: Addr) -> String {
    let base = match addr.base {
        Base::Absolute if addr.offset == 0 => return "NULL".to_owned(),
        Base::Absolute => return format!("(void *){}", num(addr.offset as u64)),
        Base::Heap => "heap_base",
        Base::Mmap => "mmap_base",
        Base::Stack => "stack_base",
    };
    match addr.offset {
        0 => base.to_owned(),
        n if n < 0 => format!("{base} - {:#x}", n.unsigned_abs()),
        n => format!("{base} + {n:#x}"),
    }
}

/// A string literal.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', byte as char]),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// The addresses that a call takes.
pub(super) fn addresses(call: &Call) -> Vec<Addr> {
    operands::addresses(&mut call.clone()).into_iter().map(|addr| *addr).collect()
}

/// Whether the libc function's `int` parameter can carry the value.
fn fits(value: u64) -> bool {
    i32::try_from(value).is_ok()
}

/// The statement, without its semicolon, that performs a call and sets `got`.
pub(super) fn call(call: &Call, child: u32) -> String {
    let a = |addr: &Addr| address(*addr);
    let prots = |prot: u64| flags_text(prot, PROTS, "PROT_NONE");
    match call {
        Call::Mmap { addr, len, prot, flags, fd, offset } => {
            let (addr, len, offset) = (a(addr), num(*len), num(*offset));
            if fits(*prot) && fits(*flags) {
                let (prot, flags) = (prots(*prot), mmap_flags_text(*flags));
                format!("called_address(mmap({addr}, {len}, {prot}, {flags}, {fd}, {offset}))")
            } else {
                let (prot, flags) = (num(*prot), num(*flags));
                format!(
                    "called_address((void *)syscall(SYS_mmap, {addr}, {len}, {prot}, {flags}, \
                     {fd}L, {offset}))"
                )
            }
        }
        Call::Munmap { addr, len } => format!("called(munmap({}, {}))", a(addr), num(*len)),
        Call::Mprotect { addr, len, prot } if fits(*prot) => {
            format!("called(mprotect({}, {}, {}))", a(addr), num(*len), prots(*prot))
        }
        Call::Mprotect { addr, len, prot } => {
            let (addr, len, prot) = (a(addr), num(*len), num(*prot));
            format!("called(syscall(SYS_mprotect, {addr}, {len}, {prot}))")
        }
        Call::Mremap { old, old_len, new_len, flags, new } => {
            let sizes = format!("{}, {}, {}", a(old), num(*old_len), num(*new_len));
            let named = flags_text(*flags, MREMAP_FLAGS, "0");
            if *flags & !7 == 0 && flags & MREMAP_FIXED != 0 {
                format!("called_address(mremap({sizes}, {named}, {}))", a(new))
            } else if *flags & !7 == 0 && flags & MREMAP_DONTUNMAP == 0 && *new == Addr::NULL {
                format!("called_address(mremap({sizes}, {named}))")
            } else {
                // libc passes the new address on only where it has always had a meaning
                let flags = num(*flags);
                format!("called_address((void *)syscall(SYS_mremap, {sizes}, {flags}, {}))", a(new))
            }
        }
        Call::Brk { addr } => {
            format!("called_address((void *)syscall(SYS_brk, {}))", a(addr))
        }
        Call::Madvise { addr, len, advice } => {
            format!("called(madvise({}, {}, {}))", a(addr), num(*len), int_text(*advice, ADVICES))
        }
        Call::Mlock { addr, len } => format!("called(mlock({}, {}))", a(addr), num(*len)),
        Call::Mlock2 { addr, len, flags } if fits(*flags) => {
            let flags = flags_text(*flags, MLOCK_FLAGS, "0");
            format!("called(mlock2({}, {}, {flags}))", a(addr), num(*len))
        }
        Call::Mlock2 { addr, len, flags } => {
            format!("called(syscall(SYS_mlock2, {}, {}, {}))", a(addr), num(*len), num(*flags))
        }
        Call::Munlock { addr, len } => format!("called(munlock({}, {}))", a(addr), num(*len)),
        Call::Mlockall { flags } if fits(*flags) => {
            format!("called(mlockall({}))", flags_text(*flags, MCL_FLAGS, "0"))
        }
        Call::Mlockall { flags } => format!("called(syscall(SYS_mlockall, {}))", num(*flags)),
        Call::Munlockall => "called(munlockall())".to_owned(),
        Call::Mseal { addr, len, flags } => {
            format!("called(syscall(SYS_mseal, {}, {}, {}))", a(addr), num(*len), num(*flags))
        }
        Call::Msync { addr, len, flags } if fits(*flags) => {
            format!(
                "called(msync({}, {}, {}))",
                a(addr),
                num(*len),
                flags_text(*flags, MS_FLAGS, "0")
            )
        }
        Call::Msync { addr, len, flags } => {
            format!("called(syscall(SYS_msync, {}, {}, {}))", a(addr), num(*len), num(*flags))
        }
        Call::Mincore { addr, len } => format!("resident({}, {})", a(addr), num(*len)),
        Call::Prctl { option, args } => {
            let mut text = format!("called(prctl({}", int_text(*option, PRCTLS));
            for (position, &arg) in args.iter().enumerate() {
                let named = prctl_text(*option, position, arg);
                if named.starts_with(|c: char| c.is_ascii_digit()) {
                    text.push_str(&format!(", {}", num(arg)));
                } else {
                    text.push_str(&format!(", (unsigned long)({named})"));
                }
            }
            text + "))"
        }
        Call::SetVmaName { addr, len, name } => {
            let name = name.as_deref().map_or("NULL".to_owned(), escaped);
            format!(
                "called(prctl(PR_SET_VMA, (unsigned long)PR_SET_VMA_ANON_NAME, {}, {}, {name}))",
                a(addr),
                num(*len)
            )
        }
        Call::Setrlimit { resource, soft, hard } => {
            let limit = |value: u64| match limit_text(value) {
                text if text == "RLIM_INFINITY" => text,
                _ => num(value),
            };
            let limits = format!("&(struct rlimit){{ {}, {} }}", limit(*soft), limit(*hard));
            match RLIMITS.iter().find(|(_, v)| v == resource) {
                Some((name, _)) => format!("called(setrlimit({name}, {limits}))"),
                None => {
                    format!("called(syscall(SYS_prlimit64, 0L, {resource}UL, {limits}, NULL))")
                }
            }
        }
        Call::Capset { effective, permitted } => {
            let (effective, permitted) = (capability_set(*effective), capability_set(*permitted));
            format!("called(set_capabilities({effective}, {permitted}))")
        }
        Call::Load { addr, len } => format!("load({}, {})", a(addr), num(*len)),
        Call::Store { addr, len, value } => {
            format!("store({}, {}, {value:#04x})", a(addr), num(*len))
        }
        Call::Call { addr } => format!("call({})", a(addr)),
        Call::Fork => format!("forked(fork(), {child})"),
        // run_function() sees to it
        Call::Exit => String::new(),
    }
}

/// A set of capabilities, which C has by number.
pub(super) fn capability_set(bits: u64) -> String {
    let named = CAPABILITIES.iter().filter(|(_, bit)| bits & bit != 0);
    let mut parts: Vec<String> = named.map(|(name, _)| format!("1UL << {name}")).collect();
    let rest = bits & !CAPABILITIES.iter().fold(0, |all, (_, bit)| all | bit);
    if rest != 0 || parts.is_empty() {
        parts.push(num(rest));
    }
    parts.join(" | ")
}

/// An expected outcome as a `struct outcome`.
pub(super) fn constructor(expected: &Expected) -> String {
    match expected {
        Expected::Value(n) => format!("number(VALUE, {})", num(*n)),
        Expected::Address(a) => format!("address({})", address(*a)),
        Expected::Error(e) => format!("number(FAILED, {})", errno(*e)),
        Expected::Signal { number, code, address: at, trap } => {
            let name = SIGNALS.iter().find(|(_, n)| n == number).map(|(name, _)| *name);
            let signal = name.map_or(number.to_string(), str::to_owned);
            let code = match (*number, code) {
                (_, None) => "ANY".to_owned(),
                (SIGSEGV, Some(SEGV_MAPERR)) => "SEGV_MAPERR".to_owned(),
                (SIGSEGV, Some(SEGV_ACCERR)) => "SEGV_ACCERR".to_owned(),
                (_, Some(code)) => code.to_string(),
            };
            let any = u8::from(at.is_none());
            let address = address(at.unwrap_or_default());
            let signal = format!("signalled({signal}, {code}, {any}, {address})");
            match trap {
                None => signal,
                Some(Trap { number, error, key }) => {
                    format!("trapped({signal}, {number}, {error:#x}, {})", key.unwrap_or(0))
                }
            }
        }
        Expected::Contents(Contents::Uniform(byte)) => format!("number(UNIFORM, {byte:#04x})"),
        Expected::Contents(Contents::Mixed(digest)) => format!("number(MIXED, {})", num(*digest)),
        Expected::Residency(_) => {
            format!("runs({})", escaped(expected.to_string().trim_matches(['[', ']'])))
        }
        Expected::Child(process) => format!("number(CHILD, {})", process.0),
        Expected::Exited => "number(NOTHING, 0)".to_owned(),
    }
}

fn errno(errno: Errno) -> String {
    errno.name().map_or(errno.0.to_string(), str::to_owned)
}
