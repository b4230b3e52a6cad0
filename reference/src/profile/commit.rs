//! What may be committed in all where the system does not overcommit.

/// The parts of the commit limit (`vm_commit_limit`), and what counts against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    /// `vm.overcommit_ratio`: how much of RAM may be committed, in percent.
    pub ratio: u64,
    /// `vm.overcommit_kbytes`, which takes the ratio's place unless it is 0.
    pub kbytes: u64,
    /// `vm.admin_reserve_kbytes`: what only CAP_SYS_ADMIN may commit.
    pub admin_reserve: u64,
    /// `vm.user_reserve_kbytes`: what a large process leaves to others, at most.
    pub user_reserve: u64,
    /// RAM without huge pages, in pages.
    pub ram: u64,
    /// Swap, in pages.
    pub swap: u64,
    /// What everybody but the program has committed, in pages.
    pub others: u64,
    /// By how many pages the sum of all charges may be off: it is kept in batches per CPU
    /// (`mm_compute_batch`), and others come and go.
    pub slack: u64,
}

impl Default for Commit {
    /// The kernel's own defaults, with 4 GiB of RAM that nobody uses.
    fn default() -> Commit {
        Commit {
            ratio: 50,
            kbytes: 0,
            admin_reserve: 8 << 10,
            user_reserve: 128 << 10,
            ram: 1 << 20,
            swap: 0,
            others: 0,
            slack: 0,
        }
    }
}

impl Commit {
    /// Whether pages are granted to a process: `used` with those that the program has
    /// already, `total_vm` the process's size. `None` where only the kernel's batches decide.
    /// Mirrors the last part of `__vm_enough_memory`.
    pub fn grants(&self, used: u64, total_vm: u64, admin: bool) -> Option<bool> {
        let of_ram = match self.kbytes {
            0 => self.ram.saturating_mul(self.ratio) / 100,
            kbytes => kbytes / 4,
        };
        let kept = if admin { 0 } else { self.admin_reserve / 4 };
        let left = (total_vm / 32).min(self.user_reserve / 4);
        let allowed = (of_ram + self.swap).saturating_sub(kept).saturating_sub(left);
        let used = self.others.saturating_add(used);
        if used.saturating_add(self.slack) < allowed {
            Some(true)
        } else if used.saturating_sub(self.slack) >= allowed {
            Some(false)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserves_are_for_others() {
        let commit = Commit { kbytes: 4 * 1000, admin_reserve: 4 * 100, ..Commit::default() };
        assert_eq!(commit.grants(999, 0, true), Some(true));
        assert_eq!(commit.grants(1000, 0, true), Some(false));
        assert_eq!(commit.grants(899, 0, false), Some(true));
        assert_eq!(commit.grants(900, 0, false), Some(false));
        // a thirty-second of its size, and not more than the reserve
        assert_eq!(commit.grants(989, 320, true), Some(true));
        assert_eq!(commit.grants(990, 320, true), Some(false));
        let none = Commit { user_reserve: 0, ..commit };
        assert_eq!(none.grants(999, 320, true), Some(true));
    }

    #[test]
    fn near_the_limit_the_batches_decide() {
        let commit = Commit { kbytes: 4 * 1000, slack: 10, others: 100, ..Commit::default() };
        let answers = [(889, Some(true)), (890, None), (909, None), (910, Some(false))];
        for (used, answer) in answers {
            assert_eq!(commit.grants(used, 0, true), answer, "{used}");
        }
    }

    #[test]
    fn the_ratio_is_of_ram_alone() {
        let commit = Commit { ratio: 10, ram: 1000, swap: 50, ..Commit::default() };
        assert_eq!(commit.grants(149, 0, true), Some(true));
        assert_eq!(commit.grants(150, 0, true), Some(false));
    }
}
