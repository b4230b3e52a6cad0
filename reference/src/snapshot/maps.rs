//! A line of `/proc/pid/maps`.

use std::fmt;
use std::sync::Arc;

/// One line: `start-end perms offset dev inode name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapsLine {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// Read, write, execute, and private or shared.
    pub perms: Perms,
    /// Byte offset into the file; 0 for anonymous memory.
    pub offset: u64,
    /// Device, major and minor number.
    pub dev: (u32, u32),
    /// Inode number; 0 for anonymous memory.
    pub inode: u64,
    /// What the kernel calls the mapping.
    pub name: Name,
}

/// The four permission letters, as bytes (`b"rw-p"`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Perms(pub [u8; 4]);

impl fmt::Debug for Perms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("????"))
    }
}

/// The last column. The names that anonymous memory can have are variants, so
/// that the common lines carry no allocation.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub enum Name {
    /// No name.
    #[default]
    None,
    /// `[heap]`
    Heap,
    /// `[stack]`
    Stack,
    /// `[vsyscall]`
    Vsyscall,
    /// `[anon:…]`, the part after the colon.
    Anon(Arc<str>),
    /// Any other text, as printed.
    Other(Arc<str>),
}

impl MapsLine {
    /// Bytes of the line as it is printed, without the newline.
    pub fn text_len(&self) -> usize {
        let hex = |value: u64, least: u32| (16 - value.leading_zeros() / 4).max(least) as usize;
        let (major, minor) = (hex(self.dev.0.into(), 2), hex(self.dev.1.into(), 2));
        let decimal = decimal_digits(self.inode);
        let numbers = hex(self.start, 8) + hex(self.end, 8) + hex(self.offset, 8);
        let before = numbers + self.perms.0.len() + major + minor + decimal + "-    : ".len();
        let name = match &self.name {
            Name::None => return before,
            Name::Heap => "[heap]".len(),
            Name::Stack => "[stack]".len(),
            Name::Vsyscall => "[vsyscall]".len(),
            Name::Anon(name) => "[anon:]".len() + name.len(),
            Name::Other(text) => text.len(),
        };
        before.max(NAME_COLUMN) + name
    }
}

/// How many digits a number has.
pub fn decimal_digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Where names begin, unless what comes before is longer.
const NAME_COLUMN: usize = 73;

impl Name {
    /// Reads the column as the kernel prints it.
    pub fn parse(text: &str) -> Name {
        match text {
            "" => Name::None,
            "[heap]" => Name::Heap,
            "[stack]" => Name::Stack,
            "[vsyscall]" => Name::Vsyscall,
            _ => match text.strip_prefix("[anon:").and_then(|t| t.strip_suffix(']')) {
                Some(name) => Name::Anon(name.into()),
                None => Name::Other(text.into()),
            },
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::None => Ok(()),
            Name::Heap => f.write_str("[heap]"),
            Name::Stack => f.write_str("[stack]"),
            Name::Vsyscall => f.write_str("[vsyscall]"),
            Name::Anon(name) => write!(f, "[anon:{name}]"),
            Name::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for MapsLine {
    /// As `/proc/pid/maps` prints it: the name, if any, starts in column 73.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut line = String::with_capacity(96);
        write!(
            line,
            "{:08x}-{:08x} {:?} {:08x} {:02x}:{:02x} {} ",
            self.start, self.end, self.perms, self.offset, self.dev.0, self.dev.1, self.inode
        )?;
        if self.name != Name::None {
            while line.len() < NAME_COLUMN {
                line.push(' ');
            }
            write!(line, "{}", self.name)?;
        }
        f.write_str(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_len_is_the_length_of_what_is_printed() {
        let long: Arc<str> = "/a/name/that/is/longer/than/the/column".into();
        let names = [
            Name::None,
            Name::Heap,
            Name::Stack,
            Name::Vsyscall,
            Name::Anon("x".into()),
            Name::Other(long),
        ];
        let addresses = [(0x1000, 0x2000), (0x7fff_f7ff_f000, 0xffff_ffff_ff60_1000)];
        for name in names {
            for (start, end) in addresses {
                for number in [0, 9, 10, 99_999_999, 0x1234_5678_9000, u64::MAX] {
                    let dev = (number as u32 >> 16, number as u32);
                    let (perms, name) = (Perms(*b"rw-p"), name.clone());
                    let line =
                        MapsLine { start, end, perms, offset: number, dev, inode: number, name };
                    assert_eq!(line.text_len(), line.to_string().len(), "{line}");
                }
            }
        }
    }
}
