//! Where the programs of the corpus are; shared by the tests of both crates.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the corpus.
pub fn corpus() -> PathBuf {
    root().join("corpus")
}

/// All programs below a folder, sorted.
pub fn programs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the corpus is readable");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let below = |path: PathBuf| match path.is_dir() {
        true => programs(&path),
        false => vec![path],
    };
    let mut found: Vec<_> = paths.into_iter().flat_map(below).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "mm"));
    found
}
