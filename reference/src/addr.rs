//! Pages, table spans and the limits of an x86-64 address space.

use std::fmt;

/// Bytes in a page, as a power of two.
pub const PAGE_SHIFT: u32 = 12;
/// Bytes in a page.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;
/// Bytes that one PTE table maps (a PMD entry).
pub const PMD_SIZE: u64 = 1 << 21;
/// Bytes that one PMD table maps (a PUD entry).
pub const PUD_SIZE: u64 = 1 << 30;
/// Bytes that one PUD table maps: a top-level entry with four levels, an entry
/// of the one P4D level more with five (`P4D_SIZE`).
pub const PGDIR_SIZE: u64 = 1 << 39;
/// End of the user address space with four-level paging. With five levels it is
/// where mappings end that do not ask for more (`DEFAULT_MAP_WINDOW`).
pub const MAP_WINDOW: u64 = (1 << 47) - PAGE_SIZE;
/// End of the user address space with five-level paging; nothing is ever mapped
/// above.
pub const TASK_SIZE_MAX: u64 = (1 << 56) - PAGE_SIZE;
/// Pages kept free below a growing stack (`stack_guard_gap`, the default).
pub const STACK_GUARD_PAGES: u64 = 256;

/// A number of bytes as people say it: `16 MiB`, in the largest unit that it is a
/// multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let fitting = |&(shift, _): &(u32, &str)| self.0 != 0 && self.0 % (1 << shift) == 0;
        match UNITS.into_iter().find(fitting) {
            Some((shift, unit)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

/// Rounds down to a page boundary.
pub const fn page_down(address: u64) -> u64 {
    address & !(PAGE_SIZE - 1)
}

/// Rounds up to a page boundary as `PAGE_ALIGN` does: wraps to 0 at the top.
pub const fn page_up(address: u64) -> u64 {
    address.wrapping_add(PAGE_SIZE - 1) & !(PAGE_SIZE - 1)
}

/// Whether the address lies on a page boundary.
pub const fn page_aligned(address: u64) -> bool {
    address & (PAGE_SIZE - 1) == 0
}

/// Rounds down to a multiple of `align`, a power of two.
pub const fn align_down(address: u64, align: u64) -> u64 {
    address & !(align - 1)
}

/// Rounds up to a multiple of `align`, a power of two; wraps at the top.
pub const fn align_up(address: u64, align: u64) -> u64 {
    address.wrapping_add(align - 1) & !(align - 1)
}

/// A byte count in whole pages (the count is a multiple of a page).
pub const fn pages(bytes: u64) -> u64 {
    bytes >> PAGE_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_largest_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (4095, "4095 bytes"),
            (PAGE_SIZE, "4 KiB"),
            (3 << 19, "1536 KiB"),
            (16 << 20, "16 MiB"),
            (1 << 47, "128 TiB"),
            (MAP_WINDOW, "137438953468 KiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text);
        }
    }
}
