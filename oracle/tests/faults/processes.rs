//! Subjects that are killed or stopped, processes that cannot be made, and the
//! end of mmdiff itself.

use super::tool::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

fn signal(pid: i32, signal: i32) {
    // SAFETY: signals a process that this test has started, directly or not
    unsafe { libc::kill(pid, signal) };
}

/// The first process of the subject of a running campaign.
fn subject_of(pid: i32) -> i32 {
    wait_for("a subject", || descendants(pid).first().copied())
}

fn campaign(folder: &Folder, more: &[&str]) -> Running {
    let out = folder.join("out");
    let mut command = mmdiff(&["fuzz", "--jobs", "1", "--seed", "7", "--out", &out]);
    command.args(more).env("TMPDIR", folder.path());
    Running::start(command)
}

#[test]
fn a_campaign_outlives_its_subjects() {
    if no_subject_here() {
        return;
    }
    for (number, why) in
        [(libc::SIGKILL, "was killed by SIGKILL"), (libc::SIGSTOP, "was stopped by a signal")]
    {
        let folder = Folder::new();
        let running = campaign(&folder, &["--time", "3s"]);
        for _ in 0..4 {
            thread::sleep(Duration::from_millis(300));
            signal(subject_of(running.pid()), number);
        }
        let done = running.finish();
        assert_eq!(done.status, Some(0), "{done:?}");
        assert!(done.out.contains("lost") && done.out.contains(why), "{done:?}");
        assert!(done.out.contains("no findings"), "{done:?}");
    }
}

/// Ctrl-C: the summary, what was found, and nothing left behind.
#[test]
fn an_interrupted_campaign_keeps_what_it_found() {
    if no_subject_here() {
        return;
    }
    let folder = Folder::new();
    let running = campaign(&folder, &["--time", "60s", "--defect", "munmap-keeps-total-vm"]);
    wait_for("a finding", || {
        let found = fs::read_dir(folder.path().join("out")).ok()?;
        found.flatten().any(|f| f.path().join("finding.json").exists()).then_some(())
    });
    let left = descendants(running.pid());
    signal(running.pid(), libc::SIGINT);
    let done = running.finish();
    assert!(done.time < Duration::from_secs(2), "{done:?}");
    assert_eq!(done.status, Some(1), "{done:?}");
    assert!(done.out.contains("VmSize") && !done.out.contains("no findings"), "{done:?}");
    assert!(done.out.contains("interrupted"), "{done:?}");
    wait_for("the end of all processes", || left.iter().all(|pid| is_gone(*pid)).then_some(()));
}

#[test]
fn an_interrupted_campaign_without_findings_says_so() {
    if no_subject_here() {
        return;
    }
    let folder = Folder::new();
    let running = campaign(&folder, &["--time", "60s"]);
    subject_of(running.pid());
    thread::sleep(Duration::from_millis(500));
    signal(running.pid(), libc::SIGTERM);
    let done = running.finish();
    assert!(done.time < Duration::from_secs(2), "{done:?}");
    assert_eq!(done.status, Some(2), "{done:?}");
    assert!(done.out.contains("interrupted; until then"), "{done:?}");
    assert!(done.out.contains("no findings"), "{done:?}");
    assert!(done.err.contains("mmdiff: interrupted"), "{done:?}");
}

#[test]
fn an_interrupted_campaign_says_so_to_scripts() {
    if no_subject_here() {
        return;
    }
    let folder = Folder::new();
    let running = campaign(&folder, &["--time", "60s", "--format", "json"]);
    subject_of(running.pid());
    thread::sleep(Duration::from_millis(500));
    signal(running.pid(), libc::SIGINT);
    let done = running.finish();
    assert_eq!(done.status, Some(2), "{done:?}");
    let summary: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(summary["interrupted"], true);
    assert_eq!(summary["incomplete"], "interrupted");
}

/// A process is gone, or nothing is left of it but its status.
fn is_gone(pid: i32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")),
        Err(_) => true,
    }
}

/// What a run might change and must not.
fn settings() -> Vec<(&'static str, Option<String>)> {
    [
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/vm/max_map_count",
        "/proc/sys/kernel/randomize_va_space",
        "/proc/sys/kernel/core_pattern",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/sys/kernel/mm/ksm/run",
    ]
    .into_iter()
    .map(|path| (path, fs::read_to_string(path).ok()))
    .collect()
}

#[test]
fn nothing_is_left_when_mmdiff_is_killed() {
    if no_subject_here() {
        return;
    }
    let before = settings();
    for _ in 0..5 {
        let folder = Folder::new();
        let running = campaign(&folder, &["--time", "60s"]);
        subject_of(running.pid());
        thread::sleep(Duration::from_millis(200));
        // of children that live for a moment only, some are met
        let mut left = Vec::new();
        for _ in 0..20 {
            left.extend(descendants(running.pid()));
        }
        signal(running.pid(), libc::SIGKILL);
        let done = running.finish();
        assert_eq!(done.signal, Some(libc::SIGKILL), "{done:?}");
        wait_for("the end of all processes", || left.iter().all(|p| is_gone(*p)).then_some(()));
        let files: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert!(files.is_empty(), "{files:?}");
    }
    assert_eq!(settings(), before);
}

/// The tool as an ordinary user who may have no more processes.
fn without_processes(folder: &Folder, args: &[&str]) -> Option<Command> {
    // where the user may read it
    let binary = folder.join("mmdiff");
    fs::copy(env!("CARGO_BIN_EXE_mmdiff"), &binary).expect("a copy");
    for path in [folder.path().to_path_buf(), binary.clone().into()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let mut command = Command::new(&binary);
    command.args(args).current_dir("/");
    // SAFETY: plain system calls between fork and exec
    unsafe {
        command.pre_exec(|| {
            if libc::geteuid() == 0 && (libc::setgid(65534) != 0 || libc::setuid(65534) != 0) {
                return Err(std::io::Error::last_os_error());
            }
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            match libc::setrlimit(libc::RLIMIT_NPROC, &none) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let probe = Command::new(&binary).arg("--version").output();
    if probe.is_err() {
        println!("skipped: programs in {} cannot be executed", folder.path().display());
        return None;
    }
    Some(command)
}

#[test]
fn no_more_processes() {
    let folder = Folder::new();
    let file = folder.file("program.mm", "munmap(mmap-0x1000, 0x1000)\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("permissions");
    let fuzz = ["fuzz", "--programs", "10", "--out", "/nonexistent"];
    for (args, message) in [
        (&["run", &file][..], "failed to fork: Resource temporarily unavailable"),
        (&fuzz, "failed to start the thread"),
    ] {
        let Some(command) = without_processes(&folder, args) else { return };
        let done = run(command);
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.err.contains(message), "{done:?}");
    }
}

#[test]
fn no_proc() {
    let folder = Folder::new();
    let file = folder.file("program.mm", "munmap(mmap-0x1000, 0x1000)\n");
    let out = folder.join("out");
    for args in [&["run", &file][..], &["fuzz", "--programs", "10", "--out", &out], &["profile"]] {
        let Some(command) = with_mounts("mount -t tmpfs none /proc", args) else { return };
        let done = run(command);
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.err.contains("/proc") || done.err.contains("proc"), "{done:?}");
        assert!(done.time < Duration::from_secs(10), "{done:?}");
    }
}
