//! How far looks go: what is read in part, or with a share of looks. What is read and not
//! compared exactly stands in `exempt.rs`, what cannot be read here in [`Capabilities`].

use super::Capabilities;
use crate::run::{limits as run, Observe};
use mm_reference::model::observe::limits as plan;
use mm_reference::snapshot::Views;

/// Each limit: of what, and which.
pub fn limits(caps: &Capabilities) -> Vec<(String, String)> {
    let mut limits = Vec::new();
    let mut say = |what: &str, which: String| limits.push((what.to_owned(), which));
    let (low, high) = run::STRIDES;
    say(
        "states between operations",
        format!(
            "looked at after every {low} to {high} operations and the last one (--observe {}: after each); \
             where a program makes tens of thousands of mappings, after the last",
            Observe::EveryOp.name()
        ),
    );
    say(
        "a fresh subject",
        "where things are, VmPeak, VmHWM, limits and what execve wrote are taken as first seen"
            .to_owned(),
    );
    let (whole, windows) = (plan::WHOLE_PAGES, plan::WINDOW_PAGES);
    say(
        "pagemap",
        format!(
            "of mappings beyond {whole} pages only where they have page tables, and of a process at most \
             {windows} pages; elsewhere that nothing is there, not the soft-dirty bit"
        ),
    );
    let contents = plan::CONTENT_PAGES;
    say(
        "contents",
        format!(
            "at the end of a program, of at most {contents} pages of a process that are there; not of the \
             subject's own"
        ),
    );
    let (share, away) = (run::SHARE, run::AWAY);
    say(
        "contents of pages in swap and of absent ones",
        format!(
            "at the end of one program in {share}, of at most {away} of each sort in a process"
        ),
    );
    say("smaps of [vsyscall]", "read by the worker's looks alone; it never changes".to_owned());
    say("lines of status before VmPeak and behind HugetlbPages", "not read".to_owned());
    let (close, at_most) = run::CLOSE_LOOKS;
    if caps.parts.page_flags {
        let (some, closely) = (run::FLAGGED, run::FLAGGED_CLOSELY);
        say(
            "kpageflags, kpagecount",
            format!(
                "at the end of one program in {close} to {at_most} and of each that forks, of {some} pages of a \
                 process (closely: of {closely}, at every look); not of the subject's own"
            ),
        );
    }
    if caps.views.contains(Views::STATM) {
        say("statm", "at the end of a program".to_owned());
    }
    if caps.views.contains(Views::ROLLUP) {
        say(
            "smaps_rollup",
            format!(
                "at the end of one program in {share}; not where mappings of the kernel cannot be unmapped"
            ),
        );
    }
    if caps.views.contains(Views::NUMA_MAPS) {
        say(
            "numa_maps",
            format!(
                "at the end of one program in {close} to {at_most}, and of one in {share} of those that fork; \
                 pages of all nodes are added up"
            ),
        );
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::not_compared;

    #[test]
    fn what_is_not_compared_is_all_said() {
        let lines = not_compared(&Capabilities::full());
        let lines: Vec<_> = lines.iter().map(|(what, why)| format!("{what}: {why}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        VmHWM: the high-water mark is taken from counters that are batched per CPU, so it may miss what the batches hold; it is checked to lie at most that far below the expected mark, and not below VmRSS
        LOCKED|IDLE of kpageflags: whoever looks at a page may lock it for a moment or mark it as idle, reclaim and DAMON among them
        ACTIVE_OR_NOT of kpageflags: whether a page that was read back from swap is ACTIVE depends on what the whole system did meanwhile
        frames that change from one look to the next: the kernel migrates pages whenever it likes; they are compared unless it has counted migrations meanwhile
        active of numa_maps: how much the subject's own pages were used outlives a program, and whether pages that were read back from swap are active depends on the system; both have bounds
        states between operations: looked at after every 3 to 16 operations and the last one (--observe every-op: after each); where a program makes tens of thousands of mappings, after the last
        a fresh subject: where things are, VmPeak, VmHWM, limits and what execve wrote are taken as first seen
        pagemap: of mappings beyond 1024 pages only where they have page tables, and of a process at most 8192 pages; elsewhere that nothing is there, not the soft-dirty bit
        contents: at the end of a program, of at most 1024 pages of a process that are there; not of the subject's own
        contents of pages in swap and of absent ones: at the end of one program in 16, of at most 8 of each sort in a process
        smaps of [vsyscall]: read by the worker's looks alone; it never changes
        lines of status before VmPeak and behind HugetlbPages: not read
        kpageflags, kpagecount: at the end of one program in 128 to 256 and of each that forks, of 16 pages of a process (closely: of 1024, at every look); not of the subject's own
        statm: at the end of a program
        smaps_rollup: at the end of one program in 16; not where mappings of the kernel cannot be unmapped
        numa_maps: at the end of one program in 128 to 256, and of one in 16 of those that fork; pages of all nodes are added up
        ");
    }
}
