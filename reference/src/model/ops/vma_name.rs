//! `prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME)`: names for anonymous memory.

use super::madvise::{input_range, retry, walk_vmas};
use crate::errno::Errno;
use crate::model::modify::{modify, Change};
use crate::model::{fail, Backing, Current, Fail};
use crate::op::Outcome;
use std::sync::Arc;

/// The longest name with its terminating NUL (`ANON_VMA_NAME_MAX_LEN`).
const MAX_LEN: usize = 80;

/// Names the memory of a range, or takes its name away. Mirrors
/// `set_anon_vma_name`.
pub(crate) fn set_vma_name(
    cur: &mut Current,
    start: u64,
    len: u64,
    name: Option<&str>,
) -> Result<Outcome, Fail> {
    if !cur.profile.config.anon_vma_name {
        return fail(Errno::EINVAL, "the kernel has no names for anonymous memory");
    }
    if let Some(name) = name {
        if name.len() >= MAX_LEN {
            return fail(Errno::EINVAL, "the name is too long");
        }
        if !name.bytes().all(is_valid) {
            return fail(Errno::EINVAL, "the name has a character that is not allowed");
        }
    }
    let name: Option<Arc<str>> = name.map(Arc::from);
    let Some(end) = input_range(start, len)? else { return Ok(Outcome::Value(0)) };
    walk_vmas(cur, start, end, |cur, at, part| {
        let Some(vma) = cur.mm.vmas.at(at) else { return Ok(at) };
        if matches!(vma.backing, Backing::File(_)) {
            return fail(Errno::EBADF, "only anonymous memory can be named");
        }
        if vma.name == name {
            return Ok(at);
        }
        let change = Change { name: Some(name.clone()), ..Change::default() };
        modify(cur, part.start, part.end, change).map_err(retry)
    })?;
    Ok(Outcome::Value(0))
}

/// Mirrors `is_valid_name_char`.
fn is_valid(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && !b"\\`$[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, page, Bench};
    use super::*;
    use crate::addr::PAGE_SIZE;
    use crate::model::VmFlags;
    use crate::profile::{Quirk, Rule};

    #[test]
    fn names_split_and_merge() {
        let mut bench = Bench::new();
        bench.map(0, 4, VmFlags::WRITE);
        let name = |bench: &mut Bench, from, count, name: Option<&str>| {
            errno(set_vma_name(&mut bench.cur(), page(from), count * PAGE_SIZE, name))
        };
        assert_eq!(name(&mut bench, 1, 1, Some("a b")), None);
        assert_eq!(name(&mut bench, 2, 1, Some("a b")), None);
        assert_eq!(bench.mm.vmas.len(), 3);
        assert_eq!(bench.mm.vmas.at(page(1)).and_then(|vma| vma.name.as_deref()), Some("a b"));
        assert_eq!(name(&mut bench, 0, 5, None), Some(Errno::ENOMEM));
        assert_eq!(bench.mm.vmas.len(), 1);
        for bad in ["a[b", "\u{e9}", "a\nb", &"x".repeat(80)] {
            assert_eq!(name(&mut bench, 9, 0, Some(bad)), Some(Errno::EINVAL));
        }
        assert_eq!(name(&mut bench, 9, 0, Some(&"x".repeat(79))), None);
        bench.profile.config.anon_vma_name = false;
        assert_eq!(name(&mut bench, 0, 1, None), Some(Errno::EINVAL));
    }

    #[test]
    fn naming_forgets_guards_only_where_the_bug_is_imitated() {
        for imitated in [false, true] {
            let mut bench = Bench::new();
            bench.profile.rules.insert(Rule::MaybeGuard);
            if imitated {
                bench.profile.quirks.insert(Quirk::NamingForgetsGuard);
            }
            bench.map(0, 3, VmFlags::WRITE);
            let name = |bench: &mut Bench, at| {
                assert!(set_vma_name(&mut bench.cur(), page(at), PAGE_SIZE, Some("a")).is_ok());
            };
            name(&mut bench, 1);
            bench.mm.vmas.update(page(1), |vma| vma.flags |= VmFlags::MAYBE_GUARD);
            name(&mut bench, 0);
            assert_eq!(bench.spans(VmFlags::MAYBE_GUARD), [(0, 2, !imitated), (2, 3, false)]);
            assert_eq!(bench.fired.contains(Quirk::NamingForgetsGuard), imitated);
            // nothing is left to forget
            name(&mut bench, 2);
            assert_eq!(bench.spans(VmFlags::MAYBE_GUARD), [(0, 3, !imitated)]);
        }
    }
}
