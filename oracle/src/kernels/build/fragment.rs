//! The configurations that kernels are built with.

use crate::kernels::error::{KernelError, Tried};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is switched on beside the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// Nothing.
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
    pub(super) fn text(self) -> String {
        let more = match self {
            Config::Plain => "",
            Config::Debug => DEBUG,
            Config::Kcov => KCOV,
            Config::FaultInjection => FAULT_INJECTION,
        };
        format!("{BASE}{more}")
    }
}

/// The assignments of a configuration: symbol and value.
fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| line.starts_with("CONFIG_")).filter_map(|line| line.split_once('='))
}

/// What was asked for and did not come about, as `CONFIG_X=y`.
pub(super) fn without_effect(asked: &str, config: &str) -> Vec<String> {
    let config: std::collections::HashMap<_, _> = assignments(config).collect();
    let mut last: Vec<(&str, &str)> = Vec::new();
    for (symbol, value) in assignments(asked) {
        last.retain(|(earlier, _)| *earlier != symbol);
        last.push((symbol, value));
    }
    let missed = last
        .into_iter()
        .filter(|(symbol, value)| config.get(symbol).copied().unwrap_or("n") != *value);
    missed.map(|(symbol, value)| format!("{symbol}={value}")).collect()
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

    #[test]
    fn what_has_no_effect_is_named() {
        let asked = "# x\nCONFIG_A=y\nCONFIG_B=n\nCONFIG_C=8\nCONFIG_D=y\nCONFIG_E=n\nCONFIG_F=n\nCONFIG_F=y\n";
        let config = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=4\nCONFIG_E=y\nCONFIG_F=y\n";
        assert_eq!(without_effect(asked, config), ["CONFIG_C=8", "CONFIG_D=y", "CONFIG_E=n"]);
        assert_eq!(without_effect(asked, asked), [""; 0]);
    }

    #[test]
    fn every_configuration_says_what_it_needs() {
        for config in [Config::Plain, Config::Debug, Config::Kcov, Config::FaultInjection] {
            let text = config.text();
            let mut symbols = HashSet::new();
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let (symbol, value) = line.split_once('=').unwrap();
                assert!(symbol.starts_with("CONFIG_") && !value.is_empty(), "{line}");
                let twice = !symbols.insert(symbol) && config == Config::Plain;
                assert!(!twice, "{line} is there twice");
            }
        }
        assert!(Config::Debug.text().contains("CONFIG_DEBUG_VM=y\n"));
        assert!(Config::Plain.text().contains("CONFIG_MEM_SOFT_DIRTY=y\n"));
    }

    #[test]
    fn definitions_in_kconfig_files() {
        assert_eq!(definition("config KSM").as_deref(), Some("KSM"));
        assert_eq!(definition("\tmenuconfig SWAP # x").as_deref(), Some("SWAP"));
        assert_eq!(definition("\tdepends on KSM"), None);
        assert_eq!(definition("configuration"), None);
    }
}
