//! Profiles by name: `6.12`, and `7.2+relocate-anon` for a kernel with a patch
//! that was never merged.

use super::{Profile, Rule, Version, RULES};
use std::fmt;

/// The kernels that a profile can be named after, oldest first.
pub const KERNELS: &[Version] = &[
    Version::new(6, 1),
    Version::new(6, 6),
    Version::new(6, 12),
    Version::new(6, 16),
    Version::new(6, 17),
    Version::new(6, 18),
    Version::new(6, 19),
    Version::new(7, 0),
    Version::new(7, 1),
    Version::new(7, 2),
    Version::new(7, 3),
];

/// A name that no profile has; says which ones there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownProfile {
    /// The part before the first `+`.
    #[error("there is no kernel {name:?}, but {}", Kernels)]
    Kernel {
        /// As it was given.
        name: String,
    },
    /// A part behind a `+`.
    #[error("there is no patch {name:?}, but {}", Patches)]
    Patch {
        /// As it was given.
        name: String,
    },
}

struct Kernels;

impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, KERNELS.iter().map(Version::to_string))
    }
}

struct Patches;

impl fmt::Display for Patches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, Rule::patches().map(|patch| patch.name().to_owned()))
    }
}

fn list(f: &mut fmt::Formatter<'_>, names: impl Iterator<Item = String>) -> fmt::Result {
    let names: Vec<_> = names.collect();
    f.write_str(&names.join(", "))
}

impl Rule {
    /// The patches that were never merged.
    pub fn patches() -> impl Iterator<Item = Rule> {
        RULES.iter().copied().filter(|rule| rule.is_patch())
    }
}

impl Profile {
    /// The stock kernel of this name, `BASE` or `BASE+patch`.
    ///
    /// # Errors
    /// When there is no such kernel or patch.
    pub fn named(name: &str) -> Result<Profile, UnknownProfile> {
        let mut parts = name.split('+');
        let kernel = parts.next().unwrap_or_default();
        let version = KERNELS
            .iter()
            .copied()
            .find(|version| version.to_string() == kernel)
            .ok_or_else(|| UnknownProfile::Kernel { name: kernel.to_owned() })?;
        let mut profile = Profile::stock(version);
        for part in parts {
            let patch = Rule::patches()
                .find(|rule| rule.name() == part)
                .ok_or_else(|| UnknownProfile::Patch { name: part.to_owned() })?;
            profile.rules.insert(patch);
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_the_stock_kernels() {
        for &version in KERNELS {
            assert_eq!(Profile::named(&version.to_string()), Ok(Profile::stock(version)));
        }
    }

    #[test]
    fn a_patch_is_put_on_top() {
        for patch in Rule::patches() {
            let profile = Profile::named(&format!("7.2+{}", patch.name())).expect("a profile");
            assert!(profile.has(patch) && !Profile::stock(Version::new(7, 2)).has(patch));
        }
    }

    #[test]
    fn unknown_names_are_answered_with_the_known_ones() {
        let error = |name| Profile::named(name).expect_err("no such profile").to_string();
        let kernels = "6.1, 6.6, 6.12, 6.16, 6.17, 6.18, 6.19, 7.0, 7.1, 7.2, 7.3";
        for name in ["6.2", "6.1.0", ""] {
            assert_eq!(error(name), format!("there is no kernel {name:?}, but {kernels}"));
        }
        // a rule of mainline is no patch
        assert!(error("6.1+mseal").starts_with("there is no patch \"mseal\", but "));
        assert!(error("6.1+").starts_with("there is no patch \"\", but "));
    }
}
