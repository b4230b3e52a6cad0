//! The address spaces: state and rules.
