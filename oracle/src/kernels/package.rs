//! Which packages are a kernel: chosen among what the suites offer.

use super::version;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::io::{self, BufRead};

/// A package in one version, as a suite offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// The suite, as it was asked for.
    pub(super) suite: String,
    /// Size of the file to be downloaded.
    pub(super) size: u64,
    /// Its checksum.
    pub(super) sha256: String,
}

/// The beginnings of the names that matter here.
pub(super) const PREFIXES: [&str; 5] =
    ["linux-image-", "linux-binary-", "linux-base-", "linux-modules-", "linux-source-"];

/// The flavour without drivers for real hardware is the smallest.
const FLAVOUR: &str = "-cloud-amd64";

/// Reads the kernel packages out of a `Packages` file.
pub(super) fn read(file: impl BufRead, suite: &str) -> io::Result<Vec<Package>> {
    let mut found = Vec::new();
    let mut current: Option<Package> = None;
    for line in file.lines() {
        let line = line?;
        if line.is_empty() {
            found.extend(current.take());
        } else if let Some(name) = line.strip_prefix("Package: ") {
            let (name, suite) = (name.to_owned(), suite.to_owned());
            let wanted = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            let (version, sha256) = (String::new(), String::new());
            current = wanted.then_some(Package { name, version, suite, size: 0, sha256 });
        } else if let (Some(package), Some((field, value))) = (&mut current, line.split_once(": "))
        {
            match field {
                "Version" => package.version = value.to_owned(),
                "Size" => package.size = value.parse().unwrap_or(0),
                "SHA256" => package.sha256 = value.to_owned(),
                _ => {}
            }
        }
    }
    found.extend(current);
    Ok(found)
}

/// What a package is to a kernel; of two with an image the later one is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Image and modules; only a name where the image has a package of its own.
    Image,
    /// The image alone.
    Binary,
    /// The configuration.
    Base,
    /// The modules, where image and modules have a package each.
    Modules,
}

/// The part, the release of its kernel, and whether it is signed.
fn part(name: &str) -> Option<(Part, &str, bool)> {
    let (part, release) = if let Some(release) = name.strip_prefix("linux-image-") {
        (Part::Image, release)
    } else if let Some(release) = name.strip_prefix("linux-binary-") {
        (Part::Binary, release)
    } else if let Some(release) = name.strip_prefix("linux-modules-") {
        (Part::Modules, release)
    } else {
        (Part::Base, name.strip_prefix("linux-base-")?)
    };
    let (release, signed) = match release.strip_prefix("unsigned-") {
        Some(release) => (release, false),
        None => match release.strip_suffix("-unsigned") {
            Some(release) => (release, false),
            None => (release, true),
        },
    };
    let is_kernel = release.starts_with(|c: char| c.is_ascii_digit()) && release.ends_with(FLAVOUR);
    is_kernel.then_some((part, release, signed))
}

/// The packages that a kernel is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The kernel's release, as `uname -r` says it.
    pub(super) release: String,
    /// The one with the image first, then those with the configuration and with the
    /// modules, as far as these are others, and there are any.
    pub(super) packages: Vec<Package>,
    /// The release whose configuration it is, where its own is not offered any more.
    pub(super) configured_as: Option<String>,
}

impl Choice {
    /// The package with the image.
    pub(super) fn image(&self) -> &Package {
        &self.packages[0]
    }
}

/// The newest kernel of a series such as `6.12`.
pub(super) fn kernel(series: &str, offered: &[Package]) -> Option<Choice> {
    let parts = || {
        offered.iter().filter_map(|package| {
            let (part, release, signed) = part(&package.name)?;
            Some((package, part, release, signed))
        })
    };
    let (image, part, release, _) = parts()
        .filter(|(_, part, ..)| matches!(part, Part::Image | Part::Binary))
        .filter(|(package, ..)| is_in(series, &package.version))
        .max_by(|(a, part_a, _, signed_a), (b, part_b, _, signed_b)| {
            version::compare(&a.version, &b.version)
                .then_with(|| part_a.cmp(part_b))
                .then_with(|| signed_a.cmp(signed_b))
        })?;
    let bases = || parts().filter(|(_, part, ..)| *part == Part::Base);
    let of_the_same = |wanted| {
        parts().find(|(package, part, of, _)| {
            *part == wanted && *of == release && package.version == image.version
        })
    };
    // Suites keep images for longer than what was split from them. Debian's configuration
    // changes little from one release to the next.
    let later = || {
        let later = bases().filter(|(package, ..)| {
            version::compare(&package.version, &image.version) == Ordering::Greater
        });
        later.min_by(|(a, ..), (b, ..)| version::compare(&a.version, &b.version))
    };
    let base = of_the_same(Part::Base).or_else(|| (part == Part::Binary).then(later).flatten());
    // modules of any other kernel are of no use to this one
    let modules = of_the_same(Part::Modules);
    let others = [base, modules].into_iter().flatten().map(|(package, ..)| package);
    let other = base.map(|(_, _, of, _)| of).filter(|of| *of != release);
    Some(Choice {
        release: release.to_owned(),
        packages: std::iter::once(image).chain(others).cloned().collect(),
        configured_as: other.map(str::to_owned),
    })
}

/// The newest package with the source of a series.
pub(super) fn source<'a>(series: &str, offered: &'a [Package]) -> Option<&'a Package> {
    let name = format!("linux-source-{series}");
    let named = offered.iter().filter(|package| package.name == name);
    named.max_by(|a, b| version::compare(&a.version, &b.version))
}

/// Whether a version belongs to a series: `6.1.9` to `6.1`, `6.12` not.
fn is_in(series: &str, version: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let number = version::upstream(version).split(|c| !is_number(c)).next().unwrap_or_default();
    let parts: Vec<_> = number.split('.').take(2).collect();
    parts.join(".") == series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paragraphs as Debian's archive has them, shortened.
    const LIST: &str = include_str!("testdata/packages.txt");

    fn offered() -> Vec<Package> {
        read(LIST.as_bytes(), "some-suite").unwrap()
    }

    fn names(series: &str) -> Vec<String> {
        let choice = kernel(series, &offered()).unwrap();
        choice.packages.into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn only_kernel_packages_are_read() {
        let offered = offered();
        assert!(offered.iter().all(|package| package.name.starts_with("linux-")), "{offered:?}");
        let first = &offered[0];
        assert_eq!(first.name, "linux-image-6.1.0-49-cloud-amd64");
        assert_eq!((first.version.as_str(), first.size), ("6.1.170-1", 30_000_000));
        assert_eq!(first.sha256.len(), 64);
        assert_eq!(first.suite, "some-suite");
    }

    #[test]
    fn the_newest_of_the_series_is_chosen() {
        assert_eq!(names("6.1"), ["linux-image-6.1.0-50-cloud-amd64"]);
        assert_eq!(kernel("6.1", &offered()).unwrap().image().version, "6.1.176-1");
        // 6.18.15 is newer than 6.18.9
        let choice = kernel("6.18", &offered()).unwrap();
        assert_eq!(choice.release, "6.18.15+deb13-cloud-amd64");
    }

    #[test]
    fn image_and_configuration_of_split_packages() {
        let release = "7.3.4+deb13-cloud-amd64";
        assert_eq!(
            names("7.3"),
            [
                format!("linux-binary-{release}"),
                format!("linux-base-{release}"),
                format!("linux-modules-{release}")
            ]
        );
        assert_eq!(
            names("6.18"),
            ["linux-image-6.18.15+deb13-cloud-amd64", "linux-base-6.18.15+deb13-cloud-amd64"]
        );
    }

    #[test]
    fn a_later_configuration_where_its_own_is_gone() {
        let choice = kernel("7.1", &offered()).unwrap();
        assert_eq!(choice.image().name, "linux-binary-7.1.13+deb13-cloud-amd64");
        assert_eq!(choice.packages[1].name, "linux-base-7.3.4+deb13-cloud-amd64");
        assert_eq!(choice.configured_as.as_deref(), Some("7.3.4+deb13-cloud-amd64"));
        assert_eq!(kernel("7.3", &offered()).unwrap().configured_as, None);
        assert_eq!(kernel("6.1", &offered()).unwrap().configured_as, None, "its image has one");
    }

    #[test]
    fn modules_of_exactly_the_image_or_none() {
        let release = "7.2.12+deb13-cloud-amd64";
        assert_eq!(
            names("7.2"),
            [format!("linux-binary-{release}"), "linux-base-7.3.4+deb13-cloud-amd64".to_owned()],
            "those of an earlier version and of another flavour are not its own"
        );
        assert!(
            !names("7.1").iter().any(|name| name.starts_with("linux-modules-")),
            "all are gone"
        );
    }

    #[test]
    fn unsigned_where_there_is_no_other() {
        assert_eq!(names("7.4"), ["linux-binary-unsigned-7.4-rc2-cloud-amd64"]);
        assert_eq!(names("6.16"), ["linux-image-6.16.3+deb13-cloud-amd64-unsigned"]);
    }

    #[test]
    fn neither_symbols_nor_other_flavours_nor_metapackages() {
        assert_eq!(kernel("6.17", &offered()), None, "there are only symbols and another flavour");
        assert_eq!(kernel("6", &offered()), None, "that is no series");
        assert_eq!(kernel("9.9", &offered()), None);
    }

    #[test]
    fn the_newest_source() {
        assert_eq!(source("7.2", &offered()).unwrap().version, "7.2.12-1~bpo13+1");
        assert_eq!(source("7.1", &offered()), None);
    }
}
