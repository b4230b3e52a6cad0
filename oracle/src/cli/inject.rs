//! `mmdiff inject`

use super::{defect, kernel, programs, Format, Outcome};
use crate::corpus::Verdict;
use crate::guest::Named;
use crate::inject::{Effect, Faults, Injected, Injector};
use crate::observe::Capabilities;
use crate::run::Runner;
use crate::subject::Config;
use crate::words::counted;
use anyhow::Result;
use clap::Args;
use mm_reference::defect::Defect;
use mm_reference::profile::Profile;
use serde_json::{json, Value};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct InjectArgs {
    /// Programs in the text format, or folders of them (*.mm); the last mremap of each is run
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Print one line per program
    #[arg(long)]
    pub(super) quiet: bool,
    /// Try a wrong rule in the model (see `mmdiff defects`), to see that it is noticed
    #[arg(long, value_name = "NAME", value_parser = defect)]
    pub(super) defect: Option<Defect>,
}

/// What is done without where the kernel has no fault injection.
pub(super) fn skipped(why: &str, format: Format) {
    match format {
        Format::Text => println!("skipped: {why}"),
        Format::Json => println!("{:#}", json!({ "skipped": why, "programs": [] })),
    }
}

pub(super) fn inject(args: InjectArgs) -> Result<Outcome> {
    let files = programs::expand(&args.files)?;
    let faults = match Faults::set_up() {
        Ok(faults) => faults,
        Err(why) => {
            skipped(&why.to_string(), args.format);
            return Ok(Outcome::Agree);
        }
    };
    let mut show = Show::new(args.format, args.quiet);
    let (profile, _) = kernel()?;
    let profile = Arc::new(Profile { defect: args.defect, ..(*profile).clone() });
    let mut runner = Runner::new(Config::default(), profile, Capabilities::detect());
    let mut injector = Injector::new(&faults, &mut runner);
    for file in files {
        let Named { name, text } = programs::text(&file)?;
        let injected = injector.inject(&text, &mut || {})?;
        show.program(&name, &injected);
    }
    Ok(show.finish())
}

/// Prints what came of programs.
pub(super) struct Show {
    format: Format,
    quiet: bool,
    records: Vec<Value>,
    diverged: bool,
    counts: [usize; Effect::ALL.len()],
}

impl Show {
    pub(super) fn new(format: Format, quiet: bool) -> Show {
        let counts = Default::default();
        Show { format, quiet, records: Vec::new(), diverged: false, counts }
    }

    pub(super) fn program(&mut self, name: &str, injected: &Injected) {
        let Injected { verdict, detail, call, tries } = injected;
        self.diverged |= matches!(verdict, Verdict::Diverge | Verdict::Failed);
        for (count, effect) in self.counts.iter_mut().zip(Effect::ALL) {
            *count += injected.count(effect);
        }
        if self.format == Format::Json {
            self.records.push(json!({
                "program": name, "verdict": verdict, "detail": detail, "call": call, "tries": tries,
            }));
            return;
        }
        if !self.quiet && !tries.is_empty() {
            println!("  {call}");
            for attempt in tries {
                let site = attempt.site.as_deref().unwrap_or("(not said)");
                println!(
                    "  {:>4} {}: {}   {site}",
                    attempt.n,
                    attempt.outcome,
                    attempt.effect.name()
                );
                for line in &attempt.otherwise {
                    println!("         {line}");
                }
            }
        }
        let word = verdict.name();
        match (tries.len(), detail.as_str()) {
            (0, "") => println!("{name}: {word}, it allocates nothing"),
            (0, why) => println!("{name}: {word}, {why}"),
            (count, "") => println!("{name}: {word}, {}", counted(count, "allocation")),
            (count, why) => {
                println!("{name}: {word} after {}: {why}", counted(count, "allocation"))
            }
        }
    }

    /// Prints the numbers of all.
    pub(super) fn finish(self) -> Outcome {
        match self.format {
            Format::Json => println!("{:#}", json!({ "programs": self.records })),
            Format::Text => {
                let counts = self.counts.iter().zip(Effect::ALL);
                let words: Vec<_> =
                    counts.map(|(count, effect)| format!("{count} {}", effect.name())).collect();
                println!(
                    "{} failed: {}",
                    counted(self.counts.iter().sum::<usize>(), "allocation"),
                    words.join(", ")
                );
            }
        }
        if self.diverged {
            Outcome::Diverged
        } else {
            Outcome::Agree
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::Try;

    #[test]
    fn json_is_as_it_is_described() {
        let tries = Effect::ALL.map(|effect| Try {
            n: 1,
            site: None,
            outcome: "-ENOMEM".to_owned(),
            effect,
            missed: Some("a mapping".to_owned()),
            otherwise: vec!["maps".to_owned()],
        });
        let (verdict, call) = (Verdict::Diverge, "mremap()".to_owned());
        let injected = Injected { verdict, detail: String::new(), call, tries: tries.to_vec() };
        let mut show = Show::new(Format::Json, true);
        show.program("a.mm", &injected);
        crate::schema::check("inject", &json!({ "programs": show.records }));
    }
}
