//! Where choices come from, and how campaigns number their programs.

use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of choices: a seeded generator, a fuzzer's bytes, or what a test
/// wants.
pub trait Source {
    /// The next 64 bits.
    fn bits(&mut self) -> u64;

    /// A number below `n`; 0 if `n` is 0.
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// True in `num` of `den` cases.
    fn chance(&mut self, num: u32, den: u32) -> bool {
        self.below(u64::from(den)) < u64::from(num)
    }

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low).saturating_add(1))
    }
}

/// Choices among things.
pub trait Choose: Source {
    /// One of `items`, which are not empty.
    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// One of several things by weight.
    fn weighted<T: Copy>(&mut self, weights: Weights<T>) -> T {
        let mut at = self.below(weights.total);
        for &(weight, item) in weights.items {
            match at.checked_sub(u64::from(weight)) {
                Some(rest) => at = rest,
                None => return item,
            }
        }
        weights.items[0].1
    }
}

/// Things by weight, and the sum of the weights, which is more than 0.
#[derive(Clone, Copy, Debug)]
pub struct Weights<T: 'static> {
    total: u64,
    items: &'static [(u32, T)],
}

impl<T: Copy> Weights<T> {
    /// These things.
    pub const fn of(items: &'static [(u32, T)]) -> Weights<T> {
        let (mut total, mut at) = (0, 0);
        while at < items.len() {
            total += items[at].0 as u64;
            at += 1;
        }
        assert!(total > 0);
        Weights { total, items }
    }

    /// Each thing with its weight.
    pub fn items(self) -> &'static [(u32, T)] {
        self.items
    }
}

impl<S: Source + ?Sized> Choose for S {}

/// A seeded stream: the same on every machine and in every later version.
#[derive(Clone, Debug)]
pub struct Seeded(Xoshiro256PlusPlus);

impl Seeded {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Seeded {
        Seeded(Xoshiro256PlusPlus::seed_from_u64(seed))
    }
}

impl Source for Seeded {
    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The seed of program `number` of a worker in a campaign.
pub fn program_seed(campaign: u64, worker: u64, number: u64) -> u64 {
    [worker, number].into_iter().fold(mix(campaign), |seed, part| mix(seed ^ mix(part)))
}

/// The finaliser of SplitMix64.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
