//! Kernels by name: those of Debian, fetched with apt, and those that were built here.

mod apt;
mod archive;
pub mod build;
mod cache;
mod error;
mod index;
mod kernel;
mod package;
mod report;
mod sources;
mod tool;
mod unpack;
mod version;

pub use cache::Cache;
pub use error::KernelError;
pub use kernel::{Build, Kernel};
pub use report::Report;

use cache::{Module, Record, CONFIG, IMAGE, MODULE};
use error::Tried;
use package::{Choice, Package};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use unpack::Wanted;

/// The short names of the kernels of Debian that mmdiff has rules for.
pub const NAMES: [&str; 10] =
    ["6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"];

/// Fetched kernels, in the cache.
const IMAGES: &str = "images";

/// How the suites are asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Ask them even if that was done today.
    pub refresh: bool,
    /// Use those whose `Release` file has expired.
    pub accept_expired: bool,
}

/// A kernel as `mmdiff kernel list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its short name.
    pub name: String,
    /// As `uname -r` says it.
    pub release: String,
    /// The package's version.
    pub version: String,
    /// The package with the image.
    pub package: String,
    /// The suite that has it.
    pub suite: String,
    /// Whether it is in the cache.
    pub cached: bool,
    /// When it was built, if it was built here.
    pub built: Option<SystemTime>,
}

/// What there is under each short name: in the suites or, where these cannot be asked,
/// in the cache; and what was built here. Those that are nowhere are missing.
///
/// # Errors
/// When the suites cannot be asked and nothing is cached.
pub fn list(cache: &Cache, options: Options, report: &Report) -> Result<Vec<Listed>, KernelError> {
    let offered = {
        let _lock = cache.lock(report)?;
        index::current(cache, options, report).map(|(_, index)| index.packages)
    };
    let listed: Vec<_> = match &offered {
        Ok(offered) => NAMES.iter().filter_map(|name| offered_as(name, offered, cache)).collect(),
        Err(error) => {
            report.say(&format!("only what is cached is listed: {error}"));
            cached(cache, IMAGES)
        }
    };
    let listed = [listed, cached(cache, build::BUILT)].concat();
    match offered {
        Err(error) if listed.is_empty() => Err(error),
        _ => Ok(listed),
    }
}

fn offered_as(name: &str, offered: &[Package], cache: &Cache) -> Option<Listed> {
    let choice = package::kernel(name, offered)?;
    let Package { name: package, version, suite, .. } = choice.image().clone();
    let cached = cache.has(IMAGES, name, &version);
    let (name, release, built) = (name.to_owned(), choice.release, None);
    Some(Listed { name, release, version, package, suite, cached, built })
}

/// The newest cached one of each name.
fn cached(cache: &Cache, kind: &str) -> Vec<Listed> {
    let mut records = cache.records(kind);
    records.sort_by(|a, b| {
        // names are ordered as versions are: 6.12 after 6.1
        version::compare(&a.name, &b.name).then_with(|| version::compare(&b.version, &a.version))
    });
    records.dedup_by(|a, b| a.name == b.name);
    let listed = records.into_iter().map(|record| {
        let built = build::time_of(&record);
        let Record { name, release, version, package, suite, .. } = record;
        Listed { name, release, version, package, suite, cached: true, built }
    });
    listed.collect()
}

/// Fetches the newest kernel of a short name, unless it is cached.
///
/// # Errors
/// When it cannot be had.
pub fn fetch(
    name: &str,
    cache: &Cache,
    options: Options,
    report: &Report,
) -> Result<Kernel, KernelError> {
    let _lock = cache.lock(report)?;
    index::with(cache, options, report, |apt, index| {
        let choice =
            package::kernel(name, &index.packages).ok_or_else(|| not_offered(name, index))?;
        if let Some(kernel) = cache.find(IMAGES, name, &choice.image().version) {
            return Ok(kernel);
        }
        let downloads = cache.folder("downloads")?;
        let files = download(apt, &choice.packages, &downloads, report)?;
        if let Some(other) = &choice.configured_as {
            report.say(&format!(
                "{name}: no suite has its configuration any more; that of {other} is used"
            ));
        }
        let kernel = cache.store(IMAGES, |folder| take_apart(name, &choice, &files, folder))?;
        for file in files {
            fs::remove_file(&file).tried("remove", file)?;
        }
        Ok(kernel)
    })
}

fn not_offered(name: &str, index: &index::Index) -> KernelError {
    if !NAMES.contains(&name) {
        return KernelError::Unknown(name.to_owned());
    }
    let hint = match index.some_expired {
        true => "; some suites have expired, --accept-expired uses them",
        false => "",
    };
    KernelError::NotOffered { name: name.to_owned(), hint: hint.to_owned() }
}

/// Downloads packages; what is left of an earlier attempt and turns out to be broken is
/// thrown away once.
fn download(
    apt: &apt::Apt,
    packages: &[Package],
    folder: &Path,
    report: &Report,
) -> Result<Vec<PathBuf>, KernelError> {
    let wanted: Vec<_> =
        packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
    match apt.download(&wanted, folder, report) {
        Err(KernelError::Failed { message, .. }) if apt::is_about_contents(&message) => {
            report.say("what was downloaded is broken, and is downloaded anew");
            for path in packages.iter().flat_map(|package| files_of(package, folder)) {
                fs::remove_file(&path).tried("remove", path)?;
            }
            apt.download(&wanted, folder, report)
        }
        other => other,
    }?;
    packages
        .iter()
        .map(|package| {
            let mut files = files_of(package, folder).into_iter();
            files
                .find(|path| cache::checksum(path).is_ok_and(|sum| sum == package.sha256))
                .ok_or_else(|| KernelError::Content {
                    package: package.name.clone(),
                    what: "file with the checksum that its suite states",
                })
        })
        .collect()
}

/// The files that apt may have made of a package: a colon is written as `%3a`.
fn files_of(package: &Package, folder: &Path) -> Vec<PathBuf> {
    let start = format!("{}_{}", package.name, package.version.replace(':', "%3a"));
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| cache::file_name(path).starts_with(&format!("{start}_"))).collect()
}

fn take_apart(
    name: &str,
    choice: &Choice,
    files: &[PathBuf],
    folder: &Path,
) -> Result<Record, KernelError> {
    let [image, config, module] = [IMAGE, CONFIG, MODULE].map(|name| folder.join(name));
    let wanted = [
        Wanted { is: unpack::is_image, to: &image },
        Wanted { is: unpack::is_config, to: &config },
        Wanted { is: unpack::is_module, to: &module },
    ];
    for file in files {
        unpack::unpack(file, &wanted)?;
    }
    if let (Some(other), Ok(text)) = (&choice.configured_as, fs::read_to_string(&config)) {
        let text = format!("# not its own configuration, but that of {other}\n{text}");
        fs::write(&config, text).tried("write", &config)?;
    }
    let package = choice.image().clone();
    if !image.is_file() {
        return Err(KernelError::Content { package: package.name, what: "kernel image" });
    }
    Ok(Record {
        name: name.to_owned(),
        release: choice.release.clone(),
        version: package.version,
        package: package.name,
        suite: package.suite,
        image: String::new(),
        config: None,
        module: Module::default(),
        build: None,
    })
}

/// Removes a kernel from the cache, in all versions that are there; one of Debian's can be
/// fetched again.
///
/// # Errors
/// When there is none of this name, or it cannot be removed.
pub fn remove(name: &str, cache: &Cache, report: &Report) -> Result<(), KernelError> {
    let _lock = cache.lock(report)?;
    let (built, fetched) = (cache.remove(build::BUILT, name)?, cache.remove(IMAGES, name)?);
    match built || fetched {
        true => Ok(()),
        false => Err(KernelError::NotCached(name.to_owned())),
    }
}

/// A kernel that is in the cache, of the oldest series of those; nothing is fetched.
pub fn cached_kernel(cache: &Cache) -> Option<Kernel> {
    let by_version = |a: &Record, b: &Record| version::compare(&a.version, &b.version);
    NAMES.iter().find_map(|name| cache.newest(IMAGES, name, by_version))
}

/// The kernel of a name: a path to an image, a kernel that was built here, or one of
/// Debian's, which is fetched unless some version of it is cached.
///
/// # Errors
/// When there is none, or it cannot be had.
pub fn get(name: &str, cache: &Cache, report: &Report) -> Result<Kernel, KernelError> {
    if name.contains('/') || Path::new(name).is_file() {
        return Kernel::from_image(Path::new(name)).tried("use", name);
    }
    let by_version = |a: &Record, b: &Record| version::compare(&a.version, &b.version);
    let cached = cache.newest(build::BUILT, name, by_version);
    match cached.or_else(|| cache.newest(IMAGES, name, by_version)) {
        Some(kernel) => Ok(kernel),
        None if NAMES.contains(&name) => fetch(name, cache, Options::default(), report),
        None => Err(KernelError::Unknown(name.to_owned())),
    }
}
