//! The `start:` line.

use super::cursor::Cursor;
use super::error::{ParseError, Problem};
use crate::addr::page_aligned;
use crate::op::{Exec, Start, MAX_ARGUMENTS, MAX_SHIFT};
use std::fmt;

/// Reads what follows `start:`, up to the end of the line.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Start, ParseError> {
    cursor.expect("exec", "`exec`")?;
    let place = cursor.place();
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    let unit = match digits.is_empty() {
        true => return Err(cursor.expected("a number of bytes")),
        false if cursor.accept("K") => 1024,
        false => {
            cursor.expect("bytes", "`K` or ` bytes`")?;
            1
        }
    };
    cursor.expect("of arguments", "`of arguments`")?;
    let bytes = digits.parse().ok().and_then(|number: u64| number.checked_mul(unit));
    let arguments = bytes
        .filter(|&bytes| bytes <= MAX_ARGUMENTS)
        .ok_or_else(|| cursor.problem_at(place, Problem::OutOfRange("the arguments")))?;
    let shift = match cursor.accept(",") {
        true => Some(shift(cursor)?),
        false => None,
    };
    if !cursor.at_end() {
        return Err(cursor.expected("the end of the line"));
    }
    Ok(Start::Exec(Exec { arguments, shift }))
}

/// How far the stack is moved.
fn shift(cursor: &mut Cursor<'_>) -> Result<u64, ParseError> {
    cursor.expect("moved down by", "`moved down by`")?;
    let place = cursor.place();
    let bytes = cursor.number()?;
    cursor.skip_space();
    match page_aligned(bytes) && bytes <= MAX_SHIFT {
        true => Ok(bytes),
        false => Err(cursor.problem_at(place, Problem::OutOfRange("a distance in whole pages"))),
    }
}

impl fmt::Display for Start {
    /// What follows `start:`; nothing for the plain start.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Start::Exec(Exec { arguments, shift }) = self else { return Ok(()) };
        match arguments % 1024 {
            0 if *arguments > 0 => write!(f, "exec {}K of arguments", arguments / 1024)?,
            _ => write!(f, "exec {arguments} bytes of arguments")?,
        }
        match shift {
            Some(shift) => write!(f, ", moved down by {shift:#x}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::op::{Exec, Start, MAX_ARGUMENTS};
    use crate::text::{parse, write, Mode, Problem};

    fn start(text: &str) -> Result<Start, Problem> {
        parse(text, Mode::Strict).map(|program| program.start).map_err(|error| error.problem)
    }

    #[test]
    fn what_is_written_is_read() {
        let exec = |arguments, shift| Start::Exec(Exec { arguments, shift });
        for (text, meant) in [
            ("start: exec 132K of arguments\n", exec(132 << 10, None)),
            ("start: exec 0 bytes of arguments\n", exec(0, None)),
            ("start: exec 5001 bytes of arguments\n", exec(5001, None)),
            ("start: exec 1K of arguments, moved down by 0x200000\n", exec(1024, Some(2 << 20))),
        ] {
            let program = parse(text, Mode::Strict).expect(text);
            assert_eq!(program.start, meant);
            assert_eq!(write(&program), text);
        }
        assert_eq!(start("munlockall()\n"), Ok(Start::Plain));
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "start:",
            "start: exec",
            "start: exec K of arguments",
            "start: exec 1 of arguments",
            "start: exec 1M of arguments",
            "start: exec 1K of arguments # now",
            "start: exec 1K of arguments, moved down by",
        ] {
            let problem = start(text).expect_err(text);
            assert!(matches!(problem, Problem::Expected { .. }), "{text}: {problem}");
        }
        let too_many = format!("start: exec {} bytes of arguments", MAX_ARGUMENTS + 1);
        for text in [
            too_many.as_str(),
            "start: exec 99999999999999999999K of arguments",
            "start: exec 1K of arguments, moved down by 0x10",
            "start: exec 1K of arguments, moved down by 0x800000000",
        ] {
            assert!(matches!(start(text), Err(Problem::OutOfRange(_))), "{text}");
        }
        let one = "start: exec 1K of arguments\n";
        assert_eq!(start(&format!("{one}{one}")), Err(Problem::LateStart));
        assert_eq!(start(&format!("munlockall()\n{one}")), Err(Problem::LateStart));
    }
}
