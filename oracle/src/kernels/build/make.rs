//! Running `make` in a tree.

use super::fragment::{self, Config};
use super::{tree, REMEDY};
use crate::kernels::cache::Lock;
use crate::kernels::error::{KernelError, Tried};
use crate::kernels::{tool, Report};
use crate::sys;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

/// Where a build puts the image.
const IMAGE: &str = "arch/x86/boot/bzImage";
/// All that `make` said the last time.
const LOG: &str = ".mmdiff-log";
/// What the configuration was made of.
const FRAGMENT: &str = ".mmdiff-fragment";
/// Is there while `make` runs, and after it was killed.
const RUNNING: &str = ".mmdiff-running";

/// The most of what `make` said that an error repeats.
const LINES: usize = 20;

/// The programs and files that a build needs, in packages that are named like them.
const PROGRAMS: [&str; 8] = ["make", "gcc", "ld", "bc", "flex", "bison", "gzip", "tar"];
const HEADERS: [&str; 1] = ["gelf.h"];

/// Says what is missing before anything is done.
pub(super) fn check_tools(patches: bool) -> Result<(), KernelError> {
    let patch = patches.then_some("patch");
    for program in PROGRAMS.into_iter().chain(["xz"]).chain(patch) {
        let mut command = tool::command(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        tool::spawn(&mut command, REMEDY)?.wait().tried("run", program)?;
    }
    for header in HEADERS {
        let mut command = tool::command("gcc");
        command.args(["-E", "-include", header, "-x", "c", "/dev/null", "-o", "/dev/null"]);
        if tool::output(&mut command, REMEDY).is_err() {
            return Err(KernelError::Missing { program: header.to_owned(), remedy: REMEDY });
        }
    }
    Ok(())
}

/// A tree that a kernel is built in; nobody else builds there as long as `lock` or one
/// of the started processes lives.
pub(super) struct Make<'a> {
    pub(super) tree: &'a Path,
    pub(super) lock: &'a Lock,
    pub(super) config: Config,
    pub(super) jobs: usize,
    pub(super) report: &'a Report,
}

impl Make<'_> {
    fn command(&self) -> Command {
        let mut command = tool::command("make");
        command.current_dir(self.tree);
        command.arg(format!("LOCALVERSION=-{}", self.config.name()));
        for variable in
            ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARCH", "CROSS_COMPILE", "KBUILD_OUTPUT"]
        {
            command.env_remove(variable);
        }
        for variable in ["KBUILD_BUILD_USER", "KBUILD_BUILD_HOST"] {
            command.env(variable, "mmdiff");
        }
        // processes that outlive a killed make keep the tree locked
        let lock = self.lock.fd();
        // SAFETY: a plain system call on a descriptor that is open for the call
        unsafe { command.pre_exec(move || sys::inherit(lock)) };
        command
    }

    /// Configures the kernel, and makes sure that everything took effect.
    pub(super) fn configure(&self) -> Result<(), KernelError> {
        let asked = self.config.asked();
        let fragment = self.tree.join(FRAGMENT);
        fs::write(&fragment, fragment::assignments(&asked)).tried("write", &fragment)?;
        let mut command = self.command();
        command.arg(format!("KCONFIG_ALLCONFIG={FRAGMENT}")).arg("allnoconfig");
        self.run(command, "configuring")?;
        let path = self.tree.join(".config");
        let config = fs::read_to_string(&path).tried("read", path)?;
        let missed = fragment::missed(&asked, &config, || fragment::symbols(self.tree))?;
        if !missed.unknown.is_empty() {
            self.report.say(&format!("this source does not have {}", missed.unknown.join(", ")));
        }
        if !missed.lacking.is_empty() {
            return Err(KernelError::Lacking(missed.lacking.join(", ")));
        }
        match missed.refused.is_empty() {
            true => Ok(()),
            false => Err(KernelError::Options(missed.refused.join(", "))),
        }
    }

    /// Builds the image.
    pub(super) fn image(&self) -> Result<PathBuf, KernelError> {
        self.discard_half_written()?;
        let running = self.tree.join(RUNNING);
        fs::write(&running, "").tried("write", &running)?;
        let mut command = self.command();
        command.arg(format!("-j{}", self.jobs)).arg("bzImage");
        self.run(command, "building")?;
        Ok(self.tree.join(IMAGE))
    }

    /// The release of the kernel as it was built.
    pub(super) fn release(&self) -> Result<String, KernelError> {
        let path = self.tree.join("include/config/kernel.release");
        Ok(fs::read_to_string(&path).tried("read", path)?.trim().to_owned())
    }

    /// Objects that were written when `make` was killed may be half of themselves, and
    /// would be taken for new.
    fn discard_half_written(&self) -> Result<(), KernelError> {
        let running = self.tree.join(RUNNING);
        let Ok(since) = fs::metadata(&running).and_then(|metadata| metadata.modified()) else {
            return Ok(());
        };
        discard(self.tree, since)?;
        fs::remove_file(&running).tried("remove", running)
    }

    fn run(&self, mut command: Command, what: &str) -> Result<(), KernelError> {
        let log = self.tree.join(LOG);
        let file = File::create(&log).tried("write", &log)?;
        let mut copy = file.try_clone().tried("write", &log)?;
        command.stdout(Stdio::piped()).stderr(file);
        let mut child = tool::spawn(&mut command, REMEDY)?;
        let started = Instant::now();
        if let Some(stdout) = child.stdout.take() {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for (number, line) in lines.enumerate() {
                // what the log misses is in nobody's way
                let _ = writeln!(copy, "{line}");
                let seconds = started.elapsed().as_secs();
                self.report.step(&format!("{what}: {number} steps, {seconds} s: {}", line.trim()));
            }
        }
        self.report.done();
        let status = child.wait().tried("wait for", "make")?;
        if status.code().is_some() {
            // it ended by itself, and removed what was not complete
            tree::remove(&self.tree.join(RUNNING))?;
        }
        if status.success() {
            return Ok(());
        }
        let said = fs::read(&log).tried("read", &log)?;
        let said = String::from_utf8_lossy(&said);
        let told: Vec<_> = said.lines().filter(|line| !is_step(line)).collect();
        let last = &told[told.len().saturating_sub(LINES)..];
        let program = format!("make in {}", self.tree.display());
        Err(KernelError::Failed { program, message: last.join("\n") })
    }
}

/// A line that says what is done next, such as `  CC      mm/mmap.o`.
fn is_step(line: &str) -> bool {
    line.strip_prefix("  ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn discard(folder: &Path, since: SystemTime) -> Result<(), KernelError> {
    for entry in fs::read_dir(folder).tried("read", folder)? {
        let entry = entry.tried("read", folder)?;
        let (path, kind) = (entry.path(), entry.file_type().tried("read", folder)?);
        let is_object =
            path.extension().is_some_and(|extension| extension == "o" || extension == "a");
        if kind.is_dir() {
            discard(&path, since)?;
        } else if kind.is_file() && is_object {
            let time = entry.metadata().and_then(|metadata| metadata.modified());
            if time.tried("read", &path)? >= since {
                fs::remove_file(&path).tried("remove", path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_not_messages() {
        assert!(is_step("  CC      mm/mmap.o"));
        assert!(!is_step("mm/mmap.c:1:1: error: x"));
        assert!(!is_step("  include: y"));
    }

    #[test]
    fn only_new_objects_are_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("mm")).unwrap();
        let since = SystemTime::now() - std::time::Duration::from_secs(60);
        for (name, age) in [("mm/new.o", 0), ("mm/old.o", 3600), ("mm/new.c", 0)] {
            let file = File::create(path(name)).unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
        }
        discard(folder.path(), since).unwrap();
        assert!(!path("mm/new.o").exists());
        assert!(path("mm/old.o").exists() && path("mm/new.c").exists());
    }
}
