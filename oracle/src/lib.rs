//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod cli;
pub mod compare;
pub mod observe;
pub mod profile;
pub mod protocol;
pub mod report;
pub mod run;
pub mod subject;
mod sys;
