//! Reading one line from left to right.

use super::error::{ParseError, Problem};
use crate::op::{Addr, Base, ProcessId};

/// A position in a line.
pub(super) struct Cursor<'a> {
    line: usize,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: usize, text: &'a str) -> Cursor<'a> {
        Cursor { line, text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes this text if it comes next.
    pub(super) fn accept(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes the characters that satisfy the test.
    pub(super) fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !test(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes one character.
    pub(super) fn take(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// A word of letters, digits and underscores; empty if none comes next.
    pub(super) fn word(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// The rest of the line as a comment, if a `#` comes next.
    pub(super) fn comment(&mut self) -> Option<&'a str> {
        if !self.accept("#") {
            return None;
        }
        let text = self.rest();
        self.at = self.text.len();
        Some(text)
    }

    /// Takes this text or fails; space around it does not matter.
    pub(super) fn expect(&mut self, text: &str, what: &'static str) -> Result<(), ParseError> {
        self.skip_space();
        if !self.accept(text) {
            return Err(self.expected(what));
        }
        self.skip_space();
        Ok(())
    }

    /// An error at this place.
    pub(super) fn problem_here(&self, problem: Problem) -> ParseError {
        self.problem_at(self.at, problem)
    }

    /// An error at an earlier place, from [`Cursor::place`].
    pub(super) fn problem_at(&self, at: usize, problem: Problem) -> ParseError {
        ParseError { line: self.line, column: self.text[..at].chars().count() + 1, problem }
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// The error that something else should be here.
    pub(super) fn expected(&self, what: &'static str) -> ParseError {
        const SHOWN: usize = 24;
        let rest = self.rest();
        let found = if rest.is_empty() {
            "the end of the line".to_owned()
        } else {
            let mut shown: String = rest.chars().take(SHOWN).collect();
            if shown.len() < rest.len() {
                shown.push('…');
            }
            format!("`{}`", shown.escape_debug())
        };
        self.problem_here(Problem::Expected { what, found })
    }

    /// `p1: ` in front of an operation.
    pub(super) fn process_prefix(&mut self) -> Result<Option<ProcessId>, ParseError> {
        let start = self.at;
        let digits = match self.word().strip_prefix('p') {
            Some(digits) if self.accept(":") => digits,
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        self.skip_space();
        match digits.parse() {
            Ok(id) => Ok(Some(ProcessId(id))),
            Err(_) => {
                self.at = start;
                Err(self.expected("a process such as p1"))
            }
        }
    }

    /// A number: decimal or hexadecimal, a minus sign for its complement.
    pub(super) fn number(&mut self) -> Result<u64, ParseError> {
        let start = self.at;
        let negative = self.accept("-");
        let Some(magnitude) = self.magnitude("a number", start)? else {
            self.at = start;
            return Err(self.expected("a number"));
        };
        Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
    }

    /// Digits, if some come next.
    fn magnitude(&mut self, what: &'static str, from: usize) -> Result<Option<u64>, ParseError> {
        let start = self.at;
        let word = self.word();
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            self.at = start;
            return Ok(None);
        }
        let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None => (word, 10),
        };
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            self.at = from;
            return Err(self.expected(what));
        }
        match u64::from_str_radix(digits, radix) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(self.problem_at(from, Problem::OutOfRange("64 bits"))),
        }
    }

    /// A signed number that fits an `int`.
    pub(super) fn int(&mut self, what: &'static str) -> Result<i32, ParseError> {
        let start = self.at;
        let number = self.number()?;
        i32::try_from(number as i64).map_err(|_| self.problem_at(start, Problem::OutOfRange(what)))
    }

    /// A number that fits a smaller type.
    pub(super) fn small<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, ParseError> {
        let start = self.at;
        let number = self.number()?;
        T::try_from(number).map_err(|_| self.problem_at(start, Problem::OutOfRange(what)))
    }

    /// An address: a base with an offset, a number, or `NULL`.
    pub(super) fn address(&mut self) -> Result<Addr, ParseError> {
        const WHAT: &str = "an address";
        let start = self.at;
        let base = match self.word() {
            "NULL" => return Ok(Addr::NULL),
            "heap" => Base::Heap,
            "mmap" => Base::Mmap,
            "stack" => Base::Stack,
            _ => {
                self.at = start;
                let magnitude = self.magnitude(WHAT, start)?;
                let number = magnitude.ok_or_else(|| self.expected(WHAT))?;
                return Ok(Addr::absolute(number));
            }
        };
        let before_sign = self.at;
        let negative = if self.accept("-") {
            true
        } else if self.accept("+") {
            false
        } else {
            return Ok(Addr::new(base, 0));
        };
        let Some(magnitude) = self.magnitude(WHAT, start)? else {
            self.at = before_sign;
            return Err(self.expected("an offset"));
        };
        let offset = magnitude as i64;
        Ok(Addr::new(base, if negative { offset.wrapping_neg() } else { offset }))
    }
}
