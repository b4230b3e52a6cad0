//! Says what the bytes of a page are, as `load` does.

use crate::sys::Mapping;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::Contents;
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

/// Contents of a run of bytes. Equal to feeding them to
/// [`Digest`](mm_reference::op::Digest), but many at a time.
pub fn contents_of(bytes: &[u8]) -> Contents {
    let Some(&first) = bytes.first() else { return Contents::Uniform(0) };
    // every byte is as the one before it
    if bytes[1..] == bytes[..bytes.len() - 1] {
        return Contents::Uniform(first);
    }
    // (byte + 1) * (2 * position + 1), the position being that of the block and
    // the one inside it: small numbers, many of which are summed at once
    const BLOCK: usize = 64;
    let mut sum = 0u64;
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        let (mut plain, mut weighed) = (0u32, 0u32);
        for (position, &byte) in block.iter().enumerate() {
            let byte = u32::from(byte) + 1;
            plain += byte;
            weighed += byte * (2 * position as u32 + 1);
        }
        let before = 2 * (number * BLOCK) as u64;
        sum = sum.wrapping_add(u64::from(plain).wrapping_mul(before) + u64::from(weighed));
    }
    Contents::Mixed(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm_reference::op::Digest;

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
