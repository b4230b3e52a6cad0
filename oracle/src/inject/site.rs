//! Which allocation it was that failed, from what the kernel says of it in its log.

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

/// The functions, the innermost first, that led to the injected failure of which the
/// lines of the log speak; nothing where they speak of none.
pub(super) fn site(lines: &[String]) -> Option<String> {
    let start =
        lines.iter().position(|line| line.contains("FAULT_INJECTION: forcing a failure"))?;
    let functions = lines[start..].iter().filter_map(|line| function(line));
    let names: Vec<&str> = functions
        .skip_while(|name| ALLOCATORS.iter().any(|allocator| name.starts_with(allocator)))
        .take_while(|name| !name.contains("_sys_") && !name.starts_with("do_syscall"))
        .take(DEPTH)
        .collect();
    (!names.is_empty()).then(|| names.join(" < "))
}

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
        assert_eq!(site(&lines).as_deref(), Some("vm_area_dup < __split_vma"));
        assert_eq!(site(&lines[..1]), None);
    }
}
