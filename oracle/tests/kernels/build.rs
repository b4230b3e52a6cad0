//! `mmdiff kernel build`, of a source that is built in no time.

use super::machine::Machine;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

/// What a kernel's `Makefile` does, in small.
const MAKEFILE: &str = "\
VERSION = 7
PATCHLEVEL = 2
allnoconfig:
\tgrep -v CONFIG_KSM $(KCONFIG_ALLCONFIG) > .config
\tmkdir -p include/config
\techo 7.2.0$(LOCALVERSION) > include/config/kernel.release
bzImage: arch/x86/boot/bzImage
arch/x86/boot/bzImage: mm/a.o
\tmkdir -p arch/x86/boot
\tcp mm/a.o arch/x86/boot/bzImage
mm/a.o: mm/a.c
\techo mm/a.c >> compiled
\t! grep -n wrong mm/a.c
\tcp mm/a.c mm/a.o
.PHONY: allnoconfig bzImage
";

const PATCH: &str = "\
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@
 one
-two
+2
 three
";

struct Source {
    machine: Machine,
    folder: String,
}

impl Source {
    fn new() -> Source {
        let machine = Machine::new();
        machine.file("source/Makefile", MAKEFILE);
        machine.file("source/Kconfig", "config MMU\n\tbool\n");
        machine.file("source/mm/a.c", "one\ntwo\nthree\n");
        machine.file("fix it.patch", PATCH);
        let folder = machine.path("source").display().to_string();
        Source { machine, folder }
    }

    /// `None`, and a line, where building kernels is not possible. What is built is no
    /// kernel, and is not booted.
    fn build(&self, more: &[&str]) -> Option<(Option<i32>, String, String)> {
        self.build_and_boot(&[&["--no-boot"], more].concat())
    }

    fn build_and_boot(&self, more: &[&str]) -> Option<(Option<i32>, String, String)> {
        let result =
            self.machine.run(&[&["kernel", "build", "--source", &self.folder], more].concat());
        if result.2.contains("scripts/setup --kernel-build") {
            eprintln!("skipped: {}", result.2);
            return None;
        }
        Some(result)
    }

    /// The contents of the image that a build has told of.
    fn image(&self, out: &str) -> String {
        let path = out.trim().splitn(3, "  ").nth(2).expect("a path");
        fs::read_to_string(path).expect("an image")
    }

    /// How often something was compiled.
    fn compiled(&self) -> usize {
        let trees = self.machine.path("cache/mmdiff/kernels/trees");
        let tree: PathBuf = fs::read_dir(trees)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.is_dir())
            .expect("a tree");
        fs::read_to_string(tree.join("compiled")).unwrap().lines().count()
    }
}

#[test]
fn patches_come_and_go() {
    let source = Source::new();
    let Some((status, out, err)) = source.build(&[]) else { return };
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("7.2-plain  7.2.0-plain  "), "{out}");
    assert_eq!(source.image(&out), "one\ntwo\nthree\n");
    assert!(err.contains("this source does not have CONFIG_KSM=y"), "{err}");

    source.build(&[]);
    assert_eq!(source.compiled(), 1, "nothing was to be done");
    let patch = source.machine.path("fix it.patch").display().to_string();
    let (status, out, err) = source.build(&["--patch", &patch]).unwrap();
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("7.2-plain+fix-it  "), "{out}");
    assert_eq!(source.image(&out), "one\n2\nthree\n");
    let (_, out, _) = source.build(&[]).unwrap();
    assert_eq!(source.image(&out), "one\ntwo\nthree\n");
    assert_eq!(source.compiled(), 3);

    // the folder is as it was
    let names = |name| {
        let folder = fs::read_dir(source.machine.path(name)).unwrap();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("source"), ["Kconfig", "Makefile", "mm"]);
    assert_eq!(names("source/mm"), ["a.c"]);

    let (_, out, _) = source.machine.run(&["kernel", "list", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let kernels = listed["kernels"].as_array().expect("kernels");
    let built: Vec<_> = kernels.iter().filter(|kernel| kernel["suite"] == "built").collect();
    let names: Vec<_> = built.iter().map(|kernel| kernel["name"].as_str()).collect();
    assert_eq!(names, [Some("7.2-plain"), Some("7.2-plain+fix-it")], "{out}");
    assert!(built.iter().all(|kernel| kernel["cached"] == true), "{out}");
}

#[test]
fn changes_in_the_folder_are_built() {
    let source = Source::new();
    if source.build(&["--config", "debug", "--name", "mine"]).is_none() {
        return;
    }
    source.machine.file("source/mm/a.c", "four\n");
    let (_, out, err) = source.build(&["--config", "debug", "--name", "mine"]).unwrap();
    assert!(out.starts_with("mine  7.2.0-debug  "), "{out}{err}");
    assert_eq!(source.image(&out), "four\n");
}

#[test]
fn what_cannot_be_built_is_explained() {
    let source = Source::new();
    source.machine.file("source/mm/a.c", "wrong\n");
    let Some((status, _, err)) = source.build(&[]) else { return };
    assert_eq!(status, Some(2));
    assert!(err.contains("1:wrong"), "what make said: {err}");
    let patch = source.machine.path("fix it.patch").display().to_string();
    let (status, _, err) = source.build(&["--patch", &patch]).unwrap();
    assert_eq!(status, Some(2));
    assert!(err.contains("fix it.patch"), "{err}");

    source.machine.file("source/mm/a.c", "right\n");
    source.machine.file("source/Kconfig", "config MMU\n\tbool\nconfig KSM\n\tbool\n");
    let (status, _, err) = source.build(&[]).unwrap();
    assert_eq!(status, Some(2));
    assert!(err.contains("no effect in this source: CONFIG_KSM=y"), "{err}");

    let (status, _, err) = source.machine.run(&["kernel", "build", "--source", "/nowhere"]);
    assert_eq!(status, Some(2), "{err}");
}

#[test]
fn what_mmdiff_depends_on_has_to_be_there() {
    let source = Source::new();
    let makefile = MAKEFILE.replace("-v CONFIG_KSM", "-v -e CONFIG_KSM -e CONFIG_PROC_SYSCTL");
    source.machine.file("source/Makefile", &makefile);
    source.machine.file("source/Kconfig", "config MMU\n\tbool\nconfig SYSCTL\n\tbool\n");
    let Some((status, _, err)) = source.build(&[]) else { return };
    assert_eq!(status, Some(0), "it has another name in this source: {err}");
    source.machine.file("source/Kconfig", "config MMU\n\tbool\n");
    let (status, _, err) = source.build(&[]).unwrap();
    assert_eq!(status, Some(2));
    let lacks = "does not know: CONFIG_PROC_SYSCTL=y or CONFIG_SYSCTL=y";
    assert!(err.contains(lacks), "{err}");
    assert!(err.contains("this source does not have CONFIG_KSM=y"), "only mentioned: {err}");
}

#[test]
fn what_does_not_boot_is_not_kept() {
    let source = Source::new();
    let Some((status, _, err)) = source.build_and_boot(&[]) else { return };
    if err.contains("7.2-plain: not booted: ") {
        println!("skipped: {err}");
        return;
    }
    assert_eq!(status, Some(2));
    assert!(err.contains("7.2-plain was built, but does not boot: the guest ended"), "{err}");
    assert!(source.machine.cached("built").is_empty());
}

#[test]
fn a_build_without_qemu_says_that_it_was_not_tried() {
    let source = Source::new();
    let programs = source.machine.path("bin");
    fs::create_dir(&programs).expect("a folder");
    for entry in fs::read_dir("/usr/bin").expect("programs").map_while(Result::ok) {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("qemu") {
            symlink(entry.path(), programs.join(name)).expect("a link");
        }
    }
    let mut command =
        source.machine.mmdiff(&["kernel", "build", "--source", &source.folder, "--name", "new"]);
    let output = command.env("PATH", &programs).output().expect("mmdiff can be run");
    let err = String::from_utf8_lossy(&output.stderr);
    if err.contains("scripts/setup --kernel-build") {
        println!("skipped: {err}");
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(err.contains("new: not booted: there is no qemu-system-x86_64"), "{err}");
    assert!(!source.machine.cached("built").is_empty());
}

/// Takes minutes for each series, so it has to be asked for: with the name of a series, or
/// `all`.
#[test]
fn sources_of_debian_make_kernels_that_boot() {
    let Ok(series) = std::env::var("MMDIFF_BUILD_KERNELS") else {
        println!(
            "skipped: MMDIFF_BUILD_KERNELS=all builds and boots a kernel of each series of \
             which Debian has the source"
        );
        return;
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
    let output = command.args(["kernel", "build", "--source", &series]).output().expect("run");
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(!out.is_empty());
    for line in out.lines() {
        let name = line.split_whitespace().next().expect("a name");
        assert!(err.contains(&format!("{name}: booted Linux ")), "{name}: {err}");
    }
}
