//! What is told about a finding, and to whom.

pub mod c;
