//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod compare;
pub mod observe;
pub mod profile;
pub mod report;
