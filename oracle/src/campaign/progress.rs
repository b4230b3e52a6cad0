//! What a person sees while a campaign runs.

use super::{Limit, Options, Pace, Watcher};
use crate::words::counted;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// A bar on a terminal, a line every few seconds elsewhere.
pub struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    /// When a line was printed last, in milliseconds.
    last: AtomicU64,
}

/// How often a line is printed when there is no terminal, in milliseconds.
const LINE_EVERY: u64 = 10_000;

impl Progress {
    /// Shows progress on standard error, unless `quiet`.
    pub fn new(quiet: bool) -> Progress {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Progress { bar, quiet, last: AtomicU64::new(0) }
    }
}

impl Watcher for Progress {
    fn tick(&self, options: &Options, pace: Pace) {
        let Pace { elapsed, programs, operations, findings } = pace;
        if self.quiet {
            return;
        }
        let seconds = elapsed.as_secs_f64().max(0.001);
        let rate = programs as f64 / seconds;
        let text = format!(
            "{seconds:.0} s, {} ({rate:.0}/s), {}, {}",
            counted(programs, "program"),
            counted(operations, "operation"),
            counted(findings, "finding")
        );
        if let Some(bar) = &self.bar {
            let share = match options.limit {
                Limit::Time(time) => seconds / time.as_secs_f64().max(0.001),
                Limit::Programs(most) => programs as f64 / most.max(1) as f64,
            };
            bar.set_position((share.min(1.0) * 1000.0) as u64);
            bar.set_message(text);
        } else if elapsed.as_millis() as u64 - self.last.load(Ordering::Relaxed) >= LINE_EVERY {
            self.last.store(elapsed.as_millis() as u64, Ordering::Relaxed);
            // a progress that nobody can see is no reason to stop
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
