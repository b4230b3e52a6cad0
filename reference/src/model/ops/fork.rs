//! `fork`: a second process with a copy of the address space
//! (`mm/mmap.c:dup_mmap`, `mm/memory.c:copy_page_range`).

use super::exit::tear_down;
use crate::addr::TASK_SIZE_MAX;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::folio::{FolioFlags, Folios};
use crate::model::limits::{committed, enough_memory};
use crate::model::page_table::{Pte, PteBits};
use crate::model::vma::{Backing, VmFlags, Vma};
use crate::model::vma_tree::VmaTree;
use crate::model::{fail, CannotPredict, Fail, Mm, Process, System};
use crate::op::consts::PR_MDWE_NO_INHERIT;
use crate::op::{Outcome, ProcessId, MAX_PROCESSES};
use crate::profile::{Capability, Profile, Rule};

/// Forks the process. The child's runtime then reads all of the subject's code
/// and writes to all of its shared memory, before it obeys orders.
pub(super) fn fork(system: &mut System, parent: ProcessId) -> Result<Outcome, Fail> {
    let child = system.forked + 1;
    if usize::from(child) >= MAX_PROCESSES {
        return Err(CannotPredict("too many processes").into());
    }
    let process = system.process(parent).ok_or(CannotPredict("no such process"))?;
    let defect = |defect| system.profile.has_defect(defect);
    let limits = match defect(Defect::ForkForgetsLimits) {
        true => Default::default(),
        false => process.limits,
    };
    let capabilities = match defect(Defect::ForkRestoresCapabilities) {
        true => system.profile.privilege.into(),
        false => process.capabilities,
    };
    let mut mm = child_mm(&system.profile, &process.mm);
    let copied = dup_mmap(system, parent, &mut mm);
    if let Err(failure) = copied {
        tear_down(&mut mm, &mut system.folios, &mut system.anon_vmas);
        return Err(failure);
    }
    let peak = system.process(parent).map_or(0, |p| p.mm.hiwater_vm.max(p.mm.total_vm));
    mm.hiwater_vm = match system.profile.has_defect(Defect::ForkInheritsPeak) {
        true => peak,
        false => mm.total_vm,
    };
    mm.hiwater_rss = mm.rss.total();
    start_runtime(&mut mm, &mut system.folios, &system.fixture.files[..]);
    system.forked = child;
    system.processes[usize::from(child)] = Some(Box::new(Process { mm, limits, capabilities }));
    Ok(Outcome::Child(ProcessId(child)))
}

/// `mm_init` and what `dup_mm` copies: all but mappings, tables and locks.
fn child_mm(profile: &Profile, parent: &Mm) -> Mm {
    let inherits =
        parent.mdwe & PR_MDWE_NO_INHERIT == 0 || profile.has_defect(Defect::ForkInheritsMdwe);
    let mut inherited = VmFlags::NOHUGEPAGE;
    inherited.set(VmFlags::LOCKED_MASK, profile.has_defect(Defect::ForkInheritsFutureLocks));
    let locked_vm =
        if profile.has_defect(Defect::ForkKeepsLockedVm) { parent.locked_vm } else { 0 };
    Mm {
        vmas: VmaTree::default(),
        tables: Default::default(),
        rss: Default::default(),
        locked_vm,
        hiwater_vm: 0,
        hiwater_rss: 0,
        // VM_INIT_DEF_MASK
        def_flags: parent.def_flags & inherited,
        mdwe: if inherits { parent.mdwe } else { 0 },
        ..*parent
    }
}

fn dup_mmap(system: &mut System, parent: ProcessId, child: &mut Mm) -> Result<(), Fail> {
    let System { profile, processes, anon_vmas, folios, .. } = system;
    let before: u64 = match profile.settings.overcommit {
        0 | 1 => 0,
        _ => processes.iter().flatten().map(|process| committed(&process.mm)).sum(),
    };
    let Some(process) = processes[usize::from(parent.0)].as_deref_mut() else {
        return Err(CannotPredict("no such process").into());
    };
    let admin = process.capabilities.effective.has(Capability::SysAdmin);
    let Mm { vmas, tables, total_vm, .. } = &mut process.mm;
    for vma in vmas.iter() {
        let defect = |defect| profile.has_defect(defect);
        if vma.flags.contains(VmFlags::DONTCOPY) && !defect(Defect::ForkIgnoresDontfork) {
            if !defect(Defect::ForkCountsLeftOut) {
                child.stat_account(vma.flags, -(vma.pages() as i64));
            }
            continue;
        }
        // each mapping is charged by itself
        if vma.flags.contains(VmFlags::ACCOUNT) {
            let all = || before + committed(child);
            if !enough_memory(profile, vma.pages(), *total_vm, admin, all)? {
                return fail(Errno::ENOMEM, "a mapping is more than the overcommit rule grants");
            }
        }
        let mut copy = vma.clone();
        let wiped = vma.flags.contains(VmFlags::WIPEONFORK) && !defect(Defect::ForkIgnoresWipe);
        if wiped {
            copy.anon_vma = None;
            copy.chain.clear();
        } else {
            anon_vmas.fork(&mut copy, vma);
        }
        if !defect(Defect::ForkKeepsLockedFlag) {
            copy.flags.remove(VmFlags::LOCKED_MASK);
        }
        if !wiped && (needs_copy(profile, vma) || defect(Defect::ForkCopiesUnfaulted)) {
            copy_page_range(profile, child, tables, folios, vma);
        }
        child.vmas.insert(copy);
    }
    Ok(())
}

/// `vma_needs_copy`: whether the child could not fault the pages in by itself.
fn needs_copy(profile: &Profile, vma: &Vma) -> bool {
    let mut always = VmFlags::PFNMAP | VmFlags::MIXEDMAP | VmFlags::UFFD_WP;
    always.set(VmFlags::MAYBE_GUARD, profile.has(Rule::MaybeGuard));
    vma.anon_vma.is_some() || vma.flags.intersects(always)
}

/// `copy_page_range`: the tables of the mapping, all levels, and what they
/// hold. Private pages become read-only on both sides and the child's entries
/// are old.
fn copy_page_range(
    profile: &Profile,
    child: &mut Mm,
    parent: &mut crate::model::page_table::PageTables,
    folios: &mut Folios,
    vma: &Vma,
) {
    child.tables.copy_shape(parent, vma.start, vma.end);
    let cow = vma.flags & (VmFlags::SHARED | VmFlags::MAYWRITE) == VmFlags::MAYWRITE;
    let keeps_young = profile.has_defect(Defect::ForkKeepsYoung);
    let shares = profile.has_defect(Defect::ForkSharesWritable);
    let drops_guards = profile.has_defect(Defect::ForkDropsGuards);
    let drops_swap = profile.has_defect(Defect::ForkDropsSwap);
    let Mm { tables, rss, .. } = child;
    parent.for_each_pte(vma.start, vma.end, |address, pte| {
        if let Pte::Page(id, bits) = pte {
            let folio = folios.get_mut(*id);
            folio.flags.remove(FolioFlags::EXCLUSIVE);
            folio.mapcount += 1;
            if folio.is_anon() {
                rss.anon += 1;
            } else {
                rss.shmem += 1;
            }
            if cow && !shares {
                bits.remove(PteBits::WRITE);
            }
            let mut copied = if keeps_young { *bits } else { *bits - PteBits::YOUNG };
            if !cow && vma.flags.contains(VmFlags::SHARED) {
                copied.remove(PteBits::DIRTY);
            }
            tables.set(address, Pte::Page(*id, copied));
        } else if let Pte::Swap(id, _) = *pte {
            // `copy_nonpresent_pte`
            if drops_swap {
                return;
            }
            let folio = folios.get_mut(id);
            folio.flags.remove(FolioFlags::EXCLUSIVE);
            folio.mapcount += 1;
            rss.swap += 1;
            tables.set(address, *pte);
        } else if *pte != Pte::Guard || !drops_guards {
            tables.set(address, *pte);
        }
    });
}

/// What the child's runtime touches: the code, and every page of the arena.
fn start_runtime(mm: &mut Mm, folios: &mut Folios, files: &[crate::model::seed::File]) {
    let Mm { vmas, tables, rss, held_back, .. } = mm;
    // the copy was counted at once
    *held_back = 0;
    for vma in vmas.iter() {
        if let Backing::File(id) = vma.backing {
            let Some(file) = files.get(usize::from(id.0)) else { continue };
            for (page, &folio) in (vma.pgoff..vma.pgoff + vma.pages()).zip(&file.pages) {
                let address = vma.start + (page - vma.pgoff) * crate::addr::PAGE_SIZE;
                if tables.pte(address).is_none() {
                    folios.map(folio);
                    rss.shmem += 1;
                    *held_back += 1;
                }
                let bits = PteBits::WRITE | PteBits::DIRTY | PteBits::YOUNG;
                tables.set(address, Pte::Page(folio, bits));
            }
        }
    }
    tables.for_each_pte(0, TASK_SIZE_MAX, |_, pte| {
        if let Pte::Page(id, bits) = pte {
            if folios.get(*id).content == crate::model::folio::PageContent::Unknown {
                bits.insert(PteBits::YOUNG);
            }
        }
    });
}

#[cfg(test)]
#[path = "fork_tests.rs"]
mod tests;
