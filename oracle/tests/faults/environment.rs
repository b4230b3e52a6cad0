//! Places where less is granted than a capability or a version promises: none of them makes
//! a finding.

use super::tool::*;
use seccompiler::{
    apply_filter, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A user whom nothing else belongs to, so that limits are for these processes alone.
fn nobody_else() -> u32 {
    2_000_000 + std::process::id()
}

/// As an ordinary user in a folder that is theirs; none where only root could become one.
fn as_user(mut command: Command, folder: &Folder) -> Option<Command> {
    let user = nobody_else();
    if let Err(why) = std::os::unix::fs::chown(folder.path(), Some(user), Some(user)) {
        println!("skipped: no file can be given to another user: {why}");
        return None;
    }
    command.uid(user).gid(user).current_dir(folder.path());
    Some(command)
}

fn limited(command: &mut Command, resource: libc::__rlimit_resource_t, most: u64) {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
    // SAFETY: a plain system call, on a value that the closure holds
    unsafe {
        command.pre_exec(move || match libc::setrlimit(resource, &limit) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
}

fn fuzz(folder: &Folder, programs: &str) -> Command {
    let out = folder.join("out");
    mmdiff(&["fuzz", "--programs", programs, "--seed", "3", "--jobs", "1", "--out", &out])
}

fn assert_no_findings(done: &Done) {
    assert!(done.out.contains("no findings"), "{done:?}");
}

/// Under a namespace of users all capabilities are there, and few of them count.
#[test]
fn capabilities_of_a_namespace_are_not_taken_for_real_ones() {
    let folder = Folder::new();
    let mut command = Command::new("unshare");
    let out = folder.join("out");
    command.args(["--user", "--map-root-user", "--mount", env!("CARGO_BIN_EXE_mmdiff")]);
    command.args(["fuzz", "--programs", "2000", "--seed", "3", "--jobs", "1", "--out", &out]);
    let done = Running::start(command).finish();
    if done.err.contains("unshare") {
        println!("skipped: there is no namespace of users here: {}", done.err);
        return;
    }
    assert_no_findings(&done);
    assert_eq!(done.status, Some(0), "{done:?}");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", env!("CARGO_BIN_EXE_mmdiff")]);
    command.args(["profile", "--format", "json"]);
    let done = Running::start(command).finish();
    let lines: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let is_on = |line: &&serde_json::Value| line["section"] == "privilege" && line["value"] == "on";
    let granted: Vec<_> = lines.as_array().into_iter().flatten().filter(is_on).collect();
    assert!(granted.is_empty(), "{granted:?}");
}

/// A fork that fails since there are too many processes is no finding.
#[test]
fn a_limit_on_processes_is_no_finding() {
    let folder = Folder::new();
    let Some(mut command) = as_user(fuzz(&folder, "1500"), &folder) else { return };
    // mmdiff itself, its threads, the subject: hardly any child of it
    limited(&mut command, libc::RLIMIT_NPROC, 5);
    let done = Running::start(command).finish();
    assert_no_findings(&done);
    assert!(done.out.contains("the limit on processes is met"), "{done:?}");
}

/// What container engines let through, as far as it concerns this: no fixed addresses, no
/// log, and calls that are newer than their list are refused.
#[test]
fn a_filter_of_system_calls_is_no_finding() {
    let folder = Folder::new();
    let mut command = fuzz(&folder, "2000");
    let filter = container_filter();
    // SAFETY: system calls only; the filter was made before the fork
    unsafe {
        command.pre_exec(move || apply_filter(&filter).map_err(io::Error::other));
    }
    let done = Running::start(command).finish();
    assert_no_findings(&done);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.out.contains("refuses mseal"), "{done:?}");
    assert!(done.out.contains("does not let them be fixed"), "{done:?}");
}

fn container_filter() -> BpfProgram {
    const SYS_MSEAL: i64 = 462;
    let allowed = [0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];
    let differs = |value| {
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)
            .expect("a condition")
    };
    let personality = SeccompRule::new(allowed.map(differs).to_vec()).expect("a rule");
    let refused = [SYS_MSEAL, libc::SYS_syslog, libc::SYS_userfaultfd, libc::SYS_perf_event_open];
    let rules = refused
        .map(|number| (number, Vec::new()))
        .into_iter()
        .chain([(libc::SYS_personality, vec![personality])])
        .collect::<BTreeMap<_, _>>();
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let arch = std::env::consts::ARCH.try_into().expect("an architecture");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).expect("a filter");
    filter.try_into().expect("a program")
}

/// Where other people's processes are hidden, and where nothing in `/proc` can be written.
#[test]
fn a_proc_that_hides_or_cannot_be_written_is_no_finding() {
    for mount in ["mount -t proc -o hidepid=2 proc /proc", "mount -o remount,ro,bind /proc"] {
        let folder = Folder::new();
        let mut command = Command::new("unshare");
        let out = folder.join("out");
        let script = format!("{mount} && exec \"$@\"");
        command.args(["--mount", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_mmdiff")]);
        command.args(["fuzz", "--programs", "1000", "--seed", "3", "--jobs", "1", "--out", &out]);
        let done = Running::start(command).finish();
        if done.status != Some(0) && done.out.is_empty() {
            println!("skipped: nothing can be mounted here: {}", done.err);
            continue;
        }
        assert_no_findings(&done);
        assert_eq!(done.status, Some(0), "{done:?}");
    }
}

/// A program whose results are for more locked memory than a user may have is for others.
#[test]
fn a_hard_limit_on_locked_memory_is_no_other_result() {
    let folder = Folder::new();
    let page = "mmap(mmap-0x1000000, 0x1000000, PROT_NONE, \
                MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = mmap-0x1000000\n";
    let raised = "setrlimit(RLIMIT_MEMLOCK, 0x1000000, 0x1000000) = 0\n";
    folder.file("raises.mm", format!("{raised}{page}"));
    folder.file("keeps.mm", page);
    let Some(mut command) = as_user(mmdiff(&["run", "--quiet", &folder.join("")]), &folder) else {
        return;
    };
    limited(&mut command, libc::RLIMIT_MEMLOCK, 8 << 20);
    let done = Running::start(command).finish();
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(done.out.contains("raises.mm: skipped, its results are for higher limits"), "{done:?}");
    assert!(done.out.contains("keeps.mm: agree"), "{done:?}");
}
