//! To what a campaign sets the system, block by block.

use crate::generate::{Choose, Seeded, Source, Weights};
use crate::settings::{Control, Reach};
use mm_reference::profile::Profile;
use mm_reference::text::{ConfigName, Requirement, Requires, SettingName};
use std::sync::Arc;

/// Of so many blocks one is run with the system as it was found.
const USUAL: u32 = 2;

/// What is changed, one thing at a time or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    FewMappings,
    Overcommit,
    LowestAddress,
    Upwards,
    NoSwap,
    NoGenerations,
    Moves,
}

/// How often, in a guest. A limit of mappings is what most calls ask for.
const IN_GUESTS: Weights<Theme> = Weights::of(&[
    (8, Theme::FewMappings),
    (3, Theme::Overcommit),
    (2, Theme::LowestAddress),
    (2, Theme::Upwards),
    (2, Theme::NoSwap),
    (2, Theme::NoGenerations),
    (3, Theme::Moves),
]);

/// What does others on a running system no harm: they can map as much as before.
const BESIDE_OTHERS: Weights<Theme> =
    Weights::of(&[(1, Theme::Overcommit), (1, Theme::LowestAddress), (1, Theme::Upwards)]);

/// Mappings that a program may have: so few that most programs want more, and so many that
/// there are some of each kind.
const MAPPINGS: (u64, u64) = (2, 28);
/// What a program may commit, in MiB.
const COMMITTED: [u64; 3] = [64, 256, 1024];
/// Reserves for CAP_SYS_ADMIN, in MiB: the usual one, and one as large as what may be
/// committed is otherwise.
const RESERVES: [u64; 2] = [8, 256];
/// Lowest addresses that may be mapped.
const LOWEST: [u64; 5] = [0, 0x1000, 0x1_0000, 0x10_0000, 0x20_0000];

/// To what the system is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings(pub(crate) Requires);

impl Settings {
    /// Draws those of a block: nothing that cannot be had.
    pub(crate) fn draw(src: &mut Seeded, control: &Control) -> Settings {
        let themes = match control.reach() {
            Reach::Guest => IN_GUESTS,
            Reach::Running => BESIDE_OTHERS,
        };
        let mut words = Vec::new();
        if src.chance(1, USUAL) {
            return Settings::default();
        }
        let first = src.weighted(themes);
        add(&mut words, first, src, control);
        if src.chance(1, 4) {
            let second = src.weighted(themes);
            if second != first {
                add(&mut words, second, src, control);
            }
        }
        words.retain(|&word| control.can_set(word) && word.holds(control.base()) == Some(false));
        Settings(Requires(words))
    }

    /// The kernel as programs meet it.
    pub(crate) fn apply(&self, kernel: Arc<Profile>) -> Arc<Profile> {
        match self.0 .0.is_empty() {
            true => kernel,
            false => Arc::new(self.0.impose(&kernel)),
        }
    }
}

/// Adds what a theme says; what it draws does not depend on the system.
fn add(words: &mut Vec<Requirement>, theme: Theme, src: &mut Seeded, control: &Control) {
    let set = Requirement::Setting;
    match theme {
        Theme::FewMappings => {
            let (least, most) = MAPPINGS;
            words.push(set(SettingName::MaxMapCount, src.between(least, most)));
        }
        Theme::Overcommit => {
            let always = src.chance(1, 3);
            let (committed, reserve) = (src.pick(&COMMITTED), src.pick(&RESERVES));
            let only_always = !control.can_set(Requirement::Overcommit(2));
            if always || only_always {
                return words.push(Requirement::Overcommit(1));
            }
            let kbytes = (control.committed() * 4).next_multiple_of(1 << 10) + (committed << 10);
            words.extend([
                Requirement::Overcommit(2),
                set(SettingName::OvercommitKbytes, kbytes),
                set(SettingName::AdminReserve, reserve << 10),
            ]);
        }
        Theme::LowestAddress => {
            let lowest = src.pick(&LOWEST);
            // what is not mapped stays unmapped for others
            let usual = control.base().settings.mmap_min_addr;
            if control.reach() == Reach::Guest || lowest > usual {
                words.push(set(SettingName::MmapMinAddr, lowest));
            }
        }
        Theme::Upwards => words.push(Requirement::LegacyLayout(true)),
        Theme::NoSwap => words.push(Requirement::Swap(false)),
        Theme::NoGenerations => words.push(Requirement::Config(ConfigName::LruGen, false)),
        Theme::Moves => words.push(Requirement::Moves(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::profile::Version;
    use std::collections::BTreeSet;

    fn drawn(control: &Control) -> BTreeSet<String> {
        let all = (0..400).map(|seed| Settings::draw(&mut Seeded::new(seed), control));
        all.map(|settings| settings.0.to_string()).collect()
    }

    #[test]
    fn a_small_limit_of_mappings_is_drawn_often() {
        let kernel = Profile::stock(Version::new(7, 2));
        let control = Control::of_guest(&kernel);
        let word = Requirement::Setting(SettingName::MaxMapCount, 9);
        if !control.can_set(word) {
            return println!("skipped: settings of this system cannot be changed");
        }
        let draw = |seed| Settings::draw(&mut Seeded::new(seed), &control);
        let limits = |seed| draw(seed).apply(Arc::new(kernel.clone())).settings.max_map_count;
        let few = (0..400).filter(|&seed| limits(seed) <= MAPPINGS.1).count();
        assert!((50..200).contains(&few), "{few}");
        assert_eq!(draw(7), draw(7));
        let usual = (0..400).filter(|&seed| draw(seed) == Settings::default()).count();
        assert!((150..250).contains(&usual), "{usual}");
    }

    #[test]
    fn on_a_running_system_nobody_gets_less() {
        let kernel = Profile::stock(Version::new(7, 2));
        let mut control = Control::of_guest(&kernel);
        control.reach = Reach::Running;
        for text in drawn(&control) {
            for word in text.split_whitespace() {
                let lowest = word.strip_prefix("mmap-min-addr=").and_then(|n| n.parse().ok());
                let higher = lowest.is_some_and(|lowest: u64| lowest > 65536);
                let harmless = word == "overcommit=1" || word == "legacy-layout" || higher;
                assert!(harmless, "{word}");
            }
        }
    }
}
