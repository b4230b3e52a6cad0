//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod profile;
pub mod report;
pub mod protocol;
pub mod subject;
mod sys;
pub mod compare;
pub mod observe;
