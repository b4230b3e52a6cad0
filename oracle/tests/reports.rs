//! From a difference to a report, as the command line does it; nothing here needs a guest.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What `mmdiff` comes to.
fn mmdiff(args: &[&str]) -> (Option<i32>, String, String) {
    said(Command::new(env!("CARGO_BIN_EXE_mmdiff")).args(args))
}

fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = PathBuf::from(self.file(name, text));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        path
    }
}

const MAP: &str = "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";

#[test]
fn predict_holds_the_file_against_its_own_results() {
    let folder = Folder::new();
    let right = format!("{MAP} = mmap-0x1000\nmunmap(mmap-0x1000, 0x1000) = 0\n");
    let (status, out, _) =
        mmdiff(&["predict", "--kernel", "6.12", &folder.file("right.mm", &right)]);
    assert_eq!(status, Some(0), "{out}");
    let wrong = format!("{MAP} = mmap-0x2000\nmunmap(mmap-0x1000, 0x1000) = -EINVAL\n");
    let file = folder.file("wrong.mm", &wrong);
    let (status, out, _) = mmdiff(&["predict", "--kernel", "6.12", &file]);
    assert_eq!(status, Some(1), "{out}");
    let told = "wrong.mm: the file expects other results\n  \
                line 1: the file expects mmap-0x2000, the model mmap-0x1000\n  \
                line 2: the file expects -EINVAL, the model 0\n";
    assert!(out.ends_with(told), "{out}");
    let (status, out, _) = mmdiff(&["predict", "--kernel", "6.12", "--format", "json", &file]);
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((status, value["unexpected"].as_array().map(Vec::len)), (Some(1), Some(2)));
    let (status, ..) = mmdiff(&["predict", "--kernel", "6.12", "--write", &file]);
    assert_eq!(status, Some(0), "written is not compared");
    assert_eq!(fs::read_to_string(&file).expect("the file"), right);
}

#[test]
fn predict_is_for_the_kernel_that_is_named() {
    let folder = Folder::new();
    let file = folder.file("seal.mm", &format!("{MAP}\nmseal(mmap-0x1000, 0x1000, 0)\n"));
    let result = |kernel| {
        let (status, out, err) = mmdiff(&["predict", "--kernel", kernel, &file]);
        assert_eq!(status, Some(0), "{err}");
        let line = out.lines().find(|line| line.starts_with("mseal(")).expect("the line");
        line.split(" = ").nth(1).unwrap_or_default().to_owned()
    };
    assert!(result("6.1").starts_with("-ENOSYS"));
    assert_eq!(result("6.12"), "0");
    let (status, _, err) = mmdiff(&["predict", "--kernel", "6.2", &file]);
    assert_eq!(status, Some(2));
    assert!(err.contains("there is no kernel \"6.2\", but 6.1, "), "{err}");
}

#[test]
fn predict_says_what_it_can_before_what_it_cannot() {
    let folder = Folder::new();
    let shared = "mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)";
    let file = folder.file("shared.mm", &format!("{MAP}\n{shared}\nmunlockall()\n"));
    let (status, out, err) = mmdiff(&["predict", "--kernel", "6.12", &file]);
    assert_eq!(status, Some(2), "{out}");
    assert!(out.starts_with(&format!("{MAP} = mmap-0x1000\n\nprocess 0, maps:\n")), "{out}");
    assert!(err.contains("shared.mm: line 2: cannot predict: "), "{err}");
    assert!(!out.contains("munlockall"), "{out}");
    // each entry of smaps ends its last line
    let flags: Vec<_> = out.lines().filter(|line| line.contains("VmFlags:")).collect();
    assert!(flags.len() >= 2, "{out}");
    for line in flags {
        assert!(line.starts_with("VmFlags: ") && !line.contains('-'), "{line:?}");
    }
    let before = fs::read_to_string(&file).expect("the file");
    let (status, ..) = mmdiff(&["predict", "--kernel", "6.12", "--write", &file]);
    assert_eq!((status, fs::read_to_string(&file).expect("the file")), (Some(2), before));
}

#[test]
fn there_is_no_c_program_where_both_agree() {
    let folder = Folder::new();
    let file = folder.file("agrees.mm", "munmap(0x10000, 0x1000)\n");
    let (status, out, err) = mmdiff(&["c", &file]);
    if err.contains("failed to start") {
        return println!("skipped: no subject can be run here: {err}");
    }
    assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("agrees.mm: model and kernel agree, so there is no difference"), "{err}");
}

#[test]
fn a_known_difference_is_made_small() {
    let folder = Folder::new();
    let bug =
        "mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";
    let file = folder.file("bug.mm", &format!("{MAP}\nmunlockall()\n{bug}\n"));
    let (status, out, err) = mmdiff(&["shrink", &file]);
    if status == Some(2) {
        return println!("skipped: no subject can be run here: {err}");
    }
    if status == Some(0) {
        return println!("skipped: this kernel has no such bug");
    }
    assert!(err.contains("bug.mm: a known difference: fixed-address-read-as-error"), "{err}");
    let operations: Vec<_> = out.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(operations.len(), 1, "{out}");
    assert!(operations[0].ends_with(" = -ENOMEM"), "{out}");
}

#[test]
fn a_file_for_another_kernel_is_told_from_a_difference() {
    let folder = Folder::new();
    let file = folder.file("other.mm", "munmap(0x10000, 0x1000) = -EINVAL\n");
    let (status, out, err) = mmdiff(&["run", "--format", "json", &file]);
    if status == Some(2) {
        return println!("skipped: no subject can be run here: {err}");
    }
    assert_eq!(status, Some(1), "{out}");
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value[0]["verdict"], "otherwise", "{out}");
    assert_eq!(value[0]["unexpected"][0], "line 1: the file expects -EINVAL, the model 0");
    assert!(value[0]["signature"].is_null(), "{out}");
}

#[test]
fn what_cannot_be_compiled_is_not_booted() {
    let folder = Folder::new();
    let none = folder.0.path().display().to_string();
    let (status, _, err) = mmdiff(&["reproduce", &none, "--kernel", "6.12"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("failed to read") && err.contains("repro.c"), "{err}");
    let source = folder.file("repro.c", "int main(void) { return nothing; }\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
    command.args(["reproduce", &source, "--kernel", "6.12"]).env("PATH", &none);
    let (status, _, err) = said(&mut command);
    assert_eq!(status, Some(2));
    assert!(err.contains("there is no cc, which compiles"), "{err}");
    if Command::new("cc").arg("--version").output().is_err() {
        return println!("skipped in part: there is no cc");
    }
    let (status, _, err) = mmdiff(&["reproduce", &none, "--kernel", "6.12"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("cc failed to compile") && err.contains("nothing"), "{err}");
}

/// What `scripts/bisect-run` answers where building and the reproducer end so.
fn bisect(build: i32, reproduce: i32, args: &[&str]) -> Option<i32> {
    let folder = Folder::new();
    let fake = format!(
        "#!/bin/sh\necho \"$@\"\ncase $1 in\nkernel) exit {build} ;;\n\
         reproduce) exit {reproduce} ;;\nesac\nexit 99\n"
    );
    let fake = folder.script("mmdiff", &fake);
    let source = folder.file("repro.c", "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/bisect-run");
    let mut command = Command::new(script);
    command.args(args).arg(&source).env("MMDIFF", fake);
    let (status, out, err) = said(&mut command);
    let asked = format!(
        "kernel build --source . --config plain --name bisect\nreproduce {source} --kernel bisect\n"
    );
    assert!(asked.starts_with(&out) && (build != 0 || asked == out), "{out}{err}");
    status
}

#[test]
fn a_bisection_skips_what_says_nothing() {
    assert_eq!(bisect(0, 1, &[]), Some(1), "the difference shows");
    assert_eq!(bisect(0, 0, &[]), Some(0), "it does not");
    assert_eq!(bisect(0, 2, &[]), Some(125), "neither, or it does not boot");
    assert_eq!(bisect(2, 0, &[]), Some(125), "it does not build");
    assert_eq!(bisect(0, 1, &["--mended"]), Some(0));
    assert_eq!(bisect(0, 0, &["--mended"]), Some(1));
    assert_eq!(bisect(0, 2, &["--mended"]), Some(125));
}
