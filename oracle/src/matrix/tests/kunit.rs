use super::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// The kernel's own parser, `tools/testing/kunit/kunit.py`, where the variable
/// says that it is.
#[test]
fn the_parser_of_the_kernel_reads_ktap() {
    let Some(parser) = std::env::var_os("MMDIFF_KUNIT") else {
        return println!("skipped: MMDIFF_KUNIT does not name tools/testing/kunit/kunit.py");
    };
    let said = parse(&parser, &ktap(&sample()));
    assert!(!said.contains("[ERROR]"), "{said}");
    let summary = said.lines().find(|line| line.contains("Testing complete")).unwrap_or_default();
    let counts = summary.split("Ran ").nth(1).unwrap_or_default();
    // leaves: programs and entries by observable
    assert_eq!(counts, "54 tests: passed: 35, failed: 5, skipped: 14", "{said}");

    let mut fine = sample();
    fine.rows.truncate(1);
    let said = parse(&parser, &ktap(&fine));
    assert!(!said.contains("[ERROR]") && !said.contains("FAILED"), "{said}");
}

fn parse(parser: &std::ffi::OsStr, text: &str) -> String {
    let mut child = Command::new("python3")
        .arg(parser)
        .arg("parse")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 starts");
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
