//! Runs the tool with everything bounded.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The tool, with nothing on its standard input.
pub fn mmdiff(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
    command.args(args);
    command
}

/// A folder of its own, gone with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("mmdiff-faults-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A file in it.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.join(name);
        fs::write(&path, contents).expect("a new file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running command.
pub struct Running {
    pub child: Child,
    out: thread::JoinHandle<String>,
    err: thread::JoinHandle<String>,
}

/// What came of a command.
#[derive(Debug)]
pub struct Done {
    pub status: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
    pub time: Duration,
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let out = reader(child.stdout.take().expect("piped"));
        let err = reader(child.stderr.take().expect("piped"));
        Running { child, out, err }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Waits for the end; a command that takes too long is ended and fails the test.
    pub fn finish(mut self) -> Done {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => {
                    self.child.kill().expect("a child");
                    self.child.wait().expect("a child");
                    panic!("it did not end within {PATIENCE:?}");
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        let time = started.elapsed();
        let done = Done {
            status: status.code(),
            signal: status.signal(),
            out: self.out.join().expect("its output"),
            err: self.err.join().expect("its errors"),
            time,
        };
        assert!(!done.err.contains("panicked"), "{done:?}");
        done
    }
}

/// Runs to the end.
pub fn run(command: Command) -> Done {
    Running::start(command).finish()
}

/// Runs the tool to the end.
pub fn tool(args: &[&str]) -> Done {
    run(mmdiff(args))
}

/// All processes below one, as far as they are its descendants now.
pub fn descendants(of: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let after_name = stat.rsplit_once(')')?.1;
            Some((pid, after_name.split_ascii_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let mut found = vec![of];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Waits until something is there; answers it.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{what}: nothing after 20 s");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether subjects can be started and observed here; says so if not.
pub fn no_subject_here() -> bool {
    let folder = Folder::new();
    let done = tool(&["run", "--quiet", &folder.file("empty.mm", "munmap(mmap-0x1000, 0x1000)\n")]);
    let none = done.status == Some(2);
    if none {
        println!("skipped: no subject can be run here: {}", done.err);
    }
    none
}

/// A command in a mount namespace of its own after some preparation, if that is
/// allowed here.
pub fn with_mounts(prepare: &str, args: &[&str]) -> Option<Command> {
    let allowed = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|status| status.success()) {
        println!("skipped: mount namespaces need root here");
        return None;
    }
    let mut command = Command::new("unshare");
    let script = format!("{prepare} && exec \"$0\" \"$@\"");
    command.args(["-m", "sh", "-c", &script, env!("CARGO_BIN_EXE_mmdiff")]).args(args);
    Some(command)
}
