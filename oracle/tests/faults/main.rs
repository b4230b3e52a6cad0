//! What can go wrong around mmdiff: whatever it is, there is a clear message,
//! nothing found is lost, and nothing is left behind.

mod disk;
mod environment;
mod files;
mod memory;
mod processes;
#[path = "../../../reference/tests/programs/mod.rs"]
mod programs;
mod tool;
