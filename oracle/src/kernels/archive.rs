//! Which of the machine's archives are Debian's, and which of their suites to ask.

use super::sources::Entry;

/// Debian's name in the `Release` files of its archives, at the beginning.
const ORIGIN: &str = "Debian";

/// How the files with Debian's keys are called.
const KEYRING: &str = "debian-archive";

/// The architecture of all kernels here.
pub(super) const ARCHITECTURE: &str = "amd64";

/// The origin that a `Release` file of an archive states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) uri: String,
    pub(super) origin: String,
}

/// An archive of Debian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Archive {
    pub(super) uri: String,
    trust: Vec<(String, String)>,
    /// The suites that the machine itself uses.
    own: Vec<String>,
}

/// The machine's entries by what is known of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// Debian's archives.
    pub(super) archives: Vec<Archive>,
    /// Those of which nothing is known yet.
    pub(super) undecided: Vec<Entry>,
    /// The addresses of all others.
    pub(super) others: Vec<String>,
}

/// Sorts entries, one for each address: Debian's by their key or by what their
/// `Release` files say.
pub(super) fn sort(entries: &[Entry], origins: &[Origin]) -> Sorted {
    let mut sorted = Sorted::default();
    for entry in entries {
        for uri in &entry.uris {
            let uri = uri.trim_end_matches('/');
            let usable = entry.components.iter().any(|component| component == "main")
                && (entry.architectures.is_empty()
                    || entry.architectures.iter().any(|name| name == ARCHITECTURE))
                && !uri.starts_with("cdrom:");
            match is_debian(uri, entry, origins).filter(|_| usable) {
                Some(true) => add(&mut sorted.archives, uri, entry),
                None if usable => sorted.undecided.push(Entry {
                    uris: vec![uri.to_owned()],
                    architectures: vec![ARCHITECTURE.to_owned()],
                    ..entry.clone()
                }),
                _ => sorted.others.push(uri.to_owned()),
            }
        }
    }
    sorted
}

fn is_debian(uri: &str, entry: &Entry, origins: &[Origin]) -> Option<bool> {
    let file_names = |value: &str| {
        let names = value.split_whitespace().map(|path| path.rsplit('/').next().unwrap_or(path));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let keys = entry.trust.iter().filter(|(name, _)| name == "Signed-By");
    if keys.flat_map(|(_, value)| file_names(value)).any(|name| name.starts_with(KEYRING)) {
        return Some(true);
    }
    let known = origins.iter().find(|origin| origin.uri.trim_end_matches('/') == uri);
    known.map(|known| known.origin == ORIGIN || known.origin.starts_with("Debian "))
}

fn add(archives: &mut Vec<Archive>, uri: &str, entry: &Entry) {
    let known = archives.iter().position(|archive| archive.uri == uri);
    let index = known.unwrap_or_else(|| {
        let (uri, trust) = (uri.to_owned(), entry.trust.clone());
        archives.push(Archive { uri, trust, own: Vec::new() });
        archives.len() - 1
    });
    archives[index].own.extend(entry.suites.iter().cloned());
}

/// The names that move from one release to the next; where a mirror serves them from a
/// cache, they may be stale while the release's own name is not.
pub(super) const MOVING: [&str; 3] = ["stable", "oldstable", "testing"];

impl Archive {
    /// Whether it has nothing but security updates.
    fn is_security(&self) -> bool {
        self.own.iter().any(|suite| suite.contains("-security") || suite.ends_with("/updates"))
    }

    /// An entry for some suites of this archive.
    pub(super) fn entry(&self, suites: Vec<String>) -> Entry {
        Entry {
            uris: vec![self.uri.clone()],
            suites,
            components: vec!["main".to_owned()],
            architectures: vec![ARCHITECTURE.to_owned()],
            trust: self.trust.clone(),
        }
    }

    /// The suites whose `Release` files tell what stable and the others are called today.
    pub(super) fn moving_suites(&self) -> Vec<String> {
        if self.is_security() {
            return Vec::new();
        }
        MOVING.map(str::to_owned).to_vec()
    }

    /// All suites that may have kernels, with what was found out about the moving names.
    pub(super) fn suites(&self, names: &Names) -> Vec<String> {
        let mut suites: Vec<String> = Vec::new();
        if self.is_security() {
            let stable = [&names.stable, &names.oldstable];
            suites.extend(stable.into_iter().flatten().map(|name| format!("{name}-security")));
        } else {
            for name in [&names.stable, &names.oldstable].into_iter().flatten() {
                suites.extend(["", "-updates", "-backports"].map(|kind| format!("{name}{kind}")));
            }
            suites.extend(names.testing.clone());
            suites.extend(["unstable", "experimental"].map(str::to_owned));
        }
        let own = self.own.iter().filter(|suite| !names.is_moving(suite));
        for suite in own {
            if !suites.contains(suite) {
                suites.push(suite.clone());
            }
        }
        suites
    }
}

/// What the moving names stand for today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) stable: Option<String>,
    pub(super) oldstable: Option<String>,
    pub(super) testing: Option<String>,
}

impl Names {
    /// Takes note of what the `Release` file of a suite says.
    pub(super) fn learn(&mut self, suite: &str, codename: &str) {
        let name = match suite {
            "stable" => &mut self.stable,
            "oldstable" => &mut self.oldstable,
            "testing" => &mut self.testing,
            _ => return,
        };
        *name = Some(codename.to_owned());
    }

    /// A moving name, whose meaning is among the suites already, as are its parts.
    fn is_moving(&self, suite: &str) -> bool {
        let known = [("stable", &self.stable), ("oldstable", &self.oldstable)];
        let known = known.into_iter().chain([("testing", &self.testing)]);
        known.filter(|(_, name)| name.is_some()).any(|(moving, _)| {
            suite.strip_prefix(moving).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        }) || suite == "sid"
    }
}

#[cfg(test)]
mod tests {
    use super::super::sources::{parse_lines, parse_paragraphs};
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for (suite, codename) in
            [("stable", "trixie"), ("oldstable", "bookworm"), ("testing", "forky")]
        {
            names.learn(suite, codename);
        }
        names.learn("unstable", "sid");
        names
    }

    #[test]
    fn debians_archives_are_known_by_key_or_origin() {
        let entries = [
            parse_paragraphs(
                "Types: deb\nURIs: http://a.test/debian/\nSuites: bookworm\nComponents: main\n\
                 Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
            ),
            parse_lines(
                "deb http://b.test/debian bookworm main\n\
                 deb http://b.test/debian bookworm-updates main\n\
                 deb http://c.test/tool stable main\n\
                 deb http://d.test/unknown stable main\n\
                 deb http://e.test/debian bookworm contrib\n\
                 deb [arch=arm64] http://f.test/debian bookworm main\n\
                 deb http://g.test/derived stable main\n",
            ),
        ]
        .concat();
        let origin = |uri: &str, origin: &str| Origin { uri: uri.into(), origin: origin.into() };
        let origins = [
            origin("http://b.test/debian/", "Debian"),
            origin("http://c.test/tool/", "Tool"),
            origin("http://g.test/derived/", "Debianesque"),
        ];
        let sorted = sort(&entries, &origins);
        let uris: Vec<_> = sorted.archives.iter().map(|archive| archive.uri.as_str()).collect();
        assert_eq!(uris, ["http://a.test/debian", "http://b.test/debian"]);
        assert_eq!(sorted.archives[1].own, ["bookworm", "bookworm-updates"]);
        assert_eq!(sorted.undecided.len(), 1);
        assert_eq!(sorted.undecided[0].uris, ["http://d.test/unknown"]);
        assert_eq!(
            sorted.others,
            [
                "http://c.test/tool",
                "http://e.test/debian",
                "http://f.test/debian",
                "http://g.test/derived"
            ]
        );
    }

    fn archive(suites: &[&str]) -> Archive {
        let own = suites.iter().map(|&suite| suite.to_owned()).collect();
        Archive { uri: "http://a.test/debian".into(), trust: Vec::new(), own }
    }

    #[test]
    fn suites_of_the_main_archive() {
        let suites =
            archive(&["bookworm", "bookworm-proposed-updates", "stable-updates"]).suites(&names());
        assert_eq!(
            suites.join(" "),
            "trixie trixie-updates trixie-backports bookworm bookworm-updates bookworm-backports \
             forky unstable experimental bookworm-proposed-updates"
        );
    }

    #[test]
    fn suites_of_the_security_archive() {
        let suites = archive(&["bullseye-security"]).suites(&names());
        assert_eq!(suites.join(" "), "trixie-security bookworm-security bullseye-security");
        assert_eq!(archive(&["bullseye-security"]).moving_suites(), [""; 0]);
    }

    #[test]
    fn without_names_there_are_the_machines_own() {
        let suites = archive(&["trixie", "stable-backports"]).suites(&Names::default());
        assert_eq!(suites.join(" "), "unstable experimental trixie stable-backports");
    }
}
