//! What programs have to begin with for a rule to show at all.

use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::System;
use mm_reference::op::consts::{MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_NONE};
use mm_reference::op::{Addr, Call, Op};
use mm_reference::profile::{Rule, Switch};

/// The first address above 4 GiB.
const ABOVE_4G: u64 = 1 << 32;
/// The pages that are left free there.
const SPARE: u64 = 2;

/// The operations that every program for this rule begins with.
pub(super) fn of(switch: Switch, fresh: &System) -> Vec<Op> {
    match switch {
        // where the kernel has no choice but to go below
        Switch::Rule(Rule::Above4g) => {
            let room = fresh.layout().mmap.saturating_sub(ABOVE_4G + SPARE * PAGE_SIZE);
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
            let prot = PROT_NONE;
            let call = Call::Mmap { addr: Addr::NULL, len: room, prot, flags, fd: -1, offset: 0 };
            vec![Op::first(call)]
        }
        _ => Vec::new(),
    }
}
