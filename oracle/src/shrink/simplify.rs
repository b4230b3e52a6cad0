//! Makes arguments plainer.

use super::{OutOfBudget, Search};
use crate::generate::operands::{addresses, flag_words, lengths};
use mm_reference::addr::{page_aligned, page_down, page_up, PAGE_SIZE, PMD_SIZE};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Base, Call, Op, ProcessId};
use mm_reference::profile::Privilege;
use std::collections::BTreeSet;

/// Lengths above this are shortened by larger steps.
const SHORT: u64 = 16;

impl Search<'_> {
    /// Makes every argument as plain as it can be.
    pub(super) fn simplify(&mut self) -> Result<(), OutOfBudget> {
        let mut index = 0;
        // the program can get shorter on the way
        while index < self.best.len() {
            self.simplify_process(index)?;
            self.simplify_values(index)?;
            self.simplify_flags(index)?;
            self.simplify_lengths(index)?;
            self.simplify_addresses(index)?;
            index += 1;
        }
        self.relocate()
    }

    /// Tries one operation with another call; keeps it if that shows the same.
    fn try_call(&mut self, index: usize, call: Call) -> Result<bool, OutOfBudget> {
        match self.best.get(index) {
            Some(op) if op.call != call => {}
            _ => return Ok(false),
        }
        let mut candidate = self.best.clone();
        candidate[index].call = call;
        let before = self.best.len();
        // one that shows it earlier has moved nothing in front of this
        Ok(self.try_candidate(candidate)? && self.best.len() == before)
    }

    fn call(&self, index: usize) -> Option<Call> {
        self.best.get(index).map(|op| op.call.clone())
    }

    /// The first process rather than another.
    fn simplify_process(&mut self, index: usize) -> Result<(), OutOfBudget> {
        let Some(op) = self.best.get(index) else { return Ok(()) };
        if op.process == ProcessId(0) || op.call == Call::Exit {
            return Ok(());
        }
        let mut candidate = self.best.clone();
        candidate[index].process = ProcessId(0);
        self.try_candidate(candidate)?;
        Ok(())
    }

    fn simplify_values(&mut self, index: usize) -> Result<(), OutOfBudget> {
        let Some(call) = self.call(index) else { return Ok(()) };
        for plain in plainer_values(&call) {
            if self.try_call(index, plain)? {
                break;
            }
        }
        Ok(())
    }

    /// Drops flag bits one at a time.
    fn simplify_flags(&mut self, index: usize) -> Result<(), OutOfBudget> {
        let Some(mut call) = self.call(index) else { return Ok(()) };
        let words = flag_words(&mut call).len();
        for word in 0..words {
            for bit in (0..u64::BITS).rev() {
                let Some(mut call) = self.call(index) else { return Ok(()) };
                let droppable = droppable_bits(&call, word);
                let Some(value) = flag_words(&mut call).into_iter().nth(word) else { break };
                if *value & droppable & 1 << bit != 0 {
                    *value &= !(1 << bit);
                    self.try_call(index, call)?;
                }
            }
        }
        Ok(())
    }

    /// One page rather than several, whole pages rather than parts.
    fn simplify_lengths(&mut self, index: usize) -> Result<(), OutOfBudget> {
        let Some(mut call) = self.call(index) else { return Ok(()) };
        for which in 0..lengths(&mut call).len() {
            loop {
                let Some(call) = self.call(index) else { return Ok(()) };
                let Some(len) = lengths(&mut call.clone()).get(which).map(|len| **len) else {
                    break;
                };
                let mut shorter = false;
                for value in plainer_lengths(len) {
                    let mut call = call.clone();
                    *lengths(&mut call)[which] = value;
                    if self.try_call(index, call)? {
                        shorter = true;
                        break;
                    }
                }
                if !shorter {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whole pages, and null where the kernel may choose.
    fn simplify_addresses(&mut self, index: usize) -> Result<(), OutOfBudget> {
        let Some(mut call) = self.call(index) else { return Ok(()) };
        for which in 0..addresses(&mut call).len() {
            let Some(call) = self.call(index) else { return Ok(()) };
            let Some(addr) = addresses(&mut call.clone()).get(which).map(|addr| **addr) else {
                break;
            };
            let resolved = self.layout.resolve(addr);
            let may_be_null = match call {
                Call::Mmap { flags, .. } => flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) == 0,
                Call::Mremap { flags, .. } => which == 1 && flags & MREMAP_FIXED == 0,
                _ => false,
            };
            let mut plainer = Vec::new();
            if may_be_null && addr != Addr::NULL {
                plainer.push(Addr::NULL);
            }
            if !page_aligned(resolved) {
                plainer.push(addr.plus(-((resolved - page_down(resolved)) as i64)));
            }
            for addr in plainer {
                let mut call = call.clone();
                *addresses(&mut call)[which] = addr;
                if self.try_call(index, call)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Moves clusters of addresses, each as a whole, to plain places near the
    /// top of the mapping area, and brings neighbours closer to each other.
    fn relocate(&mut self) -> Result<(), OutOfBudget> {
        let pages = self.named_pages();
        for cluster in clusters(&pages) {
            let (low, high) = (cluster[0], cluster[cluster.len() - 1]);
            // keeps the distance to the next page table, which may matter
            let near = self.layout.mmap.saturating_sub(1 << 24) & !(PMD_SIZE - 1);
            let in_table = low & (PMD_SIZE - 1);
            for to in [near, near + in_table] {
                if low < to || low >= to.saturating_add(1 << 24) {
                    let shifted = self.shifted(low, high, to.wrapping_sub(low));
                    if self.try_candidate(shifted)? {
                        break;
                    }
                }
            }
        }
        self.close_gaps()
    }

    /// Where nothing is said about the pages between two addresses, fewer do.
    fn close_gaps(&mut self) -> Result<(), OutOfBudget> {
        let pages: Vec<u64> = self.named_pages().into_iter().collect();
        for pair in pages.windows(2) {
            let gap = pair[1] - pair[0];
            if gap <= 2 * PAGE_SIZE || gap > 1 << 32 {
                continue;
            }
            let rest = pages.iter().copied().filter(|p| *p >= pair[1]);
            let high = rest.take_while(|p| p - pair[1] < 1 << 32).last().unwrap_or(pair[1]);
            let closer = self.shifted(pair[1], high, (2 * PAGE_SIZE).wrapping_sub(gap));
            if self.try_candidate(closer)? {
                // every later distance has changed
                return Ok(());
            }
        }
        Ok(())
    }

    /// The program with all addresses in `[low, high]` moved by a distance.
    fn shifted(&self, low: u64, high: u64, by: u64) -> Vec<Op> {
        let mut ops = self.best.clone();
        for addr in ops.iter_mut().flat_map(|op| addresses(&mut op.call)) {
            let at = self.layout.resolve(*addr);
            if movable(*addr) && page_down(at) >= low && page_down(at) <= high {
                *addr = self.layout.express(at.wrapping_add(by));
            }
        }
        ops
    }

    /// Every page that the program names an address of, if that may move.
    fn named_pages(&self) -> BTreeSet<u64> {
        let mut ops = self.best.clone();
        let named = ops.iter_mut().flat_map(|op| addresses(&mut op.call));
        named.filter(|a| movable(**a)).map(|a| page_down(self.layout.resolve(*a))).collect()
    }
}

/// Whether an address is a place among mappings: not one of the heap or the
/// stack, and no wrong one.
fn movable(addr: Addr) -> bool {
    match addr.base {
        Base::Mmap => true,
        Base::Absolute => addr.offset > 1 << 24 && addr.offset < 1 << 56,
        Base::Heap | Base::Stack => false,
    }
}

/// Runs of addresses that lie near each other.
fn clusters(pages: &BTreeSet<u64>) -> Vec<Vec<u64>> {
    let mut clusters: Vec<Vec<u64>> = Vec::new();
    for &page in pages {
        match clusters.last_mut() {
            Some(run) if page - run[run.len() - 1] <= 4 * PMD_SIZE => run.push(page),
            _ => clusters.push(vec![page]),
        }
    }
    clusters
}

/// Bits that an argument may do without: all but a mapping's type
/// and its fixed place, which keeps a reproducer steady.
fn droppable_bits(call: &Call, word: usize) -> u64 {
    match (call, word) {
        (Call::Mmap { .. }, 1) => !(MAP_TYPE_MASK | MAP_ANONYMOUS | MAP_FIXED),
        // protections are made plainer as a whole
        (Call::Mmap { .. } | Call::Mprotect { .. }, 0) => !7,
        _ => u64::MAX,
    }
}

/// Shorter lengths to try, the plainest first.
fn plainer_lengths(len: u64) -> Vec<u64> {
    let pages = page_up(len) / PAGE_SIZE;
    let mut plainer = Vec::new();
    if page_aligned(len) {
        if pages > 1 {
            plainer.push(PAGE_SIZE);
        }
        if pages > SHORT {
            plainer.push(SHORT * PAGE_SIZE);
        }
        if pages > 3 {
            plainer.push((pages / 2) * PAGE_SIZE);
        }
        if pages > 2 {
            plainer.push(len - PAGE_SIZE);
        }
    } else if len > 1 {
        // a byte, or whole pages
        plainer.push(1);
        if page_up(len) > len {
            plainer.push(page_up(len));
        }
    }
    plainer
}

/// The call with plainer values to try, the plainest first.
fn plainer_values(call: &Call) -> Vec<Call> {
    let mut plainer = Vec::new();
    match *call {
        Call::Mmap { addr, len, prot, flags, fd, offset } => {
            let with = |prot, fd, offset| Call::Mmap { addr, len, prot, flags, fd, offset };
            let usual = PROT_READ | PROT_WRITE;
            plainer.extend([with(usual, -1, 0), with(usual, fd, offset), with(prot, -1, 0)]);
        }
        Call::Mprotect { addr, len, prot } if prot != PROT_READ => {
            let with = |prot| Call::Mprotect { addr, len, prot };
            if prot & 7 != PROT_READ | PROT_WRITE {
                plainer.push(with(PROT_READ));
            }
            plainer.push(with(prot & 7));
        }
        Call::Store { addr, len, value } if value != 1 && value != RET_INSTRUCTION => {
            plainer.push(Call::Store { addr, len, value: 1 });
        }
        Call::Mlock2 { addr, len, flags: 0 } => plainer.push(Call::Mlock { addr, len }),
        Call::SetVmaName { addr, len, name: Some(ref name) } if name != "a" => {
            plainer.push(Call::SetVmaName { addr, len, name: Some("a".to_owned()) });
        }
        Call::Setrlimit { resource, soft, hard } if hard != RLIM_INFINITY => {
            plainer.push(Call::Setrlimit { resource, soft, hard: RLIM_INFINITY });
        }
        Call::Capset { effective, permitted } => {
            // what can be undone rather than what cannot, and nothing twice
            let all = Privilege::ALL.bits();
            let with = |effective, permitted| Call::Capset { effective, permitted };
            plainer.extend([with(effective, all), with(permitted, permitted)]);
        }
        _ => {}
    }
    plainer.retain(|plain| plain != call);
    plainer
}
