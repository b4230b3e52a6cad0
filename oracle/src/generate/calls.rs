//! Makes one call of a wanted kind.

use super::aim::{Aim, Range};
use super::source::{Choose, Source, Weights};
use super::weights::{Kind, Theme, EXEC_PROT_WEIGHTS, MMAP_EXTRA, PROT_WEIGHTS};
use super::{heap, mapping, privilege, realign, relocate, Avoid};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::{Capabilities, Limits, VmFlags};
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, ProcessId, MAX_MINCORE_PAGES};

/// What the makers of calls work with.
pub(super) struct Maker<'a> {
    pub aim: Aim<'a>,
    pub limits: &'a Limits,
    pub capabilities: Capabilities,
    pub theme: Theme,
    pub avoid: &'a Avoid,
    /// Pages that the program may still populate.
    pub pages_left: u64,
    /// Where a return instruction was stored.
    pub ret_at: Option<u64>,
}

impl Maker<'_> {
    /// A call of this kind, with arguments that make sense.
    pub fn call(&self, src: &mut (impl Source + ?Sized), kind: Kind) -> Call {
        let aimed = match self.theme {
            Theme::Realign => realign::call(self, src, kind),
            Theme::Break => heap::call(self, src, kind),
            Theme::Relocate => relocate::call(self, src, kind),
            Theme::Privilege => privilege::call(self, src, kind),
            _ => None,
        };
        aimed.unwrap_or_else(|| self.ordinary(src, kind))
    }

    fn ordinary(&self, src: &mut (impl Source + ?Sized), kind: Kind) -> Call {
        match kind {
            Kind::Mmap => mapping::mmap(self, src),
            Kind::Mremap => mapping::mremap(self, src),
            Kind::Brk => mapping::brk(self, src),
            Kind::Munmap => {
                let (addr, len) = self.args(self.aim.range(src));
                Call::Munmap { addr, len }
            }
            Kind::Mprotect => self.mprotect(src),
            Kind::Madvise => self.madvise(src),
            Kind::Mlock => self.mlock(src),
            Kind::Munlock => {
                let (addr, len) = self.args(self.locked(src));
                Call::Munlock { addr, len }
            }
            Kind::Mlockall => {
                let flags = src.weighted(
                    const {
                        Weights::of(&[
                            (4, MCL_FUTURE),
                            (3, MCL_CURRENT),
                            (2, MCL_CURRENT | MCL_FUTURE),
                            (2, MCL_CURRENT | MCL_ONFAULT),
                            (2, MCL_FUTURE | MCL_ONFAULT),
                            (2, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT),
                        ])
                    },
                );
                Call::Mlockall { flags }
            }
            Kind::Munlockall => Call::Munlockall,
            Kind::Mseal => {
                let (addr, len) = self.args(self.aim.range(src));
                Call::Mseal { addr, len, flags: 0 }
            }
            Kind::Msync => {
                let (addr, len) = self.args(self.aim.range(src));
                let flags = src.pick(&[
                    MS_ASYNC,
                    MS_SYNC,
                    MS_INVALIDATE,
                    MS_SYNC | MS_INVALIDATE,
                    MS_ASYNC | MS_SYNC,
                    0,
                ]);
                Call::Msync { addr, len, flags }
            }
            Kind::Mincore => {
                let range = self.aim.range(src).at_most(src, MAX_MINCORE_PAGES);
                let (addr, len) = self.args(range);
                Call::Mincore { addr, len }
            }
            Kind::Prctl => self.prctl(src),
            Kind::Name => self.name(src),
            Kind::Setrlimit => self.setrlimit(src),
            Kind::Capset => privilege::capset(self, src),
            Kind::Load => {
                let (addr, len) = self.bytes(src);
                Call::Load { addr, len }
            }
            Kind::Store => self.store(src),
            Kind::Call => {
                let at = match self.ret_at {
                    Some(at) if src.chance(4, 5) => at,
                    _ => self.aim.inside(src).start,
                };
                Call::Call { addr: self.say(at) }
            }
            Kind::Fork => Call::Fork,
            Kind::Exit => Call::Exit,
        }
    }

    /// An address as an operand.
    pub fn say(&self, address: u64) -> Addr {
        self.aim.view.layout.express(address)
    }

    pub fn args(&self, range: Range) -> (Addr, u64) {
        (self.say(range.start), range.len())
    }

    /// Protection bits that suit the theme.
    pub fn prot(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        src.weighted(if self.theme == Theme::Exec { EXEC_PROT_WEIGHTS } else { PROT_WEIGHTS })
    }

    /// Pages that one operation of many may still populate.
    pub fn portion(&self) -> u64 {
        (self.pages_left / 4).clamp(1, self.aim.memory.scale.portion())
    }

    /// Extra `mmap` flags.
    pub fn extra_flags(&self, src: &mut (impl Source + ?Sized)) -> u64 {
        if src.chance(6, 10) {
            return 0;
        }
        let mut flags = 0;
        for &(chance, flag) in MMAP_EXTRA {
            let more = match (self.theme, flag) {
                (Theme::Lock | Theme::Limits, MAP_LOCKED) => 3,
                (Theme::Stack, MAP_GROWSDOWN) => 12,
                _ => 1,
            };
            // only four in ten come here
            if src.chance(chance * more * 5 / 2, 1000) {
                flags |= flag;
            }
        }
        flags
    }

    fn mprotect(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let range = match src.below(4) {
            0 => self.aim.range(src),
            _ => self.aim.inside(src),
        };
        let (addr, len) = self.args(range);
        let mut prot = self.prot(src);
        if src.chance(1, 60) {
            prot |= src.pick(&[PROT_GROWSDOWN, PROT_SEM, PROT_GROWSUP, PROT_GROWSDOWN]);
        }
        if self.theme == Theme::Stack && src.chance(1, 6) {
            prot |= PROT_GROWSDOWN;
        }
        Call::Mprotect { addr, len, prot }
    }

    fn madvise(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let advice = src.weighted(self.theme.advices());
        let mut range = match src.below(4) {
            0 => self.aim.range(src),
            _ => self.aim.inside(src),
        };
        if matches!(advice, MADV_POPULATE_READ | MADV_POPULATE_WRITE) {
            range = range.at_most(src, self.portion());
        }
        let (addr, len) = self.args(range);
        Call::Madvise { addr, len, advice }
    }

    fn mlock(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let range = self.aim.range(src);
        match src.below(5) {
            0 | 1 => {
                let (addr, len) = self.args(range);
                Call::Mlock2 { addr, len, flags: MLOCK_ONFAULT }
            }
            n => {
                let (addr, len) = self.args(range.at_most(src, self.portion()));
                if n == 2 {
                    Call::Mlock2 { addr, len, flags: 0 }
                } else {
                    Call::Mlock { addr, len }
                }
            }
        }
    }

    /// A range that has locked pages, if there are any.
    fn locked(&self, src: &mut (impl Source + ?Sized)) -> Range {
        for _ in 0..3 {
            let range = self.aim.range(src);
            let at = self.aim.mm.vmas.containing(range.start);
            if at.is_some_and(|vma| vma.flags.contains(VmFlags::LOCKED)) {
                return range;
            }
        }
        self.aim.range(src)
    }

    fn prctl(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let first = self.aim.process == ProcessId(0);
        let (option, value) = match src.below(8) {
            0 => (PR_SET_THP_DISABLE, 1),
            1 => (PR_GET_THP_DISABLE, 0),
            2 | 3 => (PR_GET_MDWE, 0),
            4 if !self.avoid.mergeable => (PR_SET_MEMORY_MERGE, src.below(2)),
            5 => (PR_GET_MEMORY_MERGE, 0),
            _ if first && self.avoid.mdwe_first => (PR_SET_MDWE, src.pick(&[0, 2, 4])),
            _ => (PR_SET_MDWE, src.pick(&[0, 1, 1, 1, 2, 3, 4])),
        };
        let mut args = [value, 0, 0, 0];
        if src.chance(1, 10) {
            // the unused ones have to be 0
            args[src.between(1, 3) as usize] = 1;
        }
        Call::Prctl { option, args }
    }

    fn name(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let (addr, len) = self.args(self.aim.range(src));
        let name = match src.below(20) {
            0..=3 => None,
            4..=15 => Some(src.pick(&["a", "b", "a"]).to_owned()),
            16 => Some(String::new()),
            17 => Some("n".repeat(src.pick(&[78, 79, 80, 100]))),
            18 => Some(src.pick(&["a]", "[a", "a\\b", "$a", "`a`", "a\tb", "a\x7f"]).to_owned()),
            _ => Some("with spaces (and more)".to_owned()),
        };
        Call::SetVmaName { addr, len, name }
    }

    /// Limits just around what is used.
    fn setrlimit(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let mm = self.aim.mm;
        let (resource, used, now) = match src.below(4) {
            0 => (RLIMIT_AS, mm.total_vm, self.limits.address_space),
            1 => (RLIMIT_DATA, mm.data_vm, self.limits.data),
            2 => (RLIMIT_MEMLOCK, mm.locked_vm, self.limits.memlock),
            _ => {
                let vma = mm.vmas.containing(mm.start_stack.wrapping_sub(1));
                (RLIMIT_STACK, vma.map_or(33, |vma| vma.pages()), self.limits.stack)
            }
        };
        // a kernel may count wrongly, even below zero
        let pages = used.saturating_add(src.pick(&[0, 0, 1, 2, 4, 8, 16, 64]));
        let near = pages.saturating_mul(PAGE_SIZE);
        let soft = match src.below(12) {
            0 => RLIM_INFINITY,
            1 => 0,
            2 => near.saturating_sub(PAGE_SIZE),
            3 => near.saturating_add(src.pick(&[1, PAGE_SIZE / 2, PAGE_SIZE - 1])),
            4 => now.0,
            5 => 8 << 20,
            _ => near,
        };
        let hard = match src.below(40) {
            0 if !self.avoid.hard_limits => soft,
            1 if !self.avoid.hard_limits => near,
            2 => RLIM_INFINITY,
            _ => now.1,
        };
        Call::Setrlimit { resource, soft, hard }
    }

    /// A range of bytes to read or write.
    fn bytes(&self, src: &mut (impl Source + ?Sized)) -> (Addr, u64) {
        let stack = match self.theme {
            Theme::Stack => 50,
            Theme::Privilege => 25,
            _ => 4,
        };
        if src.chance(stack, 100) {
            return self.growth(src);
        }
        let range = match src.below(6) {
            0 => self.aim.range(src),
            _ => self.aim.inside(src),
        };
        let most = src.pick(self.aim.memory.scale.accesses()).min(self.portion());
        let range = range.at_most(src, most);
        let (start, len) = match src.below(8) {
            0..=2 => (range.start, range.len()),
            3 | 4 => (range.start, 1),
            5 => (range.end - 1, 1),
            6 => (range.end - 4, 8),
            _ => (range.start + 7, (range.len() - 7).min(PAGE_SIZE)),
        };
        (self.say(start), len)
    }

    /// Below a mapping that grows.
    fn growth(&self, src: &mut (impl Source + ?Sized)) -> (Addr, u64) {
        let grows = |flags: VmFlags| flags.contains(VmFlags::GROWSDOWN);
        let fence = self.aim.fence;
        let bottoms: Vec<u64> = self
            .aim
            .mm
            .vmas
            .iter()
            .filter(|vma| grows(vma.flags) && fence.is_free(vma))
            .map(|vma| vma.start)
            .take(8)
            .collect();
        let bottom = match bottoms.as_slice() {
            [] => self.aim.mm.start_stack,
            some => src.pick(some),
        };
        let down = match src.below(8) {
            0..=2 => 8,
            3 => PAGE_SIZE,
            4 => src.pick(&[2, 3, 16, 100]) * PAGE_SIZE,
            5 => 256 * PAGE_SIZE,
            6 => self.limits.stack.0.min(1 << 30) + src.pick(&[0, PAGE_SIZE]),
            _ => (self.limits.stack.0.min(1 << 30)).saturating_sub(33 * PAGE_SIZE),
        };
        let len = src.pick(&[1, 8, 8, 2 * PAGE_SIZE]);
        (self.say(bottom.saturating_sub(down)), len)
    }

    fn store(&self, src: &mut (impl Source + ?Sized)) -> Call {
        let instruction = if self.theme == Theme::Exec { 60 } else { 5 };
        if src.chance(instruction, 100) {
            let at = self.aim.inside(src).start;
            return Call::Store { addr: self.say(at), len: 1, value: RET_INSTRUCTION };
        }
        let (addr, len) = self.bytes(src);
        Call::Store { addr, len, value: src.pick(&[1, 0x41, 0x42, 0x80, 0, 0xff]) }
    }
}
