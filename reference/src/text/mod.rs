//! The durable text form of programs.
//!
//! One operation per line, with its expected result at the end:
//!
//! ```text
//! # a comment
//! requires: root rule=guard-regions
//! start: exec 132K of arguments
//!
//! mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = mmap-0x4000
//! store(mmap-0x4000, 0x1000, 0x41) = 0
//! fork() = p1
//! p1: load(mmap-0x3000, 1) = 0x00
//! p1: munmap(mmap-0x4000, 0x1001) = 0
//! load(0x1000, 1) = SIGSEGV/SEGV_MAPERR at 0x1000
//! ```
//!
//! [`parse`] takes what is committed and refuses what it does not understand;
//! [`repair`] makes a valid program of anything and says what it changed.
//! [`write()`] gives the canonical form, which parses to the same program.

mod call;
mod check;
mod cursor;
mod error;
mod expected;
mod names;
mod requires;
mod start;
#[cfg(test)]
mod tests;

pub use check::Repair;
pub use error::{ParseError, Problem};
pub use expected::Expected;
pub use names::{
    flags_text, int_text, limit_text, mmap_flags_text, prctl_text, Hex, NamedArgument,
    PRCTL_ARGUMENTS,
};
pub use requires::{ConfigName, Requirement, Requires, SettingName, ThpMode};

use crate::op::{Layout, Op, Outcome, ProcessId, Start};
use cursor::Cursor;
use std::fmt::{self, Write as _};

/// The most lines that a program file may have.
pub const MAX_LINES: usize = 100_000;
/// The largest program file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The longest range that one `load` or `store` may touch, in bytes: what a file may
/// say, and what is run.
pub const MAX_ACCESS_LEN: u64 = 16 << 20;

/// A program as a file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Program {
    /// Comment lines at the top, without the `#`.
    pub header: Vec<String>,
    /// What a kernel and a user must have for the expected results to hold.
    pub requires: Requires,
    /// How the first process begins.
    pub start: Start,
    /// The operations, in order.
    pub lines: Vec<Line>,
    /// Comment lines after the last operation.
    pub footer: Vec<String>,
}

/// One operation with what the file says about it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Comment lines above it, without the `#`.
    pub above: Vec<String>,
    /// The operation.
    pub op: Op,
    /// What should come of it.
    pub expected: Option<Expected>,
    /// The comment on the same line.
    pub comment: Option<String>,
    /// Line number in the file it came from, from 1; 0 when it came from none.
    /// It does not take part in equality.
    pub number: usize,
}

impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        (&self.above, &self.op, &self.expected, &self.comment)
            == (&other.above, &other.op, &other.expected, &other.comment)
    }
}

impl Eq for Line {}

impl Line {
    /// An operation of which nothing else is known.
    pub fn new(op: Op) -> Line {
        Line { above: Vec::new(), op, expected: None, comment: None, number: 0 }
    }
}

impl Program {
    /// A program of bare operations.
    pub fn of(ops: impl IntoIterator<Item = Op>) -> Program {
        Program { lines: ops.into_iter().map(Line::new).collect(), ..Program::default() }
    }

    /// Fills in an expected result; a line number out of range changes nothing.
    pub fn expect(&mut self, index: usize, outcome: &Outcome, layout: &Layout) {
        if let Some(line) = self.lines.get_mut(index) {
            line.expected = Some(Expected::of(outcome, layout));
        }
    }

    /// The operations.
    pub fn ops(&self) -> impl Iterator<Item = &Op> + Clone {
        self.lines.iter().map(|line| &line.op)
    }

    /// Tests the rules that hold between lines: processes that exist, sizes
    /// within bounds.
    pub fn check(&self) -> Result<(), ParseError> {
        let mut state = check::State::default();
        for (index, line) in self.lines.iter().enumerate() {
            let number = if line.number == 0 { index + 1 } else { line.number };
            state.check(line).map_err(|problem| ParseError { line: number, column: 1, problem })?;
        }
        Ok(())
    }

    /// Changes what [`Program::check`] would refuse, and says what it changed.
    pub fn repair(&mut self) -> Vec<Repair> {
        let mut state = check::State::default();
        let mut repairs = Vec::new();
        self.lines.retain_mut(|line| state.repair(line, &mut repairs));
        repairs
    }
}

/// How to read what is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Refuse it.
    Strict,
    /// Drop or change it.
    Repair,
}

/// Reads a program. In [`Mode::Repair`] it always succeeds, see [`repair`].
pub fn parse(text: &str, mode: Mode) -> Result<Program, ParseError> {
    match mode {
        Mode::Repair => Ok(repair(text).0),
        Mode::Strict => {
            let mut reader = Reader::default();
            if text.len() > MAX_BYTES {
                return Err(ParseError { line: 1, column: 1, problem: Problem::TooManyBytes });
            }
            for (index, line) in text.lines().enumerate() {
                if index == MAX_LINES {
                    let problem = Problem::TooManyLines;
                    return Err(ParseError { line: index + 1, column: 1, problem });
                }
                reader.line(index + 1, line, None)?;
            }
            let program = reader.finish();
            program.check()?;
            Ok(program)
        }
    }
}

/// Reads whatever can be understood: other lines are dropped, references to
/// processes that do not exist become the first one, sizes are cut down.
pub fn repair(text: &str) -> (Program, Vec<Repair>) {
    let mut repairs = Vec::new();
    let mut reader = Reader::default();
    let mut read = 0;
    for (index, line) in text.lines().enumerate() {
        read += line.len() + 1;
        let too_much = if index == MAX_LINES {
            Some(Problem::TooManyLines)
        } else if read > MAX_BYTES {
            Some(Problem::TooManyBytes)
        } else {
            None
        };
        if let Some(problem) = too_much {
            let error = ParseError { line: index + 1, column: 1, problem };
            repairs.push(Repair { line: error.line, problem: error.problem });
            break;
        }
        if let Err(error) = reader.line(index + 1, line, Some(&mut repairs)) {
            repairs.push(Repair { line: error.line, problem: error.problem });
        }
    }
    let mut program = reader.finish();
    repairs.extend(program.repair());
    (program, repairs)
}

/// Gathers a program line by line.
#[derive(Default)]
struct Reader {
    program: Program,
    /// Comment lines that do not belong to anything yet.
    pending: Vec<String>,
    seen_requires: bool,
    seen_start: bool,
}

impl Reader {
    fn line(
        &mut self,
        number: usize,
        text: &str,
        repairs: Option<&mut Vec<Repair>>,
    ) -> Result<(), ParseError> {
        let mut cursor = Cursor::new(number, text);
        cursor.skip_space();
        if cursor.at_end() {
            // a blank line ends the comment at the top
            if !self.seen_requires && !self.seen_start && self.program.lines.is_empty() {
                self.program.header.append(&mut self.pending);
            }
            return Ok(());
        }
        if let Some(comment) = cursor.comment() {
            self.pending.push(clean(comment));
            return Ok(());
        }
        if cursor.accept("requires:") {
            if !self.program.lines.is_empty() {
                return Err(cursor.problem_here(Problem::LateRequires));
            }
            self.seen_requires = true;
            self.program.header.append(&mut self.pending);
            return self.program.requires.read(&mut cursor, repairs);
        }
        if cursor.accept("start:") {
            if self.seen_start || !self.program.lines.is_empty() {
                return Err(cursor.problem_here(Problem::LateStart));
            }
            self.seen_start = true;
            self.program.header.append(&mut self.pending);
            self.program.start = start::parse(&mut cursor)?;
            return Ok(());
        }
        let process = cursor.process_prefix()?;
        let call = call::parse(&mut cursor)?;
        cursor.skip_space();
        let mut expected = None;
        if cursor.accept("=") {
            cursor.skip_space();
            expected = Some(Expected::parse(&mut cursor, &call)?);
            cursor.skip_space();
        }
        let comment = cursor.comment().map(clean);
        if comment.is_none() && !cursor.at_end() {
            return Err(cursor.expected("the end of the line"));
        }
        self.program.lines.push(Line {
            above: std::mem::take(&mut self.pending),
            op: Op { process: process.unwrap_or(ProcessId(0)), call },
            expected,
            comment,
            number,
        });
        Ok(())
    }

    fn finish(mut self) -> Program {
        if self.program.lines.is_empty() {
            self.program.header.append(&mut self.pending);
        } else {
            self.program.footer = self.pending;
        }
        self.program
    }
}

/// The canonical text of a program.
pub fn write(program: &Program) -> String {
    let mut out = String::with_capacity(64 + program.lines.len() * 64);
    comments(&mut out, &program.header);
    if program.requires != Requires::default() {
        let _ = writeln!(out, "requires: {}", program.requires);
    }
    if program.start != Start::Plain {
        let _ = writeln!(out, "start: {}", program.start);
    }
    if !out.is_empty() && !program.lines.is_empty() {
        out.push('\n');
    }
    for line in &program.lines {
        comments(&mut out, &line.above);
        let _ = writeln!(out, "{line}");
    }
    comments(&mut out, &program.footer);
    out
}

fn comments(out: &mut String, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{}", Comment(line));
    }
}

/// A comment, with its `#`, on one line whatever the text holds.
struct Comment<'a>(&'a str);

/// A comment's text without space around it and without control characters.
fn clean(comment: &str) -> String {
    comment.replace(char::is_control, " ").trim().to_owned()
}

impl fmt::Display for Comment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = clean(self.0);
        f.write_str(if text.is_empty() { "#" } else { "# " })?;
        f.write_str(&text)
    }
}

impl fmt::Display for Line {
    /// The line itself, without the comments above it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        if let Some(expected) = &self.expected {
            write!(f, " = {expected}")?;
        }
        if let Some(comment) = &self.comment {
            write!(f, "  {}", Comment(comment))?;
        }
        Ok(())
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.process != ProcessId(0) {
            write!(f, "{}: ", self.process)?;
        }
        self.call.fmt(f)
    }
}
