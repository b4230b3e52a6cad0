//! What a guest says while it works, so that silence means that it hangs.

use super::blackbox::BlackBox;
use super::link::Event;
use super::port::Speaker;
use crate::campaign::{report, Finding, Options, Pace, Record, Watcher};
use crate::run::{Divergence, Recorder};
use mm_reference::profile::Quirk;
use mm_reference::text::{write, Program};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// How long a campaign may stand still: making a finding small takes a while, but
/// this long only a kernel that does not let go of a process.
const STANDSTILL: Duration = Duration::from_secs(180);

/// Counts, and sends what was counted every second.
#[derive(Debug)]
pub(super) struct Pulse {
    speaker: Speaker,
    busy: AtomicBool,
    programs: AtomicU64,
    operations: AtomicU64,
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
            grows: AtomicBool::new(false),
            known: Mutex::default(),
        });
        let beating = pulse.clone();
        thread::Builder::new().name("pulse".to_owned()).spawn(move || beating.beat())?;
        Ok(pulse)
    }

    fn beat(&self) {
        let mut last = (0, Instant::now());
        loop {
            thread::sleep(EVERY);
            if !self.busy.load(Ordering::Relaxed) {
                continue;
            }
            let programs = self.programs.load(Ordering::Relaxed);
            let operations = self.operations.load(Ordering::Relaxed);
            if last.0 != programs + operations || !self.grows.load(Ordering::Relaxed) {
                last = (programs + operations, Instant::now());
            }
            if last.1.elapsed() < STANDSTILL {
                self.speaker.say(&Event::Progress { programs, operations });
                self.say_known();
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
        BlackBox::new().ok().map(|one| Box::new(one) as Box<dyn Recorder>)
    }
}
