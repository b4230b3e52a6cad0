//! The kernel's own fault injection (`lib/fault-inject.c`): a task's n-th allocation
//! fails, slab objects and pages alike.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The filters that have to be out of the way, below debugfs: usually only what may
/// not sleep fails, and pages only together with others (`mm/failslab.c`,
/// `mm/fail_page_alloc.c`).
const FILTERS: [(&str, &str); 5] = [
    ("failslab/ignore-gfp-wait", "N"),
    ("failslab/cache-filter", "N"),
    ("fail_page_alloc/ignore-gfp-wait", "N"),
    ("fail_page_alloc/ignore-gfp-highmem", "N"),
    ("fail_page_alloc/min-order", "0"),
];
const DEBUGFS: &str = "/sys/kernel/debug";

/// Why allocations cannot be made to fail here.
#[derive(Debug, thiserror::Error)]
pub enum NoFaults {
    /// The kernel was built without.
    #[error("this kernel has no fault injection ({} is missing)", path.display())]
    Absent {
        /// What it would have.
        path: PathBuf,
    },
    /// The filters cannot be set.
    #[error("fault injection cannot be set up: {}: {source}", path.display())]
    Refused {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Fault injection, set up so that any allocation of a task can fail. What was set
/// before is set again in the end.
#[derive(Debug)]
pub struct Faults {
    before: Vec<(PathBuf, String)>,
}

impl Faults {
    /// Sets the filters.
    ///
    /// # Errors
    /// Where the kernel has none, or does not let this process set them.
    pub fn set_up() -> Result<Faults, NoFaults> {
        Faults::set_up_below(Path::new(DEBUGFS), Path::new("/proc/self/fail-nth"))
    }

    fn set_up_below(debugfs: &Path, nth: &Path) -> Result<Faults, NoFaults> {
        let about = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| match source.kind() {
                io::ErrorKind::NotFound => NoFaults::Absent { path },
                _ => NoFaults::Refused { path, source },
            }
        };
        fs::metadata(nth).map_err(about(nth))?;
        let mut faults = Faults { before: Vec::new() };
        for (filter, value) in FILTERS {
            let path = debugfs.join(filter);
            let before = fs::read_to_string(&path).map_err(about(&path))?;
            fs::write(&path, value).map_err(about(&path))?;
            faults.before.push((path, before.trim().to_owned()));
        }
        Ok(faults)
    }

    /// Lets the n-th allocation of a task fail, counted from now; none with 0.
    ///
    /// # Errors
    /// When the task is gone.
    pub fn arm(&self, pid: i32, n: u64) -> io::Result<()> {
        fs::write(format!("/proc/{pid}/fail-nth"), n.to_string())
    }

    /// How many allocations are still to come until one fails; 0 when it has failed.
    ///
    /// # Errors
    /// When the task is gone.
    pub fn left(&self, pid: i32) -> io::Result<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/fail-nth"))?;
        text.trim().parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        for (path, value) in self.before.iter().rev() {
            // it was written before, and nothing can be done where it cannot be now
            let _ = fs::write(path, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let nth = folder.path().join("fail-nth");
        fs::write(&nth, "0\n").unwrap();
        for (filter, _) in FILTERS {
            let path = folder.path().join(filter);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "Y\n").unwrap();
        }
        let read = || FILTERS.map(|(f, _)| fs::read_to_string(folder.path().join(f)).unwrap());
        let faults = Faults::set_up_below(folder.path(), &nth).unwrap();
        assert_eq!(read(), FILTERS.map(|(_, value)| value.to_owned()));
        drop(faults);
        assert_eq!(read(), FILTERS.map(|_| "Y".to_owned()));
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Faults::set_up_below(folder.path(), &folder.path().join("x")).unwrap_err();
        assert!(error.to_string().starts_with("this kernel has no fault injection"), "{error}");
    }
}
