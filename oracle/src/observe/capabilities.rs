//! What can be observed here, and what cannot, and why.

use super::{contents, pagemap, status, FrameFlags, KernelLog, SystemFiles};
use crate::sys::online_cpus;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::profile::Profile;
use mm_reference::snapshot::{PageFlags, Views};
use std::fmt;
use std::fs;

/// Which parts of a process are observed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the files in /proc/pid; `contents` is mem, `page_flags` kpageflags
pub struct Want {
    pub maps: bool,
    pub smaps: bool,
    pub pagemap: bool,
    pub page_flags: bool,
    pub status: bool,
    pub contents: bool,
}

impl Want {
    /// All there is. Reading contents marks pages accessed, so that only the
    /// last observation of a program should want it.
    pub const ALL: Want = Want {
        maps: true,
        smaps: true,
        pagemap: true,
        page_flags: true,
        status: true,
        contents: true,
    };
    /// What is looked at while a program runs: all that an observation leaves
    /// unchanged and that is cheap.
    pub const ON_THE_WAY: Want = Want { contents: false, page_flags: false, ..Want::ALL };
}

/// Something that is not observed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blind {
    /// What is not observed.
    pub what: &'static str,
    /// Why not.
    pub why: String,
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What is observed, and with it what can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The parts that both snapshots have.
    pub parts: Want,
    /// The further views that there are.
    pub views: Views,
    /// Frame numbers and swap offsets are visible in pagemap.
    pub frames: bool,
    /// Pages are on active and inactive lists, not in generations.
    pub lru_lists: bool,
    /// Flags of frames that this kernel is known to show wrongly for every page.
    pub wrong_flags: PageFlags,
    /// Contents are visible where a process may not read them itself.
    pub forced_reads: bool,
    /// How many kB of the resident size a high-water mark may miss.
    pub rss_slack: u64,
    /// How many kB a high-water mark may be too high: those of pages that went on another
    /// CPU than they came.
    pub rss_ahead: u64,
    /// How many kB a counter of resident pages may be off, where a kernel does
    /// not count exactly.
    pub rss_lag: Option<u64>,
    /// Large empty ranges can be scanned in one call.
    pub scan: bool,
    /// The kernel's log can be read.
    pub kernel_log: bool,
    /// Calls that a filter of this system refuses, by name: programs end before them.
    pub refused: Vec<&'static str>,
    /// What the system counts as a whole says something about one program: nothing else runs.
    pub system_counts: bool,
    /// What is missing.
    pub blind: Vec<Blind>,
}

impl Capabilities {
    /// Everything: what two snapshots of the model can be compared by.
    pub fn full() -> Capabilities {
        Capabilities {
            parts: Want::ALL,
            views: Views::all(),
            frames: true,
            lru_lists: true,
            wrong_flags: PageFlags::empty(),
            forced_reads: true,
            rss_slack: COUNTERS * held_back(2),
            rss_ahead: 0,
            rss_lag: None,
            scan: true,
            kernel_log: true,
            refused: Vec::new(),
            system_counts: true,
            blind: Vec::new(),
        }
    }

    /// Finds out what this process may see on this system.
    pub fn detect() -> Capabilities {
        let mut found = Capabilities::full();
        let batch = held_back(online_cpus());
        found.rss_slack = COUNTERS * batch;
        let probe = match pagemap::probe() {
            Ok(probe) => probe,
            Err(e) => {
                found.parts.pagemap = false;
                let why = format!("/proc/self/pagemap cannot be read: {e}");
                found.blind.push(Blind { what: "pagemap", why });
                pagemap::Probe { frames: false, scan: false }
            }
        };
        found.frames = probe.frames;
        found.scan = probe.scan;
        if found.parts.pagemap && !probe.frames {
            let why = "pagemap hides frame numbers without CAP_SYS_ADMIN".to_owned();
            found.blind.push(Blind { what: "sharing of frames, swap offsets", why });
        }
        found.parts.page_flags = probe.frames;
        if !probe.frames {
            let why = "without frame numbers it cannot be said which are a page's".to_owned();
            found.blind.push(Blind { what: "kpageflags", why });
        } else if let Err(e) = FrameFlags::open() {
            found.parts.page_flags = false;
            let why = format!("/proc/kpageflags cannot be read: {e}");
            found.blind.push(Blind { what: "kpageflags", why });
        }
        for (view, missing) in missing_views(found.parts.page_flags) {
            found.views.remove(view);
            found.blind.push(missing);
        }
        if found.parts.pagemap && !probe.scan {
            let why = format!(
                "no PAGEMAP_SCAN before 6.7; only the first {} MiB of each are read",
                pagemap::EMPTY_CHECKED >> 20
            );
            found.blind.push(Blind { what: "large ranges that should be empty", why });
        }
        if crate::profile::has_lru_generations() {
            found.lru_lists = false;
            let why = "what the multi-generational LRU of this system notes depends on the version and on \
                       per-CPU batches (writing n to /sys/kernel/mm/lru_gen/enabled changes that); Referenced is \
                       checked to be at least the pages with an accessed bit and at most Rss";
            found.blind.push(Blind { what: GENERATIONS, why: why.to_owned() });
        }
        found.forced_reads = contents::reads_are_forced().unwrap_or(false);
        if !found.forced_reads {
            let why =
                "this kernel lets nobody but a debugger read it (proc_mem.force_override=always \
                       on its command line changes that)";
            let what = "contents of memory that its owner may not read";
            found.blind.push(Blind { what, why: why.to_owned() });
        }
        let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let unknown = status::unknown_lines(&text);
        if !unknown.is_empty() {
            let why = format!("mmdiff does not know {}", unknown.join(", "));
            found.blind.push(Blind { what: "further memory lines of status", why });
        }
        if !status::counts_exactly() {
            let lag = batch.max(HELD_BACK_BY_TASK);
            (found.rss_lag, found.rss_slack) = (Some(lag), COUNTERS * lag);
            let why =
                "this kernel counts them in batches, as kernels before 6.16 do; each is checked \
                       to be off by at most one batch";
            let what = "VmRSS, RssAnon, RssFile, RssShmem, VmSwap; resident, shared of statm";
            found.blind.push(Blind { what, why: why.to_owned() });
        }
        if kdamond_runs() {
            let why = "a kdamond of this system clears accessed bits; such a difference does not \
                       show again, and only what shows again is a finding";
            found.blind.push(Blind { what: "Referenced, at times", why: why.to_owned() });
        }
        found.refused = crate::profile::refused_calls();
        if !found.refused.is_empty() {
            let why = format!(
                "a filter of this system (seccomp) refuses {}; programs end before they make such a call",
                found.refused.join(", ")
            );
            found.blind.push(Blind { what: "calls", why });
        }
        if !crate::sys::may_fix_addresses() {
            let why = "a filter of this system (seccomp) does not let them be fixed; a seed repeats programs, \
                       but not their addresses, and where a search upwards begins at random they end";
            found
                .blind
                .push(Blind { what: "addresses, as the seed has them", why: why.to_owned() });
        }
        if let Err(e) = KernelLog::open() {
            found.kernel_log = false;
            found.blind.push(Blind { what: "the kernel's log", why: e.to_string() });
        }
        match SystemFiles::open() {
            Ok(files) => found.blind.extend(files.blind()),
            Err(why) => found.lose_system_counts(why.to_string()),
        }
        found
    }

    /// What is observed when the system is set to what the profile says.
    pub fn under(&self, profile: &Profile) -> Capabilities {
        let mut caps = self.clone();
        if !profile.config.lru_gen && !caps.lru_lists {
            caps.lru_lists = true;
            caps.blind.retain(|blind| blind.what != GENERATIONS);
        }
        if profile.settings.moves {
            // both CPUs may hold something back, that something has gone as well
            caps.rss_slack *= 2;
            caps.rss_ahead = caps.rss_slack;
            caps.rss_lag = caps.rss_lag.map(|lag| 2 * lag);
        }
        caps
    }

    /// The counts of the system are not compared, for this reason.
    pub fn lose_system_counts(&mut self, why: String) {
        if std::mem::take(&mut self.system_counts) {
            self.blind.push(Blind { what: SYSTEM_COUNTS, why });
        }
    }
}

/// What the counts of the system are called where they are listed.
pub(crate) const SYSTEM_COUNTS: &str = "counts of the system (Committed_AS, AnonPages, Mapped, \
                                        Shmem, PageTables, swap, mappings)";

/// The views that this system has, for who may see frames.
pub(crate) fn views_here() -> Views {
    let missing = missing_views(true).into_iter().map(|(view, _)| view);
    Views::all() - missing.collect()
}

/// The views that this system lacks, and why.
fn missing_views(page_flags: bool) -> Vec<(Views, Blind)> {
    let mut missing = Vec::new();
    let mut lacks = |view, what, why| missing.push((view, Blind { what, why }));
    for (view, what) in [(Views::STATM, "statm"), (Views::ROLLUP, "smaps_rollup")] {
        if let Err(e) = fs::read(format!("/proc/self/{what}")) {
            lacks(view, what, format!("/proc/self/{what} cannot be read: {e}"));
        }
    }
    let mut lines = Vec::new();
    let numa =
        fs::read("/proc/self/numa_maps").map(|text| super::decode_numa_maps(&text, &mut lines));
    match numa {
        Err(e) => lacks(
            Views::NUMA_MAPS,
            "numa_maps",
            format!("/proc/self/numa_maps cannot be read (CONFIG_NUMA): {e}"),
        ),
        Ok(Err(e)) => lacks(Views::NUMA_MAPS, "numa_maps", e.to_string()),
        Ok(Ok(())) => {
            if let Some(policy) = lines.iter().find_map(|line| line.policy.as_deref()) {
                let why = format!("this process runs under the memory policy {policy}");
                lacks(Views::NUMA_MAPS, "numa_maps", why);
            }
        }
    }
    if !page_flags {
        let why = "it is read with kpageflags".to_owned();
        lacks(Views::PAGE_COUNTS, "kpagecount", why);
    } else if let Err(e) = FrameFlags::open_counts() {
        lacks(Views::PAGE_COUNTS, "kpagecount", format!("/proc/kpagecount cannot be read: {e}"));
    }
    missing
}

/// What is not observed where pages are kept in generations.
const GENERATIONS: &str = "REFERENCED of kpageflags, Referenced of smaps";

/// How many kB of one counter a task held back before 6.2
/// (`mm/memory.c:check_sync_rss_stat`, `TASK_RSS_EVENTS_THRESH`): the page of the fault
/// that made it count, and those of the next 65.
const HELD_BACK_BY_TASK: u64 = 66 * (PAGE_SIZE >> 10);

/// Those of anonymous, file and shared pages make up the resident size.
pub(crate) const COUNTERS: u64 = 3;

/// What a counter of resident pages may hold back on the one CPU that a subject
/// runs on, in kB: less than a batch
/// (`lib/percpu_counter.c:percpu_counter_add_batch`, `compute_batch_value`;
/// `update_hiwater_rss` adds up what is not held back).
fn held_back(cpus: u32) -> u64 {
    let batch = u64::from(cpus).saturating_mul(2).max(32);
    (batch - 1) * (PAGE_SIZE >> 10)
}

/// Whether DAMON monitors physical memory, as far as that can be seen.
fn kdamond_runs() -> bool {
    let Ok(kdamonds) = fs::read_dir("/sys/kernel/mm/damon/admin/kdamonds") else {
        return false;
    };
    kdamonds.flatten().any(|entry| {
        fs::read_to_string(entry.path().join("state")).is_ok_and(|state| state.trim() == "on")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::profile::Version;

    #[test]
    fn without_generations_the_use_of_pages_is_compared() {
        let mut profile = Profile::stock(Version::new(7, 2));
        profile.config.lru_gen = true;
        let blind = vec![Blind { what: GENERATIONS, why: String::new() }];
        let caps = Capabilities { lru_lists: false, blind, ..Capabilities::full() };
        assert_eq!(caps.under(&profile), caps);
        profile.config.lru_gen = false;
        assert_eq!(caps.under(&profile), Capabilities::full());
    }

    #[test]
    fn where_the_subject_moves_counters_have_wider_bounds() {
        let mut profile = Profile::stock(Version::new(6, 12));
        let caps = Capabilities { rss_lag: Some(128), ..Capabilities::full() };
        assert_eq!(caps.under(&profile), caps);
        profile.settings.moves = true;
        let moving = caps.under(&profile);
        assert_eq!((moving.rss_slack, moving.rss_lag), (2 * caps.rss_slack, Some(256)));
        assert_eq!((caps.rss_ahead, moving.rss_ahead), (0, 2 * caps.rss_slack));
    }
}
