//! Says what the bytes of a page are, as `load` does.

use mm_reference::op::Contents;

/// Contents of a run of bytes. Equal to feeding them to
/// [`Digest`](mm_reference::op::Digest), but many at a time.
pub fn contents_of(bytes: &[u8]) -> Contents {
    let first = bytes.first().copied().unwrap_or_default();
    let words = bytes.chunks_exact(8);
    if words.remainder().iter().all(|&b| b == first) && words.into_iter().all(|w| w == [first; 8]) {
        return Contents::Uniform(first);
    }
    let weighed = |(position, &byte): (usize, &u8)| {
        (u64::from(byte) + 1).wrapping_mul(2 * position as u64 + 1)
    };
    Contents::Mixed(bytes.iter().enumerate().map(weighed).fold(0, u64::wrapping_add))
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
