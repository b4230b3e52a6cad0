//! A subject that the kernel kills because memory ran out.

use super::tool::*;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Enough for mmdiff, and less than what the program populates.
const LIMIT: u64 = 64 << 20;

/// A memory cgroup of its own, gone with the value.
struct Cgroup(PathBuf);

impl Cgroup {
    /// Where cgroups of either version have a memory controller.
    fn new() -> Result<Cgroup, String> {
        let versions = [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max", "memory.swap.max"),
        ];
        let (root, limit, swap) = versions
            .into_iter()
            .find(|(root, limit, _)| has_memory(Path::new(root), limit))
            .ok_or("there is no memory controller for new cgroups")?;
        let path = Path::new(root).join(format!("mmdiff-faults-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("no cgroup can be made: {e}"))?;
        let cgroup = Cgroup(path);
        let limited = fs::write(cgroup.0.join(limit), LIMIT.to_string());
        limited.map_err(|e| format!("no limit can be set: {e}"))?;
        // without swap accounting there is no such file, and mostly no swap
        let of_swap = if limit == "memory.max" { 0 } else { LIMIT };
        match fs::write(cgroup.0.join(swap), of_swap.to_string()) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(format!("no limit on swap: {e}")),
            _ => Ok(cgroup),
        }
    }

    /// The tool, inside.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        let script = "echo $$ > \"$0\" && exec \"$@\"";
        command.args(["-c", script]).arg(self.0.join("cgroup.procs"));
        command.arg(env!("CARGO_BIN_EXE_mmdiff")).args(args);
        command
    }

    fn processes(&self) -> String {
        fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Whether cgroups below this one have limits on memory.
fn has_memory(root: &Path, limit: &str) -> bool {
    let v2 = fs::read_to_string(root.join("cgroup.subtree_control"));
    match v2 {
        Ok(controllers) => controllers.split_ascii_whitespace().any(|c| c == "memory"),
        Err(_) => root.join(limit).exists(),
    }
}

/// The rest of the programs is run, and no difference is made of it.
#[test]
fn a_subject_out_of_memory() {
    if no_subject_here() {
        return;
    }
    let cgroup = match Cgroup::new() {
        Ok(cgroup) => cgroup,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = Folder::new();
    let large = folder.file(
        "large.mm",
        "mmap(mmap-0x10000000, 0xc000000, PROT_READ|PROT_WRITE, \
         MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
         madvise(mmap-0x10000000, 0xc000000, MADV_POPULATE_WRITE)\n\
         munmap(mmap-0x10000000, 0x1000)\n",
    );
    let child = folder.file(
        "of-a-child.mm",
        "mmap(mmap-0x10000000, 0xc000000, PROT_READ|PROT_WRITE, \
         MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n\
         fork()\n\
         p1: madvise(mmap-0x10000000, 0xc000000, MADV_POPULATE_WRITE)\n",
    );
    let small = folder.file("small.mm", "munmap(mmap-0x1000, 0x1000)\n");
    let done = run(cgroup.command(&["run", "--quiet", &large, &child, &small]));
    assert_eq!(done.status, Some(2), "{done:?}");
    let large = "large.mm: agree, up to operation 1 of 3: out of memory, ";
    assert!(done.out.contains(large), "{done:?}");
    assert!(done.out.contains("was killed by SIGKILL"), "{done:?}");
    let child = "of-a-child.mm: agree, up to operation 2 of 3: out of memory";
    assert!(done.out.contains(child), "{done:?}");
    assert!(done.err.contains("2 of 3 programs could not be run, or not to the end:"), "{done:?}");
    assert!(done.out.contains("small.mm: agree\n"), "{done:?}");
    let gone = || cgroup.processes().is_empty().then_some(());
    wait_for("the end of all processes", gone);
    let path = cgroup.0.clone();
    drop(cgroup);
    assert!(!path.exists(), "{} is left behind", path.display());
}
