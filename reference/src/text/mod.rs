//! The durable text form of programs.
