//! `exit` of a child (`mm/mmap.c:exit_mmap`).

use crate::defect::Defect;
use crate::model::anon_vma::AnonVmas;
use crate::model::folio::Folios;
use crate::model::page_table::Pte;
use crate::model::zap::remove_rmap;
use crate::model::{CannotPredict, Fail, Mm, System};
use crate::op::{Outcome, ProcessId};

/// Ends a process.
pub(super) fn exit(system: &mut System, process: ProcessId) -> Result<Outcome, Fail> {
    if process.0 == 0 {
        return Err(CannotPredict("the first process stays").into());
    }
    let slot = system.processes.get_mut(usize::from(process.0));
    let Some(mut gone) = slot.and_then(Option::take) else {
        return Err(CannotPredict("no such process").into());
    };
    if system.profile.has_defect(Defect::ExitKeepsPages) {
        return Ok(Outcome::Exited);
    }
    tear_down(&mut gone.mm, &mut system.folios, &mut system.anon_vmas);
    Ok(Outcome::Exited)
}

/// Gives back all that an address space holds.
pub(super) fn tear_down(mm: &mut Mm, folios: &mut Folios, anon_vmas: &mut AnonVmas) {
    for vma in std::mem::take(&mut mm.vmas).iter() {
        mm.tables.for_each(vma.start, vma.end, |_, pte| match pte {
            Pte::Page(id, _) => remove_rmap(folios, vma, id),
            Pte::Swap(id, _) => folios.unmap(id),
            Pte::None | Pte::Zero | Pte::Guard => {}
        });
        anon_vmas.release(&mut vma.clone());
    }
}
