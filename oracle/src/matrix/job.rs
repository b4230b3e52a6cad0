//! One kernel's part: its guests, one after the other.

use super::known::known;
use super::result::{Case, End, Found, Row, Verdict};
use super::save::Folder;
use super::summary::Counts;
use crate::campaign::{Differs, KernelIdentity, Limit, Record};
use crate::generate::program_seed;
use crate::guest::{self, examine, Campaign, Event, GuestError, Link, Named, Request, SILENCE};
use crate::kernels::Build;
use crate::profile::contradictions;
use crate::report::c_of_crash;
use mm_reference::profile::Version;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a kernel is booted again after its guest was lost.
const LIVES: u32 = 12;
/// What differs where a program of the corpus brings a kernel down.
const DOWN: &str = "kernel-log";

/// What is to be run on each kernel.
#[derive(Clone, Debug)]
pub struct Work {
    /// Everything random follows from it.
    pub seed: u64,
    /// How long fresh programs are run, or how many.
    pub limit: Limit,
    /// Whether the first finding of fresh programs ends them.
    pub until_found: bool,
    /// When guests look at them, as [`Campaign::observe`].
    pub observe: String,
    /// The programs of the corpus, by their path below it.
    pub corpus: Vec<Named>,
}

/// A kernel that is to be tested.
#[derive(Clone, Copy, Debug)]
pub struct Tested<'a> {
    /// What it is called in the results.
    pub name: &'a str,
    /// How it was built, where that was done here: then probes that contradict its version
    /// are findings.
    pub built: Option<&'a Build>,
}

/// What can be told of a kernel while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A guest is ready.
    Booted {
        /// The release that its kernel calls itself.
        release: String,
        /// After how long.
        after: Duration,
    },
    /// The corpus is done.
    Corpus {
        /// Programs of it.
        programs: usize,
    },
    /// Fresh programs so far.
    Progress {
        /// Programs run.
        programs: u64,
    },
    /// A finding.
    Found {
        /// Its signature.
        signature: String,
    },
    /// A guest was lost.
    Lost {
        /// How.
        how: String,
    },
}

/// Makes guests of one kernel.
pub type Boot<'a> = dyn Fn() -> Result<Box<dyn Link>, GuestError> + Sync + 'a;

/// Runs all of the work on one kernel. `told` hears of it as it comes; findings
/// are saved below `out` at once.
pub fn run(
    kernel: Tested<'_>,
    boot: &Boot<'_>,
    work: &Work,
    out: &Path,
    stop: &AtomicBool,
    told: &dyn Fn(Told),
) -> Row {
    let folder = Folder::new(out.join(kernel.name));
    let mut job = Job {
        row: Row::waiting(kernel.name),
        built: kernel.built.is_some(),
        boot,
        work,
        stop,
        told,
        folder,
        version: None,
        kernel: KernelIdentity::asked_for(kernel.name, kernel.built),
        counts: Counts::default(),
        case: 0,
        left: work.limit,
    };
    let end = job.lives();
    let mut row = job.row;
    job.counts.fill(&mut row);
    row.known = job.version.map(|version| known(version, &job.counts.known)).unwrap_or_default();
    let not_run = work.corpus.iter().skip(row.corpus.len());
    let rest = not_run.map(|file| Case { name: file.name.clone(), verdict: Verdict::NotRun });
    row.corpus.extend(rest.collect::<Vec<_>>());
    row.end = end;
    row.identity = job.kernel;
    row
}

struct Job<'a> {
    row: Row,
    /// See [`Tested::built`].
    built: bool,
    boot: &'a Boot<'a>,
    work: &'a Work,
    stop: &'a AtomicBool,
    told: &'a dyn Fn(Told),
    folder: Folder,
    version: Option<Version>,
    kernel: KernelIdentity,
    counts: Counts,
    /// The next program of the corpus.
    case: usize,
    /// How long, or how many, fresh programs are still to be run.
    left: Limit,
}

/// How the work with one guest ended early.
enum Broken {
    /// It was stopped.
    Stopped,
    /// Something went wrong with the guest.
    Guest(GuestError),
}

impl From<GuestError> for Broken {
    fn from(error: GuestError) -> Broken {
        Broken::Guest(error)
    }
}

impl Job<'_> {
    /// One guest after the other until all is done.
    fn lives(&mut self) -> End {
        let mut last = String::new();
        for _ in 0..LIVES {
            match self.life() {
                Ok(()) => return End::Complete,
                Err(Broken::Stopped) => return End::Interrupted,
                Err(Broken::Guest(error)) => match error.wreck() {
                    Some(_) if self.row.release.is_some() => {
                        last = error.to_string();
                        if let Err(error) = self.lost(&error) {
                            return End::Failed(error.to_string());
                        }
                    }
                    _ => return End::Failed(error.to_string()),
                },
            }
        }
        End::Failed(format!("{LIVES} guests were lost, the last one: {last}"))
    }

    fn life(&mut self) -> Result<(), Broken> {
        self.check_stop()?;
        let started = Instant::now();
        let mut guest = (self.boot)()?;
        self.row.boots += 1;
        self.kernel.says(guest.kernel());
        self.greet(guest.as_mut(), started)?;
        self.corpus(guest.as_mut())?;
        self.fuzz(guest.as_mut())?;
        // all that it had to say has been said
        let _ = guest.send(&Request::PowerOff);
        Ok(())
    }

    fn check_stop(&self) -> Result<(), Broken> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Broken::Stopped),
            false => Ok(()),
        }
    }

    /// Sends a request and hands on its events, until it is done with or all is
    /// stopped; a guest says something every second.
    fn serve(
        &mut self,
        guest: &mut dyn Link,
        request: &Request,
        mut each: impl FnMut(&mut Self, Event),
    ) -> Result<(), Broken> {
        guest.send(request)?;
        loop {
            match guest.event(SILENCE)? {
                Event::Done => return Ok(()),
                Event::Failed { error } => return Err(GuestError::Failed(error).into()),
                event => each(self, event),
            }
            self.check_stop()?;
        }
    }

    /// Asks what the guest is.
    fn greet(&mut self, guest: &mut dyn Link, started: Instant) -> Result<(), Broken> {
        let mut release = None;
        self.serve(guest, &Request::Profile, |job, event| {
            if let Event::Profile { origins, compared, not_compared } = event {
                job.row.set_observables(&compared, not_compared);
                job.row.contradictions = contradictions(&origins);
                let version = origins.into_iter().find(|origin| origin.switch == "version");
                release = version.map(|version| {
                    job.version = Version::parse(&version.value);
                    version.origin.trim_start_matches("uname: ").to_owned()
                });
            }
        })?;
        let Some(release) = release else {
            return Err(GuestError::Nonsense("it does not say what it is".to_owned()).into());
        };
        (self.told)(Told::Booted { release: release.clone(), after: started.elapsed() });
        self.row.release = Some(release);
        if self.built {
            let contradictions = self.row.contradictions.clone();
            contradictions.iter().for_each(|found| self.found(Record::from(found), None));
        }
        Ok(())
    }

    /// The programs of the corpus that are still to be run.
    fn corpus(&mut self, guest: &mut dyn Link) -> Result<(), Broken> {
        let files = self.work.corpus.get(self.case..).unwrap_or_default();
        if files.is_empty() {
            return Ok(());
        }
        let request = Request::Corpus { files: files.to_vec() };
        self.serve(guest, &request, |job, event| {
            if let Event::Program { name, verdict, detail, finding } = event {
                job.judged(name, verdict, detail, finding.map(|finding| *finding));
            }
        })?;
        (self.told)(Told::Corpus { programs: self.case });
        Ok(())
    }

    fn judged(
        &mut self,
        name: String,
        verdict: guest::Verdict,
        detail: String,
        finding: Option<Record>,
    ) {
        self.case += 1;
        let verdict = match verdict {
            guest::Verdict::Agree => Verdict::Agree,
            guest::Verdict::Known => {
                let entries: Vec<String> = detail.split(", ").map(str::to_owned).collect();
                entries.iter().for_each(|entry| self.counts.known_in_corpus(entry));
                Verdict::Known { entries }
            }
            guest::Verdict::Skipped => Verdict::Skipped { reason: detail },
            guest::Verdict::Otherwise => Verdict::Otherwise { lines: detail },
            guest::Verdict::Diverge | guest::Verdict::Failed => {
                let finding = finding.unwrap_or_else(|| Record {
                    differences: Differs::of_report(&detail),
                    ..Record::default()
                });
                self.diverged_in_corpus(&name, detail, finding)
            }
        };
        self.row.corpus.push(Case { name, verdict });
    }

    /// Notes a finding about a program of the corpus, of which no more need be known than
    /// what differs.
    fn diverged_in_corpus(&mut self, name: &str, report: String, finding: Record) -> Verdict {
        let files = &self.work.corpus;
        let text = files.iter().find(|file| file.name == name).map(|file| file.text.clone());
        let record = Record {
            signature: format!("corpus/{name}"),
            program: text.unwrap_or_default(),
            report: if finding.report.is_empty() { report.clone() } else { finding.report },
            // it is run once, and as it is
            reliability: (1, 1),
            ..finding
        };
        let fields = record.fields();
        self.found(record, Some(name));
        Verdict::Diverge { fields, report }
    }

    /// The fresh programs that are left.
    fn fuzz(&mut self, guest: &mut dyn Link) -> Result<(), Broken> {
        let (seconds, programs) = match self.left {
            Limit::Time(Duration::ZERO) | Limit::Programs(0) => return Ok(()),
            Limit::Time(time) => (Some(time.as_secs().max(1)), None),
            Limit::Programs(programs) => (None, Some(programs)),
        };
        let started = Instant::now();
        let campaign = Campaign {
            // the programs that a guest was lost over would be the first again
            seed: program_seed(self.work.seed, 0, u64::from(self.row.boots - 1)),
            seconds,
            programs,
            until_found: self.work.until_found,
            observe: self.work.observe.clone(),
            ..Campaign::default()
        };
        self.counts.begin();
        let before = self.counts.programs();
        let ran = self.serve(guest, &Request::Fuzz(campaign), Job::heard);
        let spent = started.elapsed();
        let ran_before = self.counts.programs() - before;
        self.row.time += match self.left {
            Limit::Time(left) => spent.min(left),
            Limit::Programs(_) => spent,
        };
        let found = self.work.until_found && !self.row.findings.is_empty();
        self.left = match self.left {
            _ if ran.is_ok() || found => Limit::Programs(0),
            // too little for another guest is nothing
            Limit::Time(left) => Limit::Time(left.saturating_sub(spent)),
            Limit::Programs(left) => Limit::Programs(left.saturating_sub(ran_before)),
        };
        ran
    }

    fn heard(&mut self, event: Event) {
        match event {
            Event::Progress { programs, operations } => {
                self.counts.progress(programs, operations);
                (self.told)(Told::Progress { programs: self.counts.programs() });
            }
            Event::Known { id, count } => self.counts.known(&id, count),
            Event::Finding(found) => self.found(*found, None),
            Event::Unconfirmed { signature, program, report } => {
                self.counts.unconfirmed(1);
                self.folder.unconfirmed(&signature, &program, &report);
            }
            Event::Summary(summary) => self.counts.summary(&summary),
            _ => {}
        }
    }

    /// Keeps a finding, once for each signature; `case` is the program of the
    /// corpus that it is about.
    fn found(&mut self, mut record: Record, case: Option<&str>) {
        if self.row.findings.iter().any(|known| known.signature == record.signature) {
            return;
        }
        record.provenance.mmdiff = env!("CARGO_PKG_VERSION").to_owned();
        record.provenance.kernel = self.kernel.clone();
        let folder = self.folder.save(&record);
        (self.told)(Told::Found { signature: record.signature.clone() });
        self.row.findings.push(Found {
            fields: record.fields(),
            signature: record.signature,
            program: record.program,
            report: record.report,
            case: case.map(str::to_owned),
            folder,
        });
    }

    /// What brought a guest down is a finding, unless it was somebody else.
    fn lost(&mut self, error: &GuestError) -> Result<(), GuestError> {
        let how = error.to_string();
        (self.told)(Told::Lost { how: how.lines().next().unwrap_or_default().to_owned() });
        if self.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let boot = self.boot;
        let findings = examine(error, &mut || boot())?;
        let somebody_else = findings.is_empty();
        for found in findings {
            self.found(found, None);
        }
        // programs of the corpus run one at a time, so it was this one, which is
        // not tried again
        if let (Some(file), false) = (self.work.corpus.get(self.case), somebody_else) {
            let name = file.name.clone();
            self.case += 1;
            let differs = Differs { field: DOWN.to_owned(), ..Differs::default() };
            let c = c_of_crash(&file.text);
            let finding = Record { differences: vec![differs], c, ..Record::default() };
            let verdict = self.diverged_in_corpus(&name, how, finding);
            self.row.corpus.push(Case { name, verdict });
        }
        Ok(())
    }
}

/// Entries of the registry by how often they showed.
pub(super) type KnownCounts = BTreeMap<String, u64>;
