//! Keeping what is about to be run where it survives.

use super::Runner;
use mm_reference::op::Op;
use mm_reference::text::Requires;

/// Takes down programs before they run.
pub trait Recorder: Send {
    /// More operations: those that a new program begins with, which requires this of the
    /// system, or further ones of the last program.
    fn record(&mut self, begins: Option<&Requires>, ops: &[Op]);

    /// All of it is done.
    fn clear(&mut self);
}

/// A program that is longer is not taken down anew with each queue that it takes.
const LONG: usize = 2048;

impl Runner {
    /// Takes down from now on what is about to be run.
    pub fn set_recorder(&mut self, recorder: Box<dyn Recorder>) {
        self.recorder = Some(recorder);
    }

    /// Takes down what is new.
    pub(super) fn record(&mut self) {
        let (Some(recorder), Some(live)) = (&mut self.recorder, &mut self.live) else { return };
        for flight in &mut live.flights {
            let ops = &flight.trial.ops;
            if flight.recorded < ops.len() {
                let begins = (flight.recorded == 0).then_some(&flight.trial.requires);
                recorder.record(begins, &ops[flight.recorded..]);
                flight.recorded = ops.len();
            }
        }
    }

    /// Forgets what has been run.
    pub(super) fn forget_record(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        let flights = self.live.as_mut().map(|live| &mut live.flights);
        let mut left = flights.into_iter().flatten();
        if left.any(|flight| flight.recorded > LONG) {
            return;
        }
        recorder.clear();
        for flight in self.live.iter_mut().flat_map(|live| &mut live.flights) {
            flight.recorded = 0;
        }
    }
}
