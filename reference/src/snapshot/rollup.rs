//! `/proc/pid/smaps_rollup`: the counters of all mappings together.

use super::smaps::fields;
use super::SmapsField;
use std::fmt;

fields! {
    /// The counters, in kB.
    RollupField, ROLLUP_FIELDS {
        Rss = "Rss", Pss = "Pss", PssDirty = "Pss_Dirty",
        PssAnon = "Pss_Anon", PssFile = "Pss_File", PssShmem = "Pss_Shmem",
        SharedClean = "Shared_Clean", SharedDirty = "Shared_Dirty",
        PrivateClean = "Private_Clean", PrivateDirty = "Private_Dirty",
        Referenced = "Referenced", Anonymous = "Anonymous", Ksm = "KSM",
        LazyFree = "LazyFree", AnonHugePages = "AnonHugePages",
        ShmemPmdMapped = "ShmemPmdMapped", FilePmdMapped = "FilePmdMapped",
        SharedHugetlb = "Shared_Hugetlb", PrivateHugetlb = "Private_Hugetlb",
        Swap = "Swap", SwapPss = "SwapPss", Locked = "Locked",
    }
}

/// The one entry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Where the first mapping begins.
    pub start: u64,
    /// Where the last one ends.
    pub end: u64,
    /// In kB; those that are absent are 0.
    pub values: [u64; RollupField::COUNT],
    /// Bit `n` is set when field `n` is present.
    pub present: u32,
    /// Lines that no field is known for, verbatim.
    pub unknown: Vec<String>,
}

impl Rollup {
    /// The value of a field, if the kernel has it.
    pub fn get(&self, field: RollupField) -> Option<u64> {
        (self.present & 1 << field as u32 != 0).then(|| self.values[field as usize])
    }

    /// Sets a field.
    pub fn set(&mut self, field: RollupField, value: u64) {
        self.values[field as usize] = value;
        self.present |= 1 << field as u32;
    }
}

impl RollupField {
    /// The field with this name.
    pub fn from_name(name: &[u8]) -> Option<RollupField> {
        ROLLUP_FIELDS.iter().copied().find(|field| field.name().as_bytes() == name)
    }

    /// The field of smaps that it adds up exactly. Shares of pages are none: they are
    /// added up before they are rounded.
    pub fn adds_up(self) -> Option<SmapsField> {
        use RollupField as R;
        use SmapsField as S;
        Some(match self {
            R::Rss => S::Rss,
            R::SharedClean => S::SharedClean,
            R::SharedDirty => S::SharedDirty,
            R::PrivateClean => S::PrivateClean,
            R::PrivateDirty => S::PrivateDirty,
            R::Referenced => S::Referenced,
            R::Anonymous => S::Anonymous,
            R::Ksm => S::Ksm,
            R::LazyFree => S::LazyFree,
            R::AnonHugePages => S::AnonHugePages,
            R::ShmemPmdMapped => S::ShmemPmdMapped,
            R::FilePmdMapped => S::FilePmdMapped,
            R::SharedHugetlb => S::SharedHugetlb,
            R::PrivateHugetlb => S::PrivateHugetlb,
            R::Swap => S::Swap,
            R::Pss | R::PssDirty | R::PssAnon | R::PssFile | R::PssShmem => return None,
            R::SwapPss | R::Locked => return None,
        })
    }
}

impl fmt::Display for Rollup {
    /// As `/proc/pid/smaps_rollup` prints it, without the last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = format!("{:08x}-{:08x} ---p 00000000 00:00 0 ", self.start, self.end);
        write!(f, "{header:73}[rollup]")?;
        for &field in ROLLUP_FIELDS {
            if let Some(value) = self.get(field) {
                write!(f, "\n{:16}{value:8} kB", format!("{}:", field.name()))?;
            }
        }
        self.unknown.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}
