//! apt with a state of its own: it downloads and verifies, and neither knows nor
//! changes what the machine has installed.

use super::archive::{Names, ARCHITECTURE, MOVING};
use super::error::{KernelError, Tried};
use super::report::Report;
use super::sources::{self, Entry};
use super::tool;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What to do when there is no apt.
const REMEDY: &str = "without apt, use --kernel PATH with a kernel of your own";

/// The settings of the machine that reach its archives: proxies and the like.
const TAKEN_OVER: [&str; 6] = [
    "Acquire::http",
    "Acquire::https",
    "Acquire::Retries",
    "Acquire::ForceIPv",
    "Acquire::Send-",
    "Acquire::Changelogs",
];

/// Files of the machine's configuration that are read, and how apt calls them.
const MACHINE: [(&str, &str); 6] = [
    ("LIST", "Dir::Etc::sourcelist/f"),
    ("PARTS", "Dir::Etc::sourceparts/d"),
    ("TRUSTED", "Dir::Etc::trusted/f"),
    ("TRUSTED_PARTS", "Dir::Etc::trustedparts/d"),
    ("NETRC", "Dir::Etc::netrc/f"),
    ("NETRC_PARTS", "Dir::Etc::netrcparts/d"),
];

/// A list of packages that apt has, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) uri: String,
    /// The suite as it was asked for.
    pub(super) suite: String,
    pub(super) origin: String,
    file: PathBuf,
}

/// How apt is told to write a [`Target`].
const FORMAT: &str = "$(REPO_URI)|$(RELEASE)|$(ORIGIN)|$(FILENAME)";

/// What an update is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What the moving names stand for.
    Names,
    /// Whose the archives are.
    Origins,
    /// What there is.
    Packages,
}

/// How a failed download is called.
pub(super) const DOWNLOAD: &str = "apt-get download";

/// What apt said of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said(pub(super) String);

/// apt with a state of its own, in a folder.
#[derive(Debug)]
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Prepares the folder, with what has to be known of the machine's configuration.
    pub(super) fn new(folder: PathBuf) -> Result<Apt, KernelError> {
        let apt = Apt { folder };
        for name in ["empty", "sources", "state/lists/partial", "cache/archives/partial"] {
            let path = apt.folder.join(name);
            fs::create_dir_all(&path).tried("make the folder", path)?;
        }
        let status = apt.folder.join("status");
        fs::write(&status, "").tried("write", status)?;
        let config = apt.config(&Machine::ask()?);
        fs::write(apt.config_file(), config).tried("write", apt.config_file())?;
        Ok(apt)
    }

    fn config_file(&self) -> PathBuf {
        self.folder.join("apt.conf")
    }

    /// The complete configuration. No file of the machine's own is read: it may have
    /// programs that are to be run after an update.
    fn config(&self, machine: &Machine) -> String {
        let own = |name: &str| self.folder.join(name).display().to_string();
        let of_machine = |key: &str| machine.path(key).to_owned();
        let settings = [
            ("Dir::Etc::main", "/dev/null".to_owned()),
            ("Dir::Etc::parts", own("empty")),
            ("Dir::Etc::preferences", "/dev/null".to_owned()),
            ("Dir::Etc::preferencesparts", own("empty")),
            ("Dir::Etc::sourcelist", "/dev/null".to_owned()),
            ("Dir::Etc::sourceparts", own("sources")),
            ("Dir::Etc::trusted", of_machine("TRUSTED")),
            ("Dir::Etc::trustedparts", of_machine("TRUSTED_PARTS")),
            ("Dir::Etc::netrc", of_machine("NETRC")),
            ("Dir::Etc::netrcparts", of_machine("NETRC_PARTS")),
            ("Dir::State", own("state")),
            ("Dir::State::status", own("status")),
            ("Dir::Cache", own("cache")),
            // larger than all that is kept of a kernel, and of use for seconds
            ("Dir::Cache::pkgcache", String::new()),
            ("Dir::Cache::srcpkgcache", String::new()),
            ("APT::Architecture", ARCHITECTURE.to_owned()),
            ("APT::Architectures", ARCHITECTURE.to_owned()),
            // as root, apt would become a user who may not write to a cache in root's home
            ("APT::Sandbox::User", "root".to_owned()),
            ("Acquire::Languages", "none".to_owned()),
            ("Acquire::GzipIndexes", "true".to_owned()),
            ("Acquire::PDiffs", "false".to_owned()),
            ("Acquire::Retries", "3".to_owned()),
            // the cache has a lock of its own
            ("Debug::NoLocking", "true".to_owned()),
        ];
        let mut text: String =
            settings.iter().map(|(name, value)| format!("{name} \"{value}\";\n")).collect();
        text.push_str(&machine.settings);
        text
    }

    fn command(&self, program: &str) -> Command {
        let mut command = tool::command(program);
        command.env("APT_CONFIG", self.config_file());
        command
    }

    /// Replaces the archives and suites to be asked.
    pub(super) fn set_sources(&self, entries: &[Entry]) -> Result<(), KernelError> {
        let file = self.folder.join("sources/mmdiff.sources");
        fs::write(&file, sources::write(entries)).tried("write", file)
    }

    /// Downloads what is new of the `Release` files and, unless these are enough, of the
    /// lists of packages. What could not be had is in what apt said.
    pub(super) fn update(
        &self,
        ask: Ask,
        accept_expired: bool,
        report: &Report,
    ) -> Result<Said, KernelError> {
        let mut command = self.command("apt-get");
        // a release that has become stable is nothing to stop for
        command.args(["update", "-qq", "--allow-releaseinfo-change"]);
        if ask != Ask::Packages {
            // the lists of other suites are still good
            command.arg("--no-list-cleanup");
        }
        if ask == Ask::Names {
            command.args(["-o", "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false"]);
        }
        if accept_expired {
            command.args(["-o", "Acquire::Check-Valid-Until=false"]);
        }
        let what = if ask == Ask::Names { "names of suites" } else { "lists of packages" };
        let (_, said) = follow(command, what, report)?;
        Ok(Said(said))
    }

    /// The lists of packages that there are.
    pub(super) fn targets(&self) -> Result<Vec<Target>, KernelError> {
        targets(self.command("apt-get"))
    }

    /// What the moving names stand for, as the `Release` files say that were downloaded.
    /// Those that were refused, because they have expired, serve as well: it is only a
    /// name to ask for next.
    pub(super) fn names(&self) -> Names {
        let lists = self.folder.join("state/lists");
        let mut names = Names::default();
        for folder in [lists.join("partial"), lists] {
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
                let suite = MOVING.iter().find(|suite| is_release_of(&path, suite));
                if let Some((suite, codename)) = suite.zip(code_name(&path)) {
                    names.learn(suite, &codename);
                }
            }
        }
        names
    }

    /// Opens a list of packages, however it is compressed.
    pub(super) fn read<T>(
        &self,
        target: &Target,
        read: impl FnOnce(&mut dyn BufRead) -> std::io::Result<T>,
    ) -> Result<T, KernelError> {
        let mut command = self.command("apt-helper");
        command.arg("cat-file").arg(&target.file).stdout(Stdio::piped());
        let mut child = tool::spawn(&mut command, REMEDY)?;
        let result = match child.stdout.take() {
            Some(stdout) => read(&mut BufReader::with_capacity(1 << 20, stdout)),
            None => read(&mut std::io::empty()),
        };
        let status = child.wait().tried("wait for the reader of", &target.file)?;
        if !status.success() {
            let program = "apt-helper cat-file".to_owned();
            return Err(KernelError::Failed { program, message: status.to_string() });
        }
        result.tried("read", &target.file)
    }

    /// Downloads packages into a folder; goes on with what is there already, and
    /// verifies all of it.
    pub(super) fn download(
        &self,
        packages: &[(&str, &str)],
        folder: &Path,
        report: &Report,
    ) -> Result<(), KernelError> {
        let mut command = self.command("apt-get");
        command.args(["download", "-qq"]).current_dir(folder);
        command.args(packages.iter().map(|(name, version)| format!("{name}={version}")));
        let what = packages.first().map_or("packages", |(name, _)| name);
        match follow(command, what, report)? {
            (true, _) => Ok(()),
            (false, message) => Err(KernelError::Failed { program: DOWNLOAD.to_owned(), message }),
        }
    }
}

/// Whether apt calls the `Release` file of this suite so.
fn is_release_of(path: &Path, suite: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["InRelease", "Release"].iter().any(|file| name.ends_with(&format!("_dists_{suite}_{file}")))
}

fn code_name(path: &Path) -> Option<String> {
    let mut head = String::new();
    fs::File::open(path).ok()?.take(4096).read_to_string(&mut head).ok()?;
    head.lines().find_map(|line| Some(line.strip_prefix("Codename:")?.trim().to_owned()))
}

fn targets(mut command: Command) -> Result<Vec<Target>, KernelError> {
    command.args(["indextargets", "--format", FORMAT, "Created-By: Packages"]);
    let text = tool::output(&mut command, REMEDY)?;
    Ok(text.lines().filter_map(target).collect())
}

fn target(line: &str) -> Option<Target> {
    let mut fields = line.split('|').map(str::to_owned);
    Some(Target {
        uri: fields.next()?.trim_end_matches('/').to_owned(),
        suite: fields.next()?,
        origin: fields.next()?,
        file: fields.next()?.into(),
    })
}

/// Runs apt, shows how far it is, and collects what it says.
fn follow(
    mut command: Command,
    what: &str,
    report: &Report,
) -> Result<(bool, String), KernelError> {
    command.args(["-o", "APT::Status-Fd=1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tool::spawn(&mut command, REMEDY)?;
    let stderr = child.stderr.take();
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        // a pipe that breaks leaves what was read
        let _ = stderr.map(|mut stderr| stderr.read_to_end(&mut said));
        String::from_utf8_lossy(&said).into_owned()
    });
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(percent) = percent(&line) {
                report.progress(what, percent);
            }
        }
    }
    report.done();
    let status = child.wait().tried("wait for", "apt-get")?;
    let said = said.join().unwrap_or_default();
    Ok((status.success(), said.trim().to_owned()))
}

/// Whether a download failed because of what came, rather than because nothing came.
pub(super) fn is_about_contents(message: &str) -> bool {
    ["Hash Sum mismatch", "unexpected size"].iter().any(|words| message.contains(words))
}

/// How far a download is, as apt's status lines say.
fn percent(line: &str) -> Option<f64> {
    line.strip_prefix("dlstatus:")?.split(':').nth(1)?.parse().ok()
}

/// What the machine's own apt is configured to.
#[derive(Debug, Default)]
struct Machine {
    paths: Vec<(String, String)>,
    settings: String,
}

impl Machine {
    fn ask() -> Result<Machine, KernelError> {
        let mut shell = tool::command("apt-config");
        shell.arg("shell").args(MACHINE.iter().flat_map(|(name, key)| [name, key]));
        let paths = tool::output(&mut shell, REMEDY)?;
        let mut dump = tool::command("apt-config");
        let settings = tool::output(dump.arg("dump"), REMEDY)?;
        let taken_over = settings.lines().filter(|line| is_taken_over(line));
        Ok(Machine {
            paths: paths.lines().filter_map(shell_variable).collect(),
            settings: taken_over.flat_map(|line| [line, "\n"]).collect(),
        })
    }

    fn path(&self, key: &str) -> &str {
        let found = self.paths.iter().find(|(name, _)| name == key);
        found.map_or("/dev/null", |(_, path)| path)
    }
}

fn is_taken_over(line: &str) -> bool {
    TAKEN_OVER.iter().any(|prefix| line.starts_with(prefix))
}

/// `NAME='value'`
fn shell_variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    Some((name.to_owned(), value.trim_matches('\'').to_owned()))
}

/// The machine's own sources.
pub(super) fn machine_sources() -> Result<Vec<Entry>, KernelError> {
    let machine = Machine::ask()?;
    let mut entries = Vec::new();
    if let Ok(text) = fs::read_to_string(machine.path("LIST")) {
        entries.extend(sources::parse_lines(&text));
    }
    let mut files: Vec<PathBuf> = fs::read_dir(machine.path("PARTS"))
        .map(|folder| folder.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    for file in files {
        let parse = match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources::parse_lines,
            Some("sources") => sources::parse_paragraphs,
            _ => continue,
        };
        let text = fs::read_to_string(&file).tried("read", &file)?;
        entries.extend(parse(&text));
    }
    Ok(entries)
}

/// What the machine's own apt has of its archives: where they are and whose.
pub(super) fn machine_targets() -> Result<Vec<Target>, KernelError> {
    targets(tool::command("apt-get"))
}

/// Why a suite cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WhyNot {
    pub(super) text: String,
    /// Its `Release` file is older than it may be.
    pub(super) expired: bool,
}

impl Said {
    /// Why a suite cannot be used, if it cannot.
    pub(super) fn why_not(&self, uri: &str, suite: &str) -> Option<WhyNot> {
        let names = [format!("{uri}/dists/{suite}/"), format!("{uri} {suite} ")];
        let about = |line: &&str| names.iter().any(|name| line.contains(name));
        let lines: Vec<_> = self.0.lines().filter(about).collect();
        let says = |words: &str| lines.iter().find(|line| line.contains(words));
        if let Some(line) = says(" is expired") {
            let since =
                line.split_once("(invalid since ").and_then(|(_, rest)| rest.split_once(')'));
            let since = since.map(|(since, _)| format!(" since {since}")).unwrap_or_default();
            let text = format!("its Release file has been expired{since}");
            return Some(WhyNot { text, expired: true });
        }
        let text = if says(" is not valid yet").is_some() {
            "its Release file is from the future"
        } else if says("does not have a Release file").is_some() {
            "it has no Release file"
        } else if says("NO_PUBKEY").or_else(|| says(" is not signed")).is_some() {
            "its signature cannot be checked with the keys that apt has"
        } else {
            let line = lines.first()?;
            line.split_once(": ").map_or(*line, |(_, rest)| rest)
        };
        Some(WhyNot { text: text.to_owned(), expired: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_says_of_suites() {
        let said = Said(include_str!("testdata/update.txt").to_owned());
        let uri = "http://mirror.test/debian";
        let why = |suite| said.why_not(uri, suite).map(|why| why.text);
        assert_eq!(why("sid").unwrap(), "its Release file has been expired since 19d 4h 26min 48s");
        assert_eq!(why("nonsense").unwrap(), "it has no Release file");
        assert_eq!(
            why("keyless").unwrap(),
            "its signature cannot be checked with the keys that apt has"
        );
        assert_eq!(why("early").unwrap(), "its Release file is from the future");
        assert!(why("broken").unwrap().starts_with("Failed to fetch http://mirror.test"));
        assert_eq!(why("trixie"), None);
        assert!(said.why_not(uri, "sid").unwrap().expired);
        assert_eq!(said.why_not("http://other.test/debian", "sid"), None, "another archive");
    }

    #[test]
    fn status_lines() {
        assert_eq!(percent("dlstatus:8:18.6687:Retrieving file 1 of 1"), Some(18.6687));
        assert_eq!(percent("pmstatus:x:3:y"), None);
    }

    #[test]
    fn only_ways_to_the_archives_are_taken_over() {
        assert!(is_taken_over("Acquire::http::Proxy \"http://proxy.test:3128\";"));
        assert!(!is_taken_over("APT::Update::Post-Invoke-Success:: \"true\";"));
        assert!(!is_taken_over("Acquire::Check-Valid-Until \"false\";"));
    }
}
