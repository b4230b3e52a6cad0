//! `mmdiff matrix`

use super::{fuzz::stop_flag, jobs, programs, ObserveArg, Outcome};
use crate::campaign::Limit;
use crate::guest::{Guest, Link, Named, Plan};
use crate::kernels::{self, Cache, Kernel, Report};
use crate::matrix::{self, guests_at_once, schedule, End, Matrix, Row, Tested, Told, Work};
use crate::words::counted;
use anyhow::{bail, Context, Result};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The memory of a guest.
const MEMORY_MIB: u32 = 1024;

#[derive(Debug, Args)]
pub(super) struct MatrixArgs {
    /// Kernels by short name (6.12) or by the path of an image, or all: those of Debian,
    /// and those without patches that `mmdiff kernel build` has made
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAMES")]
    kernels: Vec<String>,
    /// How long fresh programs are run on each kernel, for example 10m; 0s for the corpus alone
    #[arg(long, value_parser = humantime::parse_duration, default_value = "1m")]
    time: Duration,
    /// Folder of programs that are run first [default: corpus, if there is such a folder]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How many fresh programs are run on each kernel, instead of a time
    #[arg(long, conflicts_with = "time")]
    programs: Option<u64>,
    /// End the fresh programs of a kernel with its first finding
    #[arg(long)]
    until_found: bool,
    /// How many guests at once; as many as cores and memory allow if not given
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// When to look at programs
    #[arg(long, value_enum, default_value_t)]
    observe: ObserveArg,
    /// Seed of everything random; a new one each time if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Folder for findings, by kernel
    #[arg(long, default_value = "mmdiff-out")]
    out: PathBuf,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: MatrixFormat,
}

/// How the results of many kernels are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MatrixFormat {
    /// A table for people
    #[default]
    Text,
    /// For scripts
    Json,
    /// JUnit XML
    Junit,
    /// KTAP version 1, the kernel's own format for tests
    Ktap,
}

pub(super) fn matrix(args: MatrixArgs) -> Result<Outcome> {
    let (built, missing) = kernels::build::unpatched(&Cache::new(None)?);
    let kernels = Asked::read(&args.kernels, &built);
    if args.kernels.iter().any(|name| name == ALL) && !missing.is_empty() {
        say(&format!(
            "not among the kernels, as nobody has built them here: {} (mmdiff kernel build --source all)",
            missing.join(", ")
        ));
    }
    let limit = match args.programs {
        Some(programs) => Limit::Programs(programs),
        None => Limit::Time(args.time),
    };
    let corpus = corpus(args.corpus.as_deref())?;
    if corpus.is_empty() && matches!(limit, Limit::Programs(0) | Limit::Time(Duration::ZERO)) {
        bail!("there is nothing to run: no corpus (--corpus), and no fresh programs (--time)");
    }
    let work = Work {
        seed: args.seed.unwrap_or_else(rand::random),
        limit,
        until_found: args.until_found,
        observe: args.observe.observe().name().to_owned(),
        corpus,
    };
    let at_once = args.jobs.unwrap_or_else(|| guests_at_once(MEMORY_MIB));
    let stop = stop_flag()?;
    let telling = Telling::default();
    let labels: Vec<String> = kernels.iter().map(|kernel| kernel.label.clone()).collect();
    let (count, guests) = (counted(labels.len(), "kernel"), counted(at_once, "guest"));
    say(&format!("{count}, {guests} at once, seed {}", work.seed));
    let result = schedule(&labels, at_once, work.seed, &stop, &|label| {
        let asked = kernels.iter().find(|kernel| kernel.label == label);
        let name = asked.map_or(label, |asked| asked.name.as_str());
        let kernel = match find(name) {
            Ok(kernel) => kernel,
            Err(error) => {
                return Row { end: End::Failed(format!("{error:#}")), ..Row::waiting(label) }
            }
        };
        let built = kernel.built.clone();
        let tested = Tested { name: label, built: built.as_ref() };
        let plan = Plan { memory_mib: MEMORY_MIB, ..Plan::new(kernel) };
        let boot = || Ok(Box::new(Guest::boot(&plan)?) as Box<dyn Link>);
        matrix::run(tested, &boot, &work, &args.out, &stop, &|told| telling.tell(label, &told))
    });
    show(&result, args.format)?;
    match result.incomplete() {
        None if !result.has_findings() => Ok(Outcome::Agree),
        Some(why) if !result.has_findings() => bail!("{why}"),
        Some(why) => {
            say(&why);
            Ok(Outcome::Diverged)
        }
        None => Ok(Outcome::Diverged),
    }
}

/// The kernel of a name, fetched if need be.
pub(super) fn find(name: &str) -> Result<Kernel> {
    let get = || kernels::get(name, &Cache::new(None)?, &Report::new(false));
    get().with_context(|| format!("failed to find the kernel {name}"))
}

fn show(result: &Matrix, format: MatrixFormat) -> Result<()> {
    match format {
        MatrixFormat::Text => print!("{result}"),
        MatrixFormat::Json => println!("{:#}", matrix::json(result)),
        MatrixFormat::Junit => println!("{}", matrix::junit(result)?),
        MatrixFormat::Ktap => print!("{}", matrix::ktap(result)),
    }
    Ok(())
}

/// All kernels of Debian, and those that were built of its sources.
const ALL: &str = "all";

/// A kernel as it was asked for.
struct Asked {
    name: String,
    /// What it is called in the results: no path, and no other has it.
    label: String,
}

impl Asked {
    /// `built` are those that belong to [`ALL`] beside Debian's own.
    fn read(names: &[String], built: &[String]) -> Vec<Asked> {
        let mut asked: Vec<Asked> = Vec::new();
        for name in names.iter().filter(|name| !name.is_empty()) {
            let debian = kernels::NAMES.iter().map(|name| (*name).to_owned());
            let all = debian.chain(built.iter().cloned());
            let named = if name == ALL { all.collect() } else { vec![name.clone()] };
            for name in named {
                let label = name.rsplit('/').find(|part| !part.is_empty()).unwrap_or("kernel");
                let same = asked.iter().filter(|other| other.name != name && other.label == label);
                let label = match same.count() {
                    0 => label.to_owned(),
                    count => format!("{label}-{}", count + 1),
                };
                if asked.iter().all(|other| other.name != name) {
                    asked.push(Asked { name, label });
                }
            }
        }
        asked
    }
}

/// The programs below a folder, by their path there; one that was named has programs.
fn corpus(folder: Option<&Path>) -> Result<Vec<Named>> {
    let folder = match folder {
        Some(folder) => folder,
        None if Path::new("corpus").is_dir() => Path::new("corpus"),
        None => return Ok(Vec::new()),
    };
    let files = programs::expand(&[folder.to_owned()])?;
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        Ok(Named { name, text })
    };
    files.into_iter().map(read).collect()
}

/// How often the number of programs is told, of each kernel.
const EVERY: Duration = Duration::from_secs(10);

/// What is told on standard error.
#[derive(Default)]
struct Telling(Mutex<BTreeMap<String, Instant>>);

impl Telling {
    fn tell(&self, kernel: &str, told: &Told) {
        match told {
            Told::Booted { release, after } => {
                say(&format!("{kernel}: Linux {release}, after {:.1} s", after.as_secs_f64()));
            }
            Told::Corpus { programs } => {
                say(&format!("{kernel}: {} of the corpus", counted(*programs, "program")))
            }
            Told::Found { signature } => say(&format!("{kernel}: finding: {signature}")),
            Told::Lost { how } => say(&format!("{kernel}: {how}")),
            Told::Progress { programs } => {
                let mut last = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let now = Instant::now();
                let before = last.entry(kernel.to_owned()).or_insert(now);
                if now - *before >= EVERY {
                    *before = now;
                    say(&format!("{kernel}: {}", counted(*programs, "fresh program")));
                }
            }
        }
    }
}

fn say(line: &str) {
    // what nobody can see is no reason to stop
    let _ = writeln!(io::stderr(), "mmdiff: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_debians_and_those_that_were_built() {
        let built = ["7.2-plain".to_owned()];
        let names = |asked: &[&str]| -> Vec<String> {
            let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
            Asked::read(&asked, &built).into_iter().map(|asked| asked.name).collect()
        };
        let all = names(&["all"]);
        assert_eq!(all.len(), kernels::NAMES.len() + 1);
        assert!(all.contains(&"7.2-plain".to_owned()), "{all:?}");
        assert_eq!(names(&["7.2"]), ["7.2"], "only what was asked for");
        assert_eq!(names(&["7.2-plain", "all"]).len(), all.len(), "none twice");
    }

    #[test]
    fn labels_tell_kernels_apart() {
        let asked = ["a/bzImage", "b/bzImage"].map(str::to_owned);
        let labels: Vec<_> = Asked::read(&asked, &[]).into_iter().map(|a| a.label).collect();
        assert_eq!(labels, ["bzImage", "bzImage-2"]);
    }
}
