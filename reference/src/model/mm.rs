//! One address space: `struct mm_struct`.

use super::page_table::PageTables;
use super::vma::{VmFlags, Vma};
use super::vma_tree::VmaTree;
use crate::op::consts::{RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK, RLIM_INFINITY};
use std::mem::take;

/// Resource limits in bytes, soft and hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `RLIMIT_AS`
    pub address_space: (u64, u64),
    /// `RLIMIT_DATA`
    pub data: (u64, u64),
    /// `RLIMIT_STACK`
    pub stack: (u64, u64),
    /// `RLIMIT_MEMLOCK`
    pub memlock: (u64, u64),
}

impl Default for Limits {
    fn default() -> Self {
        let none = (RLIM_INFINITY, RLIM_INFINITY);
        Limits { address_space: none, data: none, stack: (8 << 20, RLIM_INFINITY), memlock: none }
    }
}

impl Limits {
    /// Soft and hard limit of a resource that concerns memory.
    pub fn of(&self, resource: u32) -> Option<(u64, u64)> {
        match resource {
            RLIMIT_AS => Some(self.address_space),
            RLIMIT_DATA => Some(self.data),
            RLIMIT_STACK => Some(self.stack),
            RLIMIT_MEMLOCK => Some(self.memlock),
            _ => None,
        }
    }
}

/// Resident pages of an address space (`mm->rss_stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rss {
    /// Pages of files.
    pub file: u64,
    /// Anonymous pages.
    pub anon: u64,
    /// Pages of shared memory.
    pub shmem: u64,
    /// Entries in swap.
    pub swap: u64,
}

impl Rss {
    /// `get_mm_rss`: swapped pages are not resident.
    pub fn total(&self) -> u64 {
        self.file + self.anon + self.shmem
    }
}

/// The state of an address space.
#[derive(Clone, Debug, Default)]
pub struct Mm {
    /// The mappings.
    pub vmas: VmaTree,
    /// Top of the area for mappings (`mmap_base`).
    pub mmap_base: u64,
    /// Whether addresses are random (`PF_RANDOMIZE`), as after an `execve` that moves
    /// the stack.
    pub randomised: bool,
    /// `start_brk`
    pub start_brk: u64,
    /// `brk`, in bytes, not rounded.
    pub brk: u64,
    /// Bytes of initialised data (`end_data - start_data`), part of what
    /// RLIMIT_DATA bounds in `brk`.
    pub data_segment: u64,
    /// `start_stack`: an address in the mapping that is called `[stack]`.
    pub start_stack: u64,
    /// Bytes of the program's code (`end_code - start_code`, page-rounded), for VmExe.
    pub text_size: u64,
    /// Flags that new mappings get (`def_flags`): locked, mergeable.
    pub def_flags: VmFlags,
    /// Pages mapped.
    pub total_vm: u64,
    /// Pages of private writable memory.
    pub data_vm: u64,
    /// Pages of executable memory.
    pub exec_vm: u64,
    /// Pages of stacks.
    pub stack_vm: u64,
    /// Pages in locked mappings.
    pub locked_vm: u64,
    /// The most pages ever mapped, as last noted (`hiwater_vm`).
    pub hiwater_vm: u64,
    /// The page tables.
    pub tables: PageTables,
    /// Resident pages by kind.
    pub rss: Rss,
    /// Pages that faults of the process itself have counted since its counters were last
    /// brought up to date: before 6.2 a task keeps what it counts to itself, for up to 65
    /// faults (`mm/memory.c:check_sync_rss_stat`).
    pub held_back: u64,
    /// The most resident pages, as last noted (`hiwater_rss`).
    pub hiwater_rss: u64,
    /// `MMF_HAS_MDWE` and its inheritance.
    pub mdwe: u64,
    /// `PR_SET_THP_DISABLE` as set.
    pub thp_disable: u64,
    /// `MMF_VM_MERGE_ANY`
    pub merge_any: bool,
}

impl Mm {
    /// Becomes what `start` is, within the memory that is there already.
    pub(super) fn return_to(&mut self, start: &Mm) {
        let (mut vmas, mut tables) = (take(&mut self.vmas), take(&mut self.tables));
        vmas.clone_from(&start.vmas);
        tables.clone_from(&start.tables);
        *self = Mm { vmas, tables, ..*start };
    }

    /// `vm_stat_account`: counts pages in or out by the kind of mapping.
    pub fn stat_account(&mut self, flags: VmFlags, pages: i64) {
        self.total_vm = self.total_vm.wrapping_add_signed(pages);
        if Vma::is_exec(flags) {
            self.exec_vm = self.exec_vm.wrapping_add_signed(pages);
        } else if Vma::is_stack(flags) {
            self.stack_vm = self.stack_vm.wrapping_add_signed(pages);
        } else if Vma::is_data(flags) {
            self.data_vm = self.data_vm.wrapping_add_signed(pages);
        }
    }

    /// Adds to the locked pages, which a kernel may count wrongly, even below zero.
    pub fn account_locked(&mut self, pages: i64) {
        self.locked_vm = self.locked_vm.wrapping_add_signed(pages);
    }

    /// A fault of the process itself counts so many pages (`add_mm_counter_fast`).
    pub(super) fn hold_back(&mut self, pages: u64) {
        self.held_back = self.held_back.saturating_add(pages);
    }

    /// `update_hiwater_vm`
    pub fn note_hiwater_vm(&mut self) {
        self.hiwater_vm = self.hiwater_vm.max(self.total_vm);
    }

    /// `update_hiwater_rss`
    pub fn note_hiwater_rss(&mut self) {
        self.hiwater_rss = self.hiwater_rss.max(self.rss.total());
    }
}
