//! Reads what the kernel shows of a process, into the types of the model.
//!
//! The files of `/proc/pid` stay open and are read again from the start, with
//! buffers that are reused: after the first observation of a process, looking
//! at it again allocates nothing. Decoding is strict; text that is not what the
//! kernel is known to print is an error, except that smaps lines of unknown
//! fields are kept, and so show in the comparison.

mod capabilities;
mod contents;
mod kmsg;
mod maps;
mod numa_maps;
mod own;
mod page_flags;
mod pagemap;
mod rollup;
mod smaps;
mod statm;
mod status;
mod sys;
mod system;
mod text;
mod vmstat;

pub(crate) use capabilities::{views_here, COUNTERS, SYSTEM_COUNTS};
pub use capabilities::{Blind, Capabilities, Want};
pub use contents::contents_of;
pub use kmsg::{complaints_in, is_trouble, Complaint, KernelLog, KernelLogError};
pub use maps::MapsDecoder;
pub use numa_maps::decode as decode_numa_maps;
pub use own::{Cut, OwnLook, Reader};
pub use page_flags::FrameFlags;
pub use pagemap::{ranges_read, shows_frames};
pub use rollup::decode as decode_rollup;
pub use smaps::SmapsDecoder;
pub use statm::decode as decode_statm;
pub use status::decode as decode_status;
pub use system::{blocks_kb, NoCounts, SystemFiles};
pub use text::DecodeError;
pub use vmstat::{migrations, oom_kills};

use crate::stages::{lap, Stage};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::{Contents, ProcessId};
use mm_reference::snapshot::{PageEntry, ProcessPlan, ProcessSnapshot, Ranges, SmapsEntry, Views};
use pagemap::Pagemap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Why a process could not be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// A file does not open.
    #[error("open /proc/{pid}/{file}")]
    Open {
        /// The process.
        pid: i32,
        /// Which file.
        file: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A file does not read.
    #[error("read {file} in /proc")]
    Read {
        /// Which file.
        file: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The process has no address space (any more).
    #[error("find an address space: the process is gone")]
    Gone,
    /// The text is not as known.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl Decoders {
    /// How much of smaps has to be read if these are the entries, see
    /// [`SmapsDecoder::length_without_vsyscall`].
    pub fn smaps_length(&self, entries: &[SmapsEntry]) -> Option<u64> {
        self.smaps.length_without_vsyscall(entries)
    }

    /// Whether there is such a length, as far as entries have been seen: they are all of
    /// one form.
    pub fn foretells_smaps(&self) -> bool {
        self.smaps.foretells()
    }
}

impl ObserveError {
    fn read(file: &'static str, source: io::Error) -> ObserveError {
        match source.raw_os_error() {
            Some(libc::ESRCH) => ObserveError::Gone,
            _ => ObserveError::Read { file, source },
        }
    }
}

/// What decoding keeps from one look to the next, so that looking allocates
/// nothing.
#[derive(Debug, Default)]
pub struct Decoders {
    maps: MapsDecoder,
    smaps: SmapsDecoder,
    /// Buffers of pagemap windows.
    spare: Vec<Vec<PageEntry>>,
    /// What was read.
    buffer: Vec<u8>,
}

/// The open files of one process. They belong to the address space that the
/// process had when they were opened, so an `execve` makes them stale.
#[derive(Debug)]
pub struct ProcFiles {
    maps: File,
    smaps: File,
    status: File,
    mem: File,
    pagemap: Pagemap,
    statm: Lazy,
    rollup: Lazy,
    numa_maps: Lazy,
}

/// A file that is opened when it is wanted, which not every look does.
#[derive(Debug)]
struct Lazy {
    pid: i32,
    name: &'static str,
    file: Option<File>,
}

impl Lazy {
    fn new(pid: i32, name: &'static str) -> Lazy {
        Lazy { pid, name, file: None }
    }

    fn read<'a>(&mut self, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], ObserveError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(self.pid, self.name)?),
        };
        read_text(file, self.name, buffer)
    }
}

fn open(pid: i32, file: &'static str) -> Result<File, ObserveError> {
    let opened = File::open(format!("/proc/{pid}/{file}"));
    opened.map_err(|source| ObserveError::Open { pid, file, source })
}

const PAGE: usize = PAGE_SIZE as usize;
/// How much memory is read at once when contents are looked at.
const CONTENTS_AT_ONCE: usize = 64 * PAGE;

impl ProcFiles {
    /// Opens the files of a process.
    pub fn open(pid: i32) -> Result<ProcFiles, ObserveError> {
        Ok(ProcFiles {
            maps: open(pid, "maps")?,
            smaps: open(pid, "smaps")?,
            status: open(pid, "status")?,
            mem: open(pid, "mem")?,
            pagemap: Pagemap::new(open(pid, "pagemap")?),
            statm: Lazy::new(pid, "statm"),
            rollup: Lazy::new(pid, "smaps_rollup"),
            numa_maps: Lazy::new(pid, "numa_maps"),
        })
    }

    /// Looks at the wanted parts of the process, which should stand still
    /// meanwhile. Parts that are not wanted end up empty, as do views that are not planned.
    pub fn observe(
        &mut self,
        process: ProcessId,
        plan: &ProcessPlan,
        want: &Want,
        decoders: &mut Decoders,
        into: &mut ProcessSnapshot,
    ) -> Result<(), ObserveError> {
        into.process = process;
        clear_rest(into);
        if want.maps {
            let text = read_text(&self.maps, "maps", &mut decoders.buffer)?;
            lap(Stage::Read);
            decoders.maps.decode(text, &mut into.maps)?;
            lap(Stage::Decode);
        } else {
            into.maps.clear();
        }
        if want.smaps {
            self.read_smaps(decoders, &mut into.smaps)?;
        } else {
            into.smaps.clear();
        }
        if want.pagemap {
            self.pagemap.observe(
                &plan.windows,
                &plan.empty,
                &mut decoders.spare,
                &mut into.pagemap,
            )?;
        } else {
            into.pagemap.clear();
        }
        if want.status {
            // one record, which a single read of enough room gets whole
            let buffer = room(&mut decoders.buffer);
            let length = read_at(&self.status, "status", buffer, 0)?;
            lap(Stage::Read);
            into.status = status::decode(&buffer[..length])?;
            if into.status.present == 0 {
                return Err(ObserveError::Gone);
            }
            lap(Stage::Decode);
        }
        self.views(plan.views, decoders, into)?;
        if want.contents {
            self.contents(&plan.contents, decoders, &mut into.contents)?;
        }
        Ok(())
    }

    /// Reads what says again what was read before.
    fn views(
        &mut self,
        views: Views,
        decoders: &mut Decoders,
        into: &mut ProcessSnapshot,
    ) -> Result<(), ObserveError> {
        let buffer = &mut decoders.buffer;
        if views.contains(Views::STATM) {
            into.statm = Some(statm::decode(self.statm.read(buffer)?)?);
        }
        if views.contains(Views::ROLLUP) {
            into.rollup = Some(rollup::decode(self.rollup.read(buffer)?)?);
        }
        if views.contains(Views::NUMA_MAPS) {
            numa_maps::decode(self.numa_maps.read(buffer)?, &mut into.numa_maps)?;
        }
        lap(Stage::Read);
        Ok(())
    }

    /// Reads smaps, in parts: for as many mappings as there may be, its text is
    /// larger than everything else.
    fn read_smaps(
        &self,
        decoders: &mut Decoders,
        into: &mut Vec<SmapsEntry>,
    ) -> Result<(), ObserveError> {
        let buffer = room(&mut decoders.buffer);
        let (mut length, mut offset, mut count) = (0, 0, 0);
        loop {
            let more = read_at(&self.smaps, "smaps", &mut buffer[length..], offset)?;
            length += more;
            offset += more as u64;
            if more == 0 && offset == 0 {
                return Err(ObserveError::Gone);
            }
            if more > 0 && buffer.len() - length >= PAGE {
                continue;
            }
            lap(Stage::Read);
            let whole = if more == 0 { length } else { smaps::last_entry(&buffer[..length]) };
            count = decoders.smaps.decode_part(&buffer[..whole], count, into)?;
            buffer.copy_within(whole..length, 0);
            length -= whole;
            lap(Stage::Decode);
            if more == 0 {
                into.truncate(count);
                return Ok(());
            }
        }
    }

    /// Looks at the bytes of pages. A page that cannot be read is left out.
    pub fn contents(
        &mut self,
        ranges: &Ranges,
        decoders: &mut Decoders,
        into: &mut Vec<(u64, Contents)>,
    ) -> Result<(), ObserveError> {
        let buffer = room(&mut decoders.buffer);
        for &(start, end) in &ranges.0 {
            let mut at = start;
            while at < end {
                let wanted = CONTENTS_AT_ONCE.min((end - at) as usize);
                let length = match self.mem.read_at(&mut buffer[..wanted], at) {
                    Ok(length) => length,
                    Err(e) if e.raw_os_error() == Some(libc::EIO) => 0,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(e) => return Err(ObserveError::read("mem", e)),
                };
                lap(Stage::Read);
                for page in buffer[..length].chunks_exact(PAGE) {
                    into.push((at, contents_of(page)));
                    at += PAGE_SIZE;
                }
                if length < PAGE {
                    at += PAGE_SIZE;
                }
                lap(Stage::Decode);
            }
        }
        Ok(())
    }
}

/// Empties what a look may leave out, whoever makes it.
fn clear_rest(into: &mut ProcessSnapshot) {
    into.page_flags.clear();
    into.page_counts.clear();
    into.status = Default::default();
    (into.statm, into.rollup) = (None, None);
    into.numa_maps.clear();
    into.contents.clear();
    into.away.clear();
}

/// Makes the buffer as long as any read of bounded length needs.
fn room(buffer: &mut Vec<u8>) -> &mut [u8] {
    if buffer.len() < CONTENTS_AT_ONCE {
        buffer.resize(CONTENTS_AT_ONCE, 0);
    }
    buffer
}

/// Reads a whole text. The kernel hands it out in pieces, and only an empty
/// one marks the end.
fn read_text<'a>(
    file: &File,
    name: &'static str,
    buffer: &'a mut Vec<u8>,
) -> Result<&'a [u8], ObserveError> {
    room(buffer);
    let mut length = 0;
    loop {
        if length == buffer.len() {
            buffer.resize(2 * length, 0);
        }
        match read_at(file, name, &mut buffer[length..], length as u64)? {
            0 if length == 0 => return Err(ObserveError::Gone),
            0 => return Ok(&buffer[..length]),
            more => length += more,
        }
    }
}

fn read_at(
    file: &File,
    name: &'static str,
    buffer: &mut [u8],
    offset: u64,
) -> Result<usize, ObserveError> {
    loop {
        match file.read_at(buffer, offset) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(|e| ObserveError::read(name, e)),
        }
    }
}
