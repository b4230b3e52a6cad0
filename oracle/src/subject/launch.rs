//! Starts the subject's executable with everything about it determined.

use std::ffi::{c_char, c_int, CString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, process, ptr, thread};

use super::arena::Arena;
use super::error::SubjectError;
use super::long_name::long_name;
use crate::{protocol, sys};
use mm_reference::op::{Exec, Start, EXEC_NAME, EXEC_PATH, MAX_ARGUMENT, USUAL_STACK};

/// The executable, see `oracle/subject/`.
pub static SUBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/subject"));
/// The same with the loop of the bench.
pub static SUBJECT_BARE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/subject-bare"));
/// Where the executable is when it is started; part of its first stack page.
const EXECUTABLE_FD: RawFd = protocol::OUTPUT_FD + 1;
/// Descriptors from here on are out of the way of those.
const OTHER_FDS: RawFd = 10;
/// The length of an argument that makes the arguments fill the last page, so that
/// the stack ends below them: whoever asks for a process's arguments (`ps` does)
/// makes the kernel fault in their page. The kernel writes a word, the path that it
/// made of the descriptor, and the arguments, each with a NUL.
const PADDING: usize = 4096 - 8 - EXEC_PATH.len() - 1 - EXEC_NAME.len() - 1 - 1;
const _: () = assert!(EXECUTABLE_FD == 5, "its path is EXEC_PATH");

/// How often to try again while some other thread's fork holds a file open.
const BUSY_RETRIES: u32 = 20;

type Step = fn(&Launch) -> c_int;

/// What the new process does before it becomes the subject, in order.
// SAFETY: plain system calls on values that live for the call, in a process that
// shares no memory and executes a program or exits when they are done
const STEPS: [(&str, Step); 9] = [
    // stopping or interrupting mmdiff from a terminal is not the subject's business
    ("leave the process group", |_| unsafe { libc::setpgid(0, 0) }),
    ("bind its life to mmdiff's", |launch| unsafe {
        match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 if libc::getppid() != launch.parent => libc::_exit(0),
            result => result,
        }
    }),
    // without it no stack moves
    ("choose whether addresses are random", |launch| unsafe {
        match launch.randomises {
            true => 0,
            false => libc::personality(libc::ADDR_NO_RANDOMIZE as _),
        }
    }),
    ("switch off huge pages", |_| unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) }),
    ("set the stack limit", |launch| {
        sys::set_limit(libc::RLIMIT_STACK, launch.stack_limit).map_or(-1, |()| 0)
    }),
    ("switch off core dumps", |_| sys::set_limit(libc::RLIMIT_CORE, (0, 0)).map_or(-1, |()| 0)),
    ("unblock signals", |_| unsafe {
        let mut set = std::mem::MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), ptr::null_mut())
    }),
    ("pass on the arena", |launch| unsafe {
        let arena = libc::dup2(launch.arena, protocol::ARENA_FD);
        match arena.min(libc::dup2(launch.output, protocol::OUTPUT_FD)) {
            -1 => -1,
            _ => {
                if let Some(file) = launch.long_name {
                    libc::dup2(file, protocol::LONG_NAME_FD); // it can do without
                }
                libc::dup3(launch.executable, EXECUTABLE_FD, libc::O_CLOEXEC)
            }
        }
    }),
    ("execute", |launch| unsafe {
        let none: [*const c_char; 1] = [ptr::null()];
        let (path, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
        let (number, args) = (libc::SYS_execveat, launch.arguments.as_ptr());
        libc::syscall(number, EXECUTABLE_FD, path, args, none.as_ptr(), flags) as c_int
    }),
];

struct Launch {
    parent: i32,
    stack_limit: (u64, u64),
    arena: RawFd,
    output: RawFd,
    executable: RawFd,
    long_name: Option<RawFd>,
    randomises: bool,
    /// `argv`, with the null pointer at its end.
    arguments: Vec<*const c_char>,
}

/// Whether addresses are random for a process that starts like this: where its stack is to be
/// moved, and where nobody may ask for other ones.
pub(super) fn randomises(start: Start) -> bool {
    start.exec().is_some() || !sys::may_fix_addresses()
}

/// The name and the arguments.
fn arguments(start: Start) -> Vec<CString> {
    let strings = match start {
        Start::Plain => vec![vec![b' '; PADDING]],
        Start::Exec(exec) => exec_arguments(&exec),
    };
    let strings = std::iter::once(EXEC_NAME.into()).chain(strings);
    strings.map(|bytes| CString::new(bytes).unwrap_or_default()).collect()
}

/// Arguments in which each page of the stack has its letter.
fn exec_arguments(exec: &Exec) -> Vec<Vec<u8>> {
    let first = (0..).step_by(MAX_ARGUMENT as usize).map(|at| exec.depth() - at);
    let letters = |(depth, len): (u64, u64)| (0..len).map(|at| Exec::letter(depth - at)).collect();
    exec.lengths().zip(first).map(|(len, depth)| letters((depth, len))).collect()
}

/// Starts a process; answers its id once it executes the subject.
pub fn launch(executable: &[u8], arena: &Arena, start: Start) -> Result<i32, SubjectError> {
    match memory_file(executable).and_then(|file| fork(arena, &file, start)) {
        Ok(pid) => Ok(pid),
        // some systems do not let memory files be executed
        Err(_) => temporary_file(executable).and_then(|file| fork(arena, &file, start)),
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> SubjectError {
    move |source| SubjectError::Start { what, source }
}

fn memory_file(executable: &[u8]) -> Result<OwnedFd, SubjectError> {
    let create = || {
        let mut file = fs::File::from(sys::memfd(c"mmdiff-subject", libc::MFD_EXEC)?);
        file.write_all(executable)?;
        Ok(file.into())
    };
    create().map_err(failed("make an executable memory file"))
}

fn temporary_file(executable: &[u8]) -> Result<OwnedFd, SubjectError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("mmdiff-subject-{}-{number}", process::id()));
    let create = || {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o700).open(&path)?.write_all(executable)?;
        Ok(fs::File::open(&path)?.into())
    };
    let file = create();
    let _ = fs::remove_file(&path); // not there if it could not be created
    file.map_err(failed("write the subject to a temporary file"))
}

fn fork(arena: &Arena, file: &OwnedFd, start: Start) -> Result<i32, SubjectError> {
    let mut tries = 0;
    loop {
        let pid = fork_once(arena, file, start);
        match &pid {
            Err(SubjectError::Start { source, .. })
                if source.raw_os_error() == Some(libc::ETXTBSY) && tries < BUSY_RETRIES =>
            {
                tries += 1;
                thread::sleep(Duration::from_millis(5));
            }
            _ => return pid,
        }
    }
}

fn fork_once(arena: &Arena, file: &OwnedFd, start: Start) -> Result<i32, SubjectError> {
    let preparing = failed("prepare its descriptors");
    let [arena, output] = [arena.file(), arena.output_file()]
        .map(|file| sys::duplicate_above(file.as_fd(), OTHER_FDS));
    let (arena, output) = (arena.map_err(&preparing)?, output.map_err(&preparing)?);
    let file = sys::duplicate_above(file.as_fd(), OTHER_FDS).map_err(&preparing)?;
    let (mut ours, theirs) = UnixStream::pair().map_err(&preparing)?;
    let report = sys::duplicate_above(theirs.as_fd(), OTHER_FDS).map_err(&preparing)?;
    let long_name = long_name().map(|file| sys::duplicate_above(file.as_fd(), OTHER_FDS));
    let long_name = long_name.transpose().map_err(&preparing)?;
    drop(theirs);
    let (_, hard) = sys::limit(0, libc::RLIMIT_STACK).map_err(failed("read the stack limit"))?;
    let strings = arguments(start);
    let arguments = strings.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
    // it decides where the kernel places mappings
    let stack = start.exec().map_or(USUAL_STACK, |exec| exec.stack_limit());
    let launch = Launch {
        parent: process::id() as i32,
        stack_limit: (stack.min(hard), hard),
        arena: arena.as_raw_fd(),
        output: output.as_raw_fd(),
        executable: file.as_raw_fd(),
        long_name: long_name.as_ref().map(AsRawFd::as_raw_fd),
        randomises: randomises(start),
        arguments,
    };
    let mut stack = vec![0_u64; CHILD_STACK / size_of::<u64>()];
    let mut child = Child { launch, report: report.as_raw_fd() };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: as after vfork, this thread waits until the child, which makes
    // nothing but plain system calls on its own stack, executes or ends
    let pid = unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        libc::clone(become_subject, top, flags, ptr::from_mut(&mut child).cast())
    };
    match pid {
        -1 => Err(failed("fork")(io::Error::last_os_error())),
        pid => {
            drop(report);
            let mut error = [0; 5];
            if ours.read_exact(&mut error).is_err() {
                return Ok(pid); // closed by the execution
            }
            sys::reap(pid);
            let [step, errno @ ..] = error;
            let what = STEPS.get(usize::from(step)).map_or("start", |(what, _)| what);
            Err(failed(what)(io::Error::from_raw_os_error(i32::from_ne_bytes(errno))))
        }
    }
}

/// Bytes of the child's stack until it executes.
const CHILD_STACK: usize = 64 << 10;

struct Child {
    launch: Launch,
    report: RawFd,
}

/// The child's side, in the memory of its parent: copying that for every subject
/// would cost more than all that the subject does. Only what is allowed between
/// fork and exec of a program with threads.
extern "C" fn become_subject(child: *mut libc::c_void) -> c_int {
    // SAFETY: the parent's `Child`, which outlives the use
    let Child { launch, report } = unsafe { &*child.cast::<Child>() };
    for (number, (_, step)) in STEPS.iter().enumerate() {
        if step(launch) == -1 {
            // SAFETY: the C library's errno is this thread's
            let errno = unsafe { *libc::__errno_location() };
            let mut error = [number as u8, 0, 0, 0, 0];
            error[1..].copy_from_slice(&errno.to_ne_bytes());
            // SAFETY: a valid buffer; there is nobody to tell if it fails
            unsafe { libc::write(*report, error.as_ptr().cast(), error.len()) };
            break;
        }
    }
    // SAFETY: does not return
    unsafe { libc::_exit(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::error::Death;

    /// What happens where memory files cannot be executed.
    #[test]
    fn starts_from_a_temporary_file() {
        let arena = Arena::new().expect("an arena");
        let file = temporary_file(SUBJECT).expect("a file");
        let pid = fork(&arena, &file, Start::Plain).expect("a process");
        // SAFETY: the child just started
        unsafe { libc::kill(pid, libc::SIGKILL) };
        assert_eq!(sys::reap(pid), Death::Killed(libc::SIGKILL));
    }

    #[test]
    fn arguments_have_the_letters_of_their_pages() {
        let exec = Exec::with(MAX_ARGUMENT + 0x1800);
        let strings = arguments(Start::Exec(exec));
        let lengths: Vec<usize> = strings.iter().map(|text| text.as_bytes().len()).collect();
        assert_eq!(lengths, [10, 0x1_ffff, 0x17ff]);
        assert_eq!(strings[2].as_bytes().last(), Some(&b'a'));
        assert_eq!(strings[2].as_bytes().first(), Some(&b'b'));
    }

    #[test]
    fn says_what_failed() {
        let arena = Arena::new().expect("an arena");
        let nothing = OwnedFd::from(fs::File::open("/dev/null").expect("/dev/null"));
        match fork(&arena, &nothing, Start::Plain) {
            Err(SubjectError::Start { what: "execute", .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}
