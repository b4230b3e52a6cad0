//! What the kernel counts of the whole system.

/// How many processes the kernel has killed for want of memory, in the whole
/// system or in a memory cgroup (`count_vm_event(OOM_KILL)`). None where it does
/// not count.
pub fn oom_kills() -> Option<u64> {
    counter(&vmstat()?, "oom_kill")
}

/// How many pages the kernel has moved to other frames, or is about to: for the sake of
/// large free areas, of other nodes, or of memory that goes away (`migrate_pages`; those
/// that compaction has isolated are counted before they move). None where it moves none,
/// or does not count.
pub fn migrations() -> Option<u64> {
    migrations_in(&vmstat()?)
}

fn vmstat() -> Option<String> {
    std::fs::read_to_string("/proc/vmstat").ok()
}

fn migrations_in(vmstat: &str) -> Option<u64> {
    let isolated = counter(vmstat, "compact_isolated").unwrap_or_default();
    Some(counter(vmstat, "pgmigrate_success")? + isolated)
}

fn counter(vmstat: &str, name: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    vmstat.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_among_the_counters() {
        let text = "pgfault 12\noom_kill_something 7\noom_kill 3\npgmigrate_success 4\n";
        assert_eq!(counter(text, "oom_kill"), Some(3));
        assert_eq!(counter("pgfault 12\n", "oom_kill"), None);
        assert_eq!(migrations_in(text), Some(4));
        assert_eq!(migrations_in(&format!("{text}compact_isolated 5\n")), Some(9));
        assert_eq!(migrations_in("compact_isolated 5\n"), None);
    }
}
