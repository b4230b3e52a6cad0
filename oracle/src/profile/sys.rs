//! The system calls that probes make: thin, without allocation, for use in a
//! child of a process that may have threads.

use mm_reference::snapshot::PageEntry;
use std::ffi::CStr;

pub(super) const PAGE: u64 = mm_reference::addr::PAGE_SIZE;

/// Longest life of a probe, in seconds.
const TIMEOUT: u32 = 5;

pub(super) fn syscall(number: libc::c_long, args: [u64; 5]) -> Result<u64, i32> {
    let [a, b, c, d, e] = args;
    // SAFETY: the callers touch only mappings that the probe itself made, in a
    // child whose memory nobody else uses
    let result = unsafe { libc::syscall(number, a, b, c, d, e, 0u64) };
    match result {
        // SAFETY: errno is this thread's own
        -1 => Err(unsafe { *libc::__errno_location() }),
        value => Ok(value as u64),
    }
}

/// `mmap` of anonymous memory.
pub(super) fn mmap(addr: u64, len: u64, prot: u64, flags: u64) -> Result<u64, i32> {
    syscall(libc::SYS_mmap, [addr, len, prot, flags, u64::MAX])
}

/// A new mapping where the kernel likes it.
pub(super) fn map(len: u64, prot: u64, flags: u64) -> Option<u64> {
    mmap(0, len, prot, flags).ok()
}

pub(super) fn munmap(addr: u64, len: u64) -> Result<u64, i32> {
    syscall(libc::SYS_munmap, [addr, len, 0, 0, 0])
}

pub(super) fn mprotect(addr: u64, len: u64, prot: u64) -> Result<u64, i32> {
    syscall(libc::SYS_mprotect, [addr, len, prot, 0, 0])
}

pub(super) fn mremap(old: u64, old_len: u64, len: u64, flags: u64, new: u64) -> Result<u64, i32> {
    syscall(libc::SYS_mremap, [old, old_len, len, flags, new])
}

pub(super) fn advise(addr: u64, len: u64, advice: i32) -> Result<u64, i32> {
    syscall(libc::SYS_madvise, [addr, len, advice as u64, 0, 0])
}

pub(super) fn mlock_on_fault(addr: u64, len: u64) -> Result<u64, i32> {
    let flags = mm_reference::op::consts::MLOCK_ONFAULT;
    syscall(libc::SYS_mlock2, [addr, len, flags, 0, 0])
}

pub(super) fn mseal(addr: u64, len: u64) -> Result<u64, i32> {
    const SYS_MSEAL: libc::c_long = 462;
    syscall(SYS_MSEAL, [addr, len, 0, 0, 0])
}

pub(super) fn pkey_alloc() -> Result<u64, i32> {
    syscall(libc::SYS_pkey_alloc, [0, 0, 0, 0, 0])
}

pub(super) fn set_name(addr: u64, len: u64, name: &CStr) -> Result<u64, i32> {
    use mm_reference::op::consts::{PR_SET_VMA, PR_SET_VMA_ANON_NAME};
    let name = name.as_ptr() as u64;
    syscall(libc::SYS_prctl, [PR_SET_VMA as u64, PR_SET_VMA_ANON_NAME, addr, len, name])
}

/// Writes one byte of a mapping that the probe made.
pub(super) fn write_byte(addr: u64) {
    // SAFETY: nothing but the probe knows this mapping, and a fault ends only
    // the probe
    unsafe { (addr as *mut u8).write_volatile(1) }
}

/// Runs `body` in a child and returns its answer, a number up to 255; nothing
/// if the child did not live to give it. The child must not allocate: another
/// thread may hold the allocator's lock.
pub(super) fn in_child(body: impl FnOnce() -> i32) -> Option<i32> {
    // SAFETY: the child makes only system calls and ends with _exit
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: plain system calls; default dispositions, so that a fault
        // ends the child at once, without a core file
        unsafe {
            for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGALRM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &none);
            libc::alarm(TIMEOUT);
        }
        let code = body();
        // SAFETY: ends the child without running anything of the parent's
        unsafe { libc::_exit(code) }
    }
    if pid < 0 {
        return None;
    }
    let mut status = 0;
    loop {
        // SAFETY: `status` outlives the call; the child is this function's own
        match unsafe { libc::waitpid(pid, &mut status, 0) } {
            -1 if std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
            -1 => return None,
            _ => break,
        }
    }
    libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
}

/// A file that closes itself.
struct File(i32);

impl File {
    fn open(path: &CStr) -> Option<File> {
        // SAFETY: the path is a C string
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        (fd >= 0).then_some(File(fd))
    }

    fn read(&self, buffer: &mut [u8]) -> Option<usize> {
        // SAFETY: the buffer is valid for its length
        let n = unsafe { libc::read(self.0, buffer.as_mut_ptr().cast(), buffer.len()) };
        usize::try_from(n).ok()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own
        unsafe { libc::close(self.0) };
    }
}

/// Whether the test holds for any line of a file. Lines longer than the buffer
/// are cut.
pub(super) fn any_line(path: &CStr, mut test: impl FnMut(&[u8]) -> bool) -> Option<bool> {
    const LONGEST: usize = 8192;
    let file = File::open(path)?;
    let mut line = [0u8; LONGEST];
    let mut len = 0;
    let mut chunk = [0u8; 1024];
    loop {
        let n = file.read(&mut chunk)?;
        if n == 0 {
            return Some(len > 0 && test(&line[..len]));
        }
        for &byte in &chunk[..n] {
            if byte == b'\n' {
                if test(&line[..len]) {
                    return Some(true);
                }
                len = 0;
            } else if len < LONGEST {
                line[len] = byte;
                len += 1;
            }
        }
    }
}

/// Looking into a line of bytes.
pub(super) trait Here {
    /// Whether these bytes occur.
    fn here(&self, bytes: &[u8]) -> bool;
}

impl Here for [u8] {
    fn here(&self, bytes: &[u8]) -> bool {
        self.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// The `VmFlags` line of a mapping.
pub(super) struct VmFlags {
    line: [u8; 256],
    len: usize,
}

impl VmFlags {
    /// Whether the two-letter flag is there.
    pub(super) fn has(&self, flag: &[u8; 2]) -> bool {
        self.line[..self.len].split(|b| *b == b' ').any(|word| word == flag)
    }
}

/// The `VmFlags` of this process's mapping that holds the address.
pub(super) fn vm_flags(addr: u64) -> Option<VmFlags> {
    let mut flags = VmFlags { line: [0; 256], len: 0 };
    let mut inside = false;
    any_line(c"/proc/self/smaps", |line| {
        if let Some((start, end)) = range(line) {
            inside = (start..end).contains(&addr);
        }
        let found = inside && line.starts_with(b"VmFlags:");
        if found {
            flags.len = line.len().min(flags.line.len());
            flags.line[..flags.len].copy_from_slice(&line[..flags.len]);
        }
        found
    })?
    .then_some(flags)
}

/// The addresses at the start of a maps line.
fn range(line: &[u8]) -> Option<(u64, u64)> {
    let dash = line.iter().position(|b| *b == b'-')?;
    let space = line.iter().position(|b| *b == b' ')?;
    Some((hex(&line[..dash])?, hex(line.get(dash + 1..space)?)?))
}

fn hex(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(0u64, |value, digit| Some(value << 4 | u64::from((*digit as char).to_digit(16)?)))
}

/// Bits 55 to 63 of a page's entry in this process's pagemap.
pub(super) fn page_bits(addr: u64) -> Option<u64> {
    let file = File::open(c"/proc/self/pagemap")?;
    let mut entry = [0u8; 8];
    let offset = (addr / PAGE * 8) as i64;
    // SAFETY: the buffer is valid for its length
    let n = unsafe { libc::pread(file.0, entry.as_mut_ptr().cast(), entry.len(), offset) };
    (n == 8).then(|| PageEntry(u64::from_ne_bytes(entry)).bits())
}

/// `VmPTE` of this process.
pub(super) fn page_table_kilobytes() -> Option<u64> {
    let mut kilobytes = None;
    any_line(c"/proc/self/status", |line| {
        let Some(rest) = line.strip_prefix(b"VmPTE:") else { return false };
        kilobytes = rest
            .iter()
            .filter(|b| b.is_ascii_digit())
            .try_fold(0u64, |n, digit| n.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        true
    })?;
    kilobytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_lines() {
        assert_eq!(range(b"7f00-7fff rw-p 0"), Some((0x7f00, 0x7fff)));
        for line in [&b"Size:    4 kB"[..], b"VmFlags: rd-wr ", b"", b"-", b" -1"] {
            assert_eq!(range(line), None);
        }
    }

    #[test]
    fn a_child_answers() {
        assert_eq!(in_child(|| 7), Some(7));
        assert_eq!(
            in_child(|| {
                write_byte(0);
                0
            }),
            None
        );
    }

    #[test]
    fn lines_are_found() {
        assert_eq!(any_line(c"/proc/self/status", |l| l.starts_with(b"VmPTE:")), Some(true));
        assert_eq!(any_line(c"/proc/self/status", |l| l.starts_with(b"Nothing:")), Some(false));
        assert_eq!(any_line(c"/proc/none", |_| true), None);
        assert!(page_table_kilobytes().is_some_and(|kb| kb > 0));
    }
}
