//! Decodes `/proc/pid/maps`, and the header lines of smaps.

use super::text::{decimal, hex, DecodeError, NameCache};
use mm_reference::snapshot::{MapsLine, Perms};

/// Decodes the text of `/proc/pid/maps`.
#[derive(Debug, Default)]
pub struct MapsDecoder {
    names: NameCache,
}

impl MapsDecoder {
    /// Replaces `into` by the lines of `text`.
    pub fn decode(&mut self, text: &[u8], into: &mut Vec<MapsLine>) -> Result<(), DecodeError> {
        into.clear();
        let mut at = 0;
        while at < text.len() {
            let malformed = |expected| DecodeError::at("maps", text, at, expected);
            let end =
                memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
            into.push(line(&text[at..at + end], &mut self.names).map_err(malformed)?);
            at += end + 1;
        }
        Ok(())
    }
}

/// What follows the permissions of all memory that is of no file.
const NO_FILE: &[u8] = b" 00000000 00:00 0 ";

/// Decodes one line (without its newline); the error says what was expected.
pub(super) fn line(text: &[u8], names: &mut NameCache) -> Result<MapsLine, &'static str> {
    let (start, rest) = hex(text).ok_or("a start address")?;
    let (end, rest) = after(rest, b'-').and_then(hex).ok_or("an end address")?;
    if start >= end {
        return Err("an end behind the start");
    }
    let rest = after(rest, b' ').ok_or("a blank")?;
    let (&perms, rest) = rest.split_first_chunk::<4>().ok_or("permissions")?;
    if !matches!(perms, [b'r' | b'-', b'w' | b'-', b'x' | b'-', b'p' | b's']) {
        return Err("permissions");
    }
    if let Some(name) = rest.strip_prefix(NO_FILE) {
        let (offset, dev, inode, name) = (0, (0, 0), 0, names.get(unpadded(name)));
        return Ok(MapsLine { start, end, perms: Perms(perms), offset, dev, inode, name });
    }
    let (offset, rest) = after(rest, b' ').and_then(hex).ok_or("an offset")?;
    let (major, rest) = after(rest, b' ').and_then(hex).ok_or("a major device number")?;
    let (minor, rest) = after(rest, b':').and_then(hex).ok_or("a minor device number")?;
    let dev = (
        u32::try_from(major).map_err(|_| "a major device number")?,
        u32::try_from(minor).map_err(|_| "a minor device number")?,
    );
    let (inode, rest) = after(rest, b' ').and_then(decimal).ok_or("an inode number")?;
    let name = after(rest, b' ').ok_or("a blank after the inode number")?;
    let name = names.get(unpadded(name));
    Ok(MapsLine { start, end, perms: Perms(perms), offset, dev, inode, name })
}

/// The text behind the blanks at the front.
fn unpadded(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| byte == b' ').count();
    &text[blanks..]
}

fn after(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.split_first().filter(|(first, _)| **first == byte).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::snapshot::Name;

    const TEXT: &str = "\
00400000-00401000 r-xp 00000000 00:00 0 
00500000-00580000 rw-s 00001000 00:01 1034                               /memfd:arena (deleted)
7ffff7fb8000-7ffff7fb9000 rw-p 00000000 00:00 0                          [anon:a name]
7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

    #[test]
    fn every_line_prints_as_it_was_read() {
        let mut lines = Vec::new();
        MapsDecoder::default().decode(TEXT.as_bytes(), &mut lines).unwrap();
        assert_eq!(lines[1].dev, (0, 1));
        assert_eq!((lines[1].offset, lines[1].inode), (0x1000, 1034));
        assert_eq!(lines[2].name, Name::Anon("a name".into()));
        let printed: String = lines.iter().map(|l| format!("{l}\n")).collect();
        assert_eq!(printed, TEXT);
    }

    #[test]
    fn malformed_lines_are_named() {
        for (text, expected) in [
            ("00400000-00401000 r-xp 00000000 00:00 0 ", "a whole line"),
            ("x\n", "a start address"),
            ("00400000 00401000 r-xp 00000000 00:00 0 \n", "an end address"),
            ("00401000-00401000 r-xp 00000000 00:00 0 \n", "an end behind the start"),
            ("00400000-00401000 rzxp 00000000 00:00 0 \n", "permissions"),
            ("00400000-00401000 r-x\n", "permissions"),
            ("00400000-00401000 r-xp  00:00 0 \n", "an offset"),
            ("00400000-00401000 r-xp 00000000 0000 0 \n", "a minor device number"),
            ("00400000-00401000 r-xp 00000000 00:00 x \n", "an inode number"),
            ("00400000-00401000 r-xp 00000000 00:00 0\n", "a blank after the inode number"),
        ] {
            let error = MapsDecoder::default().decode(text.as_bytes(), &mut Vec::new());
            assert_eq!(error.unwrap_err().expected, expected, "{text}");
        }
    }
}
