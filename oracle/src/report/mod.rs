//! What is told about a finding, and to whom.

pub mod c;
mod finding;

pub use finding::{c_of, c_of_crash};
