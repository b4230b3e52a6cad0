//! Lines of `/proc/pid/numa_maps` (`show_numa_map`, `gather_stats`; the same in 6.1, 6.12
//! and 6.18). The page of zeroes and what is in swap are not counted, nor is the page of
//! vsyscall listed.

use super::maps;
use crate::addr::PAGE_SIZE;
use crate::defect::Defect;
use crate::model::folio::FolioFlags;
use crate::model::page_table::{Pte, PteBits};
use crate::model::vma::Vma;
use crate::model::{Mm, System};
use crate::snapshot::{Name, NumaField, NumaLine};

/// Every line of a process whose memory policy is the system's.
pub(super) fn fill(system: &System, mm: &Mm, into: &mut Vec<NumaLine>) {
    into.clear();
    into.extend(mm.vmas.iter().map(|vma| line(system, mm, vma)));
}

fn line(system: &System, mm: &Mm, vma: &Vma) -> NumaLine {
    use NumaField as F;
    let name = match maps::line(system, mm, vma).name {
        // names that were given are not shown
        Name::Anon(_) => Name::None,
        name => name,
    };
    let mut line = NumaLine::new(vma.start, name);
    let defect = |defect| system.profile.has_defect(defect);
    let (mut pages, mut anon, mut dirty, mut active, mut mapmax) = (0, 0, 0, 0, 0);
    mm.tables.for_each(vma.start, vma.end, |_, pte| {
        let Pte::Page(id, bits) = pte else { return };
        let folio = system.folios.get(id);
        pages += 1;
        anon += u64::from(folio.is_anon());
        let of_page = folio.flags.contains(FolioFlags::DIRTY);
        let of_page = of_page && !defect(Defect::NumaDirtyIgnoresPage);
        dirty += u64::from(bits.contains(PteBits::DIRTY) || of_page);
        let is_active = folio.flags.contains(FolioFlags::ACTIVE) && !system.profile.config.lru_gen;
        let is_active = is_active || folio.mlocks != 0 && !defect(Defect::NumaLockedInactive);
        active += u64::from(is_active);
        if folio.flags.contains(FolioFlags::REFAULTED) && folio.mlocks == 0 {
            line.active_or_not += 1;
        }
        mapmax = match defect(Defect::NumaMapmaxOfLast) {
            true => folio.mapcount,
            false => folio.mapcount.max(mapmax),
        };
    });
    if pages == 0 {
        return line;
    }
    let mut counted = |field, count: u64| {
        if count > 0 {
            line.set(field, count);
        }
    };
    counted(F::Anon, anon);
    counted(F::Dirty, dirty);
    counted(F::Mapped, if pages != anon && pages != dirty { pages } else { 0 });
    counted(F::Mapmax, if mapmax > 1 { mapmax.into() } else { 0 });
    counted(F::Pages, pages);
    if active < pages {
        line.set(F::Active, active);
    }
    line.set(F::KernelPageSize, PAGE_SIZE >> 10);
    line
}

#[cfg(test)]
mod tests {
    use crate::addr::PAGE_SIZE;
    use crate::model::tests::*;
    use crate::model::vma::VmFlags;
    use crate::op::Call;
    use crate::snapshot::Views;

    #[test]
    fn lines_are_as_the_kernel_prints_them() {
        let mut system = system();
        map(&mut system, FAR, 4, VmFlags::READ | VmFlags::WRITE);
        map(&mut system, FAR + 8 * PAGE_SIZE, 4, VmFlags::READ);
        let line = |system: &crate::model::System, number: usize| {
            let mut plan = system.plan(P0);
            plan.views = Views::NUMA_MAPS;
            system.snapshot(P0, &plan).numa_maps[number].to_string()
        };
        load(&mut system, P0, FAR + 8 * PAGE_SIZE, 1);
        // the page of zeroes is none of its own
        assert_eq!(line(&system, 2), "200000008000 default");
        store(&mut system, P0, FAR, 1);
        store(&mut system, P0, FAR + PAGE_SIZE, 1);
        let dirty = "200000000000 default anon=2 dirty=2 active=0 N0=2 kernelpagesize_kB=4";
        assert_eq!(line(&system, 1), dirty);
        run(&mut system, P0, Call::Fork);
        let shared =
            "200000000000 default anon=2 dirty=2 mapmax=2 active=0 N0=2 kernelpagesize_kB=4";
        assert_eq!(line(&system, 1), shared);
        let arena = "00400000 default file=/memfd:arena\\040(deleted) dirty=19 mapmax=3 active=0 N0=19 kernelpagesize_kB=4";
        assert_eq!(line(&system, 0), arena);
    }
}
