//! What the processes of a program account for in the counts of their system.

use crate::addr::PAGE_SHIFT;
use crate::defect::Defect;
use crate::model::folio::FolioId;
use crate::model::limits::committed;
use crate::model::page_table::Pte;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{Process, System};
use crate::profile::Rule;
use crate::snapshot::{SystemCounter, SystemCounts};
use std::collections::HashSet;

/// Counts what all live processes have together, and what was never given back.
pub(super) fn counts(system: &System) -> SystemCounts {
    use SystemCounter as C;
    let processes = || system.processes.iter().flatten().map(|process| &**process);
    let charged: u64 = processes().map(|process| charge(system, process)).sum();
    let (anon, swapped) = pages(system);
    let mappings: usize = processes().map(|process| process.mm.vmas.len()).sum();
    let mut counts = SystemCounts::NONE;
    counts.set(C::CommittedAs, kb(charged + system.stray_charge));
    counts.set(C::AnonPages, kb(anon));
    counts.set(C::PageTables, page_tables(system).and_then(kb));
    counts.set(C::Swap, kb(swapped));
    counts.set(C::Mappings, Some(mappings as i64));
    counts
}

/// What is charged for good.
pub(super) fn leftover(system: &System) -> SystemCounts {
    let mut counts = SystemCounts::NONE;
    counts.set(SystemCounter::CommittedAs, kb(system.stray_charge));
    counts
}

fn kb(pages: u64) -> Option<i64> {
    i64::try_from(pages << (PAGE_SHIFT - 10)).ok()
}

/// The pages that the mappings of a process are charged for (`vm_acct_memory`): those of
/// `VM_ACCOUNT`, whoever charged them.
fn charge(system: &System, process: &Process) -> u64 {
    let reserved = |vma: &&Vma| {
        vma.flags.contains(VmFlags::NORESERVE) && !vma.flags.contains(VmFlags::ACCOUNT)
    };
    let wrongly = match system.profile.has_defect(Defect::CommitCountsReserved) {
        true => process.mm.vmas.iter().filter(reserved).map(Vma::pages).sum(),
        false => 0,
    };
    committed(&process.mm) + wrongly
}

/// Anonymous pages that are mapped (`NR_ANON_MAPPED`), and places in swap: each once,
/// however many processes refer to it.
fn pages(system: &System) -> (u64, u64) {
    let (mut anon, mut swapped) = (0, 0);
    let mut shared: HashSet<FolioId> = HashSet::new();
    let each_mapping = system.profile.has_defect(Defect::AnonPagesCountMappings);
    let per_process = system.profile.has_defect(Defect::SwapCountsReferences);
    for process in system.processes.iter().flatten() {
        process.mm.tables.for_each(0, system.profile.task_size(), |_, pte| {
            let (id, count, again) = match pte {
                Pte::Page(id, _) => (id, &mut anon, each_mapping),
                Pte::Swap(id, _) => (id, &mut swapped, per_process),
                _ => return,
            };
            let folio = system.folios.get(id);
            if folio.is_anon() && (folio.mapcount == 1 || shared.insert(id) || again) {
                *count += 1;
            }
        });
    }
    (anon, swapped)
}

/// Page tables of the first process (`NR_PAGETABLE`). How many pages the root of a process
/// takes, whether it counts, and when it goes after the process, depends on more than
/// the version; so nothing is said once a process was forked, nor of a fifth level.
fn page_tables(system: &System) -> Option<u64> {
    let first = system.processes[0].as_deref().filter(|_| system.forked == 0)?;
    let upper = system.profile.has(Rule::UpperTablesCounted)
        && !system.profile.has_defect(Defect::TablesCountLower);
    (!system.profile.config.la57).then(|| match upper {
        true => first.mm.tables.count(),
        false => first.mm.tables.count_below_top(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect::DEFECTS;
    use crate::model::Seed;
    use crate::profile::{Profile, Swap, Version};
    use crate::text::{parse, Mode};
    use std::sync::Arc;
    use SystemCounter as C;

    const RW: &str = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS";

    /// The system after a program, with this wrong rule if there is one.
    fn after(program: &str, defect: Option<Defect>) -> System {
        let mut profile = Profile { defect, ..Profile::stock(Version::new(7, 2)) };
        profile.settings.swap = Swap::Memory;
        let mut system = System::new(Arc::new(profile), &Seed::standard());
        let program = program.replace("RW", RW);
        for op in parse(&program, Mode::Strict).expect("a program").ops() {
            system.apply(op).expect("a prediction");
        }
        system
    }

    fn counts(program: &str, defect: Option<Defect>) -> SystemCounts {
        after(program, defect).counts() - after("", None).counts()
    }

    #[test]
    fn what_programs_account_for() {
        for (program, counter, value) in [
            ("mmap(mmap-0x4000, 0x4000, RW, -1, 0)\n", C::CommittedAs, 16),
            ("mmap(mmap-0x4000, 0x4000, RW|MAP_NORESERVE, -1, 0)\n", C::CommittedAs, 0),
            ("mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nfork()\n", C::CommittedAs, 32),
            ("mmap(mmap-0x4000, 0x4000, RW, -1, 0)\n", C::Mappings, 1),
            (
                "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\nfork()\n\
                 p1: store(mmap-0x4000, 0x1000, 0x2)\n",
                C::AnonPages,
                12,
            ),
            (
                "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\n\
                 madvise(mmap-0x4000, 0x1000, MADV_PAGEOUT)\nfork()\n",
                C::Swap,
                4,
            ),
            (
                "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\n",
                C::PageTables,
                12,
            ),
        ] {
            assert_eq!(counts(program, None).get(counter), Some(value), "{program}");
        }
    }

    #[test]
    fn nothing_is_left_of_what_is_undone() {
        let program = "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\n\
                       munmap(mmap-0x4000, 0x4000)\n";
        assert_eq!(counts(program, None), SystemCounts::NONE);
        assert_eq!(after(program, None).leftover(), SystemCounts::NONE);
        let wrong = after(program, Some(Defect::MunmapKeepsCharge));
        assert_eq!(wrong.leftover().get(C::CommittedAs), Some(16));
    }

    #[test]
    fn every_wrong_count_shows() {
        let programs = [
            "mmap(mmap-0x4000, 0x4000, RW|MAP_NORESERVE, -1, 0)\n",
            "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nmunmap(mmap-0x4000, 0x4000)\n",
            "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nmprotect(mmap-0x4000, 0x4000, PROT_READ)\n",
            "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\n",
            "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\nfork()\n",
            "mmap(mmap-0x4000, 0x4000, RW, -1, 0)\nstore(mmap-0x4000, 0x2000, 0x1)\n\
             madvise(mmap-0x4000, 0x1000, MADV_PAGEOUT)\nfork()\n",
        ];
        for &defect in DEFECTS.iter().filter(|defect| defect.area() == "system") {
            let shows = |program: &&str| counts(program, Some(defect)) != counts(program, None);
            assert!(programs.iter().any(shows), "{}", defect.name());
        }
    }
}
