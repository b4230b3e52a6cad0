//! Symbolic constants: printing and reading flag words and named values.

use super::cursor::Cursor;
use super::error::{ParseError, Problem};
use crate::op::consts::*;
use crate::op::{Addr, Base};
use std::fmt;

/// A number in hexadecimal; zero without the prefix.
pub struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            n => write!(f, "{n:#x}"),
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match self.base {
            Base::Absolute if self.offset == 0 => return f.write_str("NULL"),
            Base::Absolute => return write!(f, "{:#x}", self.offset as u64),
            Base::Heap => "heap",
            Base::Mmap => "mmap",
            Base::Stack => "stack",
        };
        f.write_str(base)?;
        match self.offset {
            0 => Ok(()),
            n if n < 0 => write!(f, "-{:#x}", n.unsigned_abs()),
            n => write!(f, "+{n:#x}"),
        }
    }
}

/// A flag word by name: unknown bits as one number at the end, `zero` when no
/// bit is set.
pub fn flags_text(value: u64, table: &[(&'static str, u64)], zero: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    for (name, bit) in table {
        if rest & bit == *bit {
            join(&mut text, name);
            rest &= !bit;
        }
    }
    if rest != 0 {
        join(&mut text, &Hex(rest).to_string());
    }
    if text.is_empty() {
        text.push_str(zero);
    }
    text
}

fn join(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push('|');
    }
    text.push_str(word);
}

/// `mmap`'s flags: the type by name, then the flags.
pub fn mmap_flags_text(value: u64) -> String {
    let kind = value & MAP_TYPE_MASK;
    match MAP_TYPES.iter().find(|(_, v)| *v == kind) {
        Some((name, _)) => {
            let mut text = (*name).to_owned();
            let rest = value & !MAP_TYPE_MASK;
            if rest != 0 {
                join(&mut text, &flags_text(rest, MAP_FLAGS, "0"));
            }
            text
        }
        None => flags_text(value, MAP_FLAGS, "0"),
    }
}

/// A flag word: names and numbers joined by `|`.
pub(super) fn flags(
    cursor: &mut Cursor<'_>,
    what: &'static str,
    tables: &[&[(&str, u64)]],
) -> Result<u64, ParseError> {
    let mut value = 0;
    loop {
        value |= named(cursor, what, |word| tables.iter().find_map(|table| find(table, word)))?;
        cursor.skip_space();
        if !cursor.accept("|") {
            return Ok(value);
        }
        cursor.skip_space();
    }
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// One named constant, or a number.
fn named(
    cursor: &mut Cursor<'_>,
    what: &'static str,
    lookup: impl Fn(&str) -> Option<u64>,
) -> Result<u64, ParseError> {
    if !cursor.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
        return cursor.number();
    }
    let start = cursor.place();
    let word = cursor.word();
    lookup(word).ok_or_else(|| {
        cursor.problem_at(start, Problem::UnknownName { what, name: word.to_owned() })
    })
}

/// `PROT_…` bits.
pub(super) fn prot(cursor: &mut Cursor<'_>) -> Result<u64, ParseError> {
    flags(cursor, "protection", &[PROTS, &[("PROT_NONE", PROT_NONE)]])
}

/// An `int` by name or number.
pub(super) fn named_int(
    cursor: &mut Cursor<'_>,
    what: &'static str,
    table: &[(&str, i32)],
) -> Result<i32, ParseError> {
    let start = cursor.place();
    let value = named(cursor, what, |word| find(table, word).map(|v| v as i64 as u64))?;
    i32::try_from(value as i64).map_err(|_| cursor.problem_at(start, Problem::OutOfRange(what)))
}

/// A resource by name or number.
pub(super) fn resource(cursor: &mut Cursor<'_>) -> Result<u32, ParseError> {
    const WHAT: &str = "resource";
    let start = cursor.place();
    let value = named(cursor, WHAT, |word| find(RLIMITS, word).map(u64::from))?;
    u32::try_from(value).map_err(|_| cursor.problem_at(start, Problem::OutOfRange(WHAT)))
}

/// A limit: a number or `RLIM_INFINITY`.
pub(super) fn limit(cursor: &mut Cursor<'_>) -> Result<u64, ParseError> {
    named(cursor, "limit", |word| (word == "RLIM_INFINITY").then_some(RLIM_INFINITY))
}

/// A value from a table by name, otherwise as a decimal number.
pub fn int_text(value: i32, table: &[(&'static str, i32)]) -> String {
    match table.iter().find(|(_, v)| *v == value) {
        Some((name, _)) => (*name).to_owned(),
        None => value.to_string(),
    }
}

/// A limit in text.
pub fn limit_text(value: u64) -> String {
    match value {
        RLIM_INFINITY => "RLIM_INFINITY".to_owned(),
        n => Hex(n).to_string(),
    }
}

/// An argument of a `prctl` option whose values have names.
pub struct NamedArgument {
    /// The option.
    pub option: i32,
    /// Which argument after the option, from 0.
    pub position: usize,
    /// Names of bits, or of the value zero.
    pub names: &'static [(&'static str, u64)],
}

/// The named arguments of `prctl`.
pub const PRCTL_ARGUMENTS: &[NamedArgument] = &[
    NamedArgument {
        option: PR_SET_VMA,
        position: 0,
        names: &[("PR_SET_VMA_ANON_NAME", PR_SET_VMA_ANON_NAME)],
    },
    NamedArgument {
        option: PR_SET_MDWE,
        position: 0,
        names: &[
            ("PR_MDWE_REFUSE_EXEC_GAIN", PR_MDWE_REFUSE_EXEC_GAIN),
            ("PR_MDWE_NO_INHERIT", PR_MDWE_NO_INHERIT),
        ],
    },
    NamedArgument {
        option: PR_SET_THP_DISABLE,
        position: 1,
        names: &[("PR_THP_DISABLE_EXCEPT_ADVISED", PR_THP_DISABLE_EXCEPT_ADVISED)],
    },
];

fn prctl_table(option: i32, position: usize) -> &'static [(&'static str, u64)] {
    PRCTL_ARGUMENTS
        .iter()
        .find(|a| (a.option, a.position) == (option, position))
        .map_or(&[], |a| a.names)
}

/// An argument of `prctl` in text.
pub fn prctl_text(option: i32, position: usize, value: u64) -> String {
    let table = prctl_table(option, position);
    match table.iter().find(|(_, v)| value == 0 && *v == 0) {
        Some((name, _)) => (*name).to_owned(),
        None => {
            let bits: Vec<_> = table.iter().copied().filter(|(_, v)| *v != 0).collect();
            flags_text(value, &bits, "0")
        }
    }
}

/// An argument of `prctl`.
pub(super) fn prctl_argument(
    cursor: &mut Cursor<'_>,
    option: i32,
    position: usize,
) -> Result<u64, ParseError> {
    flags(cursor, "prctl argument", &[prctl_table(option, position)])
}
