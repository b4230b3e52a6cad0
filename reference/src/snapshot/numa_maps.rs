//! Lines of `/proc/pid/numa_maps`.

use super::smaps::fields;
use super::Name;
use std::fmt;

fields! {
    /// The counters of a line, in pages but for the last.
    NumaField, NUMA_FIELDS {
        Anon = "anon", Dirty = "dirty", Mapped = "mapped", Mapmax = "mapmax",
        Swapcache = "swapcache", Active = "active", Writeback = "writeback",
        /// On all nodes together: on which node a page is depends on the system.
        Pages = "N", KernelPageSize = "kernelpagesize_kB",
    }
}

/// The line of one mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumaLine {
    /// Where the mapping begins.
    pub start: u64,
    /// The memory policy, as printed; `None` for `default`.
    pub policy: Option<String>,
    /// What stands behind it: a file, the heap, the stack, or nothing.
    pub name: Name,
    /// Whether it is of huge pages.
    pub huge: bool,
    /// By [`NumaField`]; those that are absent are 0.
    pub values: [u64; NumaField::COUNT],
    /// Bit `n` is set when field `n` is present.
    pub present: u32,
    /// On the model's side: how many of the pages may be active or not.
    pub active_or_not: u64,
}

impl NumaLine {
    /// A line without counters.
    pub fn new(start: u64, name: Name) -> NumaLine {
        NumaLine {
            start,
            policy: None,
            name,
            huge: false,
            values: [0; NumaField::COUNT],
            present: 0,
            active_or_not: 0,
        }
    }

    /// The value of a field, if it is there.
    pub fn get(&self, field: NumaField) -> Option<u64> {
        (self.present & 1 << field as u32 != 0).then(|| self.values[field as usize])
    }

    /// Sets a field.
    pub fn set(&mut self, field: NumaField, value: u64) {
        self.values[field as usize] = value;
        self.present |= 1 << field as u32;
    }

    /// Takes a field away.
    pub fn forget(&mut self, field: NumaField) {
        self.values[field as usize] = 0;
        self.present &= !(1 << field as u32);
    }

    /// How many of the pages count as active or cannot be evicted: the kernel says so only
    /// where it is not all of them.
    pub fn active(&self) -> u64 {
        self.get(NumaField::Active).or_else(|| self.get(NumaField::Pages)).unwrap_or(0)
    }
}

/// What a file's name has instead of these bytes in this file, though not in maps.
const ESCAPED: [(char, &str); 4] =
    [('\n', "\\012"), ('\t', "\\011"), ('=', "\\075"), (' ', "\\040")];

impl NumaLine {
    /// A file's name, read as it stands here.
    pub fn file_name(text: &str) -> Name {
        let plain = |text: String, &(byte, escape): &(char, &str)| match byte {
            // so it stands in maps too
            '\n' => text,
            _ => text.replace(escape, byte.encode_utf8(&mut [0; 4])),
        };
        Name::Other(ESCAPED.iter().fold(text.to_owned(), plain).into())
    }
}

impl fmt::Display for NumaLine {
    /// As `/proc/pid/numa_maps` prints it on a system with one node, without the newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x} {}", self.start, self.policy.as_deref().unwrap_or("default"))?;
        match &self.name {
            Name::Heap => f.write_str(" heap")?,
            Name::Stack => f.write_str(" stack")?,
            Name::Other(name) => {
                let escape =
                    |text: String, &(byte, escape): &(char, &str)| text.replace(byte, escape);
                write!(f, " file={}", ESCAPED.iter().fold(name.to_string(), escape))?;
            }
            Name::None | Name::Vsyscall | Name::Anon(_) => {}
        }
        if self.huge {
            f.write_str(" huge")?;
        }
        for &field in NUMA_FIELDS {
            if let Some(value) = self.get(field) {
                let node = if field == NumaField::Pages { "0" } else { "" };
                write!(f, " {}{node}={value}", field.name())?;
            }
        }
        Ok(())
    }
}
