//! One entry of a change log.

use super::{Pair, Setting};
use crate::columns::{paragraph, WIDTH};
use crate::compare::Difference;
use mm_reference::model::{Seed, System};
use mm_reference::op::Op;
use mm_reference::profile::{Profile, Switch};
use mm_reference::text::{write, Expected, Program};
use std::fmt::Write;
use std::sync::Arc;

/// A cause, and a program that shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The rule that, switched alone, changes what the program does.
    pub cause: Switch,
    /// Whether the second profile is the one that has it.
    pub on_in_b: bool,
    /// What else has to be switched before the rule shows: the smallest set.
    pub needs: Vec<Switch>,
    /// The program, with what it requires.
    pub program: Program,
    /// Its lines with the results of both sides, which differ in the cause alone.
    pub lines: Vec<Line>,
    /// What can be seen at the end.
    pub differences: Vec<Difference>,
    /// The same as text: `-` as in the first profile, `+` as in the second.
    pub state: String,
}

/// An operation of a program with both results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The operation.
    pub op: String,
    /// What it comes to in the first profile.
    pub a: String,
    /// What it comes to in the second profile.
    pub b: String,
}

impl Line {
    /// An operation and what came of it on both sides.
    pub(crate) fn new(op: &Op, a: String, b: String) -> Line {
        Line { op: write(&Program::of([op.clone()])).trim_end().to_owned(), a, b }
    }
}

impl Entry {
    pub(super) fn new(
        cause: Switch,
        on_in_b: bool,
        (a, b): (&Profile, &Profile),
        ops: Vec<Op>,
        setting: Setting,
    ) -> Entry {
        let needs = needs(cause, on_in_b, (a, b), &ops);
        let from = switched(a, &needs, on_in_b_of(b));
        let mut pair = Pair::new(&from, &cause.set(&from, on_in_b));
        let both = pair.run(&ops);
        let mut program = Program::of(ops.iter().cloned());
        program.requires.0.extend(setting.requirement());
        let layout = *System::new(Arc::new(from), &Seed::standard()).layout();
        let lines = ops.iter().enumerate().map(|(index, op)| {
            let (a, b) = match both.outcomes.get(index) {
                Some((a, b)) => {
                    let (a, b) = Expected::told_apart(a, b, &layout);
                    (a.to_string(), b.to_string())
                }
                None => ("no prediction".to_owned(), "no prediction".to_owned()),
            };
            Line::new(op, a, b)
        });
        let lines = lines.collect();
        Entry {
            cause,
            on_in_b,
            needs,
            program,
            lines,
            differences: both.differences,
            state: both.text,
        }
    }

    /// How well it tells its rule, the best lowest: what comes of it is more than
    /// one error instead of another, it needs no other rules, and it is short.
    pub(super) fn rank(&self) -> (bool, usize, usize, usize) {
        let is_error = |text: &str| text.starts_with('-');
        let last = self.lines.last();
        let only_errors = last.is_some_and(|line| is_error(&line.a) && is_error(&line.b));
        let letters = self.lines.iter().map(|line| line.op.len()).sum();
        let lines = self.lines.len() + self.program.requires.0.len();
        (only_errors, self.needs.len(), lines, letters)
    }

    /// The entry for people; `a` and `b` name the profiles.
    pub fn render(&self, a: &str, b: &str) -> String {
        let mut text = String::new();
        // writing to a string cannot fail
        let _ = self.write(a, b, &mut text);
        text
    }

    fn write(&self, a: &str, b: &str, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{} ({})", self.cause.name(), self.cause.function())?;
        let (has, lacks) = if self.on_in_b { (b, a) } else { (a, b) };
        let text = format!("{has}, not {lacks}: {}", self.cause.text());
        writeln!(out, "{}", paragraph(&text, "  "))?;
        if !self.needs.is_empty() {
            let names: Vec<_> = self.needs.iter().map(|switch| switch.name()).collect();
            writeln!(out, "  shows only with {} as in {b}", names.join(", "))?;
        }
        for requirement in &self.program.requires.0 {
            writeln!(out, "  requires: {requirement}")?;
        }
        write_sides(&self.lines, &self.state, (a, b), out)
    }
}

/// A program with the results of both sides, which these names are for, and what
/// can be seen at its end.
pub(crate) fn write_sides(
    lines: &[Line],
    state: &str,
    (a, b): (&str, &str),
    out: &mut String,
) -> std::fmt::Result {
    let width = lines.iter().map(|line| line.op.len()).max().unwrap_or_default();
    for Line { op, a: first, b: second } in lines {
        let results = match first == second {
            true => first.clone(),
            false => format!("{first} ({a}), {second} ({b})"),
        };
        let wide = 4 + width + 3 + results.len() > WIDTH;
        match (wide, first == second) {
            (false, _) => writeln!(out, "    {op:<width$} = {results}")?,
            (true, true) => writeln!(out, "    {op} = {results}")?,
            (true, false) => {
                writeln!(out, "    {op}\n      = {first} ({a})\n      = {second} ({b})")?
            }
        }
    }
    for line in state.lines() {
        writeln!(out, "      {line}")?;
    }
    Ok(())
}

fn on_in_b_of(b: &Profile) -> impl Fn(Switch) -> bool + '_ {
    |switch| switch.is_on(b)
}

/// The profile with some switches as they are elsewhere.
fn switched(profile: &Profile, switches: &[Switch], on: impl Fn(Switch) -> bool) -> Profile {
    switches.iter().fold(profile.clone(), |profile, &switch| switch.set(&profile, on(switch)))
}

/// The smallest set of other switches that have to be as in `b` for the cause
/// to change what the program does.
fn needs(cause: Switch, on: bool, (a, b): (&Profile, &Profile), ops: &[Op]) -> Vec<Switch> {
    let others: Vec<Switch> =
        Switch::between(a, b).into_iter().filter(|switch| *switch != cause).collect();
    let shows = |set: &[Switch]| {
        let from = switched(a, set, on_in_b_of(b));
        Pair::new(&from, &cause.set(&from, on)).differ_at(ops).is_some()
    };
    if shows(&[]) {
        return Vec::new();
    }
    if let Some(&one) = others.iter().find(|&&one| shows(&[one])) {
        return vec![one];
    }
    for (index, &first) in others.iter().enumerate() {
        if let Some(&second) = others[index + 1..].iter().find(|&&second| shows(&[first, second])) {
            return vec![first, second];
        }
    }
    // more than two: none of those that are left can be spared
    let mut set = others;
    let mut index = 0;
    while index < set.len() {
        let mut fewer = set.clone();
        fewer.remove(index);
        match shows(&fewer) {
            true => set = fewer,
            false => index += 1,
        }
    }
    set
}
