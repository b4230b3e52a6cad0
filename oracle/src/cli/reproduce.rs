//! `mmdiff reproduce`

use super::{boot, matrix, Outcome};
use crate::guest::{Ended, Plan, Request};
use anyhow::{bail, Context, Result};
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Debug, Args)]
pub(super) struct ReproduceArgs {
    /// The folder of a finding, or a C program
    finding: PathBuf,
    /// The kernel, by short name (6.12), by the name it was built under, or by the path of its image
    #[arg(long, value_name = "NAME")]
    kernel: String,
}

pub(super) fn reproduce(args: ReproduceArgs) -> Result<Outcome> {
    let source = match args.finding.is_dir() {
        true => args.finding.join("repro.c"),
        false => args.finding,
    };
    let folder = Scratch::new()?;
    let reproducer = folder.0.join("reproducer");
    compile(&source, &reproducer)?;
    let plan = Plan { reproducer: Some(reproducer), ..Plan::new(matrix::find(&args.kernel)?) };
    boot::in_guest(&plan, Request::Reproduce, boot::Show::plain())
}

/// A folder for what is compiled, gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch> {
        let path = std::env::temp_dir().join(format!("mmdiff-reproduce-{}", std::process::id()));
        std::fs::create_dir(&path)
            .with_context(|| format!("failed to make the folder {}", path.display()))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // what is left is in the folder for such things
    }
}

/// Compiles a C program that needs no library where it runs.
fn compile(source: &Path, to: &Path) -> Result<()> {
    std::fs::metadata(source).with_context(|| format!("failed to read {}", source.display()))?;
    let mut cc = Command::new("cc");
    cc.args(["-static", "-O1", "-Wall", "-o"]).arg(to).arg(source);
    let output = match cc.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no cc, which compiles {}: install a C compiler", source.display())
        }
        output => output.context("failed to start cc")?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cc failed to compile {}:\n{}", source.display(), said.trim_end());
    }
    Ok(())
}

/// What a reproducer's end means, as it says itself in its first lines.
pub(super) fn meaning(end: Ended) -> Result<Outcome> {
    match end {
        Ended::Status(0) => Ok(Outcome::Agree),
        Ended::Status(1) => Ok(Outcome::Diverged),
        Ended::Status(status) => bail!("it could not be tried: the reproducer answers {status}"),
        Ended::Signal(signal) => bail!("it could not be tried: signal {signal}"),
        Ended::NotInTime => bail!("it could not be tried: the reproducer does not end"),
    }
}
