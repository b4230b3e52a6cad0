//! The two-letter codes of `VmFlags` lines (`show_smap_vma_flags`).

use crate::defect::Defect;
use crate::model::vma::VmFlags;
use crate::profile::{Profile, Rule};
use crate::snapshot::VmFlagList;

/// Codes in the order of the kernel's bits, which differs between versions
/// only in where `ui` stands.
const CODES: &[(VmFlags, [u8; 2])] = &[
    (VmFlags::READ, *b"rd"),
    (VmFlags::WRITE, *b"wr"),
    (VmFlags::EXEC, *b"ex"),
    (VmFlags::SHARED, *b"sh"),
    (VmFlags::MAYREAD, *b"mr"),
    (VmFlags::MAYWRITE, *b"mw"),
    (VmFlags::MAYEXEC, *b"me"),
    (VmFlags::MAYSHARE, *b"ms"),
    (VmFlags::GROWSDOWN, *b"gd"),
    (VmFlags::UFFD_MISSING, *b"um"),
    (VmFlags::PFNMAP, *b"pf"),
    (VmFlags::MAYBE_GUARD, *b"gu"),
    (VmFlags::UFFD_WP, *b"uw"),
    (VmFlags::LOCKED, *b"lo"),
    (VmFlags::IO, *b"io"),
    (VmFlags::SEQ_READ, *b"sr"),
    (VmFlags::RAND_READ, *b"rr"),
    (VmFlags::DONTCOPY, *b"dc"),
    (VmFlags::DONTEXPAND, *b"de"),
    (VmFlags::LOCKONFAULT, *b"lf"),
    (VmFlags::ACCOUNT, *b"ac"),
    (VmFlags::NORESERVE, *b"nr"),
    (VmFlags::HUGETLB, *b"ht"),
    (VmFlags::SYNC, *b"sf"),
    (VmFlags::ARCH_1, *b"ar"),
    (VmFlags::WIPEONFORK, *b"wf"),
    (VmFlags::DONTDUMP, *b"dd"),
    (VmFlags::SOFTDIRTY, *b"sd"),
    (VmFlags::MIXEDMAP, *b"mm"),
    (VmFlags::HUGEPAGE, *b"hg"),
    (VmFlags::NOHUGEPAGE, *b"nh"),
    (VmFlags::MERGEABLE, *b"mg"),
    (VmFlags::SHADOW_STACK, *b"ss"),
    (VmFlags::DROPPABLE, *b"dp"),
    (VmFlags::UFFD_MINOR, *b"ui"),
    (VmFlags::SEALED, *b"sl"),
];

/// The codes by the position of their bit. Positions are in the order of [`CODES`], but
/// for `ui` on some versions.
const BY_BIT: [[u8; 2]; 64] = {
    let mut codes = [[0; 2]; 64];
    let mut at = 0;
    while at < CODES.len() {
        codes[CODES[at].0.bits().trailing_zeros() as usize] = CODES[at].1;
        at += 1;
    }
    codes
};
/// The flags that have a code.
const NAMED: VmFlags = {
    let mut flags = VmFlags::empty();
    let mut at = 0;
    while at < CODES.len() {
        flags = flags.union(CODES[at].0);
        at += 1;
    }
    flags
};

/// The `VmFlags` line of a mapping with these flags.
pub(super) fn list(profile: &Profile, flags: VmFlags) -> VmFlagList {
    let mut shown = flags & NAMED;
    if !profile.config.soft_dirty {
        shown.remove(VmFlags::SOFTDIRTY);
    }
    if profile.has_defect(Defect::FlagsHideMay) {
        shown.remove(VmFlags::MAYEXEC);
    }
    let late = profile.has(Rule::UiBehindDp) && shown.contains(VmFlags::UFFD_MINOR);
    if late {
        shown.remove(VmFlags::UFFD_MINOR);
    }
    let mut list = VmFlagList::default();
    let mut push = |shown: VmFlags| {
        let mut left = shown.bits();
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            let flag = VmFlags::from_bits_retain(1 << bit);
            let unnamed = flag == VmFlags::LOCKONFAULT && !profile.has(Rule::VmflagsLf);
            list.push(if unnamed { *b"??" } else { BY_BIT[bit as usize] });
            if flag == VmFlags::LOCKED && profile.has_defect(Defect::FlagsInOtherOrder) {
                // announces what stands further down
                if left & VmFlags::WIPEONFORK.bits() != 0 {
                    list.push(*b"wf");
                    left &= !VmFlags::WIPEONFORK.bits();
                }
            }
        }
    };
    let up_to_dp = VmFlags::from_bits_retain(2 * VmFlags::DROPPABLE.bits() - 1);
    if late {
        push(shown & up_to_dp);
        push(VmFlags::UFFD_MINOR);
        push(shown - up_to_dp);
    } else {
        push(shown);
    }
    list
}

impl VmFlagList {
    /// The flags that the codes stand for; unknown codes are left out.
    pub fn parse(&self) -> VmFlags {
        let known = |code: &[u8; 2]| CODES.iter().find(|(_, c)| c == code).map(|&(flag, _)| flag);
        self.codes().iter().filter_map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Version;

    #[test]
    fn codes_read_back() {
        let profile = Profile::stock(Version::new(6, 18));
        let flags = VmFlags::READ | VmFlags::ACCOUNT | VmFlags::SEALED | VmFlags::SOFTDIRTY;
        let list = list(&profile, flags);
        assert_eq!(list.to_string(), "rd ac sd sl ");
        assert_eq!(list.parse(), flags);
    }

    #[test]
    fn the_place_of_ui_depends_on_the_version() {
        let flags = VmFlags::UFFD_MINOR | VmFlags::DROPPABLE;
        let line = |version| list(&Profile::stock(version), flags).to_string();
        assert_eq!(line(Version::new(6, 12)), "ui dp ");
        assert_eq!(line(Version::new(6, 18)), "dp ui ");
    }
}
