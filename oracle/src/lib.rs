//! All that touches a kernel: the subject, observation, comparison, generation,
//! shrinking, campaigns and reports.

pub mod bench;
pub mod campaign;
pub mod cli;
mod columns;
pub mod compare;
pub mod compare_kernels;
pub mod corpus;
pub mod defects;
pub mod distinguish;
pub mod fuzzing;
pub mod generate;
pub mod guest;
pub mod inject;
pub mod kernels;
pub mod matrix;
pub mod observe;
pub mod profile;
pub mod programs;
pub mod protocol;
pub mod report;
pub mod run;
#[cfg(test)]
#[path = "../tests/schema/mod.rs"]
mod schema;
mod search;
pub mod settings;
pub mod shrink;
mod stages;
mod stat;
pub mod subject;
mod sys;
mod words;
