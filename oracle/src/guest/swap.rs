//! Swap in a guest, on a RAM disk: that one reads and writes before it returns, so that
//! what is paged out is out when the call has ended.

use super::agent::AgentError;
use crate::sys;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;

/// Where the disk's module is in the guest, if the kernel does not have it built in.
pub(super) const MODULE: &str = "brd.ko";

const DISK: &CStr = c"/dev/ram0";

/// One disk of 64 MiB: more than programs touch, and it has memory only for what is
/// written.
const PARAMETERS: [&str; 2] = ["rd_nr=1", "rd_size=65536"];

const PAGE: usize = 4096;

/// The parameters for a kernel that has the disk built in; for a module they are without
/// effect there.
pub(super) fn command_line() -> String {
    PARAMETERS.map(|parameter| format!("brd.{parameter}")).join(" ")
}

/// Makes the disk and swaps to it.
pub(super) fn switch_on() -> Result<(), AgentError> {
    let failed = |what| move |source| AgentError::System { what, source };
    match File::open(format!("/{MODULE}")) {
        Ok(module) => load(module).map_err(failed("load the module of the RAM disk"))?,
        // it may be built in, and shows
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("open the module of the RAM disk")(error)),
    }
    let path = DISK.to_str().unwrap_or_default();
    let disk = File::options().write(true).open(path).map_err(failed("open a RAM disk"))?;
    format(disk).map_err(failed("write to the RAM disk"))?;
    sys::swap_on(DISK).map_err(failed("swap to the RAM disk"))
}

/// Loads the module. The kernel decompresses what it was packaged with, where it says
/// so; one that cannot has its modules as they are.
fn load(mut module: File) -> io::Result<()> {
    let mut magic = [0; 4];
    module.read_exact(&mut magic)?;
    let parameters = CString::new(PARAMETERS.join(" "))?;
    sys::load_module(module.as_fd(), &parameters, magic != *b"\x7fELF")
}

fn format(mut disk: File) -> io::Result<()> {
    let pages = disk.seek(SeekFrom::End(0))? / PAGE as u64;
    disk.rewind()?;
    disk.write_all(&header(pages))?;
    disk.sync_all()
}

/// The first page of a swap area of so many pages (`union swap_header` in
/// `include/linux/swap.h`): its version, its last page, and no bad ones.
fn header(pages: u64) -> [u8; PAGE] {
    const VERSION: u32 = 1;
    const INFO: usize = 1024;
    const MAGIC: &[u8] = b"SWAPSPACE2";
    let last = u32::try_from(pages.saturating_sub(1)).unwrap_or(u32::MAX);
    let mut page = [0; PAGE];
    page[INFO..INFO + 4].copy_from_slice(&VERSION.to_le_bytes());
    page[INFO + 4..INFO + 8].copy_from_slice(&last.to_le_bytes());
    page[PAGE - MAGIC.len()..].copy_from_slice(MAGIC);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_swap_area_begins_with() {
        let page = header(16384);
        assert_eq!(page[1024..1036], [1, 0, 0, 0, 0xff, 0x3f, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&page[4086..], b"SWAPSPACE2");
        let rest = page[..1024].iter().chain(&page[1036..4086]);
        assert!(rest.into_iter().all(|&byte| byte == 0), "nameless, without bad pages");
    }

    #[test]
    fn formatted_as_large_as_it_is() {
        let mut disk = tempfile::tempfile().unwrap();
        disk.set_len(10 * PAGE as u64 + 1).unwrap();
        format(disk.try_clone().unwrap()).unwrap();
        let mut page = [0; PAGE];
        disk.rewind().unwrap();
        disk.read_exact(&mut page).unwrap();
        assert_eq!(page, header(10));
        assert_eq!(disk.metadata().unwrap().len(), 10 * PAGE as u64 + 1);
    }

    #[test]
    fn the_same_parameters_for_a_built_in_disk() {
        assert_eq!(command_line(), "brd.rd_nr=1 brd.rd_size=65536");
    }
}
