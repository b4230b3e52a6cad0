//! Settings that take long to change: swap, and whether pages are kept in generations.

use super::control::Turn;
use super::{Control, SettingsError};
use crate::sys;
use mm_reference::profile::{Profile, Swap};
use std::ffi::CString;
use std::fs;
use std::path::PathBuf;

const GENERATIONS: &str = "/sys/kernel/mm/lru_gen/enabled";
const SWAPS: &str = "/proc/swaps";

/// The one device that is swapped to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SwapDevice(CString);

impl SwapDevice {
    /// That of a guest.
    pub(super) fn find(profile: &Profile) -> Option<SwapDevice> {
        if profile.settings.swap != Swap::Memory {
            return None;
        }
        let swaps = fs::read_to_string(SWAPS).ok()?;
        let mut devices = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        let device = devices.next().and_then(|device| CString::new(device).ok())?;
        devices.next().is_none().then_some(SwapDevice(device))
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> SettingsError {
        let path = PathBuf::from(self.0.to_string_lossy().into_owned());
        |source| SettingsError::Write { path, source }
    }

    fn switch(&self, on: bool) -> Result<(), SettingsError> {
        let switched = if on { sys::swap_on(&self.0) } else { sys::swap_off(&self.0) };
        switched.map_err(self.failed())
    }
}

/// What was written in the file that says which parts of the generations are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generations(String);

impl Generations {
    /// Those of a guest, where they are in use.
    pub(super) fn find(profile: &Profile) -> Option<Generations> {
        let text = fs::read_to_string(GENERATIONS).ok().filter(|_| profile.config.lru_gen)?;
        Some(Generations(text.trim().to_owned()))
    }

    fn switch(&self, on: bool) -> Result<(), SettingsError> {
        // all pages are on the lists of the other kind when this returns
        // (`lru_gen_change_state`)
        fs::write(GENERATIONS, if on { &self.0 } else { "0" })
            .map_err(|source| SettingsError::Write { path: PathBuf::from(GENERATIONS), source })
    }
}

/// Settings that are restored when it goes; until then nobody else changes them.
#[derive(Debug)]
pub struct Lasting<'a> {
    control: &'a Control,
    swap: bool,
    generations: bool,
    _stretch: Turn<'a>,
}

impl Control {
    /// Puts into force what takes long to change, for a stretch of programs on this kernel.
    /// No subject of before may be left: its pages would be where they were. While a limit
    /// of mappings is in force that mmdiff itself is beyond, no other worker may run: it
    /// could get no memory.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn lasting(&self, profile: &Profile) -> Result<Lasting<'_>, SettingsError> {
        let base = self.base();
        let swap = self.swap.as_ref().filter(|_| profile.settings.swap != base.settings.swap);
        let generations = profile.config.lru_gen != base.config.lru_gen;
        let generations = self.generations.as_ref().filter(|_| generations);
        let few = profile.settings.max_map_count < base.settings.max_map_count;
        let stretch = Turn::of(&self.stretch, few || swap.is_some() || generations.is_some());
        let mut lasting =
            Lasting { control: self, swap: false, generations: false, _stretch: stretch };
        if let Some(swap) = swap {
            swap.switch(false)?;
            lasting.swap = true;
        }
        if let Some(generations) = generations {
            generations.switch(false)?;
            lasting.generations = true;
        }
        Ok(lasting)
    }
}

impl Drop for Lasting<'_> {
    fn drop(&mut self) {
        let Control { swap, generations, .. } = self.control;
        let swap = swap.as_ref().filter(|_| self.swap).map(|swap| swap.switch(true));
        let generations = generations.as_ref().filter(|_| self.generations);
        let generations = generations.map(|generations| generations.switch(true));
        for error in [swap, generations].into_iter().flatten().filter_map(Result::err) {
            eprintln!("mmdiff: {:#}", anyhow::Error::from(error));
        }
    }
}
