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
