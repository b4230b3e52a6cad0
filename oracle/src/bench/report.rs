//! What was measured, for people and scripts.

use super::{shrinking, Machine, ModelReport, Shrunk, Spread};
use serde::Serialize;
use std::fmt;

/// The bar for mmdiff against the loop.
const fn least_ratio(machine: Machine) -> f64 {
    match machine {
        Machine::Hardware => 2.0,
        Machine::Emulation => 0.8,
    }
}
/// The bar for what mmdiff itself spends, in percent.
const MOST_OWN: f64 = 15.0;
/// The bar for the model, in operations per second.
const LEAST_OPERATIONS: f64 = 1e6;
/// The bar for resident memory, in KiB.
const MOST_MEMORY: u64 = 150 << 10;
/// The bar for making a program small, in seconds.
const MOST_SECONDS: f64 = 10.0;

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What executed the instructions.
    pub machine: Machine,
    /// How many programs were run again and again.
    pub programs: usize,
    /// Operations of each.
    pub operations: usize,
    /// How often all of them were run.
    pub repetitions: usize,
    /// How many of the programs did in the loop exactly what they did in the
    /// subject.
    pub same_outcomes: usize,
    /// Against the loop without a model.
    pub speed: Speed,
    /// Where the time goes.
    pub shares: Vec<Share>,
    /// The model alone; not under emulation.
    pub model: Option<ModelReport>,
    /// Programs that were made small; none under emulation.
    pub shrunk: Vec<Shrunk>,
    /// This process.
    pub memory: Memory,
}

/// Whole programs.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    /// Microseconds per program of the loop.
    pub floor_us: Spread,
    /// Microseconds per program of mmdiff.
    pub mmdiff_us: Spread,
    /// How many programs mmdiff runs while the loop runs one, pair by pair.
    pub ratio: Spread,
}

/// A part of a program's time.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// What is done.
    pub stage: &'static str,
    /// Microseconds per program.
    pub us: f64,
    /// Of all.
    pub percent: f64,
}

/// Resident memory of this process.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    /// After the programs were chosen.
    pub start_kib: u64,
    /// At the end, before the model alone was measured.
    pub end_kib: u64,
    /// The most in between.
    pub most_kib: u64,
    /// How many programs were run meanwhile.
    pub programs: usize,
}

impl Report {
    /// Percent of the time that is not the kernel's.
    pub fn own_percent(&self) -> f64 {
        self.shares
            .iter()
            .filter(|s| crate::stages::OWN.contains(&s.stage))
            .map(|s| s.percent)
            .sum()
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds {
        "holds"
    } else {
        "MISSED"
    }
}

fn per_second(us: f64) -> f64 {
    1e6 / us
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { programs, operations, repetitions, speed, .. } = self;
        writeln!(
            f,
            "{programs} programs of {operations} operations, {repetitions} times, observed at the \
             end, one CPU; medians, and between which limits 8 of 10 measurements lie"
        )?;
        let line = |name, spread: &Spread| {
            format!(
                "  {name:34} {:8.1} us   {:7.0} programs/s   ({:.1} to {:.1} us)",
                spread.median,
                per_second(spread.median),
                spread.low,
                spread.high
            )
        };
        writeln!(f, "\nwhole programs")?;
        writeln!(f, "{}", line("loop: fork, operations, /proc", &speed.floor_us))?;
        writeln!(f, "{}", line("mmdiff", &speed.mmdiff_us))?;
        let Spread { median, low, high } = speed.ratio;
        let least = least_ratio(self.machine);
        let emulated = match self.machine {
            Machine::Hardware => "",
            Machine::Emulation => " under emulation",
        };
        writeln!(
            f,
            "  mmdiff runs {median:.2} programs ({low:.2} to {high:.2}) while the loop runs one; at \
             least {least:.1}{emulated}: {}",
            verdict(median >= least)
        )?;
        writeln!(
            f,
            "  {} of {programs} programs have the same outcomes in the loop",
            self.same_outcomes
        )?;
        writeln!(f, "\nwhere mmdiff's time goes, per program")?;
        for Share { stage, us, percent } in &self.shares {
            writeln!(f, "  {stage:34} {us:8.1} us   {percent:5.1} %")?;
        }
        let own = self.own_percent();
        write!(f, "  {}: {own:.1} %", crate::stages::OWN.join(", "))?;
        match self.machine {
            Machine::Hardware => {
                writeln!(f, "; at most {MOST_OWN:.0} %: {}", verdict(own <= MOST_OWN))?
            }
            Machine::Emulation => writeln!(f)?,
        }
        if let Some(model) = &self.model {
            alone(model, f)?;
        }
        if !self.shrunk.is_empty() {
            self.shrinking(f)?;
        }
        let Memory { start_kib, end_kib, most_kib, programs } = self.memory;
        writeln!(f, "\nresident memory over {programs} programs")?;
        writeln!(
            f,
            "  {start_kib} kB at the start, {end_kib} kB at the end, {most_kib} kB at the most; below \
             {MOST_MEMORY} kB: {}",
            verdict(most_kib < MOST_MEMORY)
        )
    }
}

/// The model alone.
fn alone(model: &ModelReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nthe model alone, ns per operation by number of mappings")?;
    write!(f, "  {:18}", "")?;
    for size in &model.mappings {
        write!(f, "{size:>9}")?;
    }
    writeln!(f)?;
    for row in &model.rows {
        write!(f, "  {:18}", row.operation)?;
        for ns in &row.ns {
            write!(f, "{ns:>9.0}")?;
        }
        writeln!(f)?;
    }
    writeln!(
        f,
        "  {:.2} million operations/s of the mix on {} mappings; at least {:.0} million: {}",
        model.operations_per_second / 1e6,
        model.mappings[0],
        LEAST_OPERATIONS / 1e6,
        verdict(model.operations_per_second >= LEAST_OPERATIONS)
    )?;
    writeln!(
        f,
        "  {:.2} million operations/s of the programs above",
        model.programs_operations_per_second / 1e6
    )
}

impl Report {
    fn shrinking(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nshrinking, programs of {} operations of which the last shows a wrong rule",
            shrinking::LENGTH
        )?;
        for shrunk in &self.shrunk {
            let Shrunk { defect, area, signature, after, trials, seconds, .. } = shrunk;
            let flaw = |holds, flaw| if holds { "" } else { flaw };
            writeln!(
                f,
                "  {area:10} {defect:30} {after:3} operations {trials:5} trials {seconds:6.2} s   \
                 {signature}{}{}",
                flaw(shrunk.minimal, " NOT MINIMAL"),
                flaw(shrunk.same, " ANOTHER DIFFERENCE"),
            )?;
        }
        let holds = |s: &Shrunk| s.minimal && s.same && s.seconds < MOST_SECONDS;
        writeln!(
            f,
            "  minimal, the same difference, in less than {MOST_SECONDS:.0} s: {}",
            verdict(self.shrunk.iter().all(holds))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::*;

    #[test]
    fn json_is_as_it_is_described() {
        let speed = Speed {
            floor_us: Spread::default(),
            mmdiff_us: Spread::default(),
            ratio: Spread::default(),
        };
        let model = ModelReport {
            operations_per_second: 1e6,
            programs_operations_per_second: 1e6,
            mappings: vec![20],
            rows: vec![Row { operation: "munmap", ns: vec![1.5] }],
        };
        let shrunk = Shrunk {
            defect: "a",
            area: "b",
            signature: "c".to_owned(),
            before: 100,
            after: 2,
            trials: 10,
            seconds: 0.5,
            minimal: true,
            same: true,
        };
        let mut report = Report {
            machine: Machine::Hardware,
            programs: 1,
            operations: 2,
            repetitions: 3,
            same_outcomes: 1,
            speed,
            shares: vec![Share { stage: "model", us: 1.0, percent: 2.0 }],
            model: Some(model),
            shrunk: vec![shrunk],
            memory: Memory { start_kib: 1, end_kib: 2, most_kib: 3, programs: 4 },
        };
        crate::schema::check("bench", &serde_json::to_value(&report).expect("JSON"));
        (report.machine, report.model) = (Machine::Emulation, None);
        crate::schema::check("bench", &serde_json::to_value(&report).expect("JSON"));
    }
}
