//! What the decoders of `/proc` text share: typed errors and number parsing.

use mm_reference::snapshot::Name;

/// Text that is not what the kernel is known to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {file}, line {line}: expected {expected}, found {text:?}")]
pub struct DecodeError {
    /// Which file of `/proc/pid`.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// The line itself, shortened.
    pub text: String,
    /// What should have been there.
    pub expected: &'static str,
}

impl DecodeError {
    const SHOWN: usize = 200;

    /// Describes the line of `text` in which byte `at` lies.
    pub(super) fn at(file: &'static str, text: &[u8], at: usize, expected: &'static str) -> Self {
        let at = at.min(text.len());
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1);
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |n| start + n);
        let line = &text[start..end.min(start + Self::SHOWN)];
        DecodeError {
            file,
            line: 1 + memchr::memchr_iter(b'\n', &text[..start]).count(),
            text: String::from_utf8_lossy(line).into_owned(),
            expected,
        }
    }
}

const NO_DIGIT: u8 = u8::MAX;
/// The digit that each byte is.
const HEX_DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Splits off the number at the front: `(value, rest)`.
#[inline]
pub(super) fn hex(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut digits = 0;
    for &byte in text {
        let digit = HEX_DIGITS[usize::from(byte)];
        if digit == NO_DIGIT {
            break;
        }
        value = value << 4 | u64::from(digit);
        digits += 1;
    }
    (1..=16).contains(&digits).then(|| (value, &text[digits..]))
}

/// Splits off the number at the front: `(value, rest)`.
pub(super) fn decimal(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut digits = 0;
    for &byte in text {
        if !byte.is_ascii_digit() {
            break;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
        digits += 1;
    }
    (digits > 0).then(|| (value, &text[digits..]))
}

/// Splits off blanks, then a number.
pub(super) fn padded_decimal(text: &[u8]) -> Option<(u64, &[u8])> {
    decimal(skip_blanks(text))
}

/// What follows the blanks and tabs at the front.
pub(super) fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    &text[blanks..]
}

/// A right-aligned number in exactly eight columns, all of them at once.
pub(super) fn decimal8(columns: [u8; 8]) -> Option<u64> {
    const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);
    const ZEROES: u64 = u64::from_le_bytes([b'0'; 8]);
    const ZERO: u64 = u64::from_le_bytes(*b"       0");
    let text = u64::from_le_bytes(columns);
    if text == ZERO {
        return Some(0);
    }
    let blanks = (text ^ BLANKS).trailing_zeros() / 8;
    if blanks == 8 {
        return None;
    }
    let padding = (1u64 << (8 * blanks)) - 1;
    let text = (text & !padding) | (ZEROES & padding);
    let high = text & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = text.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if high | carried >> 4 != 0x3333_3333_3333_3333 {
        return None;
    }
    // neighbours are joined three times: digits to pairs, to fours, to eight
    let digits = text - ZEROES;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// Names seen before, so that a line with a file name costs no allocation.
#[derive(Debug, Default)]
pub(super) struct NameCache {
    known: Vec<(Box<[u8]>, Name)>,
}

impl NameCache {
    /// Programs invent names, so the cache starts over when it has this many.
    const CAPACITY: usize = 64;

    /// The name that this column says.
    pub(super) fn get(&mut self, text: &[u8]) -> Name {
        match text {
            b"" => return Name::None,
            b"[heap]" => return Name::Heap,
            b"[stack]" => return Name::Stack,
            b"[vsyscall]" => return Name::Vsyscall,
            _ => {}
        }
        if let Some((_, name)) = self.known.iter().find(|(known, _)| **known == *text) {
            return name.clone();
        }
        if self.known.len() == Self::CAPACITY {
            self.known.clear();
        }
        let name = Name::parse(&String::from_utf8_lossy(text));
        self.known.push((text.into(), name.clone()));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_columns_are_blanks_then_digits() {
        assert_eq!(decimal8(*b"       0"), Some(0));
        assert_eq!(decimal8(*b"     132"), Some(132));
        assert_eq!(decimal8(*b"98765432"), Some(98_765_432));
        for bad in [b"        ", b"     1 2", b"12      ", b"     -12", b"   0x123", b"!!!!!!!1"] {
            assert_eq!(decimal8(*bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn numbers_do_not_overflow() {
        assert_eq!(decimal(b"18446744073709551615 "), Some((u64::MAX, &b" "[..])));
        assert_eq!(decimal(b"18446744073709551616"), None);
        assert_eq!(hex(b"ffffffffffffffff-"), Some((u64::MAX, &b"-"[..])));
        assert_eq!(hex(b"10000000000000000"), None);
        assert_eq!(hex(b"-"), None);
    }

    #[test]
    fn an_error_says_where() {
        let error = DecodeError::at("maps", b"one\ntwo\nthree", 5, "a number");
        assert_eq!((error.line, error.text.as_str()), (2, "two"));
        let end = DecodeError::at("maps", b"one\n", 99, "a number");
        assert_eq!((end.line, end.text.as_str()), (2, ""));
    }

    proptest! {
        #[test]
        fn eight_columns_agree_with_the_plain_parser(value in 0u64..100_000_000) {
            let text = format!("{value:8}");
            prop_assert_eq!(decimal8(text.as_bytes().try_into().unwrap()), Some(value));
        }

        #[test]
        fn eight_columns_accept_nothing_else(columns: [u8; 8]) {
            let plain = std::str::from_utf8(&columns).ok()
                .and_then(|t| t.trim_start_matches(' ').parse::<u64>().ok())
                .filter(|_| !columns.contains(&b'+'));
            prop_assert_eq!(decimal8(columns), plain);
        }
    }
}
