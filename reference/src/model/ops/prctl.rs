//! The `prctl` options that concern memory.

use super::madvise::is_ksm_compatible;
use super::vma_name::set_vma_name;
use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, CannotPredict, Current, Fail, VmFlags};
use crate::op::consts::*;
use crate::op::Outcome;
use crate::profile::{Capability, Rule};

/// Mirrors the system call `prctl`.
pub(crate) fn prctl(cur: &mut Current, option: i32, args: [u64; 4]) -> Result<Outcome, Fail> {
    let unknown = || fail(Errno::EINVAL, "this kernel does not know the option");
    match option {
        PR_SET_MM => set_mm(cur, args),
        PR_SET_THP_DISABLE => set_thp_disable(cur, args),
        PR_GET_THP_DISABLE => {
            if !cur.profile.has_defect(Defect::PrctlIgnoresExtra) {
                check_unused(&args)?;
            }
            Ok(Outcome::Value(cur.mm.thp_disable))
        }
        PR_SET_MDWE | PR_GET_MDWE if !cur.profile.has(Rule::Mdwe) => unknown(),
        PR_SET_MDWE => set_mdwe(cur, args),
        PR_GET_MDWE => {
            check_unused(&args)?;
            Ok(Outcome::Value(cur.mm.mdwe))
        }
        PR_SET_MEMORY_MERGE | PR_GET_MEMORY_MERGE
            if !cur.profile.config.ksm || !cur.profile.has(Rule::MemoryMerge) =>
        {
            unknown()
        }
        PR_SET_MEMORY_MERGE => set_memory_merge(cur, args),
        PR_GET_MEMORY_MERGE => {
            check_unused(&args)?;
            Ok(Outcome::Value(u64::from(cur.mm.merge_any)))
        }
        PR_SET_VMA => set_vma(cur, args),
        _ => Err(CannotPredict("options of prctl that do not concern memory").into()),
    }
}

/// Arguments that an option does not have must be zero.
fn check_unused(args: &[u64]) -> Result<(), Fail> {
    if args.iter().any(|&arg| arg != 0) {
        return fail(Errno::EINVAL, "an unused argument is not zero");
    }
    Ok(())
}

/// Mirrors `prctl_set_thp_disable`. Processes start with huge pages disabled,
/// and nothing is known about those that are not.
fn set_thp_disable(cur: &mut Current, args: [u64; 4]) -> Result<Outcome, Fail> {
    let [disable, flags, rest @ ..] = args;
    check_unused(&rest)?;
    if cur.profile.has(Rule::ThpDisableFlags) {
        if disable == 0 && flags != 0 || flags & !PR_THP_DISABLE_EXCEPT_ADVISED != 0 {
            return fail(Errno::EINVAL, "unknown flags");
        }
    } else {
        check_unused(&[flags])?;
    }
    let wanted = if disable == 0 { 0 } else { 1 | flags };
    if wanted != 1 && cur.profile.config.thp {
        return Err(CannotPredict("huge pages").into());
    }
    cur.mm.thp_disable = wanted;
    Ok(Outcome::Value(0))
}

/// Mirrors `prctl_set_mdwe`: once set it stays.
fn set_mdwe(cur: &mut Current, args: [u64; 4]) -> Result<Outcome, Fail> {
    let [bits, rest @ ..] = args;
    check_unused(&rest)?;
    let no_inherit = if cur.profile.has(Rule::MdweNoInherit) { PR_MDWE_NO_INHERIT } else { 0 };
    if bits & !(PR_MDWE_REFUSE_EXEC_GAIN | no_inherit) != 0 {
        return fail(Errno::EINVAL, "unknown flags");
    }
    if bits & PR_MDWE_NO_INHERIT != 0
        && bits & PR_MDWE_REFUSE_EXEC_GAIN == 0
        && !cur.profile.has_defect(Defect::NoInheritAloneAccepted)
    {
        return fail(Errno::EINVAL, "PR_MDWE_NO_INHERIT says nothing alone");
    }
    let sticky = !cur.profile.has_defect(Defect::MdweCanBeUnset);
    if cur.mm.mdwe != 0 && cur.mm.mdwe != bits && sticky {
        return fail(Errno::EPERM, "the setting cannot be taken back");
    }
    cur.mm.mdwe = bits;
    Ok(Outcome::Value(0))
}

/// Mirrors `ksm_enable_merge_any` and `ksm_disable_merge_any`: all mappings get
/// or lose the flag in place; none merges with its neighbours for it.
fn set_memory_merge(cur: &mut Current, args: [u64; 4]) -> Result<Outcome, Fail> {
    let [enable, rest @ ..] = args;
    check_unused(&rest)?;
    let enable = enable != 0;
    if enable && cur.profile.settings.ksm_runs {
        return Err(CannotPredict("pages that KSM merges").into());
    }
    if cur.mm.merge_any != enable {
        cur.mm.merge_any = enable;
        if cur.profile.has_defect(Defect::MemoryMergeFutureOnly) {
            return Ok(Outcome::Value(0));
        }
        let differs = |flags: VmFlags| {
            let mergeable = flags.contains(VmFlags::MERGEABLE);
            mergeable != enable && (!enable || is_ksm_compatible(flags))
        };
        let starts: Vec<u64> =
            cur.mm.vmas.iter().filter(|vma| differs(vma.flags)).map(|vma| vma.start).collect();
        for start in starts {
            cur.mm.vmas.update(start, |vma| vma.flags.set(VmFlags::MERGEABLE, enable));
        }
    }
    Ok(Outcome::Value(0))
}

/// Mirrors `prctl_set_mm` as far as the checks.
fn set_mm(cur: &mut Current, args: [u64; 4]) -> Result<Outcome, Fail> {
    const LAST_FIELD: u32 = 11;
    const EXE_FILE: u32 = 13;
    const AUXV: u32 = 12;
    const MAP: u32 = 14;
    const MAP_SIZE: u32 = 15;
    let [option, address, size, last] = args;
    // an `int` argument
    let option = option as u32;
    check_unused(&[last])?;
    if size != 0 && !matches!(option, AUXV | MAP | MAP_SIZE) {
        return fail(Errno::EINVAL, "an unused argument is not zero");
    }
    if matches!(option, MAP | MAP_SIZE) {
        return Err(CannotPredict("changed descriptions of the address space").into());
    }
    let may = cur.capable(Capability::SysResource) || cur.profile.has_defect(Defect::SetMmForAll);
    if !may {
        return fail(Errno::EPERM, "PR_SET_MM needs CAP_SYS_RESOURCE");
    }
    if !matches!(option, EXE_FILE | AUXV) {
        if address >= cur.profile.task_size() || address < cur.min_address() {
            return fail(Errno::EINVAL, "the address is out of range");
        }
        if !(1..=LAST_FIELD).contains(&option) {
            return fail(Errno::EINVAL, "there is no such field");
        }
    }
    Err(CannotPredict("changed descriptions of the address space").into())
}

/// Mirrors `prctl_set_vma` with a raw pointer to the name.
fn set_vma(cur: &mut Current, args: [u64; 4]) -> Result<Outcome, Fail> {
    let [option, start, len, name] = args;
    if option != PR_SET_VMA_ANON_NAME {
        return fail(Errno::EINVAL, "there is no such attribute");
    }
    if name != 0 && cur.profile.config.anon_vma_name {
        return Err(CannotPredict("names at raw addresses").into());
    }
    set_vma_name(cur, start, len, None)
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, Bench};
    use super::*;
    use crate::profile::Privilege;

    #[test]
    fn the_denial_of_write_and_execute_stays() {
        let mut bench = Bench::new();
        let mut set = |bits| prctl(&mut bench.cur(), PR_SET_MDWE, [bits, 0, 0, 0]);
        assert_eq!(errno(set(4)), Some(Errno::EINVAL));
        assert_eq!(errno(set(PR_MDWE_NO_INHERIT)), Some(Errno::EINVAL));
        assert!(set(0).is_ok() && set(1).is_ok() && set(1).is_ok());
        assert_eq!(errno(set(3)), Some(Errno::EPERM));
        assert_eq!(errno(set(0)), Some(Errno::EPERM));
        let get = prctl(&mut bench.cur(), PR_GET_MDWE, [0; 4]);
        assert_eq!(get, Ok(Outcome::Value(1)));
        bench.profile.rules.remove(Rule::Mdwe);
        assert_eq!(errno(prctl(&mut bench.cur(), PR_GET_MDWE, [0; 4])), Some(Errno::EINVAL));
    }

    #[test]
    fn merging_everything_marks_mappings_in_place() {
        let mut bench = Bench::new();
        bench.map(0, 1, VmFlags::WRITE);
        bench.map(1, 2, VmFlags::WRITE | VmFlags::MERGEABLE);
        bench.map(2, 3, VmFlags::DONTEXPAND);
        assert!(prctl(&mut bench.cur(), PR_SET_MEMORY_MERGE, [7, 0, 0, 0]).is_ok());
        let spans = bench.spans(VmFlags::MERGEABLE);
        assert_eq!(spans, [(0, 1, true), (1, 2, true), (2, 3, false)]);
        assert!(prctl(&mut bench.cur(), PR_SET_MEMORY_MERGE, [0; 4]).is_ok());
        let spans = bench.spans(VmFlags::MERGEABLE);
        assert_eq!(spans, [(0, 1, false), (1, 2, false), (2, 3, false)]);
    }

    #[test]
    fn huge_pages_stay_disabled() {
        let mut bench = Bench::new();
        let mut set = |args| prctl(&mut bench.cur(), PR_SET_THP_DISABLE, args);
        assert!(set([1, 0, 0, 0]).is_ok());
        assert_eq!(errno(set([0, 2, 0, 0])), Some(Errno::EINVAL));
        assert_eq!(errno(set([1, 1, 0, 0])), Some(Errno::EINVAL));
        assert_eq!(errno(set([1, 0, 0, 1])), Some(Errno::EINVAL));
        assert!(matches!(set([0, 0, 0, 0]), Err(Fail::Unknown(_))));
        let get = prctl(&mut bench.cur(), PR_GET_THP_DISABLE, [0; 4]);
        assert_eq!(get, Ok(Outcome::Value(1)));
    }

    #[test]
    fn describing_the_address_space_needs_privilege() {
        let mut bench = Bench::new();
        let set = |bench: &mut Bench, args| prctl(&mut bench.cur(), PR_SET_MM, args);
        assert_eq!(errno(set(&mut bench, [1, 0, 1, 0])), Some(Errno::EINVAL));
        assert_eq!(errno(set(&mut bench, [1, 0, 0, 0])), Some(Errno::EPERM));
        bench.capabilities = Privilege::NONE.with(Capability::SysResource).into();
        assert_eq!(errno(set(&mut bench, [1, 0, 0, 0])), Some(Errno::EINVAL));
        assert_eq!(errno(set(&mut bench, [99, 1 << 20, 0, 0])), Some(Errno::EINVAL));
        assert!(matches!(set(&mut bench, [1, 1 << 20, 0, 0]), Err(Fail::Unknown(_))));
    }
}
