//! What a guest does when it is asked: what the command line does on the host.

use super::blackbox::BlackBox;
use super::link::{Campaign, Event, Hunts, Named, Request};
use super::port::Speaker;
use super::pulse::Pulse;
use super::{reproduce, watch};
use crate::bench::{self, Effort, Machine};
use crate::campaign::{self, compared, not_compared, Limit, Options};
use crate::corpus::{self, Judged, Verdict};
use crate::defects::{self, Hunted};
use crate::generate::Theme;
use crate::inject::{Faults, Injector};
use crate::observe::Capabilities;
use crate::profile::{contradictions, running_kernel, Origin};
use crate::programs;
use crate::run::{Observe, Runner};
use crate::settings::Control;
use crate::subject::Config;
use anyhow::{Context, Result};
use mm_reference::defect::Defect;
use mm_reference::profile::Profile;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Programs whose digests are sent together.
const DIGESTS_AT_ONCE: u64 = 64;
/// A campaign without an end of its own.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

/// Does what is asked for, or less of it once `stop` is set.
pub(super) fn serve(
    request: &Request,
    speaker: &Speaker,
    pulse: &Pulse,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    match request {
        Request::Profile => profile(speaker),
        Request::Fuzz(campaign) => fuzz(campaign, speaker, pulse, stop),
        Request::Corpus { files } => corpus(files, speaker, pulse, stop),
        Request::Run { files } => run(files, speaker, pulse, stop),
        Request::Find { file } => {
            let sought = programs::find(&mut recorded()?, &file.name, &file.text)?;
            speaker.say(&Event::Sought(sought));
            Ok(())
        }
        Request::Predict { file } => {
            let predicted = programs::predict(&kernel()?, &file.name, &file.text)?;
            speaker.say(&Event::Predicted(Box::new(predicted)));
            Ok(())
        }
        Request::Defects(hunts) => defects(hunts, speaker, pulse, stop),
        Request::Reproduce => reproduce::reproduce(speaker),
        Request::Inject { files, defect } => inject(files, defect.as_deref(), speaker, pulse, stop),
        Request::Observe { program, every_op } => {
            let seen = watch::observe(program, *every_op)?;
            speaker.say(&Event::Observed(Box::new(seen)));
            Ok(())
        }
        Request::Digests { seed, first, count, version } => {
            let programs = watch::Programs::new(*seed, version)?;
            let mut watcher = watch::Watching::new();
            let (mut at, end) = (*first, first.saturating_add(*count));
            while at < end {
                let mut values = Vec::new();
                for number in at..end.min(at + DIGESTS_AT_ONCE) {
                    let ops = programs.ops(number);
                    values.push(watcher.digest(&ops));
                    pulse.count(ops.len());
                }
                let first = at;
                at += values.len() as u64;
                speaker.say(&Event::Digests { first, values });
            }
            Ok(())
        }
        Request::Generate { seed, number, version } => {
            let program = watch::Programs::new(*seed, version)?.text(*number);
            speaker.say(&Event::Generated { program });
            Ok(())
        }
        Request::Bench { quick, emulated } => measure(*quick, *emulated, speaker),
        Request::Crash => {
            fs::write("/proc/sysrq-trigger", "c").context("failed to make the kernel panic")
        }
        // served before it comes here
        Request::PowerOff | Request::Stop => Ok(()),
    }
}

fn kernel_and_origins() -> Result<(Profile, Vec<Origin>)> {
    running_kernel().context("failed to find out what this kernel is")
}

fn kernel() -> Result<Profile> {
    Ok(kernel_and_origins()?.0)
}

/// A runner for which all of the guest may be set as programs require.
fn runner() -> Result<Runner> {
    let kernel = Arc::new(kernel()?);
    let control = Arc::new(Control::of_guest(&kernel));
    let mut runner = Runner::new(Config::default(), kernel, Capabilities::detect());
    runner.set_control(control);
    Ok(runner)
}

fn profile(speaker: &Speaker) -> Result<()> {
    let (_, origins) = kernel_and_origins()?;
    let caps = Capabilities::detect();
    speaker.say(&Event::Profile {
        origins,
        compared: compared(&caps).into_iter().map(str::to_owned).collect(),
        not_compared: not_compared(&caps),
    });
    Ok(())
}

fn defect_of(name: Option<&str>) -> Result<Option<Defect>> {
    let known = |name| Defect::from_name(name).context("there is no defect of this name");
    name.map(known).transpose()
}

fn fuzz(
    campaign: &Campaign,
    speaker: &Speaker,
    pulse: &Pulse,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let defect = defect_of(campaign.defect.as_deref())?;
    let theme = match campaign.focus.as_deref() {
        None => None,
        Some(name) => Some(Theme::of_focus(name).context("there is no focus of this name")?),
    };
    let observe = match campaign.observe.as_str() {
        "" => Observe::Adaptive,
        name => Observe::ALL
            .into_iter()
            .find(|observe| observe.name() == name)
            .with_context(|| format!("there is no way to observe that is called {name}"))?,
    };
    let (profile, origins) = kernel_and_origins()?;
    let profile = Arc::new(Profile { defect, ..profile });
    let limit = match (campaign.programs, campaign.seconds) {
        (Some(programs), _) => Limit::Programs(programs),
        (None, seconds) => Limit::Time(seconds.map_or(LONG, Duration::from_secs)),
    };
    let options = Options {
        limit,
        seed: campaign.seed,
        jobs: campaign.jobs.map_or_else(|| crate::sys::allowed_cpus().len(), usize::from),
        observe,
        max_ops: campaign.max_ops.unwrap_or(200).into(),
        theme,
        until_found: campaign.until_found,
        out: "/tmp/findings".into(),
        contradictions: contradictions(&origins),
        control: Some(Arc::new(Control::of_guest(&profile))),
    };
    let caps = Capabilities::detect();
    let summary = campaign::run(&options, &profile, &caps, stop.clone(), pulse)?;
    speaker.say(&Event::Summary(summary.json()));
    match summary.failure {
        Some(error) => Err(error).context("the campaign ended early"),
        None => Ok(()),
    }
}

/// A runner that looks closely, and whose programs are in the black box.
fn recorded() -> Result<Runner> {
    let mut runner = runner()?;
    runner.scrutinize(true);
    if let Ok(recorder) = BlackBox::new() {
        runner.set_recorder(Box::new(recorder));
    }
    Ok(runner)
}

fn corpus(files: &[Named], speaker: &Speaker, pulse: &Pulse, stop: &AtomicBool) -> Result<()> {
    let mut runner = recorded()?;
    let goes_on = |_: &&Named| !stop.load(Ordering::Relaxed);
    for Named { name, text } in files.iter().take_while(goes_on) {
        let judged = corpus::judge(&mut runner, name, text);
        let Judged { verdict, detail, finding } = judged.unwrap_or_else(|error| {
            let (verdict, detail) = (Verdict::Failed, error.to_string());
            Judged { verdict, detail, finding: None }
        });
        pulse.count(text.lines().count());
        speaker.say(&Event::Program { name: name.clone(), verdict, detail, finding });
    }
    Ok(())
}

fn run(files: &[Named], speaker: &Speaker, pulse: &Pulse, stop: &AtomicBool) -> Result<()> {
    let mut runner = recorded()?;
    let goes_on = |_: &&Named| !stop.load(Ordering::Relaxed);
    for Named { name, text } in files.iter().take_while(goes_on) {
        let ran = programs::run(&mut runner, text);
        pulse.count(ran.operations);
        speaker.say(&Event::Ran { name: name.clone(), ran: Box::new(ran) });
    }
    Ok(())
}

fn defects(hunts: &Hunts, speaker: &Speaker, pulse: &Pulse, stop: &AtomicBool) -> Result<()> {
    let wanted = defects::named(&hunts.only);
    let options =
        defects::Options { seed: hunts.seed, time: Duration::from_millis(hunts.millis_each) };
    let jobs = hunts.jobs.map_or_else(|| crate::sys::allowed_cpus().len(), usize::from);
    let told = |hunted: Hunted| {
        pulse.count(0);
        speaker.say(&Event::Hunted(Box::new(hunted)));
    };
    let kernel = kernel()?;
    let control = Arc::new(Control::of_guest(&kernel));
    defects::hunt_all((&kernel, Some(&control)), &wanted, jobs, &options, stop, told)?;
    Ok(())
}

fn inject(
    files: &[Named],
    defect: Option<&str>,
    speaker: &Speaker,
    pulse: &Pulse,
    stop: &AtomicBool,
) -> Result<()> {
    let defect = defect_of(defect)?;
    let faults = match Faults::set_up() {
        Ok(faults) => faults,
        Err(why) => {
            speaker.say(&Event::NoFaults { why: why.to_string() });
            return Ok(());
        }
    };
    let profile = Arc::new(Profile { defect, ..kernel()? });
    let mut runner = Runner::new(Config::default(), profile, Capabilities::detect());
    let mut injector = Injector::new(&faults, &mut runner);
    let goes_on = |_: &&Named| !stop.load(Ordering::Relaxed);
    for Named { name, text } in files.iter().take_while(goes_on) {
        let operations = text.lines().count();
        let injected = injector.inject(text, &mut || pulse.count(operations))?;
        speaker.say(&Event::Injected { name: name.clone(), injected });
    }
    Ok(())
}

fn measure(quick: bool, emulated: bool, speaker: &Speaker) -> Result<()> {
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let machine = if emulated { Machine::Emulation } else { Machine::Hardware };
    let report = bench::measure(&mut runner()?, &effort, machine).context("failed to measure")?;
    let text = report.to_string();
    speaker.say(&Event::Bench { report: serde_json::to_value(&report)?, text });
    Ok(())
}
