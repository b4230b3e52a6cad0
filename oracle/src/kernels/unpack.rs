//! Takes image, configuration and a module out of packages.

use super::error::{KernelError, Tried};
use super::tool;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::Stdio;

const REMEDY: &str = "it unpacks Debian's packages; use --kernel PATH with a kernel of your own";

/// A file that a package may hold, and where to write it.
pub(super) struct Wanted<'a> {
    /// Whether a file of this name in this folder is it.
    pub(super) is: fn(folder: &str, name: &str) -> bool,
    /// Where to write it.
    pub(super) to: &'a Path,
}

/// The image: in the folder of the boot loader, or, later, that of the modules.
pub(super) fn is_image(folder: &str, name: &str) -> bool {
    (folder == "boot" && name.starts_with("vmlinuz-"))
        || (folder.contains("lib/modules/") && name == "vmlinuz")
}

/// The configuration, likewise.
pub(super) fn is_config(folder: &str, name: &str) -> bool {
    (folder == "boot" && name.starts_with("config-"))
        || (folder.contains("lib/modules/") && name == "config" && !folder.contains("/build"))
}

/// The module of a RAM disk, compressed or not.
pub(super) fn is_module(folder: &str, name: &str) -> bool {
    folder.contains("lib/modules/")
        && folder.ends_with("/kernel/drivers/block")
        && matches!(name, "brd.ko" | "brd.ko.xz")
}

/// Writes the wanted files of a package, as far as it holds them.
pub(super) fn unpack(package: &Path, wanted: &[Wanted<'_>]) -> Result<(), KernelError> {
    let mut command = tool::command("dpkg-deb");
    command.arg("--fsys-tarfile").arg(package).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tool::spawn(&mut command, REMEDY)?;
    let result = match child.stdout.take() {
        Some(mut stdout) => extract(&mut stdout, wanted).and_then(|()| {
            // to its end: a package that breaks off later is broken as well
            io::copy(&mut stdout, &mut io::sink()).tried("read", package).map(drop)
        }),
        None => Ok(()),
    };
    let output = child.wait_with_output().tried("unpack", package)?;
    if !output.status.success() && result.is_ok() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(KernelError::Failed { program: "dpkg-deb".to_owned(), message });
    }
    result
}

fn extract(tar: &mut impl Read, wanted: &[Wanted<'_>]) -> Result<(), KernelError> {
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries().tried("read", "the package")? {
        let mut entry = entry.tried("read", "the package")?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().tried("read", "the package")?.into_owned();
        let path = path.to_string_lossy();
        let (folder, name) = path.trim_start_matches("./").rsplit_once('/').unwrap_or(("", &path));
        let Some(wanted) = wanted.iter().find(|wanted| (wanted.is)(folder, name)) else { continue };
        let mut file = File::create(wanted.to).tried("write", wanted.to)?;
        io::copy(&mut entry, &mut file).tried("write", wanted.to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_old_and_new_packages() {
        assert!(is_image("boot", "vmlinuz-6.1.0-50-cloud-amd64"));
        assert!(is_image("usr/lib/modules/7.3.4+deb13-cloud-amd64", "vmlinuz"));
        assert!(!is_image("usr/share/doc", "vmlinuz"));
        assert!(is_config("boot", "config-6.1.0-50-cloud-amd64"));
        assert!(is_config("usr/lib/modules/7.3.4+deb13-cloud-amd64", "config"));
        assert!(!is_config("usr/lib/modules/x/build", "config"));
        assert!(is_module("lib/modules/6.1.0-50-cloud-amd64/kernel/drivers/block", "brd.ko"));
        let folder = "usr/lib/modules/7.3.4+deb13-cloud-amd64/kernel/drivers";
        assert!(is_module(&format!("{folder}/block"), "brd.ko.xz"));
        assert!(!is_module(folder, "brd.ko.xz"));
        assert!(!is_module(&format!("{folder}/block/zram"), "zram.ko.xz"));
    }

    #[test]
    fn only_the_wanted_files_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut tar = tar::Builder::new(Vec::new());
        for (path, text) in [("./boot/vmlinuz-1", "image"), ("./boot/System.map-1", "map")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let tar = tar.into_inner().unwrap();
        let to = folder.path().join("vmlinuz");
        extract(&mut &tar[..], &[Wanted { is: is_image, to: &to }]).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "image");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
