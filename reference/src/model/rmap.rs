//! The way from a page to who maps it (`mm/rmap.c`): `folio->mapping` names an
//! anon_vma, and `folio->index` the place in the mappings that are linked to it.
//! Nothing in `/proc` shows either, so that this is checked on the model.

use super::page_table::Pte;
use super::System;
use crate::op::ProcessId;

/// A page that reverse mapping would not find where it is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{process}: the page at {address:#x} has index {index:#x} instead of {place:#x}, or an anon_vma that its mapping is not linked to")]
pub struct Lost {
    /// The process that maps it.
    pub process: ProcessId,
    /// Where.
    pub address: u64,
    /// Its index.
    pub index: u64,
    /// The index by which it would be found there.
    pub place: u64,
}

impl System {
    /// Looks for an anonymous page that is mapped where reverse mapping would not
    /// look for it (`rmap_walk_anon`, `vma_address`).
    ///
    /// # Errors
    /// The first such page.
    pub fn check_rmap(&self) -> Result<(), Lost> {
        for process in self.live() {
            let Some(mm) = self.process(process).map(|process| &process.mm) else { continue };
            for vma in mm.vmas.iter() {
                let mut lost = None;
                mm.tables.for_each(vma.start, vma.end, |address, pte| {
                    let Pte::Page(id, _) = pte else { return };
                    let folio = self.folios.get(id);
                    let place = vma.pgoff_of(address);
                    let linked = folio.anon_vma.is_some_and(|id| vma.chain.contains(&id));
                    if folio.is_anon() && (folio.index != place || !linked) {
                        let index = folio.index;
                        lost = lost.or(Some(Lost { process, address, index, place }));
                    }
                });
                if let Some(lost) = lost {
                    return Err(lost);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::{PAGE_SHIFT, PAGE_SIZE};
    use crate::model::tests::{map, run, store, FAR, P0};
    use crate::model::{Seed, VmFlags};
    use crate::op::consts::{MREMAP_FIXED, MREMAP_MAYMOVE};
    use crate::op::{Addr, Call};
    use crate::profile::{Profile, KERNELS};
    use std::sync::Arc;

    #[test]
    fn pages_that_move_beside_untouched_memory_are_found() {
        let (from, to) = (FAR, FAR + 16 * PAGE_SIZE);
        for &version in KERNELS {
            for (neighbour, below) in [(to - PAGE_SIZE, true), (to + PAGE_SIZE, false)] {
                let profile = Arc::new(Profile::stock(version));
                let mut system = System::new(profile, &Seed::standard());
                map(&mut system, from, 1, VmFlags::READ | VmFlags::WRITE);
                store(&mut system, P0, from, 1);
                // its place continues that of what will move
                map(&mut system, neighbour, 1, VmFlags::READ | VmFlags::WRITE);
                let place = if below { from - PAGE_SIZE } else { from + PAGE_SIZE };
                let vmas = &mut system.current(P0).expect("a process").mm.vmas;
                let mut vma = vmas.remove(neighbour).expect("it is mapped");
                vma.pgoff = place >> PAGE_SHIFT;
                vmas.insert(vma);
                run(
                    &mut system,
                    P0,
                    Call::Mremap {
                        old: Addr::absolute(from),
                        old_len: PAGE_SIZE,
                        new_len: PAGE_SIZE,
                        flags: MREMAP_MAYMOVE | MREMAP_FIXED,
                        new: Addr::absolute(to),
                    },
                );
                assert_eq!(system.check_rmap(), Ok(()), "{version}");
            }
        }
    }
}
