//! Decodes `/proc/pid/smaps_rollup`.

use super::maps;
use super::text::{padded_decimal, DecodeError, NameCache};
use mm_reference::snapshot::{Rollup, RollupField};

/// Decodes the one entry. Lines of unknown fields are kept.
pub fn decode(text: &[u8]) -> Result<Rollup, DecodeError> {
    let mut rollup = Rollup::default();
    let mut at = 0;
    while at < text.len() {
        let malformed = |expected| DecodeError::at("smaps_rollup", text, at, expected);
        let end = memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
        let line = &text[at..at + end];
        if at == 0 {
            let header = maps::line(line, &mut NameCache::default()).map_err(malformed)?;
            if header.perms.0 != *b"---p" || header.name.to_string() != "[rollup]" {
                return Err(malformed("a line called [rollup]"));
            }
            (rollup.start, rollup.end) = (header.start, header.end);
        } else {
            let colon = memchr::memchr(b':', line).ok_or_else(|| malformed("a colon"))?;
            match RollupField::from_name(&line[..colon]) {
                None => rollup.unknown.push(String::from_utf8_lossy(line).into_owned()),
                Some(field) if rollup.get(field).is_some() => {
                    return Err(malformed("each field once"));
                }
                Some(field) => match padded_decimal(&line[colon + 1..]) {
                    Some((value, b" kB")) => rollup.set(field, value),
                    _ => return Err(malformed("a number in kB")),
                },
            }
        }
        at += end + 1;
    }
    match at {
        0 => Err(DecodeError::at("smaps_rollup", text, 0, "a line called [rollup]")),
        _ => Ok(rollup),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 6.18 prints it.
    const TEXT: &str = include_str!("../../testdata/smaps-rollup-6.18.txt");

    #[test]
    fn prints_as_it_was_read() {
        let rollup = decode(TEXT.as_bytes()).unwrap();
        assert_eq!(format!("{rollup}\n"), TEXT);
        assert_eq!(rollup.get(RollupField::PssFile), Some(270));
        assert!(rollup.unknown.is_empty());
    }

    #[test]
    fn unknown_fields_are_kept_and_others_may_be_absent() {
        let text = TEXT.replace("KSM:  ", "New:  ");
        let rollup = decode(text.as_bytes()).unwrap();
        assert_eq!(rollup.get(RollupField::Ksm), None);
        assert_eq!(rollup.unknown, ["New:                   0 kB"]);
    }

    #[test]
    fn malformed_lines_are_named() {
        for (from, to, expected) in [
            ("[rollup]", "[heap]", "a line called [rollup]"),
            ("Pss_Anon:", "Pss_File:", "each field once"),
            ("112 kB", "112 MB", "a number in kB"),
            ("Locked:", "Locked", "a colon"),
        ] {
            let text = TEXT.replace(from, to);
            assert_eq!(decode(text.as_bytes()).unwrap_err().expected, expected, "{to}");
        }
        assert!(decode(b"").is_err());
    }
}
