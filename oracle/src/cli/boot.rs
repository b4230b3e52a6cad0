//! `mmdiff kernel boot`

use super::fuzz::stop_flag;
use super::kernel::CacheArgs;
use super::{
    defects, inject, programs, reproduce, BenchArgs, DefectsArgs, FileArgs, FilesArgs, Format,
    FormatArgs, FuzzArgs, Outcome, PredictArgs, ProgramArgs,
};
use crate::campaign::{folder_below, Differs, KernelIdentity, Provenance, Record};
use crate::guest::{
    examine, Accelerator, Campaign, Ended, Event, Guest, GuestError, Hunts, Link, Named, Plan,
    Request, Verdict,
};
use crate::kernels::{self, Kernel, Report};
use crate::profile::{contradictions, Contradiction};
use crate::words::counted;
use anyhow::{anyhow, bail, Context, Result};
use clap::{Args, Parser};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub(super) struct BootArgs {
    /// A short name such as 6.12, which is fetched if need be, or the name of one that was
    /// built
    #[arg(value_name = "NAME", required_unless_present = "kernel")]
    name: Option<String>,
    /// Any kernel's image (bzImage, vmlinuz); its configuration is looked for beside it
    #[arg(long, value_name = "IMAGE", conflicts_with = "name")]
    kernel: Option<PathBuf>,
    #[command(flatten)]
    cache: CacheArgs,
    /// A folder with files to add to the guest's
    #[arg(long, value_name = "DIR")]
    initrd_extra: Option<PathBuf>,
    /// More for the kernel's command line
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    append: String,
    /// The guest's memory
    #[arg(long, value_name = "MiB", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(256..))]
    memory: u32,
    /// The guest's CPUs
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    /// What to do there: fuzz, corpus, run, shrink, c, predict, defects, inject, profile or
    /// bench, with options; profile if nothing is said
    #[arg(last = true)]
    job: Vec<String>,
}

/// What can be done in a guest.
#[derive(Debug, Parser)]
#[command(name = "mmdiff kernel boot --", no_binary_name = true)]
enum Job {
    /// Fuzz the guest's kernel against the reference
    Fuzz(FuzzArgs),
    /// Run programs on model and the guest's kernel
    Corpus(CorpusArgs),
    /// Run programs on model and the guest's kernel, operation by operation
    Run(FilesArgs),
    /// Make a program as small as possible that diverges on the guest's kernel
    Shrink(FileArgs),
    /// Write a C program that shows the divergence of a program on the guest's kernel
    C(ProgramArgs),
    /// Predict what a program does on the guest's kernel
    Predict(PredictArgs),
    /// Check that wrong variants of the model are noticed on the guest's kernel
    Defects(DefectsArgs),
    /// Let the allocations of moves fail on the guest's kernel
    Inject(inject::InjectArgs),
    /// Print what is believed of the guest's kernel
    Profile(FormatArgs),
    /// Measure the tool itself in the guest
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
struct CorpusArgs {
    /// Programs in the text format, or folders of them (*.mm)
    #[arg(default_value = "corpus")]
    files: Vec<PathBuf>,
    /// Also name the programs that agree
    #[arg(long)]
    verbose: bool,
}

/// How long a campaign takes if nothing is said, in seconds.
const DEFAULT_TIME: u64 = 30;
/// How often progress is printed.
const SAY_EVERY: Duration = Duration::from_secs(10);

pub(super) fn boot(args: BootArgs) -> Result<Outcome> {
    let job = match args.job.is_empty() {
        true => Job::Profile(FormatArgs { format: Format::Text }),
        false => Job::try_parse_from(&args.job).unwrap_or_else(|error| error.exit()),
    };
    let kernel = match (&args.kernel, &args.name) {
        (Some(image), _) => Kernel::from_image(image)
            .with_context(|| format!("failed to find {}", image.display()))?,
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            kernels::get(name, &args.cache.open()?, &Report::new(false))?
        }
    };
    let plan = Plan {
        memory_mib: args.memory,
        cpus: args.cpus,
        extra: args.initrd_extra,
        append: args.append,
        ..Plan::new(kernel)
    };
    // what is wrong with the job shows before the guest is there
    let (request, show) = prepare(job, &plan.kernel.name)?;
    in_guest(&plan, request, show)
}

/// Boots a guest and does a job there.
pub(super) fn in_guest(plan: &Plan, mut request: Request, mut show: Show) -> Result<Outcome> {
    let stop = stop_flag()?;
    let mut guest = Guest::boot(plan)?;
    let _ = writeln!(
        io::stderr(),
        "mmdiff: Linux {} in a guest ({}), ready after {:.1} s",
        guest.release(),
        guest.accelerator().name(),
        guest.boot_time().as_secs_f64()
    );
    if let Request::Bench { emulated, .. } = &mut request {
        *emulated = guest.accelerator() == Accelerator::Emulation;
    }
    if let (Request::Fuzz(_), true) = (&request, plan.kernel.built.is_some()) {
        probe(&mut guest, &mut show)?;
    }
    let served = guest.serve_until(&request, &stop, &mut |event| show.event(event));
    match served {
        Ok(()) => {
            let ended = guest.serve(&Request::PowerOff, &mut |_| {});
            ended.context("failed to end the guest")?;
        }
        Err(error) => {
            let kernel = guest.kernel();
            drop(guest);
            match &request {
                // that is what it was to show
                Request::Reproduce => show.fell(error)?,
                _ => went_down(plan, &kernel, error, &mut show)?,
            }
        }
    }
    let outcome = show.finish()?;
    if outcome == Outcome::Agree && stop.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    Ok(outcome)
}

/// On a kernel that was built here, a probe against the version is a finding.
fn probe(guest: &mut Guest, show: &mut Show) -> Result<()> {
    let mut found = Vec::new();
    guest.serve(&Request::Profile, &mut |event| {
        if let Event::Profile { origins, .. } = event {
            found = contradictions(&origins);
        }
    })?;
    for contradiction in &found {
        let provenance = Provenance { kernel: guest.kernel(), ..Provenance::here(None) };
        show.finding(&Record { provenance, ..Record::from(contradiction) });
    }
    Ok(())
}

/// Finds out which program did it; where none did, the error is passed on.
fn went_down(
    plan: &Plan,
    kernel: &KernelIdentity,
    error: GuestError,
    show: &mut Show,
) -> Result<()> {
    let Some(wreck) = error.wreck() else { return Err(error.into()) };
    let _ = writeln!(io::stderr(), "mmdiff: {error}");
    let suspects = counted(wreck.suspects.len(), "program");
    let _ = writeln!(io::stderr(), "mmdiff: the guest was running {suspects}; trying again");
    let mut again = || Guest::boot(plan).map(|guest| Box::new(guest) as Box<dyn Link>);
    let findings = examine(&error, &mut again)?;
    if findings.is_empty() {
        return Err(error.into());
    }
    for found in findings {
        let provenance = Provenance { kernel: kernel.clone(), ..Provenance::here(None) };
        let found = Record { provenance, ..found };
        show.event(Event::Finding(Box::new(found)));
    }
    Ok(())
}

fn prepare(job: Job, kernel: &str) -> Result<(Request, Show)> {
    Ok(match job {
        Job::Profile(args) => (Request::Profile, Show::new(args.format, None, true)),
        Job::Bench(args) => {
            let request = Request::Bench { quick: args.quick, emulated: false };
            (request, Show::new(args.format, None, true))
        }
        Job::Corpus(args) => {
            let files = texts(&args.files)?;
            (Request::Corpus { files }, Show::new(Format::Text, None, args.verbose))
        }
        Job::Run(args) => {
            let mut show = programs::Show::run(&args);
            let files = programs::readable(&args.files, &mut show)?;
            (Request::Run { files }, Show::of(show))
        }
        Job::Shrink(args) => {
            let file = programs::program(&args.file)?;
            (Request::Find { file }, Show::of(programs::Show::shrink(&args)))
        }
        Job::C(args) => {
            let file = programs::program(&args.file)?;
            (Request::Find { file }, Show::of(programs::Show::c(&args)))
        }
        Job::Predict(args) if args.kernel.is_some() => {
            bail!("a guest predicts for its own kernel: --kernel is for `mmdiff predict`")
        }
        Job::Predict(args) => {
            let file = programs::program(&args.file)?;
            (Request::Predict { file }, Show::of(programs::Show::predict(&args)))
        }
        Job::Defects(args) => {
            let hunted = Some(defects::Show::new(&args)?);
            let hunts = Hunts {
                only: args.only,
                seed: args.seed,
                millis_each: args.time_each.as_millis() as u64,
                jobs: args.jobs.map(|jobs| jobs.min(64) as u16),
            };
            (Request::Defects(hunts), Show { hunted, ..Show::new(args.format, None, true) })
        }
        Job::Inject(args) => {
            let mut show = Show::new(args.format, None, true);
            show.injected = Some(inject::Show::new(args.format, args.quiet));
            let defect = args.defect.map(|defect| defect.name().to_owned());
            (Request::Inject { files: texts(&args.files)?, defect }, show)
        }
        Job::Fuzz(args) => {
            let seconds = args.time.map(|time| time.as_secs().max(1));
            let campaign = Campaign {
                seed: args.seed.unwrap_or_else(rand::random),
                seconds: seconds.or(args.programs.is_none().then_some(DEFAULT_TIME)),
                programs: args.programs,
                max_ops: Some(args.max_ops),
                observe: args.observe.observe().name().to_owned(),
                focus: args.focus.map(|focus| focus.name().to_owned()),
                defect: args.defect.map(|defect| defect.name().to_owned()),
                until_found: args.until_found,
                jobs: args.jobs.map(|jobs| jobs.min(64) as u16),
            };
            let out = folder_below(&args.out, kernel);
            (Request::Fuzz(campaign), Show::new(args.format, Some(out), true))
        }
    })
}

/// Files as they are sent to a guest, which says what is wrong with each.
fn texts(paths: &[PathBuf]) -> Result<Vec<Named>> {
    programs::expand(paths)?.iter().map(|path| programs::text(path)).collect()
}

/// Prints events as they come, and keeps findings.
pub(super) struct Show {
    format: Format,
    out: Option<PathBuf>,
    verbose: bool,
    verdicts: BTreeMap<&'static str, u64>,
    /// What came of allocations that failed, where that is the job.
    injected: Option<inject::Show>,
    /// What came of programs, and of hunts for defects, where that is the job.
    programs: Option<programs::Show>,
    hunted: Option<defects::Show>,
    /// How a reproducer ended, where that is the job.
    reproduced: Option<Ended>,
    diverged: bool,
    /// Why a campaign is no success, if it is none.
    incomplete: Option<String>,
    /// When the guest was started, until its first program has run.
    started: Option<Instant>,
    /// When progress was printed last.
    said: Instant,
}

impl Show {
    fn new(format: Format, out: Option<PathBuf>, verbose: bool) -> Show {
        let now = Instant::now();
        Show {
            format,
            out,
            verbose,
            verdicts: BTreeMap::new(),
            injected: None,
            programs: None,
            hunted: None,
            reproduced: None,
            diverged: false,
            incomplete: None,
            started: Some(now),
            said: now,
        }
    }

    /// For a job that says no more than findings.
    pub(super) fn plain() -> Show {
        Show::new(Format::Text, None, true)
    }

    /// For a command on programs.
    pub(super) fn of(programs: programs::Show) -> Show {
        Show { programs: Some(programs), ..Show::plain() }
    }

    /// The guest went down over a reproducer.
    fn fell(&mut self, error: GuestError) -> Result<()> {
        if error.wreck().is_none() {
            return Err(error.into());
        }
        println!("{error}");
        self.reproduced = Some(Ended::Status(1));
        Ok(())
    }

    /// Says once how long it took to the first program.
    fn first(&mut self, ran: bool) {
        if let Some(started) = self.started.filter(|_| ran) {
            self.started = None;
            let seconds = started.elapsed().as_secs_f64();
            let _ = writeln!(io::stderr(), "the first program was run after {seconds:.1} s");
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Finding(found) => self.finding(&found),
            Event::Unconfirmed { signature, .. } => {
                let _ = writeln!(io::stderr(), "did not show again: {signature}");
            }
            Event::Known { id, count } => {
                let _ = writeln!(io::stderr(), "known difference: {id}, {count} times");
            }
            Event::Progress { programs, operations } => {
                self.first(programs > 0);
                if programs > 0 && self.said.elapsed() >= SAY_EVERY {
                    self.said = Instant::now();
                    let programs = counted(programs, "program");
                    let operations = counted(operations, "operation");
                    let _ = writeln!(io::stderr(), "{programs}, {operations}");
                }
            }
            Event::Injected { name, injected } => {
                self.first(true);
                if let Some(show) = &mut self.injected {
                    show.program(&name, &injected);
                }
            }
            Event::NoFaults { why } => {
                inject::skipped(&why, self.format);
                self.injected = None;
            }
            Event::Ran { name, ran } => {
                self.first(true);
                if let Some(show) = &mut self.programs {
                    show.ran(&name, &ran);
                }
            }
            Event::Sought(sought) => {
                if let Some(show) = &mut self.programs {
                    show.sought(sought);
                }
            }
            Event::Predicted(predicted) => {
                if let Some(show) = &mut self.programs {
                    show.predicted(*predicted);
                }
            }
            Event::Hunted(hunted) => {
                if let Some(show) = &mut self.hunted {
                    show.hunted(*hunted);
                }
            }
            Event::Reproduced { end, output } => {
                print!("{output}");
                self.reproduced = Some(end);
            }
            Event::Program { name, verdict, detail, .. } => self.program(&name, verdict, &detail),
            Event::Profile { origins, compared, not_compared } => match self.format {
                Format::Json => println!("{}", crate::profile::json(&origins)),
                Format::Text => {
                    print!("{}", crate::profile::text(&origins));
                    println!("compared: {}", compared.join(", "));
                    for (what, why) in not_compared {
                        println!("not compared: {what}: {why}");
                    }
                }
            },
            Event::Summary(mut summary) => {
                self.incomplete = summary["incomplete"].as_str().map(str::to_owned);
                match self.format {
                    Format::Json => {
                        self.relocate(&mut summary);
                        println!("{summary:#}");
                    }
                    Format::Text => println!("{}", in_words(&summary)),
                }
            }
            Event::Bench { report, text } => match self.format {
                Format::Json => println!("{report:#}"),
                Format::Text => print!("{text}"),
            },
            _ => {}
        }
    }

    fn finding(&mut self, found: &Record) {
        self.diverged = true;
        let (shown, of) = found.reliability;
        // what is printed is kept
        let folder = self.out.as_deref().map(|out| folder_below(out, &found.signature));
        if let Some(Err(error)) = folder.as_deref().map(|folder| found.save(folder)) {
            let (error, program) = (anyhow::Error::from(error), &found.program);
            let _ = writeln!(io::stderr(), "mmdiff: {error:#}; the program is:\n{program}");
        }
        if self.format == Format::Text {
            let folder = folder.map(|folder| format!("  {}", folder.display())).unwrap_or_default();
            println!("finding: {} ({shown} of {}){folder}", found.signature, counted(of, "run"));
            for line in found.program.lines() {
                println!("    {line}");
            }
            if let Some(Differs { field, expected, actual, .. }) = found.differences.first() {
                println!("  expected {expected}, got {actual} ({field})");
            }
        }
    }

    /// Findings are in the folder here, not in that of the guest.
    fn relocate(&self, summary: &mut serde_json::Value) {
        let Some(out) = &self.out else { return };
        for finding in summary["findings"].as_array_mut().into_iter().flatten() {
            let folder = folder_below(out, finding["signature"].as_str().unwrap_or_default());
            finding["program"] = json!(folder.join("program.mm"));
        }
    }

    fn program(&mut self, name: &str, verdict: Verdict, detail: &str) {
        let word = verdict.name();
        self.first(true);
        *self.verdicts.entry(word).or_default() += 1;
        self.diverged |= matches!(verdict, Verdict::Diverge | Verdict::Otherwise);
        let good = matches!(verdict, Verdict::Agree | Verdict::Known | Verdict::Skipped);
        if !good || self.verbose {
            println!("{name}: {word} {detail}");
        }
    }

    fn finish(self) -> Result<Outcome> {
        if !self.verdicts.is_empty() {
            let counts = self.verdicts.iter().map(|(word, count)| format!("{count} {word}"));
            println!("{}", counts.collect::<Vec<_>>().join(", "));
        }
        let ended = [
            self.injected.map(|show| Ok(show.finish())),
            self.programs.map(programs::Show::finish),
            self.hunted.map(defects::Show::finish),
            self.reproduced.map(reproduce::meaning),
        ];
        let incomplete = self.incomplete.or_else(|| not_all_ran(&self.verdicts));
        let incomplete = incomplete.map(|why| Err(anyhow!(why)));
        let ended: Vec<_> = ended.into_iter().flatten().chain(incomplete).collect();
        let differs = |ended: &Result<Outcome>| matches!(ended, Ok(Outcome::Diverged));
        let diverged = self.diverged || ended.iter().any(differs);
        for why in ended.into_iter().filter_map(Result::err) {
            if !diverged {
                return Err(why);
            }
            let _ = writeln!(io::stderr(), "mmdiff: {why:#}");
        }
        Ok(if diverged { Outcome::Diverged } else { Outcome::Agree })
    }
}

/// Why programs of the corpus of which none differs are no success, where they are none.
fn not_all_ran(verdicts: &BTreeMap<&'static str, u64>) -> Option<String> {
    let of = |verdict: Verdict| verdicts.get(verdict.name()).copied().unwrap_or_default();
    let (all, failed) = (verdicts.values().sum(), of(Verdict::Failed));
    match failed {
        0 if all > 0 && all == of(Verdict::Skipped) => {
            Some("no program was run: all are skipped".to_owned())
        }
        0 => None,
        _ => Some(format!("{failed} of {} failed", counted::<u64>(all, "program"))),
    }
}

/// The numbers of a campaign's summary in a line, below what probes say against the version.
fn in_words(summary: &serde_json::Value) -> String {
    let number = |name: &str| summary[name].as_u64().unwrap_or_default();
    let seconds = summary["seconds"].as_f64().unwrap_or_default().max(0.001);
    let contradictions = serde_json::from_value(summary["contradictions"].clone());
    let contradictions: Vec<Contradiction> = contradictions.unwrap_or_default();
    let contradictions = contradictions.iter().map(|c| format!("{c}\n")).collect::<String>();
    let interrupted = match summary["interrupted"].as_bool() {
        Some(true) => "interrupted; until then: ",
        _ => "",
    };
    format!(
        "{contradictions}{interrupted}{}, {} in {seconds:.1} s ({:.0} programs/s), seed {}; {}, {} did not show again",
        counted(number("programs"), "program"),
        counted(number("operations"), "operation"),
        number("programs") as f64 / seconds,
        summary["seed"],
        counted(summary["findings"].as_array().map_or(0, Vec::len), "finding"),
        summary["unconfirmed"],
    )
}
