//! What a guest's kernel prints, and what in it is a report.

use crate::observe::is_trouble;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// The most that is kept; of more, what is in the middle goes.
const MOST: usize = 1 << 20;
/// The most lines of a report.
const REPORT_LINES: usize = 160;
/// How many lines are shown where there is no report.
const LAST_LINES: usize = 12;

/// The console of a guest, filled by the thread that reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct Console(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    text: String,
    /// Nothing more will come.
    closed: bool,
}

impl Console {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0 .0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn append(&self, bytes: &[u8]) {
        let mut state = self.lock();
        let text = String::from_utf8_lossy(bytes);
        state.text.extend(text.chars().filter(|&c| c != '\r'));
        if state.text.len() > MOST {
            let mut from = MOST / 2;
            let mut to = state.text.len() - MOST / 4;
            while !state.text.is_char_boundary(from) {
                from -= 1;
            }
            while !state.text.is_char_boundary(to) {
                to -= 1;
            }
            state.text.replace_range(from..to, "\n…\n");
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.0 .1.notify_all();
    }

    /// Waits until all has arrived, but not for ever.
    pub(super) fn wait_for_end(&self, time: Duration) {
        let state = self.lock();
        // what is there then is what there is, whether or not the time is over
        drop(self.0 .1.wait_timeout_while(state, time, |state| !state.closed));
    }

    pub(super) fn text(&self) -> String {
        self.lock().text.clone()
    }
}

/// How the agent begins what it says when it cannot go on: [`super::AgentError`] as it
/// is printed.
pub(super) const LAST_WORDS: &str = "the guest failed to ";

/// What the agent said when it could not go on.
pub(super) fn last_words(console: &str) -> Option<&str> {
    let from = console.find(LAST_WORDS)?;
    console[from..].lines().next()
}

/// Whether the kernel has given up.
pub(super) fn has_panicked(console: &str) -> bool {
    console.contains("Kernel panic - not syncing")
}

/// The kernel's last report, from the line that makes it one; what it printed last
/// if there is none.
pub(super) fn report(console: &str) -> String {
    let lines: Vec<&str> = console.lines().collect();
    // a report consists of several such lines; what came long before is another one
    let window = lines.len().saturating_sub(REPORT_LINES);
    let first = lines[window..].iter().position(|line| is_trouble(line));
    let from = first.map_or(lines.len().saturating_sub(LAST_LINES), |first| window + first);
    lines[from..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_begins_where_the_trouble_does() {
        let quiet = "one\ntwo\nthree";
        assert_eq!(report(quiet), quiet);
        let loud = "[ 0.1] fine\n[ 1.0] BUG: kernel NULL pointer dereference\n[ 1.1] RIP: x\n\
                    [ 1.2] Kernel panic - not syncing: Fatal exception\n";
        assert!(report(loud).starts_with("[ 1.0] BUG:"));
        assert!(report(loud).ends_with("Fatal exception"));
        assert!(has_panicked(loud) && !has_panicked(quiet));
        assert_eq!(report(""), "");
    }

    #[test]
    fn the_agent_has_the_last_word() {
        let console = "[ 0.9] Run /init\nmmdiff: the guest failed to read a file: no such file\n\
                       [ 1.0] reboot: Power down\n";
        assert_eq!(last_words(console), Some("the guest failed to read a file: no such file"));
        assert_eq!(last_words("[ 0.9] Run /init\n"), None);
    }

    #[test]
    fn a_long_console_keeps_both_ends() {
        let console = Console::default();
        console.append("the beginning ä\r\n".as_bytes());
        for number in 0..100_000 {
            console.append(format!("line {number} ä\r\n").as_bytes());
        }
        console.close();
        console.wait_for_end(Duration::from_secs(60));
        let text = console.text();
        assert!(text.len() < MOST + 100);
        assert!(text.starts_with("the beginning ä\nline 0") && text.ends_with("line 99999 ä\n"));
    }
}
