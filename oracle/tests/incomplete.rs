//! What is not run is no success, and says so; nothing here needs a guest.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const AGREES: &str = "munmap(0x10000, 0x1000) = 0\n";
/// As the model has it, no kernel does.
const OTHERWISE: &str = "munmap(0x10000, 0x1000) = -EINVAL\n";
/// The model knows nothing of shared memory.
const EARLY: &str = "munmap(0x10000, 0x1000)\n\
                     mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n\
                     munmap(0x10000, 0x1000)\n";
/// Not for any kernel.
const SKIPPED: &str = "requires: version<6.1\n\nmunmap(0x10000, 0x1000)\n";

struct Done {
    status: Option<i32>,
    out: String,
    err: String,
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            fs::write(folder.0.path().join(name), text).expect("a file");
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What a command comes to in this folder.
    fn mmdiff(&self, args: &[&str]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
        let Output { status, stdout, stderr } =
            command.args(args).current_dir(self.path()).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Done { status: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// `mmdiff run` on all of it; none where no subject can be run, which is said.
    fn run(&self, more: &[&str]) -> Option<Done> {
        let done = self.mmdiff(&[&["run", "--quiet", "."], more].concat());
        if done.err.contains("failed to start") {
            println!("skipped: no subject can be run here: {}", done.err);
            return None;
        }
        Some(done)
    }
}

#[test]
fn no_program_is_no_success() {
    let folder = Folder::with(&[("notes.txt", "nothing here\n")]);
    let image = env!("CARGO_BIN_EXE_mmdiff"); // any file is one, before it is booted
    for args in [
        &["run", "."][..],
        &["inject", "."],
        &["matrix", "--kernels", "6.12", "--corpus", "."],
        &["kernel", "boot", "--kernel", image, "--", "corpus", "."],
        &["kernel", "boot", "--kernel", image, "--", "run", "."],
    ] {
        let done = folder.mmdiff(args);
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{args:?}: {}", done.err);
        assert!(done.err.contains("there is no program (*.mm) in ."), "{args:?}: {}", done.err);
    }
    for limit in [["--time", "0s"], ["--programs", "0"]] {
        let done = folder.mmdiff(&[&["matrix", "--kernels", "6.12"], &limit[..]].concat());
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{}", done.err);
        assert!(done.err.contains("there is nothing to run"), "{}", done.err);
    }
}

#[test]
fn a_file_that_is_refused_stops_no_other() {
    let folder = Folder::with(&[
        ("a.mm", "munmap(\n"),
        ("b.mm", "munmap(0x400000, 0x1000)\n"),
        ("c.mm", AGREES),
        ("d.mm", SKIPPED),
    ]);
    fs::write(folder.path().join("e.mm"), [0xff, 0xfe]).expect("a file");
    let Some(done) = folder.run(&[]) else { return };
    assert_eq!(done.status, Some(2), "{}", done.err);
    assert!(done.out.contains("./a.mm: failed to parse: line 1, "), "{}", done.out);
    assert!(done.out.contains("./b.mm: line 1: `munmap("), "{}", done.out);
    assert!(done.out.contains("./c.mm: agree\n"), "{}", done.out);
    assert!(done.out.contains("./d.mm: skipped, requires "), "{}", done.out);
    assert!(done.out.contains("./e.mm: failed to read ./e.mm: "), "{}", done.out);
    let told = "mmdiff: 3 of 5 programs could not be run, or not to the end:\n";
    assert!(done.err.contains(told) && done.err.contains("\n  ./b.mm: line 1: "), "{}", done.err);

    fs::write(folder.path().join("f.mm"), OTHERWISE).expect("a file");
    let Some(done) = folder.run(&[]) else { return };
    assert_eq!(done.status, Some(1), "what differs is more: {}", done.err);
    assert!(done.err.contains("mmdiff: 3 of 6 programs could not be run"), "{}", done.err);
}

#[test]
fn a_program_that_ends_early_says_so() {
    let folder = Folder::with(&[("early.mm", EARLY)]);
    let Some(done) = folder.run(&[]) else { return };
    assert_eq!(done.status, Some(2), "{}", done.err);
    assert!(done.out.contains("./early.mm: agree, up to operation 1 of 3: "), "{}", done.out);
    assert!(done.err.contains("./early.mm: agree, up to operation 1 of 3: "), "{}", done.err);
    let Some(done) = folder.run(&["--format", "json"]) else { return };
    let value: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((done.status, &value[0]["verdict"]), (Some(2), &"failed".into()), "{}", done.out);
    assert!(value[0]["unpredictable"].is_string(), "{}", done.out);
}

#[test]
fn skipped_programs_alone_are_no_success() {
    let folder = Folder::with(&[("a.mm", SKIPPED), ("b.mm", SKIPPED)]);
    let Some(done) = folder.run(&[]) else { return };
    assert_eq!(done.status, Some(2), "{}", done.err);
    assert!(done.err.contains("no program was run: all are skipped"), "{}", done.err);
}
