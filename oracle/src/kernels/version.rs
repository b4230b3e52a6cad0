//! The order of Debian's version numbers, as its policy defines it.

use std::cmp::Ordering;

/// Compares two versions as dpkg does.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let ((epoch_a, a), (epoch_b, b)) = (epoch(a), epoch(b));
    let ((a, revision_a), (b, revision_b)) = (revision(a), revision(b));
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    number(epoch_a)
        .cmp(&number(epoch_b))
        .then_with(|| part(a, b))
        .then_with(|| part(revision_a, revision_b))
}

fn epoch(version: &str) -> (&str, &str) {
    version.split_once(':').unwrap_or(("0", version))
}

fn revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, "0"))
}

/// The upstream part of a version: without epoch and revision.
pub(super) fn upstream(version: &str) -> &str {
    revision(epoch(version).1).0
}

/// Letters before all else, `~` even before the end.
fn weight(byte: u8) -> i32 {
    match byte {
        b'~' => -1,
        b'0'..=b'9' => 0,
        b'a'..=b'z' | b'A'..=b'Z' => byte.into(),
        other => i32::from(other) + 256,
    }
}

/// Takes turns: a stretch without digits, a number.
fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (first_a, first_b) = (text_weight(a), text_weight(b));
            if first_a.is_none() && first_b.is_none() {
                break;
            }
            match first_a.unwrap_or(0).cmp(&first_b.unwrap_or(0)) {
                Ordering::Equal => (a, b) = (&a[1..], &b[1..]),
                other => return other,
            }
        }
        let (number_a, number_b) = (digits(&mut a), digits(&mut b));
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The weight of the first byte, where it is no digit.
fn text_weight(text: &[u8]) -> Option<i32> {
    text.first().filter(|byte| !byte.is_ascii_digit()).map(|&byte| weight(byte))
}

/// Takes the digits at the beginning, without leading zeros.
fn digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    *text = rest;
    let start = number.iter().position(|&byte| byte != b'0').unwrap_or(number.len());
    &number[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCENDING: [&str; 13] = [
        "6.1.9-1",
        "6.1.129~rc2-1",
        "6.1.129-1~bpo12+1",
        "6.1.129-1",
        "6.1.129-1+b1",
        "6.1.129-2",
        "6.1.129a-1",
        "6.1.0129.1-1",
        "6.12~rc1-1~exp1",
        "6.12-1~exp1",
        "6.12.3-1",
        "7.3.4+deb13-1",
        "1:5.0-1",
    ];

    #[test]
    fn order_is_dpkgs() {
        for (i, a) in ASCENDING.iter().enumerate() {
            for (j, b) in ASCENDING.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare("6.01-1", "6.1-01"), Ordering::Equal);
    }

    /// dpkg is asked where there is one.
    #[test]
    fn dpkg_says_the_same() {
        for pair in ASCENDING.windows(2) {
            let mut dpkg = std::process::Command::new("dpkg");
            match dpkg.args(["--compare-versions", pair[0], "lt", pair[1]]).status() {
                Ok(status) => assert!(status.success(), "{pair:?}"),
                Err(error) => {
                    eprintln!("skipped: dpkg cannot be run: {error}");
                    return;
                }
            }
        }
    }

    #[test]
    fn upstream_parts() {
        assert_eq!(upstream("7.3~rc7-1~exp1"), "7.3~rc7");
        assert_eq!(upstream("1:6.18.15-1~bpo13+1"), "6.18.15");
        assert_eq!(upstream("6.18"), "6.18");
    }
}
