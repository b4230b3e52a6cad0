//! A guest that runs.

use super::console::{has_panicked, last_words, report};
use super::link::{self, Event, Request};
use super::qemu::{Accelerator, Qemu};
use super::{blackbox, port, GuestError, Link, Plan, Wreck};
use crate::campaign::KernelIdentity;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long a kernel may take to its first process; under emulation on a machine
/// that has other things to do.
const BOOT: Duration = Duration::from_secs(90);
/// How many times as long a guest may say nothing that hardly got any processor time.
const PATIENCE: u32 = 5;
/// How long QEMU may take to end once its line is closed.
const ENDING: Duration = Duration::from_secs(5);
/// How often parts of a line are heard of: a serial line takes long for a long finding.
const PART: Duration = Duration::from_secs(1);

/// How often it is asked whether KVM still executes a guest that says nothing.
const GLANCE: Duration = Duration::from_millis(250);

/// What arrives on the line.
enum Arrival {
    Event(Event),
    /// A piece of a request was taken.
    Taken,
    /// A part of a line: it is not silent that says something long.
    Part,
    /// A line that did not arrive as it was sent.
    Garbled(String),
}

/// A guest, ready for requests. It ends when it is dropped.
#[derive(Debug)]
pub struct Guest {
    qemu: Qemu,
    line: UnixStream,
    arrivals: Receiver<Arrival>,
    /// What arrived while a request was being sent.
    early: std::collections::VecDeque<Event>,
    kernel: KernelIdentity,
    accelerator: Accelerator,
    boot_time: Duration,
    /// It was asked to end.
    leaving: bool,
}

impl Guest {
    /// Boots a guest, and returns when it is ready.
    ///
    /// # Errors
    /// When there is no QEMU, or the kernel does not get as far as the first process.
    pub fn boot(plan: &Plan) -> Result<Guest, GuestError> {
        let accelerator = Accelerator::choose();
        match Guest::boot_with(plan, accelerator) {
            // the probe is small: a whole kernel may ask more of KVM than there is; and on a
            // busy machine an emulated one may lose patience with its devices
            Err(error) if error.wreck().is_some() => {
                accelerator.give_up();
                Guest::boot_with(plan, Accelerator::Emulation)
            }
            result => result,
        }
    }

    fn boot_with(plan: &Plan, accelerator: Accelerator) -> Result<Guest, GuestError> {
        let started = Instant::now();
        let failed = |what| move |source| GuestError::Start { what, source };
        let qemu = Qemu::start(plan, accelerator)?;
        let line = qemu.line.try_clone().map_err(failed("duplicate a descriptor"))?;
        let reader = qemu.line.try_clone().map_err(failed("duplicate a descriptor"))?;
        let (sender, arrivals) = channel();
        thread::Builder::new()
            .name("guest".to_owned())
            .spawn(move || listen(reader, &sender))
            .map_err(failed("start a thread"))?;
        let mut guest = Guest {
            qemu,
            line,
            arrivals,
            early: Default::default(),
            kernel: KernelIdentity::default(),
            accelerator,
            boot_time: Duration::ZERO,
            leaving: false,
        };
        match guest.event(BOOT)? {
            Event::Hello { mmdiff, kernel, .. } if mmdiff == env!("CARGO_PKG_VERSION") => {
                let asked = &plan.kernel;
                guest.kernel = KernelIdentity::asked_for(&asked.name, asked.built.as_ref());
                guest.kernel.says(kernel);
                guest.boot_time = started.elapsed();
                Ok(guest)
            }
            other => Err(GuestError::Nonsense(format!("{other:?} instead of a greeting"))),
        }
    }

    /// The kernel's release.
    pub fn release(&self) -> &str {
        &self.kernel.release
    }

    /// How long it took from the start of QEMU to the greeting.
    pub fn boot_time(&self) -> Duration {
        self.boot_time
    }

    /// Who executes it.
    pub fn accelerator(&self) -> Accelerator {
        self.accelerator
    }

    /// The id of its QEMU.
    pub fn pid(&self) -> u32 {
        self.qemu.pid()
    }

    fn gone(&mut self) -> GuestError {
        self.qemu.console.wait_for_end(ENDING);
        let status = self.qemu.end(ENDING);
        if let Some(words) = last_words(&self.console()) {
            return GuestError::Agent(words.to_owned());
        }
        let wreck = self.wreck();
        if has_panicked(&self.console()) {
            return GuestError::Panic(wreck);
        }
        let mut how = match status {
            Some(status) => status.to_string(),
            None => "nobody knows how".to_owned(),
        };
        let errors = self.qemu.errors();
        if !errors.is_empty() {
            how = format!("{how}; QEMU says: {errors}");
        }
        GuestError::Died { how, wreck }
    }

    fn hangs(&mut self, after: Duration) -> GuestError {
        self.qemu.end(Duration::ZERO);
        self.qemu.console.wait_for_end(ENDING);
        GuestError::Hang { after, wreck: self.wreck() }
    }

    /// What is left of a guest that has ended.
    fn wreck(&self) -> Box<Wreck> {
        let suspects = blackbox::suspects(&self.qemu.memory);
        Box::new(Wreck { report: report(&self.console()), suspects })
    }

    fn arrival(&mut self, timeout: Duration) -> Result<Arrival, GuestError> {
        let (before, mut waited) = (self.qemu.time_used(), Duration::ZERO);
        let mut left = timeout;
        loop {
            let now = match self.accelerator {
                Accelerator::Kvm => left.min(GLANCE),
                Accelerator::Emulation => left,
            };
            match self.arrivals.recv_timeout(now) {
                Ok(Arrival::Garbled(line)) => return Err(GuestError::Nonsense(line)),
                Ok(arrival) => return Ok(arrival),
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            waited += now;
            if self.qemu.is_stopped_by_kvm() {
                self.qemu.end(Duration::ZERO);
                return Err(self.gone());
            }
            left -= now;
            if !left.is_zero() {
                continue;
            }
            left = timeout;
            // a busy machine may not have let it run
            let used = before.and_then(|before| self.qemu.time_used()?.checked_sub(before));
            let was_kept_waiting = used.is_some_and(|used| used < timeout / 2);
            if !was_kept_waiting || waited >= timeout * PATIENCE {
                return Err(self.hangs(waited));
            }
        }
    }
}

impl Link for Guest {
    fn send(&mut self, request: &Request) -> Result<(), GuestError> {
        self.leaving |= *request == Request::PowerOff;
        let text = link::line(request);
        let mut ahead = 0;
        for piece in text.as_bytes().chunks(port::PIECE) {
            if self.line.write_all(piece).is_err() {
                return Err(self.gone());
            }
            // the guest has no more room than for a few pieces
            ahead += usize::from(piece.len() == port::PIECE);
            while ahead >= port::AHEAD {
                match self.arrival(super::SILENCE)? {
                    Arrival::Taken => ahead -= 1,
                    Arrival::Part => {}
                    Arrival::Event(event) => self.early.push_back(event),
                    Arrival::Garbled(line) => return Err(GuestError::Nonsense(line)),
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, timeout: Duration) -> Result<Event, GuestError> {
        if let Some(event) = self.early.pop_front() {
            return Ok(event);
        }
        loop {
            if let Arrival::Event(event) = self.arrival(timeout)? {
                return Ok(event);
            }
        }
    }

    fn console(&self) -> String {
        self.qemu.console.text()
    }

    fn kernel(&self) -> KernelIdentity {
        self.kernel.clone()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if self.leaving {
            self.qemu.end(ENDING);
        }
    }
}

/// Hands on what arrives until the line is closed.
fn listen(line: UnixStream, to: &Sender<Arrival>) {
    let mut reader = BufReader::new(line);
    let mut bytes = Vec::new();
    let mut heard = Instant::now();
    let mut part = || {
        if heard.elapsed() >= PART {
            heard = Instant::now();
            let _ = to.send(Arrival::Part); // the next whole line finds out
        }
    };
    loop {
        bytes.clear();
        match read_line(&mut reader, &mut bytes, &mut part) {
            Ok(true) => {}
            _ => return,
        }
        let text = String::from_utf8_lossy(&bytes);
        let arrival = match text.trim_end() {
            port::TAKEN => Arrival::Taken,
            text => match link::read(text) {
                Some(event) => Arrival::Event(event),
                None => Arrival::Garbled(text.chars().take(200).collect()),
            },
        };
        if to.send(arrival).is_err() {
            return;
        }
    }
}

/// Reads a line that is not endless, and says of every part that arrives; false at the
/// end.
fn read_line(
    reader: &mut impl BufRead,
    into: &mut Vec<u8>,
    part: &mut impl FnMut(),
) -> io::Result<bool> {
    const LONGEST: usize = 256 << 20;
    while into.len() < LONGEST {
        let available = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        let end = available.iter().position(|&byte| byte == b'\n');
        let length = end.map_or(available.len(), |end| end + 1);
        if length == 0 {
            return Ok(false);
        }
        into.extend_from_slice(&available[..length]);
        reader.consume(length);
        if end.is_some() {
            return Ok(true);
        }
        part();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_arrives_in_parts() {
        let long = [&[b'x'; 20_000][..], b"\nand\nhalf"].concat();
        let mut reader = BufReader::new(&long[..]);
        let mut parts = 0;
        let mut read = || {
            let mut bytes = Vec::new();
            let whole = read_line(&mut reader, &mut bytes, &mut || parts += 1);
            (whole.expect("no error"), bytes.len())
        };
        assert_eq!([read(), read(), read()], [(true, 20_001), (true, 4), (false, 4)]);
        assert!(parts > 2, "{parts}");
    }

    #[test]
    fn who_says_something_long_is_not_silent() {
        let (mut guest, host) = UnixStream::pair().expect("a pair of sockets");
        let (sender, arrivals) = channel();
        let listener = thread::spawn(move || listen(host, &sender));
        // a listener that starts late has not heard of any part for less than it takes
        let arrival = (0..20).find_map(|_| {
            guest.write_all(b"another part of a line").expect("written");
            arrivals.recv_timeout(PART).ok()
        });
        assert!(matches!(arrival, Some(Arrival::Part)));
        drop(guest);
        listener.join().expect("the end of the line");
    }
}
