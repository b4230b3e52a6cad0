//! How a campaign is divided: into blocks of programs, each with circumstances of its own.
//!
//! A block is run by one worker, in subjects that nothing else runs in, and all about it
//! follows from the campaign's seed and the block's number. So a campaign is the same
//! whatever the number of its workers.

use super::settings::Settings;
use crate::generate::{program_seed, Seeded, Source};
use crate::settings::Control;
use mm_reference::profile::{Capability, Privilege};
use std::ops::Range;

/// Programs of a block: so few that many circumstances are met within minutes even where a
/// hundred programs take a second, and so many that starting a subject does not show.
pub(crate) const BLOCK: u64 = 512;

/// The streams of a campaign's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// What programs do.
    Programs = 0,
    /// Under which circumstances.
    Blocks = 1,
    /// How the system is set meanwhile.
    Settings = 2,
}

impl Stream {
    /// The seed of the thing with this number.
    pub(crate) fn seed(self, campaign: u64, number: u64) -> u64 {
        program_seed(campaign, self as u64, number)
    }
}

/// Some programs in a row, by their numbers in the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) programs: Range<u64>,
}

impl Block {
    /// The block with this number of a campaign of so many programs; nothing behind the last.
    pub(crate) fn of(number: u64, most: Option<u64>) -> Option<Block> {
        let first = number.checked_mul(BLOCK)?;
        let end = first.saturating_add(BLOCK).min(most.unwrap_or(u64::MAX));
        (first < end).then_some(Block { number, programs: first..end })
    }

    /// Whether what was found in other blocks is looked into again, for another bug may
    /// show in the same way. The further a campaign is the fewer blocks are such: a bug
    /// that shows everywhere would take all of its time.
    pub(crate) fn looks_again(&self) -> bool {
        self.number == 0 || self.number.is_power_of_two()
    }
}

/// What the programs of a block run under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// The capabilities that its subjects start with, where mmdiff has them.
    pub(crate) privilege: Privilege,
    /// To what the system is set, where that may be changed.
    pub(crate) settings: Settings,
}

impl Circumstances {
    /// Those of a block of the campaign with this seed. Blocks draw from a deck, so that
    /// every set is met as often as it should be, and soon.
    pub(crate) fn of(seed: u64, block: &Block, control: Option<&Control>) -> Circumstances {
        let mut deck = deck();
        let size = deck.len() as u64;
        let src = &mut Seeded::new(Stream::Blocks.seed(seed, block.number / size));
        let mut draw = || deck.swap_remove(src.below(deck.len() as u64) as usize);
        for _ in 0..block.number % size {
            draw(); // what the blocks before it have
        }
        let privilege = draw();
        let src = &mut Seeded::new(Stream::Settings.seed(seed, block.number));
        let settings = control.map(|control| Settings::draw(src, control)).unwrap_or_default();
        Circumstances { privilege, settings }
    }
}

/// What sixteen blocks in a row have: half of them are root's, a quarter an ordinary user's,
/// and the others lack one capability each.
fn deck() -> Vec<Privilege> {
    let singly = Capability::ALL.map(|capability| Privilege::ALL.without(capability));
    [&[Privilege::ALL; 8][..], &[Privilege::NONE; 4], &singly].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_a_campaign_without_a_gap() {
        for most in [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7] {
            let blocks = (0..).map_while(|number| Block::of(number, Some(most)));
            let programs: Vec<u64> = blocks.flat_map(|block| block.programs).collect();
            assert_eq!(programs, (0..most).collect::<Vec<_>>());
        }
        assert_eq!(Block::of(0, Some(0)), None);
        assert_eq!(Block::of(3, None).map(|b| b.programs), Some(3 * BLOCK..4 * BLOCK));
    }

    #[test]
    fn circumstances_follow_from_seed_and_number() {
        let of = |seed| -> Vec<Circumstances> {
            let blocks = (0..64).filter_map(|number| Block::of(number, None));
            blocks.map(|block| Circumstances::of(seed, &block, None)).collect()
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn campaigns_meet_every_set_of_capabilities() {
        // half as many blocks as an emulated guest runs within two minutes
        let blocks = (0..16).filter_map(|number| Block::of(number, None));
        let met: Vec<_> =
            blocks.map(|block| Circumstances::of(3, &block, None).privilege).collect();
        let count = |privilege| met.iter().filter(|&&p| p == privilege).count();
        assert_eq!((count(Privilege::ALL), count(Privilege::NONE)), (8, 4));
        for capability in Capability::ALL {
            assert_eq!(count(Privilege::ALL.without(capability)), 1);
        }
    }
}
