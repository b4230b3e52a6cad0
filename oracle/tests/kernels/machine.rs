//! A machine with an apt that answers as the test wants.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Machine(tempfile::TempDir);

impl Machine {
    /// One with a mirror that has two suites and a third that has expired.
    pub fn new() -> Machine {
        let machine = Machine(tempfile::tempdir().expect("a new folder"));
        machine.file("sources.list", "deb http://mirror.test/debian trixie main\n");
        machine.file(
            "update.err",
            "E: Release file for http://mirror.test/debian/dists/unstable/InRelease is expired \
             (invalid since 3d). Updates for this repository will not be applied.\n",
        );
        fs::create_dir(machine.path("sources.list.d")).expect("a folder");
        let old = machine.package("linux-image-6.1.0-9-cloud-amd64", "6.1.9-1", "boot");
        let new = machine.package("linux-image-6.1.0-10-cloud-amd64", "6.1.10-1", "boot");
        machine.file("suites/trixie/Packages", &format!("{old}{new}"));
        let backport = machine.package(
            "linux-image-6.12.3-cloud-amd64-unsigned",
            "6.12.3-1~bpo13+1",
            "usr/lib/modules/6.12.3-cloud-amd64",
        );
        machine.file("suites/trixie-backports/Packages", &backport);
        machine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, contents: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, contents).expect("a new file");
    }

    /// Puts a package into the pool; its paragraph for the list of packages.
    fn package(&self, name: &str, version: &str, folder: &str) -> String {
        let mut tar = tar::Builder::new(Vec::new());
        let image = match folder {
            "boot" => format!("boot/vmlinuz-{version}"),
            folder => format!("{folder}/vmlinuz"),
        };
        let config = image.replace("vmlinuz", "config");
        let mut files =
            vec![(image, format!("image {version}")), (config, "CONFIG_X=y\n".to_owned())];
        if folder == "boot" {
            let path = format!("lib/modules/{version}/kernel/drivers/block/brd.ko");
            files.push((path, format!("module {version}")));
        }
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append_data(&mut header, format!("./{path}"), text.as_bytes()).expect("a tar file");
        }
        let package = tar.into_inner().expect("a tar file");
        let pool = self.path("pool");
        fs::create_dir_all(&pool).expect("a folder");
        fs::write(pool.join(name), &package).expect("a package");
        let sum: String = Sha256::digest(&package).iter().map(|b| format!("{b:02x}")).collect();
        format!("Package: {name}\nVersion: {version}\nSize: {}\nSHA256: {sum}\n\n", package.len())
    }

    /// mmdiff on this machine.
    pub fn mmdiff(&self, args: &[&str]) -> Command {
        let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernels/fake");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
        command
            .args(args)
            .env("PATH", format!("{}:/usr/bin:/bin", fake.display()))
            .env("FAKE", self.0.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env_remove("APT_CONFIG");
        command
    }

    /// Its result, and what it printed to each output.
    pub fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } =
            self.mmdiff(args).output().expect("mmdiff can be run");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (status.code(), text(stdout), text(stderr))
    }

    /// How often apt did something.
    pub fn count(&self, action: &str) -> usize {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with(action)).count()
    }

    /// All files below a folder of the cache.
    pub fn cached(&self, name: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path("cache/mmdiff/kernels").join(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() { &mut folders } else { &mut files }.push(path);
            }
        }
        files.sort();
        files
    }
}
