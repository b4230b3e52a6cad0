//! `mincore`: which pages are in memory.

use crate::addr::{page_aligned, PAGE_SIZE};
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::page_table::Pte;
use crate::model::{fail, Backing, CannotPredict, Current, Fail};
use crate::op::{Outcome, Residency, MAX_MINCORE_PAGES};

/// Mirrors the system call `mincore`; the buffer for the answer is good.
pub(crate) fn mincore(cur: &mut Current, start: u64, len: u64) -> Result<Outcome, Fail> {
    if !page_aligned(start) {
        return fail(Errno::EINVAL, "the address is not page-aligned");
    }
    // `access_ok`
    if start.checked_add(len).is_none_or(|end| end > cur.profile.task_size()) {
        return fail(Errno::ENOMEM, "the range reaches out of the address space");
    }
    let mut residency = Residency::default();
    let down = cur.profile.has_defect(Defect::MincoreRoundsDown);
    let count = if down { len / PAGE_SIZE } else { len.div_ceil(PAGE_SIZE) };
    let end = start + count * PAGE_SIZE;
    let mut at = start;
    while at < end {
        let Some(vma) = cur.mm.vmas.containing(at) else {
            return fail(Errno::ENOMEM, "part of the range is not mapped");
        };
        let to = vma.end.min(end);
        if (to - start) / PAGE_SIZE > MAX_MINCORE_PAGES {
            return Err(CannotPredict("more pages than the subject's mincore buffer holds").into());
        }
        match vma.backing {
            Backing::Anonymous => anonymous(cur, at, to, &mut residency),
            // files are wholly cached, and special mappings say nothing
            _ => residency.push(1, ((to - at) / PAGE_SIZE) as u32),
        }
        at = to;
    }
    Ok(Outcome::Residency(residency))
}

/// Mirrors `mincore_pte_range`: whatever is mapped is in memory, a marker is
/// not.
fn anonymous(cur: &Current, start: u64, end: u64, residency: &mut Residency) {
    let guards = cur.profile.has_defect(Defect::MincoreGuardResident);
    let zeroes = !cur.profile.has_defect(Defect::MincoreZeroAbsent);
    let mut at = start;
    cur.mm.tables.for_each(start, end, |address, pte| {
        residency.push(0, ((address - at) / PAGE_SIZE) as u32);
        let resident = match pte {
            Pte::Guard => guards,
            Pte::Zero => zeroes,
            _ => pte.is_present(),
        };
        residency.push(u8::from(resident), 1);
        at = address + PAGE_SIZE;
    });
    residency.push(0, ((end - at) / PAGE_SIZE) as u32);
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, page, Bench};
    use super::*;
    use crate::addr::MAP_WINDOW;
    use crate::model::VmFlags;

    #[test]
    fn answers_page_by_page_across_mappings() {
        let mut bench = Bench::new();
        bench.map(0, 3, VmFlags::WRITE);
        bench.map(3, 5, VmFlags::empty());
        bench.touch(1);
        bench.mm.tables.set(page(2), Pte::Guard);
        bench.mm.tables.set(page(3), Pte::Zero);
        let answer = mincore(&mut bench.cur(), page(0), 4 * PAGE_SIZE + 1);
        let runs = vec![(0, 1), (1, 1), (0, 1), (1, 1), (0, 1)];
        assert_eq!(answer, Ok(Outcome::Residency(Residency { runs })));
    }

    #[test]
    fn ranges_end_at_the_address_space_and_at_holes() {
        let mut bench = Bench::new();
        bench.map(0, 1, VmFlags::WRITE);
        let mut ask = |start, len| errno(mincore(&mut bench.cur(), start, len));
        assert_eq!(ask(1, 0), Some(Errno::EINVAL));
        assert_eq!(ask(MAP_WINDOW, 0), None);
        assert_eq!(ask(MAP_WINDOW + PAGE_SIZE, 0), Some(Errno::ENOMEM));
        assert_eq!(ask(page(0), u64::MAX), Some(Errno::ENOMEM));
        assert_eq!(ask(page(0), 2 * PAGE_SIZE), Some(Errno::ENOMEM));
        assert_eq!(ask(page(0), PAGE_SIZE), None);
    }
}
