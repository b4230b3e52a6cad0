//! KTAP version 1, the kernel's own format for tests
//! (`Documentation/dev-tools/ktap.rst`), as its parser
//! `tools/testing/kunit/kunit.py parse` reads it.

use super::tree::{Node, Status};
use std::fmt::Write;

/// Tests as KTAP.
pub(crate) fn ktap(tests: &[Node]) -> String {
    let mut out = String::new();
    group(tests, None, 0, &mut out);
    out
}

/// A version line, the name of what the tests are part of, the plan, the tests.
fn group(nodes: &[Node], name: Option<&str>, depth: usize, out: &mut String) {
    line(out, depth, "KTAP version 1");
    if let Some(name) = name {
        line(out, depth, &format!("# Subtest: {name}"));
    }
    line(out, depth, &format!("1..{}", nodes.len()));
    for (index, node) in nodes.iter().enumerate() {
        let name = plain(&node.name);
        if !node.children.is_empty() {
            group(&node.children, Some(&name), depth + 1, out);
        }
        for remark in &node.remarks {
            line(out, depth, &format!("# {}", remark_of(remark)));
        }
        let number = index + 1;
        line(
            out,
            depth,
            &match &node.status {
                Status::Passed => format!("ok {number} {name}"),
                Status::Failed(_) | Status::Error(_) => format!("not ok {number} {name}"),
                Status::Skipped(why) => format!("ok {number} {name} # SKIP {}", plain(why)),
            },
        );
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    // writing to a string cannot fail
    let _ = writeln!(out, "{:width$}{text}", "", width = 4 * depth);
}

/// A name or reason: one line, and no mark that begins a directive.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c == '#' || c.is_control() { ' ' } else { c }).collect()
}

/// A line of a remark. One that reads like the name of a group would be one.
fn remark_of(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    match text.starts_with("Subtest:") {
        true => format!(" {text}"),
        false => text,
    }
}
