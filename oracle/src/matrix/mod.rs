//! The same job on many kernels: the corpus and fresh programs in a guest of
//! each, and one table of what came of it.

mod job;
mod json;
mod known;
mod result;
mod save;
mod schedule;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use job::{run, Boot, Tested, Told, Work};
pub use json::json;
pub use known::{known, Expectation};
pub use result::{Case, End, Found, Known, Matrix, Row, Sight, Verdict};
pub use schedule::{guests_at_once, schedule};
pub use tree::{junit, ktap};
