//! Moving the subject between two CPUs, so that a missing flush can show: what the one
//! remembers of memory (its TLB) the kernel has to make it forget when a call on the other
//! takes that memory away. So calls are made on another CPU than accesses.
//!
//! Only what is queued moves, and what is queued ends where it began: the worker, which
//! empties the batches of its own CPU, finds all as ever.

use super::flight::Item;
use super::{Live, Runner};
use mm_reference::op::Call;

/// A CPU, and whether it is another than the worker's.
pub(super) type Place = (usize, bool);

impl Runner {
    /// Where the operation that was predicted last is to be performed, if that matters.
    pub(super) fn place_of_last(&mut self) -> Option<Place> {
        let (home, away) = (self.config.cpu?, self.config.away?);
        let live = self.live.as_mut()?;
        let is_locked = live.arena_is_locked();
        // what is left in a CPU's batches of pages must be emptied before the subject leaves
        // it, which takes an arena that is not locked
        let was_locked = std::mem::replace(&mut live.was_locked, is_locked);
        let call = &live.flights.back()?.trial.ops.last()?.call;
        let accesses = matches!(call, Call::Load { .. } | Call::Store { .. } | Call::Call { .. });
        let stays = accesses || is_locked || was_locked;
        Some(if stays { (home, false) } else { (away, true) })
    }

    /// Queues the move that ends a queue where it began.
    pub(super) fn come_home(&mut self) {
        if let (Some(home), Some(live)) = (self.config.cpu, &mut self.live) {
            if live.is_away {
                live.queue_move((home, false));
            }
        }
    }
}

impl Live {
    /// Queues the move to a place, unless the subject is there; `false` when it has to wait.
    pub(super) fn be_at(&mut self, place: Option<Place>) -> bool {
        match place.filter(|(_, away)| *away != self.is_away) {
            Some(_) if !self.subject.has_room(1) => false,
            Some(place) => {
                self.queue_move(place);
                true
            }
            None => true,
        }
    }

    fn queue_move(&mut self, (cpu, away): Place) {
        self.subject.queue_move(cpu);
        self.items.extend([Item::Drain, Item::Move]);
        self.is_away = away;
    }
}
