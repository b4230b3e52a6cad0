//! The memory lines of `/proc/pid/status` (`task_mem`).

use crate::addr::{PAGE_SHIFT, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::Mm;
use crate::profile::{Profile, Rule};
use crate::snapshot::{Status, StatusField};

pub(super) fn fill(profile: &Profile, mm: &Mm, status: &mut Status) {
    use StatusField as F;
    let kb = |pages: u64| pages << (PAGE_SHIFT - 10);
    let rss = mm.rss.total();
    let exec = kb(mm.exec_vm);
    let text = (mm.text_size >> 10).min(exec);
    let defect = |defect| profile.has_defect(defect);
    let peak = mm.hiwater_vm.max(mm.total_vm);
    let hwm = if defect(Defect::HwmForgets) {
        rss
    } else if defect(Defect::HwmCountsMapped) {
        peak
    } else {
        mm.hiwater_rss.max(rss)
    };
    let stacks_too = if defect(Defect::DataCountsStacks) { mm.stack_vm } else { 0 };
    let tables = match defect(Defect::TablesWithoutTop) {
        true => mm.tables.count_below_top(),
        false => mm.tables.count(),
    };
    for (field, value) in [
        (F::VmPeak, kb(if defect(Defect::PeakForgets) { mm.total_vm } else { peak })),
        (F::VmSize, kb(mm.total_vm)),
        (F::VmLck, kb(mm.locked_vm)),
        (F::VmPin, 0),
        (F::VmHwm, kb(hwm)),
        (F::VmRss, kb(rss)),
        (F::RssAnon, kb(mm.rss.anon)),
        (F::RssFile, kb(mm.rss.file)),
        (F::RssShmem, kb(if defect(Defect::ShmemNotTold) { 0 } else { mm.rss.shmem })),
        (F::VmData, kb(mm.data_vm + stacks_too)),
        (F::VmStk, kb(mm.stack_vm)),
        (F::VmExe, if defect(Defect::ExeCountsAllCode) { exec } else { text }),
        (F::VmLib, if defect(Defect::LibCountsAllCode) { exec } else { exec - text }),
        (F::VmPte, kb(tables)),
        (F::VmSwap, kb(mm.rss.swap)),
        (F::HugetlbPages, 0),
    ] {
        status.set(field, value);
    }
    status.held_back =
        (!profile.has(Rule::RssPerCpu)).then(|| mm.held_back.saturating_mul(PAGE_SIZE >> 10));
}
