//! Entries of `/proc/kpagecount` (`fs/proc/page.c:kpagecount_read`): for a page that is no
//! part of a larger one the same whatever `CONFIG_PAGE_MAPCOUNT` says.

use crate::defect::Defect;
use crate::model::page_table::Pte;
use crate::model::{Mm, System};

/// How many entries map each page of a plan.
pub(super) fn fill(system: &System, mm: &Mm, pages: &[u64], into: &mut Vec<(u64, u64)>) {
    into.clear();
    for &address in pages {
        if let Pte::Page(id, _) = mm.tables.pte(address) {
            let mappings = system.folios.get(id).mapcount;
            let once = system.profile.has_defect(Defect::PageCountForgetsFork);
            into.push((address, if once { 1 } else { mappings.into() }));
        }
    }
}
