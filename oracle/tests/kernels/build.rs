//! `mmdiff kernel build`, of a source that is built in no time.

use super::machine::Machine;
use std::fs;
use std::path::PathBuf;

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

    /// `None`, and a line, where building kernels is not possible.
    fn build(&self, more: &[&str]) -> Option<(Option<i32>, String, String)> {
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

    let (_, out, _) = source.machine.run(&["kernel", "list"]);
    let lines: Vec<_> = out.lines().filter(|line| line.starts_with("7.2-plain")).collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(lines[0].ends_with("built             yes"), "{out}");
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
