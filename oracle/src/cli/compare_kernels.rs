//! `mmdiff compare-kernels`

use super::matrix::{self, MatrixFormat};
use super::{fuzz::stop_flag, sides, Outcome};
use crate::campaign::{folder_below, KernelIdentity, Provenance, Record, Run};
use crate::compare_kernels::{compare, junit, ktap, Changes, Crash, Entry, Options, Side, Told};
use crate::guest::{not_looked_at, Guest, Link, Plan};
use crate::words::counted;
use anyhow::{bail, Context, Result};
use clap::Args;
use mm_reference::text::write;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// A kernel, by short name (6.12), by the name it was built under, or by the path of its image
    a: String,
    /// The kernel to compare it with
    b: String,
    /// How long to search at the most
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2m")]
    time: Duration,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for what is found, by pair of kernels
    #[arg(long, default_value = "mmdiff-out")]
    out: PathBuf,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: MatrixFormat,
}

pub(super) fn compare_kernels(args: CompareArgs) -> Result<Outcome> {
    let plans = [Plan::new(matrix::find(&args.a)?), Plan::new(matrix::find(&args.b)?)];
    let stop = stop_flag()?;
    let boots = plans
        .each_ref()
        .map(|plan| move || Guest::boot(plan).map(|guest| Box::new(guest) as Box<dyn Link>));
    let names = names(&args.a, &args.b);
    let mut sides = [Side::new(&names[0], &boots[0]), Side::new(&names[1], &boots[1])];
    let options = Options { seed: args.seed, time: args.time };
    let folder = args.out.join(format!("{}-and-{}", names[0], names[1]));
    let mut telling = Telling {
        last: Duration::ZERO,
        folder,
        seed: args.seed,
        names: names.clone(),
        releases: None,
    };
    let changes = compare(&mut sides, &options, &stop, &mut |told| telling.tell(&told))
        .context("failed to compare the kernels")?;
    let releases = sides.each_ref().map(Side::release);
    let [a, b] = names.each_ref().map(String::as_str);
    match args.format {
        MatrixFormat::Text => print!("{}", text(&changes, (a, b), releases, args.seed)),
        MatrixFormat::Json => println!("{:#}", record(&changes, (a, b), releases, args.seed)),
        MatrixFormat::Junit => println!("{}", junit(&changes, (a, b), releases, args.seed)?),
        MatrixFormat::Ktap => print!("{}", ktap(&changes, (a, b))),
    }
    if changes.interrupted {
        bail!("interrupted");
    }
    let same = changes.entries.is_empty() && changes.crashes.is_empty();
    Ok(if same { Outcome::Agree } else { Outcome::Diverged })
}

/// What the kernels are called: of paths the last part that differs.
fn names(a: &str, b: &str) -> [String; 2] {
    let parts = |path: &str| path.rsplit('/').map(str::to_owned).collect::<Vec<_>>();
    let (of_a, of_b) = (parts(a), parts(b));
    let differing = of_a.iter().zip(&of_b).find(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    match differing {
        Some((a, b)) => [a.clone(), b.clone()],
        None => [a.to_owned(), format!("{b} again")],
    }
}

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(10);

/// Tells on standard error, and keeps what is found as it comes.
struct Telling {
    last: Duration,
    folder: PathBuf,
    seed: u64,
    names: [String; 2],
    /// What the kernels call themselves, once that is known.
    releases: Option<[String; 2]>,
}

impl Telling {
    fn tell(&mut self, told: &Told) {
        let line = match told {
            Told::Ready { releases, after } => {
                let [a, b] = releases;
                self.releases = Some(releases.clone());
                format!("Linux {a} and Linux {b}, after {:.1} s", after.as_secs_f64())
            }
            Told::Found { signature, after } => {
                format!("{signature}, after {:.1} s", after.as_secs_f64())
            }
            Told::Kept(entry) => {
                let [a, b] = self.names.each_ref().map(String::as_str);
                self.keep(&entry.record((a, b), self.provenance(1, Some(entry.number))))
            }
            Told::Down(crash) => {
                let side = usize::from(crash.kernel == self.names[1]);
                self.keep(&crash.record(self.provenance(side, None)))
            }
            Told::Progress { after, .. } if *after < self.last + EVERY => return,
            Told::Progress { programs, after } => {
                self.last = *after;
                format!("{}, {:.0} s", counted(*programs, "program"), after.as_secs_f64())
            }
        };
        // what nobody can see is no reason to stop
        let _ = writeln!(io::stderr(), "mmdiff: {line}");
    }

    /// Where a difference comes from: the kernel that it is expected of is the other one.
    fn provenance(&self, side: usize, program: Option<u64>) -> Provenance {
        let release = self.releases.as_ref().map(|releases| releases[side].clone());
        let kernel = KernelIdentity {
            name: Some(self.names[side].clone()),
            release: release.unwrap_or_default(),
            ..KernelIdentity::default()
        };
        Provenance { kernel, ..Provenance::here(Some(Run { seed: self.seed, jobs: 1, program })) }
    }

    /// Writes a finding; says where, or what could not be written.
    fn keep(&self, found: &Record) -> String {
        let folder = folder_below(&self.folder, &found.signature);
        match found.save(&folder) {
            Ok(()) => format!("kept in {}", folder.display()),
            Err(error) => {
                format!("{:#}; the program is:\n{}", anyhow::Error::from(error), found.program)
            }
        }
    }
}

fn text(changes: &Changes, (a, b): (&str, &str), releases: [&str; 2], seed: u64) -> String {
    let [release_a, release_b] = releases;
    let mut text = format!(
        "What programs see differently: - on {a} (Linux {release_a}), + on {b} (Linux {release_b})\n"
    );
    if changes.interrupted {
        text.push_str("interrupted: this is what was found until then\n");
    }
    for (number, entry) in changes.entries.iter().enumerate() {
        text.push_str(&format!("\n{}. {}", number + 1, entry.render(a, b)));
    }
    for crash in &changes.crashes {
        let after = crash.after.as_secs_f64();
        text.push_str(&format!("\n{} went down, after {after:.1} s\n", crash.kernel));
        for line in crash.program.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        for line in crash.report.lines() {
            text.push_str(&format!("      {line}\n"));
        }
    }
    let Changes { programs, differing, repeated, unconfirmed, .. } = changes;
    let programs = counted(*programs, "program");
    text.push_str(&format!(
        "\n{} found in {:.1} s ({programs}, {differing} differed, {repeated} of them as found before, {unconfirmed} did not show again, seed {seed})\n",
        counted(changes.entries.len() + changes.crashes.len(), "difference"),
        changes.time.as_secs_f64(),
    ));
    if changes.not_run > 0 {
        text.push_str(&format!(
            "{} could be run on neither\n",
            counted(changes.not_run, "program")
        ));
    }
    text.push_str(&format!("not compared: {}\n", not_looked_at()));
    text
}

fn record(
    changes: &Changes,
    (a, b): (&str, &str),
    releases: [&str; 2],
    seed: u64,
) -> serde_json::Value {
    json!({
        "mmdiff": env!("CARGO_PKG_VERSION"),
        "a": { "name": a, "release": releases[0] },
        "b": { "name": b, "release": releases[1] },
        "seed": seed,
        "seconds": changes.time.as_secs_f64(),
        "interrupted": changes.interrupted,
        "programs": changes.programs,
        "differing": changes.differing,
        "not_run": changes.not_run,
        "repeated": changes.repeated,
        "unconfirmed": changes.unconfirmed,
        "entries": changes.entries.iter().map(entry).collect::<Vec<_>>(),
        "crashes": changes.crashes.iter().map(crash).collect::<Vec<_>>(),
    })
}

fn entry(entry: &Entry) -> serde_json::Value {
    json!({
        "signature": entry.signature,
        "after": entry.after.as_secs_f64(),
        "number": entry.number,
        "shown": entry.shown.0,
        "of": entry.shown.1,
        "minimal": entry.minimal,
        "program": write(&entry.program),
        "lines": sides::lines(&entry.lines),
        "differences": sides::differences(&entry.differences),
    })
}

fn crash(crash: &Crash) -> serde_json::Value {
    json!({
        "kernel": crash.kernel,
        "after": crash.after.as_secs_f64(),
        "program": crash.program,
        "report": crash.report,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Difference, Field, Kind, Place};
    use crate::distinguish::Line;
    use mm_reference::op::ProcessId;
    use mm_reference::text::{parse, Mode};

    #[test]
    fn json_is_as_it_is_described() {
        let text = "munmap(0x10000, 0x1000) = 0\n";
        let found = Entry {
            signature: "munmap.outcome.less".to_owned(),
            program: parse(text, Mode::Strict).expect("a program"),
            c: String::new(),
            lines: vec![Line { op: text.to_owned(), a: "0".to_owned(), b: "-EINVAL".to_owned() }],
            differences: vec![Difference {
                process: ProcessId(0),
                place: Place::Process,
                field: Field::Outcome,
                kind: Kind::Less,
                expected: "0".to_owned(),
                actual: "-EINVAL".to_owned(),
            }],
            state: String::new(),
            shown: (2, 3),
            minimal: true,
            number: 7,
            after: EVERY,
        };
        let down = Crash {
            kernel: "two".to_owned(),
            program: text.to_owned(),
            report: "BUG: here".to_owned(),
            after: EVERY,
        };
        let changes = Changes { entries: vec![found], crashes: vec![down], ..Changes::default() };
        let value = record(&changes, ("one", "two"), ["6.18", "6.19"], u64::MAX);
        crate::schema::check("compare-kernels", &value);
        assert_eq!(value["entries"][0]["lines"][0]["b"], "-EINVAL");
    }
}
