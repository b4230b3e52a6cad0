//! Settings of the running system: changed where that is wanted, and restored even when
//! mmdiff is killed.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Each of the tests looks at the settings of the one system.
static SYSTEM: Mutex<()> = Mutex::new(());

const FILES: [&str; 3] = ["mmap_min_addr", "overcommit_memory", "max_map_count"];

fn settings() -> Vec<String> {
    let read = |name| fs::read_to_string(Path::new("/proc/sys/vm").join(name));
    FILES.iter().map(|name| read(name).expect("a setting")).collect()
}

/// Whether settings can be changed here; it is said if not.
fn may_change() -> bool {
    let writable = |name: &&str| {
        fs::File::options().write(true).open(Path::new("/proc/sys/vm").join(name)).is_ok()
    };
    let all = FILES.iter().all(writable);
    if !all {
        println!("skipped: settings of this system cannot be changed");
    }
    all
}

fn mmdiff() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mmdiff"))
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_killed_campaign_leaves_the_system_as_it_was() {
    if !may_change() {
        return;
    }
    let _turn = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    let before = settings();
    let folder = tempfile::tempdir().expect("a folder");
    let mut campaign = mmdiff()
        .args(["fuzz", "--settings", "--jobs", "1", "--time", "60s", "--seed", "1", "--out"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a campaign");
    let pid = campaign.id() as libc::pid_t;
    let send = |signal| {
        // SAFETY: a child that nobody has waited for
        unsafe { libc::kill(pid, signal) }
    };
    // stopped at the moment when something is changed
    let end = Instant::now() + Duration::from_secs(50);
    let mut caught = false;
    while !caught && Instant::now() < end {
        sleep(Duration::from_millis(2));
        if settings() != before {
            send(libc::SIGSTOP);
            sleep(Duration::from_millis(5));
            caught = settings() != before;
            send(if caught { libc::SIGKILL } else { libc::SIGCONT });
        }
    }
    if !caught {
        send(libc::SIGKILL);
    }
    campaign.wait().expect("its end");
    assert!(caught, "a campaign changes settings");
    let end = Instant::now() + Duration::from_secs(20);
    while settings() != before && Instant::now() < end {
        sleep(Duration::from_millis(10));
    }
    assert_eq!(settings(), before);
}

#[test]
fn a_program_gets_the_settings_that_it_asks_for() {
    if !may_change() {
        return;
    }
    let _turn = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    let before = settings();
    for name in ["limits/map-count.mm", "limits/map-count-stack.mm", "mmap/upwards.mm"] {
        let plain = mmdiff().args(["run", "--quiet"]).arg(corpus(name)).output().expect("mmdiff");
        assert!(text(&plain).contains("skipped, requires"), "{}", text(&plain));
        let with = mmdiff().args(["run", "--quiet", "--settings"]).arg(corpus(name)).output();
        let with = with.expect("mmdiff");
        assert!(with.status.success(), "{}", text(&with));
        let agrees = text(&with).contains("agree");
        // a kernel may lack what else it requires
        let skipped = text(&with).contains("skipped, requires rule=");
        assert!(agrees || skipped, "{}", text(&with));
        assert_eq!(settings(), before);
    }
}

#[test]
fn only_root_may_change_settings() {
    const NOBODY: u32 = 65534;
    if !may_change() {
        return;
    }
    let run = mmdiff().args(["fuzz", "--settings", "--programs", "1"]).uid(NOBODY).output();
    let Ok(refused) = run else {
        return println!("skipped: another user cannot start the executable");
    };
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("needs root"), "{}", text(&refused));
}
