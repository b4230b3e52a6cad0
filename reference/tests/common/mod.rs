//! What the tests over the corpus share.

use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of all programs.
pub fn corpus() -> PathBuf {
    root().join("corpus")
}

/// All programs below a folder, sorted.
pub fn programs(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the corpus is readable");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            programs(&path, into);
        } else if path.extension().is_some_and(|e| e == "mm") {
            into.push(path);
        }
    }
}
