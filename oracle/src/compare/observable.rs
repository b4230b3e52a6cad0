//! The parts of what can be seen, as people speak of them.

use crate::observe::{Capabilities, SYSTEM_COUNTS};
use mm_reference::snapshot::Views;

/// A part of what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // `name` says what each is
pub enum Observable {
    Outcomes,
    Contents,
    Maps,
    Smaps,
    Pagemap,
    Frames,
    PageFlags,
    PageCounts,
    Status,
    Statm,
    Rollup,
    NumaMaps,
    KernelLog,
    SystemCounts,
}

impl Observable {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Observable; 14] = [
        Observable::Outcomes,
        Observable::Contents,
        Observable::Maps,
        Observable::Smaps,
        Observable::Pagemap,
        Observable::Frames,
        Observable::PageFlags,
        Observable::PageCounts,
        Observable::Status,
        Observable::Statm,
        Observable::Rollup,
        Observable::NumaMaps,
        Observable::KernelLog,
        Observable::SystemCounts,
    ];

    /// What it is.
    pub const fn name(self) -> &'static str {
        match self {
            Observable::Outcomes => "results, errors and signals",
            Observable::Contents => "contents",
            Observable::Maps => "maps",
            Observable::Smaps => "smaps",
            Observable::Pagemap => "pagemap",
            Observable::Frames => "sharing of frames",
            Observable::PageFlags => "kpageflags",
            Observable::PageCounts => "kpagecount",
            Observable::Status => "status",
            Observable::Statm => "statm",
            Observable::Rollup => "smaps_rollup",
            Observable::NumaMaps => "numa_maps",
            Observable::KernelLog => "the kernel's log",
            Observable::SystemCounts => SYSTEM_COUNTS,
        }
    }

    /// The same in one word.
    pub const fn word(self) -> &'static str {
        match self {
            Observable::Outcomes => "results",
            Observable::Frames => "frames",
            Observable::Rollup => "rollup",
            Observable::NumaMaps => "numa",
            Observable::KernelLog => "log",
            Observable::SystemCounts => "counts",
            other => other.name(),
        }
    }

    /// Whether it can be compared with what is visible.
    pub fn is_compared(self, caps: &Capabilities) -> bool {
        let parts = &caps.parts;
        match self {
            Observable::Outcomes => true,
            Observable::Contents => parts.contents,
            Observable::Maps => parts.maps,
            Observable::Smaps => parts.smaps,
            Observable::Pagemap => parts.pagemap,
            Observable::Frames => parts.pagemap && caps.frames,
            Observable::PageFlags => parts.page_flags,
            Observable::PageCounts => caps.views.contains(Views::PAGE_COUNTS),
            Observable::Status => parts.status,
            Observable::Statm => caps.views.contains(Views::STATM),
            Observable::Rollup => caps.views.contains(Views::ROLLUP),
            Observable::NumaMaps => caps.views.contains(Views::NUMA_MAPS),
            Observable::KernelLog => caps.kernel_log,
            Observable::SystemCounts => caps.system_counts,
        }
    }

    /// The part that a field, as it is printed, belongs to.
    pub fn of_field(field: &str) -> Observable {
        match field.split('-').next().unwrap_or_default() {
            "maps" => Observable::Maps,
            "smaps" | "vmflag" => Observable::Smaps,
            "pagemap" => Observable::Pagemap,
            "frame" => Observable::Frames,
            "kpageflags" => Observable::PageFlags,
            "contents" => Observable::Contents,
            "kpagecount" => Observable::PageCounts,
            "status" => Observable::Status,
            "statm" => Observable::Statm,
            "rollup" => Observable::Rollup,
            "numa" => Observable::NumaMaps,
            "system" => Observable::SystemCounts,
            "kernel" | "the kernel" => Observable::KernelLog,
            _ => Observable::Outcomes,
        }
    }

    /// Whether a remark on what is not compared, which begins with what it is
    /// about, is about all of it.
    pub fn is_subject_of(self, what: &str) -> bool {
        what.strip_prefix(self.name()).is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Field, MapsColumn, PageBit};
    use super::*;
    use mm_reference::snapshot::{
        NumaField, RollupField, SmapsField, StatmField, StatusField, SystemCounter,
    };

    #[test]
    fn every_field_belongs_to_a_part() {
        let of = |field: Field| Observable::of_field(&field.to_string());
        assert_eq!(of(Field::Outcome), Observable::Outcomes);
        assert_eq!(of(Field::Process), Observable::Outcomes);
        assert_eq!(of(Field::Maps(MapsColumn::Line)), Observable::Maps);
        assert_eq!(of(Field::Smaps(SmapsField::Rss)), Observable::Smaps);
        assert_eq!(of(Field::SmapsUnknown), Observable::Smaps);
        assert_eq!(of(Field::VmFlag(*b"gu")), Observable::Smaps);
        assert_eq!(of(Field::VmFlagOrder), Observable::Smaps);
        assert_eq!(of(Field::Pagemap(PageBit(63))), Observable::Pagemap);
        assert_eq!(of(Field::SwapEntry), Observable::Pagemap);
        assert_eq!(of(Field::Frame), Observable::Frames);
        assert_eq!(of(Field::PageFlag(PageBit(2))), Observable::PageFlags);
        assert_eq!(of(Field::Contents), Observable::Contents);
        assert_eq!(of(Field::PageCount), Observable::PageCounts);
        assert_eq!(of(Field::Status(StatusField::VmRss)), Observable::Status);
        assert_eq!(of(Field::Statm(StatmField::Data)), Observable::Statm);
        assert_eq!(of(Field::Rollup(RollupField::Rss)), Observable::Rollup);
        assert_eq!(of(Field::RollupUnknown), Observable::Rollup);
        assert_eq!(of(Field::RollupRange), Observable::Rollup);
        assert_eq!(of(Field::Numa(NumaField::Mapmax)), Observable::NumaMaps);
        assert_eq!(of(Field::NumaLine), Observable::NumaMaps);
        assert_eq!(of(Field::KernelLog), Observable::KernelLog);
        assert_eq!(of(Field::System(SystemCounter::AnonPages)), Observable::SystemCounts);
    }

    #[test]
    fn a_remark_on_a_part_of_it_is_not_about_all_of_it() {
        assert!(Observable::Frames.is_subject_of("sharing of frames, swap offsets"));
        assert!(Observable::PageFlags.is_subject_of("kpageflags"));
        assert!(!Observable::PageFlags.is_subject_of("LOCKED|IDLE of kpageflags"));
        assert!(!Observable::Pagemap.is_subject_of("pagemaps"));
        assert!(!Observable::Smaps.is_subject_of("smaps_rollup"));
    }
}
