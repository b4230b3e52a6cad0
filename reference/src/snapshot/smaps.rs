//! An entry of `/proc/pid/smaps`: a maps line, counters in kB, and flags.

use super::MapsLine;
use std::fmt;

macro_rules! fields {
    ($(#[$doc:meta])* $enum:ident, $table:ident { $($(#[$fdoc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $enum { $($(#[$fdoc])* #[allow(missing_docs)] $variant),+ }

        /// Every field, in the order in which the kernel prints them.
        pub const $table: &[$enum] = &[$($enum::$variant),+];

        impl $enum {
            /// How many fields there are.
            pub const COUNT: usize = $table.len();

            /// The name that the kernel prints, without the colon.
            pub const fn name(self) -> &'static str {
                match self { $($enum::$variant => $name),+ }
            }
        }
    };
}
pub(super) use fields;

fields! {
    /// The counters of an entry, in kB but for `THPeligible` and `ProtectionKey`.
    SmapsField, SMAPS_FIELDS {
        Size = "Size", KernelPageSize = "KernelPageSize", MmuPageSize = "MMUPageSize",
        Rss = "Rss", Pss = "Pss", PssDirty = "Pss_Dirty",
        SharedClean = "Shared_Clean", SharedDirty = "Shared_Dirty",
        PrivateClean = "Private_Clean", PrivateDirty = "Private_Dirty",
        Referenced = "Referenced", Anonymous = "Anonymous", Ksm = "KSM",
        LazyFree = "LazyFree", AnonHugePages = "AnonHugePages",
        ShmemPmdMapped = "ShmemPmdMapped", FilePmdMapped = "FilePmdMapped",
        SharedHugetlb = "Shared_Hugetlb", PrivateHugetlb = "Private_Hugetlb",
        Swap = "Swap", SwapPss = "SwapPss", Locked = "Locked",
        ThpEligible = "THPeligible", ProtectionKey = "ProtectionKey",
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmapsEntry {
    /// The header line, the same as in maps.
    pub line: MapsLine,
    /// Counters by [`SmapsField`]; those that are absent are 0.
    pub values: [u64; SmapsField::COUNT],
    /// Bit `n` is set when field `n` is present.
    pub present: u32,
    /// The `VmFlags` line, in order.
    pub flags: VmFlagList,
    /// Lines that no field is known for, verbatim.
    pub unknown: Vec<String>,
}

impl SmapsEntry {
    /// An entry without counters.
    pub fn new(line: MapsLine) -> SmapsEntry {
        SmapsEntry {
            line,
            values: [0; SmapsField::COUNT],
            present: 0,
            flags: VmFlagList::default(),
            unknown: Vec::new(),
        }
    }

    /// An entry without counters as number `at` of a list, which is at least so
    /// long. Entries are large: one that is there is written over, not replaced.
    pub fn at(entries: &mut Vec<SmapsEntry>, at: usize, line: MapsLine) -> &mut SmapsEntry {
        if at == entries.len() {
            entries.push(SmapsEntry::new(line));
        } else {
            let SmapsEntry { line: old, values, present, flags, unknown } = &mut entries[at];
            *old = line;
            (*values, *present, *flags) = ([0; SmapsField::COUNT], 0, VmFlagList::default());
            unknown.clear();
        }
        &mut entries[at]
    }

    /// The value of a field, if the kernel has it.
    pub fn get(&self, field: SmapsField) -> Option<u64> {
        (self.present & 1 << field as u32 != 0).then(|| self.values[field as usize])
    }

    /// Sets a field.
    pub fn set(&mut self, field: SmapsField, value: u64) {
        self.values[field as usize] = value;
        self.present |= 1 << field as u32;
    }
}

impl SmapsField {
    /// Whether the kernel prints the value in kB.
    pub const fn in_kb(self) -> bool {
        !matches!(self, SmapsField::ThpEligible | SmapsField::ProtectionKey)
    }

    /// Writes the field's line as `/proc/pid/smaps` has it, without the newline.
    pub fn write_line(self, value: u64, f: &mut impl fmt::Write) -> fmt::Result {
        // the longest name is followed by a blank of its own, hence the shorter number
        if self.name().len() == 15 {
            write!(f, "{}: {value:7}", self.name())?;
        } else {
            let pad = 15 - self.name().len();
            write!(f, "{}:{:pad$}{value:8}", self.name(), "")?;
        }
        f.write_str(if self.in_kb() { " kB" } else { "" })
    }
}

impl fmt::Display for SmapsEntry {
    /// As `/proc/pid/smaps` prints it, without the last newline. Lines that no
    /// field is known for come just before `VmFlags`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line)?;
        for &field in SMAPS_FIELDS {
            if let Some(value) = self.get(field) {
                field.write_line(value, f)?;
                f.write_str("\n")?;
            }
        }
        for line in &self.unknown {
            writeln!(f, "{line}")?;
        }
        write!(f, "VmFlags: {}", self.flags)
    }
}

/// The two-letter flags of a `VmFlags` line, in the order printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VmFlagList {
    codes: [[u8; 2]; VmFlagList::CAPACITY],
    len: u8,
}

impl VmFlagList {
    /// More flags than any kernel has.
    pub const CAPACITY: usize = 40;

    /// Appends a flag; beyond the capacity it is dropped.
    pub fn push(&mut self, code: [u8; 2]) {
        if let Some(slot) = self.codes.get_mut(self.len as usize) {
            *slot = code;
            self.len += 1;
        }
    }

    /// The flags in order.
    pub fn codes(&self) -> &[[u8; 2]] {
        &self.codes[..self.len as usize]
    }
}

impl Default for VmFlagList {
    fn default() -> Self {
        VmFlagList { codes: [[0; 2]; VmFlagList::CAPACITY], len: 0 }
    }
}

impl fmt::Display for VmFlagList {
    /// As the kernel prints them: each followed by a space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for code in self.codes() {
            write!(f, "{}{} ", code[0] as char, code[1] as char)?;
        }
        Ok(())
    }
}

impl fmt::Debug for VmFlagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
