//! Contents of pages that are not there: what is in swap comes back as it went, and where
//! there is nothing zeroes are read. Reading through `/proc/pid/mem` is a fault like any
//! other (`access_remote_vm`), so it is the last thing that is done to a process.

use crate::addr::{pages, PAGE_SIZE};
use crate::defect::Defect;
use crate::model::fault::{handle, Access};
use crate::model::page_table::Pte;
use crate::model::vma::{VmFlags, Vma};
use crate::model::{pkeys, Mm, System};
use crate::op::{Contents, ProcessId};
use crate::snapshot::{ProcessPlan, Ranges};

/// Chooses of every window the pages that can be read back from swap, and the first and the
/// last of those of which there is none; `most` of each.
pub(super) fn choose(system: &System, mm: &Mm, most: usize, plan: &mut ProcessPlan) {
    let ProcessPlan { windows, away, .. } = plan;
    away.0.clear();
    let (mut swapped, mut absent) = (0, 0);
    for &(start, end) in &windows.0 {
        let Some(vma) = mm.vmas.containing(start).filter(|vma| may_be_read(vma)) else { continue };
        let is_absent = |page: &u64| matches!(mm.tables.pte(*page), Pte::None | Pte::Zero);
        let mut pages = (0..pages(end - start)).map(|number| start + number * PAGE_SIZE);
        let ends = [pages.find(is_absent), pages.rfind(is_absent)];
        let mut found: Vec<u64> = ends.into_iter().flatten().collect();
        found.truncate(most - absent);
        absent += found.len();
        mm.tables.for_each(start, end, |page, pte| {
            let Pte::Swap(id, _) = pte else { return };
            let alone = system.folios.get(id).mapcount == 1 && vma.anon_vma.is_some();
            if alone && swapped < most {
                swapped += 1;
                found.push(page);
            }
        });
        found.sort_unstable();
        for page in found {
            match away.0.last_mut() {
                Some((_, end)) if *end == page => *end += PAGE_SIZE,
                _ => away.0.push((page, page + PAGE_SIZE)),
            }
        }
    }
}

/// Whether its owner may read it: not every kernel lets others read what it may not.
fn may_be_read(vma: &Vma) -> bool {
    vma.is_anonymous()
        && vma.flags.contains(VmFlags::READ)
        && !pkeys::denies(vma.flags, Access::Read)
}

fn each(pages: &Ranges) -> impl Iterator<Item = u64> + '_ {
    pages.0.iter().flat_map(|&(start, end)| (start..end).step_by(PAGE_SIZE as usize))
}

/// What is read of the pages of a plan.
pub(super) fn fill(system: &System, mm: &Mm, pages: &Ranges, into: &mut Vec<(u64, Contents)>) {
    into.clear();
    let defect = |defect| system.profile.has_defect(defect);
    for page in each(pages) {
        let contents = match mm.tables.pte(page) {
            Pte::Swap(..) if defect(Defect::SwappedReadsZero) => Some(Contents::Uniform(0)),
            Pte::Page(id, _) | Pte::Swap(id, _) => system.folios.get(id).content.contents(),
            Pte::None | Pte::Zero if defect(Defect::AbsentReadsNonzero) => {
                Some(Contents::Uniform(1))
            }
            Pte::None | Pte::Zero => Some(Contents::Uniform(0)),
            Pte::Guard => None,
        };
        into.extend(contents.map(|contents| (page, contents)));
    }
}

impl System {
    /// Pages are read that may not be there: brings them in.
    pub fn bring_in(&mut self, id: ProcessId, pages: &Ranges) {
        let Ok(mut cur) = self.current(id) else { return };
        for page in each(pages) {
            let Some(start) = cur.mm.vmas.containing(page).map(|vma| vma.start) else { continue };
            let brought = handle(&mut cur, start, page, false);
            debug_assert!(brought.is_ok(), "only what can be predicted is chosen");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::*;
    use crate::op::consts::MADV_PAGEOUT;
    use crate::op::{Addr, Call};
    use crate::profile::{Profile, Swap, Version};
    use crate::snapshot::StatusField;
    use std::sync::Arc;

    #[test]
    fn pages_come_back_as_they_went() {
        let mut profile = Profile::stock(Version::new(6, 18));
        profile.settings.swap = Swap::Memory;
        let mut system = System::new(Arc::new(profile), &crate::model::Seed::standard());
        map(&mut system, FAR, 8, VmFlags::READ | VmFlags::WRITE);
        map(&mut system, FAR + 16 * PAGE_SIZE, 2, VmFlags::empty());
        let page = |number: u64| FAR + number * PAGE_SIZE;
        for number in [1, 2] {
            store(&mut system, P0, page(number), 7);
        }
        let (addr, len) = (Addr::absolute(FAR), 8 * PAGE_SIZE);
        run(&mut system, P0, Call::Madvise { addr, len, advice: MADV_PAGEOUT });
        assert_eq!(status(&system, P0, StatusField::VmSwap), 8);
        let mut plan = system.plan(P0);
        system.plan_away(P0, 8, &mut plan);
        // the first and the last that are not there, and those in swap; nothing of what
        // its owner may not read
        assert_eq!(plan.away.0, [(page(0), page(3)), (page(7), page(8))]);
        let away = system.snapshot(P0, &plan).away;
        let zeroes = Contents::Uniform(0);
        assert_eq!((away[0], away[3]), ((page(0), zeroes), (page(7), zeroes)));
        assert!(matches!(away[1].1, Contents::Mixed(_)));
        system.bring_in(P0, &plan.away);
        assert_eq!(status(&system, P0, StatusField::VmSwap), 0);
        assert_eq!(status(&system, P0, StatusField::RssAnon), 8);
    }
}
