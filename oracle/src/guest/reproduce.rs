//! Runs the C program of a finding in the guest.

use super::initramfs::REPRODUCER;
use super::link::{Ended, Event};
use super::port::Speaker;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long it may take; it gives up by itself after less.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is asked whether it has ended.
const GLANCE: Duration = Duration::from_millis(20);
/// Where it prints to: a file, since a child that it leaves behind may keep a pipe open.
const OUTPUT: &str = "/tmp/reproducer.txt";

pub(super) fn reproduce(speaker: &Speaker) -> Result<()> {
    let output = File::create(OUTPUT).context("failed to make a file for its output")?;
    let errors = output.try_clone().context("failed to duplicate a descriptor")?;
    let mut child = Command::new(format!("/{REPRODUCER}"))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .context("failed to start the reproducer")?;
    let started = Instant::now();
    let end = loop {
        match child.try_wait().context("failed to wait for the reproducer")? {
            Some(status) => {
                break status
                    .code()
                    .map(Ended::Status)
                    .or(status.signal().map(Ended::Signal))
                    .unwrap_or(Ended::NotInTime)
            }
            None if started.elapsed() > PATIENCE => {
                let _ = child.kill(); // it may have ended just now
                break Ended::NotInTime;
            }
            None => thread::sleep(GLANCE),
        }
    };
    let output = fs::read(OUTPUT).context("failed to read its output")?;
    let output = String::from_utf8_lossy(&output).into_owned();
    speaker.say(&Event::Reproduced { end, output });
    Ok(())
}
