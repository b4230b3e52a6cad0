//! Where a probe contradicts what else is known of a kernel.
//!
//! A probe overrules the version, since stable updates carry behaviour backwards. So a
//! kernel that lost a feature would look like one that never had it: that they contradict
//! each other is said, and on a kernel that was built here, from sources of that version,
//! it is a finding.

use super::Origin;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the origin of such a switch begins with.
const AGAINST: &str = "probe, against the ";

/// A probe against the version or the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// The rule, or the option.
    pub switch: String,
    /// What the probe says of it: `on` or `off`.
    pub value: String,
    /// What it contradicts: `version` or `configuration`.
    pub against: String,
    /// What the probe does.
    pub probe: String,
}

/// Where the value of a switch comes from that a probe decides: `against` is what it
/// contradicts, if anything.
pub(super) fn origin_of_probe(probe: &str, against: Option<&str>) -> String {
    match against {
        None => format!("probe: {probe}"),
        Some(against) => format!("{AGAINST}{against}: {probe}"),
    }
}

/// The contradictions among what is believed of a kernel.
pub fn contradictions(origins: &[Origin]) -> Vec<Contradiction> {
    let contradiction = |line: &Origin| {
        let (against, probe) = line.origin.strip_prefix(AGAINST)?.split_once(": ")?;
        let [switch, value, against, probe] =
            [&line.switch, &line.value, against, probe].map(str::to_owned);
        Some(Contradiction { switch, value, against, probe })
    };
    origins.iter().filter_map(contradiction).collect()
}

impl Contradiction {
    /// The signature of the finding that it is where it must not be.
    pub fn signature(&self) -> String {
        let kind = if self.value == "on" { "extra" } else { "missing" };
        format!("probe.{}.{kind}", self.switch)
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contradiction { switch, value, against, probe } = self;
        write!(f, "probe against the {against}: {switch} is {value} ({probe})")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Section;
    use super::*;

    #[test]
    fn contradictions_are_told_from_what_probes_confirm() {
        let line = |switch: &str, value: &str, origin: String| Origin {
            section: Section::Rule,
            switch: switch.to_owned(),
            value: value.to_owned(),
            origin,
        };
        let origins = [
            line("droppable", "on", origin_of_probe("mmap with MAP_DROPPABLE", None)),
            line("mseal", "off", origin_of_probe("mseal of nothing", Some("version"))),
            line("maybe-guard", "on", origin_of_probe("VmFlags: gu", Some("version"))),
            line("exact-rss", "on", "version: since 6.16".to_owned()),
        ];
        let found = contradictions(&origins);
        let said: Vec<_> = found.iter().map(|c| (c.to_string(), c.signature())).collect();
        assert_eq!(
            said,
            [
                (
                    "probe against the version: mseal is off (mseal of nothing)".to_owned(),
                    "probe.mseal.missing".to_owned()
                ),
                (
                    "probe against the version: maybe-guard is on (VmFlags: gu)".to_owned(),
                    "probe.maybe-guard.extra".to_owned()
                ),
            ]
        );
    }
}
