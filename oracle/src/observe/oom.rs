//! Whether memory ran out.

/// How many processes the kernel has killed for want of memory, in the whole
/// system or in a memory cgroup (`count_vm_event(OOM_KILL)`). None where it does
/// not count.
pub fn oom_kills() -> Option<u64> {
    kills_in(&std::fs::read_to_string("/proc/vmstat").ok()?)
}

fn kills_in(vmstat: &str) -> Option<u64> {
    vmstat.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_found_among_the_counters() {
        let text = "pgfault 12\noom_kill_something 7\noom_kill 3\nnuma_hit 4\n";
        assert_eq!(kills_in(text), Some(3));
        assert_eq!(kills_in("pgfault 12\n"), None);
    }
}
