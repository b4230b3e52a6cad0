//! Where the source of a kernel comes from.

use super::tree::Sharing;
use super::REMEDY;
use crate::kernels::cache::{self, Cache};
use crate::kernels::error::{KernelError, Tried};
use crate::kernels::unpack::{self, Wanted};
use crate::kernels::{download, index, not_offered, package, tool, Options, Report};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Sources of Debian, by series and version.
const SOURCES: &str = "sources";

/// Descriptions of registers, a quarter of the whole, that no build here needs.
const LEFT_OUT: &str = "*/drivers/gpu/drm/amd/include/asic_reg";

/// A source tree.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// What it is called in the name of a kernel.
    pub(super) name: String,
    /// What tells it from all others.
    pub(super) key: String,
    /// Where it is from.
    pub(super) origin: String,
    pub(super) sharing: Sharing,
}

/// A source by the name of a series, or a folder.
pub(super) fn find(
    name: &str,
    cache: &Cache,
    options: Options,
    report: &Report,
) -> Result<Source, KernelError> {
    if name.contains('/') || Path::new(name).is_dir() {
        return folder(Path::new(name));
    }
    let _lock = cache.lock(report)?;
    let place = cache.path(Path::new(SOURCES).join(name));
    let mut kept = cache::folders(&place);
    if kept.is_empty() || options.refresh {
        fetch(name, &place, cache, options, report)?;
        kept = cache::folders(&place);
    }
    let path = kept.pop().ok_or_else(|| KernelError::Unknown(name.to_owned()))?;
    let version = cache::file_name(&path);
    Ok(Source {
        name: name.to_owned(),
        key: format!("{name}_{version}"),
        origin: format!("linux-source-{name} {version}"),
        path,
        sharing: Sharing::Linked,
    })
}

fn folder(path: &Path) -> Result<Source, KernelError> {
    let path = path.canonicalize().tried("find", path)?;
    let makefile = path.join("Makefile");
    let text = fs::read_to_string(&makefile).tried("read", makefile)?;
    let number = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('='));
        value.map(|value| value.trim().to_owned())
    };
    let version = number("VERSION").zip(number("PATCHLEVEL"));
    let origin = path.display().to_string();
    let Some((version, patchlevel)) = version.filter(|_| path.join("Kconfig").is_file()) else {
        return Err(KernelError::Content { package: origin, what: "kernel source" });
    };
    let sum = Sha256::digest(origin.as_bytes());
    Ok(Source {
        name: format!("{version}.{patchlevel}"),
        key: format!("folder_{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3]),
        path,
        origin,
        sharing: Sharing::Copied,
    })
}

/// Fetches the newest source of a series, and drops the older ones.
fn fetch(
    name: &str,
    place: &Path,
    cache: &Cache,
    options: Options,
    report: &Report,
) -> Result<(), KernelError> {
    let downloaded = index::with(cache, options, report, |apt, index| {
        let source = package::source(name, &index.packages);
        let source = source.ok_or_else(|| not_offered(name, index))?.clone();
        if place.join(&source.version).is_dir() {
            return Ok(None);
        }
        let downloads = cache.folder("downloads")?;
        let files = download(apt, std::slice::from_ref(&source), &downloads, report)?;
        Ok(Some((source, files)))
    })?;
    let Some((source, files)) = downloaded else { return Ok(()) };
    let goal = place.join(&source.version);
    report.say(&format!("unpacking {} {}", source.name, source.version));
    let unfinished = cache.unfinished()?;
    let packed = unfinished.join("source.tar");
    let tree = unfinished.join("tree");
    fs::create_dir_all(&tree).tried("make the folder", &tree)?;
    for file in &files {
        unpack::unpack(file, &[Wanted { is: is_source, to: &packed }])?;
    }
    let mut tar = tool::command("tar");
    tar.arg("--xz").arg("-xf").arg(&packed).arg("-C").arg(&tree);
    tar.args(["--strip-components=1", "--exclude", LEFT_OUT]);
    tool::output(&mut tar, REMEDY)?;
    for older in cache::folders(place) {
        fs::remove_dir_all(&older).tried("remove", older)?;
    }
    fs::create_dir_all(place).tried("make the folder", place)?;
    fs::rename(&tree, &goal).tried("rename", tree)?;
    fs::remove_dir_all(&unfinished).tried("remove", unfinished)?;
    for file in files {
        fs::remove_file(&file).tried("remove", file)?;
    }
    Ok(())
}

fn is_source(folder: &str, name: &str) -> bool {
    folder == "usr/src" && name.starts_with("linux-source-") && name.ends_with(".tar.xz")
}
