//! `mmdiff kernel list` and `fetch`, on machines whose apt does as it is told.

mod build;
mod machine;

use machine::Machine;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const IMAGE: &str = "cache/mmdiff/kernels/images/6.1/6.1.10-1/vmlinuz";

#[test]
fn list_says_what_there_is_and_what_was_left_out() {
    let machine = Machine::new();
    let (status, out, err) = machine.run(&["kernel", "list"]);
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(
        out,
        "name  version           package                                  suite             cached\n\
         6.1   6.1.10-1          linux-image-6.1.0-10-cloud-amd64         trixie            no\n\
         6.12  6.12.3-1~bpo13+1  linux-image-6.12.3-cloud-amd64-unsigned  trixie-backports  no\n"
    );
    let expired =
        "unstable: left out: its Release file has been expired since 3d (--accept-expired uses it)";
    assert!(err.contains(expired), "{err}");
    assert!(err.contains("used: http://mirror.test/debian: trixie, trixie-backports"), "{err}");
    assert!(!machine.path("hook").exists(), "what the machine runs after updates is its own");
    let config = fs::read_to_string(machine.path("cache/mmdiff/kernels/apt/apt.conf")).unwrap();
    assert!(config.contains("proxy.test"), "{config}");

    // the second time nobody is asked
    let updates = machine.count("update");
    let (_, out, _) = machine.run(&["kernel", "list", "--format", "json"]);
    assert_eq!(machine.count("update"), updates);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["kernels"][0]["release"], "6.1.0-10-cloud-amd64");
    assert_eq!(json["kernels"][1]["cached"], false);
    machine.run(&["kernel", "list", "--refresh"]);
    assert!(machine.count("update") > updates);
}

#[test]
fn fetched_once() {
    let machine = Machine::new();
    let (status, out, err) = machine.run(&["kernel", "fetch", "6.1", "6.12"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(out.contains("6.1  6.1.0-10-cloud-amd64  "), "{out}");
    assert_eq!(fs::read_to_string(machine.path(IMAGE)).unwrap(), "image 6.1.10-1");
    let cached = machine.cached("images").len();
    assert_eq!(cached, 7, "two images, configurations and records; one module");
    assert_eq!(machine.cached("downloads").len(), 0, "the packages are not kept");
    assert_eq!(machine.count("download"), 2);
    machine.run(&["kernel", "fetch"]);
    assert_eq!(machine.count("download"), 2);
    let (_, out, _) = machine.run(&["kernel", "list"]);
    assert!(out.lines().nth(1).unwrap().ends_with("yes"), "{out}");
}

/// Takes a field out of a JSON file.
fn forget(path: &Path, field: &str) {
    let text = fs::read_to_string(path).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(value.as_object_mut().unwrap().remove(field).is_some(), "{text}");
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn what_was_fetched_without_its_module_is_fetched_anew() {
    let machine = Machine::new();
    machine.run(&["kernel", "fetch", "6.1"]);
    let folder = machine.path(IMAGE).parent().unwrap().to_owned();
    assert_eq!(fs::read_to_string(folder.join("brd")).unwrap(), "module 6.1.10-1");
    // as an mmdiff left it that did not look for modules
    fs::remove_file(folder.join("brd")).unwrap();
    forget(&folder.join("kernel.json"), "module");
    forget(&machine.path("cache/mmdiff/kernels/index.json"), "prefixes");
    let asked = machine.count("update");
    assert_eq!(machine.run(&["kernel", "fetch", "6.1"]).0, Some(0));
    assert!(machine.count("update") > asked, "the list of packages lacked those with modules");
    assert_eq!(fs::read_to_string(folder.join("brd")).unwrap(), "module 6.1.10-1");
    assert_eq!(machine.count("download"), 2);
}

#[test]
fn a_broken_image_is_fetched_anew() {
    let machine = Machine::new();
    machine.run(&["kernel", "fetch", "6.1"]);
    fs::write(machine.path(IMAGE), "image 6.1.10-0").unwrap();
    assert_eq!(machine.run(&["kernel", "fetch", "6.1"]).0, Some(0));
    assert_eq!(fs::read_to_string(machine.path(IMAGE)).unwrap(), "image 6.1.10-1");
    assert_eq!(machine.count("download"), 2);
}

#[test]
fn the_next_run_completes_what_was_killed() {
    let machine = Machine::new();
    machine.file("stall", "");
    let mut child = machine
        .mmdiff(&["kernel", "fetch", "6.1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !machine.path("stalled").exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(machine.cached("images").len(), 0);
    assert_eq!(machine.cached("downloads").len(), 1, "what has come is kept");
    fs::remove_file(machine.path("stall")).unwrap();

    let (status, _, err) = machine.run(&["kernel", "fetch", "6.1"]);
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(machine.count("resumed"), 1);
    assert_eq!(machine.cached("images").len(), 4);
    assert_eq!(machine.cached("downloads").len() + machine.cached("unfinished").len(), 0);
}

#[test]
fn two_at_once_fetch_once() {
    let machine = Machine::new();
    let start = || machine.mmdiff(&["kernel", "fetch", "6.1"]).output();
    thread::scope(|scope| {
        let both = [scope.spawn(start), scope.spawn(start)];
        for one in both {
            assert!(one.join().unwrap().unwrap().status.success());
        }
    });
    assert_eq!(machine.count("download"), 1);
}

#[test]
fn a_package_with_another_checksum_is_refused() {
    let machine = Machine::new();
    machine.file("pool/linux-image-6.1.0-10-cloud-amd64", "something else");
    let (status, _, err) = machine.run(&["kernel", "fetch", "6.1"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("checksum"), "{err}");
    assert_eq!(machine.cached("images").len(), 0);
}

#[test]
fn what_is_gone_is_asked_for_again() {
    let machine = Machine::new();
    machine.run(&["kernel", "list"]);
    let list = fs::read_to_string(machine.path("suites/trixie/Packages")).unwrap();
    let (older, _) = list.split_once("\n\n").unwrap();
    machine.file("suites/trixie/Packages", older);
    fs::remove_file(machine.path("pool/linux-image-6.1.0-10-cloud-amd64")).unwrap();
    let (status, out, err) = machine.run(&["kernel", "fetch", "6.1"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("6.1  6.1.0-9-cloud-amd64"), "{out}");
}

#[test]
fn without_network_there_is_what_is_cached() {
    let machine = Machine::new();
    machine.run(&["kernel", "fetch", "6.12"]);
    machine.file("offline", "");
    let (status, out, err) = machine.run(&["kernel", "list", "--refresh"]);
    assert_eq!(status, Some(0));
    assert!(err.contains("only what is cached is listed"), "{err}");
    assert!(out.lines().nth(1).unwrap().starts_with("6.12 "), "{out}");
    assert_eq!(out.lines().count(), 2);

    let other = Machine::new();
    other.file("offline", "");
    let (status, _, err) = other.run(&["kernel", "list"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("no suite of Debian can be used"), "{err}");
}

#[test]
fn machines_without_debians_archive() {
    let machine = Machine::new();
    machine.file("sources.list", "deb http://mirror.test/other stable universe\n");
    let (status, _, err) = machine.run(&["kernel", "fetch", "6.1"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("http://mirror.test/other") && err.contains("--kernel PATH"), "{err}");

    let empty = machine.path("sources.list.d");
    let output = Command::new(env!("CARGO_BIN_EXE_mmdiff"))
        .args(["kernel", "list"])
        .env("PATH", &empty)
        .env("XDG_CACHE_HOME", machine.path("other-cache"))
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("apt-config is missing") && err.contains("--kernel PATH"), "{err}");
}

#[test]
fn unknown_and_missing_kernels() {
    let machine = Machine::new();
    let (status, _, err) = machine.run(&["kernel", "fetch", "5.10"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("no kernel called 5.10"), "{err}");
    let (status, _, err) = machine.run(&["kernel", "fetch", "7.3"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("no suite has a kernel 7.3") && err.contains("--accept-expired"), "{err}");
}
