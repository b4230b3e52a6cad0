//! The arguments of a call by what they mean, for code that changes them.

use mm_reference::op::{Addr, Call};

/// Its addresses.
pub(crate) fn addresses(call: &mut Call) -> Vec<&mut Addr> {
    match call {
        Call::Mmap { addr, .. }
        | Call::Munmap { addr, .. }
        | Call::Mprotect { addr, .. }
        | Call::Brk { addr }
        | Call::Madvise { addr, .. }
        | Call::Mlock { addr, .. }
        | Call::Mlock2 { addr, .. }
        | Call::Munlock { addr, .. }
        | Call::Mseal { addr, .. }
        | Call::Msync { addr, .. }
        | Call::Mincore { addr, .. }
        | Call::SetVmaName { addr, .. }
        | Call::Load { addr, .. }
        | Call::Store { addr, .. }
        | Call::Call { addr } => vec![addr],
        Call::Mremap { old, new, .. } => vec![old, new],
        Call::Mlockall { .. }
        | Call::Munlockall
        | Call::Prctl { .. }
        | Call::Setrlimit { .. }
        | Call::Capset { .. }
        | Call::Fork
        | Call::Exit => Vec::new(),
    }
}

/// Its lengths in bytes.
pub(crate) fn lengths(call: &mut Call) -> Vec<&mut u64> {
    match call {
        Call::Mmap { len, .. }
        | Call::Munmap { len, .. }
        | Call::Mprotect { len, .. }
        | Call::Madvise { len, .. }
        | Call::Mlock { len, .. }
        | Call::Mlock2 { len, .. }
        | Call::Munlock { len, .. }
        | Call::Mseal { len, .. }
        | Call::Msync { len, .. }
        | Call::Mincore { len, .. }
        | Call::SetVmaName { len, .. }
        | Call::Load { len, .. }
        | Call::Store { len, .. } => vec![len],
        Call::Mremap { old_len, new_len, .. } => vec![old_len, new_len],
        Call::Brk { .. }
        | Call::Call { .. }
        | Call::Mlockall { .. }
        | Call::Munlockall
        | Call::Prctl { .. }
        | Call::Setrlimit { .. }
        | Call::Capset { .. }
        | Call::Fork
        | Call::Exit => Vec::new(),
    }
}

/// Its words of flag bits, protections included.
pub(crate) fn flag_words(call: &mut Call) -> Vec<&mut u64> {
    match call {
        Call::Mmap { prot, flags, .. } => vec![prot, flags],
        Call::Mprotect { prot, .. } => vec![prot],
        Call::Mremap { flags, .. }
        | Call::Mlock2 { flags, .. }
        | Call::Mlockall { flags }
        | Call::Mseal { flags, .. }
        | Call::Msync { flags, .. } => vec![flags],
        Call::Capset { effective, permitted } => vec![effective, permitted],
        _ => Vec::new(),
    }
}
