//! QEMU or mmdiff killed at random moments: nothing that was reported is lost, and
//! nothing is left behind.

use super::{mmdiff, plan, DEFECT};
use mm_reference::text::{parse, Mode};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// How often if nothing is said; `MMDIFF_KILLS` says more.
const ROUNDS: u64 = 4;
/// The latest moment at which something is killed: since it was started, or since its
/// first finding.
const LATEST: Duration = Duration::from_secs(8);
/// Longer than it takes until something is killed. It has an end, because mmdiff boots another
/// guest and goes on where one is killed before it is ready.
const LONG: [&str; 2] = ["--time", "30s"];
/// How long a first finding is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("mmdiff-kills-{}", std::process::id()));
        fs::create_dir_all(path.join("tmp")).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A campaign in a guest that makes findings, for the model has a wrong rule.
fn campaign(folder: &Path, limit: [&str; 2]) -> Child {
    let image = plan().expect("asked before").kernel.image;
    Command::new(mmdiff())
        .args(["kernel", "boot", "--kernel"])
        .arg(image)
        .args(["--", "fuzz", "--defect", DEFECT])
        .args(limit)
        .arg("--out")
        .arg(folder.join("out"))
        .env("TMPDIR", folder.join("tmp"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("mmdiff")
}

/// The QEMUs below a process, or those that had it as a parent.
fn guests_of(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((before, after)) = stat.rsplit_once(')') else { continue };
        let ppid = after.split_whitespace().nth(1).and_then(|p| p.parse().ok());
        if before.contains("(qemu-system") && ppid == Some(parent) {
            found.push(pid);
        }
    }
    found
}

/// Whether it has a guest's memory. One that finds out whether KVM works has not: mmdiff
/// goes on without it.
fn is_guest(pid: u32) -> bool {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&arguments).contains("memory-backend-file")
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn kill(pid: u32) {
    // SAFETY: no memory is involved
    unsafe { libc::kill(pid as i32, libc::SIGKILL) };
}

/// Each finding that was printed is there, whole, where it is said to be.
fn are_kept(folder: &Path, lines: &[String]) -> usize {
    let found: Vec<&String> = lines.iter().filter(|line| line.starts_with("finding: ")).collect();
    for line in &found {
        let (_, path) = line.rsplit_once("  ").unwrap_or_else(|| panic!("{line}: not kept"));
        assert!(Path::new(path).starts_with(folder.join("out")), "{line}");
        let text = fs::read_to_string(Path::new(path).join("program.mm"))
            .unwrap_or_else(|error| panic!("{line} was lost: {error}"));
        parse(&text, Mode::Strict).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    found.len()
}

#[test]
fn whatever_is_killed_nothing_is_lost_or_left() {
    if let Err(why) = plan() {
        return println!("skipped: {why}");
    }
    if Command::new("qemu-system-x86_64").arg("--version").output().is_err() {
        return println!("skipped: there is no QEMU");
    }
    let rounds = std::env::var("MMDIFF_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let folder = Folder::new();
    let mut random = SmallRng::seed_from_u64(50);
    let mut kept = 0;
    for round in 0..rounds {
        let mut campaign = campaign(&folder.0, LONG);
        let (found, finding) = channel();
        let lines = {
            let output = BufReader::new(campaign.stdout.take().expect("a pipe"));
            let heard = move |line: &String| {
                if line.starts_with("finding: ") {
                    let _ = found.send(()); // nobody may be waiting
                }
            };
            thread::spawn(move || {
                output.lines().map_while(Result::ok).inspect(heard).collect::<Vec<_>>()
            })
        };
        // half of the rounds early, the others while findings are made
        if round % 4 >= 2 {
            finding.recv_timeout(PATIENCE).expect("a finding");
        }
        let moment = random.random_range(Duration::ZERO..LATEST);
        thread::sleep(moment);
        let guests = guests_of(campaign.id());
        let target = match guests.iter().find(|&&guest| is_guest(guest)) {
            Some(&guest) if round % 2 == 0 => guest,
            _ => campaign.id(),
        };
        kill(target);
        let status = campaign.wait().expect("it ends");
        let lines = lines.join().expect("its output");
        kept += are_kept(&folder.0, &lines);
        println!("round {round}: killed {target} after {moment:?}, {status}");
        let until = Instant::now() + Duration::from_secs(5);
        while guests.iter().any(|&guest| is_alive(guest)) {
            assert!(Instant::now() < until, "a guest outlives mmdiff");
            thread::sleep(Duration::from_millis(10));
        }
        let left: Vec<_> = fs::read_dir(folder.0.join("tmp")).expect("the folder").collect();
        assert!(left.is_empty(), "{left:?}");
        let partial = Command::new("find").arg(&folder.0).args(["-name", "*.partial"]).output();
        assert!(partial.is_ok_and(|found| found.stdout.is_empty()), "half a file is left");
    }
    // and the next run completes
    let done = campaign(&folder.0, ["--programs", "30"]).wait_with_output().expect("mmdiff");
    let lines: Vec<String> =
        String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect();
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", done.status);
    assert!(lines.iter().any(|line| line.starts_with("30 programs")), "{lines:?}");
    assert!(kept > 0 || rounds < 4, "nothing was found that could be lost");
    println!("{kept} findings were reported in {rounds} rounds, and all were kept");
}
