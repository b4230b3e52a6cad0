//! `prlimit` on the process itself.

use crate::defect::Defect;
use crate::errno::Errno;
use crate::model::{fail, CannotPredict, Current, Fail};
use crate::op::consts::{RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_STACK};
use crate::op::Outcome;
use crate::profile::Capability;

/// How many resources there are (`RLIM_NLIMITS`).
const RESOURCES: u32 = 16;

/// Sets a limit. Mirrors `do_prlimit`.
pub(crate) fn setrlimit(
    cur: &mut Current,
    resource: u32,
    soft: u64,
    hard: u64,
) -> Result<Outcome, Fail> {
    if resource >= RESOURCES {
        return fail(Errno::EINVAL, "there is no such resource");
    }
    if soft > hard && !cur.profile.has_defect(Defect::SetrlimitAllowsInverted) {
        return fail(Errno::EINVAL, "the soft limit exceeds the hard one");
    }
    let may_raise =
        cur.capable(Capability::SysResource) || cur.profile.has_defect(Defect::SetrlimitRaisesHard);
    let limit = match resource {
        RLIMIT_AS => &mut cur.limits.address_space,
        RLIMIT_DATA => &mut cur.limits.data,
        RLIMIT_STACK => &mut cur.limits.stack,
        RLIMIT_MEMLOCK => &mut cur.limits.memlock,
        _ => return Err(CannotPredict("limits that do not concern memory").into()),
    };
    if hard > limit.1 && !may_raise {
        return fail(Errno::EPERM, "raising a hard limit needs CAP_SYS_RESOURCE");
    }
    let keeps_hard = cur.profile.has_defect(Defect::SetrlimitSoftOnly);
    *limit = (soft, if keeps_hard { limit.1 } else { hard });
    Ok(Outcome::Value(0))
}

#[cfg(test)]
mod tests {
    use super::super::bench::{errno, Bench};
    use super::*;
    use crate::profile::Privilege;

    #[test]
    fn hard_limits_only_go_down_without_privilege() {
        let mut bench = Bench::new();
        let set = |bench: &mut Bench, resource, soft, hard| {
            errno(setrlimit(&mut bench.cur(), resource, soft, hard))
        };
        assert_eq!(set(&mut bench, 16, 2, 1), Some(Errno::EINVAL));
        assert_eq!(set(&mut bench, RLIMIT_AS, 2, 1), Some(Errno::EINVAL));
        assert_eq!(set(&mut bench, RLIMIT_AS, 1, 100), None);
        assert_eq!(set(&mut bench, RLIMIT_AS, 1, 101), Some(Errno::EPERM));
        bench.capabilities = Privilege::NONE.with(Capability::SysResource).into();
        assert_eq!(set(&mut bench, RLIMIT_AS, 1, 101), None);
        assert_eq!(bench.limits.address_space, (1, 101));
    }
}
