//! The tree that a kernel is built in: the source with patches, and the objects of the
//! last build.
//!
//! Patches are never applied to it. What the patched files should hold is computed
//! aside, and then the tree is made to hold it: files that differ are replaced, so that
//! `make` sees what is new and nothing else. It does not matter what was there before,
//! an earlier patch or half of one.

use crate::kernels::error::{KernelError, Tried};
use crate::kernels::tool;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Contents of files that patches touch; `None` where they delete one.
pub(super) type Patched = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// A file of the source as it was when it was last looked at: time of its last change
/// in nanoseconds, and size.
type Stamp = (i128, u64);
type Manifest = BTreeMap<PathBuf, Stamp>;

const REMEDY: &str = "scripts/setup --kernel-build installs it";

/// What the source's files were when the tree was made to hold them.
const MANIFEST: &str = ".mmdiff-source";
/// The files of the tree that may not be the source's.
const PATCHED: &str = ".mmdiff-patched";

/// Whether files of the source may be shared, because nobody changes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    Linked,
    Copied,
}

/// What patches make of the source.
pub(super) fn apply(
    source: &Path,
    patches: &[PathBuf],
    scratch: &Path,
) -> Result<Patched, KernelError> {
    let mut paths = BTreeSet::new();
    for patch in patches {
        let text = fs::read(patch).tried("read", patch)?;
        let touched = touched(&String::from_utf8_lossy(&text));
        if touched.is_empty() {
            let package = patch.display().to_string();
            return Err(KernelError::Content { package, what: "patch" });
        }
        paths.extend(touched);
    }
    for path in &paths {
        if source.join(path).is_file() {
            replace(&scratch.join(path), &source.join(path))?;
        }
    }
    for patch in patches {
        let absolute = std::path::absolute(patch).tried("find", patch)?;
        let mut command = tool::command("patch");
        command.args(["-p1", "--batch", "--forward", "--no-backup-if-mismatch", "-i"]);
        let output = command
            .arg(absolute)
            .current_dir(scratch)
            .output()
            .map_err(|error| tool::failure(&command, &error, REMEDY))?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let program = format!("patch with {}", patch.display());
            return Err(KernelError::Failed { program, message });
        }
    }
    let contents = |path: PathBuf| {
        let patched = scratch.join(&path);
        let contents = match patched.is_file() {
            true => Some(fs::read(&patched).tried("read", patched)?),
            false => None,
        };
        Ok((path, contents))
    };
    paths.into_iter().map(contents).collect()
}

/// The files that a patch names, inside the tree.
fn touched(patch: &str) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for line in patch.lines() {
        let with_prefix = ["--- ", "+++ "].iter().find_map(|prefix| line.strip_prefix(prefix));
        let path = match with_prefix {
            Some(rest) => rest.split('\t').next().and_then(|rest| rest.split_once('/')),
            None => ["rename from ", "rename to ", "copy from ", "copy to "]
                .iter()
                .find_map(|prefix| line.strip_prefix(prefix))
                .map(|rest| ("", rest)),
        };
        let Some((first, path)) = path else { continue };
        let path = Path::new(path.trim_end());
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        // an absolute one is /dev/null, or nothing to touch
        if inside && (!first.is_empty() || with_prefix.is_none()) {
            paths.insert(path.to_owned());
        }
    }
    paths
}

/// Makes a tree hold the source with the patched files. An interrupted one is
/// completed by the next.
pub(super) fn sync(
    source: &Path,
    patched: &Patched,
    tree: &Path,
    sharing: Sharing,
) -> Result<(), KernelError> {
    fs::create_dir_all(tree).tried("make the folder", tree)?;
    let (manifest_file, patched_file) = (tree.join(MANIFEST), tree.join(PATCHED));
    let before = read_manifest(&manifest_file);
    let now = look(source)?;
    let mut strange: BTreeSet<PathBuf> =
        fs::read_to_string(&patched_file).unwrap_or_default().lines().map(PathBuf::from).collect();
    strange.extend(patched.keys().cloned());
    write_whole(&patched_file, &lines(&strange))?;

    for path in before.keys().filter(|path| !now.contains_key(*path)) {
        remove(&tree.join(path))?;
    }
    for (path, stamp) in &now {
        if patched.contains_key(path)
            || (before.get(path) == Some(stamp) && !strange.contains(path))
        {
            continue;
        }
        let (from, to) = (source.join(path), tree.join(path));
        if before.is_empty() && sharing == Sharing::Linked && !to.exists() {
            link(&from, &to)?;
        } else if !same(&from, &to)? {
            replace(&to, &from)?;
        }
    }
    for path in strange.iter().filter(|path| !now.contains_key(*path)) {
        if patched.get(path).is_none_or(Option::is_none) {
            remove(&tree.join(path))?;
        }
    }
    for (path, contents) in patched {
        let to = tree.join(path);
        match contents {
            None => remove(&to)?,
            Some(contents) if fs::read(&to).is_ok_and(|found| found == *contents) => {}
            Some(contents) => {
                remove(&to)?;
                make_folder_of(&to)?;
                fs::write(&to, contents).tried("write", &to)?;
                if let Ok(metadata) = fs::metadata(source.join(path)) {
                    fs::set_permissions(&to, metadata.permissions()).tried("write", &to)?;
                }
            }
        }
    }
    write_whole(&manifest_file, &write_manifest(&now))?;
    write_whole(&patched_file, &lines(&patched.keys().cloned().collect()))
}

fn lines(paths: &BTreeSet<PathBuf>) -> String {
    paths.iter().map(|path| format!("{}\n", path.display())).collect()
}

fn write_whole(path: &Path, text: &str) -> Result<(), KernelError> {
    let new = path.with_extension("new");
    fs::write(&new, text).tried("write", &new)?;
    fs::rename(&new, path).tried("rename", new)
}

fn make_folder_of(path: &Path) -> Result<(), KernelError> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).tried("make the folder", folder),
        None => Ok(()),
    }
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), KernelError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).tried("remove", path)
        }
        _ => Ok(()),
    }
}

/// Puts a new file in a file's place; whatever shares the old one keeps it.
fn replace(to: &Path, from: &Path) -> Result<(), KernelError> {
    remove(to)?;
    make_folder_of(to)?;
    if from.is_symlink() {
        let target = fs::read_link(from).tried("read", from)?;
        return std::os::unix::fs::symlink(target, to).tried("make the link", to);
    }
    fs::copy(from, to).tried("copy", from).map(drop)
}

fn link(from: &Path, to: &Path) -> Result<(), KernelError> {
    make_folder_of(to)?;
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        // a file system that has none
        Err(_) => replace(to, from),
    }
}

fn same(a: &Path, b: &Path) -> Result<bool, KernelError> {
    let Ok(there) = fs::symlink_metadata(b) else { return Ok(false) };
    let here = fs::symlink_metadata(a).tried("read", a)?;
    if here.file_type() != there.file_type() || here.len() != there.len() {
        return Ok(false);
    }
    if here.is_symlink() {
        return Ok(fs::read_link(a).tried("read", a)? == fs::read_link(b).tried("read", b)?);
    }
    if (here.dev(), here.ino()) == (there.dev(), there.ino()) {
        return Ok(true);
    }
    Ok(fs::read(a).tried("read", a)? == fs::read(b).tried("read", b)?)
}

/// All files of the source: what git knows of where it is a working tree, else all but
/// what building makes.
fn look(source: &Path) -> Result<Manifest, KernelError> {
    let mut paths = Vec::new();
    match known_to_git(source) {
        Some(known) => paths = known,
        None => walk(source, Path::new(""), &mut paths)?,
    }
    let stamped = paths.into_iter().filter_map(|path| {
        let metadata = fs::symlink_metadata(source.join(&path)).ok()?;
        let time = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        (!metadata.is_dir()).then_some((path, (time, metadata.len())))
    });
    Ok(stamped.collect())
}

fn known_to_git(source: &Path) -> Option<Vec<PathBuf>> {
    if !source.join(".git").exists() {
        return None;
    }
    let mut git: Command = tool::command("git");
    git.arg("-C").arg(source).args(["ls-files", "-z", "-co", "--exclude-standard"]);
    let text = tool::output(&mut git, REMEDY).ok()?;
    Some(text.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}

fn walk(source: &Path, below: &Path, paths: &mut Vec<PathBuf>) -> Result<(), KernelError> {
    let folder = source.join(below);
    for entry in fs::read_dir(&folder).tried("read", &folder)? {
        let entry = entry.tried("read", &folder)?;
        let path = below.join(entry.file_name());
        if is_made(&path) {
            continue;
        }
        if entry.file_type().tried("read", &folder)?.is_dir() {
            walk(source, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Whether a path of a kernel tree is made by building it.
fn is_made(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    matches!(&*text, ".config" | ".config.old" | ".git" | "include/config" | "Module.symvers")
        || text.ends_with("include/generated")
        || (name.starts_with('.') && (name.ends_with(".cmd") || name.ends_with(".d")))
        || [".o", ".a", ".ko", ".mod", ".order"].iter().any(|suffix| name.ends_with(suffix))
}

fn read_manifest(path: &Path) -> Manifest {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| {
        let mut fields = line.splitn(3, ' ');
        let (time, size) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((PathBuf::from(fields.next()?), (time, size)))
    };
    text.lines().filter_map(line).collect()
}

fn write_manifest(manifest: &Manifest) -> String {
    let mut text = String::new();
    for (path, (time, size)) in manifest {
        // writing to a string cannot fail
        let _ = writeln!(text, "{time} {size} {}", path.display());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folders {
        _all: tempfile::TempDir,
        source: PathBuf,
        tree: PathBuf,
        scratch: PathBuf,
    }

    fn folders() -> Folders {
        let all = tempfile::tempdir().unwrap();
        let [source, tree, scratch] =
            ["source", "tree", "scratch"].map(|name| all.path().join(name));
        fs::create_dir_all(source.join("mm")).unwrap();
        fs::create_dir_all(&scratch).unwrap();
        fs::write(source.join("mm/a.c"), "one\ntwo\nthree\n").unwrap();
        fs::write(source.join("mm/b.c"), "b\n").unwrap();
        Folders { _all: all, source, tree, scratch }
    }

    const PATCH: &str = "\
A patch that changes, adds and deletes.

diff --git a/mm/a.c b/mm/a.c
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@
 one
-two
+2
 three
diff --git a/mm/b.c b/mm/b.c
deleted file mode 100644
--- a/mm/b.c
+++ /dev/null
@@ -1 +0,0 @@
-b
diff --git a/mm/c.c b/mm/c.c
new file mode 100644
--- /dev/null
+++ b/mm/c.c
@@ -0,0 +1 @@
+c
";

    /// The patched files; `None`, and a line, where there is no `patch`.
    fn patched(folders: &Folders) -> Option<Patched> {
        let file = folders.scratch.with_extension("patch");
        fs::write(&file, PATCH).unwrap();
        match apply(&folders.source, &[file], &folders.scratch) {
            Err(KernelError::Missing { program, .. }) => {
                eprintln!("skipped: there is no {program}");
                None
            }
            patched => Some(patched.unwrap()),
        }
    }

    fn read(path: &Path) -> Option<String> {
        fs::read_to_string(path).ok()
    }

    fn state(folders: &Folders) -> [Option<String>; 3] {
        ["mm/a.c", "mm/b.c", "mm/c.c"].map(|name| read(&folders.tree.join(name)))
    }

    #[test]
    fn files_that_patches_touch() {
        let paths = touched(PATCH);
        let names: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["mm/a.c", "mm/b.c", "mm/c.c"]);
        assert!(touched("--- a/../../etc/passwd\n+++ b//etc/passwd\n").is_empty());
        assert_eq!(touched("rename from mm/x.c\nrename to mm/y.c\n").len(), 2);
    }

    #[test]
    fn patches_come_and_go_and_the_source_stays() {
        let folders = folders();
        let Some(patched) = patched(&folders) else { return };
        let original = [Some("one\ntwo\nthree\n".to_owned()), Some("b\n".to_owned()), None];
        for sharing in [Sharing::Linked, Sharing::Copied] {
            sync(&folders.source, &Patched::new(), &folders.tree, sharing).unwrap();
            assert_eq!(state(&folders), original);
            sync(&folders.source, &patched, &folders.tree, sharing).unwrap();
            let after = [Some("one\n2\nthree\n".to_owned()), None, Some("c\n".to_owned())];
            assert_eq!(state(&folders), after);
            assert_eq!(
                read(&folders.source.join("mm/a.c")),
                original[0],
                "the source is as it was"
            );
            assert_eq!(read(&folders.source.join("mm/b.c")), original[1]);
            sync(&folders.source, &Patched::new(), &folders.tree, sharing).unwrap();
            assert_eq!(state(&folders), original);
            fs::remove_dir_all(&folders.tree).unwrap();
        }
    }

    #[test]
    fn only_what_differs_is_new() {
        let folders = folders();
        let Some(patched) = patched(&folders) else { return };
        let time = |name: &str| fs::metadata(folders.tree.join(name)).unwrap().modified().unwrap();
        fs::write(folders.source.join("mm/d.c"), "d").unwrap();
        sync(&folders.source, &patched, &folders.tree, Sharing::Copied).unwrap();
        let (a, d) = (time("mm/a.c"), time("mm/d.c"));
        sync(&folders.source, &patched, &folders.tree, Sharing::Copied).unwrap();
        assert_eq!((time("mm/a.c"), time("mm/d.c")), (a, d));
        fs::write(folders.source.join("mm/d.c"), "D").unwrap();
        sync(&folders.source, &Patched::new(), &folders.tree, Sharing::Copied).unwrap();
        assert!(time("mm/a.c") > a && time("mm/d.c") > d);
        assert_eq!(read(&folders.tree.join("mm/d.c")).unwrap(), "D");
    }

    #[test]
    fn what_was_interrupted_is_completed() {
        let folders = folders();
        let Some(patched) = patched(&folders) else { return };
        sync(&folders.source, &Patched::new(), &folders.tree, Sharing::Linked).unwrap();
        // as if killed after the first of the files: they are noted before any is touched
        fs::write(folders.tree.join(PATCHED), lines(&patched.keys().cloned().collect())).unwrap();
        fs::remove_file(folders.tree.join("mm/a.c")).unwrap();
        fs::write(folders.tree.join("mm/a.c"), "half").unwrap();
        sync(&folders.source, &Patched::new(), &folders.tree, Sharing::Linked).unwrap();
        assert_eq!(state(&folders)[0].as_deref(), Some("one\ntwo\nthree\n"));
    }

    #[test]
    fn a_patch_that_does_not_fit_is_an_error() {
        let folders = folders();
        fs::write(folders.source.join("mm/a.c"), "something else\n").unwrap();
        let file = folders.scratch.with_extension("patch");
        fs::write(&file, PATCH).unwrap();
        let error = apply(&folders.source, std::slice::from_ref(&file), &folders.scratch)
            .unwrap_err()
            .to_string();
        assert!(error.contains("scratch.patch") || error.contains("missing"), "{error}");
        fs::write(&file, "no patch at all\n").unwrap();
        assert!(apply(&folders.source, &[file], &folders.scratch).is_err());
    }

    #[test]
    fn what_building_makes_is_not_source() {
        for made in [
            "mm/mmap.o",
            "mm/.mmap.o.cmd",
            ".config",
            "include/generated",
            "arch/x86/include/generated",
        ] {
            assert!(is_made(Path::new(made)), "{made}");
        }
        for source in ["mm/mmap.c", "Kconfig", "scripts/mod", ".clang-format"] {
            assert!(!is_made(Path::new(source)), "{source}");
        }
    }
}
