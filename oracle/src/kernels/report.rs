//! What a person sees while kernels are fetched or built.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Lines on standard error, and on a terminal a bar.
#[derive(Debug)]
pub struct Report {
    quiet: bool,
    bar: RefCell<Option<ProgressBar>>,
    last: Cell<Option<Instant>>,
}

/// How often a line is printed when there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Report {
    /// Prints nothing if `quiet`.
    pub fn new(quiet: bool) -> Report {
        Report { quiet, bar: RefCell::new(None), last: Cell::new(None) }
    }

    /// A line.
    pub(super) fn say(&self, line: &str) {
        if !self.quiet {
            // what nobody can see is no reason to stop
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// How far something is.
    pub(super) fn progress(&self, what: &str, percent: f64) {
        self.show(what, Some(percent));
    }

    /// What is being done, if nobody knows how far it is.
    pub(super) fn step(&self, what: &str) {
        self.show(what, None);
    }

    fn show(&self, what: &str, percent: Option<f64>) {
        if self.quiet {
            return;
        }
        if std::io::stderr().is_terminal() {
            let mut bar = self.bar.borrow_mut();
            let bar = bar.get_or_insert_with(|| new_bar(percent.is_some()));
            bar.set_position((percent.unwrap_or(0.0) * 10.0) as u64);
            bar.set_message(what.to_owned());
            return;
        }
        let now = Instant::now();
        let last = self.last.get().unwrap_or(now);
        self.last.set(Some(last));
        if now - last >= LINE_EVERY {
            self.last.set(Some(now));
            match percent {
                Some(percent) => self.say(&format!("{what}: {percent:.0} %")),
                None => self.say(what),
            }
        }
    }

    /// It is finished.
    pub(super) fn done(&self) {
        self.last.set(None);
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(measured: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(5));
    let template = if measured { "{bar:30} {msg}" } else { "{wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
