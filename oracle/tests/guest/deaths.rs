//! Guests that go down.

use super::{guest, plan};
use mm_oracle::guest::{Campaign, Event, Guest, GuestError, Link, Plan, Request};
use mm_reference::text::{parse, Mode};
use std::time::Duration;

fn campaign() -> Request {
    Request::Fuzz(Campaign { seed: 5, seconds: Some(600), ..Campaign::default() })
}

/// Waits until programs are being run.
fn wait_for_programs(guest: &mut dyn Link) {
    loop {
        match guest.event(Duration::from_secs(60)).unwrap_or_else(|e| panic!("{e}")) {
            Event::Progress { programs: 1.., .. } => return,
            _ => continue,
        }
    }
}

/// Sends a signal to its QEMU.
fn signal(pid: u32, signal: i32) {
    // SAFETY: no memory is involved, and the process is a child of this one
    unsafe { libc::kill(pid as i32, signal) };
}

fn are_programs(suspects: &[String]) {
    assert!(!suspects.is_empty(), "something was being run");
    for text in suspects {
        parse(text, Mode::Strict).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    }
}

#[test]
fn a_panic_comes_with_the_kernels_report() {
    let Some(mut guest) = guest() else { return };
    guest.send(&Request::Crash).expect("sent");
    match guest.event(Duration::from_secs(60)) {
        Err(GuestError::Panic(wreck)) => {
            assert!(wreck.report.contains("Kernel panic - not syncing"), "{}", wreck.report);
            assert!(wreck.report.contains("Call Trace"), "{}", wreck.report);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guest_in_which_mmdiff_cannot_work_says_why() {
    // a file where a folder should be
    let extra = tempfile::tempdir().expect("a new folder");
    std::fs::write(extra.path().join("sys"), "").expect("a new file");
    let plan = match plan() {
        Ok(plan) => Plan { extra: Some(extra.path().to_owned()), ..plan },
        Err(why) => return println!("skipped: {why}"),
    };
    match Guest::boot(&plan) {
        Err(error @ (GuestError::NoQemu { .. } | GuestError::Dynamic { .. })) => {
            println!("skipped: {error}");
        }
        Err(GuestError::Agent(words)) => {
            let start = "the guest failed to mount the kernel's file systems: ";
            assert!(words.len() > start.len() && words.starts_with(start), "{words}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_killed_guest_leaves_the_programs_that_were_being_run() {
    let Some(mut guest) = guest() else { return };
    guest.send(&campaign()).expect("sent");
    wait_for_programs(&mut guest);
    signal(guest.pid(), libc::SIGKILL);
    loop {
        match guest.event(Duration::from_secs(60)) {
            Ok(_) => continue,
            Err(GuestError::Died { how, wreck }) => {
                assert!(how.contains("signal: 9"), "{how}");
                return are_programs(&wreck.suspects);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_guest_that_hangs_is_noticed_and_ended() {
    let Some(mut guest) = guest() else { return };
    guest.send(&campaign()).expect("sent");
    wait_for_programs(&mut guest);
    signal(guest.pid(), libc::SIGSTOP);
    loop {
        match guest.event(Duration::from_secs(5)) {
            Ok(_) => continue,
            Err(GuestError::Hang { wreck, .. }) => break are_programs(&wreck.suspects),
            Err(other) => panic!("{other:?}"),
        }
    }
    // SAFETY: no memory is involved
    let gone = unsafe { libc::kill(guest.pid() as i32, 0) };
    assert_eq!(gone, -1, "it is still there");
}
