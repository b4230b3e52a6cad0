//! Decodes `/proc/pid/statm`.

use super::text::{decimal, DecodeError};
use mm_reference::snapshot::Statm;

/// Decodes the one line.
pub fn decode(text: &[u8]) -> Result<Statm, DecodeError> {
    let malformed = |expected| DecodeError::at("statm", text, 0, expected);
    let mut statm = Statm::default();
    let mut rest = text;
    let last = statm.values.len() - 1;
    for (at, value) in statm.values.iter_mut().enumerate() {
        let (number, after) = decimal(rest).ok_or_else(|| malformed("seven numbers"))?;
        let separator: &[u8] = if at == last { b"\n" } else { b" " };
        rest = after.strip_prefix(separator).ok_or_else(|| malformed("seven numbers"))?;
        *value = number;
    }
    match rest {
        [] => Ok(statm),
        _ => Err(malformed("one line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::snapshot::StatmField;

    #[test]
    fn prints_as_it_was_read() {
        let statm = decode(b"765 427 399 5 0 123 0\n").unwrap();
        assert_eq!(statm.to_string(), "765 427 399 5 0 123 0");
        assert_eq!((statm.get(StatmField::Text), statm.get(StatmField::Data)), (5, 123));
    }

    #[test]
    fn another_shape_is_refused() {
        for text in ["", "765", "1 2 3 4 5 6\n", "1 2 3 4 5 6 7", "1 2 3 4 5 6 7 8\n", "1  2 3\n"] {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
