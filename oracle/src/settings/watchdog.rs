//! What restores settings when mmdiff is killed: a process of its own, which waits for the
//! other end of a pipe to go away.

use super::place::Place;
use crate::sys;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The hidden command that the process is started with.
pub const COMMAND: &str = "settings-watchdog";

/// The process, as long as this exists.
#[derive(Debug)]
pub struct Watchdog(Child);

impl Watchdog {
    /// Starts it, to write these values into these files in the end, and to hold the lock
    /// until that is done.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn start<'a>(
        executable: &Path,
        lock: File,
        values: impl Iterator<Item = (&'a str, u64)>,
    ) -> io::Result<Watchdog> {
        let mut command = Command::new(executable);
        command.arg(COMMAND).args(values.map(|(path, value)| format!("{path}={value}")));
        // a group of its own: what the terminal tells mmdiff is not for this one
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(lock);
        command.spawn().map(Watchdog)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // it may be gone already
        let _ = self.0.wait();
    }
}

/// The right to change settings, which one process has at a time; it ends when nobody has
/// the file open any more.
///
/// # Errors
/// When the system has no such thing.
pub fn take_turn() -> io::Result<File> {
    let file = File::open(Place::MaxMapCount.path())?;
    if !sys::lock(file.as_fd(), false)? {
        eprintln!("mmdiff: waiting for another one that changes settings of this system");
        sys::lock(file.as_fd(), true)?;
    }
    Ok(file)
}

/// Waits until nobody writes to `lifeline` any more, and restores `path=value`.
///
/// # Errors
/// The first of those that could not be written; all others are.
pub fn watch(mut lifeline: impl Read, values: &[String]) -> io::Result<()> {
    let mut nothing = [0; 16];
    while lifeline.read(&mut nothing).is_ok_and(|length| length > 0) {}
    let restore = |assignment: &String| {
        let (path, value) = assignment.rsplit_once('=').ok_or(io::ErrorKind::InvalidInput)?;
        let is = std::fs::read_to_string(path)?;
        match is.trim() == value {
            true => Ok(()),
            false => std::fs::write(path, format!("{value}\n")),
        }
    };
    values.iter().map(restore).fold(Ok(()), Result::and)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restores_what_it_can_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (file, none) = (folder.path().join("a"), folder.path().join("none"));
        std::fs::write(&file, "5\n").unwrap();
        let say = |path: &Path, value| format!("{}={value}", path.display());
        let values = [say(&none, 1), say(&file, 7)];
        let (reader, writer) = io::pipe().unwrap();
        let watching = std::thread::spawn(move || watch(reader, &values));
        drop(writer);
        assert!(watching.join().unwrap().is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "7\n");
    }
}
