//! Decodes `/proc/pid/numa_maps`.

use super::text::{decimal, hex, DecodeError};
use mm_reference::snapshot::{Name, NumaField, NumaLine, NUMA_FIELDS};

/// Replaces `into` by the lines of the text.
pub fn decode(text: &[u8], into: &mut Vec<NumaLine>) -> Result<(), DecodeError> {
    into.clear();
    let mut at = 0;
    while at < text.len() {
        let malformed = |expected| DecodeError::at("numa_maps", text, at, expected);
        let end = memchr::memchr(b'\n', &text[at..]).ok_or_else(|| malformed("a whole line"))?;
        into.push(line(&text[at..at + end]).map_err(malformed)?);
        at += end + 1;
    }
    Ok(())
}

fn line(text: &[u8]) -> Result<NumaLine, &'static str> {
    let (start, rest) = hex(text).ok_or("an address")?;
    let rest = rest.strip_prefix(b" ").ok_or("a blank")?;
    let mut words = rest.split(|&byte| byte == b' ');
    let policy = words.next().filter(|policy| !policy.is_empty()).ok_or("a policy")?;
    let mut line = NumaLine::new(start, Name::None);
    line.policy = (policy != b"default").then(|| String::from_utf8_lossy(policy).into_owned());
    for word in words {
        match word {
            b"heap" => line.name = Name::Heap,
            b"stack" => line.name = Name::Stack,
            b"huge" => line.huge = true,
            _ => {
                let equals = memchr::memchr(b'=', word).ok_or("a name and a value")?;
                let (name, value) = (&word[..equals], &word[equals + 1..]);
                if name == b"file" {
                    line.name = NumaLine::file_name(&String::from_utf8_lossy(value));
                    continue;
                }
                let (number, []) = decimal(value).ok_or("a number")? else {
                    return Err("a number");
                };
                count(&mut line, name, number)?;
            }
        }
    }
    Ok(line)
}

/// Takes down a counter; those of nodes are added up.
fn count(line: &mut NumaLine, name: &[u8], number: u64) -> Result<(), &'static str> {
    let of_node = |digits: &[u8]| matches!(decimal(digits), Some((_, [])));
    if name.strip_prefix(b"N").is_some_and(of_node) {
        let before = line.get(NumaField::Pages).unwrap_or(0);
        line.set(NumaField::Pages, before.saturating_add(number));
        return Ok(());
    }
    let named = |field: &&NumaField| **field != NumaField::Pages && field.name().as_bytes() == name;
    let field = NUMA_FIELDS.iter().find(named).ok_or("a known counter")?;
    if line.get(*field).is_some() {
        return Err("each counter once");
    }
    line.set(*field, number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
00400000 default file=/memfd:mmdiff-arena\\040(deleted) dirty=19 mapmax=2 active=0 N0=19 kernelpagesize_kB=4
30000000 default heap anon=4 dirty=4 active=0 N0=4 kernelpagesize_kB=4
7f00e07bd000 default
7fff235a1000 default stack anon=3 dirty=2 mapped=3 active=1 N0=3 kernelpagesize_kB=4
";

    fn lines(text: &str) -> Result<Vec<NumaLine>, DecodeError> {
        let mut lines = Vec::new();
        decode(text.as_bytes(), &mut lines).map(|()| lines)
    }

    #[test]
    fn prints_as_it_was_read() {
        let lines = lines(TEXT).unwrap();
        let printed: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(printed, TEXT);
        assert_eq!(lines[0].name.to_string(), "/memfd:mmdiff-arena (deleted)");
        assert_eq!(lines[3].get(NumaField::Mapped), Some(3));
    }

    #[test]
    fn pages_of_all_nodes_are_added_up_and_policies_kept() {
        let lines = lines("1000 bind:0-1 huge anon=5 N0=2 N13=3\n").unwrap();
        assert_eq!(lines[0].get(NumaField::Pages), Some(5));
        assert_eq!(lines[0].policy.as_deref(), Some("bind:0-1"));
        assert!(lines[0].huge);
    }

    #[test]
    fn malformed_lines_are_named() {
        for (text, expected) in [
            ("default\n", "a blank"),
            ("x default\n", "an address"),
            ("1000 \n", "a policy"),
            ("1000 default", "a whole line"),
            ("1000 default anon=x\n", "a number"),
            ("1000 default anon=1 anon=1\n", "each counter once"),
            ("1000 default news=1\n", "a known counter"),
            ("1000 default news\n", "a name and a value"),
        ] {
            assert_eq!(lines(text).unwrap_err().expected, expected, "{text}");
        }
    }
}
