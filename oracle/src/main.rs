//! The `mmdiff` command.
fn main() {}
