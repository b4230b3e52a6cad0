//! `struct anon_vma`: the identity under which anonymous pages are shared.

use super::vma::{Chain, Vma};

/// One anon_vma of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnonVmaId(pub u32);

/// The state that decides reuse and freeing.
#[derive(Clone, Copy, Debug)]
struct AnonVma {
    /// Its parent; its own number at the root.
    parent: AnonVmaId,
    /// `num_children`: anon_vmas whose parent this is; a root counts itself.
    children: u32,
    /// `num_active_vmas`: mappings whose `anon_vma` this is.
    active: u32,
    /// Chain entries that link to it; it is freed with the last one.
    links: u32,
}

/// Every anon_vma of the system.
#[derive(Debug, Default)]
pub struct AnonVmas {
    slots: Vec<Option<AnonVma>>,
    free: Vec<u32>,
}

impl Clone for AnonVmas {
    fn clone(&self) -> Self {
        AnonVmas { slots: self.slots.clone(), free: self.free.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.slots.clone_from(&source.slots);
        self.free.clone_from(&source.free);
    }
}

impl AnonVmas {
    fn add(&mut self, parent: Option<AnonVmaId>) -> AnonVmaId {
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let id = AnonVmaId(number);
        self.slots[number as usize] = Some(AnonVma {
            parent: parent.unwrap_or(id),
            children: u32::from(parent.is_none()),
            active: 0,
            links: 0,
        });
        if let Some(parent) = parent {
            self.get(parent).children += 1;
        }
        id
    }

    fn get(&mut self, id: AnonVmaId) -> &mut AnonVma {
        self.slots[id.0 as usize].as_mut().expect("a linked anon_vma exists")
    }

    /// Whether a child has it as its parent: pages may be shared with that
    /// process (`vma_maybe_has_shared_anon_folios`). A root counts itself.
    pub fn has_children(&self, id: AnonVmaId) -> bool {
        let entry = self.slots.get(id.0 as usize).and_then(Option::as_ref);
        entry.is_some_and(|entry| entry.children > u32::from(entry.parent == id))
    }

    fn link(&mut self, chain: &mut Chain, id: AnonVmaId) {
        self.get(id).links += 1;
        chain.push(id);
    }

    fn unlink(&mut self, id: AnonVmaId) {
        let entry = self.get(id);
        entry.links -= 1;
        if entry.links == 0 {
            let parent = entry.parent;
            self.slots[id.0 as usize] = None;
            self.free.push(id.0);
            if let Some(parent) = self.slots[parent.0 as usize].as_mut() {
                parent.children -= 1;
            }
        }
    }

    /// `__anon_vma_prepare`: gives a mapping its anon_vma, its own new one or
    /// the one that a neighbour lends.
    pub fn prepare(&mut self, vma: &mut Vma, lent: Option<AnonVmaId>) {
        if vma.anon_vma.is_some() {
            return;
        }
        let id = lent.unwrap_or_else(|| self.add(None));
        self.link(&mut vma.chain, id);
        self.get(id).active += 1;
        vma.anon_vma = Some(id);
    }

    /// `anon_vma_clone`: links `to`, whose chain is empty, to all that `from`
    /// is linked to. A clone in a new address space (`to.anon_vma` unset) may
    /// adopt an anon_vma that has lost its mappings.
    pub fn clone_chain(&mut self, to: &mut Vma, from: &Vma) {
        let fresh = to.anon_vma.is_none() && from.anon_vma.is_some();
        for &id in &from.chain {
            self.link(&mut to.chain, id);
            if fresh && to.anon_vma.is_none() {
                let entry = self.get(id);
                if entry.children < 2 && entry.active == 0 {
                    to.anon_vma = Some(id);
                }
            }
        }
        if let Some(id) = to.anon_vma {
            self.get(id).active += 1;
        }
    }

    /// `anon_vma_fork`: the child's mapping is linked to all of the parent's
    /// anon_vmas and to one of its own.
    pub fn fork(&mut self, child: &mut Vma, parent: &Vma) {
        child.anon_vma = None;
        child.chain.clear();
        let Some(parent_id) = parent.anon_vma else { return };
        self.clone_chain(child, parent);
        if child.anon_vma.is_none() {
            let id = self.add(Some(parent_id));
            self.link(&mut child.chain, id);
            self.get(id).active += 1;
            child.anon_vma = Some(id);
        }
    }

    /// `unlink_anon_vmas`: for a mapping that goes away or loses its anon_vma.
    pub fn release(&mut self, vma: &mut Vma) {
        if let Some(id) = vma.anon_vma.take() {
            self.get(id).active -= 1;
        }
        for id in std::mem::take(&mut vma.chain).into_iter().rev() {
            self.unlink(id);
        }
    }
}
