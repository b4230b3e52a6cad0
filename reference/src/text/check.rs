//! The rules that hold between the lines of a program, and how to mend it.

use super::error::Problem;
use super::expected::Expected;
use super::{Line, MAX_ACCESS_LEN};
use crate::addr::{page_aligned, PAGE_SIZE};
use crate::op::{Call, ProcessId, MAX_MINCORE_PAGES, MAX_NAME_LEN, MAX_PROCESSES};
use std::fmt;

/// Something that was dropped or changed to make a program valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Line number, from 1; 0 for an operation that came from no file.
    pub line: usize,
    /// What was wrong there.
    pub problem: Problem,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Life {
    #[default]
    NotYet,
    Lives,
    Exited,
}

/// Which processes exist at a line.
pub(super) struct State {
    lives: [Life; MAX_PROCESSES],
    next: usize,
}

impl Default for State {
    fn default() -> State {
        let mut lives = [Life::default(); MAX_PROCESSES];
        lives[0] = Life::Lives;
        State { lives, next: 1 }
    }
}

impl State {
    /// Tests a line and goes on to the next.
    pub(super) fn check(&mut self, line: &Line) -> Result<(), Problem> {
        match self.first_problem(line) {
            Some(problem) => Err(problem),
            None => {
                self.advance(line);
                Ok(())
            }
        }
    }

    /// Mends a line and goes on to the next; false if it has to go.
    pub(super) fn repair(&mut self, line: &mut Line, repairs: &mut Vec<Repair>) -> bool {
        // each round removes the problem it found, so that this ends
        while let Some(problem) = self.first_problem(line) {
            let keep = mend(line, &problem);
            repairs.push(Repair { line: line.number, problem });
            if !keep {
                return false;
            }
        }
        self.advance(line);
        true
    }

    fn first_problem(&self, line: &Line) -> Option<Problem> {
        let process = line.op.process;
        match self.lives.get(usize::from(process.0)) {
            Some(Life::Lives) => {}
            Some(Life::Exited) => return Some(Problem::Exited(process)),
            Some(Life::NotYet) | None => return Some(Problem::NoSuchProcess(process)),
        }
        match &line.op.call {
            Call::Fork if makes_child(line) => {
                let child = ProcessId(self.next as u8);
                if self.next == MAX_PROCESSES {
                    return Some(Problem::TooManyProcesses);
                }
                match line.expected {
                    Some(Expected::Child(claimed)) if claimed != child => {
                        Some(Problem::WrongChild(child))
                    }
                    _ => None,
                }
            }
            Call::Exit if process == ProcessId(0) => Some(Problem::FirstProcessExits),
            Call::Load { len, .. } | Call::Store { len, .. } if *len > MAX_ACCESS_LEN => {
                Some(Problem::AccessTooLong)
            }
            Call::Mincore { addr: _, len } if pages_up(*len) > MAX_MINCORE_PAGES => {
                Some(Problem::MincoreTooLong)
            }
            Call::SetVmaName { name: Some(name), .. } if name.len() > MAX_NAME_LEN => {
                Some(Problem::NameTooLong)
            }
            Call::SetVmaName { name: Some(name), .. } if name.contains('\0') => {
                Some(Problem::NulInName)
            }
            _ => None,
        }
    }

    fn advance(&mut self, line: &Line) {
        match line.op.call {
            Call::Fork if makes_child(line) => {
                self.lives[self.next] = Life::Lives;
                self.next += 1;
            }
            Call::Exit => self.lives[usize::from(line.op.process.0)] = Life::Exited,
            _ => {}
        }
    }
}

/// Whether this fork counts: one that is known to fail makes no process.
fn makes_child(line: &Line) -> bool {
    !matches!(line.expected, Some(Expected::Error(_)))
}

fn pages_up(len: u64) -> u64 {
    len / PAGE_SIZE + u64::from(!page_aligned(len))
}

/// Removes one problem from a line; false if only dropping the line does.
fn mend(line: &mut Line, problem: &Problem) -> bool {
    match (problem, &mut line.op.call) {
        (Problem::NoSuchProcess(_) | Problem::Exited(_), _) => {
            line.op.process = ProcessId(0);
            // what another process would have seen is not what this one sees
            line.expected = None;
            return true;
        }
        (Problem::WrongChild(child), _) => {
            line.expected = Some(Expected::Child(*child));
            return true;
        }
        (Problem::AccessTooLong, Call::Load { len, .. } | Call::Store { len, .. }) => {
            *len = MAX_ACCESS_LEN;
        }
        (Problem::MincoreTooLong, Call::Mincore { len, .. }) => {
            *len = MAX_MINCORE_PAGES * PAGE_SIZE;
        }
        (Problem::NameTooLong, Call::SetVmaName { name: Some(name), .. }) => {
            let end = (0..=MAX_NAME_LEN).rev().find(|n| name.is_char_boundary(*n)).unwrap_or(0);
            name.truncate(end);
        }
        (Problem::NulInName, Call::SetVmaName { name: Some(name), .. }) => {
            name.retain(|c| c != '\0');
        }
        _ => return false,
    }
    line.expected = None;
    true
}
