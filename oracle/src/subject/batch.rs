//! Operations as the subject gets them, and its answers as outcomes.

use mm_reference::addr::{page_up, PAGE_SHIFT};
use mm_reference::errno::Errno;
use mm_reference::op::consts::{
    MADV_COLD, MADV_FREE, PR_SET_VMA, PR_SET_VMA_ANON_NAME, SEGV_PKUERR, SIGSEGV,
};
use mm_reference::op::{
    Addr, Call, Contents, Layout, Outcome, Residency, Signal, Trap, MAX_MINCORE_PAGES, MAX_NAME_LEN,
};

use super::arena::Arena;
use super::error::SubjectError;
use crate::protocol::{self, RawOp, RawResult};

/// Newer than the tables of the C library's header.
const SYS_MSEAL: i64 = 462;
/// Error numbers are the last page of the numbers.
const MAX_ERRNO: u64 = 4095;

/// Why a batch ends behind an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It need not.
    None,
    /// A process has to be waited for before anything else happens.
    Fork,
    /// The process is gone.
    Exit,
    /// Pages are left in the CPU's batches, which the worker empties.
    Drain,
}

/// Fills the arena with operations. Decoding takes the operations in the same
/// order, so that both agree on where the bytes of `mincore` are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch {
    layout: Layout,
    /// Operations so far.
    pub len: usize,
    /// Names so far.
    pub names: usize,
    residency: usize,
}

impl Batch {
    /// An empty batch for one process.
    pub fn new(layout: Layout) -> Batch {
        Batch { layout, ..Batch::default() }
    }

    /// Whether so many operations fit in.
    pub fn has_room(&self, ops: usize) -> bool {
        self.len + ops <= protocol::MAX_OPS
    }

    /// Appends an operation that no program has.
    pub fn push_raw(&mut self, arena: &Arena, op: RawOp) {
        arena.set_op(self.len, op);
        self.len += 1;
    }

    /// Appends an operation; `None` when it has to wait for the next batch.
    /// `child` is the number of the process that a fork makes.
    pub fn push(
        &mut self,
        arena: &Arena,
        call: &Call,
        child: usize,
    ) -> Result<Option<Cut>, SubjectError> {
        if !self.has_room(1) {
            return Ok(None);
        }
        if let Call::Mincore { len, .. } = call {
            let bytes = residency_bytes(*len)?;
            if self.residency + bytes > protocol::RESIDENCY_SIZE {
                debug_assert!(self.len > 0, "{len} bytes must fit into an empty batch");
                return Ok(None);
            }
        }
        if let Call::SetVmaName { name: Some(name), .. } = call {
            if name.len() > MAX_NAME_LEN || name.as_bytes().contains(&0) {
                let why = "the name is too long or contains a zero byte";
                return Err(SubjectError::Unrepresentable { call: call.name(), why });
            }
            if self.names == protocol::MAX_NAMES {
                return Ok(None);
            }
        }
        let op = self.encode(arena, call, child);
        self.push_raw(arena, op);
        Ok(Some(match call {
            Call::Fork => Cut::Fork,
            Call::Exit => Cut::Exit,
            Call::Madvise { advice: MADV_FREE | MADV_COLD, .. } => Cut::Drain,
            _ => Cut::None,
        }))
    }

    fn encode(&mut self, arena: &Arena, call: &Call, child: usize) -> RawOp {
        let at = |addr: &Addr| self.layout.resolve(*addr);
        let access = |kind, addr: &Addr, len, value| RawOp {
            kind,
            nr: 0,
            args: [at(addr), len, value, 0, 0, 0],
        };
        match call {
            Call::Mmap { addr, len, prot, flags, fd, offset } => {
                let args = [at(addr), *len, *prot, *flags, *fd as i64 as u64, *offset];
                syscall(libc::SYS_mmap, args)
            }
            Call::Munmap { addr, len } => range(libc::SYS_munmap, at(addr), *len, 0),
            Call::Mprotect { addr, len, prot } => range(libc::SYS_mprotect, at(addr), *len, *prot),
            Call::Mremap { old, old_len, new_len, flags, new } => {
                syscall(libc::SYS_mremap, [at(old), *old_len, *new_len, *flags, at(new), 0])
            }
            Call::Brk { addr } => range(libc::SYS_brk, at(addr), 0, 0),
            Call::Madvise { addr, len, advice } => {
                range(libc::SYS_madvise, at(addr), *len, *advice as i64 as u64)
            }
            Call::Mlock { addr, len } => range(libc::SYS_mlock, at(addr), *len, 0),
            Call::Mlock2 { addr, len, flags } => range(libc::SYS_mlock2, at(addr), *len, *flags),
            Call::Munlock { addr, len } => range(libc::SYS_munlock, at(addr), *len, 0),
            Call::Mlockall { flags } => range(libc::SYS_mlockall, *flags, 0, 0),
            Call::Munlockall => range(libc::SYS_munlockall, 0, 0, 0),
            Call::Mseal { addr, len, flags } => range(SYS_MSEAL, at(addr), *len, *flags),
            Call::Msync { addr, len, flags } => range(libc::SYS_msync, at(addr), *len, *flags),
            Call::Mincore { addr, len } => {
                let answer = arena.residency_address(self.residency);
                let raw = range(libc::SYS_mincore, at(addr), *len, answer);
                let bytes = residency_pages(*len) + protocol::RESIDENCY_BEHIND;
                arena.blank_residency(self.residency, bytes);
                self.residency += bytes;
                raw
            }
            Call::Prctl { option, args: [a, b, c, d] } => {
                syscall(libc::SYS_prctl, [*option as i64 as u64, *a, *b, *c, *d, 0])
            }
            Call::SetVmaName { addr, len, name } => {
                let at = at(addr);
                let pointer = name.as_ref().map_or(0, |name| {
                    self.names += 1;
                    arena.set_name(self.names - 1, name)
                });
                let option = PR_SET_VMA as u64;
                let args = [option, PR_SET_VMA_ANON_NAME, at, *len, pointer, 0];
                syscall(libc::SYS_prctl, args)
            }
            Call::Setrlimit { resource, soft, hard } => {
                // the arguments that the call does not take hold its structure
                let limit = arena.arg_address(self.len, 4);
                let args = [0, u64::from(*resource), limit, 0, *soft, *hard];
                syscall(libc::SYS_prlimit64, args)
            }
            Call::Capset { effective, permitted } => {
                capset(arena, self.len, *effective, *permitted)
            }
            Call::Load { addr, len } => access(protocol::LOAD, addr, *len, 0),
            Call::Store { addr, len, value } => {
                access(protocol::STORE, addr, *len, u64::from(*value))
            }
            Call::Call { addr } => access(protocol::CALL, addr, 0, 0),
            Call::Fork => {
                RawOp { kind: protocol::FORK, nr: 0, args: [child as u64, 0, 0, 0, 0, 0] }
            }
            Call::Exit => RawOp { kind: protocol::EXIT, nr: 0, args: [0; 6] },
        }
    }
}

/// Reads the results of a batch, one after the other.
pub struct Answers<'a> {
    arena: &'a Arena,
    next: usize,
    residency: usize,
}

impl<'a> Answers<'a> {
    /// The results of the batch that was last executed, from one on.
    pub fn from(arena: &'a Arena, first: usize) -> Answers<'a> {
        Answers { arena, next: first, residency: 0 }
    }

    /// The next result, of an operation that no program has.
    pub fn next_raw(&mut self) -> RawResult {
        self.next += 1;
        self.arena.result(self.next - 1)
    }

    /// The next result, which is this call's. A successful fork answers the
    /// process id as a number; exits have no result. `None` if it makes no sense.
    pub fn next(&mut self, call: &Call) -> Option<Outcome> {
        let result = self.next_raw();
        let bytes_at = self.residency;
        if let Call::Mincore { len, .. } = call {
            self.residency += residency_pages(*len) + protocol::RESIDENCY_BEHIND;
        }
        match (call, result.kind) {
            (Call::Load { .. }, protocol::UNIFORM) => {
                Some(Outcome::Contents(Contents::Uniform(u8::try_from(result.value).ok()?)))
            }
            (Call::Load { .. }, protocol::MIXED) => {
                Some(Outcome::Contents(Contents::Mixed(result.value)))
            }
            (Call::Load { .. } | Call::Store { .. } | Call::Call { .. }, protocol::SIGNAL) => {
                Some(Outcome::Signal(Signal {
                    number: result.number,
                    code: result.code,
                    address: result.value,
                    trap: trap(&result),
                }))
            }
            (Call::Load { .. }, _) => None,
            (_, protocol::RETURNED) => Some(self.returned(call, result, bytes_at)),
            _ => None,
        }
    }

    fn returned(&self, call: &Call, result: RawResult, bytes_at: usize) -> Outcome {
        let negated = result.value.wrapping_neg();
        let failed = (1..=MAX_ERRNO).contains(&negated);
        if let Call::Mincore { len, .. } = call {
            let pages = residency_pages(*len);
            let written = self.written(bytes_at, pages);
            // nothing is to be written behind the answer, and it shows if something is
            if !failed || written > pages {
                let mut residency = Residency::default();
                for i in bytes_at..bytes_at + written {
                    residency.push(self.arena.residency(i), 1);
                }
                return Outcome::Residency(residency);
            }
        }
        match call {
            _ if failed => Outcome::Error(Errno(negated as i32)),
            Call::Mmap { .. } | Call::Mremap { .. } | Call::Brk { .. } => {
                Outcome::Address(result.value)
            }
            _ => Outcome::Value(result.value),
        }
    }

    /// How many bytes an answer of `mincore` has: those asked for, and those up to the
    /// last one behind them that is not as it was.
    fn written(&self, at: usize, pages: usize) -> usize {
        let behind = (pages..pages + protocol::RESIDENCY_BEHIND).rev();
        let is_written = |i: &usize| self.arena.residency(at + i) != protocol::RESIDENCY_BLANK;
        behind.into_iter().find(is_written).map_or(pages, |last| last + 1)
    }
}

/// The exception behind a signal.
fn trap(result: &RawResult) -> Trap {
    let has_key = (result.number, result.code) == (SIGSEGV, SEGV_PKUERR);
    let [low, high, number, key] = result.trap.to_le_bytes();
    Trap { number, error: u16::from_le_bytes([low, high]), key: has_key.then_some(key) }
}

/// A system call with these arguments.
pub fn syscall(nr: i64, args: [u64; 6]) -> RawOp {
    RawOp { kind: protocol::SYSCALL, nr: nr as u32, args }
}

pub fn range(nr: i64, addr: u64, len: u64, more: u64) -> RawOp {
    syscall(nr, [addr, len, more, 0, 0, 0])
}

/// A `capset`, as the operation with this index. The arguments that the call does not take
/// hold its structures: version and process, then twice 32 bits of each set.
pub fn capset(arena: &Arena, index: usize, effective: u64, permitted: u64) -> RawOp {
    /// `_LINUX_CAPABILITY_VERSION_3`, and the process itself
    const HEADER: u64 = 0x2008_0522;
    const LOW: u64 = u32::MAX as u64;
    let (header, data) = (arena.arg_address(index, 2), arena.arg_address(index, 3));
    // effective, permitted, inheritable; then the same again
    let first = effective & LOW | permitted << 32;
    let (middle, last) = (effective & !LOW, permitted >> 32);
    syscall(libc::SYS_capset, [header, data, HEADER, first, middle, last])
}

/// Bytes that the answer of a `mincore` over this length takes; none where the
/// length is so large that the kernel cannot accept it.
fn residency_pages(len: u64) -> usize {
    let pages = page_up(len) >> PAGE_SHIFT;
    if pages > MAX_MINCORE_PAGES {
        0
    } else {
        pages as usize
    }
}

/// Bytes that a `mincore` over this length takes, refusing lengths that the kernel might
/// accept.
fn residency_bytes(len: u64) -> Result<usize, SubjectError> {
    // beyond the half of all addresses, no kernel gets as far as writing an answer
    if page_up(len) >> PAGE_SHIFT > MAX_MINCORE_PAGES && len >> 63 == 0 {
        let why = "the answer does not fit into the arena";
        return Err(SubjectError::Unrepresentable { call: "mincore", why });
    }
    Ok(residency_pages(len) + protocol::RESIDENCY_BEHIND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::addr::PAGE_SIZE;
    use std::os::unix::fs::FileExt;

    /// What a `mincore` of two pages comes to that writes these bytes and answers `value`.
    fn answered(bytes: &[u8], value: i64) -> Outcome {
        let arena = Arena::new().expect("an arena");
        let call = Call::Mincore { addr: Addr::NULL, len: 2 * PAGE_SIZE };
        let pushed = Batch::new(Layout::default()).push(&arena, &call, 0);
        assert_eq!(pushed.expect("it is possible"), Some(Cut::None));
        let file = std::fs::File::from(arena.file().try_clone().expect("another descriptor"));
        let at = std::mem::offset_of!(protocol::Arena, residency) as u64;
        file.write_all_at(bytes, at).expect("the answer is written");
        let result = RawResult { value: value as u64, ..RawResult::default() };
        arena.set_result(0, result);
        Answers::from(&arena, 0).next(&call).expect("a result")
    }

    #[test]
    fn what_mincore_does_not_write_shows_and_so_does_what_it_writes_behind() {
        let residency = |runs: &[(u8, u32)]| Outcome::Residency(Residency { runs: runs.to_vec() });
        assert_eq!(answered(&[1, 0], 0), residency(&[(1, 1), (0, 1)]));
        assert_eq!(answered(&[1], 0), residency(&[(1, 1), (protocol::RESIDENCY_BLANK, 1)]));
        assert_eq!(answered(&[1, 1, 0], 0), residency(&[(1, 2), (0, 1)]));
        // a call that fails writes no further than one that does not
        let refused = -i64::from(Errno::ENOMEM.0);
        assert_eq!(answered(&[1], refused), Outcome::Error(Errno::ENOMEM));
        assert_eq!(answered(&[0, 0, 0], refused), residency(&[(0, 3)]));
    }
}
