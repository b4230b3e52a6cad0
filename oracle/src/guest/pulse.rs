//! What a guest says while it works, so that silence means that it hangs.

use super::blackbox::BlackBox;
use super::link::Event;
use super::port::Speaker;
use crate::campaign::{report, Finding, Options, Pace, Record, Watcher};
use crate::run::{Divergence, Recorder};
use mm_reference::op::Op;
use mm_reference::profile::Quirk;
use mm_reference::text::{write, Program, Requires};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// How long a campaign may run nothing, not even what makes a finding small: so long
/// only a kernel does that does not let go of a process.
const STANDSTILL: Duration = Duration::from_secs(180);

/// Counts, and sends what was counted every second.
#[derive(Debug)]
pub(super) struct Pulse {
    speaker: Speaker,
    busy: AtomicBool,
    programs: AtomicU64,
    operations: AtomicU64,
    /// How often something was taken down that was about to be run.
    recorded: Arc<AtomicU64>,
    /// A campaign runs, whose numbers have to grow.
    grows: AtomicBool,
    known: Mutex<BTreeMap<&'static str, (u64, bool)>>,
}

impl Pulse {
    pub(super) fn start(speaker: Speaker) -> io::Result<Arc<Pulse>> {
        let pulse = Arc::new(Pulse {
            speaker,
            busy: AtomicBool::new(false),
            programs: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            recorded: Arc::default(),
            grows: AtomicBool::new(false),
            known: Mutex::default(),
        });
        let beating = pulse.clone();
        thread::Builder::new().name("pulse".to_owned()).spawn(move || beating.beat())?;
        Ok(pulse)
    }

    fn beat(&self) {
        let mut pace = Still::since(Instant::now());
        loop {
            thread::sleep(EVERY);
            if !self.busy.load(Ordering::Relaxed) {
                continue;
            }
            let programs = self.programs.load(Ordering::Relaxed);
            let operations = self.operations.load(Ordering::Relaxed);
            let done = programs + operations + self.recorded.load(Ordering::Relaxed);
            if !self.grows.load(Ordering::Relaxed) {
                pace = Still::since(Instant::now());
            }
            let (before, still) = pace.lasts(done, Instant::now());
            if still < STANDSTILL {
                self.speaker.say(&Event::Progress { programs, operations });
                self.say_known();
            } else if before < STANDSTILL {
                // with a priority at which the console shows it
                let line = format!("<3>mmdiff: nothing was run for {} s", STANDSTILL.as_secs());
                let _ = fs::write("/dev/kmsg", line); // it is only a help
            }
        }
    }

    /// A request is being worked on.
    pub(super) fn begin(&self) {
        self.programs.store(0, Ordering::Relaxed);
        self.operations.store(0, Ordering::Relaxed);
        self.lock().clear();
        self.busy.store(true, Ordering::Relaxed);
    }

    /// It is done; what was counted is said once more.
    pub(super) fn end(&self) {
        self.busy.store(false, Ordering::Relaxed);
        self.grows.store(false, Ordering::Relaxed);
        self.say_known();
    }

    /// A program was run.
    pub(super) fn count(&self, operations: usize) {
        self.programs.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations as u64, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, (u64, bool)>> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What has been counted since the last time.
    fn say_known(&self) {
        for (id, (count, said)) in self.lock().iter_mut().filter(|(_, (_, said))| !said) {
            self.speaker.say(&Event::Known { id: (*id).to_owned(), count: *count });
            *said = true;
        }
    }
}

/// For how long nothing has been done.
struct Still {
    done: u64,
    since: Instant,
    lasted: Duration,
}

impl Still {
    fn since(now: Instant) -> Still {
        Still { done: 0, since: now, lasted: Duration::ZERO }
    }

    /// How long it lasts, and how long it did when this was last asked; `done` is other
    /// than then if something was done.
    fn lasts(&mut self, done: u64, now: Instant) -> (Duration, Duration) {
        if std::mem::replace(&mut self.done, done) != done {
            self.since = now;
        }
        let lasts = now - self.since;
        (std::mem::replace(&mut self.lasted, lasts), lasts)
    }
}

impl Watcher for Pulse {
    fn tick(&self, _: &Options, pace: Pace) {
        self.grows.store(true, Ordering::Relaxed);
        self.programs.store(pace.programs, Ordering::Relaxed);
        self.operations.store(pace.operations, Ordering::Relaxed);
    }

    fn found(&self, finding: &Finding) {
        self.speaker.say(&Event::Finding(Box::new(Record::from(finding))));
    }

    fn unconfirmed(&self, program: &Program, divergence: &Divergence) {
        self.speaker.say(&Event::Unconfirmed {
            signature: divergence.signature.to_string(),
            program: write(program),
            report: report(divergence),
        });
    }

    fn known(&self, quirk: Quirk) {
        let mut known = self.lock();
        let (count, said) = known.entry(quirk.name()).or_default();
        *count += 1;
        *said = false;
    }

    fn recorder(&self) -> Option<Box<dyn Recorder>> {
        // a guest that may not lock memory goes without
        let kept = BlackBox::new().ok();
        Some(Box::new(Counting { kept, count: self.recorded.clone() }))
    }
}

/// Counts what is taken down: whatever a worker does with a program, as long as it
/// runs something it does not stand still.
struct Counting {
    kept: Option<BlackBox>,
    count: Arc<AtomicU64>,
}

impl Recorder for Counting {
    fn record(&mut self, begins: Option<&Requires>, ops: &[Op]) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = &mut self.kept {
            kept.record(begins, ops);
        }
    }

    fn clear(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_stands_still_while_nothing_is_done() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut still = Still::since(start);
        assert_eq!(still.lasts(0, start + second), (Duration::ZERO, second));
        assert_eq!(still.lasts(0, start + 2 * second), (second, 2 * second));
        assert_eq!(still.lasts(5, start + 3 * second), (2 * second, Duration::ZERO));
        assert_eq!(still.lasts(5, start + 5 * second), (Duration::ZERO, 2 * second));
    }

    #[test]
    fn what_is_run_for_a_finding_counts_as_well() {
        let count = Arc::new(AtomicU64::new(0));
        let mut recorder = Counting { kept: None, count: count.clone() };
        recorder.record(Some(&Requires::default()), &[]);
        recorder.clear();
        recorder.record(None, &[]);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
