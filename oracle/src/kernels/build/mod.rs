//! Builds kernels: Debian's source or anybody's own, patches, and a configuration with
//! memory management and little else.

mod fragment;
mod make;
mod source;
mod tree;

pub use fragment::Config;

use super::cache::{self, Module, Record, CONFIG, IMAGE};
use super::error::Tried;
use super::{index, package, Build, Cache, Kernel, KernelError, Options, Report, NAMES};
use make::Make;
use source::Source;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tree::Sharing;

/// Kernels that were built here, in the cache.
pub(super) const BUILT: &str = "built";

/// What to do about a missing program.
const REMEDY: &str = "scripts/setup --kernel-build installs what building kernels needs";

/// What to build.
#[derive(Clone, Debug)]
pub struct Request {
    /// A series, whose source Debian has, or a folder.
    pub source: String,
    /// Patches, to be applied in this order.
    pub patches: Vec<PathBuf>,
    /// The configuration.
    pub config: Config,
    /// What the kernel is to be called, if not by source, configuration and patches.
    pub name: Option<String>,
    /// How many processes of the compiler.
    pub jobs: usize,
}

/// Tries whether a kernel boots that was built and is not in the cache yet.
pub type TryBoot<'a> = dyn Fn(&Kernel) -> Result<(), KernelError> + 'a;

/// Builds a kernel; what an earlier build left is used. It is kept if `boots` lets it
/// pass.
///
/// # Errors
/// When it cannot be built, and what `boots` answers.
pub fn build(
    request: &Request,
    cache: &Cache,
    options: Options,
    report: &Report,
    boots: &TryBoot<'_>,
) -> Result<Kernel, KernelError> {
    make::check_tools(!request.patches.is_empty())?;
    let source = source::find(&request.source, cache, options, report)?;
    let key = format!("{}_{}", source.key, request.config.name());
    let trees = cache.folder("trees")?;
    let lock = cache.lock_file(&format!("trees/{key}.lock"), report)?;
    let tree = trees.join(&key);
    let scratch = trees.join(format!("{key}.patched"));
    remove_folder(&scratch)?;
    fs::create_dir_all(&scratch).tried("make the folder", &scratch)?;
    let patched = tree::apply(&source.path, &request.patches, &scratch);
    remove_folder(&scratch)?;
    tree::sync(&source.path, &patched?, &tree, source.sharing)?;

    let make =
        Make { tree: &tree, lock: &lock, config: request.config, jobs: request.jobs, report };
    make.configure()?;
    let image = make.image()?;
    let release = make.release()?;
    let name = request.name.clone().unwrap_or_else(|| name_of(&source.name, request));
    let file_name = |path: &PathBuf| cache::file_name(path);
    let how = Build {
        configuration: request.config.name().to_owned(),
        patches: request.patches.iter().map(file_name).collect(),
    };
    boots(&Kernel {
        name: name.clone(),
        release: release.clone(),
        image: image.clone(),
        config: Some(tree.join(".config")),
        module: None,
        built: Some(how.clone()),
    })?;
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let _lock = cache.lock(report)?;
    let kernel = cache.store(BUILT, |folder| {
        for (from, to) in [(image, IMAGE), (tree.join(".config"), CONFIG)] {
            fs::copy(&from, folder.join(to)).tried("copy", from)?;
        }
        Ok(Record {
            name,
            release,
            // the later one is the newer
            version: time.to_string(),
            package: source.origin.clone(),
            suite: BUILT.to_owned(),
            image: String::new(),
            config: None,
            // it is built in
            module: Module::default(),
            build: Some(how),
        })
    })?;
    // the one before may be in use
    cache.keep_last(BUILT, &kernel.name, 2)?;
    drop_trees(&source, cache)?;
    Ok(kernel)
}

/// The series, of those that mmdiff has rules for, whose source Debian has.
///
/// # Errors
/// When the suites cannot be asked.
pub fn series(
    cache: &Cache,
    options: Options,
    report: &Report,
) -> Result<Vec<&'static str>, KernelError> {
    let _lock = cache.lock(report)?;
    let (_, index) = index::current(cache, options, report)?;
    Ok(with_source(&index))
}

fn with_source(index: &index::Index) -> Vec<&'static str> {
    let is_there = |name: &&str| package::source(name, &index.packages).is_some();
    NAMES.into_iter().filter(is_there).collect()
}

/// The kernels without patches that can be built of Debian's sources: those that are in
/// the cache, and those that are not, as far as the index that was taken last tells.
pub fn unpatched(cache: &Cache) -> (Vec<String>, Vec<String>) {
    let index = index::last(cache).unwrap_or_default();
    let sources = with_source(&index);
    let records = cache.records(BUILT);
    let (mut built, mut missing) = (Vec::new(), Vec::new());
    for series in NAMES {
        let name = format!("{series}-{}", Config::Plain.name());
        if records.iter().any(|record| record.name == name) {
            built.push(name);
        } else if sources.contains(&series) {
            missing.push(name);
        }
    }
    (built, missing)
}

/// When a kernel was built, if it was built here.
pub(super) fn time_of(record: &Record) -> Option<SystemTime> {
    /// The year 10000 in milliseconds; nobody writes dates of it.
    const END: u64 = 253_402_300_800_000;
    let time: u64 = record.version.parse().ok()?;
    if record.suite != BUILT || time >= END {
        return None;
    }
    UNIX_EPOCH.checked_add(Duration::from_millis(time))
}

/// Removes the trees of Debian's sources that are not kept any more, unless somebody
/// builds in them.
fn drop_trees(source: &Source, cache: &Cache) -> Result<(), KernelError> {
    for tree in cache::folders(&cache.path("trees")) {
        let name = cache::file_name(&tree);
        let is_older = name.starts_with(&format!("{}_", source.name))
            && !name.starts_with(&format!("{}_", source.key));
        if source.sharing == Sharing::Linked
            && is_older
            && cache.try_lock_file(&format!("trees/{name}.lock"))?.is_some()
        {
            remove_folder(&tree)?;
        }
    }
    Ok(())
}

fn remove_folder(path: &Path) -> Result<(), KernelError> {
    match path.exists() {
        true => fs::remove_dir_all(path).tried("remove", path),
        false => Ok(()),
    }
}

/// Source, configuration, and the patches' names.
fn name_of(source: &str, request: &Request) -> String {
    let mut name = format!("{source}-{}", request.config.name());
    for patch in &request.patches {
        let stem = patch.file_stem().unwrap_or_default().to_string_lossy();
        name.push('+');
        name.extend(stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_was_built() {
        let request = Request {
            source: "7.2".into(),
            patches: vec!["a/0001-mm-merge.patch".into(), "fix it.diff".into()],
            config: Config::FaultInjection,
            name: None,
            jobs: 1,
        };
        assert_eq!(name_of("7.2", &request), "7.2-fault-injection+0001-mm-merge+fix-it");
    }
}
