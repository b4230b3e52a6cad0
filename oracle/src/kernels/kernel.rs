//! A kernel to boot.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// A kernel's image and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// What it is called, such as `6.12`.
    pub name: String,
    /// Its release, where that is known before it runs.
    pub release: String,
    /// The compressed image (`bzImage`, `vmlinuz`).
    pub image: PathBuf,
    /// What it was configured with.
    pub config: Option<PathBuf>,
    /// Its module of a RAM disk, as it is packaged: compressed or not. None where the
    /// kernel has that built in, or not at all.
    pub module: Option<PathBuf>,
    /// How it was built, where that was done here, from sources of its version.
    pub built: Option<Build>,
}

/// How a kernel was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The name of its configuration.
    pub configuration: String,
    /// The names of the files of the patches that were applied, in order.
    pub patches: Vec<String>,
}

impl Kernel {
    /// Anybody's own kernel; its configuration is looked for beside it, as `config`,
    /// `.config` or `config-` and its release.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn from_image(image: &Path) -> io::Result<Kernel> {
        let image = image.canonicalize()?;
        if !image.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let file_name = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let release = file_name.strip_prefix("vmlinuz-").unwrap_or_default().to_owned();
        let folder = image.parent().unwrap_or(Path::new("/"));
        let config = [format!("config-{release}"), "config".to_owned(), ".config".to_owned()]
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        let name = if release.is_empty() { file_name } else { release.clone() };
        Ok(Kernel { name, release, image, config, module: None, built: None })
    }
}
