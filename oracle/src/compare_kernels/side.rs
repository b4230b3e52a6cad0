//! One of the two kernels, with the guest that is running it.

use crate::guest::{Event, GuestError, Link, Observed, Request, Wreck, SILENCE};
use crate::observe::is_trouble;
use mm_reference::profile::Version;

/// Makes guests of one kernel.
pub type Boot<'a> = dyn Fn() -> Result<Box<dyn Link>, GuestError> + 'a;

/// A kernel.
pub struct Side<'a> {
    name: String,
    boot: &'a Boot<'a>,
    guest: Option<Box<dyn Link>>,
    release: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// The guest is gone, and this is left of it.
    Guest(Box<Wreck>),
    /// It could not do what it was asked.
    Answer(String),
}

/// What a guest answered, if it did.
pub(super) type Answered<T> = Result<T, Lost>;

impl From<Lost> for GuestError {
    fn from(lost: Lost) -> GuestError {
        match lost {
            Lost::Guest(wreck) => GuestError::Panic(wreck),
            Lost::Answer(error) => GuestError::Failed(error),
        }
    }
}

impl<'a> Side<'a> {
    /// A kernel; it is booted when it is needed.
    pub fn new(name: &str, boot: &'a Boot<'a>) -> Side<'a> {
        let (name, release) = (name.to_owned(), String::new());
        Side { name, boot, guest: None, release }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it calls itself, once it has been booted.
    pub fn release(&self) -> &str {
        &self.release
    }

    fn guest(&mut self) -> Result<&mut dyn Link, GuestError> {
        if self.guest.is_none() {
            self.guest = Some((self.boot)()?);
        }
        match &mut self.guest {
            Some(guest) => Ok(guest.as_mut()),
            None => Err(GuestError::Nonsense("there is no guest".to_owned())),
        }
    }

    pub(super) fn send(&mut self, request: &Request) -> Result<(), GuestError> {
        match self.guest()?.send(request) {
            // what is left of it is told when it is asked for the answer
            Err(error) if error.wreck().is_some() => Ok(()),
            sent => sent,
        }
    }

    /// The events of the last request; a guest that is gone is given up.
    pub(super) fn receive(
        &mut self,
        each: &mut dyn FnMut(Event),
    ) -> Result<Answered<()>, GuestError> {
        loop {
            match self.guest()?.event(SILENCE) {
                Ok(Event::Done) => return Ok(Ok(())),
                Ok(Event::Failed { error }) => return Ok(Err(Lost::Answer(error))),
                Ok(event) => each(event),
                Err(error) => {
                    self.guest = None;
                    return match wreck_of(&error) {
                        Some(wreck) => Ok(Err(Lost::Guest(Box::new(wreck)))),
                        None => Err(error),
                    };
                }
            }
        }
    }
}

/// What is left of a guest. Where its kernel has not reported anything, the report begins with
/// how it ended: a guest that hangs, or whose QEMU ended, says nothing of that itself.
fn wreck_of(error: &GuestError) -> Option<Wreck> {
    let mut wreck = error.wreck()?.clone();
    if !wreck.report.lines().any(is_trouble) {
        let how = error.to_string();
        let how = how.lines().next().unwrap_or_default();
        wreck.report = format!("{how}\n{}", wreck.report);
    }
    Some(wreck)
}

/// Asks both at once, and answers what both said.
pub(super) fn ask_both<T: Default>(
    sides: &mut [Side<'_>; 2],
    request: &Request,
    mut take: impl FnMut(&mut T, Event),
) -> Result<[Answered<T>; 2], GuestError> {
    for side in &mut *sides {
        side.send(request)?;
    }
    let mut answer = |side: &mut Side<'_>| -> Result<Answered<T>, GuestError> {
        let mut answer = T::default();
        let received = side.receive(&mut |event| take(&mut answer, event))?;
        Ok(received.map(|()| answer))
    };
    let [a, b] = sides;
    // both, or the next answer would not be to the next request
    let (of_a, of_b) = (answer(a), answer(b));
    Ok([of_a?, of_b?])
}

/// What both kernels do with a program.
pub(super) fn observe_both(
    sides: &mut [Side<'_>; 2],
    program: String,
    every_op: bool,
) -> Result<[Answered<Observed>; 2], GuestError> {
    let request = Request::Observe { program, every_op };
    ask_both(sides, &request, |seen: &mut Observed, event| {
        if let Event::Observed(observed) = event {
            *seen = *observed;
        }
    })
}

/// Boots both, and finds out for which version programs are made: the first one's.
pub(super) fn meet(sides: &mut [Side<'_>; 2]) -> Result<String, GuestError> {
    let releases = ask_both(sides, &Request::Profile, |release: &mut String, event| {
        if let Event::Profile { origins, .. } = event {
            let version = origins.into_iter().find(|origin| origin.switch == "version");
            let origin = version.map(|version| version.origin).unwrap_or_default();
            *release = origin.trim_start_matches("uname: ").to_owned();
        }
    })?;
    for (side, release) in sides.iter_mut().zip(releases) {
        side.release = release?;
    }
    let release = sides[0].release();
    let version = Version::parse(release);
    let version = version.ok_or_else(|| GuestError::Nonsense(release.to_owned()))?;
    Ok(version.to_string())
}
