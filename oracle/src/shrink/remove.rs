//! Removes operations.

use super::{OutOfBudget, Search};
use mm_reference::op::{Call, Op, ProcessId};

impl Search<'_> {
    /// Removes until no single operation can go.
    pub(super) fn remove(&mut self) -> Result<(), OutOfBudget> {
        self.remove_processes()?;
        self.remove_chunks()?;
        while self.remove_singles()? || self.join_processes()? {}
        Ok(())
    }

    /// Drops whole processes, the youngest first.
    fn remove_processes(&mut self) -> Result<(), OutOfBudget> {
        for child in (1..=forks(&self.best)).rev() {
            let Some(fork) = fork_of(&self.best, child) else { continue };
            self.try_candidate(without(&self.best, &[fork]))?;
        }
        Ok(())
    }

    /// Drops chunks, half the program at first, then smaller ones.
    fn remove_chunks(&mut self) -> Result<(), OutOfBudget> {
        let mut chunk = self.best.len() / 2;
        while chunk > 1 {
            let mut end = self.best.len();
            while end > 0 {
                let start = end.saturating_sub(chunk);
                let range: Vec<usize> = (start..end).collect();
                self.try_candidate(without(&self.best, &range))?;
                end = start.min(self.best.len());
            }
            chunk = (chunk / 2).min(self.best.len() / 2);
        }
        Ok(())
    }

    /// Drops single operations until none can go. A fork takes the child's
    /// operations with it, or leaves them to the parent.
    fn remove_singles(&mut self) -> Result<bool, OutOfBudget> {
        let mut any = false;
        let mut index = self.best.len();
        // how many positions in a row could not be removed
        let mut kept = 0;
        while kept < self.best.len() {
            if index == 0 {
                index = self.best.len();
            }
            index -= 1;
            if self.try_candidate(without(&self.best, &[index]))? {
                any = true;
                kept = 0;
                index = index.min(self.best.len());
            } else {
                kept += 1;
            }
        }
        Ok(any)
    }

    /// Removes forks whose child can do its work in the parent.
    fn join_processes(&mut self) -> Result<bool, OutOfBudget> {
        for child in (1..=forks(&self.best)).rev() {
            if self.try_candidate(joined(&self.best, child))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// How many processes are forked.
fn forks(ops: &[Op]) -> u8 {
    ops.iter().filter(|op| op.call == Call::Fork).count().min(usize::from(u8::MAX)) as u8
}

/// The position of the fork that makes this process.
fn fork_of(ops: &[Op], child: u8) -> Option<usize> {
    let mut forks = ops.iter().enumerate().filter(|(_, op)| op.call == Call::Fork);
    forks.nth(usize::from(child).checked_sub(1)?).map(|(index, _)| index)
}

/// The program without the operations at these positions (ascending). Where a
/// fork goes, its child and that one's children go with it, and the processes
/// after it are renumbered.
pub(crate) fn without(ops: &[Op], positions: &[usize]) -> Vec<Op> {
    // by old number: the new one, or none for a process that is never made
    let mut numbers: Vec<Option<u8>> = vec![Some(0)];
    let mut next = 1;
    let mut kept = Vec::with_capacity(ops.len());
    let mut positions = positions.iter().peekable();
    for (index, op) in ops.iter().enumerate() {
        let dropped = positions.next_if_eq(&&index).is_some();
        let number = numbers.get(usize::from(op.process.0)).copied().flatten();
        let number = number.filter(|_| !dropped);
        if op.call == Call::Fork {
            numbers.push(number.map(|_| next));
            next += u8::from(number.is_some());
        }
        if let Some(number) = number {
            kept.push(Op { process: ProcessId(number), call: op.call.clone() });
        }
    }
    kept
}

/// The program without the fork of this process; what it did, its parent does.
fn joined(ops: &[Op], child: u8) -> Vec<Op> {
    let Some(fork) = fork_of(ops, child) else { return ops.to_vec() };
    let parent = ops[fork].process.0;
    let mut joined = Vec::with_capacity(ops.len());
    for (index, op) in ops.iter().enumerate() {
        let process = match op.process.0 {
            number if number == child && op.call == Call::Exit => continue,
            number if number == child => parent,
            number => number,
        };
        let process = if process > child { process - 1 } else { process };
        if index != fork {
            joined.push(Op { process: ProcessId(process), call: op.call.clone() });
        }
    }
    joined
}
