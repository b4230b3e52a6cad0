//! The line of `/proc/pid/statm` (`proc_pid_statm`, `task_statm`).

use crate::addr::pages;
use crate::defect::Defect;
use crate::model::Mm;
use crate::profile::Profile;
use crate::snapshot::{Statm, StatmField};

/// Counts exactly; how far kernels before 6.16 lag behind is the observer's business, as
/// with status.
pub(super) fn of(profile: &Profile, mm: &Mm) -> Statm {
    use StatmField as F;
    let defect = |defect| profile.has_defect(defect);
    let shared = mm.rss.file + mm.rss.shmem;
    let stacks = if defect(Defect::StatmDataWithoutStacks) { 0 } else { mm.stack_vm };
    let swapped = if defect(Defect::StatmCountsSwapped) { mm.rss.swap } else { 0 };
    let mut statm = Statm::default();
    statm.set(F::Size, mm.total_vm);
    statm.set(F::Resident, mm.rss.total() + swapped);
    statm.set(F::Shared, if defect(Defect::StatmSharesAnon) { mm.rss.total() } else { shared });
    // of the executable as it was loaded, whether or not it is still mapped
    statm.set(F::Text, pages(mm.text_size));
    statm.set(F::Data, mm.data_vm + stacks);
    statm
}
