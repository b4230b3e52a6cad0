//! The memory lines of `/proc/pid/status` (`task_mem`).

use crate::addr::PAGE_SHIFT;
use crate::model::Mm;
use crate::snapshot::{Status, StatusField};

pub(super) fn fill(mm: &Mm, status: &mut Status) {
    use StatusField as F;
    let kb = |pages: u64| pages << (PAGE_SHIFT - 10);
    let rss = mm.rss.total();
    let exec = kb(mm.exec_vm);
    let text = (mm.text_size >> 10).min(exec);
    for (field, value) in [
        (F::VmPeak, kb(mm.hiwater_vm.max(mm.total_vm))),
        (F::VmSize, kb(mm.total_vm)),
        (F::VmLck, kb(mm.locked_vm)),
        (F::VmPin, 0),
        (F::VmHwm, kb(mm.hiwater_rss.max(rss))),
        (F::VmRss, kb(rss)),
        (F::RssAnon, kb(mm.rss.anon)),
        (F::RssFile, kb(mm.rss.file)),
        (F::RssShmem, kb(mm.rss.shmem)),
        (F::VmData, kb(mm.data_vm)),
        (F::VmStk, kb(mm.stack_vm)),
        (F::VmExe, text),
        (F::VmLib, exec - text),
        (F::VmPte, kb(mm.tables.count())),
        (F::VmSwap, kb(mm.rss.swap)),
        (F::HugetlbPages, 0),
    ] {
        status.set(field, value);
    }
}
