//! Operations in text.

use super::cursor::Cursor;
use super::error::{ParseError, Problem};
use super::names::{self, flags_text, Hex};
use crate::op::consts::*;
use crate::op::Call;
use std::fmt::{self, Write as _};

/// `name(arguments)`
pub(super) fn parse(c: &mut Cursor<'_>) -> Result<Call, ParseError> {
    let start = c.place();
    let name = c.word();
    if name.is_empty() {
        return Err(c.expected("an operation"));
    }
    let after_name = c.place();
    c.expect("(", "`(`")?;
    let call = match name {
        "mmap" => Call::Mmap {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            prot: then(c, names::prot)?,
            flags: then(c, |c| names::flags(c, "mmap flag", &[MAP_FLAGS, MAP_TYPES]))?,
            fd: then(c, |c| c.int("a file descriptor"))?,
            offset: then(c, Cursor::number)?,
        },
        "munmap" => Call::Munmap { addr: c.address()?, len: then(c, Cursor::number)? },
        "mprotect" => Call::Mprotect {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            prot: then(c, names::prot)?,
        },
        "mremap" => Call::Mremap {
            old: c.address()?,
            old_len: then(c, Cursor::number)?,
            new_len: then(c, Cursor::number)?,
            flags: then(c, |c| names::flags(c, "mremap flag", &[MREMAP_FLAGS]))?,
            new: then(c, Cursor::address)?,
        },
        "brk" => Call::Brk { addr: c.address()? },
        "madvise" => Call::Madvise {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            advice: then(c, |c| names::named_int(c, "advice", ADVICES))?,
        },
        "mlock" => Call::Mlock { addr: c.address()?, len: then(c, Cursor::number)? },
        "mlock2" => Call::Mlock2 {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            flags: then(c, |c| names::flags(c, "mlock2 flag", &[MLOCK_FLAGS]))?,
        },
        "munlock" => Call::Munlock { addr: c.address()?, len: then(c, Cursor::number)? },
        "mlockall" => Call::Mlockall { flags: names::flags(c, "mlockall flag", &[MCL_FLAGS])? },
        "munlockall" => Call::Munlockall,
        "mseal" => Call::Mseal {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            flags: then(c, Cursor::number)?,
        },
        "msync" => Call::Msync {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            flags: then(c, |c| names::flags(c, "msync flag", &[MS_FLAGS]))?,
        },
        "mincore" => Call::Mincore { addr: c.address()?, len: then(c, Cursor::number)? },
        "prctl" => {
            let option = names::named_int(c, "prctl option", PRCTLS)?;
            let mut args = [0; 4];
            for (position, arg) in args.iter_mut().enumerate() {
                *arg = then(c, |c| names::prctl_argument(c, option, position))?;
            }
            Call::Prctl { option, args }
        }
        "set_vma_name" => Call::SetVmaName {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            name: then(c, quoted)?,
        },
        "setrlimit" => Call::Setrlimit {
            resource: names::resource(c)?,
            soft: then(c, names::limit)?,
            hard: then(c, names::limit)?,
        },
        "capset" => Call::Capset { effective: capabilities(c)?, permitted: then(c, capabilities)? },
        "load" => Call::Load { addr: c.address()?, len: then(c, Cursor::number)? },
        "store" => Call::Store {
            addr: c.address()?,
            len: then(c, Cursor::number)?,
            value: then(c, |c| c.small("a byte"))?,
        },
        "call" => Call::Call { addr: c.address()? },
        "fork" => Call::Fork,
        "exit" => Call::Exit,
        _ => {
            c.back_to(after_name);
            return Err(c.problem_at(start, Problem::UnknownCall(name.to_owned())));
        }
    };
    c.expect(")", "`)`")?;
    Ok(call)
}

/// A set of capabilities.
fn capabilities(c: &mut Cursor<'_>) -> Result<u64, ParseError> {
    names::flags(c, "capability", &[CAPABILITIES])
}

/// A comma and the next argument.
fn then<'a, T>(
    c: &mut Cursor<'a>,
    argument: impl FnOnce(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    c.expect(",", "`,`")?;
    argument(c)
}

/// A quoted name, or `NULL`.
fn quoted(c: &mut Cursor<'_>) -> Result<Option<String>, ParseError> {
    const WHAT: &str = "a quoted name or NULL";
    if c.accept("NULL") {
        return Ok(None);
    }
    if !c.accept("\"") {
        return Err(c.expected(WHAT));
    }
    let mut name = String::new();
    loop {
        let place = c.place();
        match c.take() {
            Some('"') => return Ok(Some(name)),
            Some('\\') => match escape(c) {
                Some(character) => name.push(character),
                None => {
                    c.back_to(place);
                    return Err(c.expected("an escape such as \\x01 or \\u{e9}"));
                }
            },
            Some(character) => name.push(character),
            None => return Err(c.expected("`\"`")),
        }
    }
}

/// What follows a backslash.
fn escape(c: &mut Cursor<'_>) -> Option<char> {
    match c.take()? {
        '\\' => Some('\\'),
        '"' => Some('"'),
        'x' => {
            let high = c.take()?.to_digit(16)?;
            let low = c.take()?.to_digit(16)?;
            char::from_u32(high * 16 + low).filter(char::is_ascii)
        }
        'u' => {
            if !c.accept("{") {
                return None;
            }
            let digits = c.take_while(|c| c.is_ascii_hexdigit());
            let value = u32::from_str_radix(digits, 16).ok()?;
            c.accept("}").then(|| char::from_u32(value)).flatten()
        }
        _ => None,
    }
}

/// A name in quotes, everything but plain ASCII escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                ' '..='~' => f.write_char(c)?,
                _ if c.is_ascii() => write!(f, "\\x{:02x}", c as u32)?,
                _ => write!(f, "\\u{{{:x}}}", c as u32)?,
            }
        }
        f.write_char('"')
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        match self {
            Call::Mmap { addr, len, prot, flags, fd, offset } => write!(
                f,
                "{addr}, {}, {}, {}, {fd}, {}",
                Hex(*len),
                flags_text(*prot, PROTS, "PROT_NONE"),
                names::mmap_flags_text(*flags),
                Hex(*offset)
            )?,
            Call::Munmap { addr, len }
            | Call::Mlock { addr, len }
            | Call::Munlock { addr, len }
            | Call::Mincore { addr, len }
            | Call::Load { addr, len } => write!(f, "{addr}, {}", Hex(*len))?,
            Call::Mprotect { addr, len, prot } => {
                write!(f, "{addr}, {}, {}", Hex(*len), flags_text(*prot, PROTS, "PROT_NONE"))?;
            }
            Call::Mremap { old, old_len, new_len, flags, new } => write!(
                f,
                "{old}, {}, {}, {}, {new}",
                Hex(*old_len),
                Hex(*new_len),
                flags_text(*flags, MREMAP_FLAGS, "0")
            )?,
            Call::Brk { addr } | Call::Call { addr } => addr.fmt(f)?,
            Call::Madvise { addr, len, advice } => {
                write!(f, "{addr}, {}, {}", Hex(*len), names::int_text(*advice, ADVICES))?;
            }
            Call::Mlock2 { addr, len, flags } => {
                write!(f, "{addr}, {}, {}", Hex(*len), flags_text(*flags, MLOCK_FLAGS, "0"))?;
            }
            Call::Mlockall { flags } => f.write_str(&flags_text(*flags, MCL_FLAGS, "0"))?,
            Call::Mseal { addr, len, flags } => {
                write!(f, "{addr}, {}, {}", Hex(*len), Hex(*flags))?;
            }
            Call::Msync { addr, len, flags } => {
                write!(f, "{addr}, {}, {}", Hex(*len), flags_text(*flags, MS_FLAGS, "0"))?;
            }
            Call::Prctl { option, args } => {
                f.write_str(&names::int_text(*option, PRCTLS))?;
                for (position, &arg) in args.iter().enumerate() {
                    write!(f, ", {}", names::prctl_text(*option, position, arg))?;
                }
            }
            Call::SetVmaName { addr, len, name } => {
                write!(f, "{addr}, {}, ", Hex(*len))?;
                match name {
                    Some(name) => Quoted(name).fmt(f)?,
                    None => f.write_str("NULL")?,
                }
            }
            Call::Setrlimit { resource, soft, hard } => {
                match RLIMITS.iter().find(|(_, v)| v == resource) {
                    Some((name, _)) => f.write_str(name)?,
                    None => write!(f, "{resource}")?,
                }
                write!(f, ", {}, {}", names::limit_text(*soft), names::limit_text(*hard))?;
            }
            Call::Capset { effective, permitted } => {
                let set = |bits: u64| flags_text(bits, CAPABILITIES, "0");
                write!(f, "{}, {}", set(*effective), set(*permitted))?;
            }
            Call::Store { addr, len, value } => {
                write!(f, "{addr}, {}, {value:#04x}", Hex(*len))?;
            }
            Call::Munlockall | Call::Fork | Call::Exit => {}
        }
        f.write_char(')')
    }
}
