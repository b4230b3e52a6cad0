//! All defects, one after the other, and what is told of each.

use super::{Caught, Hunt, Hunter, Options};
use crate::observe::Capabilities;
use crate::run::RunError;
use crate::settings::Control;
use crate::subject::Config;
use crate::words::counted;
use mm_reference::defect::{Defect, DEFECTS};
use mm_reference::profile::Profile;
use mm_reference::text::write;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};

/// What the hunt for a defect came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hunted {
    /// Its name.
    pub name: String,
    /// In a word.
    pub end: End,
    /// For people.
    pub text: String,
    /// For scripts.
    pub record: Value,
}

/// How a hunt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The defect shows.
    Caught,
    /// It does not.
    Survived,
    /// This kernel lacks what it is about.
    NotHere,
}

impl Hunted {
    fn of(defect: Defect, hunt: &Hunt) -> Hunted {
        Hunted {
            name: defect.name().to_owned(),
            end: match hunt {
                Hunt::Caught(_) => End::Caught,
                Hunt::Survived { .. } => End::Survived,
                Hunt::NotHere(_) => End::NotHere,
            },
            text: entry(defect, hunt),
            record: record(defect, hunt),
        }
    }
}

/// The defects with this in their name.
pub fn named(only: &str) -> Vec<Defect> {
    DEFECTS.iter().copied().filter(|defect| defect.name().contains(only)).collect()
}

/// Hunts all of them on the running kernel, several at a time; each is told as soon as it
/// is done. Where it is stopped, the rest is not told.
///
/// # Errors
/// When no programs can be run.
pub fn hunt_all(
    (profile, control): (&Profile, Option<&Arc<Control>>),
    wanted: &[Defect],
    jobs: usize,
    options: &Options,
    stop: &AtomicBool,
    mut told: impl FnMut(Hunted),
) -> Result<(), RunError> {
    let cpus = crate::sys::allowed_cpus();
    let caps = Capabilities::detect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for number in 0..jobs.clamp(1, wanted.len()) {
            let (send, next, caps) = (send.clone(), &next, caps.clone());
            let config =
                Config { cpu: cpus.get(number % cpus.len().max(1)).copied(), ..Config::default() };
            scope.spawn(move || {
                let mut hunter = Hunter::new(config, profile, caps, control.cloned());
                while let Some(&defect) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = hunter.hunt(defect, options, stop);
                    let failed = result.is_err();
                    if stop.load(Ordering::Relaxed)
                        || send.send((defect, result)).is_err()
                        || failed
                    {
                        break;
                    }
                }
            });
        }
        drop(send);
        for (defect, result) in receive {
            match result {
                Ok(hunt) => told(Hunted::of(defect, &hunt)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

fn entry(defect: Defect, hunt: &Hunt) -> String {
    let verdict = match hunt {
        Hunt::Caught(caught) => caught_by(caught),
        Hunt::Survived { programs, .. } => format!("SURVIVED {}", counted(*programs, "program")),
        Hunt::NotHere(lack) => format!("not on this kernel: {lack}"),
    };
    let mut text =
        format!("{:<30} {:<10} {verdict}\n    {}\n", defect.name(), defect.area(), defect.text());
    match hunt {
        Hunt::Caught(caught) => {
            for line in write(&caught.program).lines() {
                text.push_str(&format!("        {line}\n"));
            }
            text.push_str(&format!("        # the defect would show as {}\n", caught.difference));
        }
        Hunt::Survived { unconfirmed: Some(program), .. } => {
            text.push_str("      the models differ by this program, but the kernel is with neither or both:\n");
            for line in write(program).lines() {
                text.push_str(&format!("        {line}\n"));
            }
        }
        _ => {}
    }
    text
}

fn caught_by(caught: &Caught) -> String {
    format!(
        "{}, {} tried, {:.2} s",
        counted(caught.program.ops().count(), "operation"),
        counted(caught.programs, "program"),
        caught.time.as_secs_f64()
    )
}

fn record(defect: Defect, hunt: &Hunt) -> Value {
    let mut record = json!({
        "name": defect.name(),
        "area": defect.area(),
        "text": defect.text(),
    });
    let more = match hunt {
        Hunt::Caught(caught) => json!({
            "verdict": "caught",
            "programs": caught.programs,
            "seconds": caught.time.as_secs_f64(),
            "program": write(&caught.program),
            "difference": caught.difference.to_string(),
        }),
        Hunt::Survived { programs, unconfirmed } => json!({
            "verdict": "survived",
            "programs": programs,
            "unconfirmed": unconfirmed.as_ref().map(write),
        }),
        Hunt::NotHere(lack) => json!({ "verdict": "not here", "lacks": lack }),
    };
    if let (Some(record), Value::Object(more)) = (record.as_object_mut(), more) {
        record.extend(more);
    }
    record
}
