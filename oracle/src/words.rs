//! Numbers in sentences.

use std::fmt::Display;

/// A number with what is counted, in the plural where there is not just one:
/// `1 finding`, `2 findings`.
pub(crate) fn counted<N: Copy + PartialEq + From<u8> + Display>(count: N, noun: &str) -> String {
    match count == N::from(1) {
        true => format!("{count} {noun}"),
        false => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(0_u64, "finding"), "0 findings");
        assert_eq!(counted(1_usize, "finding"), "1 finding");
        assert_eq!(counted(2_u64, "finding"), "2 findings");
    }
}
