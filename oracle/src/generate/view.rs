//! What generation sees of a system: its processes' mappings and limits.

use mm_reference::model::{Capabilities, Limits, Mm, System, Vma};
use mm_reference::op::{Addr, Layout, ProcessId, MAX_PROCESSES};

/// A system as it is between two operations.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// Where the bases of addresses are.
    pub layout: &'a Layout,
    /// `vm.max_map_count`
    pub max_map_count: u64,
    /// The live processes.
    processes: [Option<(&'a Mm, &'a Limits)>; MAX_PROCESSES],
    /// The system itself, where there is one to ask for memory contents.
    pub system: Option<&'a System>,
}

impl<'a> View<'a> {
    /// The view of a model.
    pub fn of(system: &'a System) -> View<'a> {
        let mut processes = [None; MAX_PROCESSES];
        for id in system.live() {
            processes[usize::from(id.0)] = system.process(id).map(|p| (&p.mm, &p.limits));
        }
        View {
            layout: system.layout(),
            max_map_count: system.profile().settings.max_map_count,
            processes,
            system: Some(system),
        }
    }

    /// A view of mappings that no model stands behind.
    #[cfg(test)]
    pub fn bare(layout: &'a Layout, processes: &[(&'a Mm, &'a Limits)]) -> View<'a> {
        let mut slots = [None; MAX_PROCESSES];
        for (slot, process) in slots.iter_mut().zip(processes) {
            *slot = Some(*process);
        }
        View { layout, max_map_count: 65530, processes: slots, system: None }
    }

    /// Takes a process away.
    #[cfg(test)]
    pub fn end(&mut self, id: ProcessId) {
        self.processes[usize::from(id.0)] = None;
    }

    /// The live processes, ascending.
    pub fn live(&self) -> impl Iterator<Item = ProcessId> + '_ {
        (0..MAX_PROCESSES).filter(|&n| self.processes[n].is_some()).map(|n| ProcessId(n as u8))
    }

    /// The address space of a live process.
    pub fn mm(&self, id: ProcessId) -> Option<&'a Mm> {
        Some(self.processes.get(usize::from(id.0)).copied()??.0)
    }

    /// The limits of a live process.
    pub fn limits(&self, id: ProcessId) -> Option<&'a Limits> {
        Some(self.processes.get(usize::from(id.0)).copied()??.1)
    }

    /// The capabilities of a live process.
    pub fn capabilities(&self, id: ProcessId) -> Capabilities {
        let process = self.system.and_then(|system| system.process(id));
        process.map_or_else(Capabilities::default, |process| process.capabilities)
    }

    /// The number behind an operand.
    pub fn resolve(&self, addr: Addr) -> u64 {
        self.layout.resolve(addr)
    }
}

/// The part of a mapping in `[start, end)`, in pages.
pub(crate) fn overlap_pages(vma: &Vma, start: u64, end: u64) -> u64 {
    let from = vma.start.max(start);
    let to = vma.end.min(end);
    to.saturating_sub(from) >> mm_reference::addr::PAGE_SHIFT
}
