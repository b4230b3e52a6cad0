//! The guest's end of the line.
//!
//! A serial line has no memory to speak of. So a request is read by a thread that
//! does nothing else, and arrives in pieces, of which each is acknowledged.

use super::link::{self, Event, Request};
use crate::sys;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

/// How many bytes make a piece.
pub(super) const PIECE: usize = 2048;
/// How many pieces may be under way.
pub(super) const AHEAD: usize = 4;
/// What acknowledges one.
pub(super) const TAKEN: &str = "+";

const DEVICE: &str = "/dev/ttyS1";

/// Sends events, from any thread.
#[derive(Clone, Debug)]
pub(super) struct Speaker(Arc<Mutex<File>>);

impl Speaker {
    pub(super) fn say(&self, event: &Event) {
        self.write(&link::line(event));
    }

    fn write(&self, line: &str) {
        let mut file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // if nobody listens any more, nobody misses it
        let _ = file.write_all(line.as_bytes());
    }
}

/// Opens the line; requests come from the receiver, `None` for one that arrived
/// garbled. [`Request::Stop`] does not: it sets `stop`.
pub(super) fn open(stop: Arc<AtomicBool>) -> io::Result<(Speaker, Receiver<Option<Request>>)> {
    let mut file = File::options().read(true).write(true).open(DEVICE)?;
    sys::raw_terminal(file.as_fd())?;
    let speaker = Speaker(Arc::new(Mutex::new(file.try_clone()?)));
    let (sender, requests) = channel();
    let acknowledging = speaker.clone();
    let listen = move || {
        let mut line = Vec::new();
        let mut buffer = [0; PIECE];
        loop {
            let length = match file.read(&mut buffer) {
                Ok(length @ 1..) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                _ => return,
            };
            for &byte in &buffer[..length] {
                line.push(byte);
                let ends = byte == b'\n';
                if line.len() % PIECE == 0 {
                    acknowledging.write(&format!("{TAKEN}\n"));
                }
                if ends {
                    let request = std::str::from_utf8(&line).ok().and_then(link::read);
                    if request == Some(Request::Stop) {
                        stop.store(true, Ordering::Relaxed);
                    } else if sender.send(request).is_err() {
                        return;
                    }
                    line.clear();
                }
            }
        }
    };
    thread::Builder::new().name("line".to_owned()).spawn(listen)?;
    Ok((speaker, requests))
}
