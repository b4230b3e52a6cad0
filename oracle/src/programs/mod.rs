//! What can be done with a program from a file: run it, predict it, find out what
//! differs. The command line does it here, and guests do it there.

mod find;
mod predict;
mod run;

pub use find::{find, Sought};
pub use predict::{predict, Predicted, PredictedLine, State};
pub use run::{run, Ran};

use crate::corpus;
use crate::run::RunError;
use mm_reference::model::System;
use mm_reference::op::Op;
use mm_reference::text::{parse, Mode, ParseError, Program};

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is no program.
    #[error("failed to parse {name}")]
    Parse {
        /// The file.
        name: String,
        /// What is wrong there.
        source: ParseError,
    },
    /// It may not run, or not here.
    #[error("{name}: {why}")]
    Refused {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
    /// Programs can no longer be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Reads a program; `name` is what messages call it.
///
/// # Errors
/// When it is none, with the place.
pub fn read(name: &str, text: &str) -> Result<Program, ProgramError> {
    let failed = |source| ProgramError::Parse { name: name.to_owned(), source };
    parse(text, Mode::Strict).map_err(failed)
}

/// The operations of a program that may run.
fn operations(name: &str, program: &Program, fresh: &System) -> Result<Vec<Op>, ProgramError> {
    corpus::operations(program, fresh).map_err(|why| refused(name, why))
}

fn refused(name: &str, why: String) -> ProgramError {
    ProgramError::Refused { name: name.to_owned(), why }
}
