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

/// Computes [`Contents`] byte by byte or run by run: the wrapping sum of
/// `(byte + 1) * (2 * position + 1)`, cheap enough for a subject without a
/// library, closed-form for runs, and sensitive to order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digest {
    position: u64,
    sum: u64,
    first: u8,
    mixed: bool,
}

impl Digest {
    /// Appends `count` bytes of one value.
    pub fn run(&mut self, byte: u8, count: u64) {
        if count == 0 {
            return;
        }
        if self.position == 0 {
            self.first = byte;
        } else if byte != self.first {
            self.mixed = true;
        }
        let (from, to) = (self.position, self.position.wrapping_add(count));
        // the odd numbers 2p+1 for p in from..to add up to to² - from²
        let weights = to.wrapping_mul(to).wrapping_sub(from.wrapping_mul(from));
        self.sum = self.sum.wrapping_add((u64::from(byte) + 1).wrapping_mul(weights));
        self.position = to;
    }

    /// Appends bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.run(b, 1);
        }
    }

    /// The answer.
    pub fn finish(self) -> Contents {
        if self.mixed {
            Contents::Mixed(self.sum)
        } else {
            Contents::Uniform(self.first)
        }
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
