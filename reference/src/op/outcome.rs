//! What comes of an operation, predicted or observed.

use super::ProcessId;
use crate::errno::Errno;

/// The outcome of one operation. The model and the subject answer in the same
/// type, so that equality is the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Success, with a number that is not an address (mostly 0).
    Value(u64),
    /// Success, with an address (`mmap`, `mremap`, `brk`).
    Address(u64),
    /// The system call failed.
    Error(Errno),
    /// A memory access raised a signal.
    Signal(Signal),
    /// What `load` saw.
    Contents(Contents),
    /// What `mincore` saw.
    Residency(Residency),
    /// `fork` made this process.
    Child(ProcessId),
    /// The process is gone.
    Exited,
}

/// A signal that a memory access raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Signal number (11 is SIGSEGV, 7 is SIGBUS).
    pub number: i32,
    /// `si_code`
    pub code: i32,
    /// `si_addr`
    pub address: u64,
    /// The exception behind it.
    pub trap: Trap,
}

/// The exception behind a signal, as the kernel tells the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Trap {
    /// `REG_TRAPNO`: 14 is a page fault, 13 a general protection fault.
    pub number: u8,
    /// `REG_ERR`
    pub error: u16,
    /// `si_pkey`, where the code is `SEGV_PKUERR`.
    pub key: Option<u8>,
}

/// The bytes of a range: said plainly where they are all the same, as a digest
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contents {
    /// Every byte has this value (an empty range counts as zeroes).
    Uniform(u8),
    /// A digest of the bytes, see [`Digest`].
    Mixed(u64),
}

/// Computes [`Contents`] byte by byte or run by run: the runs of equal bytes, each by its
/// byte and its end, are mixed into one number. That takes a multiplication for each, so
/// that a subject without a library can afford it, and no changes cancel each other out
/// as they do in a sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digest {
    position: u64,
    /// Of the run that the last byte belongs to.
    byte: u8,
    /// Of the runs before it.
    hash: u64,
    mixed: bool,
}

impl Digest {
    /// Appends `count` bytes of one value.
    pub fn run(&mut self, byte: u8, count: u64) {
        if count == 0 {
            return;
        }
        if byte != self.byte && self.position > 0 {
            self.close();
            self.mixed = true;
        }
        self.byte = byte;
        self.position = self.position.wrapping_add(count);
    }

    /// The run of bytes so far is over.
    fn close(&mut self) {
        // 2^64 divided by the golden ratio: odd, and without a pattern
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let run = self.position << 8 | u64::from(self.byte);
        let product = (self.hash ^ run).wrapping_mul(FACTOR);
        // the upper half depends on all bits, the lower one does not
        self.hash = product ^ product >> 32;
    }

    /// Appends bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for run in bytes.chunk_by(|a, b| a == b) {
            self.run(run[0], run.len() as u64);
        }
    }

    /// The answer.
    pub fn finish(mut self) -> Contents {
        if !self.mixed {
            return Contents::Uniform(self.byte);
        }
        self.close();
        Contents::Mixed(self.hash)
    }
}

/// Which pages of a range `mincore` calls resident, as runs of equal answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Residency {
    /// Value of the kernel's answer byte, and for how many pages.
    pub runs: Vec<(u8, u32)>,
}

impl Residency {
    /// Appends `count` pages with this answer byte.
    pub fn push(&mut self, byte: u8, count: u32) {
        if count == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some((last, n)) if *last == byte => *n += count,
            _ => self.runs.push((byte, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(bytes: &[u8]) -> Contents {
        let mut digest = Digest::default();
        digest.bytes(bytes);
        digest.finish()
    }

    #[test]
    fn changes_do_not_cancel_each_other_out() {
        let page = |changes: [(usize, u8); 2]| {
            let mut page = [0x41; 4096];
            for (at, to) in changes {
                page[at] = to;
            }
            digest(&page)
        };
        let plain = page([(1, 0x41), (4, 0x42)]);
        // 3 more at byte 1 is as much as 1 less at byte 4, by the weights of a sum
        assert_ne!(page([(1, 0x44), (4, 0x41)]), plain);
        // two of the same, one up and one down
        assert_ne!(page([(1, 0x42), (4, 0x41)]), plain);
    }

    proptest! {
        #[test]
        fn different_bytes_have_different_digests(
            a in prop::collection::vec(0u8..4, 1..40),
            b in prop::collection::vec(0u8..4, 1..40),
        ) {
            let uniform = |bytes: &[u8]| bytes.iter().all(|byte| *byte == bytes[0]);
            // of uniform bytes the length is not told
            if !(uniform(&a) && uniform(&b)) {
                prop_assert_eq!(digest(&a) == digest(&b), a == b);
            }
        }

        #[test]
        fn runs_that_go_on_are_one(runs in prop::collection::vec((0u8..3, 0u64..4), 0..20)) {
            let (mut by_run, mut by_byte) = (Digest::default(), Digest::default());
            for (byte, count) in runs {
                by_run.run(byte, count);
                (0..count).for_each(|_| by_byte.run(byte, 1));
            }
            prop_assert_eq!(by_run.finish(), by_byte.finish());
        }
    }
}
