//! QEMU: whether it can use KVM, its command line, and its process.
//!
//! All files that it is given are in memory and inherited, so that nothing is left
//! on disk whatever ends it; and it does not outlive mmdiff.

use super::console::Console;
use super::{initramfs, swap, GuestError, Plan};
use crate::stat::condition;
use crate::sys;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const PROGRAM: &str = "qemu-system-x86_64";

/// How long QEMU may take to end once its console is closed.
const ENDING: Duration = Duration::from_secs(10);

/// Who executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor.
    Kvm,
    /// QEMU itself.
    Emulation,
}

/// Guests did not get far with KVM although the probe did.
static KVM_FAILED: AtomicBool = AtomicBool::new(false);

impl Accelerator {
    /// The fastest that works here: probed once.
    pub fn choose() -> Accelerator {
        static PROBED: OnceLock<bool> = OnceLock::new();
        let works = !KVM_FAILED.load(Ordering::Relaxed) && *PROBED.get_or_init(kvm_works);
        if works {
            Accelerator::Kvm
        } else {
            Accelerator::Emulation
        }
    }

    /// Takes back that this one works, where there is another.
    pub(super) fn give_up(self) {
        KVM_FAILED.fetch_or(self == Accelerator::Kvm, Ordering::Relaxed);
    }

    /// As QEMU calls it.
    pub fn name(self) -> &'static str {
        match self {
            Accelerator::Kvm => "kvm",
            Accelerator::Emulation => "tcg",
        }
    }

    /// The processor with all that can be had; but with tables of four levels, of
    /// which the model is.
    fn cpu(self) -> &'static str {
        match self {
            Accelerator::Kvm => "host,la57=off",
            Accelerator::Emulation => "max,la57=off",
        }
    }
}

/// What the probe executes: it counts in protected mode, and says so on a port. At
/// 0xff80 of the firmware, which ends at 4 GiB.
#[rustfmt::skip] // an instruction a line
const PROBE: [u8; 62] = [
    0x2e, 0x66, 0x0f, 0x01, 0x16, 0xb8, 0xff, // lgdt cs:[0xffb8]
    0x0f, 0x20, 0xc0, // mov eax, cr0
    0x0c, 0x01, // or al, 1
    0x0f, 0x22, 0xc0, // mov cr0, eax
    0x66, 0xea, 0x97, 0xff, 0xff, 0xff, 0x08, 0x00, // jmp 8:0xffffff97
    0xb9, 0x00, 0x87, 0x93, 0x03, // mov ecx, 60000000
    0x49, // again: dec ecx
    0x75, 0xfd, // jnz again
    0xb0, 0x10, // mov al, 0x10
    0xe6, 0xf4, // out 0xf4, al
    0xf4, // hlt
    0, 0, 0, 0, // up to a multiple of 8
    0, 0, 0, 0, 0, 0, 0, 0, // no segment
    0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0, // segment 8: all of the memory, code
    0x0f, 0, 0xa8, 0xff, 0xff, 0xff, // both, at 0xffffffa8
];

/// Whether KVM executes [`PROBE`] in time: there are hypervisors whose KVM interprets the
/// kernel's instructions, at a hundredth of the speed, and stops at those that it does
/// not know.
fn kvm_works() -> bool {
    let is_there = File::options().read(true).write(true).open("/dev/kvm").is_ok();
    is_there && passes_probe("kvm", "host", Duration::from_secs(2))
}

/// Whether a virtual machine that is executed so gets through [`PROBE`] in time.
fn passes_probe(accelerator: &str, cpu: &str, patience: Duration) -> bool {
    const SIZE: usize = 64 << 10;
    const AT: usize = 0xff80;
    const RESET: usize = 0xfff0;
    // jmp 0xff80
    const JUMP: [u8; 3] = [0xe9, 0x8d, 0xff];
    // the device answers with the status 2n + 1
    const STATUS: i32 = 0x21;
    let mut firmware = [0xf4; SIZE];
    firmware[AT..AT + PROBE.len()].copy_from_slice(&PROBE);
    firmware[RESET..RESET + JUMP.len()].copy_from_slice(&JUMP);
    let Ok(file) = memory_file(c"mmdiff-probe", &firmware) else { return false };
    let mut command = Command::new(PROGRAM);
    command
        .args(["-M", "pc", "-accel", accelerator, "-cpu", cpu, "-m", "16", "-nodefaults"])
        .args(["-no-user-config", "-display", "none", "-no-reboot", "-monitor", "none"])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
        .args(["-bios", &sys::inherited_path(file.as_fd())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    sys::bind_to_this_thread(&mut command, vec![file.as_raw_fd()]);
    let Ok(mut child) = command.spawn() else { return false };
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.code() == Some(STATUS),
            Ok(None) if started.elapsed() < patience => thread::sleep(Duration::from_millis(5)),
            _ => break,
        }
    }
    let _ = child.kill(); // it may have ended meanwhile
    let _ = child.wait();
    false
}

/// A file in memory with these contents.
fn memory_file(name: &std::ffi::CStr, contents: &[u8]) -> io::Result<File> {
    let mut file = File::from(sys::memfd(name, 0)?);
    file.write_all(contents)?;
    Ok(file)
}

/// The process and what it is connected with.
#[derive(Debug)]
pub(super) struct Qemu {
    child: Child,
    errors: File,
    /// The guest's memory.
    pub(super) memory: File,
    /// The kernel's console.
    pub(super) console: Console,
    /// The line of the messages.
    pub(super) line: UnixStream,
}

impl Qemu {
    /// Starts a guest; a thread of its own follows the console.
    pub(super) fn start(plan: &Plan, accelerator: Accelerator) -> Result<Qemu, GuestError> {
        let failed = |what| move |source| GuestError::Start { what, source };
        let archive = initramfs::initramfs(plan)?;
        let archive = memory_file(c"mmdiff-initramfs", &archive)
            .map_err(failed("put the initramfs into memory"))?;
        let memory = sys::memfd(c"mmdiff-guest", 0)
            .map(File::from)
            .and_then(|file| file.set_len(u64::from(plan.memory_mib) << 20).map(|()| file))
            .map_err(failed("make the guest's memory"))?;
        let errors = memory_file(c"mmdiff-qemu", &[]).map_err(failed("make a file"))?;
        let pair = || UnixStream::pair().map_err(failed("make a pair of sockets"));
        let ((mut here, console_there), (line, line_there)) = (pair()?, pair()?);
        let mut command = Command::new(PROGRAM);
        command
            .args(["-M", &format!("pc,accel={},memory-backend=ram", accelerator.name())])
            .args(["-cpu", accelerator.cpu(), "-smp", &plan.cpus.to_string()])
            .args(["-m", &format!("{}M", plan.memory_mib)])
            .args(["-object", &memory_object(plan, &memory)])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .args(["-monitor", "none"])
            .arg("-kernel")
            .arg(&plan.kernel.image)
            .args(["-initrd", &sys::inherited_path(archive.as_fd())])
            .args(["-append", &command_line(plan, accelerator)]);
        for (name, end) in [("console", &console_there), ("line", &line_there)] {
            command
                .args(["-chardev", &format!("socket,id={name},fd={}", end.as_raw_fd())])
                .args(["-serial", &format!("chardev:{name}")]);
        }
        let stderr = errors.try_clone().map_err(failed("duplicate a descriptor"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(stderr));
        let inherited = vec![
            archive.as_raw_fd(),
            memory.as_raw_fd(),
            console_there.as_raw_fd(),
            line_there.as_raw_fd(),
        ];
        sys::bind_to_this_thread(&mut command, inherited);
        let console = Console::default();
        let (answer, started) = mpsc::channel();
        let follow = {
            let console = console.clone();
            // the descriptors live until QEMU has its own, and are closed here
            let ends: [OwnedFd; 3] = [archive.into(), console_there.into(), line_there.into()];
            move || {
                let spawned = command.spawn();
                drop((command, ends));
                let process = spawned.as_ref().ok().map(|child| sys::pidfd_open(child.id() as i32));
                if let (Ok(()), Some(process)) = (answer.send(spawned), process) {
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = here.read(&mut buffer) {
                        console.append(&buffer[..length]);
                    }
                    console.close();
                    // it lives no longer than this thread
                    if let Ok(process) = process {
                        sys::poll_readable(process.as_fd(), ENDING);
                    }
                }
                console.close();
            }
        };
        thread::Builder::new()
            .name("console".to_owned())
            .spawn(follow)
            .map_err(failed("start a thread"))?;
        let child = match started.recv() {
            Ok(Ok(child)) => child,
            Ok(Err(source)) if source.kind() == io::ErrorKind::NotFound => {
                return Err(GuestError::NoQemu { program: PROGRAM.to_owned() });
            }
            Ok(Err(source)) => return Err(failed("start QEMU")(source)),
            Err(_) => {
                let gone = io::Error::other("the thread ended");
                return Err(failed("start QEMU")(gone));
            }
        };
        Ok(Qemu { child, errors, memory, console, line })
    }

    /// The id of the process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has used so far, unless it is stopped or gone.
    pub(super) fn time_used(&self) -> Option<Duration> {
        let condition = condition(self.child.id() as i32)?;
        (!matches!(condition.state, b'T' | b't' | b'Z' | b'X')).then_some(condition.used)
    }

    /// What QEMU itself had to say.
    pub(super) fn errors(&self) -> String {
        let mut bytes = vec![0; 4096];
        let length = self.errors.read_at(&mut bytes, 0).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    }

    /// Whether KVM gave up on an instruction, whereupon QEMU stops the guest for good.
    pub(super) fn is_stopped_by_kvm(&self) -> bool {
        self.errors().starts_with("KVM internal error")
    }

    /// Ends it, if it has not ended by itself, and answers how it did.
    pub(super) fn end(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                _ => break,
            }
        }
        let _ = self.child.kill(); // it may have ended meanwhile
        self.child.wait().ok()
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

fn memory_object(plan: &Plan, memory: &File) -> String {
    format!(
        "memory-backend-file,id=ram,share=on,size={}M,mem-path={}",
        plan.memory_mib,
        sys::inherited_path(memory.as_fd())
    )
}

/// What the kernel is told. An oops ends the guest: what it leaves behind, locks
/// above all, would be blamed on programs that come later. A warning does not: it is
/// read from the log as on any kernel. Whether the timer works is not tried, for the
/// kernel does not wait long enough for one that is emulated on a busy machine. There it
/// also takes the frequency of the TSC for a fraction of what it is (`arch/x86/kernel/tsc.c`),
/// and its clock runs several times too fast: campaigns end early, subjects seem to hang.
fn command_line(plan: &Plan, accelerator: Accelerator) -> String {
    const ALWAYS: &str = "console=ttyS0,115200 loglevel=5 oops=panic panic=-1 \
                          random.trust_cpu=on mitigations=off nokaslr no_timer_check";
    let clock = match accelerator {
        Accelerator::Kvm => "",
        Accelerator::Emulation => "tsc=unstable",
    };
    let Plan { append, .. } = plan;
    let (swap, init) = (swap::command_line(), initramfs::INIT);
    format!("{ALWAYS} {clock} {swap} {append} rdinit={init} -- guest-agent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_comes_to_its_end() {
        if Command::new(PROGRAM).arg("--version").output().is_err() {
            println!("skipped: there is no {PROGRAM}");
            return;
        }
        assert!(passes_probe("tcg", "max", Duration::from_secs(60)));
        assert!(!passes_probe("tcg", "no such processor", Duration::from_secs(60)));
    }
}
