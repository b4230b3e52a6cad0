//! What a guest and mmdiff say to each other, and how it is written: one message
//! per line, JSON behind a check sum, since a serial line may lose bytes.

use super::form::{OutcomeForm, SnapshotForm};
use crate::campaign::{KernelIdentity, Record};
pub use crate::corpus::Verdict;
use crate::defects::Hunted;
use crate::inject::Injected;
use crate::profile::Origin;
use crate::programs::{Predicted, Ran, Sought};
use mm_reference::op::Layout;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a guest is asked for. One request at a time: any number of events
/// follow, and then [`Event::Done`] or [`Event::Failed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// What the guest's kernel is: [`Event::Profile`].
    Profile,
    /// A campaign on the guest's kernel: findings as they are made, progress
    /// every second, and [`Event::Summary`].
    Fuzz(Campaign),
    /// These programs, with the verdict of each: [`Event::Program`].
    Corpus {
        /// In this order.
        files: Vec<Named>,
    },
    /// These programs, operation by operation: [`Event::Ran`] for each.
    Run {
        /// In this order.
        files: Vec<Named>,
    },
    /// What differs when this program runs, made small: [`Event::Sought`].
    Find {
        /// The program.
        file: Named,
    },
    /// What the model says of this program on the guest's kernel: [`Event::Predicted`].
    Predict {
        /// The program.
        file: Named,
    },
    /// Wrong variants of the model against the guest's kernel: [`Event::Hunted`] for each.
    Defects(Hunts),
    /// Runs the executable that the guest was given for it (`Plan::reproducer`):
    /// [`Event::Reproduced`].
    Reproduce,
    /// The last move of these programs with allocations that fail: [`Event::Injected`] for
    /// each, or [`Event::NoFaults`].
    Inject {
        /// In this order.
        files: Vec<Named>,
        /// A wrong rule in the model, as `mmdiff inject --defect`.
        defect: Option<String>,
    },
    /// What the kernel does with a program, without a model: [`Event::Observed`].
    Observe {
        /// Its text.
        program: String,
        /// Whether to look after every operation, or at the end only.
        every_op: bool,
    },
    /// What the kernel does with generated programs, as a number for each:
    /// [`Event::Digests`], in pieces.
    Digests {
        /// Everything random follows from it.
        seed: u64,
        /// The number of the first program.
        first: u64,
        /// How many programs.
        count: u64,
        /// For which kernel the programs are generated, such as `6.18`; the same
        /// seed and number is the same program in every guest.
        version: String,
    },
    /// The text of a generated program: [`Event::Generated`].
    Generate {
        /// As with [`Request::Digests`].
        seed: u64,
        /// Which program.
        number: u64,
        /// As with [`Request::Digests`].
        version: String,
    },
    /// How fast programs run here, against a bare loop: [`Event::Bench`].
    Bench {
        /// For a few seconds only.
        quick: bool,
        /// Whether the guest is emulated, which it cannot tell itself.
        emulated: bool,
    },
    /// Ends what is being worked on early, with what it has come to; not answered itself, and
    /// the only request that is sent before the one before it is done.
    Stop,
    /// Ends the guest; what follows is [`Event::Done`], and then nothing.
    PowerOff,
    /// For tests: makes the kernel panic.
    Crash,
}

/// What a campaign in a guest is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Everything random follows from it.
    pub seed: u64,
    /// How long; without a time and a number of programs until it is stopped.
    pub seconds: Option<u64>,
    /// How many programs.
    pub programs: Option<u64>,
    /// The most operations of a program; the usual number if there is none.
    pub max_ops: Option<u16>,
    /// When to look: `every-op`, `end` or `adaptive` (or nothing, which is the same).
    pub observe: String,
    /// What to dwell on: the names of `mmdiff fuzz --focus`.
    pub focus: Option<String>,
    /// A wrong rule in the model, as `mmdiff fuzz --defect`.
    pub defect: Option<String>,
    /// Whether the first finding ends it.
    pub until_found: bool,
    /// How many workers; as many as the guest has CPUs if there is no number.
    pub jobs: Option<u16>,
}

/// Which defects to hunt, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunts {
    /// Those with this in their name.
    pub only: String,
    /// Everything random follows from it.
    pub seed: u64,
    /// How long to look for each, in milliseconds.
    pub millis_each: u64,
    /// How many at a time; as many as the guest has CPUs if there is no number.
    pub jobs: Option<u16>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// As it is to be called in the answer.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// What a guest says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The first event of all: the guest is ready.
    Hello {
        /// The version of the tool.
        mmdiff: String,
        /// Which kernel it is.
        kernel: KernelIdentity,
        /// Milliseconds since the kernel was started.
        uptime_ms: u64,
    },
    /// What the kernel is.
    Profile {
        /// What is believed of it, line by line.
        origins: Vec<Origin>,
        /// What is compared here.
        compared: Vec<String>,
        /// What is not, and why.
        not_compared: Vec<(String, String)>,
    },
    /// Sent every second while a request is worked on, so that silence means
    /// that the guest hangs.
    Progress {
        /// Programs run.
        programs: u64,
        /// Operations run.
        operations: u64,
    },
    /// A finding, as soon as it is made.
    Finding(Box<Record>),
    /// A divergence that did not show again.
    Unconfirmed {
        /// Its signature.
        signature: String,
        /// The program.
        program: String,
        /// The differences.
        report: String,
    },
    /// How often a known difference has shown so far.
    Known {
        /// Its name.
        id: String,
        /// How often.
        count: u64,
    },
    /// The verdict on a program of the corpus.
    Program {
        /// The file's name.
        name: String,
        /// What came of it.
        verdict: Verdict,
        /// Why, where that needs words.
        detail: String,
        /// The divergence as a finding.
        finding: Option<Box<Record>>,
    },
    /// What came of a program, operation by operation.
    Ran {
        /// The file's name.
        name: String,
        /// What came of it.
        ran: Box<Ran>,
    },
    /// What differs when a program runs.
    Sought(Sought),
    /// What the model says of a program.
    Predicted(Box<Predicted>),
    /// What the hunt for a defect came to.
    Hunted(Box<Hunted>),
    /// What came of a reproducer.
    Reproduced {
        /// How it ended.
        end: Ended,
        /// What it printed.
        output: String,
    },
    /// What came of a program whose allocations fail.
    Injected {
        /// The file's name.
        name: String,
        /// What came of it.
        injected: Injected,
    },
    /// No allocation can be made to fail here.
    NoFaults {
        /// Why.
        why: String,
    },
    /// What the kernel did with a program.
    Observed(Box<Observed>),
    /// What the kernel did with generated programs.
    Digests {
        /// The number of the first program.
        first: u64,
        /// A number for each; 0 for one that could not be run.
        values: Vec<u64>,
    },
    /// A generated program.
    Generated {
        /// Its text.
        program: String,
    },
    /// What a campaign came to: `Summary::json`.
    Summary(serde_json::Value),
    /// What was measured.
    Bench {
        /// The whole report: `bench::Report` as JSON.
        report: serde_json::Value,
        /// The same in words.
        text: String,
    },
    /// The request is done.
    Done,
    /// The request is done with, and failed.
    Failed {
        /// Why.
        error: String,
    },
}

/// How a reproducer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// Not within the time that it has.
    NotInTime,
}

/// What a kernel did with a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Where the bases of addresses are: heap, mappings and stack.
    pub layout: (u64, u64, u64),
    /// The outcome of each operation that was performed.
    pub outcomes: Vec<OutcomeForm>,
    /// Every look, and the number of operations before it.
    pub looks: Vec<(usize, SnapshotForm)>,
    /// Why it ended early, if it did.
    pub lost: Option<String>,
}

impl Observed {
    /// Where the bases of addresses are.
    pub fn layout(&self) -> Layout {
        let (heap, mmap, stack) = self.layout;
        Layout { heap, mmap, stack }
    }
}

/// Writes a message as a line, the newline included.
pub fn line(message: &impl Serialize) -> String {
    // the messages hold nothing that JSON cannot say
    let json = serde_json::to_string(message).unwrap_or_default();
    format!("{:08x} {json}\n", checksum(json.as_bytes()))
}

/// Reads a line; `None` for one that did not arrive as it was sent.
pub fn read<T: DeserializeOwned>(line: &str) -> Option<T> {
    let (sum, json) = line.trim_end_matches(['\r', '\n']).split_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    if sum != checksum(json.as_bytes()) {
        return None;
    }
    serde_json::from_str(json).ok()
}

/// FNV-1a
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back() {
        let requests = [
            Request::Profile,
            Request::Fuzz(Campaign { seed: u64::MAX, seconds: Some(3), ..Campaign::default() }),
            Request::Corpus { files: vec![Named { name: "a\n".into(), text: "é\r\n".into() }] },
            Request::Observe { program: "fork() = p1\n".into(), every_op: true },
        ];
        for request in requests {
            let line = line(&request);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert_eq!(read::<Request>(&line), Some(request));
        }
        let event = Event::Digests { first: 1 << 60, values: vec![u64::MAX, 0] };
        assert_eq!(read::<Event>(&line(&event)), Some(event));
    }

    #[test]
    fn garbled_lines_are_refused() {
        let good = line(&Event::Program {
            name: "brk/grow.mm".into(),
            verdict: Verdict::Agree,
            detail: String::new(),
            finding: None,
        });
        assert!(read::<Event>(&good).is_some());
        for at in 0..good.len() - 1 {
            let mut lost = good.clone();
            lost.remove(at);
            assert_eq!(read::<Event>(&lost), None, "{lost}");
        }
        assert_eq!(read::<Event>(""), None);
    }
}
