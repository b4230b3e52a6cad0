//! What should come of an operation, in text.

use super::cursor::Cursor;
use super::error::{ParseError, Problem};
use super::names::Hex;
use crate::errno::Errno;
use crate::op::consts::*;
use crate::op::{
    Addr, Call, Contents, Layout, Outcome, ProcessId, Residency, Trap, MAX_MINCORE_PAGES,
};
use std::fmt;

/// An [`Outcome`] whose addresses are relative to the bases of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expected {
    /// Success with a number: `= 0`
    Value(u64),
    /// Success with an address: `= mmap-0x4000`
    Address(Addr),
    /// Failure: `= -EINVAL`
    Error(Errno),
    /// A signal: `= SIGSEGV/SEGV_MAPERR at 0x1000`, or with the exception behind it
    /// `= SIGSEGV/SEGV_MAPERR at 0x1000 trap 14 error 0x4`. What is left out matches
    /// anything.
    Signal {
        /// Signal number.
        number: i32,
        /// `si_code`
        code: Option<i32>,
        /// `si_addr`
        address: Option<Addr>,
        /// The exception behind it, which follows from the access.
        trap: Option<Trap>,
    },
    /// The bytes that were read: `= 0x41`, `= #0123456789abcdef`
    Contents(Contents),
    /// Runs of resident and absent pages, value x count: `= [1x3 0x2]`
    Residency(Residency),
    /// The process that was made: `= p1`
    Child(ProcessId),
    /// The process is gone: `= exited`
    Exited,
}

/// Codes by signal.
const CODES: &[(i32, &str, i32)] = &[
    (SIGSEGV, "SEGV_MAPERR", SEGV_MAPERR),
    (SIGSEGV, "SEGV_ACCERR", SEGV_ACCERR),
    (SIGSEGV, "SEGV_PKUERR", SEGV_PKUERR),
    (SIGBUS, "BUS_ADRERR", BUS_ADRERR),
];

/// Codes that every signal can have.
const COMMON_CODES: &[(&str, i32)] = &[("SI_KERNEL", SI_KERNEL)];

impl Expected {
    /// An outcome in terms of the bases, without what follows from the operation.
    pub fn of(outcome: &Outcome, layout: &Layout) -> Expected {
        match outcome {
            Outcome::Value(n) => Expected::Value(*n),
            Outcome::Address(a) => Expected::Address(layout.express(*a)),
            Outcome::Error(e) => Expected::Error(*e),
            Outcome::Signal(s) => Expected::Signal {
                number: s.number,
                code: Some(s.code),
                address: Some(layout.express(s.address)),
                trap: None,
            },
            Outcome::Contents(c) => Expected::Contents(*c),
            Outcome::Residency(r) => Expected::Residency(r.clone()),
            Outcome::Child(p) => Expected::Child(*p),
            Outcome::Exited => Expected::Exited,
        }
    }

    /// Two outcomes in terms of the bases, with as much of them as it takes to tell
    /// them apart.
    pub fn told_apart(one: &Outcome, other: &Outcome, layout: &Layout) -> (Expected, Expected) {
        let (mut first, mut second) = (Expected::of(one, layout), Expected::of(other, layout));
        if first == second && one != other {
            for (expected, outcome) in [(&mut first, one), (&mut second, other)] {
                if let (Expected::Signal { trap, .. }, Outcome::Signal(s)) = (expected, outcome) {
                    *trap = Some(s.trap);
                }
            }
        }
        (first, second)
    }

    /// Whether the outcome is the expected one where the bases are as given.
    pub fn matches(&self, outcome: &Outcome, layout: &Layout) -> bool {
        match (self, outcome) {
            (Expected::Value(a), Outcome::Value(b)) => a == b,
            (Expected::Address(a), Outcome::Address(b)) => layout.resolve(*a) == *b,
            (Expected::Error(a), Outcome::Error(b)) => a == b,
            (Expected::Signal { number, code, address, trap }, Outcome::Signal(s)) => {
                *number == s.number
                    && code.is_none_or(|c| c == s.code)
                    && address.is_none_or(|a| layout.resolve(a) == s.address)
                    && trap.is_none_or(|t| t == s.trap)
            }
            (Expected::Contents(a), Outcome::Contents(b)) => a == b,
            (Expected::Residency(a), Outcome::Residency(b)) => a == b,
            (Expected::Child(a), Outcome::Child(b)) => a == b,
            (Expected::Exited, Outcome::Exited) => true,
            _ => false,
        }
    }

    /// What follows the equals sign. A bare number means what the operation
    /// answers with: an address, a byte, or a plain value.
    pub(super) fn parse(c: &mut Cursor<'_>, call: &Call) -> Result<Expected, ParseError> {
        if c.rest().starts_with("-E") {
            return errno(c).map(Expected::Error);
        }
        if c.rest().starts_with("SIG") {
            return signal(c);
        }
        match call {
            Call::Mmap { .. } | Call::Mremap { .. } | Call::Brk { .. } => {
                c.address().map(Expected::Address)
            }
            Call::Load { .. } => contents(c).map(Expected::Contents),
            Call::Mincore { .. } => residency(c).map(Expected::Residency),
            Call::Fork => {
                let start = c.place();
                match c.word().strip_prefix('p').and_then(|digits| digits.parse().ok()) {
                    Some(id) => Ok(Expected::Child(ProcessId(id))),
                    None => {
                        c.back_to(start);
                        Err(c.expected("a process such as p1, or an error"))
                    }
                }
            }
            Call::Exit if c.accept("exited") => Ok(Expected::Exited),
            Call::Exit => Err(c.expected("`exited`")),
            _ => c.number().map(Expected::Value),
        }
    }
}

/// `-EINVAL`, or `-E123` for an error without a name.
fn errno(c: &mut Cursor<'_>) -> Result<Errno, ParseError> {
    const LARGEST: i32 = 4095;
    let start = c.place();
    c.accept("-");
    let word = c.word();
    let number = word.strip_prefix('E').and_then(|digits| digits.parse::<i32>().ok());
    Errno::from_name(word)
        .or_else(|| number.filter(|n| (1..=LARGEST).contains(n)).map(Errno))
        .ok_or_else(|| {
            c.problem_at(start, Problem::UnknownName { what: "error", name: word.to_owned() })
        })
}

/// `SIGSEGV`, `SIGSEGV/SEGV_MAPERR`, `SIGSEGV/SEGV_MAPERR at mmap-0x1000`, each with or
/// without `trap 14 error 0x6`
fn signal(c: &mut Cursor<'_>) -> Result<Expected, ParseError> {
    let start = c.place();
    let word = c.word();
    let number = SIGNALS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, number)| *number)
        .or_else(|| word.strip_prefix("SIG")?.parse().ok())
        .ok_or_else(|| {
            c.problem_at(start, Problem::UnknownName { what: "signal", name: word.to_owned() })
        })?;
    let mut code = None;
    if c.accept("/") {
        let start = c.place();
        if c.rest().starts_with(|ch: char| ch.is_ascii_alphabetic()) {
            let word = c.word();
            let found = CODES.iter().find(|(s, name, _)| (*s, *name) == (number, word));
            let common = COMMON_CODES.iter().find(|(name, _)| *name == word);
            code = Some(match (found, common) {
                (Some((_, _, code)), _) | (None, Some((_, code))) => *code,
                (None, None) => {
                    let name = word.to_owned();
                    return Err(
                        c.problem_at(start, Problem::UnknownName { what: "signal code", name })
                    );
                }
            });
        } else {
            code = Some(c.int("a signal code")?);
        }
    }
    let address = if goes_on(c, "at ") { Some(c.address()?) } else { None };
    let trap = if goes_on(c, "trap ") { Some(trap(c)?) } else { None };
    Ok(Expected::Signal { number, code, address, trap })
}

/// `14 error 0x6`, `14 error 0x25 key 1`
fn trap(c: &mut Cursor<'_>) -> Result<Trap, ParseError> {
    let number = c.small("a trap number")?;
    if !goes_on(c, "error ") {
        return Err(c.expected("`error` and the error code"));
    }
    let error = c.small("an error code")?;
    let key = if goes_on(c, "key ") { Some(c.small("a protection key")?) } else { None };
    Ok(Trap { number, error, key })
}

/// Whether this word comes next; if so, it is passed over, and the space around it.
fn goes_on(c: &mut Cursor<'_>, word: &str) -> bool {
    let place = c.place();
    c.skip_space();
    let goes_on = c.accept(word);
    if goes_on {
        c.skip_space();
    } else {
        c.back_to(place);
    }
    goes_on
}

/// A byte, or a digest.
fn contents(c: &mut Cursor<'_>) -> Result<Contents, ParseError> {
    let start = c.place();
    if !c.accept("#") {
        return c.small("a byte").map(Contents::Uniform);
    }
    u64::from_str_radix(c.word(), 16).map(Contents::Mixed).map_err(|_| {
        c.back_to(start);
        c.expected("a byte or a digest such as #0123456789abcdef")
    })
}

/// `[1x3 0x2]`: value x count. No hexadecimal here, so that `0x2` is two
/// absent pages.
fn residency(c: &mut Cursor<'_>) -> Result<Residency, ParseError> {
    const WHAT: &str = "runs of pages such as [1x3 0x2]";
    let mut residency = Residency::default();
    let mut pages = 0;
    if !c.accept("[") {
        return Err(c.expected(WHAT));
    }
    loop {
        c.skip_space();
        if c.accept("]") {
            return Ok(residency);
        }
        let start = c.place();
        let run = c.word();
        let parsed = run.split_once('x').and_then(|(value, count)| {
            Some((value.parse::<u8>().ok()?, count.parse::<u32>().ok().filter(|n| *n > 0)?))
        });
        let Some((value, count)) = parsed else {
            c.back_to(start);
            return Err(c.expected(WHAT));
        };
        pages += u64::from(count);
        if pages > MAX_MINCORE_PAGES {
            return Err(c.problem_at(start, Problem::MincoreTooLong));
        }
        residency.push(value, count);
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Value(n) => Hex(*n).fmt(f),
            Expected::Address(addr) => addr.fmt(f),
            Expected::Error(e) => write!(f, "-{e}"),
            Expected::Signal { number, code, address, trap } => {
                match SIGNALS.iter().find(|(_, n)| n == number) {
                    Some((name, _)) => f.write_str(name)?,
                    None => write!(f, "SIG{number}")?,
                }
                if let Some(code) = code {
                    let own = CODES.iter().find(|(s, _, c)| (s, c) == (number, code));
                    let common = COMMON_CODES.iter().find(|(_, c)| c == code);
                    match (own, common) {
                        (Some((_, name, _)), _) | (None, Some((name, _))) => write!(f, "/{name}")?,
                        (None, None) => write!(f, "/{code}")?,
                    }
                }
                if let Some(address) = address {
                    write!(f, " at {address}")?;
                }
                let Some(Trap { number, error, key }) = trap else { return Ok(()) };
                write!(f, " trap {number} error {error:#x}")?;
                match key {
                    Some(key) => write!(f, " key {key}"),
                    None => Ok(()),
                }
            }
            Expected::Contents(Contents::Uniform(byte)) => write!(f, "{byte:#04x}"),
            Expected::Contents(Contents::Mixed(digest)) => write!(f, "#{digest:016x}"),
            Expected::Residency(residency) => {
                f.write_str("[")?;
                for (index, (value, count)) in residency.runs.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " " };
                    write!(f, "{separator}{value}x{count}")?;
                }
                f.write_str("]")
            }
            Expected::Child(process) => process.fmt(f),
            Expected::Exited => f.write_str("exited"),
        }
    }
}

impl Outcome {
    /// The outcome in the text format, addresses relative to the bases.
    pub fn display(&self, layout: &Layout) -> Expected {
        Expected::of(self, layout)
    }
}
