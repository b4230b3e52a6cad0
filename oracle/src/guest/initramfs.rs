//! What a guest boots into: this executable, the kernel's configuration and module of
//! a RAM disk, and what the user adds.

use super::cpio::Archive;
use super::{swap, GuestError, Plan};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the kernel's configuration is in the guest, until it is known which
/// release it is of.
pub(super) const CONFIG: &str = "config";

/// Where a finding's C program is, compiled.
pub(super) const REPRODUCER: &str = "reproducer";
/// The first process.
pub(super) const INIT: &str = "/init";

/// The archive for a guest.
///
/// # Errors
/// When a file cannot be read, or this executable is of no use in a guest.
pub(super) fn initramfs(plan: &Plan) -> Result<Vec<u8>, GuestError> {
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "tmp", "boot", "run"] {
        archive.folder(folder);
    }
    archive.device("dev/console", (5, 1));
    archive.device("dev/null", (1, 3));
    if let Some(extra) = &plan.extra {
        add(&mut archive, extra, "")?;
    }
    if let Some(config) = &plan.kernel.config {
        archive.file(CONFIG, &read(config)?);
    }
    if let Some(module) = &plan.kernel.module {
        archive.file(swap::MODULE, &read(module)?);
    }
    if let Some(reproducer) = &plan.reproducer {
        archive.executable(REPRODUCER, &read(reproducer)?);
    }
    archive.executable(INIT.trim_start_matches('/'), &executable(plan.executable.as_deref())?);
    Ok(archive.finish())
}

fn read(path: &Path) -> Result<Vec<u8>, GuestError> {
    fs::read(path).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> GuestError + '_ {
    move |source| GuestError::Read { path: path.to_owned(), source }
}

/// Adds what is in a folder; links stay links, and what is neither file nor folder
/// is left out.
fn add(archive: &mut Archive, folder: &Path, prefix: &str) -> Result<(), GuestError> {
    let entries = fs::read_dir(folder).map_err(unreadable(folder))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(unreadable(folder))?.path());
    }
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name() else { continue };
        let name = format!("{prefix}{}", name.to_string_lossy());
        let about = fs::symlink_metadata(&path).map_err(unreadable(&path))?;
        if about.is_dir() {
            archive.folder(&name);
            add(archive, &path, &format!("{name}/"))?;
        } else if about.is_symlink() {
            let target = fs::read_link(&path).map_err(unreadable(&path))?;
            archive.link(&name, target.as_os_str().as_bytes());
        } else if about.is_file() && about.permissions().mode() & 0o111 != 0 {
            archive.executable(&name, &read(&path)?);
        } else if about.is_file() {
            archive.file(&name, &read(&path)?);
        }
    }
    Ok(())
}

/// The executable, without what only a debugger needs.
fn executable(named: Option<&Path>) -> Result<Vec<u8>, GuestError> {
    // this one by its file, should its path have been replaced meanwhile
    let path = named.unwrap_or(Path::new("/proc/self/exe"));
    let mut bytes = read(path)?;
    match loaded(&bytes) {
        Some(length) => {
            bytes.truncate(length);
            forget_sections(&mut bytes);
            Ok(bytes)
        }
        None => {
            let path = fs::read_link(path).unwrap_or_else(|_| path.to_owned());
            Err(GuestError::Dynamic { path })
        }
    }
}

const PT_LOAD: u64 = 1;
const PT_INTERP: u64 = 3;

/// How many bytes of a static ELF executable are loaded; `None` for one that needs
/// an interpreter, or is no such executable.
fn loaded(elf: &[u8]) -> Option<usize> {
    if !elf.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, length: usize| -> Option<u64> {
        let bytes = elf.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    };
    let (table, size, count) = (number(0x20, 8)? as usize, number(0x36, 2)?, number(0x38, 2)?);
    let mut end = table + (size * count) as usize;
    for header in 0..count {
        let at = table + (header * size) as usize;
        match number(at, 4)? {
            PT_INTERP => return None,
            PT_LOAD => end = end.max((number(at + 8, 8)? + number(at + 0x20, 8)?) as usize),
            _ => {}
        }
    }
    (end <= elf.len()).then_some(end)
}

/// Sections are for linkers and debuggers; their table was cut off.
fn forget_sections(elf: &mut [u8]) {
    const TABLE: std::ops::Range<usize> = 0x28..0x30;
    const COUNTS: std::ops::Range<usize> = 0x3a..0x40;
    for range in [TABLE, COUNTS] {
        if let Some(bytes) = elf.get_mut(range) {
            bytes.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_static_executable_is_refused() {
        assert_eq!(loaded(b""), None);
        assert_eq!(loaded(b"#!/bin/sh\n"), None);
        assert_eq!(loaded(b"\x7fELF\x02\x01 and no more"), None);
    }

    #[test]
    fn this_executable_is_static_and_gets_smaller() {
        let whole = fs::metadata("/proc/self/exe").expect("this executable").len();
        match executable(None) {
            Ok(bytes) => assert!((bytes.len() as u64) < whole),
            Err(why) => println!("skipped: {why}"),
        }
    }
}
