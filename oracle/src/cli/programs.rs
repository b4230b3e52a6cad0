//! `mmdiff run`, `predict`, `shrink` and `c`: commands on program files.

use super::{
    boot, kernel, matrix, runner, CArgs, FileArgs, FilesArgs, Format, Outcome, PredictArgs,
};
use crate::campaign::Record;
use crate::corpus::Verdict;
use crate::guest::{Named, Plan, Request};
use crate::profile::contradictions;
use crate::programs::{self, Predicted, Ran, Sought};
use crate::words::counted;
use anyhow::{anyhow, bail, Context, Result};
use mm_reference::profile::{Profile, Version};
use mm_reference::text::MAX_BYTES;
use serde_json::{json, Value};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads a file that should be a program.
pub(super) fn text(path: &Path) -> Result<Named> {
    let mut text = String::new();
    File::open(path)
        // a byte more than allowed is enough to be refused
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text))
        .with_context(|| format!("failed to read {}", path.display()))?;
    Ok(Named { name: path.display().to_string(), text })
}

/// Reads a program; what is wrong with it shows before anything is done.
pub(super) fn program(path: &Path) -> Result<Named> {
    let file = text(path)?;
    programs::read(&file.name, &file.text)?;
    Ok(file)
}

/// The files named, and the programs in the folders named, sorted; no program at all is an
/// error.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let files = below(paths)?;
    if files.is_empty() {
        let named: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("there is no program (*.mm) in {}", named.join(", "));
    }
    Ok(files)
}

fn below(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        let entries = std::fs::read_dir(path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        for entry in entries {
            found.push(entry.with_context(|| format!("failed to read {}", path.display()))?.path());
        }
        found.retain(|p| p.is_dir() || p.extension().is_some_and(|e| e == "mm"));
        found.sort();
        files.extend(below(&found)?);
    }
    Ok(files)
}

pub(super) fn run(args: FilesArgs) -> Result<Outcome> {
    let mut show = Show::run(&args);
    let files = readable(&args.files, &mut show)?;
    for contradiction in contradictions(&kernel()?.1) {
        eprintln!("mmdiff: {contradiction}");
    }
    let mut runner = runner(args.settings)?;
    runner.scrutinize(true);
    for Named { name, text } in &files {
        show.ran(name, &programs::run(&mut runner, text));
    }
    show.finish()
}

/// The files that can be read; the others have failed.
pub(super) fn readable(paths: &[PathBuf], show: &mut Show) -> Result<Vec<Named>> {
    let mut files = Vec::new();
    for path in expand(paths)? {
        match text(&path) {
            Ok(file) => files.push(file),
            Err(error) => show.ran(&path.display().to_string(), &Ran::failed(error.as_ref())),
        }
    }
    Ok(files)
}

pub(super) fn predict(args: PredictArgs) -> Result<Outcome> {
    let Named { name, text } = program(&args.file)?;
    let profile = match (&args.kernel, kernel()) {
        (Some(profile), _) => profile.clone(),
        (None, Ok((profile, _))) => (*profile).clone(),
        (None, Err(_)) => Profile::stock(Version::new(6, 18)),
    };
    let mut show = Show::predict(&args);
    show.predicted(programs::predict(&profile, &name, &text)?);
    show.finish()
}

pub(super) fn shrink(args: FileArgs) -> Result<Outcome> {
    let Named { name, text } = program(&args.file)?;
    let mut show = Show::shrink(&args);
    show.sought(programs::find(&mut runner(false)?, &name, &text)?);
    show.finish()
}

pub(super) fn c(args: CArgs) -> Result<Outcome> {
    let file = program(&args.program.file)?;
    let mut show = Show::c(&args.program);
    if let Some(kernel) = &args.kernel {
        let plan = Plan::new(matrix::find(kernel)?);
        return boot::in_guest(&plan, Request::Find { file }, boot::Show::of(show));
    }
    show.sought(programs::find(&mut runner(false)?, &file.name, &file.text)?);
    show.finish()
}

/// Prints what came of programs, here or in a guest.
pub(super) struct Show {
    job: Job,
    format: Format,
    records: Vec<Value>,
    outcome: Outcome,
    failure: Option<anyhow::Error>,
    ran: Count,
}

/// What was run.
#[derive(Default)]
struct Count {
    all: usize,
    skipped: usize,
    /// What could not be run, or not to its end, and why.
    failed: Vec<String>,
}

impl Count {
    fn add(&mut self, name: &str, ran: &Ran) {
        self.all += 1;
        match ran.verdict {
            Verdict::Skipped => self.skipped += 1,
            Verdict::Failed => self.failed.push(format!("{name}: {}", ran.summary)),
            _ => {}
        }
    }

    /// Why a run without a difference is no success, where it is none.
    fn incomplete(&self) -> Option<String> {
        let Count { all, skipped, failed } = self;
        match failed.as_slice() {
            [] if *all > 0 && all == skipped => {
                Some("no program was run: all are skipped".to_owned())
            }
            [] => None,
            [one] if *all == 1 => Some(one.clone()),
            some => Some(format!(
                "{} of {} could not be run, or not to the end:\n  {}",
                some.len(),
                counted(*all, "program"),
                some.join("\n  ")
            )),
        }
    }
}

enum Job {
    Run { quiet: bool },
    Shrink(PathBuf),
    C(PathBuf),
    Predict { file: PathBuf, write: bool },
}

impl Show {
    fn new(job: Job, format: Format) -> Show {
        let (records, outcome) = (Vec::new(), Outcome::Agree);
        Show { job, format, records, outcome, failure: None, ran: Count::default() }
    }

    pub(super) fn run(args: &FilesArgs) -> Show {
        Show::new(Job::Run { quiet: args.quiet }, args.format)
    }

    pub(super) fn shrink(args: &FileArgs) -> Show {
        Show::new(Job::Shrink(args.file.clone()), args.format)
    }

    pub(super) fn c(args: &super::ProgramArgs) -> Show {
        Show::new(Job::C(args.file.clone()), Format::Text)
    }

    pub(super) fn predict(args: &PredictArgs) -> Show {
        Show::new(Job::Predict { file: args.file.clone(), write: args.write }, args.format)
    }

    /// A program was run.
    pub(super) fn ran(&mut self, name: &str, ran: &Ran) {
        let Job::Run { quiet } = self.job else { return };
        if !ran.is_as_expected() {
            self.outcome = Outcome::Diverged;
        }
        self.ran.add(name, ran);
        if self.format == Format::Json {
            self.records.push(json!({
                "program": name,
                "verdict": ran.verdict,
                "summary": ran.summary,
                "signature": ran.signature,
                "known": ran.known,
                "operations": ran.operations,
                "unpredictable": ran.unpredictable,
                "unexpected": ran.unexpected,
            }));
            return;
        }
        if !quiet {
            print!("{}", ran.table);
        }
        println!("{name}: {}", ran.summary);
        if !(quiet && ran.is_as_expected()) {
            print!("{}", ran.report);
        }
    }

    /// A difference was looked for.
    pub(super) fn sought(&mut self, sought: Sought) {
        let (file, small) = match &self.job {
            Job::Shrink(file) => (file.display(), true),
            Job::C(file) => (file.display(), false),
            Job::Run { .. } | Job::Predict { .. } => return,
        };
        let Sought::Found { record, known } = sought else {
            match (small, self.format) {
                (true, Format::Text) => println!("{file}: model and kernel agree"),
                (true, Format::Json) => println!("{:#}", smallest(None, &[])),
                (false, _) => {
                    self.failure = Some(anyhow!(
                        "{file}: model and kernel agree, so there is no difference that a C program could show"
                    ));
                }
            }
            return;
        };
        if !known.is_empty() {
            eprintln!("{file}: a known difference: {}", known.join(", "));
        }
        self.outcome = Outcome::Diverged;
        let (shown, of) = record.reliability;
        match (small, self.format) {
            (false, _) => print!("{}", record.c),
            (true, Format::Text) => {
                println!("# {} ({shown} of {})", record.signature, counted(of, "run"));
                print!("{}", record.program);
                for line in record.report.lines() {
                    println!("# {line}");
                }
            }
            (true, Format::Json) => println!("{:#}", smallest(Some(&record), &known)),
        }
    }

    /// A program was predicted.
    pub(super) fn predicted(&mut self, predicted: Predicted) {
        let Job::Predict { file, write } = &self.job else { return };
        if let Some(version) = &predicted.instead {
            eprintln!("predicting for a stock kernel {version}, as required");
        }
        if let Some(why) = &predicted.cannot {
            self.failure = Some(anyhow!("{}: {why}", file.display()));
        }
        if *write {
            if self.failure.is_none() {
                self.failure = put(file, &predicted.program).err();
            }
            return;
        }
        if !predicted.unexpected.is_empty() {
            self.outcome = Outcome::Diverged;
        }
        match self.format {
            Format::Text => {
                print!("{predicted}");
                if !predicted.unexpected.is_empty() {
                    println!("\n{}: the file expects other results", file.display());
                }
                for line in &predicted.unexpected {
                    println!("  {line}");
                }
            }
            Format::Json => {
                let shown = Predicted { program: String::new(), ..predicted };
                println!("{:#}", json!(shown));
            }
        }
    }

    /// What all came to.
    pub(super) fn finish(mut self) -> Result<Outcome> {
        if let Job::Run { .. } = self.job {
            if self.format == Format::Json {
                println!("{:#}", json!(self.records));
            }
            match self.ran.incomplete() {
                Some(why) if self.outcome == Outcome::Diverged => eprintln!("mmdiff: {why}"),
                why => self.failure = why.map(anyhow::Error::msg),
            }
        }
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.outcome),
        }
    }
}

/// The smallest program that differs, for scripts; where none does the keys are there as well.
fn smallest(record: Option<&Record>, known: &[String]) -> Value {
    json!({
        "signature": record.map(|record| &record.signature),
        "program": record.map(|record| &record.program),
        "minimal": record.map(|record| record.minimal),
        "shown": record.map(|record| record.reliability.0),
        "of": record.map(|record| record.reliability.1),
        "known": known,
    })
}

/// Replaces a program in one step.
fn put(file: &Path, program: &str) -> Result<()> {
    let partial = file.with_extension("mm.partial");
    std::fs::write(&partial, program)
        .and_then(|()| std::fs::rename(&partial, file))
        .with_context(|| format!("failed to write {}", file.display()))
}
