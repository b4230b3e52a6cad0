//! `/proc/pid/smaps_rollup` (`show_smaps_rollup`): what smaps says of each mapping, of all
//! of them. Shares of pages are added up before they are rounded.

use super::smaps::{sums_of, Sums};
use crate::defect::Defect;
use crate::model::vma::Backing;
use crate::model::{Mm, System};
use crate::profile::Rule;
use crate::snapshot::{Rollup, RollupField};

/// `None` where the kernel has mappings of its own, of which smaps shows only what is
/// rounded already.
pub(super) fn of(system: &System, mm: &Mm) -> Option<Rollup> {
    use RollupField as F;
    let mut sums = Sums::default();
    let (mut start, mut end) = (None, 0);
    let defect = |defect| system.profile.has_defect(defect);
    for vma in mm.vmas.iter() {
        if let Backing::Special(_) = vma.backing {
            return None;
        }
        start.get_or_insert(vma.start);
        end = vma.end;
        let mut more = sums_of(system, mm, vma);
        if defect(Defect::RollupRoundsEach) {
            more.round();
        }
        sums.add(&more);
    }
    let mut rollup = Rollup { start: start.unwrap_or(0), end, ..Rollup::default() };
    if defect(Defect::RollupEndsEarly) {
        rollup.end = mm.vmas.iter().next_back().map_or(0, |last| last.start);
    }
    if defect(Defect::RollupForgetsLocked) {
        sums.locked = 0;
    }
    if defect(Defect::RollupForgetsSwap) {
        sums.swap = 0;
    }
    let shmem = sums.pss - sums.pss_anon;
    let anon = if defect(Defect::RollupAnonIsAll) { sums.pss } else { sums.pss_anon };
    for (field, bytes) in [
        (F::Rss, sums.resident),
        (F::Pss, Sums::whole(sums.pss)),
        (F::PssDirty, Sums::whole(sums.pss_dirty)),
        (F::PssAnon, Sums::whole(anon)),
        // no program maps a file that is not in memory alone
        (F::PssFile, 0),
        (F::PssShmem, Sums::whole(shmem)),
        (F::SharedClean, sums.shared_clean),
        (F::SharedDirty, sums.shared_dirty),
        (F::PrivateClean, sums.private_clean),
        (F::PrivateDirty, sums.private_dirty),
        (F::Referenced, sums.referenced),
        (F::Anonymous, sums.anonymous),
        (F::LazyFree, sums.lazy_free),
        (F::AnonHugePages, 0),
        (F::ShmemPmdMapped, 0),
        (F::FilePmdMapped, 0),
        (F::SharedHugetlb, 0),
        (F::PrivateHugetlb, 0),
        (F::Swap, sums.swap),
        (F::SwapPss, Sums::whole(sums.swap_pss)),
        (F::Locked, Sums::whole(sums.locked)),
    ] {
        rollup.set(field, bytes >> 10);
    }
    if system.profile.has(Rule::KsmInSmaps) {
        rollup.set(F::Ksm, 0);
    }
    Some(rollup)
}

#[cfg(test)]
mod tests {
    use crate::addr::PAGE_SIZE;
    use crate::model::tests::*;
    use crate::model::vma::VmFlags;
    use crate::op::Call;
    use crate::snapshot::{RollupField, SmapsField, Views};

    #[test]
    fn shares_are_added_up_before_they_are_rounded() {
        let mut system = system();
        let places = [0, 8, 16, 24].map(|page| FAR + page * PAGE_SIZE);
        for place in places {
            map(&mut system, place, 1, VmFlags::READ | VmFlags::WRITE);
            store(&mut system, P0, place, 1);
        }
        run(&mut system, P0, Call::Fork);
        run(&mut system, P0, Call::Fork);
        // a third of 4 KiB each, which is 1 KiB and some
        let each = places.map(|place| kb(&system, P0, place, SmapsField::Pss));
        assert_eq!(each, [1; 4]);
        let mut plan = system.plan(P0);
        plan.views = Views::ROLLUP;
        let rollup = system.snapshot(P0, &plan).rollup.unwrap();
        assert_eq!(rollup.get(RollupField::PssAnon), Some(5));
        assert_eq!(rollup.get(RollupField::Anonymous), Some(16));
        // from the arena to the last mapping
        assert_eq!((rollup.start, rollup.end), (0x40_0000, places[3] + PAGE_SIZE));
    }
}
