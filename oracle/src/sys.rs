//! Thin wrappers of the system calls that the standard library does not have.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::sync::OnceLock;
use std::time::Duration;

/// The result of a call that answers -1 on failure.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn owned(fd: libc::c_long) -> OwnedFd {
    // SAFETY: called with a descriptor that the kernel just made
    unsafe { OwnedFd::from_raw_fd(fd as RawFd) }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() }
}

/// Waits until `word` is no longer `expected`, a wake-up, or the time is over;
/// `false` says the last.
pub fn futex_wait(word: &AtomicU32, expected: u32, time: Duration) -> bool {
    let timeout = timespec(time);
    // SAFETY: the word is alive for the call
    let result = unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, &timeout)
    };
    result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT)
}

/// Wakes one waiter, in whichever process.
pub fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word is alive for the call
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}

/// `pidfd_open`
pub fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: no memory is involved
    check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) }).map(owned)
}

/// Sends SIGKILL.
pub fn pidfd_kill(pidfd: BorrowedFd<'_>) {
    let (fd, none) = (pidfd.as_raw_fd(), ptr::null::<u8>());
    // SAFETY: no memory is involved; failure means that the process is gone
    unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0) };
}

/// Waits until the descriptor is readable (for a pidfd: until the process is
/// gone); `false` when the time is over.
pub fn poll_readable(fd: BorrowedFd<'_>, time: Duration) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let timeout = timespec(time);
    // SAFETY: one valid structure
    unsafe { libc::ppoll(&mut poll, 1, &timeout, ptr::null()) == 1 }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
    /// Somebody else has its status.
    Unknown,
}

/// How a child that has ended (or is about to) ended; it is still to be collected.
pub fn exit_status(pid: i32) -> Death {
    wait(pid, libc::WEXITED | libc::WNOWAIT)
}

/// Collects a child that has ended (or is about to).
pub fn reap(pid: i32) -> Death {
    wait(pid, libc::WEXITED)
}

fn wait(pid: i32, options: i32) -> Death {
    loop {
        // SAFETY: plain data, which the call fills
        let (result, info) = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            (libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, options), info)
        };
        if result == -1 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
            continue;
        }
        // SAFETY: on success these fields are those of a child
        let (code, status) = unsafe { (info.si_code, info.si_status()) };
        return match code {
            libc::CLD_EXITED => Death::Exited(status),
            libc::CLD_KILLED | libc::CLD_DUMPED => Death::Killed(status),
            _ => Death::Unknown,
        };
    }
}

/// `memfd_create`, close-on-exec, with a flag that older kernels do not know.
pub fn memfd(name: &CStr, flag: libc::c_uint) -> io::Result<OwnedFd> {
    let create = |flags| {
        // SAFETY: the name is a valid string
        check(unsafe { libc::memfd_create(name.as_ptr(), flags) }.into()).map(owned)
    };
    create(libc::MFD_CLOEXEC | flag).or_else(|error| match error.raw_os_error() {
        Some(libc::EINVAL) => create(libc::MFD_CLOEXEC),
        _ => Err(error),
    })
}

/// Memory that this process has mapped for as long as the value lives.
#[derive(Debug)]
pub struct Mapping {
    base: *mut u8,
    len: usize,
}

impl Mapping {
    /// Maps a file, shared, without huge pages.
    pub fn shared(fd: BorrowedFd<'_>, len: usize) -> io::Result<Mapping> {
        let mapping = Mapping::new(len, libc::MAP_SHARED, fd.as_raw_fd())?;
        mapping.advise(libc::MADV_NOHUGEPAGE);
        Ok(mapping)
    }

    /// Maps anonymous memory, private.
    pub fn anonymous(len: usize) -> io::Result<Mapping> {
        Mapping::new(len, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
    }

    fn new(len: usize, flags: i32, fd: RawFd) -> io::Result<Mapping> {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the kernel chooses an address that is free
        match unsafe { libc::mmap(ptr::null_mut(), len, prot, flags, fd, 0) } {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            base => Ok(Mapping { base: base.cast(), len }),
        }
    }

    /// Keeps its pages in memory, and where they are.
    pub fn lock(&self) -> io::Result<()> {
        // SAFETY: its own memory
        check(unsafe { libc::mlock(self.base.cast(), self.len) }.into()).map(drop)
    }

    /// First byte.
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Takes away every access to it.
    pub fn protect(&self) -> io::Result<()> {
        // SAFETY: its own memory, to which no reference is alive
        check(unsafe { libc::mprotect(self.base.cast(), self.len, libc::PROT_NONE) }.into())?;
        Ok(())
    }

    /// `madvise` over all of it; advice may be refused.
    pub fn advise(&self, advice: i32) {
        // SAFETY: its own memory, and no advice used here discards contents
        unsafe { libc::madvise(self.base.cast(), self.len, advice) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: its own memory
        unsafe { libc::munmap(self.base.cast(), self.len) };
    }
}

/// Soft and hard limit of a process, 0 meaning the caller.
pub fn limit(pid: i32, resource: u32) -> io::Result<(u64, u64)> {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is valid
    let result = unsafe { libc::prlimit64(pid, resource, ptr::null(), &mut limit) };
    check(result.into()).map(|_| (limit.rlim_cur, limit.rlim_max))
}

/// Sets soft and hard limit of the calling process.
pub fn set_limit(resource: u32, (soft, hard): (u64, u64)) -> io::Result<()> {
    let limit = libc::rlimit64 { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the structure is valid
    let result = unsafe { libc::prlimit64(0, resource, &limit, ptr::null_mut()) };
    check(result.into()).map(drop)
}

/// Pins the calling thread, and what it forks from now on, to one CPU.
pub fn pin(cpu: usize) -> io::Result<()> {
    // SAFETY: the set is plain data, and the macro checks nothing but its bounds
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if cpu >= libc::CPU_SETSIZE as usize {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set)
    };
    check(result.into()).map(drop)
}

/// Gives a file memory for so many bytes.
pub fn allocate(fd: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    // SAFETY: no memory of this process is involved
    let result = unsafe { libc::fallocate(fd.as_raw_fd(), 0, 0, bytes as libc::off_t) };
    check(result.into()).map(drop)
}

/// A descriptor's duplicate that is out of the way of fixed numbers.
pub fn duplicate_above(fd: BorrowedFd<'_>, least: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no memory is involved
    let result = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
    check(result.into()).map(owned)
}

/// How many CPUs are online.
pub fn online_cpus() -> u32 {
    // SAFETY: no memory is involved
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    u32::try_from(count).unwrap_or(1).max(1)
}

/// The processor's time stamp: cheaper to read than any clock, so that reading it
/// often disturbs what is measured less.
pub fn time_stamp() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and Linux lets processes use it
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// The CPUs that this process may use, ascending.
pub fn allowed_cpus() -> Vec<usize> {
    // SAFETY: the set is plain data that the kernel fills
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, size_of_val(&set), &mut set) != 0 {
            return Vec::new();
        }
        set
    };
    // SAFETY: the macro looks at a bit of the set within its bounds
    (0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) }).collect()
}

/// Makes the allocator keep memory that is freed, rather than give it back and
/// fault it in again for the next program; except for large pieces, which only
/// rare programs need.
pub fn keep_freed_memory() {
    const KEPT: i32 = 16 << 20;
    const LARGE: i32 = 2 << 20;
    #[cfg(target_env = "gnu")]
    for (parameter, bytes) in [(libc::M_TRIM_THRESHOLD, KEPT), (libc::M_MMAP_THRESHOLD, LARGE)] {
        // SAFETY: only sets a parameter; an allocator that refuses goes on as before
        unsafe { libc::mallopt(parameter, bytes) };
    }
}

/// Makes a command's process die when the thread that starts it ends, whatever ends
/// it, and lets it inherit these descriptors under their own numbers.
pub fn bind_to_this_thread(command: &mut Command, inherited: Vec<RawFd>) {
    let parent = std::process::id() as i32;
    let prepare = move || {
        // SAFETY: no memory is involved
        let result = unsafe {
            // a signal from a terminal is for mmdiff, which ends what it has started
            libc::setpgid(0, 0);
            match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                0 if libc::getppid() != parent => libc::_exit(1),
                result => result,
            }
        };
        check(result.into())?;
        for &fd in &inherited {
            // SAFETY: no memory is involved
            check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }.into())?;
        }
        Ok(())
    };
    // SAFETY: plain system calls, nothing is allocated
    unsafe { command.pre_exec(prepare) };
}

/// Whether a process of ours may ask for addresses that are not random: filters of container
/// engines refuse that.
pub fn may_fix_addresses() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    const ASK: libc::c_ulong = 0xffff_ffff;
    *MAY.get_or_init(|| {
        // SAFETY: no memory is involved; it is this thread's, and put back before it
        // executes anything
        unsafe {
            let before = libc::personality(ASK);
            let fixed = before | libc::ADDR_NO_RANDOMIZE;
            let may = before != -1 && libc::personality(fixed as libc::c_ulong) != -1;
            if may {
                libc::personality(before as libc::c_ulong);
            }
            may
        }
    })
}

/// Whether the number of processes that this one may start is limited (`ulimit -u`, or the
/// `pids.max` of a cgroup), so that a fork may fail with EAGAIN.
pub fn processes_are_limited() -> bool {
    let by_user =
        || limit(0, libc::RLIMIT_NPROC).is_ok_and(|(soft, _)| soft != libc::RLIM_INFINITY);
    let by_cgroup = || {
        let text = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let groups = text.lines().filter_map(|line| line.splitn(3, ':').nth(2));
        let above = groups.flat_map(|group| Path::new(group).ancestors());
        let mut limits = above.flat_map(|group| {
            let below = group.strip_prefix("/").unwrap_or(group);
            ["/sys/fs/cgroup", "/sys/fs/cgroup/pids"]
                .map(|root| Path::new(root).join(below).join("pids.max"))
        });
        limits.any(|file| std::fs::read_to_string(file).is_ok_and(|most| most.trim() != "max"))
    };
    by_user() || by_cgroup()
}

/// Makes a terminal pass on all bytes as they are.
pub fn raw_terminal(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: plain data, which the calls fill and read
    let result = unsafe {
        let mut settings: libc::termios = std::mem::zeroed();
        check(libc::tcgetattr(fd.as_raw_fd(), &mut settings).into())?;
        libc::cfmakeraw(&mut settings);
        settings.c_cflag |= libc::CLOCAL;
        libc::tcsetattr(fd.as_raw_fd(), libc::TCSANOW, &settings)
    };
    check(result.into()).map(drop)
}

/// Mounts a file system of the kernel's own.
pub fn mount(kind: &CStr, target: &CStr) -> io::Result<()> {
    let (kind, target) = (kind.as_ptr(), target.as_ptr());
    // SAFETY: valid strings, and no data
    check(unsafe { libc::mount(kind, target, kind, 0, ptr::null()) }.into()).map(drop)
}

/// Loads a module of the running kernel, which decompresses it if it is said to be compressed.
pub fn load_module(file: BorrowedFd<'_>, parameters: &CStr, compressed: bool) -> io::Result<()> {
    /// `MODULE_INIT_COMPRESSED_FILE`
    const COMPRESSED: libc::c_int = 4;
    let (file, flags) = (file.as_raw_fd(), if compressed { COMPRESSED } else { 0 });
    // SAFETY: a valid string, which is only read
    let result = unsafe { libc::syscall(libc::SYS_finit_module, file, parameters.as_ptr(), flags) };
    check(result).map(drop)
}

/// Swaps to a device; what is freed there is not discarded.
pub fn swap_on(device: &CStr) -> io::Result<()> {
    // SAFETY: a valid string, which is only read
    check(unsafe { libc::swapon(device.as_ptr(), 0) }.into()).map(drop)
}

/// Waits until a terminal has sent all that was written to it.
///
/// # Errors
/// When it is no terminal.
pub fn drain(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: no memory is involved
    check(unsafe { libc::tcdrain(fd.as_raw_fd()) }.into()).map(drop)
}

/// How many kB of memory the files of a tmpfs have; `None` if the path is in no such file
/// system, or it does not count.
pub fn tmpfs_kb(path: &CStr) -> Option<u64> {
    // SAFETY: plain data, which the call fills; a valid string
    let (result, found) = unsafe {
        let mut found: libc::statfs = std::mem::zeroed();
        (libc::statfs(path.as_ptr(), &mut found), found)
    };
    let counts = result == 0 && found.f_type == libc::TMPFS_MAGIC && found.f_blocks > 0;
    let used = found.f_blocks.checked_sub(found.f_bfree).filter(|_| counts)?;
    Some((used * u64::try_from(found.f_bsize).ok()?) >> 10)
}

/// Swaps to a device no longer; what is there is read back.
pub fn swap_off(device: &CStr) -> io::Result<()> {
    // SAFETY: a valid string, which is only read
    check(unsafe { libc::swapoff(device.as_ptr()) }.into()).map(drop)
}

/// Switches the machine off.
pub fn power_off() -> io::Result<()> {
    // SAFETY: no memory is involved
    check(unsafe { libc::reboot(libc::RB_POWER_OFF) }.into()).map(drop)
}

/// Where the first data at or after an offset of a sparse file begins; `None` if
/// there is none.
pub fn next_data(fd: BorrowedFd<'_>, offset: u64) -> Option<u64> {
    // SAFETY: no memory is involved
    let found = unsafe { libc::lseek(fd.as_raw_fd(), offset as i64, libc::SEEK_DATA) };
    u64::try_from(found).ok()
}

/// How an open file is called by a process that has inherited its descriptor.
pub fn inherited_path(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// Makes the calling process end when the thread that started it does.
pub fn die_with_parent() -> io::Result<()> {
    // SAFETY: no memory is involved
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }.into()).map(drop)
}

/// Locks a file against all others that do; `false` when somebody has it and
/// waiting is not wanted. It is open again when the descriptor is closed.
pub fn lock(fd: BorrowedFd<'_>, wait: bool) -> io::Result<bool> {
    let operation = libc::LOCK_EX | if wait { 0 } else { libc::LOCK_NB };
    loop {
        // SAFETY: no memory is involved
        let error = match check(unsafe { libc::flock(fd.as_raw_fd(), operation) }.into()) {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            io::ErrorKind::WouldBlock => return Ok(false),
            _ => return Err(error),
        }
    }
}

/// Lets a program that is executed from here on have a descriptor.
pub fn inherit(fd: RawFd) -> io::Result<()> {
    // SAFETY: no memory is involved
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }.into()).map(drop)
}
