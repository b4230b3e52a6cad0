//! What else is read with which look: the views that say again what others say, and the
//! pages that are not there.

use super::limits::{AWAY, AWAY_CLOSELY, SHARE};
use super::{RunError, Runner};
use crate::observe::Want;
use mm_reference::snapshot::Views;

/// What a look reads besides the parts that every look reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) views: Views,
    /// The most pages that are not there, of either sort.
    pub(super) away: usize,
}

/// How a program is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looks {
    /// After how many operations.
    pub(super) stride: usize,
    /// Whether what is read with a share of looks is read at its end.
    pub(super) due: bool,
}

impl Looks {
    /// Whether a program with this seed is one of the share, which is then the same whenever
    /// and wherever it is run. The lower bits of a seed say how often it is looked at.
    pub(super) fn are_due(seed: u64) -> bool {
        (seed >> 32) % u64::from(SHARE) == 1
    }
}

impl Runner {
    /// What is read with a look at the last program; `rarely` says that there are few looks
    /// like this one.
    pub(super) fn further(&mut self, want: &Want, rarely: bool) -> Result<Further, RunError> {
        // reading contents is for the end
        let ends = want.contents;
        let due = self.live()?.flights.back().is_some_and(|flight| flight.looks.due);
        let further = match ends {
            _ if self.scrutinizes => closely(ends),
            true => at_the_end(due, rarely),
            false => Further { views: Views::empty(), away: 0 },
        };
        Ok(Further { views: further.views & self.caps.views, ..further })
    }
}

/// Of a program that is looked at closely.
fn closely(ends: bool) -> Further {
    Further { views: Views::all(), away: if ends { AWAY_CLOSELY } else { 0 } }
}

/// At the end of a program of a campaign.
fn at_the_end(due: bool, rarely: bool) -> Further {
    let few = Views::STATM | Views::PAGE_COUNTS;
    let views = if due || rarely { Views::all() } else { few };
    Further { views, away: if due { AWAY } else { 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_closely_leaves_no_view_out() {
        assert_eq!(closely(false), Further { views: Views::all(), away: 0 });
        assert_eq!(closely(true), Further { views: Views::all(), away: AWAY_CLOSELY });
    }

    #[test]
    fn every_program_of_some_is_due() {
        let seeds = (0..1000).map(|number| crate::generate::program_seed(7, 0, number));
        let due = seeds.filter(|&seed| Looks::are_due(seed)).count();
        assert!((30..100).contains(&due), "{due}");
    }

    #[test]
    fn what_takes_time_is_read_with_a_share_of_looks() {
        let rest = at_the_end(false, false);
        assert_eq!(rest.away, 0);
        assert!(!rest.views.intersects(Views::ROLLUP | Views::NUMA_MAPS));
        assert_eq!(at_the_end(false, true).views, Views::all());
        assert_eq!(at_the_end(true, false), Further { views: Views::all(), away: AWAY });
    }
}
