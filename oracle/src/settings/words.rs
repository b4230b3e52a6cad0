//! What a program has to say for the settings that it was run under.

use mm_reference::profile::{Profile, Swap};
use mm_reference::text::{ConfigName, Requirement, Requires, SettingName};

/// What the second kernel is set to and the first is not.
pub fn between(base: &Profile, now: &Profile) -> Requires {
    let (was, is) = (&base.settings, &now.settings);
    let mut words = Vec::new();
    let mut add = |changed: bool, word| words.extend(changed.then_some(word));
    add(was.overcommit != is.overcommit, Requirement::Overcommit(is.overcommit));
    for &name in SettingName::ALL {
        let value = name.get(is);
        let kbytes = is.commit.kbytes;
        // they are one setting
        let is_said = match name {
            SettingName::TotalPages => false,
            SettingName::OvercommitKbytes => kbytes > 0,
            SettingName::OvercommitRatio => kbytes == 0,
            _ => true,
        };
        add(is_said && value != name.get(was), Requirement::Setting(name, value));
    }
    add(was.swap != is.swap, Requirement::Swap(is.swap == Swap::Memory));
    add(was.legacy_layout != is.legacy_layout, Requirement::LegacyLayout(is.legacy_layout));
    add(was.moves != is.moves, Requirement::Moves(is.moves));
    let generations = now.config.lru_gen;
    let word = Requirement::Config(ConfigName::LruGen, generations);
    add(base.config.lru_gen != generations, word);
    Requires(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::profile::Version;

    #[test]
    fn what_is_said_leads_back() {
        let mut base = Profile::stock(Version::new(7, 2));
        (base.settings.swap, base.settings.commit.swap) = (Swap::Memory, 100);
        base.config.lru_gen = true;
        assert_eq!(between(&base, &base), Requires::default());
        let text = "overcommit=2 max-map-count=9 mmap-min-addr=0 overcommit-kbytes=8 \
                    admin-reserve-kbytes=7 user-reserve-kbytes=6 !swap legacy-layout moves \
                    !lru-gen";
        let words = text.split_whitespace().map(|word| Requirement::parse(word).expect(word));
        let requires = Requires(words.collect());
        let now = requires.impose(&base);
        assert_eq!(between(&base, &now).to_string(), text);
        assert_eq!(now.settings.total_pages, base.settings.total_pages - 100);
        // and from there to the usual
        assert_eq!(between(&now, &now), Requires::default());
    }
}
