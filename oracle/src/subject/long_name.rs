//! A file with a name that is too long for the page in which the kernel collects
//! what it prints; see `oracle/subject/look.rs` for its use.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs, io, process};

/// Characters of each part of the path: of the kind that is printed as four.
const PART: usize = 255;
/// How many parts: as printed they are longer than two pages, so that there is
/// room for four.
const PARTS: usize = 9;

/// The file, which is gone by now; none where none could be made.
pub fn long_name() -> Option<&'static OwnedFd> {
    static FILE: OnceLock<Option<OwnedFd>> = OnceLock::new();
    FILE.get_or_init(|| make().ok()).as_ref()
}

fn make() -> io::Result<OwnedFd> {
    let folder = env::temp_dir().join(format!("mmdiff-name-{}", process::id()));
    fs::create_dir(&folder)?;
    let parts = std::iter::repeat_n("\n".repeat(PART), PARTS);
    let file = create(folder.iter().map(PathBuf::from).chain(parts.map(PathBuf::from)).collect());
    let removed = fs::remove_dir_all(&folder);
    removed.and(file)
}

fn create(path: PathBuf) -> io::Result<OwnedFd> {
    fs::create_dir_all(&path)?;
    let path = path.join("file");
    fs::File::create(&path)?;
    Ok(fs::File::open(path)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn its_name_is_printed_on_more_than_two_pages() {
        let Some(file) = long_name() else {
            return println!("skipped: no such file can be made here");
        };
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        let name = fs::read_link(link).expect("a name").into_os_string();
        let escaped = name.as_encoded_bytes().iter().filter(|&&byte| byte == b'\n').count();
        assert!(4 * escaped > 2 * 4096, "{escaped}");
        let folder = env::temp_dir().join(format!("mmdiff-name-{}", process::id()));
        assert!(!folder.exists(), "{} is left", folder.display());
    }
}
