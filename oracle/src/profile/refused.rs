//! Calls that a filter of this system refuses outright (seccomp, as container engines set it
//! up), which says nothing about the kernel's mm.

use super::sys::{in_child, syscall, PAGE};

/// A flag, advice or option that no call has.
const NONSENSE: u64 = 1 << 62;
/// A number that no resource has.
const NO_RESOURCE: u64 = 9999;
const SYS_MSEAL: libc::c_long = 462;

/// A call that changes nothing, and that a kernel which is asked answers with success or with
/// EINVAL.
struct Harmless {
    /// The name that programs know it by.
    name: &'static str,
    number: libc::c_long,
    args: [u64; 5],
}

impl Harmless {
    const fn new(name: &'static str, number: libc::c_long, args: [u64; 5]) -> Harmless {
        Harmless { name, number, args }
    }
}

const HARMLESS: [Harmless; 13] = [
    Harmless::new("mmap", libc::SYS_mmap, [0, 0, 0, 0x22, u64::MAX]),
    Harmless::new("munmap", libc::SYS_munmap, [1, PAGE, 0, 0, 0]),
    Harmless::new("mprotect", libc::SYS_mprotect, [1, PAGE, 0, 0, 0]),
    Harmless::new("mremap", libc::SYS_mremap, [0, PAGE, PAGE, NONSENSE, 0]),
    Harmless::new("madvise", libc::SYS_madvise, [1, PAGE, 0, 0, 0]),
    Harmless::new("mlock2", libc::SYS_mlock2, [0, 0, NONSENSE, 0, 0]),
    Harmless::new("munlock", libc::SYS_munlock, [0, 0, 0, 0, 0]),
    Harmless::new("mlockall", libc::SYS_mlockall, [0, 0, 0, 0, 0]),
    Harmless::new("munlockall", libc::SYS_munlockall, [0, 0, 0, 0, 0]),
    Harmless::new("mseal", SYS_MSEAL, [0, 0, 1, 0, 0]),
    Harmless::new("msync", libc::SYS_msync, [1, PAGE, 0, 0, 0]),
    Harmless::new("mincore", libc::SYS_mincore, [1, PAGE, 0, 0, 0]),
    Harmless::new("setrlimit", libc::SYS_prlimit64, [0, NO_RESOURCE, 0, 0, 0]),
];

/// The names of the calls that are refused here.
pub fn refused_calls() -> Vec<&'static str> {
    if !is_filtered() {
        return Vec::new();
    }
    HARMLESS.iter().filter(|call| is_refused(call)).map(|call| call.name).collect()
}

/// Whether there is a filter at all.
fn is_filtered() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() != "0")
}

fn is_refused(call: &Harmless) -> bool {
    // a filter may also end who makes the call
    let answer = in_child(|| syscall(call.number, call.args).err().unwrap_or(0));
    match answer {
        // kernels before 6.10 do not know it
        Some(libc::ENOSYS) => call.number != SYS_MSEAL,
        answer => !matches!(answer, Some(0 | libc::EINVAL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_is_asked_refuses_none() {
        if is_filtered() {
            println!("skipped: there is a filter here");
            return;
        }
        let refused: Vec<_> = HARMLESS.iter().filter(|call| is_refused(call)).collect();
        assert!(refused.is_empty(), "{:?}", refused.iter().map(|c| c.name).collect::<Vec<_>>());
    }
}
