//! What two profiles can differ in: the version-dependent rules, and the
//! configuration options whose default depends on the version.

use super::{Profile, Rule, Version, RULES};
use crate::text::ConfigName;

/// The first version that has `CONFIG_PT_RECLAIM`, on by default.
pub(super) const PT_RECLAIM_SINCE: Version = Version::new(6, 14);

/// One behaviour that a profile has or lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// An entry of the table of rules.
    Rule(Rule),
    /// A configuration option.
    Config(ConfigName),
}

impl Switch {
    /// Every behaviour that versions differ in, in the order of the table.
    pub fn all() -> impl Iterator<Item = Switch> {
        let options = [Switch::Config(ConfigName::PtReclaim)];
        RULES.iter().copied().map(Switch::Rule).chain(options)
    }

    /// What two profiles differ in.
    pub fn between(a: &Profile, b: &Profile) -> Vec<Switch> {
        Switch::all().filter(|switch| switch.is_on(a) != switch.is_on(b)).collect()
    }

    /// The name of the rule or option.
    pub fn name(self) -> &'static str {
        match self {
            Switch::Rule(rule) => rule.name(),
            Switch::Config(option) => option.name(),
        }
    }

    /// The kernel function that decides it.
    pub fn function(self) -> &'static str {
        match self {
            Switch::Rule(rule) => rule.function(),
            Switch::Config(_) => "try_to_free_pte",
        }
    }

    /// What a kernel that has it does.
    pub fn text(self) -> &'static str {
        match self {
            Switch::Rule(rule) => rule.text(),
            Switch::Config(_) => "MADV_DONTNEED over whole page tables frees them",
        }
    }

    /// Why no program can tell whether a kernel has it, where that is so.
    pub fn unseen(self) -> Option<&'static str> {
        match self {
            Switch::Rule(rule) => rule.unseen(),
            Switch::Config(_) => None,
        }
    }

    /// Whether a profile has it.
    pub fn is_on(self, profile: &Profile) -> bool {
        match self {
            Switch::Rule(rule) => profile.has(rule),
            Switch::Config(option) => option.get(&profile.config),
        }
    }

    /// The profile with it, or without.
    #[must_use]
    pub fn set(self, profile: &Profile, on: bool) -> Profile {
        let mut profile = profile.clone();
        match self {
            Switch::Rule(rule) if on => profile.rules.insert(rule),
            Switch::Rule(rule) => profile.rules.remove(rule),
            Switch::Config(option) => option.set(&mut profile.config, on),
        }
        profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_every_difference_leads_from_one_kernel_to_another() {
        let (a, b) = (Profile::stock(Version::new(6, 1)), Profile::stock(Version::new(7, 3)));
        let mut profile = a.clone();
        for switch in Switch::between(&a, &b) {
            assert_ne!(switch.is_on(&profile), switch.is_on(&b), "{}", switch.name());
            profile = switch.set(&profile, switch.is_on(&b));
        }
        assert_eq!((profile.rules, profile.config), (b.rules, b.config));
    }
}
