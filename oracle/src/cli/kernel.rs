//! `mmdiff kernel`

use super::{boot, jobs, Format, Outcome};
use crate::columns::Columns;
use crate::guest::{Guest, GuestError, Plan};
use crate::kernels::build::{self, Config, Request};
use crate::kernels::{self, Cache, Kernel, KernelError, Listed, Options, Report};
use anyhow::{ensure, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct KernelArgs {
    #[command(subcommand)]
    command: KernelCommand,
}

#[derive(Debug, Subcommand)]
enum KernelCommand {
    /// List the kernels that Debian has, through the archives that this machine's apt uses
    List(ListArgs),
    /// Fetch kernels into the cache: image, configuration and the module of a RAM disk
    Fetch(FetchArgs),
    /// Build a kernel with the parts that mmdiff looks at
    Build(BuildArgs),
    /// Remove kernels that were built or fetched from the cache
    Remove(RemoveArgs),
    /// Boot a kernel in a guest and do there what is said after `--`
    Boot(boot::BootArgs),
}

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    /// Folder for what is kept [default: mmdiff in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SuiteArgs {
    #[command(flatten)]
    cache: CacheArgs,
    /// Ask the suites even if that was done within a day
    #[arg(long)]
    refresh: bool,
    /// Use suites whose Release file has expired, as on a mirror that is no longer updated
    #[arg(long)]
    accept_expired: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    suites: SuiteArgs,
}

#[derive(Debug, Args)]
struct FetchArgs {
    /// Short names such as 6.12; all that there are if none is given
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    suites: SuiteArgs,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// Their names
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    cache: CacheArgs,
}

#[derive(Debug, Args)]
struct BuildArgs {
    /// A series whose source Debian has, such as 7.2, or all of these, or a folder with your own
    #[arg(long, value_name = "NAME|all|DIR")]
    source: String,
    /// Apply patches, in this order; the source itself is left as it is
    #[arg(long = "patch", value_name = "FILE", num_args = 1..)]
    patches: Vec<PathBuf>,
    /// What the kernel is to have beside memory management
    #[arg(long, value_enum, default_value_t)]
    config: ConfigArg,
    /// How many files to compile at a time
    #[arg(long, value_parser = jobs)]
    jobs: Option<usize>,
    /// What to call it [default: made of source, configuration and patches]
    #[arg(long)]
    name: Option<String>,
    /// Keep it without booting it once in a guest
    #[arg(long)]
    no_boot: bool,
    #[command(flatten)]
    suites: SuiteArgs,
}

/// A configuration to build.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ConfigArg {
    /// Nothing; of memory management all that there is
    #[default]
    Plain,
    /// The kernel's checks of VMAs, maple tree, page flags, page tables and locks
    Debug,
    /// The record of what code a system call went through
    Kcov,
    /// Allocations that fail on request
    FaultInjection,
}

impl SuiteArgs {
    fn options(&self) -> Options {
        Options { refresh: self.refresh, accept_expired: self.accept_expired }
    }
}

impl CacheArgs {
    pub(super) fn open(&self) -> Result<Cache> {
        Ok(Cache::new(self.cache.as_deref())?)
    }
}

pub(super) fn kernel(args: KernelArgs) -> Result<Outcome> {
    match args.command {
        KernelCommand::List(args) => list(&args.suites),
        KernelCommand::Fetch(args) => fetch(args),
        KernelCommand::Build(args) => build(args),
        KernelCommand::Remove(args) => remove(&args),
        KernelCommand::Boot(args) => return boot::boot(args),
    }?;
    Ok(Outcome::Agree)
}

fn list(args: &SuiteArgs) -> Result<()> {
    let cache = args.cache.open()?;
    let listed = kernels::list(&cache, args.options(), &Report::new(false))?;
    match args.format {
        Format::Text => print!("{}", table(&listed)),
        Format::Json => {
            let kernels: Vec<_> = listed.iter().map(record).collect();
            println!("{:#}", json!({ "kernels": kernels }));
        }
    }
    Ok(())
}

fn record(listed: &Listed) -> serde_json::Value {
    json!({
        "name": listed.name,
        "release": listed.release,
        "version": listed.version,
        "package": listed.package,
        "suite": listed.suite,
        "cached": listed.cached,
        "built": listed.built.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
    })
}

/// The package's version; of what was built here when that was.
fn version(listed: &Listed) -> String {
    match listed.built {
        // to the minute, of Greenwich
        Some(time) => humantime::format_rfc3339_seconds(time).to_string()[..16].replace('T', " "),
        None => listed.version.clone(),
    }
}

/// A row for each kernel.
fn table(listed: &[Listed]) -> String {
    let header = ["name", "version", "package", "suite", "cached"].map(str::to_owned);
    let rows = listed.iter().map(|kernel| {
        let cached = if kernel.cached { "yes" } else { "no" };
        let version = version(kernel);
        [&kernel.name, &version, &kernel.package, &kernel.suite, cached].map(str::to_owned)
    });
    let rows = std::iter::once(header).chain(rows).map(Vec::from).collect();
    Columns { rows, numbers: false }.to_string()
}

fn fetch(args: FetchArgs) -> Result<()> {
    let cache = args.suites.cache.open()?;
    let report = Report::new(false);
    let mut options = args.suites.options();
    let names = match args.names.is_empty() {
        true => {
            let listed = kernels::list(&cache, options, &report)?;
            options.refresh = false;
            listed.into_iter().map(|kernel| kernel.name).collect()
        }
        false => args.names,
    };
    let mut fetched = Vec::new();
    for name in names {
        let kernel = kernels::fetch(&name, &cache, options, &report)?;
        // once is enough
        options.refresh = false;
        match args.suites.format {
            Format::Text => println!("{}", line(&kernel)),
            Format::Json => fetched.push(files(&kernel)),
        }
    }
    if args.suites.format == Format::Json {
        println!("{:#}", json!({ "kernels": fetched }));
    }
    Ok(())
}

fn remove(args: &RemoveArgs) -> Result<()> {
    let cache = args.cache.open()?;
    for name in &args.names {
        kernels::remove(name, &cache, &Report::new(false))?;
    }
    Ok(())
}

fn line(kernel: &Kernel) -> String {
    format!("{}  {}  {}", kernel.name, kernel.release, kernel.image.display())
}

fn files(kernel: &Kernel) -> serde_json::Value {
    json!({
        "name": kernel.name,
        "release": kernel.release,
        "image": kernel.image,
        "config": kernel.config,
        "module": kernel.module,
    })
}

fn build(args: BuildArgs) -> Result<()> {
    let cache = args.suites.cache.open()?;
    let (options, report) = (args.suites.options(), Report::new(false));
    if args.source != ALL {
        let kernel = build::build(&request(&args, &args.source), &cache, options, &report, &|k| {
            try_boot(k, args.no_boot)
        })?;
        match args.suites.format {
            Format::Text => println!("{}", line(&kernel)),
            Format::Json => println!("{:#}", files(&kernel)),
        }
        return Ok(());
    }
    ensure!(args.name.is_none(), "several kernels cannot have one name");
    let (mut built, mut failed) = (Vec::new(), Vec::new());
    for series in build::series(&cache, options, &report)? {
        let request = request(&args, series);
        let boots = |kernel: &Kernel| try_boot(kernel, args.no_boot);
        match build::build(&request, &cache, options, &report, &boots) {
            Ok(kernel) if args.suites.format == Format::Text => println!("{}", line(&kernel)),
            Ok(kernel) => built.push(files(&kernel)),
            Err(error) => failed.push(format!("{series}: {:#}", anyhow::Error::from(error))),
        }
    }
    if args.suites.format == Format::Json {
        println!("{:#}", json!({ "kernels": built }));
    }
    ensure!(failed.is_empty(), "not all kernels could be built\n{}", failed.join("\n"));
    Ok(())
}

/// All series whose source Debian has.
const ALL: &str = "all";

fn request(args: &BuildArgs, source: &str) -> Request {
    Request {
        source: source.to_owned(),
        patches: args.patches.clone(),
        config: match args.config {
            ConfigArg::Plain => Config::Plain,
            ConfigArg::Debug => Config::Debug,
            ConfigArg::Kcov => Config::Kcov,
            ConfigArg::FaultInjection => Config::FaultInjection,
        },
        name: args.name.clone(),
        jobs: args.jobs.unwrap_or_else(|| crate::sys::allowed_cpus().len()).max(1),
    }
}

/// Boots a kernel once; where there can be no guests this is said.
fn try_boot(kernel: &Kernel, not: bool) -> Result<(), KernelError> {
    if not {
        return Ok(());
    }
    let name = &kernel.name;
    match Guest::boot(&Plan::new(kernel.clone())) {
        Ok(guest) => {
            let seconds = guest.boot_time().as_secs_f64();
            eprintln!("{name}: booted Linux {} in {seconds:.1} s", guest.release());
            Ok(())
        }
        Err(error @ (GuestError::NoQemu { .. } | GuestError::Dynamic { .. })) => {
            eprintln!("{name}: not booted: {error}");
            Ok(())
        }
        Err(error) => Err(KernelError::DoesNotBoot { name: name.clone(), source: error.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check;

    #[test]
    fn columns_are_aligned() {
        let kernel = |name: &str, cached| Listed {
            name: name.into(),
            release: "r".into(),
            version: format!("{name}.9-1"),
            package: "linux-image".into(),
            suite: "trixie".into(),
            cached,
            built: None,
        };
        assert_eq!(
            table(&[kernel("6.1", true), kernel("6.12", false)]),
            "name  version   package      suite   cached\n\
             6.1   6.1.9-1   linux-image  trixie  yes\n\
             6.12  6.12.9-1  linux-image  trixie  no\n"
        );
    }

    #[test]
    fn what_was_built_shows_when() {
        let built = Listed {
            name: "7.2-plain".into(),
            release: "7.2.1".into(),
            version: "1764590400123".into(),
            package: "linux-source-7.2".into(),
            suite: "built".into(),
            cached: true,
            built: Some(
                std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_764_590_400_123),
            ),
        };
        let text = table(std::slice::from_ref(&built));
        assert!(text.contains("7.2-plain  2025-12-01 12:00  linux-source-7.2"), "{text}");
        assert_eq!(record(&built)["built"], "2025-12-01T12:00:00Z");
        check("kernel-list", &json!({ "kernels": [record(&built)] }));
        let fetched = Listed { built: None, ..built };
        assert_eq!(record(&fetched)["built"], json!(null));
        check("kernel-list", &json!({ "kernels": [record(&fetched)] }));
    }

    #[test]
    fn files_are_described() {
        let (name, release) = ("6.12".to_owned(), "6.12.9".to_owned());
        let (config, image) = (Some("config".into()), "vmlinuz".into());
        let kernel = Kernel { name, release, image, config, module: None, built: None };
        check("kernel-build", &files(&kernel));
        check("kernel-fetch", &json!({ "kernels": [files(&kernel)] }));
    }
}
