//! The command line.

/// Like the standard macros, but a reader who went away is no reason to panic.
macro_rules! print {
    ($($arg:tt)*) => { $crate::cli::output(format_args!($($arg)*)) };
}
macro_rules! println {
    () => { print!("\n") };
    ($($arg:tt)*) => {{ print!($($arg)*); print!("\n") }};
}

mod bench;
mod boot;
mod compare_kernels;
mod defects;
mod distinguish;
mod fuzz;
mod inject;
mod kernel;
mod known;
mod matrix;
mod programs;
mod reproduce;
mod show;
mod sides;

use crate::observe::Capabilities;
use crate::profile::{running_kernel, Origin};
use crate::run::{Observe, Runner};
use crate::settings::{self, Control};
use crate::subject::Config;
use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use mm_reference::defect::Defect;
use mm_reference::profile::Profile;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Does this kernel do to an address space exactly what it should?
#[derive(Debug, Parser)]
#[command(name = "mmdiff", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fuzz the running kernel against the reference (the default, for 30 seconds)
    Fuzz(FuzzArgs),
    /// Run programs on model and kernel, operation by operation
    Run(FilesArgs),
    /// Let the allocations of moves fail one after the other, where the kernel can do that
    Inject(inject::InjectArgs),
    /// Predict what a program does, without running it
    Predict(PredictArgs),
    /// Make a diverging program as small as possible
    Shrink(FileArgs),
    /// Write a C program that shows the divergence of a program
    C(CArgs),
    /// Boot a kernel and run the C program of a finding there
    Reproduce(reproduce::ReproduceArgs),
    /// List the known differences: kernel bugs that the model does not imitate
    Known(FormatArgs),
    /// Measure the tool itself: against a loop without a model, and the model alone
    Bench(BenchArgs),
    /// Check that wrong variants of the model are noticed on this kernel
    Defects(DefectsArgs),
    /// Tell what changes for programs from one kernel to another, model against model
    Distinguish(DistinguishArgs),
    /// Other kernels: list, fetch and build them
    Kernel(kernel::KernelArgs),
    /// Print what is believed of this kernel, and from where
    Profile(FormatArgs),
    /// Run the corpus and fresh programs on many kernels, each in a guest of its own
    Matrix(matrix::MatrixArgs),
    /// Tell what programs see differently on two kernels, run side by side
    CompareKernels(compare_kernels::CompareArgs),
    /// What the first process of a guest does
    #[command(hide = true)]
    GuestAgent,
    /// What restores settings when mmdiff is killed
    #[command(hide = true, name = settings::COMMAND)]
    SettingsWatchdog {
        /// Files and what they are to hold in the end
        values: Vec<String>,
    },
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}

#[derive(Debug, Args)]
struct BenchArgs {
    /// Measure for a few seconds only
    #[arg(long)]
    quick: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct FormatArgs {
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct FileArgs {
    /// A program in the text format
    file: PathBuf,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct ProgramArgs {
    /// A program in the text format
    file: PathBuf,
}

#[derive(Debug, Args)]
struct CArgs {
    #[command(flatten)]
    program: ProgramArgs,
    /// The kernel that it is to show on, which is booted: by short name (6.12), by the name it
    /// was built under, or by the path of its image; the running one if not given
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
}

#[derive(Debug, Args)]
struct PredictArgs {
    /// A program in the text format
    file: PathBuf,
    /// The kernel to predict for, such as 6.12 or 7.2+relocate-anon; the running one if not given
    #[arg(long, value_name = "PROFILE", value_parser = Profile::named)]
    kernel: Option<Profile>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the predicted results into the file instead of printing them
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Args)]
struct FilesArgs {
    /// Programs in the text format, or folders of them (*.mm)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print one line per program
    #[arg(long)]
    quiet: bool,
    /// Change settings of this system as the programs require, as root; they are restored
    #[arg(long)]
    settings: bool,
}

/// When the subject is observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ObserveArg {
    /// After every operation
    EveryOp,
    /// After the last operation of a program
    End,
    /// After the last operation and every few in between
    #[default]
    Adaptive,
}

impl ObserveArg {
    fn observe(self) -> Observe {
        match self {
            ObserveArg::EveryOp => Observe::EveryOp,
            ObserveArg::End => Observe::End,
            ObserveArg::Adaptive => Observe::Adaptive,
        }
    }
}

/// A path of the kernel that patches changed or proposed to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FocusArg {
    /// Page-table moves that begin below what was asked for
    RealignedMoves,
    /// The heap, expanded in place
    Brk,
    /// Anonymous memory that is relocated as it moves
    RelocateAnon,
}

impl FocusArg {
    fn name(self) -> &'static str {
        match self {
            FocusArg::RealignedMoves => "realigned-moves",
            FocusArg::Brk => "brk",
            FocusArg::RelocateAnon => "relocate-anon",
        }
    }
}

#[derive(Debug, Args)]
struct FuzzArgs {
    /// How long to run, for example 90s, 10m, 1h
    #[arg(long, value_parser = humantime::parse_duration, conflicts_with = "programs")]
    time: Option<Duration>,
    /// How many programs to run
    #[arg(long)]
    programs: Option<u64>,
    /// Seed of everything random; a new one each time if not given
    #[arg(long)]
    seed: Option<u64>,
    /// How many workers, each with its CPU
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// End with the first finding
    #[arg(long)]
    until_found: bool,
    /// When to look at the subject
    #[arg(long, value_enum, default_value_t)]
    observe: ObserveArg,
    /// Dwell on a patched path (see docs/patched-paths)
    #[arg(long, value_enum)]
    focus: Option<FocusArg>,
    /// The most operations of a program
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
    max_ops: u16,
    /// Fuzz with a wrong rule in the model (see `mmdiff defects`), to see what findings look like
    #[arg(long, value_name = "NAME", value_parser = defect)]
    defect: Option<Defect>,
    /// Change settings of this system from time to time, as root; they are restored
    #[arg(long)]
    settings: bool,
    /// Folder for findings
    #[arg(long, default_value = "mmdiff-out")]
    out: PathBuf,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads the name of a defect.
fn defect(name: &str) -> Result<Defect, String> {
    Defect::from_name(name).ok_or_else(|| "there is no defect of this name".to_owned())
}

/// Reads how many there are to be at a time.
fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("with none at work, nothing is done".to_owned()),
        Ok(jobs) => Ok(jobs),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Debug, Args)]
struct DefectsArgs {
    /// Only defects with this in their name
    #[arg(long, default_value = "", hide_default_value = true)]
    only: String,
    /// How long to look for each
    #[arg(long, value_parser = humantime::parse_duration, default_value = "20s")]
    time_each: Duration,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many to look for at a time, each on its CPU
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// Change settings of this system so that more can show, as root; they are restored
    #[arg(long)]
    settings: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct DistinguishArgs {
    /// A kernel, for example 6.12, or one with a patch on top, for example 7.2+relocate-anon
    #[arg(long, value_name = "PROFILE")]
    a: String,
    /// The kernel to compare it with
    #[arg(long, value_name = "PROFILE")]
    b: String,
    /// How long to search at the most
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2m")]
    time: Duration,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// On how many threads
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What a command came to, as its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Model and kernel agree.
    Agree,
    /// A divergence was found.
    Diverged,
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    crate::sys::keep_freed_memory();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { 2 } else { 0 };
            error.print().ok();
            return ExitCode::from(status);
        }
    };
    match dispatch(cli) {
        Ok(Outcome::Agree) => ExitCode::SUCCESS,
        Ok(Outcome::Diverged) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "mmdiff: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: Cli) -> Result<Outcome> {
    let command = match cli.command {
        Some(command) => command,
        None => match Cli::try_parse_from(["mmdiff", "fuzz"])?.command {
            Some(command) => command,
            None => anyhow::bail!("failed to find the default command"),
        },
    };
    match command {
        Command::Fuzz(args) => fuzz::fuzz(args),
        Command::Run(args) => programs::run(args),
        Command::Inject(args) => inject::inject(args),
        Command::Predict(args) => programs::predict(args),
        Command::Shrink(args) => programs::shrink(args),
        Command::C(args) => programs::c(args),
        Command::Reproduce(args) => reproduce::reproduce(args),
        Command::Known(args) => known::known(args),
        Command::Bench(args) => bench::bench(args),
        Command::Defects(args) => defects::defects(args),
        Command::Distinguish(args) => distinguish::distinguish(args),
        Command::Kernel(args) => kernel::kernel(args),
        Command::Profile(args) => show::profile(args),
        Command::Matrix(args) => matrix::matrix(args),
        Command::CompareKernels(args) => compare_kernels::compare_kernels(args),
        Command::GuestAgent => {
            crate::guest::agent()?;
            Ok(Outcome::Agree)
        }
        Command::SettingsWatchdog { values } => {
            settings::watch(io::stdin(), &values).context("failed to restore settings")?;
            Ok(Outcome::Agree)
        }
    }
}

/// Prints to standard output; where that fails there is nothing left to do.
fn output(text: fmt::Arguments<'_>) {
    if let Err(error) = io::stdout().write_fmt(text) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _ = writeln!(io::stderr(), "mmdiff: failed to print: {error}");
        }
        std::process::exit(2);
    }
}

/// The running kernel's profile.
fn kernel() -> Result<(Arc<Profile>, Vec<Origin>)> {
    let (profile, origins) = running_kernel().context("failed to find out what this kernel is")?;
    Ok((Arc::new(profile), origins))
}

/// A kernel, where that is known from, and the settings of its system if they may be changed.
type Here = (Arc<Profile>, Vec<Origin>, Option<Arc<Control>>);

/// The running kernel's profile, and the settings of its system where they may be changed.
fn kernel_with(settings: bool) -> Result<Here> {
    if !settings {
        let (profile, origins) = kernel()?;
        return Ok((profile, origins, None));
    }
    let executable = std::env::current_exe().context("failed to find the running executable")?;
    let control = Control::of_running_system(&executable)?;
    let (profile, origins) = (control.base().clone(), control.origins().to_vec());
    Ok((Arc::new(profile), origins, Some(Arc::new(control))))
}

/// A runner on the first CPU that this process may use.
fn runner(settings: bool) -> Result<Runner> {
    let (profile, _, control) = kernel_with(settings)?;
    let mut runner = Runner::new(Config::default(), profile, Capabilities::detect());
    if let Some(control) = control {
        runner.set_control(control);
    }
    Ok(runner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_at_work_is_refused() {
        for command in [
            "fuzz",
            "defects",
            "distinguish --a 6.1 --b 6.12",
            "matrix",
            "kernel build --source 7.2",
        ] {
            let parse = |jobs: &str| {
                let words = format!("mmdiff {command} --jobs {jobs}");
                Cli::try_parse_from(words.split(' ')).map(drop)
            };
            parse("1").unwrap_or_else(|error| panic!("{error}"));
            let error = parse("0").expect_err(command).to_string();
            assert!(error.contains("with none at work, nothing is done"), "{error}");
        }
    }
}
