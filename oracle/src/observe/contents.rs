//! Says what the bytes of a page are, as `load` does.

use crate::sys::Mapping;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::{Contents, Digest};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Whether `/proc/pid/mem` reads what its owner may not read: a kernel can
/// refuse that to all but debuggers (`CONFIG_PROC_MEM_FORCE_PTRACE`,
/// `proc_mem.force_override=`).
pub(super) fn reads_are_forced() -> io::Result<bool> {
    let page = Mapping::anonymous(PAGE_SIZE as usize)?;
    page.protect()?;
    let read = File::open("/proc/self/mem")?.read_at(&mut [0], page.base() as u64);
    Ok(read.is_ok_and(|length| length == 1))
}

/// Contents of a run of bytes, most of which mostly are all the same.
pub fn contents_of(bytes: &[u8]) -> Contents {
    let Some(&first) = bytes.first() else { return Contents::Uniform(0) };
    // every byte is as the one before it: many are compared at once
    if bytes[1..] == bytes[..bytes.len() - 1] {
        return Contents::Uniform(first);
    }
    let mut digest = Digest::default();
    digest.bytes(bytes);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_digest() {
        for length in [0, 1, 7, 8, 9, 4096] {
            let mut page = vec![0x41; length];
            for at in 0..=length {
                let mut digest = Digest::default();
                digest.bytes(&page);
                assert_eq!(contents_of(&page), digest.finish(), "{length} {at}");
                if let Some(byte) = page.get_mut(at).filter(|_| at % 511 == 0) {
                    *byte ^= 0xff;
                }
            }
        }
    }
}
