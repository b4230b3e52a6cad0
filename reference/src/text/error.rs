//! Why a program file was refused.

use crate::addr::Size;
use crate::op::{ProcessId, MAX_MINCORE_PAGES, MAX_NAME_LEN, MAX_PROCESSES};

/// What is wrong with a program file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The grammar asks for something else.
    #[error("expected {what}, found {found}")]
    Expected {
        /// What the grammar asks for.
        what: &'static str,
        /// What is there.
        found: String,
    },
    /// No operation has this name.
    #[error("unknown operation `{0}`")]
    UnknownCall(String),
    /// A symbolic constant that this operand does not know.
    #[error("unknown {what} `{name}`")]
    UnknownName {
        /// The kind of operand.
        what: &'static str,
        /// The word.
        name: String,
    },
    /// A number that the operand cannot hold.
    #[error("number out of range for {0}")]
    OutOfRange(&'static str),
    /// A word after `requires:` that means nothing.
    #[error("unknown requirement `{0}`")]
    UnknownRequirement(String),
    /// `requires:` after an operation.
    #[error("requires: must come before the first operation")]
    LateRequires,
    /// `start:` after an operation or a second time.
    #[error("start: comes once, before the first operation")]
    LateStart,
    /// The process was never forked.
    #[error("there is no process {0} here")]
    NoSuchProcess(ProcessId),
    /// The process has ended.
    #[error("process {0} has exited")]
    Exited(ProcessId),
    /// One fork too many.
    #[error("a program has at most {MAX_PROCESSES} processes")]
    TooManyProcesses,
    /// A fork that claims another child than the next.
    #[error("this fork makes process {0}")]
    WrongChild(ProcessId),
    /// `exit` in process 0.
    #[error("the first process cannot exit")]
    FirstProcessExits,
    /// A load or store of too many bytes.
    #[error("a load or store touches at most {}", Size(super::MAX_ACCESS_LEN))]
    AccessTooLong,
    /// A mincore over too many pages.
    #[error("mincore asks about at most {MAX_MINCORE_PAGES} pages")]
    MincoreTooLong,
    /// A name with too many bytes.
    #[error("a name has at most {MAX_NAME_LEN} bytes")]
    NameTooLong,
    /// A name with a NUL in it.
    #[error("a name cannot hold a NUL")]
    NulInName,
    /// The file has too many lines.
    #[error("a program has at most {} lines", super::MAX_LINES)]
    TooManyLines,
    /// The file is too large.
    #[error("a program has at most {}", Size(super::MAX_BYTES as u64))]
    TooManyBytes,
}
