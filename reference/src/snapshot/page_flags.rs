//! Entries of `/proc/kpageflags`.

use std::fmt;

macro_rules! page_flags {
    ($($name:ident = $bit:literal;)+) => {
        bitflags::bitflags! {
            /// The flags of one page frame; those without a name are kept.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
            pub struct PageFlags: u64 {
                $(
                    #[doc = concat!("Bit ", stringify!($bit), ".")]
                    const $name = 1 << $bit;
                )+
                const _ = !0;
            }
        }
    };
}

// numbered as `include/uapi/linux/kernel-page-flags.h` and
// `include/linux/kernel-page-flags.h` do; described in
// `Documentation/admin-guide/mm/pagemap.rst`
page_flags! {
    LOCKED = 0;
    ERROR = 1;
    REFERENCED = 2;
    UPTODATE = 3;
    DIRTY = 4;
    LRU = 5;
    ACTIVE = 6;
    SLAB = 7;
    WRITEBACK = 8;
    RECLAIM = 9;
    BUDDY = 10;
    MMAP = 11;
    ANON = 12;
    SWAPCACHE = 13;
    SWAPBACKED = 14;
    COMPOUND_HEAD = 15;
    COMPOUND_TAIL = 16;
    HUGE = 17;
    UNEVICTABLE = 18;
    HWPOISON = 19;
    NOPAGE = 20;
    KSM = 21;
    THP = 22;
    OFFLINE = 23;
    ZERO_PAGE = 24;
    IDLE = 25;
    PGTABLE = 26;
    RESERVED = 32;
    MLOCKED = 33;
    // `PG_anon_exclusive` has no number of its own: it shares its bit with what
    // is MAPPEDTODISK, later OWNER_2, for other pages
    ANON_EXCLUSIVE = 34;
    PRIVATE = 35;
    PRIVATE_2 = 36;
    OWNER_PRIVATE = 37;
    ARCH = 38;
    UNCACHED = 39;
    SOFTDIRTY = 40;
    ARCH_2 = 41;
    ARCH_3 = 42;
    // no kernel has so many; on the model's side: ACTIVE may be there or not
    ACTIVE_OR_NOT = 63;
}

impl fmt::Display for PageFlags {
    /// Names the flags: `UPTODATE|LRU`; `-` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        let mut separator = "";
        let mut names = self.iter_names();
        for (name, _) in names.by_ref() {
            write!(f, "{separator}{name}")?;
            separator = "|";
        }
        let unnamed = names.remaining().bits();
        for bit in (0..u64::BITS).filter(|bit| unnamed & 1 << bit != 0) {
            write!(f, "{separator}bit{bit}")?;
            separator = "|";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_shown_by_name_and_others_by_number() {
        assert_eq!(PageFlags::empty().to_string(), "-");
        let flags = PageFlags::LRU | PageFlags::MLOCKED;
        assert_eq!(flags.to_string(), "LRU|MLOCKED");
        assert_eq!((flags | PageFlags::from_bits_retain(1 << 60)).to_string(), "LRU|MLOCKED|bit60");
    }
}
