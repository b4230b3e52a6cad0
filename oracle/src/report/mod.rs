//! What is told about findings, and to whom.

pub mod c;
mod finding;
mod junit;
mod ktap;
mod tree;

pub use finding::{c_of, c_of_crash};
pub(crate) use finding::{c_of_evidence, Evidence};
#[cfg(test)]
pub(crate) use junit::tests::validate as validate_junit;
pub use junit::JunitError;
pub(crate) use junit::{junit, Suite};
pub(crate) use ktap::ktap;
pub(crate) use tree::{Node, Status};
