//! Running the programs of others.

use super::error::KernelError;
use crate::sys;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Where helpers of apt are that are not for people.
const APT_HELPERS: &str = "/usr/lib/apt";

/// A program that speaks English, reads nothing, and ends when mmdiff does.
pub(super) fn command(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.push(APT_HELPERS.into());
    let mut command = Command::new(program);
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    command.env("LC_ALL", "C").stdin(Stdio::null());
    // SAFETY: a plain system call in a child that shares no lock
    unsafe { command.pre_exec(sys::die_with_parent) };
    command
}

/// Starts a program.
pub(super) fn spawn(command: &mut Command, remedy: &'static str) -> Result<Child, KernelError> {
    command.spawn().map_err(|error| failure(command, &error, remedy))
}

pub(super) fn failure(command: &Command, error: &io::Error, remedy: &'static str) -> KernelError {
    let program = command.get_program().to_string_lossy().into_owned();
    match error.kind() {
        io::ErrorKind::NotFound => KernelError::Missing { program, remedy },
        _ => KernelError::Failed { program, message: error.to_string() },
    }
}

/// Runs a program that must succeed, and what it prints.
pub(super) fn output(command: &mut Command, remedy: &'static str) -> Result<String, KernelError> {
    let output = command.output().map_err(|error| failure(command, &error, remedy))?;
    if !output.status.success() {
        let program = command.get_program().to_string_lossy().into_owned();
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(KernelError::Failed { program, message });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
