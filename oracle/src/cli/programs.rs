//! `mmdiff run`, `predict`, `shrink` and `c`: commands on program files.

use super::{kernel, runner, FileArgs, FilesArgs, Format, Outcome, PredictArgs};
use crate::campaign::{investigate, report, Finding, Investigation};
use crate::corpus;
use crate::profile::contradictions;
use crate::run::{Observe, Replay, Runner, Trial, Verdict};
use anyhow::{anyhow, bail, Context, Result};
use mm_reference::model::{Seed, System};
use mm_reference::op::{Layout, Op};
use mm_reference::profile::Profile;
use mm_reference::text::{parse, write, Expected, Mode, Program, MAX_BYTES};
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Reads a program; what cannot be read is said with its place.
fn load(path: &Path) -> Result<Program> {
    let mut text = String::new();
    File::open(path)
        // a byte more than allowed is enough to be refused
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text))
        .with_context(|| format!("failed to read {}", path.display()))?;
    parse(&text, Mode::Strict).with_context(|| format!("failed to parse {}", path.display()))
}

/// The operations of a program that may run.
fn operations(path: &Path, program: &Program, fresh: &System) -> Result<Vec<Op>> {
    corpus::operations(program, fresh).map_err(|why| anyhow!("{}: {why}", path.display()))
}

/// The files named, and the programs in the folders named, sorted.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
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
        files.extend(expand(&found)?);
    }
    Ok(files)
}

pub(super) fn run(args: FilesArgs) -> Result<Outcome> {
    let programs: Vec<(PathBuf, Program)> = expand(&args.files)?
        .into_iter()
        .map(|file| load(&file).map(|program| (file, program)))
        .collect::<Result<_>>()?;
    for contradiction in contradictions(&kernel()?.1) {
        eprintln!("mmdiff: {contradiction}");
    }
    let mut runner = runner()?;
    runner.scrutinize(true);
    let mut result = Outcome::Agree;
    let mut records = Vec::new();
    for (file, program) in &programs {
        if let Some(unmet) = program.requires.unmet(runner.profile()) {
            println!("{}: skipped, requires {unmet}", file.display());
            records.push(
                json!({ "program": file, "verdict": "skipped", "requires": unmet.to_string() }),
            );
            continue;
        }
        if let Some(why) = program.start.kernels_choice() {
            println!("{}: skipped, {why}", file.display());
            records.push(json!({ "program": file, "verdict": "skipped", "reason": why }));
            continue;
        }
        runner.discard();
        runner.begin_by(program.start, &mut Vec::new())?;
        let ops = operations(file, program, runner.fresh()?)?;
        let trial = runner.run_closely(&ops)?;
        let layout = trial.layout;
        let wrong = unexpected(program, &trial, &layout);
        let agreed = match &trial.verdict {
            Verdict::Agreed => wrong.is_empty(),
            Verdict::Diverged(divergence) => divergence.known.is_some() && wrong.is_empty(),
        };
        if !agreed {
            result = Outcome::Diverged;
        }
        if args.format == Format::Json {
            records.push(record(file, &trial, &wrong, agreed));
            continue;
        }
        if !args.quiet {
            print!("{}", table(&trial, &layout));
        }
        println!("{}: {}", file.display(), verdict(&trial, &wrong));
        if let (Some(divergence), false) = (trial.divergence(), args.quiet && agreed) {
            print!("{}", report(divergence));
        }
    }
    if args.format == Format::Json {
        println!("{:#}", json!(records));
    }
    Ok(result)
}

/// The lines whose expected result in the file is not what the model says.
fn unexpected(program: &Program, trial: &Trial, layout: &Layout) -> Vec<String> {
    let answers = program.lines.iter().zip(&trial.predicted);
    answers
        .filter_map(|(line, answer)| {
            let expected = line.expected.as_ref()?;
            (!expected.matches(&answer.outcome, layout)).then(|| {
                format!(
                    "line {}: the file expects {}, the model {}",
                    line.number,
                    expected,
                    Expected::of(&answer.outcome, layout)
                )
            })
        })
        .collect()
}

fn verdict(trial: &Trial, wrong: &[String]) -> String {
    let mut text = match &trial.verdict {
        Verdict::Agreed if wrong.is_empty() => "agree".to_owned(),
        Verdict::Agreed => "model and kernel agree, but not with the file".to_owned(),
        Verdict::Diverged(d) => match d.known {
            Some(quirks) => {
                let names: Vec<_> = quirks.iter().map(|q| q.name()).collect();
                format!("diverge, a known difference: {}", names.join(", "))
            }
            None => format!("diverge: {}", d.signature),
        },
    };
    if let Some(reason) = trial.unpredictable {
        let lost = trial.lost.iter().map(|why| format!(", {why}")).collect::<String>();
        let next = trial.actual.len() + 1;
        text.push_str(&format!(" (up to operation {next}: {reason}{lost})"));
    }
    for line in wrong {
        text.push_str(&format!("\n  {line}"));
    }
    text
}

fn record(file: &Path, trial: &Trial, wrong: &[String], agreed: bool) -> serde_json::Value {
    json!({
        "program": file,
        "verdict": match &trial.verdict {
            Verdict::Diverged(d) if d.known.is_some() => "known",
            _ if agreed => "agree",
            _ => "diverge",
        },
        "signature": trial.divergence().map(|d| d.signature.to_string()),
        "known": trial.divergence().and_then(|d| d.known)
            .map(|k| k.iter().map(|q| q.name()).collect::<Vec<_>>()),
        "operations": trial.ops.len(),
        "unpredictable": trial.unpredictable.map(|r| r.to_string()),
        "unexpected": wrong,
    })
}

/// Each operation with what model and kernel say.
fn table(trial: &Trial, layout: &Layout) -> String {
    let mut text = String::new();
    for (index, op) in trial.ops.iter().enumerate() {
        let predicted = &trial.predicted[index].outcome;
        let (expected, actual) = match trial.actual.get(index) {
            Some(actual) => {
                let (expected, actual) = Expected::told_apart(predicted, actual, layout);
                (expected.to_string(), actual.to_string())
            }
            None => (Expected::of(predicted, layout).to_string(), "(not run)".to_owned()),
        };
        let mark = if expected == actual { ' ' } else { '!' };
        text.push_str(&format!("{mark} {op} = {expected}"));
        if expected != actual {
            text.push_str(&format!("   kernel: {actual}"));
        }
        if let Some(why) = trial.predicted[index].why {
            text.push_str(&format!("   # {why}"));
        }
        text.push('\n');
    }
    text
}

pub(super) fn predict(args: PredictArgs) -> Result<Outcome> {
    let mut program = load(&args.file)?;
    let at_hand = match kernel() {
        Ok((profile, _)) => profile,
        Err(_) => std::sync::Arc::new(Profile::stock(mm_reference::profile::Version::new(6, 18))),
    };
    let profile = std::sync::Arc::new(program.requires.impose(&at_hand));
    if profile.version != at_hand.version {
        eprintln!("predicting for a stock kernel {}, as required", profile.version);
    }
    let mut system = System::new(profile, &Seed::standard_for(program.start));
    operations(&args.file, &program, &system)?;
    let layout = *system.layout();
    let mut records = Vec::new();
    for line in &mut program.lines {
        match system.apply(&line.op) {
            Ok(answer) => {
                let expected = Expected::of(&answer.outcome, &layout);
                let outcome = expected.to_string();
                line.expected = Some(expected);
                if args.write {
                    continue;
                }
                let why = answer.why.map(|w| format!("   # {w}")).unwrap_or_default();
                match args.format {
                    Format::Text => println!("{} = {outcome}{why}", line.op),
                    Format::Json => records.push(json!({
                        "operation": line.op.to_string(), "outcome": outcome, "why": answer.why })),
                }
            }
            Err(reason) => {
                bail!("{}: line {}: cannot predict: {reason}", args.file.display(), line.number)
            }
        }
    }
    if args.write {
        let partial = args.file.with_extension("mm.partial");
        std::fs::write(&partial, write(&program))
            .and_then(|()| std::fs::rename(&partial, &args.file))
            .with_context(|| format!("failed to write {}", args.file.display()))?;
        return Ok(Outcome::Agree);
    }
    let processes: Vec<_> = system.live().collect();
    let mut states = Vec::new();
    for process in processes {
        let plan = system.plan(process);
        let snapshot = system.snapshot(process, &plan);
        let pages = snapshot.pagemap.iter().flat_map(|w| &w.entries);
        let (present, swapped, exclusive) = pages.fold((0, 0, 0), |(p, s, x), e| {
            use mm_reference::snapshot::PageEntry;
            let has = |bit| u64::from(e.0 & bit != 0);
            (p + has(PageEntry::PRESENT), s + has(PageEntry::SWAP), x + has(PageEntry::EXCLUSIVE))
        });
        if args.format == Format::Json {
            states.push(json!({
                "process": process.0,
                "maps": snapshot.maps.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "smaps": snapshot.smaps.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "status": snapshot.status.to_string(),
                "pagemap": { "present": present, "swap": swapped, "exclusive": exclusive },
            }));
            continue;
        }
        println!("\nprocess {}, maps:", process.0);
        snapshot.maps.iter().for_each(|line| println!("{line}"));
        println!("\nprocess {}, smaps:", process.0);
        snapshot.smaps.iter().for_each(|entry| print!("{entry}"));
        println!("\nprocess {}, pagemap: {present} pages present, {exclusive} mapped once, {swapped} swap entries or markers", process.0);
        println!("\nprocess {}, status:\n{}", process.0, snapshot.status);
    }
    if args.format == Format::Json {
        println!("{:#}", json!({ "operations": records, "processes": states }));
    }
    Ok(Outcome::Agree)
}

/// Runs a program that should diverge, and confirms and shrinks it. A known
/// difference is left as it is.
fn find(runner: &mut Runner, file: &Path) -> Result<Option<Box<Finding>>> {
    let program = load(file)?;
    if let Some(why) = program.start.kernels_choice() {
        bail!("{}: it cannot be run: {why}", file.display());
    }
    runner.begin_by(program.start, &mut Vec::new())?;
    let ops = operations(file, &program, runner.fresh()?)?;
    runner.scrutinize(true);
    let mut trial = runner.run_closely(&ops)?;
    if trial.divergence().is_none() {
        // looking often can hide what it comes to
        trial = runner.run(&mut Replay::new(&ops), Observe::End)?;
    }
    if let Some(quirks) = trial.divergence().and_then(|d| d.known) {
        let names: Vec<_> = quirks.iter().map(|q| q.name()).collect();
        eprintln!("{}: a known difference: {}", file.display(), names.join(", "));
        return Ok(Finding::of(&trial, runner.fresh()?).map(Box::new));
    }
    match investigate(runner, &trial, &[], &AtomicBool::new(false))? {
        Investigation::Confirmed(finding) => Ok(Some(finding)),
        _ => {
            println!("{}: model and kernel agree", file.display());
            Ok(None)
        }
    }
}

pub(super) fn shrink(args: FileArgs) -> Result<Outcome> {
    let mut runner = runner()?;
    let Some(finding) = find(&mut runner, &args.file)? else { return Ok(Outcome::Agree) };
    let (shown, of) = finding.reliability;
    match args.format {
        Format::Text => {
            println!("# {} ({shown} of {of} runs)", finding.signature);
            print!("{}", write(&finding.program));
            for line in finding.report.lines() {
                println!("# {line}");
            }
        }
        Format::Json => println!(
            "{:#}",
            json!({ "signature": finding.signature.to_string(), "program": write(&finding.program),
                    "minimal": finding.minimal, "shown": shown, "of": of })
        ),
    }
    Ok(Outcome::Diverged)
}

pub(super) fn c(args: FileArgs) -> Result<Outcome> {
    let mut runner = runner()?;
    let Some(finding) = find(&mut runner, &args.file)? else { return Ok(Outcome::Agree) };
    print!("{}", crate::report::c_of(&finding));
    Ok(Outcome::Diverged)
}
