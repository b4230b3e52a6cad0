//! The configurations that kernels are built with.

use crate::kernels::error::{KernelError, Tried};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What is switched on beside the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// Nothing; memory management is there with all that it has.
    Plain,
    /// The kernel's checks of itself.
    Debug,
    /// The record of what code a system call went through.
    Kcov,
    /// Allocations that fail on request.
    FaultInjection,
}

const BASE: &str = include_str!("config/base.config");
const DEBUG: &str = include_str!("config/debug.config");
const KCOV: &str = include_str!("config/kcov.config");
const FAULT_INJECTION: &str = include_str!("config/fault-injection.config");

impl Config {
    /// Its name on the command line and in the kernel's.
    pub fn name(self) -> &'static str {
        match self {
            Config::Plain => "plain",
            Config::Debug => "debug",
            Config::Kcov => "kcov",
            Config::FaultInjection => "fault-injection",
        }
    }

    /// Everything that it asks for.
    pub(super) fn asked(self) -> Vec<Asked<'static>> {
        let more = match self {
            Config::Plain => "",
            Config::Debug => DEBUG,
            Config::Kcov => KCOV,
            Config::FaultInjection => FAULT_INJECTION,
        };
        let mut asked: Vec<Asked<'_>> = Vec::new();
        for line in BASE.lines().chain(more.lines()).filter_map(Asked::read) {
            // what is said later counts
            asked.retain(|earlier| earlier.options[0].symbol != line.options[0].symbol);
            asked.push(line);
        }
        asked
    }
}

/// An option and its value: `CONFIG_X=y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment<'a> {
    /// Without its prefix.
    symbol: &'a str,
    value: &'a str,
}

impl<'a> Assignment<'a> {
    fn read(text: &'a str) -> Option<Assignment<'a>> {
        let (symbol, value) = text.strip_prefix("CONFIG_")?.split_once('=')?;
        Some(Assignment { symbol, value })
    }
}

impl fmt::Display for Assignment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CONFIG_{}={}", self.symbol, self.value)
    }
}

/// A line of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    /// Whether mmdiff itself depends on it.
    needed: bool,
    /// What it is called, in one source or another; the first that a source knows counts.
    options: Vec<Assignment<'a>>,
}

impl<'a> Asked<'a> {
    /// `CONFIG_X=y`, `need CONFIG_X=y`, `need CONFIG_X=y or CONFIG_Y=y`
    fn read(line: &'a str) -> Option<Asked<'a>> {
        let (needed, options) = match line.strip_prefix("need ") {
            Some(options) => (true, options),
            None => (false, line),
        };
        let options: Option<Vec<_>> = options.split(" or ").map(Assignment::read).collect();
        Some(Asked { needed, options: options? })
    }
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.options.iter().map(Assignment::to_string).collect();
        f.write_str(&options.join(" or "))
    }
}

/// What is asked for, as `make` reads it.
pub(super) fn assignments(asked: &[Asked<'_>]) -> String {
    asked.iter().flat_map(|asked| &asked.options).map(|option| format!("{option}\n")).collect()
}

/// What was asked for and did not come about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missed {
    /// The source knows it, and did not set it.
    pub(super) refused: Vec<String>,
    /// The source does not know it, and mmdiff depends on it.
    pub(super) lacking: Vec<String>,
    /// The source does not know it.
    pub(super) unknown: Vec<String>,
}

/// Holds a configuration against what was asked for. `symbols` answers what the source
/// knows, and is asked only if need be.
///
/// # Errors
/// Those of `symbols`.
pub(super) fn missed(
    asked: &[Asked<'_>],
    config: &str,
    symbols: impl FnOnce() -> Result<HashSet<String>, KernelError>,
) -> Result<Missed, KernelError> {
    let set: HashMap<_, _> =
        config.lines().filter_map(Assignment::read).map(|set| (set.symbol, set.value)).collect();
    let holds =
        |option: &Assignment<'_>| set.get(option.symbol).copied().unwrap_or("n") == option.value;
    let mut missed = Missed::default();
    let mut doubtful = asked.iter().filter(|asked| !holds(&asked.options[0])).peekable();
    if doubtful.peek().is_none() {
        return Ok(missed);
    }
    let symbols = symbols()?;
    for asked in doubtful {
        match asked.options.iter().find(|option| symbols.contains(option.symbol)) {
            Some(option) if holds(option) => {}
            Some(option) => missed.refused.push(option.to_string()),
            None if asked.needed => missed.lacking.push(asked.to_string()),
            None => missed.unknown.push(asked.to_string()),
        }
    }
    Ok(missed)
}

/// The symbols of a tree, without their prefix.
pub(super) fn symbols(tree: &Path) -> Result<HashSet<String>, KernelError> {
    let mut symbols = HashSet::new();
    let mut folders = vec![tree.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).tried("read", &folder)? {
            let entry = entry.tried("read", &folder)?;
            let kind = entry.file_type().tried("read", &folder)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name().to_string_lossy().starts_with("Kconfig") {
                let path: PathBuf = entry.path();
                let text = fs::read(&path).tried("read", path)?;
                symbols.extend(String::from_utf8_lossy(&text).lines().filter_map(definition));
            }
        }
    }
    Ok(symbols)
}

/// `config X` or `menuconfig X`
fn definition(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| matches!(*word, "config" | "menuconfig"))?;
    Some(words.next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is missed of these lines in a source that knows some symbols.
    fn missed_of(lines: &[&'static str], config: &str, known: &[&str]) -> [String; 3] {
        let asked: Vec<_> = lines.iter().map(|line| Asked::read(line).unwrap()).collect();
        let symbols = || Ok(known.iter().map(|&symbol| symbol.to_owned()).collect());
        let Missed { refused, lacking, unknown } = missed(&asked, config, symbols).unwrap();
        [refused, lacking, unknown].map(|lines| lines.join(", "))
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let lines = ["CONFIG_A=y", "CONFIG_B=n", "CONFIG_C=8", "CONFIG_D=y", "CONFIG_E=n"];
        let config = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=4\nCONFIG_E=y\n";
        let missed = missed_of(&lines, config, &["C", "E"]);
        assert_eq!(missed, ["CONFIG_C=8, CONFIG_E=n", "", "CONFIG_D=y"]);
    }

    #[test]
    fn what_is_needed_has_to_be_known() {
        let lines = ["need CONFIG_A=y or CONFIG_B=y", "need CONFIG_C=y", "CONFIG_D=y"];
        assert_eq!(missed_of(&lines, "", &[])[1], "CONFIG_A=y or CONFIG_B=y, CONFIG_C=y");
        // the first that is known counts
        let all = "CONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\n";
        assert_eq!(missed_of(&lines, all, &["B", "C", "D"]), ["", "", ""]);
        assert_eq!(missed_of(&lines, all, &["A", "B", "C", "D"])[0], "CONFIG_A=y");
        assert_eq!(missed_of(&lines, "CONFIG_C=y\nCONFIG_D=y\n", &["B"])[0], "CONFIG_B=y");
    }

    const ALL: [Config; 4] = [Config::Plain, Config::Debug, Config::Kcov, Config::FaultInjection];

    #[test]
    fn every_line_of_every_configuration_is_understood() {
        for text in [BASE, DEBUG, KCOV, FAULT_INJECTION] {
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            let lines: Vec<_> = lines.map(|line| (line, Asked::read(line))).collect();
            let mut symbols = HashSet::new();
            for (line, asked) in &lines {
                let asked = asked.as_ref().unwrap_or_else(|| panic!("{line}"));
                for option in &asked.options {
                    assert!(!option.value.is_empty() && !option.symbol.contains(' '), "{line}");
                    assert!(symbols.insert(option.symbol), "{line} is there twice");
                }
            }
        }
        for config in ALL {
            let text = assignments(&config.asked());
            assert!(text.lines().all(|line| Assignment::read(line).is_some()), "{text}");
            // 7.3 has only the second, those before it need the first
            assert!(text.contains("CONFIG_PROC_SYSCTL=y\nCONFIG_SYSCTL=y\n"), "{text}");
            assert_eq!(text.contains("CONFIG_DEBUG_VM=y\n"), config == Config::Debug);
        }
    }

    #[test]
    fn definitions_in_kconfig_files() {
        assert_eq!(definition("config KSM").as_deref(), Some("KSM"));
        assert_eq!(definition("\tmenuconfig SWAP # x").as_deref(), Some("SWAP"));
        assert_eq!(definition("\tdepends on KSM"), None);
        assert_eq!(definition("configuration"), None);
    }
}
