//! Changing settings for a moment.

use super::place::{steps, Place};
use super::watchdog::{self, Watchdog};
use super::{lasting, SettingsError};
use crate::profile::{committed, running_kernel, Origin};
use mm_reference::profile::{Profile, Settings};
use mm_reference::text::{ConfigName, Requirement, Requires, SettingName};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Whose the system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody else's: that of a guest.
    Guest,
    /// Others work on it.
    Running,
}

/// The settings of the system: several workers may share it, and take turns.
#[derive(Debug)]
pub struct Control {
    pub(crate) reach: Reach,
    /// The system as it was.
    base: Profile,
    /// Where that is known from, if it was found out here.
    origins: Vec<Origin>,
    /// What everybody had committed then, in pages.
    committed: u64,
    files: Vec<(Place, File)>,
    pub(super) swap: Option<lasting::SwapDevice>,
    pub(super) generations: Option<lasting::Generations>,
    /// Taken for each turn of a subject: by those who change what is in force to write.
    turn: RwLock<()>,
    /// The same for what is changed for longer.
    pub(super) stretch: RwLock<()>,
    /// Restores all if this process cannot.
    _watchdog: Option<Watchdog>,
}

impl Control {
    /// What can be set in a guest, which `profile` describes.
    pub fn of_guest(profile: &Profile) -> Control {
        let swap = lasting::SwapDevice::find(profile);
        let generations = lasting::Generations::find(profile);
        Control { swap, generations, ..Control::new(Reach::Guest, profile, None) }
    }

    /// What can be set on the running system, which others use as well: not what takes
    /// long, and if this process dies another one, started from `executable`, restores all.
    /// Waits for other processes that change settings in this way, so that what they have
    /// changed is not taken for what the system is set to.
    ///
    /// # Errors
    /// Without root, when the system cannot be described, and when that process cannot be
    /// started.
    pub fn of_running_system(executable: &Path) -> Result<Control, SettingsError> {
        let watchdog = |source| SettingsError::Watchdog { source };
        let lock = watchdog::take_turn().map_err(watchdog)?;
        let (profile, origins) = running_kernel().map_err(SettingsError::Profile)?;
        let profile = &profile;
        let values = Place::ALL
            .into_iter()
            .filter_map(|place| Some((place.path(), place.value(&profile.settings)?)));
        let watchdog = Watchdog::start(executable, lock, values).map_err(watchdog)?;
        let control = Control::new(Reach::Running, profile, Some(watchdog));
        match control.files.is_empty() {
            true => Err(SettingsError::NotRoot),
            false => Ok(Control { origins, ..control }),
        }
    }

    fn new(reach: Reach, profile: &Profile, watchdog: Option<Watchdog>) -> Control {
        let open = |place: Place| {
            let file = File::options().write(true).open(place.path()).ok()?;
            Some((place, file))
        };
        Control {
            reach,
            base: profile.clone(),
            origins: Vec::new(),
            committed: committed().unwrap_or(0),
            files: Place::ALL.into_iter().filter_map(open).collect(),
            swap: None,
            generations: None,
            turn: RwLock::default(),
            stretch: RwLock::default(),
            _watchdog: watchdog,
        }
    }

    /// Whose the system is.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The system as it was.
    pub fn base(&self) -> &Profile {
        &self.base
    }

    /// Where it is known from what the system is, on the running one.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// What everybody had committed then, in pages.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// Whether this can be brought about here.
    pub fn can_set(&self, requirement: Requirement) -> bool {
        let has = |place| self.files.iter().any(|(other, _)| *other == place);
        match requirement {
            Requirement::Setting(name, value) => match name {
                SettingName::MaxMapCount => has(Place::MaxMapCount),
                // the configuration has a lowest address of its own
                SettingName::MmapMinAddr => {
                    has(Place::MmapMinAddr) && value >= self.base.settings.lsm_mmap_min_addr
                }
                SettingName::OvercommitRatio => has(Place::OvercommitRatio),
                SettingName::OvercommitKbytes => has(Place::OvercommitKbytes) && value > 0,
                SettingName::AdminReserve => has(Place::AdminReserve),
                SettingName::UserReserve => has(Place::UserReserve),
                SettingName::TotalPages => false,
            },
            // where others need memory as well, they get it
            Requirement::Overcommit(2) if self.reach == Reach::Running => false,
            Requirement::Overcommit(_) => has(Place::Overcommit),
            Requirement::LegacyLayout(_) => has(Place::LegacyLayout),
            // in a guest CPUs are numbered from 0, and nobody else needs one
            Requirement::Moves(_) => self.reach == Reach::Guest && self.base.settings.cpus > 1,
            Requirement::Swap(on) => !on && self.swap.is_some(),
            Requirement::Config(ConfigName::LruGen, on) => !on && self.generations.is_some(),
            _ => false,
        }
    }

    /// What of a program's requirements a kernel does not meet and can be brought about.
    pub fn missing(&self, requires: &Requires, profile: &Profile) -> Requires {
        let is_missing = |r: &Requirement| r.holds(profile) == Some(false) && self.can_set(*r);
        Requires(requires.0.iter().copied().filter(is_missing).collect())
    }

    /// Puts into force what these settings say while a subject runs.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn while_running(&self, settings: &Settings) -> Result<InForce<'_>, SettingsError> {
        self.for_a_turn(settings, false)
    }

    /// Puts into force what these settings say while a subject starts.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn while_starting(&self, settings: &Settings) -> Result<InForce<'_>, SettingsError> {
        self.for_a_turn(settings, true)
    }

    fn for_a_turn(&self, settings: &Settings, start: bool) -> Result<InForce<'_>, SettingsError> {
        let base = &self.base.settings;
        let steps = |from, to| {
            let steps = steps(from, to);
            steps.filter(move |(place, _)| place.is_for_start() == start).collect::<Vec<_>>()
        };
        let there = steps(base, settings);
        let turn = Turn::of(&self.turn, !there.is_empty());
        // from here on what was written is restored, whatever happens
        let in_force = InForce { control: self, back: steps(settings, base), _turn: turn };
        for (place, value) in there {
            self.write(place, value)?;
        }
        Ok(in_force)
    }

    fn write(&self, place: Place, value: u64) -> Result<(), SettingsError> {
        let file = self.files.iter().find(|(other, _)| *other == place);
        let written = match file {
            // at the start of the file, or it counts as a part of a number
            Some((_, file)) => file.write_all_at(format!("{value}\n").as_bytes(), 0),
            None => Err(std::io::ErrorKind::PermissionDenied.into()),
        };
        written.map_err(|source| SettingsError::Write { path: PathBuf::from(place.path()), source })
    }
}

/// A turn, alone or together with others.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _shared: Option<RwLockReadGuard<'a, ()>>,
    _alone: Option<RwLockWriteGuard<'a, ()>>,
}

impl<'a> Turn<'a> {
    /// Waits for a turn.
    pub(super) fn of(lock: &'a RwLock<()>, alone: bool) -> Turn<'a> {
        let shared = || lock.read().unwrap_or_else(PoisonError::into_inner);
        let all = || lock.write().unwrap_or_else(PoisonError::into_inner);
        Turn { _shared: (!alone).then(shared), _alone: alone.then(all) }
    }
}

/// Settings that are restored when it goes.
#[derive(Debug)]
pub struct InForce<'a> {
    control: &'a Control,
    back: Vec<(Place, u64)>,
    _turn: Turn<'a>,
}

impl Drop for InForce<'_> {
    fn drop(&mut self) {
        for (place, value) in self.back.drain(..) {
            if let Err(error) = self.control.write(place, value) {
                eprintln!("mmdiff: {:#}", anyhow::Error::from(error));
            }
        }
    }
}
