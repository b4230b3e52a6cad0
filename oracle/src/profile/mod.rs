//! What the running kernel is: its version, configuration and settings, and
//! which of the version-dependent rules it has.
//!
//! Configuration comes from the kernel where it tells, from probes otherwise.
//! For rules the version gives the default and a [probe](PROBES) overrules it,
//! but only where both behaviours are legitimate: a probe never decides between
//! right and wrong.

mod contradict;
mod granted;
mod kconfig;
mod probe;
mod refused;
mod report;
mod sys;

pub use contradict::{contradictions, Contradiction};
pub use probe::{Decides, Probe, Verdict, PROBES};
pub use refused::refused_calls;
pub use report::{json, text};

use contradict::origin_of_probe;
use granted::is_granted;
use kconfig::Kconfig;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::profile::{
    Capability, Commit, Config, Privilege, Profile, Rule, Settings, Swap, Version, RULES,
};
use mm_reference::text::ConfigName;
use std::io;
use std::path::{Path, PathBuf};

/// A line of what the tool believes of a kernel.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// What kind of thing it is.
    pub section: Section,
    /// The switch.
    pub switch: String,
    /// Its value.
    pub value: String,
    /// Where the value came from.
    pub origin: String,
}

/// The kinds of switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Which kernel.
    Kernel,
    /// How it was built.
    Configuration,
    /// How it is set up.
    Setting,
    /// What this process may do.
    Privilege,
    /// Version-dependent behaviour.
    Rule,
}

/// Why the kernel could not be described.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file of the kernel's could not be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the kernel's has other contents than expected.
    #[error("failed to understand {}: {found:?}", path.display())]
    Understand {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
}

/// What the running kernel calls itself.
///
/// # Errors
/// When it does not say.
pub fn release() -> Result<String, ProfileError> {
    Ok(read("/proc/sys/kernel/osrelease")?.trim().to_owned())
}

/// Whether the running kernel says that it is of this version or a later one.
pub(crate) fn is_at_least(version: Version) -> bool {
    release().is_ok_and(|release| Version::parse(&release) >= Some(version))
}

/// Describes the kernel that this process runs on, as this process may use it.
/// Takes a few milliseconds: the probes run in children of their own, which
/// needs a SIGCHLD that is not ignored.
pub fn running_kernel() -> Result<(Profile, Vec<Origin>), ProfileError> {
    let mut origins = Origins::default();

    let release = release()?;
    let release = release.as_str();
    let version = Version::parse(release)
        .ok_or_else(|| misunderstood("/proc/sys/kernel/osrelease", release))?;
    origins.add(Section::Kernel, "version", version, format!("uname: {release}"));

    let verdicts: Vec<(&Probe, Verdict)> = PROBES.iter().map(|p| (p, p.run())).collect();
    let kconfig = Kconfig::read(release);

    let mut profile = Profile::stock(version);
    configuration(&mut profile.config, kconfig.as_ref(), &verdicts, &mut origins);
    profile.settings = settings(kconfig.as_ref(), &mut origins)?;
    profile.privilege = privilege(profile.settings.mmap_min_addr, &mut origins)?;
    profile.shows_frames = crate::observe::shows_frames();
    rules(&mut profile, &verdicts, &mut origins);
    Ok((profile, origins.0))
}

#[derive(Default)]
struct Origins(Vec<Origin>);

impl Origins {
    fn add(&mut self, section: Section, switch: &str, value: impl ToString, origin: String) {
        self.0.push(Origin {
            section,
            switch: switch.to_owned(),
            value: value.to_string(),
            origin,
        });
    }
}

fn on_off(on: bool) -> &'static str {
    if on {
        "on"
    } else {
        "off"
    }
}

/// Whether pages are kept in generations (`lru_gen_enabled`).
pub fn has_lru_generations() -> bool {
    let decides = Decides::Config(ConfigName::LruGen);
    PROBES.iter().any(|probe| probe.decides == decides && probe.run() == Verdict::Present)
}

/// What a probe says, then what the kernel's own configuration says, then what
/// the version suggests: a probe also sees what the processor lacks.
fn configuration(
    config: &mut Config,
    kconfig: Option<&Kconfig>,
    verdicts: &[(&Probe, Verdict)],
    origins: &mut Origins,
) {
    for &name in ConfigName::ALL {
        let probed = verdicts.iter().find_map(|(probe, verdict)| {
            (probe.decides == Decides::Config(name)).then_some((probe, verdict.answer()?))
        });
        let configured = kconfig.and_then(|k| Some((k, kconfig::symbol(name)?)));
        let origin = match (probed, configured) {
            (Some((probe, on)), configured) => {
                name.set(config, on);
                let agrees = configured.is_none_or(|(kconfig, symbol)| kconfig.is_on(symbol) == on);
                origin_of_probe(probe.text, (!agrees).then_some("configuration"))
            }
            (None, Some((kconfig, symbol))) => {
                name.set(config, kconfig.is_on(symbol));
                format!("{}: {symbol}", kconfig.path.display())
            }
            (None, None) => "default of the version".to_owned(),
        };
        origins.add(Section::Configuration, name.name(), on_off(name.get(config)), origin);
    }
}

fn settings(kconfig: Option<&Kconfig>, origins: &mut Origins) -> Result<Settings, ProfileError> {
    let mut number = |switch: &str, path: &str| -> Result<u64, ProfileError> {
        let value = number_in(path)?;
        origins.add(Section::Setting, switch, value, path.to_owned());
        Ok(value)
    };
    let max_map_count = number("max-map-count", "/proc/sys/vm/max_map_count")?;
    let mmap_min_addr = number("mmap-min-addr", "/proc/sys/vm/mmap_min_addr")?;
    let overcommit = number("overcommit", "/proc/sys/vm/overcommit_memory")? as u8;
    let ratio = number("overcommit-ratio", "/proc/sys/vm/overcommit_ratio")?;
    let kbytes = number("overcommit-kbytes", "/proc/sys/vm/overcommit_kbytes")?;
    let admin_reserve = number("admin-reserve-kbytes", "/proc/sys/vm/admin_reserve_kbytes")?;
    let user_reserve = number("user-reserve-kbytes", "/proc/sys/vm/user_reserve_kbytes")?;
    let legacy = number("legacy-layout", "/proc/sys/vm/legacy_va_layout")?;

    let (lsm_mmap_min_addr, origin) = match kconfig {
        Some(kconfig) => (
            kconfig.number("CONFIG_LSM_MMAP_MIN_ADDR").unwrap_or(0),
            format!("{}: CONFIG_LSM_MMAP_MIN_ADDR", kconfig.path.display()),
        ),
        None => (mmap_min_addr, "as mmap-min-addr".to_owned()),
    };
    origins.add(Section::Setting, "lsm-mmap-min-addr", lsm_mmap_min_addr, origin);

    let meminfo = read("/proc/meminfo")?;
    let kilobytes = |name| {
        field(&meminfo, name).ok_or_else(|| misunderstood("/proc/meminfo", "no line of that name"))
    };
    let (ram, swap_pages) = (kilobytes("MemTotal:")? / 4, kilobytes("SwapTotal:")? / 4);
    // a kernel without huge pages does not say how many there are
    let huge_pages = field(&meminfo, "Hugetlb:").unwrap_or(0) / 4;
    let total_pages = ram + swap_pages;
    origins.add(
        Section::Setting,
        "total-pages",
        total_pages,
        "/proc/meminfo: MemTotal and SwapTotal".to_owned(),
    );

    // a kernel without swap support has no such file
    let swap = read("/proc/swaps").map(|text| swap(&text)).unwrap_or_default();
    origins.add(Section::Setting, "swap", swap.name(), "/proc/swaps".to_owned());

    const KSM: &str = "/sys/kernel/mm/ksm/run";
    let ksm_runs = number_in(KSM).map(|n| n == 1).unwrap_or(false);
    origins.add(Section::Setting, "ksm-runs", on_off(ksm_runs), KSM.to_owned());

    const CPUS: &str = "/sys/devices/system/cpu/online";
    let (cpus, origin) = match read(CPUS).ok().and_then(|list| count_of_list(&list)) {
        Some(cpus) => (cpus, CPUS.to_owned()),
        None => (crate::sys::online_cpus(), "sysconf".to_owned()),
    };
    origins.add(Section::Setting, "cpus", cpus, origin);

    Ok(Settings {
        max_map_count,
        mmap_min_addr,
        lsm_mmap_min_addr,
        overcommit,
        commit: Commit {
            ratio,
            kbytes,
            admin_reserve,
            user_reserve,
            ram: ram.saturating_sub(huge_pages),
            swap: swap_pages,
            // measured when a program starts
            others: 0,
            slack: commit_slack(ram, cpus),
        },
        total_pages,
        swap,
        legacy_layout: legacy != 0,
        moves: false,
        ksm_runs,
        cpus,
    })
}

/// The pages that all of the system has committed (`Committed_AS`).
///
/// # Errors
/// When the kernel does not say.
pub fn committed() -> Result<u64, ProfileError> {
    const MEMINFO: &str = "/proc/meminfo";
    let missing = || misunderstood(MEMINFO, "no line of that name");
    Ok(field(&read(MEMINFO)?, "Committed_AS:").ok_or_else(missing)? / 4)
}

/// By how many pages the sum of what is committed may be off as the kernel holds it against
/// its limit: a batch for each CPU (`mm_compute_batch`), and what others may do meanwhile.
fn commit_slack(ram: u64, cpus: u32) -> u64 {
    const OTHERS: u64 = (32 << 20) / PAGE_SIZE;
    let cpus = u64::from(cpus.max(1));
    let batch = (ram / cpus / 256).max(2 * cpus).max(32);
    batch * cpus + OTHERS
}

/// What `/proc/swaps` lists: a line of headings, then name, type, size, used, ... of each.
/// Memory that is more than half full may not take what it is given.
fn swap(text: &str) -> Swap {
    let is_memory = |line: &str| {
        let mut columns = line.split_whitespace();
        let name = columns.next().and_then(|path| path.strip_prefix("/dev/"));
        let mut number = || columns.next()?.parse::<u64>().ok();
        number(); // the type is none
        let has_room = number().zip(number()).is_some_and(|(size, used)| used <= size / 2);
        has_room && name.is_some_and(|name| name.starts_with("ram") || name.starts_with("zram"))
    };
    let mut devices = text.lines().skip(1);
    match devices.clone().next() {
        None => Swap::Off,
        Some(_) if devices.all(is_memory) => Swap::Memory,
        Some(_) => Swap::Disk,
    }
}

/// What the kernel grants; `min_addr` is `vm.mmap_min_addr`.
fn privilege(min_addr: u64, origins: &mut Origins) -> Result<Privilege, ProfileError> {
    const STATUS: &str = "/proc/self/status";
    let status = read(STATUS)?;
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|text| u64::from_str_radix(text.trim(), 16).ok())
        .ok_or_else(|| misunderstood(STATUS, "no CapEff line"))?;
    let claimed = Privilege::of_bits(effective);
    let mut privilege = Privilege::NONE;
    for capability in Capability::ALL {
        let (granted, how) = is_granted(capability, claimed.has(capability), min_addr);
        if granted {
            privilege = privilege.with(capability);
        }
        origins.add(Section::Privilege, capability.name(), on_off(granted), how.to_owned());
    }
    Ok(privilege)
}

fn rules(profile: &mut Profile, verdicts: &[(&Probe, Verdict)], origins: &mut Origins) {
    for &rule in RULES {
        let by_version = profile.has(rule);
        let probed = verdicts.iter().find(|(probe, _)| probe.decides == Decides::Rule(rule));
        let since = format!("version: since {}", rule.since());
        let (on, origin) = match probed {
            None => (by_version, since),
            Some((probe, verdict)) => match verdict.answer() {
                Some(on) => {
                    let expected = by_version && has_what_it_takes(profile, rule);
                    // a patch that was never merged is in no version
                    let agrees = on == expected || rule.is_patch();
                    (on, origin_of_probe(probe.text, (!agrees).then_some("version")))
                }
                None => (by_version, format!("{since} (the probe could not tell)")),
            },
        };
        if on {
            profile.rules.insert(rule);
        } else {
            profile.rules.remove(rule);
        }
        origins.add(Section::Rule, rule.name(), on_off(on), origin);
    }
}

/// Whether the kernel was built with what a rule is about.
fn has_what_it_takes(profile: &Profile, rule: Rule) -> bool {
    match rule {
        Rule::MapStackNoHuge | Rule::ThpAlignMultiple => profile.config.thp,
        _ => true,
    }
}

fn read(path: impl AsRef<Path>) -> Result<String, ProfileError> {
    let path = path.as_ref();
    std::fs::read_to_string(path)
        .map_err(|source| ProfileError::Read { path: path.to_owned(), source })
}

fn misunderstood(path: impl AsRef<Path>, found: &str) -> ProfileError {
    ProfileError::Understand { path: path.as_ref().to_owned(), found: found.to_owned() }
}

fn number_in(path: &str) -> Result<u64, ProfileError> {
    let text = read(path)?;
    text.trim().parse().map_err(|_| misunderstood(path, &text))
}

/// The number after a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// How many numbers a list such as `0-3,6` holds.
fn count_of_list(list: &str) -> Option<u32> {
    list.trim().split(',').try_fold(0u32, |sum, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors() {
        for (list, count) in [("0", Some(1)), ("0-3\n", Some(4)), ("0-1,4,6-7", Some(5))] {
            assert_eq!(count_of_list(list), count);
        }
        for list in ["", "x", "3-1", "0-4294967295"] {
            assert_eq!(count_of_list(list), None, "{list}");
        }
    }

    #[test]
    fn kinds_of_swap() {
        let list = |devices: &[&str]| {
            let lines = devices.iter().map(|d| format!("{d} partition 65532 0 -2\n"));
            format!("Filename Type Size Used Priority\n{}", lines.collect::<String>())
        };
        for (devices, kind) in [
            (&[][..], Swap::Off),
            (&["/dev/ram0"], Swap::Memory),
            (&["/dev/ram0", "/dev/zram1"], Swap::Memory),
            (&["/dev/zram0", "/dev/sda2"], Swap::Disk),
            (&["/swap.img"], Swap::Disk),
        ] {
            assert_eq!(swap(&list(devices)), kind, "{devices:?}");
        }
        assert_eq!(swap(""), Swap::Off);
        let full = "Filename Type Size Used Priority\n/dev/zram0 partition 1000 501 100\n";
        assert_eq!(swap(full), Swap::Disk);
    }

    #[test]
    fn fields_of_meminfo() {
        let text = "MemTotal:       123 kB\nSwapTotal: 0 kB\nBad: x\n";
        assert_eq!(field(text, "MemTotal:"), Some(123));
        assert_eq!(field(text, "SwapTotal:"), Some(0));
        assert_eq!(field(text, "Bad:"), None);
        assert_eq!(field(text, "None:"), None);
    }

    #[test]
    fn the_running_kernel_is_described_the_same_way_twice() {
        let (profile, origins) = running_kernel().expect("this kernel");
        assert_eq!(running_kernel().expect("again"), (profile.clone(), origins.clone()));
        assert!(profile.settings.max_map_count > 0);
        assert!(profile.settings.total_pages > 1000);
        for &rule in RULES {
            let line = origins.iter().find(|o| o.switch == rule.name()).expect("every rule");
            assert_eq!(line.value, on_off(profile.has(rule)));
        }
        // markers imply the advice that installs them
        assert!(profile.has(Rule::GuardRegions) || !profile.has(Rule::MaybeGuard));
    }

    #[test]
    fn verdicts_overrule_the_version() {
        let mut profile = Profile::stock(Version::new(6, 18));
        assert!(profile.has(Rule::GuardRegions) && !profile.has(Rule::MaybeGuard));
        let verdicts: Vec<_> = PROBES
            .iter()
            .map(|p| match p.decides {
                Decides::Rule(Rule::GuardRegions) => (p, Verdict::Absent),
                Decides::Rule(Rule::MaybeGuard) => (p, Verdict::Present),
                _ => (p, Verdict::Unknown),
            })
            .collect();
        let before = profile.rules;
        let mut origins = Origins::default();
        rules(&mut profile, &verdicts, &mut origins);
        assert!(!profile.has(Rule::GuardRegions) && profile.has(Rule::MaybeGuard));
        for &rule in RULES {
            if !matches!(rule, Rule::GuardRegions | Rule::MaybeGuard) {
                assert_eq!(profile.has(rule), before.contains(rule));
            }
        }
        let line = origins.0.iter().find(|o| o.switch == "maybe-guard").expect("the line");
        assert!(line.origin.starts_with("probe, against the version"), "{}", line.origin);
        let against: Vec<_> =
            contradictions(&origins.0).into_iter().map(|c| c.signature()).collect();
        assert_eq!(against, ["probe.guard-regions.missing", "probe.maybe-guard.extra"]);
    }

    #[test]
    fn what_a_rule_needs_and_the_kernel_was_built_without_is_not_missed() {
        let verdicts: Vec<_> = PROBES.iter().map(|probe| (probe, Verdict::Absent)).collect();
        let against = |thp| {
            let mut profile = Profile::stock(Version::new(6, 18));
            profile.config.thp = thp;
            let mut origins = Origins::default();
            rules(&mut profile, &verdicts, &mut origins);
            contradictions(&origins.0).iter().any(|c| c.switch == "map-stack-nohugepage")
        };
        assert_eq!([true, false].map(against), [true, false]);
    }
}
