//! Small programs whose result tells which of two legitimate behaviours a
//! kernel has.
//!
//! Each runs in a child of its own, with raw system calls and without
//! allocation, so that it may do what it likes to its address space.

use super::sys::{self, advise, map, page_bits, vm_flags, Here, PAGE};
use mm_reference::op::consts::*;
use mm_reference::profile::Rule;
use mm_reference::snapshot::PageEntry;
use mm_reference::text::ConfigName;

const RW: u64 = PROT_READ | PROT_WRITE;
const ANON: u64 = MAP_PRIVATE | MAP_ANONYMOUS;
const PMD: u64 = mm_reference::addr::PMD_SIZE;

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The kernel has it.
    Present,
    /// The kernel lacks it.
    Absent,
    /// The probe could not tell.
    Unknown,
}

impl Verdict {
    /// Present or absent, if that is known.
    pub fn answer(self) -> Option<bool> {
        match self {
            Verdict::Present => Some(true),
            Verdict::Absent => Some(false),
            Verdict::Unknown => None,
        }
    }

    fn of(present: bool) -> Verdict {
        if present {
            Verdict::Present
        } else {
            Verdict::Absent
        }
    }

    /// An operation that exists answers 0, one that does not exist answers with
    /// one particular error.
    fn exists(result: Result<u64, i32>, absent: i32) -> Verdict {
        match result {
            Ok(_) => Verdict::Present,
            Err(e) if e == absent => Verdict::Absent,
            Err(_) => Verdict::Unknown,
        }
    }
}

/// What the result of a probe decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decides {
    /// A version-dependent rule.
    Rule(Rule),
    /// A configuration option, as far as it is in effect.
    Config(ConfigName),
}

/// A small program and what it decides.
pub struct Probe {
    /// What its result decides.
    pub decides: Decides,
    /// What it does.
    pub text: &'static str,
    /// Does it; runs in a child.
    body: fn() -> Option<Verdict>,
}

impl Probe {
    /// Runs it in a child; what goes wrong there is [`Verdict::Unknown`].
    pub fn run(&self) -> Verdict {
        const CODES: [Verdict; 3] = [Verdict::Unknown, Verdict::Present, Verdict::Absent];
        let body = self.body;
        let code = sys::in_child(|| {
            let verdict = body().unwrap_or(Verdict::Unknown);
            CODES.iter().position(|v| *v == verdict).unwrap_or(0) as i32
        });
        code.and_then(|code| CODES.get(code as usize).copied()).unwrap_or(Verdict::Unknown)
    }
}

macro_rules! probes {
    ($($kind:ident $name:ident: $text:literal, $body:expr;)+) => {
        /// Every probe.
        pub const PROBES: &[Probe] = &[$(Probe {
            decides: Decides::$kind(probes!(@ $kind $name)),
            text: $text,
            body: $body,
        }),+];
    };
    (@ Rule $name:ident) => { Rule::$name };
    (@ Config $name:ident) => { ConfigName::$name };
}

probes! {
    Rule Mseal: "mseal of nothing", || {
        Some(Verdict::exists(sys::mseal(map(PAGE, RW, ANON)?, 0), libc::ENOSYS))
    };
    Rule Droppable: "mmap with MAP_DROPPABLE", || {
        let flags = MAP_DROPPABLE | MAP_ANONYMOUS;
        Some(Verdict::exists(sys::mmap(0, PAGE, RW, flags), libc::EINVAL))
    };
    Rule GuardRegions: "MADV_GUARD_INSTALL on a page", || {
        let page = map(PAGE, RW, ANON)?;
        Some(Verdict::exists(advise(page, PAGE, MADV_GUARD_INSTALL), libc::EINVAL))
    };
    Rule PagemapGuardBit: "pagemap of a page with a guard marker", || {
        let page = map(PAGE, RW, ANON)?;
        advise(page, PAGE, MADV_GUARD_INSTALL).ok()?;
        Some(Verdict::of(page_bits(page)? & PageEntry::GUARD != 0))
    };
    Rule MaybeGuard: "VmFlags of a mapping with a guard marker", || {
        let page = map(PAGE, RW, ANON)?;
        advise(page, PAGE, MADV_GUARD_INSTALL).ok()?;
        Some(Verdict::of(vm_flags(page)?.has(b"gu")))
    };
    Rule VmflagsLf: "VmFlags of a mapping locked on fault", || {
        let page = map(PAGE, RW, ANON)?;
        sys::mlock_on_fault(page, PAGE).ok()?;
        let flags = vm_flags(page)?;
        (flags.has(b"lf") != flags.has(b"??")).then(|| Verdict::of(flags.has(b"lf")))
    };
    Rule PopulateStopsAtHole: "MADV_POPULATE_WRITE of a hole and a page", || {
        let hole = map(2 * PAGE, RW, ANON)?;
        sys::munmap(hole, PAGE).ok()?;
        advise(hole, 2 * PAGE, MADV_POPULATE_WRITE).err()?;
        Some(Verdict::of(page_bits(hole + PAGE)? & PageEntry::PRESENT == 0))
    };
    Config LruGen: "/sys/kernel/mm/lru_gen/enabled", || {
        let on = sys::any_line(c"/sys/kernel/mm/lru_gen/enabled", |line| {
            line.iter().any(|digit| b"13579bdf".contains(digit) && line.last() == Some(digit))
        });
        Some(Verdict::of(on.unwrap_or(false)))
    };
    Rule MapStackNoHuge: "VmFlags of a mapping with MAP_STACK", || {
        Some(Verdict::of(vm_flags(map(PAGE, RW, ANON | MAP_STACK)?)?.has(b"nh")))
    };
    Rule MprotectDropsAccount: "VmFlags of an untouched mapping made read-only", || {
        let page = map(PAGE, RW, ANON)?;
        if !vm_flags(page)?.has(b"ac") {
            return None;
        }
        sys::mprotect(page, PAGE, PROT_READ).ok()?;
        Some(Verdict::of(!vm_flags(page)?.has(b"ac")))
    };
    Rule ThpAlignMultiple: "addresses of 4 MiB mappings", thp_alignment;
    Rule MremapDestinationFirst: "mremap of nothing to an address within a page", || {
        let hole = map(PAGE, RW, ANON)?;
        sys::munmap(hole, PAGE).ok()?;
        match sys::mremap(hole, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, hole + PAGE / 2) {
            Err(libc::EINVAL) => Some(Verdict::Present),
            Err(libc::EFAULT) => Some(Verdict::Absent),
            _ => None,
        }
    };
    Rule MremapEarlyChecks: "mremap of nothing to more than the address space", || {
        let hole = map(PAGE, RW, ANON)?;
        sys::munmap(hole, PAGE).ok()?;
        match sys::mremap(hole, PAGE, mm_reference::addr::TASK_SIZE_MAX + PAGE, 0, 0) {
            Err(libc::EINVAL) => Some(Verdict::Present),
            Err(libc::EFAULT) => Some(Verdict::Absent),
            _ => None,
        }
    };
    Rule MremapMulti: "mremap of two mappings to a fixed place", || {
        let from = map(2 * PAGE, RW, ANON)?;
        sys::mprotect(from + PAGE, PAGE, PROT_READ).ok()?;
        let to = map(2 * PAGE, PROT_NONE, ANON)?;
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        Some(Verdict::exists(sys::mremap(from, 2 * PAGE, 2 * PAGE, flags, to), libc::EFAULT))
    };
    Rule CopyVmaForkCheck: "mremap of inherited memory to beside a new mapping", moved_beside_new;
    Config AnonVmaName: "prctl(PR_SET_VMA_ANON_NAME)", || {
        let page = map(PAGE, RW, ANON)?;
        Some(Verdict::exists(sys::set_name(page, PAGE, c"probe"), libc::EINVAL))
    };
    Config SoftDirty: "VmFlags and pagemap of a page just written", || {
        let page = map(PAGE, RW, ANON)?;
        sys::write_byte(page);
        let flag = vm_flags(page)?.has(b"sd");
        Some(Verdict::of(flag || page_bits(page)? & PageEntry::SOFT_DIRTY != 0))
    };
    Config PtReclaim: "VmPTE before and after MADV_DONTNEED of 2 MiB", || {
        let area = map(4 * PMD, RW, ANON)?;
        advise(area, 4 * PMD, MADV_NOHUGEPAGE).ok();
        let aligned = area.next_multiple_of(PMD);
        for page in 0..PMD / PAGE {
            sys::write_byte(aligned + page * PAGE);
        }
        let before = sys::page_table_kilobytes()?;
        advise(aligned, PMD, MADV_DONTNEED).ok()?;
        Some(Verdict::of(sys::page_table_kilobytes()? < before))
    };
    Config Ksm: "MADV_MERGEABLE", || {
        let page = map(PAGE, RW, ANON)?;
        Some(Verdict::exists(advise(page, PAGE, MADV_MERGEABLE), libc::EINVAL))
    };
    Config Thp: "MADV_NOHUGEPAGE", || {
        let page = map(PAGE, RW, ANON)?;
        Some(Verdict::exists(advise(page, PAGE, MADV_NOHUGEPAGE), libc::EINVAL))
    };
    Config MemoryFailure: "HardwareCorrupted in /proc/meminfo", || {
        sys::any_line(c"/proc/meminfo", |line| line.starts_with(b"HardwareCorrupted:"))
            .map(Verdict::of)
    };
    Config Pkeys: "pkey_alloc", || match sys::pkey_alloc() {
        Ok(_) => Some(Verdict::Present),
        // no such call, no such processor feature, no key of a feature that is off
        Err(libc::ENOSYS | libc::EINVAL | libc::ENOSPC) => Some(Verdict::Absent),
        Err(_) => None,
    };
    Config La57: "mmap with a hint beyond four levels", || {
        let hint = 1 << 48;
        Some(Verdict::of(sys::mmap(hint, PAGE, PROT_NONE, ANON).ok()? == hint))
    };
    Config ShadowStack: "user_shstk in /proc/cpuinfo", || {
        sys::any_line(c"/proc/cpuinfo", |line| {
            line.starts_with(b"flags") && line.here(b" user_shstk")
        })
        .map(Verdict::of)
    };
}

/// In a child, moves a page that was written before the fork away and back, to
/// beside a mapping made meanwhile, and finds out whether the two became one:
/// only then can both be moved by a call that also grows them.
fn moved_beside_new() -> Option<Verdict> {
    const MERGED: i32 = 1;
    const APART: i32 = 2;
    let area = map(8 * PAGE, PROT_NONE, ANON)?;
    let (page, away) = (area + PAGE, area + 4 * PAGE);
    sys::mmap(page, PAGE, RW, ANON | MAP_FIXED).ok()?;
    sys::write_byte(page);
    let code = sys::in_child(|| {
        let to = MREMAP_MAYMOVE | MREMAP_FIXED;
        let moved = sys::mremap(page, PAGE, PAGE, to, away)
            .and_then(|_| sys::mmap(page + PAGE, PAGE, RW, ANON | MAP_FIXED))
            .and_then(|_| sys::mremap(away, PAGE, PAGE, to, page));
        if moved.is_err() {
            return 0;
        }
        match sys::mremap(page, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0) {
            Ok(_) => MERGED,
            Err(libc::EFAULT) => APART,
            Err(_) => 0,
        }
    });
    match code? {
        MERGED => Some(Verdict::Absent),
        APART => Some(Verdict::Present),
        _ => None,
    }
}

/// Three mappings that are hardly all aligned by chance.
fn thp_alignment() -> Option<Verdict> {
    let mut aligned = 0;
    for _ in 0..3 {
        let area = map(2 * PMD, RW, ANON)?;
        if area % PMD == 0 {
            aligned += 1;
        }
        // a page right below, which the next one cannot but leave a distance to: where
        // else a page would go is anybody's guess
        sys::mmap(area - PAGE, PAGE, PROT_NONE, ANON | MAP_FIXED_NOREPLACE).ok();
    }
    Some(Verdict::of(aligned == 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_switch_has_two_probes() {
        for (index, probe) in PROBES.iter().enumerate() {
            assert!(PROBES[..index].iter().all(|p| p.decides != probe.decides), "{}", probe.text);
        }
    }

    #[test]
    fn a_probe_that_dies_says_nothing() {
        let dies = Probe {
            decides: Decides::Config(ConfigName::Ksm),
            text: "a wild write",
            body: || {
                let page = map(PAGE, PROT_NONE, ANON)?;
                sys::write_byte(page);
                Some(Verdict::Present)
            },
        };
        assert_eq!(dies.run(), Verdict::Unknown);
    }

    #[test]
    fn verdicts_come_back() {
        for verdict in [|| Some(Verdict::Present), || Some(Verdict::Absent), || None] {
            let body: fn() -> Option<Verdict> = verdict;
            let probe = Probe { decides: Decides::Config(ConfigName::Ksm), text: "", body };
            assert_eq!(probe.run(), body().unwrap_or(Verdict::Unknown));
        }
    }
}
