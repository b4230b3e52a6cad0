//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod profile;
pub mod protocol;
pub mod report;
pub mod subject;
mod sys;
