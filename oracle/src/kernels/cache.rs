//! Where kernels are kept: a folder for each, complete or not there at all.
//!
//! ```text
//! kernels/lock                     held while anything below changes
//! kernels/apt/                     apt's own state
//! kernels/index.json               what the suites offer
//! kernels/downloads/               packages, as far as they have come
//! kernels/unfinished/              what is not complete yet
//! kernels/images/6.18/VERSION/     vmlinuz, config, brd, kernel.json
//! kernels/trees/, kernels/built/   sources and what is built from them
//! ```

use super::build::BUILT;
use super::error::{KernelError, Tried};
use super::report::Report;
use super::{Build, Kernel};
use crate::sys;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::{Path, PathBuf};

/// What a kernel is, written beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its short name.
    pub(super) name: String,
    /// As `uname -r` says it.
    pub(super) release: String,
    /// The package's version, or what it was built from.
    pub(super) version: String,
    pub(super) package: String,
    pub(super) suite: String,
    /// Checksums of the files.
    pub(super) image: String,
    pub(super) config: Option<String>,
    #[serde(default)]
    pub(super) module: Module,
    /// How it was built, where that was done here.
    #[serde(default)]
    pub(super) build: Option<Build>,
}

/// What is known of a kernel's module of a RAM disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Module {
    /// Nothing: it was not looked for when the record was written.
    #[default]
    Unknown,
    /// There is none.
    Absent,
    /// It is there, with this checksum.
    Present(String),
}

/// The folder that everything is kept in.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// The lock of the cache, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// The descriptor that the lock belongs to.
    pub(super) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The files of a kernel in its folder.
pub(super) const IMAGE: &str = "vmlinuz";
/// See [`IMAGE`].
pub(super) const CONFIG: &str = "config";
/// See [`IMAGE`].
pub(super) const MODULE: &str = "brd";
const RECORD: &str = "kernel.json";

/// The folder of kernels that are not complete yet.
const UNFINISHED: &str = "unfinished";

impl Cache {
    /// In a folder, or where caches belong.
    ///
    /// # Errors
    /// When neither is known.
    pub fn new(folder: Option<&Path>) -> Result<Cache, KernelError> {
        let variable =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = match folder {
            // apt's configuration needs paths that do not depend on the current folder
            Some(folder) => std::path::absolute(folder).tried("find", folder)?,
            None => variable("XDG_CACHE_HOME")
                .filter(|path| path.is_absolute())
                .or_else(|| Some(variable("HOME")?.join(".cache")))
                .ok_or(KernelError::NoCache)?
                .join("mmdiff"),
        };
        Ok(Cache { root: folder.join("kernels") })
    }

    /// A path in the cache.
    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// A folder in the cache, which is made if need be.
    pub(super) fn folder(&self, name: impl AsRef<Path>) -> Result<PathBuf, KernelError> {
        let path = self.path(name);
        fs::create_dir_all(&path).tried("make the folder", &path)?;
        Ok(path)
    }

    /// Keeps others from changing the cache; clears up what a killed one left.
    pub(super) fn lock(&self, report: &Report) -> Result<Lock, KernelError> {
        let lock = self.lock_file("lock", report)?;
        for unfinished in folders(&self.path(UNFINISHED)) {
            fs::remove_dir_all(&unfinished).tried("remove", unfinished)?;
        }
        Ok(lock)
    }

    /// A lock by its name.
    pub(super) fn lock_file(&self, name: &str, report: &Report) -> Result<Lock, KernelError> {
        let (path, file) = self.open_lock(name)?;
        if !sys::lock(file.as_fd(), false).tried("lock", &path)? {
            report.say("waiting for another mmdiff that uses the same cache");
            sys::lock(file.as_fd(), true).tried("lock", &path)?;
        }
        Ok(Lock(file))
    }

    /// A lock by its name, unless somebody has it.
    pub(super) fn try_lock_file(&self, name: &str) -> Result<Option<Lock>, KernelError> {
        let (path, file) = self.open_lock(name)?;
        Ok(sys::lock(file.as_fd(), false).tried("lock", path)?.then_some(Lock(file)))
    }

    fn open_lock(&self, name: &str) -> Result<(PathBuf, File), KernelError> {
        self.folder("")?;
        let path = self.path(name);
        let file = File::options().create(true).append(true).open(&path).tried("open", &path)?;
        Ok((path, file))
    }

    /// The folder of a kernel; `kind` is `images` or `built`.
    fn place(&self, kind: &str, name: &str, version: &str) -> PathBuf {
        self.root.join(kind).join(name).join(version.replace('/', "_"))
    }

    /// A kernel in this version, if it is there and what it was.
    pub(super) fn find(&self, kind: &str, name: &str, version: &str) -> Option<Kernel> {
        intact(&self.place(kind, name, version))
    }

    /// Whether it is there; its contents are not looked at.
    pub(super) fn has(&self, kind: &str, name: &str, version: &str) -> bool {
        read_record(&self.place(kind, name, version)).is_some()
    }

    /// All kernels that are there under any name, by what is written beside them.
    pub(super) fn records(&self, kind: &str) -> Vec<Record> {
        let names = folders(&self.path(kind));
        let places = names.iter().flat_map(|name| folders(name));
        places.filter_map(|place| read_record(&place)).collect()
    }

    /// The intact kernel of a name that `newer` puts last.
    pub(super) fn newest(
        &self,
        kind: &str,
        name: &str,
        newer: impl Fn(&Record, &Record) -> std::cmp::Ordering,
    ) -> Option<Kernel> {
        let places = folders(&self.root.join(kind).join(name));
        let mut records: Vec<(Record, PathBuf)> =
            places.into_iter().filter_map(|place| Some((read_record(&place)?, place))).collect();
        records.sort_by(|(a, _), (b, _)| newer(a, b));
        records.iter().rev().find_map(|(_, place)| intact(place))
    }

    /// Removes all versions of a name but the last ones.
    pub(super) fn keep_last(
        &self,
        kind: &str,
        name: &str,
        count: usize,
    ) -> Result<(), KernelError> {
        let versions = folders(&self.path(kind).join(name));
        for old in &versions[..versions.len().saturating_sub(count)] {
            fs::remove_dir_all(old).tried("remove", old)?;
        }
        Ok(())
    }

    /// Removes all versions of a name, with the cache locked; false if there are none.
    pub(super) fn remove(&self, kind: &str, name: &str) -> Result<bool, KernelError> {
        // looked for among what is there, so that no name leads elsewhere
        let place = folders(&self.path(kind)).into_iter().find(|place| file_name(place) == name);
        let Some(place) = place else { return Ok(false) };
        fs::remove_dir_all(&place).tried("remove", &place)?;
        Ok(true)
    }

    /// A folder for what is not complete yet, with the cache locked.
    pub(super) fn unfinished(&self) -> Result<PathBuf, KernelError> {
        self.folder(Path::new(UNFINISHED).join(std::process::id().to_string()))
    }

    /// Takes a kernel in, in one step, with the cache locked: `fill` puts its files into a folder, and what
    /// it says of them is completed with their checksums.
    pub(super) fn store(
        &self,
        kind: &str,
        fill: impl FnOnce(&Path) -> Result<Record, KernelError>,
    ) -> Result<Kernel, KernelError> {
        let unfinished = self.unfinished()?;
        let mut record = fill(&unfinished)?;
        record.image = checksum(&unfinished.join(IMAGE))?;
        let config = unfinished.join(CONFIG);
        record.config = if config.is_file() { Some(checksum(&config)?) } else { None };
        let module = unfinished.join(MODULE);
        record.module = match module.is_file() {
            true => Module::Present(checksum(&module)?),
            false => Module::Absent,
        };
        write_json(&unfinished.join(RECORD), &record)?;
        for file in [IMAGE, CONFIG, MODULE, RECORD].map(|name| unfinished.join(name)) {
            if let Ok(file) = File::open(&file) {
                // a file system that cannot is no reason to have no kernel
                let _ = file.sync_all();
            }
        }
        let place = self.place(kind, &record.name, &record.version);
        if let Some(names) = place.parent() {
            fs::create_dir_all(names).tried("make the folder", names)?;
        }
        if place.exists() {
            fs::remove_dir_all(&place).tried("remove", &place)?;
        }
        fs::rename(&unfinished, &place).tried("rename", &unfinished)?;
        let package = record.package.clone();
        intact(&place).ok_or(KernelError::Content { package, what: "image that can be read back" })
    }
}

/// What is written beside a kernel. One that was fetched when modules were not looked
/// for counts as not there, so that it is fetched anew; what was built stays as it is.
fn read_record(place: &Path) -> Option<Record> {
    let record: Record = read_json(&place.join(RECORD))?;
    (record.suite == BUILT || record.module != Module::Unknown).then_some(record)
}

/// A kernel whose files are what was written.
fn intact(place: &Path) -> Option<Kernel> {
    let record = read_record(place)?;
    let same = |path: &Path, sum: &str| checksum(path).is_ok_and(|found| found == sum);
    let [image, config, module] = [IMAGE, CONFIG, MODULE].map(|name| place.join(name));
    let module_sum = match record.module {
        Module::Present(sum) => Some(sum),
        Module::Unknown | Module::Absent => None,
    };
    let whole = same(&image, &record.image)
        && record.config.as_ref().is_none_or(|sum| same(&config, sum))
        && module_sum.as_ref().is_none_or(|sum| same(&module, sum));
    whole.then(|| Kernel {
        name: record.name,
        release: record.release,
        image,
        config: record.config.map(|_| config),
        module: module_sum.map(|_| module),
        built: record.build.or_else(|| (record.suite == BUILT).then(Build::default)),
    })
}

/// The folders in a folder, sorted by name.
pub(super) fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// SHA-256 of a file.
pub(super) fn checksum(path: &Path) -> Result<String, KernelError> {
    let mut hash = Sha256::new();
    let mut file = File::open(path).tried("open", path)?;
    io::copy(&mut file, &mut hash).tried("read", path)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a file holds, if it can be read.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Replaces a file in one step.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), KernelError> {
    let text = serde_json::to_vec_pretty(value).map_err(io::Error::from).tried("write", path)?;
    let new = path.with_extension("new");
    fs::write(&new, text).tried("write", &new)?;
    fs::rename(&new, path).tried("rename", new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(version: &str) -> Record {
        Record {
            name: "6.1".into(),
            release: format!("{version}-cloud"),
            version: version.into(),
            package: "linux-image".into(),
            suite: "some".into(),
            image: String::new(),
            config: None,
            module: Module::default(),
            build: None,
        }
    }

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path())).unwrap();
        (folder, cache)
    }

    fn store(cache: &Cache, version: &str) -> Result<Kernel, KernelError> {
        cache.store("images", |folder| {
            fs::write(folder.join(IMAGE), version).tried("write", folder)?;
            fs::write(folder.join(CONFIG), "CONFIG_X=y\n").tried("write", folder)?;
            Ok(record(version))
        })
    }

    #[test]
    fn what_is_stored_is_found() {
        let (_folder, cache) = cache();
        let kernel = store(&cache, "6.1.9-1").unwrap();
        assert_eq!(cache.find("images", "6.1", "6.1.9-1"), Some(kernel.clone()));
        assert_eq!(fs::read_to_string(&kernel.image).unwrap(), "6.1.9-1");
        assert!(kernel.config.unwrap().is_file());
        assert_eq!(cache.find("images", "6.1", "6.1.8-1"), None);
        assert_eq!(cache.records("images").len(), 1);
    }

    #[test]
    fn what_was_changed_is_not_used() {
        let (_folder, cache) = cache();
        let old = store(&cache, "6.1.8-1").unwrap();
        let new = store(&cache, "6.1.9-1").unwrap();
        let by_version = |a: &Record, b: &Record| a.version.cmp(&b.version);
        assert_eq!(cache.newest("images", "6.1", by_version), Some(new.clone()));
        fs::write(&new.image, "6.1.9-X").unwrap();
        assert_eq!(cache.find("images", "6.1", "6.1.9-1"), None);
        assert_eq!(cache.newest("images", "6.1", by_version), Some(old), "the other one is whole");
        store(&cache, "6.1.9-1").unwrap();
        assert_eq!(cache.newest("images", "6.1", by_version), Some(new), "and replaced");
    }

    #[test]
    fn a_module_belongs_to_its_kernel() {
        let (_folder, cache) = cache();
        assert_eq!(store(&cache, "6.1.8-1").unwrap().module, None);
        let kernel = cache.store("images", |folder| {
            for name in [IMAGE, MODULE] {
                fs::write(folder.join(name), name).tried("write", folder)?;
            }
            Ok(record("6.1.9-1"))
        });
        let module = kernel.unwrap().module.unwrap();
        assert_eq!(fs::read_to_string(&module).unwrap(), MODULE);
        fs::write(&module, "something else").unwrap();
        assert_eq!(cache.find("images", "6.1", "6.1.9-1"), None);
        assert!(cache.find("images", "6.1", "6.1.8-1").is_some());
    }

    #[test]
    fn fetched_before_modules_were_looked_for() {
        let (_folder, cache) = cache();
        let forget = |kind: &str, suite: &str| {
            let path = cache.place(kind, "6.1", "6.1.9-1").join(RECORD);
            let mut written: serde_json::Value = read_json(&path).unwrap();
            written["suite"] = suite.into();
            assert!(written.as_object_mut().unwrap().remove("module").is_some());
            write_json(&path, &written).unwrap();
        };
        store(&cache, "6.1.9-1").unwrap();
        assert!(cache.has("images", "6.1", "6.1.9-1"));
        forget("images", "some");
        assert!(!cache.has("images", "6.1", "6.1.9-1"));
        assert_eq!(cache.find("images", "6.1", "6.1.9-1"), None);
        assert_eq!(cache.newest("images", "6.1", |a, b| a.version.cmp(&b.version)), None);
        assert_eq!(cache.records("images"), []);
        store(&cache, "6.1.9-1").unwrap();
        assert!(cache.has("images", "6.1", "6.1.9-1"), "and once more");
        forget("images", BUILT);
        assert!(cache.has("images", "6.1", "6.1.9-1"), "nobody can fetch what was built");
    }

    #[test]
    fn what_was_not_finished_is_not_there() {
        let (_folder, cache) = cache();
        let failed = cache.store("images", |folder| {
            fs::write(folder.join(IMAGE), "half").tried("write", folder)?;
            Err(KernelError::NoCache)
        });
        assert!(failed.is_err());
        assert_eq!(cache.records("images"), []);
        cache.lock(&Report::new(true)).unwrap();
        assert!(folders(&cache.path(UNFINISHED)).is_empty(), "the next one clears up");
    }

    #[test]
    fn what_is_removed_is_gone_in_all_versions_and_nothing_else_is() {
        let (folder, cache) = cache();
        for version in ["1", "2"] {
            store(&cache, version).unwrap();
        }
        let beside = folder.path().join("kernels/images/other");
        fs::create_dir(&beside).unwrap();
        for name in ["none", "", "..", "6.1/1", "../images/6.1"] {
            assert!(!cache.remove("images", name).unwrap(), "{name}");
        }
        assert_eq!(cache.records("images").len(), 2);
        assert!(cache.remove("images", "6.1").unwrap());
        assert_eq!(cache.records("images"), []);
        assert!(beside.is_dir());
    }

    #[test]
    fn only_the_last_versions_are_kept() {
        let (_folder, cache) = cache();
        for version in ["1", "2", "3"] {
            store(&cache, version).unwrap();
        }
        cache.keep_last("images", "6.1", 2).unwrap();
        let versions: Vec<_> =
            cache.records("images").into_iter().map(|record| record.version).collect();
        assert_eq!(versions, ["2", "3"]);
        cache.keep_last("images", "none", 2).unwrap();
    }

    #[test]
    fn one_at_a_time() {
        let (_folder, cache) = cache();
        let lock = cache.lock(&Report::new(true)).unwrap();
        assert!(cache.try_lock_file("lock").unwrap().is_none());
        assert!(cache.try_lock_file("other").unwrap().is_some());
        drop(lock);
        assert!(cache.try_lock_file("lock").unwrap().is_some());
    }
}
