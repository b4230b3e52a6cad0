//! Which allocation it was that failed, from what the kernel says of it in its log.

use mm_reference::model::Purpose;
use std::fmt;

/// How many functions are named.
const DEPTH: usize = 4;
/// What every allocation goes through.
const ALLOCATORS: &[&str] = &[
    "dump_stack",
    "__dump_stack",
    "should_fail",
    "__should_fail",
    "kmem_cache_alloc",
    "__kmem_cache_alloc",
    "__kmalloc",
    "kmalloc",
    "__slab_alloc",
    "___slab_alloc",
    "slab_",
    "alloc_pages",
    "alloc_frozen_pages",
    "__alloc_frozen_pages",
    "__alloc_pages",
    "prepare_alloc_pages",
];

/// The functions that led to an allocation, the innermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    functions: Vec<String>,
}

impl Site {
    /// That of the injected failure of which the lines of the log speak. The kernel says
    /// nothing of one that was asked for with `__GFP_NOWARN`.
    pub(super) fn find(lines: &[String]) -> Option<Site> {
        let said = |line: &String| line.contains("FAULT_INJECTION: forcing a failure");
        let start = lines.iter().position(said)?;
        let functions = lines[start..].iter().filter_map(|line| function(line));
        let functions: Vec<String> = functions
            .skip_while(|name| ALLOCATORS.iter().any(|allocator| name.starts_with(allocator)))
            .take_while(|name| !name.contains("_sys_") && !name.starts_with("do_syscall"))
            .map(str::to_owned)
            .collect();
        (!functions.is_empty()).then_some(Site { functions })
    }

    /// Which of the model's requests it belongs to.
    pub(super) fn purpose(&self) -> Option<Purpose> {
        let (_, purpose) = PURPOSES.iter().find(|(function, _)| self.has(function))?;
        Some(*purpose)
    }

    /// Whether it is that of a page table itself, so that the next one is another table's.
    pub(super) fn is_table(&self) -> bool {
        TABLES.contains(&self.functions[0].as_str())
    }

    fn has(&self, function: &str) -> bool {
        self.functions.iter().any(|name| name == function)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.functions.len().min(DEPTH);
        f.write_str(&self.functions[..shown].join(" < "))
    }
}

/// What a request of the model's is made in, the innermost first.
const PURPOSES: &[(&str, Purpose)] = &[
    ("move_page_tables", Purpose::PageTable),
    ("__split_vma", Purpose::Split),
    ("vma_merge_extend", Purpose::Extension),
    ("vma_expand", Purpose::Merge),
    ("copy_vma", Purpose::Copy),
    ("do_vmi_align_munmap", Purpose::Removal),
];
/// What allocates the page of a table.
const TABLES: &[&str] = &["pte_alloc_one", "__pmd_alloc", "__pud_alloc"];

/// The function of a line of a trace such as ` vm_area_dup+0x1c/0x90`. Those with a
/// question mark were found on the stack, and may mean nothing.
fn function(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix(' ')?.split_once("+0x")?;
    (rest.contains("/0x") && !name.contains([' ', ':'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_of_the_allocator_is_named() {
        let log = "something before\n\
            FAULT_INJECTION: forcing a failure.\nname failslab, interval 1\n\
            CPU: 0 UID: 0 PID: 70 Comm: subject\nCall Trace:\n <TASK>\n\
            \u{20}dump_stack_lvl+0x5d/0x80\n should_fail_ex.cold+0x32/0x3d\n\
            \u{20}? should_failslab+0x1/0x2\n should_failslab+0x4a/0x70\n\
            \u{20}kmem_cache_alloc_noprof+0x5b/0x390\n ? vm_area_dup+0x1c/0x90\n\
            \u{20}vm_area_dup+0x1c/0x90\n __split_vma+0x80/0x300\n\
            \u{20}__x64_sys_mremap+0x1/0x2\n do_syscall_64+0x1/0x2";
        let lines: Vec<String> = log.lines().map(str::to_owned).collect();
        let site = Site::find(&lines).unwrap();
        assert_eq!(site.to_string(), "vm_area_dup < __split_vma");
        assert_eq!(site.purpose(), Some(Purpose::Split));
        assert!(!site.is_table());
        assert_eq!(Site::find(&lines[..1]), None);
    }
}
