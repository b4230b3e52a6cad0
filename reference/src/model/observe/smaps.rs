//! Entries of `/proc/pid/smaps` (`smaps_account`, `__show_smap`).

use super::{flags, maps};
use crate::addr::PAGE_SIZE;
use crate::defect::Defect;
use crate::model::folio::{Folio, FolioFlags};
use crate::model::page_table::{Pte, PteBits};
use crate::model::pkeys;
use crate::model::vma::{Backing, VmFlags, Vma};
use crate::model::{Mm, System};
use crate::profile::{Profile, Rule};
use crate::snapshot::{MapsLine, Name, Perms, SmapsEntry, SmapsField};

const PSS_SHIFT: u32 = 12;
const VSYSCALL: (u64, u64) = (0xffff_ffff_ff60_0000, 0xffff_ffff_ff60_1000);

/// Every entry of a process.
pub(super) fn fill(system: &System, mm: &Mm, entries: &mut Vec<SmapsEntry>) {
    let mut count = 0;
    for vma in mm.vmas.iter() {
        let line = maps::line(system, mm, vma);
        fill_entry(system, mm, vma, SmapsEntry::at(entries, count, line));
        count += 1;
    }
    if let Some(perms) = system.fixture.vsyscall {
        vsyscall(system, perms, SmapsEntry::at(entries, count, vsyscall_line(perms)));
        count += 1;
    }
    entries.truncate(count);
}

fn fill_entry(system: &System, mm: &Mm, vma: &Vma, entry: &mut SmapsEntry) {
    if let Backing::Special(number) = vma.backing {
        if let Some(seen) = system.fixture.specials.get(usize::from(number)) {
            *entry = SmapsEntry { line: entry.line.clone(), ..seen.clone() };
            return entry.set(SmapsField::Size, vma.len() >> 10);
        }
    }
    fill_counters(system, &sums_of(system, mm, vma), entry);
    if system.profile.config.pkeys {
        entry.set(SmapsField::ProtectionKey, pkeys::number(vma.flags));
    }
    entry.flags = flags::list(&system.profile, vma.flags);
}

/// What the pages of a mapping come to (`smap_gather_stats`).
pub(super) fn sums_of(system: &System, mm: &Mm, vma: &Vma) -> Sums {
    let mut sums = Sums::default();
    let profile = &*system.profile;
    mm.tables.for_each(vma.start, vma.end, |_, pte| match pte {
        Pte::Page(id, bits) => sums.account(profile, system.folios.get(id), bits),
        Pte::Swap(id, _) => sums.account_swap(profile, system.folios.get(id)),
        Pte::Zero if profile.has_defect(Defect::ZeroResident) => sums.resident += PAGE_SIZE,
        _ => {}
    });
    if vma.flags.contains(VmFlags::LOCKED) {
        sums.locked = match profile.has_defect(Defect::LockedCountsSize) {
            true => vma.len() << PSS_SHIFT,
            false => sums.pss,
        };
    }
    sums
}

fn vsyscall_line(perms: Perms) -> MapsLine {
    let (start, end) = VSYSCALL;
    let name = Name::Vsyscall;
    MapsLine { start, end, perms, offset: 0, dev: (0, 0), inode: 0, name }
}

/// The gate mapping, which holds nothing.
fn vsyscall(system: &System, perms: Perms, entry: &mut SmapsEntry) {
    fill_counters(system, &Sums::default(), entry);
    for (letter, code) in [(b'r', *b"rd"), (b'x', *b"ex")] {
        if perms.0.contains(&letter) {
            entry.flags.push(code);
        }
    }
}

fn fill_counters(system: &System, sums: &Sums, entry: &mut SmapsEntry) {
    use SmapsField as F;
    let size = entry.line.end - entry.line.start;
    let page = PAGE_SIZE;
    // a field is absent only where its kernel lacks it
    for (field, bytes) in [
        (F::Size, size),
        (F::KernelPageSize, page),
        (F::MmuPageSize, page),
        (F::Rss, sums.resident),
        (F::Pss, sums.pss >> PSS_SHIFT),
        (F::PssDirty, sums.pss_dirty >> PSS_SHIFT),
        (F::SharedClean, sums.shared_clean),
        (F::SharedDirty, sums.shared_dirty),
        (F::PrivateClean, sums.private_clean),
        (F::PrivateDirty, sums.private_dirty),
        (F::Referenced, sums.referenced),
        (F::Anonymous, sums.anonymous),
        (F::LazyFree, sums.lazy_free),
        (F::AnonHugePages, 0),
        (F::ShmemPmdMapped, 0),
        (F::FilePmdMapped, 0),
        (F::SharedHugetlb, 0),
        (F::PrivateHugetlb, 0),
        (F::Swap, sums.swap),
        (F::SwapPss, sums.swap_pss >> PSS_SHIFT),
        (F::Locked, sums.locked >> PSS_SHIFT),
        (F::ThpEligible, 0),
    ] {
        entry.set(field, bytes >> 10);
    }
    if system.profile.has(Rule::KsmInSmaps) {
        entry.set(F::Ksm, 0);
    }
    if system.profile.config.pkeys {
        entry.set(F::ProtectionKey, 0);
    }
}

macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// `struct mem_size_stats`: bytes, shares of pages shifted left by [`PSS_SHIFT`].
        #[derive(Default)]
        pub(super) struct Sums { $($(#[$doc])* pub $name: u64),+ }

        impl Sums {
            /// Adds those of another mapping.
            pub fn add(&mut self, more: &Sums) {
                $(self.$name += more.$name;)+
            }
        }
    };
}

sums! {
    resident,
    pss,
    /// The part of it that is anonymous memory; the rest is shared memory.
    pss_anon,
    pss_dirty,
    locked,
    shared_clean,
    shared_dirty,
    private_clean,
    private_dirty,
    referenced,
    anonymous,
    lazy_free,
    swap,
    swap_pss,
}

impl Sums {
    /// The whole bytes of a share.
    pub fn whole(share: u64) -> u64 {
        share >> PSS_SHIFT
    }

    /// Makes shares whole kB, as they are shown.
    pub fn round(&mut self) {
        for share in [&mut self.pss, &mut self.pss_anon, &mut self.pss_dirty, &mut self.swap_pss] {
            *share = *share >> (PSS_SHIFT + 10) << (PSS_SHIFT + 10);
        }
    }

    /// `smaps_pte_entry` for a page in swap
    fn account_swap(&mut self, profile: &Profile, folio: &Folio) {
        self.swap += PAGE_SIZE;
        let whole = profile.has_defect(Defect::SwapPssCountsWhole);
        let sharers = if whole { 1 } else { folio.mapcount.max(1) };
        self.swap_pss += (PAGE_SIZE << PSS_SHIFT) / u64::from(sharers);
    }

    /// `smaps_account`
    fn account(&mut self, profile: &Profile, folio: &Folio, bits: PteBits) {
        let defect = |defect| profile.has_defect(defect);
        let folio_dirty =
            folio.flags.contains(FolioFlags::DIRTY) && !defect(Defect::DirtyIgnoresPage);
        let dirty = bits.contains(PteBits::DIRTY) || folio_dirty;
        if folio.is_anon() {
            if folio.mapcount == 1 || !defect(Defect::AnonymousOnlyPrivate) {
                self.anonymous += PAGE_SIZE;
            }
            if (!dirty || defect(Defect::LazyFreeCountsDirty))
                && !folio.flags.contains(FolioFlags::SWAPBACKED)
            {
                self.lazy_free += PAGE_SIZE;
            }
        }
        self.resident += PAGE_SIZE;
        let mut used = FolioFlags::YOUNG | FolioFlags::REFERENCED;
        used.set(FolioFlags::REFERENCED, !defect(Defect::ReferencedIgnoresPage));
        if bits.contains(PteBits::YOUNG) || folio.flags.intersects(used) {
            self.referenced += PAGE_SIZE;
        }
        let shared = folio.mapcount >= if defect(Defect::SharedFromThree) { 3 } else { 2 };
        let sharers = if defect(Defect::PssCountsWhole) { 1 } else { folio.mapcount.max(1) };
        let share = match sharers {
            1 => PAGE_SIZE << PSS_SHIFT, // nearly always, and a division takes its time
            2 => (PAGE_SIZE << PSS_SHIFT) / 2,
            _ => (PAGE_SIZE << PSS_SHIFT) / u64::from(sharers),
        };
        self.pss += share;
        if folio.is_anon() {
            self.pss_anon += share;
        }
        if dirty || defect(Defect::PssDirtyCountsClean) {
            self.pss_dirty += share;
        }
        let dirty = dirty || !shared && defect(Defect::PrivateAlwaysDirty);
        let dirty = dirty && !(shared && defect(Defect::SharedNeverDirty));
        *match (shared, dirty) {
            (false, false) => &mut self.private_clean,
            (false, true) => &mut self.private_dirty,
            (true, false) => &mut self.shared_clean,
            (true, true) => &mut self.shared_dirty,
        } += PAGE_SIZE;
    }
}
