//! What can go wrong with kernels.

use std::io;
use std::path::PathBuf;

/// Why there is no such kernel here.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// A file could not be read or written.
    #[error("failed to {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A program is not there.
    #[error("{program} is missing: {remedy}")]
    Missing {
        /// The program.
        program: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A program failed.
    #[error("{program} failed: {message}")]
    Failed {
        /// The program.
        program: String,
        /// What it said.
        message: String,
    },
    /// The machine's apt knows no archive of Debian.
    #[error(
        "this machine's apt uses no archive of Debian ({looked_at}); use --kernel PATH with a kernel of your own"
    )]
    NoArchive {
        /// What there is instead.
        looked_at: String,
    },
    /// No suite could be used.
    #[error("no suite of Debian can be used: {0}")]
    NoSuite(String),
    /// No suite has this kernel.
    #[error("no suite has a kernel {name}{hint}")]
    NotOffered {
        /// Its short name.
        name: String,
        /// What may help.
        hint: String,
    },
    /// A package holds something else than was expected.
    #[error("{package} holds no {what}")]
    Content {
        /// The package.
        package: String,
        /// What was looked for.
        what: &'static str,
    },
    /// A configuration that the source does not accept.
    #[error("these options have no effect in this source: {0}")]
    Options(String),
    /// A source without options that mmdiff depends on.
    #[error("mmdiff depends on options that this source does not know: {0}")]
    Lacking(String),
    /// A kernel was built and is of no use.
    #[error("{name} was built, but does not boot")]
    DoesNotBoot {
        /// What it would have been called.
        name: String,
        /// What became of its guest.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no kernel of this name.
    #[error("there is no kernel called {0}; `mmdiff kernel list` shows those that there are, and a path to an image works as well")]
    Unknown(String),
    /// There is nothing of this name to remove.
    #[error("no kernel called {0} was built or fetched")]
    NotCached(String),
    /// Nobody can say where the cache is.
    #[error("neither XDG_CACHE_HOME nor HOME is set; say --cache DIR")]
    NoCache,
}

/// Makes an [`io::Error`] say what was tried with which file.
pub(super) trait Tried<T> {
    /// Adds what was tried.
    fn tried(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, KernelError>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, KernelError> {
        self.map_err(|source| KernelError::Io { what, path: path.into(), source })
    }
}
