//! Lines of `/proc/pid/maps` (`show_map_vma`, `get_vma_name`).

use crate::addr::PAGE_SHIFT;
use crate::defect::Defect;
use crate::model::vma::{Backing, VmFlags, Vma};
use crate::model::{Mm, System};
use crate::profile::Rule;
use crate::snapshot::{MapsLine, Name, Perms};

/// The line of a mapping.
pub(super) fn line(system: &System, mm: &Mm, vma: &Vma) -> MapsLine {
    let mut line = MapsLine {
        start: vma.start,
        end: vma.end,
        perms: perms(match system.profile.has_defect(Defect::MapsImplyRead) {
            true if vma.flags.contains(VmFlags::WRITE) => vma.flags | VmFlags::READ,
            _ => vma.flags,
        }),
        offset: 0,
        dev: (0, 0),
        inode: 0,
        name: Name::None,
    };
    match vma.backing {
        Backing::Anonymous => {
            line.name = name(system, mm, vma);
            if system.profile.has_defect(Defect::MapsShowPgoff) {
                line.offset = vma.pgoff << PAGE_SHIFT;
            }
        }
        Backing::File(id) => {
            if let Some(file) = system.fixture.files.get(usize::from(id.0)) {
                line.offset = vma.pgoff << PAGE_SHIFT;
                if !system.profile.has_defect(Defect::MapsHideDevice) {
                    line.dev = file.dev;
                }
                if !system.profile.has_defect(Defect::MapsHideInode) {
                    line.inode = file.inode;
                }
                line.name = Name::Other(file.name.clone());
            }
        }
        Backing::Special(number) => {
            if let Some(entry) = system.fixture.specials.get(usize::from(number)) {
                line.name = entry.line.name.clone();
            }
        }
    }
    line
}

fn perms(flags: VmFlags) -> Perms {
    let letter = |flag, letter| if flags.contains(flag) { letter } else { b'-' };
    let shared = if flags.contains(VmFlags::MAYSHARE) { b's' } else { b'p' };
    Perms([
        letter(VmFlags::READ, b'r'),
        letter(VmFlags::WRITE, b'w'),
        letter(VmFlags::EXEC, b'x'),
        shared,
    ])
}

/// The name of anonymous memory: heap, then stack, then what it was given.
fn name(system: &System, mm: &Mm, vma: &Vma) -> Name {
    // vma_is_initial_heap
    let strict = system.profile.has(Rule::StrictHeapName)
        != system.profile.has_defect(Defect::HeapNameOfNeighbours);
    let heap = if strict {
        vma.start < mm.brk && vma.end > mm.start_brk
    } else {
        vma.start <= mm.brk && vma.end >= mm.start_brk
    };
    if heap {
        Name::Heap
    } else if vma.start <= mm.start_stack
        && vma.end >= mm.start_stack
        && (vma.flags.contains(VmFlags::GROWSDOWN)
            || !system.profile.has_defect(Defect::StackNameNeedsGrowth))
    {
        Name::Stack
    } else if let Some(name) = &vma.name {
        Name::Anon(name.clone())
    } else {
        Name::None
    }
}
