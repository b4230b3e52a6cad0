//! Why a program could not be run.

use crate::observe::ObserveError;
use crate::settings::SettingsError;
use crate::subject::SubjectError;

/// Why a program could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The subject failed.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The subject could not be observed.
    #[error("failed to {0}")]
    Observe(ObserveError),
    /// The system could not be set up as a program needs it.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}
