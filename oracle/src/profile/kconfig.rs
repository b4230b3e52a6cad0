//! The configuration that a kernel was built with, where it is published.

use flate2::read::GzDecoder;
use mm_reference::text::ConfigName;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// No kernel's configuration is longer.
const MAX_LEN: u64 = 4 << 20;

/// The contents of a `.config` file.
pub(super) struct Kconfig {
    /// Where it was found.
    pub(super) path: PathBuf,
    text: String,
}

impl Kconfig {
    /// Looks where kernels and distributions put it.
    pub(super) fn read(release: &str) -> Option<Kconfig> {
        let gzip = PathBuf::from("/proc/config.gz");
        let plain = [
            PathBuf::from(format!("/boot/config-{release}")),
            PathBuf::from(format!("/lib/modules/{release}/config")),
        ];
        let unpacked = File::open(&gzip).ok().and_then(|file| text_of(GzDecoder::new(file)));
        if let Some(text) = unpacked {
            return Some(Kconfig { path: gzip, text });
        }
        plain.into_iter().find_map(|path| {
            let text = text_of(File::open(&path).ok()?)?;
            Some(Kconfig { path, text })
        })
    }

    /// Whether a symbol is built in.
    pub(super) fn is_on(&self, symbol: &str) -> bool {
        self.value(symbol) == Some("y")
    }

    /// The value of a numeric symbol.
    pub(super) fn number(&self, symbol: &str) -> Option<u64> {
        self.value(symbol)?.parse().ok()
    }

    fn value(&self, symbol: &str) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(symbol)?.strip_prefix('='))
    }
}

/// A whole file, if it is a configuration.
fn text_of(reader: impl Read) -> Option<String> {
    let mut text = String::new();
    reader.take(MAX_LEN).read_to_string(&mut text).ok()?;
    text.contains("\nCONFIG_").then_some(text)
}

/// The symbol behind an option; `None` where the symbol alone says too little.
pub(super) fn symbol(name: ConfigName) -> Option<&'static str> {
    match name {
        ConfigName::AnonVmaName => Some("CONFIG_ANON_VMA_NAME"),
        ConfigName::SoftDirty => Some("CONFIG_MEM_SOFT_DIRTY"),
        ConfigName::PtReclaim => Some("CONFIG_PT_RECLAIM"),
        ConfigName::Ksm => Some("CONFIG_KSM"),
        ConfigName::Thp => Some("CONFIG_TRANSPARENT_HUGEPAGE"),
        ConfigName::MemoryFailure => Some("CONFIG_MEMORY_FAILURE"),
        // these need a processor that has them
        ConfigName::Pkeys | ConfigName::La57 | ConfigName::ShadowStack => None,
        // this can be turned off
        ConfigName::LruGen => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_whole_words() {
        let text = "# x\nCONFIG_KSM_OTHER=y\nCONFIG_KSM=m\nCONFIG_PT_RECLAIM=y\n\
                    # CONFIG_TRANSPARENT_HUGEPAGE is not set\nCONFIG_LSM_MMAP_MIN_ADDR=65536\n";
        let kconfig = Kconfig { path: PathBuf::new(), text: text_of(text.as_bytes()).unwrap() };
        assert!(kconfig.is_on("CONFIG_PT_RECLAIM"));
        assert!(!kconfig.is_on("CONFIG_KSM"));
        assert!(!kconfig.is_on("CONFIG_TRANSPARENT_HUGEPAGE"));
        assert_eq!(kconfig.number("CONFIG_LSM_MMAP_MIN_ADDR"), Some(65536));
        assert_eq!(kconfig.number("CONFIG_KSM"), None);
        assert!(text_of(&b"nothing"[..]).is_none());
        assert!(text_of(&b"\nCONFIG_\xff"[..]).is_none());
    }
}
