//! What a system counts as a whole, less what mmdiff itself accounts for. It says something
//! only where nothing else runs: in a guest, whose first process this is.

use super::{Blind, Decoders, ObserveError};
use crate::sys;
use mm_reference::profile::Version;
use mm_reference::snapshot::{
    Name, SmapsEntry, SmapsField, StatusField, SystemCounter, SystemCounts,
};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

/// Folds what CPUs hold back of the counters into them (`mm/vmstat.c:vmstat_refresh`);
/// `Committed_AS` is always added up (`vm_memory_committed`).
const REFRESH: &str = "/proc/sys/vm/stat_refresh";
/// The slab of mappings.
const SLAB: &str = "/sys/kernel/slab/vm_area_struct";
/// Until then each CPU keeps a few places in swap for later, which count as in use
/// (`mm/swap_slots.c`).
const SWAP_EXACT_SINCE: Version = Version::new(6, 15);

/// Why the counts of this system say nothing about one program.
#[derive(Debug, thiserror::Error)]
pub enum NoCounts {
    /// Others run here.
    #[error("others run here; they are compared in guests, where nothing else does")]
    Shared,
    /// Something cannot be read, or not exactly.
    #[error("{0} cannot be used: {1}")]
    File(&'static str, io::Error),
}

/// The files that it takes.
#[derive(Debug)]
pub struct SystemFiles {
    meminfo: File,
    smaps: File,
    status: File,
    refresh: File,
    /// Where places in swap are counted when they are in use.
    swap_is_exact: bool,
    slab: Result<Slab, String>,
    decoders: Decoders,
    entries: Vec<SmapsEntry>,
    text: Vec<u8>,
}

impl SystemFiles {
    /// Opens them.
    ///
    /// # Errors
    /// Where this is not the first process, or the kernel lacks one of them.
    pub fn open() -> Result<SystemFiles, NoCounts> {
        if std::process::id() != 1 {
            return Err(NoCounts::Shared);
        }
        let open = |path| File::open(path).map_err(|error| NoCounts::File(path, error));
        let refresh = File::options().write(true).open(REFRESH);
        let files = SystemFiles {
            meminfo: open("/proc/meminfo")?,
            smaps: open("/proc/self/smaps")?,
            status: open("/proc/self/status")?,
            refresh: refresh.map_err(|error| NoCounts::File(REFRESH, error))?,
            swap_is_exact: crate::profile::is_at_least(SWAP_EXACT_SINCE),
            slab: Slab::open(),
            decoders: Decoders::default(),
            entries: Vec::new(),
            text: Vec::new(),
        };
        files.refresh().map_err(|error| NoCounts::File(REFRESH, error))?;
        Ok(files)
    }

    /// The counters that cannot be compared here, and why.
    pub fn blind(&self) -> Vec<Blind> {
        let mut blind = Vec::new();
        if !self.swap_is_exact {
            let why =
                "before 6.15 each CPU keeps places for later, which count as in use".to_owned();
            blind.push(Blind { what: "swap in use of the system", why });
        }
        if let Err(why) = &self.slab {
            blind.push(Blind { what: "the system's number of mappings", why: why.clone() });
        }
        let why = "how much the root of a process takes, whether it counts, and when it goes, \
                   depends on the configuration; they are compared while no process was forked";
        blind.push(Blind { what: "PageTables of the system, at times", why: why.to_owned() });
        blind
    }

    fn refresh(&self) -> io::Result<()> {
        self.refresh.write_at(b"1", 0).map(drop)
    }

    /// Counts, without what mmdiff itself has: its memory, the files of its file system,
    /// and so many kB of memory files that it shares with its subject.
    ///
    /// # Errors
    /// When a file does not read, or not as known.
    pub fn count(&mut self, shared: u64) -> Result<SystemCounts, ObserveError> {
        let slab = self.slab.as_ref().ok().map(Slab::objects);
        let slab = slab.transpose().map_err(|source| ObserveError::read("slab", source))?;
        self.refresh().map_err(|source| ObserveError::read("stat_refresh", source))?;
        let buffer = &mut self.text;
        let mut system = of_meminfo(read(&self.meminfo, "meminfo", buffer)?);
        if !self.swap_is_exact {
            system.set(SystemCounter::Swap, None);
        }
        system.set(SystemCounter::Mappings, slab);
        let mut own = self.own()?;
        let files = sys::tmpfs_kb(c"/").unwrap_or(0) + shared;
        own.set(SystemCounter::Shmem, Some(files as i64));
        Ok(system - own)
    }

    /// What mmdiff itself has mapped.
    fn own(&mut self) -> Result<SystemCounts, ObserveError> {
        use SystemCounter as C;
        let text = read(&self.smaps, "smaps", &mut self.text)?;
        self.decoders.smaps.decode(text, &mut self.entries)?;
        let (mut charged, mut anon, mut mapped, mut swapped, mut mappings) = (0, 0, 0, 0, 0);
        for entry in self.entries.iter().filter(|entry| entry.line.name != Name::Vsyscall) {
            let of = |field| entry.get(field).unwrap_or(0) as i64;
            if entry.flags.codes().contains(b"ac") {
                charged += of(SmapsField::Size);
            }
            anon += of(SmapsField::Anonymous);
            mapped += of(SmapsField::Rss) - of(SmapsField::Anonymous);
            swapped += of(SmapsField::Swap);
            mappings += 1;
        }
        let status = super::decode_status(read(&self.status, "status", &mut self.text)?)?;
        let mut own = SystemCounts::NONE;
        own.set(C::CommittedAs, Some(charged));
        own.set(C::AnonPages, Some(anon));
        own.set(C::Mapped, Some(mapped));
        own.set(C::Swap, Some(swapped));
        own.set(C::Mappings, Some(mappings));
        own.set(C::PageTables, status.get(StatusField::VmPte).map(|kb| kb as i64));
        Ok(own)
    }
}

/// How many kB of memory the files behind paths have.
pub fn blocks_kb(paths: &[String]) -> u64 {
    let blocks = |path: &String| fs::metadata(path).map_or(0, |file| file.blocks());
    paths.iter().map(blocks).sum::<u64>() / 2
}

/// Reads a file as a whole, into memory that is there already.
fn read<'a>(
    file: &File,
    name: &'static str,
    buffer: &'a mut Vec<u8>,
) -> Result<&'a [u8], ObserveError> {
    const ROOM: usize = 64 << 10;
    let mut length = 0;
    loop {
        if buffer.len() < length + ROOM / 2 {
            buffer.resize(length + ROOM, 0);
        }
        match file.read_at(&mut buffer[length..], length as u64) {
            Ok(0) => return Ok(&buffer[..length]),
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ObserveError::read(name, error)),
        }
    }
}

/// The counters of `/proc/meminfo`. Shared memory is promised page by page as it comes,
/// and is left out of what is promised: it is counted by itself.
fn of_meminfo(text: &[u8]) -> SystemCounts {
    use SystemCounter as C;
    let text = String::from_utf8_lossy(text);
    let line = |name: &str| -> Option<i64> {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix(" kB")?.trim().parse().ok()
    };
    let less = |all: &str, part: &str| Some(line(all)? - line(part)?);
    let mut counts = SystemCounts::default();
    for counter in [C::AnonPages, C::Mapped, C::Shmem, C::PageTables] {
        counts.set(counter, line(counter.name()));
    }
    counts.set(C::CommittedAs, less(C::CommittedAs.name(), C::Shmem.name()));
    counts.set(C::Swap, less("SwapTotal", "SwapFree"));
    counts
}

/// The slab of mappings, which SLUB counts exactly when no CPU holds a part of it.
#[derive(Debug)]
struct Slab {
    shrink: File,
    objects: File,
}

impl Slab {
    /// Opens it; otherwise says why there is none.
    fn open() -> Result<Slab, String> {
        let path = |name: &str| format!("{SLAB}/{name}");
        // one slab may serve several kinds of objects of a size
        let aliases = fs::read_to_string(path("aliases"));
        let aliases = aliases.map_err(|error| format!("{}: {error}", path("aliases")))?;
        if aliases.trim() != "0" {
            return Err("this kernel keeps other objects in the same slab".to_owned());
        }
        let open = |name: &str, write: bool| {
            let file = File::options().read(!write).write(write).open(path(name));
            file.map_err(|error| format!("{}: {error}", path(name)))
        };
        let slab = Slab { shrink: open("shrink", true)?, objects: open("objects", false)? };
        slab.objects().map_err(|error| format!("{}: {error}", path("objects")))?;
        Ok(slab)
    }

    /// How many objects are in use: shrinking takes from every CPU what it holds.
    fn objects(&self) -> io::Result<i64> {
        self.shrink.write_at(b"1", 0)?;
        let mut text = [0; 64];
        let length = self.objects.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(&text[..length]);
        let number = text.split_whitespace().next().and_then(|number| number.parse().ok());
        number.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meminfo_says() {
        let text = "MemTotal:  100 kB\nSwapTotal:    64 kB\nSwapFree:  60 kB\nAnonPages:   40 kB\n\
                    Mapped:  8 kB\nShmem:  12 kB\nCommitted_AS:   200 kB\n";
        let counts = of_meminfo(text.as_bytes());
        for (counter, value) in [
            (SystemCounter::CommittedAs, Some(188)),
            (SystemCounter::AnonPages, Some(40)),
            (SystemCounter::Mapped, Some(8)),
            (SystemCounter::Shmem, Some(12)),
            (SystemCounter::PageTables, None),
            (SystemCounter::Swap, Some(4)),
            (SystemCounter::Mappings, None),
        ] {
            assert_eq!(counts.get(counter), value, "{}", counter.name());
        }
    }

    #[test]
    fn only_the_first_process_counts() {
        assert!(matches!(SystemFiles::open(), Err(NoCounts::Shared)));
    }
}
