//! Writes archives as the kernel unpacks them (`cpio -H newc`,
//! Documentation/driver-api/early-userspace/buffer-format.rst).

const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;
const LINK: u32 = 0o120_777;
const CHARACTERS: u32 = 0o020_600;

/// An archive that is being written.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    pub(super) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER, (0, 0), &[]);
    }

    pub(super) fn file(&mut self, name: &str, contents: &[u8]) {
        self.entry(name, FILE, (0, 0), contents);
    }

    pub(super) fn executable(&mut self, name: &str, contents: &[u8]) {
        self.entry(name, EXECUTABLE, (0, 0), contents);
    }

    pub(super) fn link(&mut self, name: &str, target: &[u8]) {
        self.entry(name, LINK, (0, 0), target);
    }

    /// A character device.
    pub(super) fn device(&mut self, name: &str, number: (u32, u32)) {
        self.entry(name, CHARACTERS, number, &[]);
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), contents: &[u8]) {
        self.entries += 1;
        // magic, inode, mode, uid, gid, links, time, size, device, device of a node,
        // length of the name, check sum
        let header = format!(
            "070701{:08X}{mode:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
            self.entries,
            0,
            0,
            1,
            0,
            contents.len(),
            0,
            0,
            device.0,
            device.1,
            name.len() + 1,
            0,
        );
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_110_bytes_and_everything_is_aligned() {
        let mut archive = Archive::default();
        archive.folder("dev");
        archive.device("dev/console", (5, 1));
        archive.file("a", b"hello");
        archive.executable("init", b"\x7fELF");
        archive.link("b", b"a");
        let bytes = archive.finish();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("070701").count(), 6);
        let mut at = 0;
        let mut names = Vec::new();
        while at < bytes.len() {
            let field = |number: usize| {
                let from = at + 6 + 8 * number;
                usize::from_str_radix(std::str::from_utf8(&bytes[from..from + 8]).unwrap(), 16)
                    .unwrap()
            };
            let (size, name) = (field(6), field(11));
            names.push(text[at + 110..at + 110 + name - 1].to_owned());
            at = (at + 110 + name).next_multiple_of(4);
            at = (at + size).next_multiple_of(4);
        }
        assert_eq!(names, ["dev", "dev/console", "a", "init", "b", "TRAILER!!!"]);
    }
}
