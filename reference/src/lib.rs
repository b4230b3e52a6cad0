//! A reference model of Linux memory management, as userspace sees it.
//!
//! Pure: no I/O, no clock, no `unsafe`, no Linux calls. The same program on
//! the same [`profile::Profile`] gives the same prediction on any machine.
//!
//! * [`op`]: the vocabulary, one [`op::Op`] per line of a program, and the
//!   [`op::Outcome`] it has.
//! * [`text`]: the durable text form of programs.
//! * [`profile`]: what a kernel is: version, configuration, settings, and one
//!   table of version-dependent rules.
//! * [`snapshot`]: what can be observed of a process: maps, smaps, pagemap,
//!   status. The same types serve the prediction and the real kernel.
//! * [`model`]: the address spaces themselves.
//! * [`defect`]: deliberately wrong variants of the model's rules, which a
//!   comparison with a real kernel must catch.
#![forbid(unsafe_code)]

pub mod addr;
pub mod defect;
pub mod errno;
pub mod model;
pub mod op;
pub mod profile;
pub mod snapshot;
pub mod text;
