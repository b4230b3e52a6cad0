//! The files of the kernel that hold settings.

use mm_reference::profile::Settings;

/// A setting of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    MaxMapCount,
    MmapMinAddr,
    OvercommitRatio,
    OvercommitKbytes,
    AdminReserve,
    UserReserve,
    Overcommit,
    LegacyLayout,
}

impl Place {
    /// All, in the order in which they are written: limits before the mode that asks for them.
    pub(super) const ALL: [Place; 8] = [
        Place::MaxMapCount,
        Place::MmapMinAddr,
        Place::OvercommitRatio,
        Place::OvercommitKbytes,
        Place::AdminReserve,
        Place::UserReserve,
        Place::Overcommit,
        Place::LegacyLayout,
    ];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Place::MaxMapCount => "/proc/sys/vm/max_map_count",
            Place::MmapMinAddr => "/proc/sys/vm/mmap_min_addr",
            Place::OvercommitRatio => "/proc/sys/vm/overcommit_ratio",
            Place::OvercommitKbytes => "/proc/sys/vm/overcommit_kbytes",
            Place::AdminReserve => "/proc/sys/vm/admin_reserve_kbytes",
            Place::UserReserve => "/proc/sys/vm/user_reserve_kbytes",
            Place::Overcommit => "/proc/sys/vm/overcommit_memory",
            Place::LegacyLayout => "/proc/sys/vm/legacy_va_layout",
        }
    }

    /// Whether only the start of a program asks for it (`mmap_is_legacy`).
    pub(super) const fn is_for_start(self) -> bool {
        matches!(self, Place::LegacyLayout)
    }

    /// What the file has to hold; nothing where another one says it: writing the ratio of
    /// what may be committed takes the number away, and the other way round.
    pub(super) fn value(self, settings: &Settings) -> Option<u64> {
        let commit = &settings.commit;
        Some(match self {
            Place::MaxMapCount => settings.max_map_count,
            Place::MmapMinAddr => settings.mmap_min_addr,
            Place::OvercommitRatio if commit.kbytes == 0 => commit.ratio,
            Place::OvercommitKbytes if commit.kbytes != 0 => commit.kbytes,
            Place::OvercommitRatio | Place::OvercommitKbytes => return None,
            Place::AdminReserve => commit.admin_reserve,
            Place::UserReserve => commit.user_reserve,
            Place::Overcommit => settings.overcommit.into(),
            Place::LegacyLayout => settings.legacy_layout.into(),
        })
    }
}

/// What has to be written to get from one set of settings to another.
pub(super) fn steps(from: &Settings, to: &Settings) -> impl Iterator<Item = (Place, u64)> {
    let (from, to) = (*from, *to);
    Place::ALL.into_iter().filter_map(move |place| {
        let value = place.value(&to)?;
        (place.value(&from) != Some(value)).then_some((place, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::profile::{Commit, Profile, Version};

    #[test]
    fn there_and_back() {
        let base = Profile::stock(Version::new(6, 18)).settings;
        assert_eq!(steps(&base, &base).count(), 0);
        let commit = Commit { kbytes: 1000, ..base.commit };
        let few = Settings { max_map_count: 9, overcommit: 2, commit, ..base };
        let there: Vec<_> = steps(&base, &few).collect();
        let changed =
            [(Place::MaxMapCount, 9), (Place::OvercommitKbytes, 1000), (Place::Overcommit, 2)];
        assert_eq!(there, changed);
        let back: Vec<_> = steps(&few, &base).collect();
        let restored =
            [(Place::MaxMapCount, 65530), (Place::OvercommitRatio, 50), (Place::Overcommit, 0)];
        assert_eq!(back, restored);
    }
}
