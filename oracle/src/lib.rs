//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod protocol;
pub mod subject;
mod sys;
