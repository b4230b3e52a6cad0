//! Known differences, held against the versions that their entries name.

use super::result::Known;
use mm_reference::profile::{Version, QUIRKS};
use serde::Serialize;
use std::collections::BTreeMap;

/// What an entry of the registry came to on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// It names this kernel, and showed.
    Fired,
    /// It names this kernel, and did not show: nothing that was run comes to it,
    /// or a stable update has repaired it.
    Silent,
    /// It does not name this kernel, and did not show.
    Absent,
    /// It does not name this kernel, but showed there.
    Unexpected,
}

/// The registry on a kernel of this version, where entries showed so often.
pub fn known(version: Version, counts: &BTreeMap<String, u64>) -> Vec<Known> {
    let entry = |name: &str, affected: bool| {
        let count = counts.get(name).copied().unwrap_or_default();
        let expectation = match (affected, count) {
            (true, 0) => Expectation::Silent,
            (true, _) => Expectation::Fired,
            (false, 0) => Expectation::Absent,
            (false, _) => Expectation::Unexpected,
        };
        Known { name: name.to_owned(), count, expectation }
    };
    QUIRKS.iter().map(|quirk| entry(quirk.name(), quirk.affects(version))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_held_against_its_versions() {
        let [first, .., last] = QUIRKS else { panic!("the registry has entries") };
        for quirk in [first, last] {
            let before = quirk.from().previous();
            let expectation = |version, count| {
                let counts = BTreeMap::from([(quirk.name().to_owned(), count)]);
                let known = known(version, &counts);
                known.iter().find(|k| k.name == quirk.name()).map(|k| k.expectation)
            };
            assert_eq!(expectation(quirk.from(), 3), Some(Expectation::Fired));
            assert_eq!(expectation(quirk.from(), 0), Some(Expectation::Silent));
            assert_eq!(expectation(before, 0), Some(Expectation::Absent));
            assert_eq!(expectation(before, 1), Some(Expectation::Unexpected));
        }
    }
}
