//! The `requires:` line.

use super::check::Repair;
use super::cursor::Cursor;
use super::error::{ParseError, Problem};
use crate::profile::{
    Capability, Config, Privilege, Profile, Rule, Settings, Swap, Version, RULES,
};
use std::fmt;

/// What must hold for a program's expected results to hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Requires(pub Vec<Requirement>);

/// One word of a `requires:` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// `root`: every capability that concerns memory.
    Root,
    /// `user`: none of them.
    User,
    /// `ipc-lock`, `!ipc-lock`: a single one of them.
    Capability(Capability, bool),
    /// `version>=6.17`
    Since(Version),
    /// `version<7.2`
    Before(Version),
    /// `soft-dirty`, `!soft-dirty`: a configuration option.
    Config(ConfigName, bool),
    /// `swap`: swap on memory; `!swap`: no swap at all.
    Swap(bool),
    /// `legacy-layout`: mappings are placed upwards.
    LegacyLayout(bool),
    /// `moves`: the process changes its CPU while it runs.
    Moves(bool),
    /// `thp=madvise`: the system-wide setting.
    Thp(ThpMode),
    /// `overcommit=2`
    Overcommit(u8),
    /// `max-map-count=6`: a setting that is a number.
    Setting(SettingName, u64),
    /// `rule=mseal`, `!rule=mseal`: an entry of the table of rules.
    Rule(Rule, bool),
}

macro_rules! words {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum { $($(#[$vdoc])* $variant),+ }

        impl $enum {
            /// Every value.
            pub const ALL: &'static [$enum] = &[$($enum::$variant),+];

            /// The word in text.
            pub const fn name(self) -> &'static str {
                match self { $($enum::$variant => $name),+ }
            }
        }
    };
}

words! {
    /// The system-wide setting of transparent huge pages.
    ThpMode {
        /// Everywhere.
        Always = "always",
        /// Where advised.
        Madvise = "madvise",
        /// Nowhere.
        Never = "never",
    }
}

words! {
    /// A configuration option, see [`Config`].
    ConfigName {
        /// [`Config::anon_vma_name`]
        AnonVmaName = "anon-vma-name",
        /// [`Config::soft_dirty`]
        SoftDirty = "soft-dirty",
        /// [`Config::pt_reclaim`]
        PtReclaim = "pt-reclaim",
        /// [`Config::ksm`]
        Ksm = "ksm",
        /// [`Config::thp`]
        Thp = "thp",
        /// [`Config::memory_failure`]
        MemoryFailure = "memory-failure",
        /// [`Config::pkeys`]
        Pkeys = "pkeys",
        /// [`Config::la57`]
        La57 = "la57",
        /// [`Config::shadow_stack`]
        ShadowStack = "shadow-stack",
        /// [`Config::lru_gen`]
        LruGen = "lru-gen",
    }
}

words! {
    /// A setting that is a number, see [`Settings`].
    SettingName {
        /// [`Settings::max_map_count`]
        MaxMapCount = "max-map-count",
        /// The lowest address that may be mapped: [`Settings::mmap_min_addr`]
        /// and [`Settings::lsm_mmap_min_addr`].
        MmapMinAddr = "mmap-min-addr",
        /// [`Settings::total_pages`]
        TotalPages = "total-pages",
        /// [`Commit::ratio`](crate::profile::Commit::ratio)
        OvercommitRatio = "overcommit-ratio",
        /// [`Commit::kbytes`](crate::profile::Commit::kbytes)
        OvercommitKbytes = "overcommit-kbytes",
        /// [`Commit::admin_reserve`](crate::profile::Commit::admin_reserve)
        AdminReserve = "admin-reserve-kbytes",
        /// [`Commit::user_reserve`](crate::profile::Commit::user_reserve)
        UserReserve = "user-reserve-kbytes",
    }
}

impl SettingName {
    /// Its value.
    pub fn get(self, settings: &Settings) -> u64 {
        match self {
            SettingName::MaxMapCount => settings.max_map_count,
            SettingName::MmapMinAddr => settings.mmap_min_addr.max(settings.lsm_mmap_min_addr),
            SettingName::TotalPages => settings.total_pages,
            SettingName::OvercommitRatio => settings.commit.ratio,
            SettingName::OvercommitKbytes => settings.commit.kbytes,
            SettingName::AdminReserve => settings.commit.admin_reserve,
            SettingName::UserReserve => settings.commit.user_reserve,
        }
    }

    /// Changes it.
    pub fn set(self, settings: &mut Settings, value: u64) {
        match self {
            SettingName::MaxMapCount => settings.max_map_count = value,
            SettingName::MmapMinAddr => {
                (settings.mmap_min_addr, settings.lsm_mmap_min_addr) = (value, value);
            }
            SettingName::TotalPages => settings.total_pages = value,
            SettingName::OvercommitRatio => {
                (settings.commit.ratio, settings.commit.kbytes) = (value, 0);
            }
            SettingName::OvercommitKbytes => settings.commit.kbytes = value,
            SettingName::AdminReserve => settings.commit.admin_reserve = value,
            SettingName::UserReserve => settings.commit.user_reserve = value,
        }
    }
}

impl ConfigName {
    /// Whether the option is on.
    pub fn get(self, config: &Config) -> bool {
        *self.field(&mut config.clone())
    }

    /// Turns the option on or off.
    pub fn set(self, config: &mut Config, on: bool) {
        *self.field(config) = on;
    }

    fn field(self, config: &mut Config) -> &mut bool {
        match self {
            ConfigName::AnonVmaName => &mut config.anon_vma_name,
            ConfigName::SoftDirty => &mut config.soft_dirty,
            ConfigName::PtReclaim => &mut config.pt_reclaim,
            ConfigName::Ksm => &mut config.ksm,
            ConfigName::Thp => &mut config.thp,
            ConfigName::MemoryFailure => &mut config.memory_failure,
            ConfigName::Pkeys => &mut config.pkeys,
            ConfigName::La57 => &mut config.la57,
            ConfigName::ShadowStack => &mut config.shadow_stack,
            ConfigName::LruGen => &mut config.lru_gen,
        }
    }
}

impl Requires {
    /// The first requirement that this kernel does not meet. Those that a
    /// profile says nothing about count as met.
    pub fn unmet(&self, profile: &Profile) -> Option<Requirement> {
        self.0.iter().copied().find(|r| r.holds(profile) == Some(false))
    }

    /// The kernel that is like this one but meets the requirements. Where its
    /// version does not, it is a stock kernel of the nearest version that does.
    pub fn impose(&self, profile: &Profile) -> Profile {
        let version =
            self.0.iter().fold(profile.version, |version, requirement| match *requirement {
                Requirement::Since(first) => version.max(first),
                Requirement::Before(end) if version >= end => end.previous(),
                _ => version,
            });
        let mut profile =
            if version == profile.version { profile.clone() } else { Profile::stock(version) };
        for requirement in &self.0 {
            match *requirement {
                Requirement::Root => {
                    (profile.privilege, profile.shows_frames) = (Privilege::ALL, true);
                }
                Requirement::User => profile.privilege = Privilege::NONE,
                Requirement::Capability(capability, true) => {
                    profile.privilege = profile.privilege.with(capability);
                }
                Requirement::Capability(capability, false) => {
                    profile.privilege = profile.privilege.without(capability);
                }
                Requirement::Config(name, on) => name.set(&mut profile.config, on),
                Requirement::Swap(on) => {
                    let settings = &mut profile.settings;
                    settings.swap = if on { Swap::Memory } else { Swap::Off };
                    if !on {
                        settings.total_pages -= settings.commit.swap.min(settings.total_pages);
                        settings.commit.swap = 0;
                    }
                }
                Requirement::LegacyLayout(on) => profile.settings.legacy_layout = on,
                Requirement::Moves(on) => profile.settings.moves = on,
                Requirement::Overcommit(mode) => profile.settings.overcommit = mode,
                Requirement::Setting(name, value) => name.set(&mut profile.settings, value),
                Requirement::Rule(rule, true) => profile.rules.insert(rule),
                Requirement::Rule(rule, false) => profile.rules.remove(rule),
                Requirement::Since(_) | Requirement::Before(_) | Requirement::Thp(_) => {}
            }
        }
        profile
    }

    /// The capabilities that a program is to start with where these can be had: all that
    /// it does not require to be absent.
    pub fn privilege(&self, available: Privilege) -> Privilege {
        self.0.iter().fold(available, |privilege, requirement| match *requirement {
            Requirement::User => Privilege::NONE,
            Requirement::Capability(capability, false) => privilege.without(capability),
            _ => privilege,
        })
    }

    /// That the program starts without these capabilities.
    pub fn without(given_up: Privilege) -> Requires {
        match given_up {
            Privilege::ALL => Requires(vec![Requirement::User]),
            some => Requires(some.iter().map(|c| Requirement::Capability(c, false)).collect()),
        }
    }

    /// Reads the words after `requires:`; with a list of repairs, unknown ones
    /// are dropped.
    pub(super) fn read(
        &mut self,
        c: &mut Cursor<'_>,
        mut repairs: Option<&mut Vec<Repair>>,
    ) -> Result<(), ParseError> {
        loop {
            c.skip_space();
            if c.at_end() || c.comment().is_some() {
                return Ok(());
            }
            let start = c.place();
            let word = c.take_while(|ch| !ch.is_whitespace() && ch != '#');
            match (Requirement::parse(word), &mut repairs) {
                (Some(requirement), _) => self.0.push(requirement),
                (None, None) => {
                    return Err(c.problem_at(start, Problem::UnknownRequirement(word.to_owned())));
                }
                (None, Some(repairs)) => {
                    let error = c.problem_at(start, Problem::UnknownRequirement(word.to_owned()));
                    repairs.push(Repair { line: error.line, problem: error.problem });
                }
            }
        }
    }
}

impl Requirement {
    /// Reads one word.
    pub fn parse(word: &str) -> Option<Requirement> {
        let version = |text: &str| {
            // nothing but major and minor: rules, not numbers, tell stable updates apart
            Version::parse(text).filter(|v| v.to_string() == text)
        };
        let by_name = |word: &str, on: bool| {
            match word {
                "swap" => return Some(Requirement::Swap(on)),
                "legacy-layout" => return Some(Requirement::LegacyLayout(on)),
                "moves" => return Some(Requirement::Moves(on)),
                _ => {}
            }
            if let Some(name) = word.strip_prefix("rule=") {
                let rule = RULES.iter().copied().find(|r| r.name() == name)?;
                return Some(Requirement::Rule(rule, on));
            }
            if let Some(capability) = Capability::ALL.into_iter().find(|c| c.name() == word) {
                return Some(Requirement::Capability(capability, on));
            }
            let name = ConfigName::ALL.iter().copied().find(|n| n.name() == word)?;
            Some(Requirement::Config(name, on))
        };
        if word == "root" {
            Some(Requirement::Root)
        } else if word == "user" {
            Some(Requirement::User)
        } else if let Some(text) = word.strip_prefix("version>=") {
            version(text).map(Requirement::Since)
        } else if let Some(text) = word.strip_prefix("version<") {
            version(text).map(Requirement::Before)
        } else if let Some(text) = word.strip_prefix("thp=") {
            ThpMode::ALL.iter().copied().find(|m| m.name() == text).map(Requirement::Thp)
        } else if let Some(text) = word.strip_prefix("overcommit=") {
            text.parse().ok().filter(|n| *n <= 2).map(Requirement::Overcommit)
        } else if let Some(word) = word.strip_prefix('!') {
            by_name(word, false)
        } else {
            by_name(word, true).or_else(|| {
                let (name, text) = word.split_once('=')?;
                let name = SettingName::ALL.iter().copied().find(|n| n.name() == name)?;
                let value = text.parse().ok().filter(|n: &u64| n.to_string() == text)?;
                Some(Requirement::Setting(name, value))
            })
        }
    }

    /// What it is about, without the value: `max-map-count`.
    pub fn kind(&self) -> String {
        let text = self.to_string();
        text.split_once('=').map_or(text.clone(), |(kind, _)| kind.to_owned())
    }

    /// Whether it holds; `None` when a profile does not say.
    pub fn holds(self, profile: &Profile) -> Option<bool> {
        Some(match self {
            Requirement::Root => profile.privilege == Privilege::ALL,
            Requirement::User => profile.privilege == Privilege::NONE,
            Requirement::Capability(capability, on) => profile.privilege.has(capability) == on,
            Requirement::Since(version) => profile.version >= version,
            Requirement::Before(version) => profile.version < version,
            Requirement::Config(name, on) => name.get(&profile.config) == on,
            Requirement::Swap(true) => profile.settings.swap == Swap::Memory,
            Requirement::Swap(false) => profile.settings.swap == Swap::Off,
            Requirement::LegacyLayout(on) => profile.settings.legacy_layout == on,
            Requirement::Moves(on) => profile.settings.moves == on,
            Requirement::Overcommit(mode) => profile.settings.overcommit == mode,
            Requirement::Setting(name, value) => name.get(&profile.settings) == value,
            Requirement::Rule(rule, on) => profile.has(rule) == on,
            Requirement::Thp(_) => return None,
        })
    }
}

impl fmt::Display for Requires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.0.iter().enumerate() {
            write!(f, "{}{requirement}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |on: &bool| if *on { "" } else { "!" };
        match self {
            Requirement::Root => f.write_str("root"),
            Requirement::User => f.write_str("user"),
            Requirement::Capability(capability, on) => {
                write!(f, "{}{}", not(on), capability.name())
            }
            Requirement::Since(version) => write!(f, "version>={version}"),
            Requirement::Before(version) => write!(f, "version<{version}"),
            Requirement::Config(name, on) => write!(f, "{}{}", not(on), name.name()),
            Requirement::Swap(on) => write!(f, "{}swap", not(on)),
            Requirement::LegacyLayout(on) => write!(f, "{}legacy-layout", not(on)),
            Requirement::Moves(on) => write!(f, "{}moves", not(on)),
            Requirement::Thp(mode) => write!(f, "thp={}", mode.name()),
            Requirement::Overcommit(mode) => write!(f, "overcommit={mode}"),
            Requirement::Setting(name, value) => write!(f, "{}={value}", name.name()),
            Requirement::Rule(rule, on) => write!(f, "{}rule={}", not(on), rule.name()),
        }
    }
}
