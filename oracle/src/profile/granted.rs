//! Which capabilities the kernel grants this process. Those of a namespace of users are shown
//! as effective and count for little: what mm asks for, it asks of the initial namespace. So
//! they are tried.

use super::sys::{self, in_child, PAGE};
use crate::sys::set_limit;
use mm_reference::op::consts::{MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_NONE};
use mm_reference::profile::Capability;
use std::os::linux::fs::MetadataExt;

/// The inode of the initial namespace of users (`PROC_USER_INIT_INO`).
const INITIAL: u64 = 0xefff_fffd;

/// Whether the kernel grants a capability, and how that is known. `claimed` is what the
/// process's set of effective capabilities says, `min_addr` is `vm.mmap_min_addr`.
pub(super) fn is_granted(
    capability: Capability,
    claimed: bool,
    min_addr: u64,
) -> (bool, &'static str) {
    let (tried, how) = match capability {
        Capability::IpcLock => (trial(locks_beyond_the_limit), "trial: locking beyond the limit"),
        Capability::SysResource => (trial(raises_a_limit), "trial: raising a hard limit"),
        Capability::SysRawio if min_addr >= PAGE => {
            (trial(|| maps_at(min_addr - PAGE)), "trial: mapping below mmap-min-addr")
        }
        // whether the reserve of memory may be used shows only when there is nothing else
        Capability::SysRawio | Capability::SysAdmin => (None, ""),
    };
    match tried {
        Some(granted) => (granted, how),
        None if !claimed => (false, "/proc/self/status: CapEff"),
        None => match is_initial_namespace() {
            true => (true, "/proc/self/status: CapEff, in the initial namespace"),
            false => (false, "/proc/self/ns/user: not the initial namespace"),
        },
    }
}

fn is_initial_namespace() -> bool {
    match std::fs::metadata("/proc/self/ns/user") {
        Ok(namespace) => namespace.st_ino() == INITIAL,
        // a kernel without such namespaces (CONFIG_USER_NS) has no such file
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// What a child finds out: granted, refused, or something else.
fn trial(body: impl FnOnce() -> Option<bool>) -> Option<bool> {
    const GRANTED: i32 = 1;
    const REFUSED: i32 = 2;
    let code = |answer| match answer {
        Some(true) => GRANTED,
        Some(false) => REFUSED,
        None => 0,
    };
    match in_child(|| code(body()))? {
        GRANTED => Some(true),
        REFUSED => Some(false),
        _ => None,
    }
}

/// `Some` for success and for the error that a lack of privilege gives.
fn answer<T>(result: Result<T, Option<i32>>) -> Option<bool> {
    match result {
        Ok(_) => Some(true),
        Err(Some(libc::EPERM)) => Some(false),
        Err(_) => None,
    }
}

fn locks_beyond_the_limit() -> Option<bool> {
    set_limit(libc::RLIMIT_MEMLOCK, (0, 0)).ok()?;
    let page = sys::map(PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS)?;
    answer(sys::mlock_on_fault(page, PAGE).map_err(Some))
}

fn raises_a_limit() -> Option<bool> {
    set_limit(libc::RLIMIT_MSGQUEUE, (0, 0)).ok()?;
    answer(set_limit(libc::RLIMIT_MSGQUEUE, (0, 1)).map_err(|error| error.raw_os_error()))
}

fn maps_at(addr: u64) -> Option<bool> {
    answer(sys::mmap(addr, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED).map_err(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_capabilities_is_granted_none() {
        let refused = trial(|| {
            // SAFETY: a plain system call, in a child of its own; who is not root may not, and
            // has no capability to lose
            unsafe { libc::setresuid(65534, 65534, 65534) };
            Some([locks_beyond_the_limit(), raises_a_limit()] == [Some(false); 2])
        });
        assert_eq!(refused, Some(true));
    }
}
