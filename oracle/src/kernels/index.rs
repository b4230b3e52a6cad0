//! What the suites offer: asked at most once a day, and kept.

use super::apt::{self, Apt, Ask, Said, Target};
use super::archive::{self, Archive, Origin, Sorted};
use super::cache::{read_json, write_json, Cache};
use super::error::KernelError;
use super::package::{self, Package};
use super::report::Report;
use super::sources::Entry;
use super::Options;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// For how long an index is good, in seconds.
const FRESH: u64 = 24 * 60 * 60;

/// What the suites offer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// When it was taken.
    time: u64,
    /// The machine's sources that it was derived from.
    sources: String,
    accept_expired: bool,
    /// How the names of the packages begin that were looked for.
    prefixes: Vec<String>,
    /// Lines that tell what was used and what was left out.
    pub(super) notes: Vec<String>,
    /// Whether any suite was left out because it has expired.
    pub(super) some_expired: bool,
    pub(super) packages: Vec<Package>,
    /// Whether it was taken just now.
    #[serde(skip)]
    new: bool,
}

const FILE: &str = "index.json";

/// The index that was taken last, if there is one.
pub(super) fn last(cache: &Cache) -> Option<Index> {
    read_json(&cache.path(FILE))
}

/// The index; the suites are asked when the last one is old or was made of other
/// sources. The cache is locked.
pub(super) fn current(
    cache: &Cache,
    options: Options,
    report: &Report,
) -> Result<(Apt, Index), KernelError> {
    let entries = apt::machine_sources()?;
    let apt = Apt::new(cache.folder("apt")?)?;
    let sources = format!("{entries:?}");
    let prefixes = package::PREFIXES.map(str::to_owned).to_vec();
    if let Some(index) = last(cache).filter(|_| !options.refresh) {
        let age = now().checked_sub(index.time);
        if age.is_some_and(|age| age < FRESH)
            && index.sources == sources
            && index.accept_expired == options.accept_expired
            && index.prefixes == prefixes
        {
            return Ok((apt, index));
        }
    }
    let index = Index {
        time: now(),
        sources,
        accept_expired: options.accept_expired,
        prefixes,
        new: true,
        ..take(&apt, &entries, options, report)?
    };
    write_json(&cache.path(FILE), &index)?;
    Ok((apt, index))
}

/// Does something with what the suites offer, and once more if that was not new and
/// they no longer have it.
pub(super) fn with<T>(
    cache: &Cache,
    options: Options,
    report: &Report,
    attempt: impl Fn(&Apt, &Index) -> Result<T, KernelError>,
) -> Result<T, KernelError> {
    let (apt, index) = current(cache, options, report)?;
    match attempt(&apt, &index) {
        Err(KernelError::Failed { program, .. }) if program == apt::DOWNLOAD && !index.new => {
            let options = Options { refresh: true, ..options };
            let (apt, index) = current(cache, options, report)?;
            attempt(&apt, &index)
        }
        other => other,
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Asks all suites.
fn take(
    apt: &Apt,
    entries: &[Entry],
    options: Options,
    report: &Report,
) -> Result<Index, KernelError> {
    let archives = archives(apt, entries, options, report)?;
    let moving = archives.iter().map(|archive| archive.entry(archive.moving_suites()));
    apt.set_sources(&moving.filter(|entry| !entry.suites.is_empty()).collect::<Vec<_>>())?;
    apt.update(Ask::Names, options.accept_expired, report)?;
    let names = apt.names();

    let asked: Vec<Entry> =
        archives.iter().map(|archive| archive.entry(archive.suites(&names))).collect();
    apt.set_sources(&asked)?;
    let said = apt.update(Ask::Packages, options.accept_expired, report)?;
    let targets = apt.targets()?;
    let mut index = Index::default();
    for (archive, entry) in archives.iter().zip(&asked) {
        let used = sift(archive, entry, &targets, &said, &mut index);
        let names: Vec<_> = used.iter().map(|target| target.suite.as_str()).collect();
        if !names.is_empty() {
            index.notes.push(format!("used: {}: {}", archive.uri, names.join(", ")));
        }
        for target in used {
            let offered = apt.read(target, |file| package::read(file, &target.suite))?;
            index.packages.extend(offered);
        }
    }
    if index.packages.is_empty() {
        let mut why = index.notes.join("; ");
        if why.is_empty() {
            why = said.0;
        }
        return Err(KernelError::NoSuite(why));
    }
    for line in &index.notes {
        report.say(line);
    }
    Ok(index)
}

/// Debian's archives among the machine's; those of which it is not known whose they
/// are tell it in their own `Release` files.
fn archives(
    apt: &Apt,
    entries: &[Entry],
    options: Options,
    report: &Report,
) -> Result<Vec<Archive>, KernelError> {
    let mut origins = origins(apt::machine_targets()?);
    let mut sorted = archive::sort(entries, &origins);
    if !sorted.undecided.is_empty() {
        apt.set_sources(&sorted.undecided)?;
        let said = apt.update(Ask::Origins, options.accept_expired, report)?;
        origins.extend(self::origins(apt.targets()?));
        sorted = archive::sort(entries, &origins);
        if sorted.archives.is_empty() && !sorted.undecided.is_empty() {
            return Err(KernelError::NoSuite(said.0));
        }
    }
    let Sorted { archives, undecided, mut others } = sorted;
    others.extend(undecided.into_iter().flat_map(|entry| entry.uris));
    others.dedup();
    if archives.is_empty() {
        let looked_at = match others.is_empty() {
            true => "it has no sources".to_owned(),
            false => others.join(", "),
        };
        return Err(KernelError::NoArchive { looked_at });
    }
    for other in others {
        report
            .say(&format!("ignored: {other}: not an archive of Debian, or not its main component"));
    }
    Ok(archives)
}

fn origins(targets: Vec<Target>) -> Vec<Origin> {
    targets.into_iter().map(|target| Origin { uri: target.uri, origin: target.origin }).collect()
}

/// The suites of an archive that can be used; the others are noted with the reason.
fn sift<'a>(
    archive: &Archive,
    entry: &Entry,
    targets: &'a [Target],
    said: &Said,
    index: &mut Index,
) -> Vec<&'a Target> {
    let mut used = Vec::new();
    for suite in &entry.suites {
        let target =
            targets.iter().find(|target| target.uri == archive.uri && target.suite == *suite);
        let why = said.why_not(&archive.uri, suite);
        let expired = why.as_ref().is_some_and(|why| why.expired);
        // what apt still has of an expired one is no newer
        used.extend(target.filter(|_| !expired));
        let note = match (target, why) {
            (Some(_), None) => continue,
            (Some(_), Some(why)) if !expired => format!("an older copy is used: {}", why.text),
            (_, Some(why)) => {
                index.some_expired |= expired;
                let remedy = if expired { " (--accept-expired uses it)" } else { "" };
                format!("left out: {}{remedy}", why.text)
            }
            (None, None) => "left out: it has no list of packages".to_owned(),
        };
        index.notes.push(format!("{}: {suite}: {note}", archive.uri));
    }
    used
}
