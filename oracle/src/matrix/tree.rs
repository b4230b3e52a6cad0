//! The results as tests within tests: kernel, program, observable. What formats
//! for machines are made from.

use super::known::Expectation;
use super::result::{Case, End, Found, Known, Matrix, Row, Sight, Verdict};
use super::table::times;
use crate::compare::Observable;

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) status: Status,
    /// What there is to say, in lines.
    pub(super) remarks: Vec<String>,
    /// The tests that it consists of.
    pub(super) children: Vec<Node>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Passed,
    /// The subject of the test is wrong, and how in a few words.
    Failed(String),
    /// The test could not be made, and why.
    Error(String),
    Skipped(String),
}

impl Status {
    pub(super) fn is_good(&self) -> bool {
        matches!(self, Status::Passed | Status::Skipped(_))
    }
}

impl Node {
    fn leaf(name: impl Into<String>, status: Status) -> Node {
        Node { name: name.into(), status, remarks: Vec::new(), children: Vec::new() }
    }
}

/// One test for each kernel.
pub(super) fn tree(matrix: &Matrix) -> Vec<Node> {
    matrix.rows.iter().map(kernel).collect()
}

fn kernel(row: &Row) -> Node {
    let mut node = Node::leaf(&row.kernel, Status::Passed);
    node.remarks.extend(row.release.iter().map(|release| format!("Linux {release}")));
    node.children.extend(row.corpus.iter().map(|case| program(case, row)));
    if !row.observables.is_empty() {
        node.children.push(fresh(row));
        node.children.push(registry(&row.known));
    }
    node.status = match &row.end {
        End::Failed(why) => Status::Error(why.clone()),
        End::Waiting => Status::Skipped("it was not run".to_owned()),
        _ if node.children.iter().all(|child| child.status.is_good()) => Status::Passed,
        _ => Status::Failed("it does not do what it should".to_owned()),
    };
    if let Status::Error(why) = &node.status {
        let mut end = Node::leaf("runs to the end", node.status.clone());
        end.remarks.extend(why.lines().map(str::to_owned));
        node.children.push(end);
    }
    node
}

fn program(case: &Case, row: &Row) -> Node {
    let mut node = Node::leaf(&case.name, Status::Passed);
    let fields: &[String] = match &case.verdict {
        Verdict::Skipped { reason } => {
            node.status = Status::Skipped(reason.clone());
            return node;
        }
        Verdict::NotRun => {
            node.status = Status::Skipped("it was not run".to_owned());
            return node;
        }
        Verdict::Agree => &[],
        Verdict::Known { entries } => {
            node.remarks.push(format!("known differences: {}", entries.join(", ")));
            &[]
        }
        Verdict::Diverge { fields, report } => {
            let first = report.lines().next().unwrap_or("it diverges");
            node.status = Status::Failed(first.to_owned());
            node.remarks.extend(report.lines().map(str::to_owned));
            fields
        }
    };
    node.children = observables(row, fields);
    if !node.status.is_good() && node.children.iter().all(|child| child.status.is_good()) {
        // it could not be run, or the file says otherwise: no observable differs
        node.children.clear();
    }
    node
}

/// One test for each observable; those that one of the fields belongs to failed.
fn observables(row: &Row, fields: &[String]) -> Vec<Node> {
    let differs =
        |word: Sight| fields.iter().any(|field| Observable::of_field(field).word() == word);
    let of = |(word, why): &(Sight, Option<String>)| match why {
        _ if differs(word) => Node::leaf(*word, Status::Failed("differs".to_owned())),
        Some(why) => Node::leaf(*word, Status::Skipped(why.clone())),
        None => Node::leaf(*word, Status::Passed),
    };
    row.observables.iter().map(of).collect()
}

fn fresh(row: &Row) -> Node {
    let findings: Vec<&Found> = row.findings.iter().filter(|found| found.case.is_none()).collect();
    let mut node = Node::leaf("fresh programs", Status::Passed);
    node.remarks.push(format!("{} programs, {} operations", row.programs, row.operations));
    if row.programs == 0 && findings.is_empty() {
        node.status = Status::Skipped("none was run".to_owned());
        return node;
    }
    for found in &findings {
        node.remarks.push(found.signature.clone());
        let lines = found.program.lines().chain(found.report.lines());
        node.remarks.extend(lines.map(|line| format!("  {line}")));
    }
    let fields: Vec<String> = findings.iter().flat_map(|found| found.fields.clone()).collect();
    node.children = observables(row, &fields);
    if !findings.is_empty() {
        let signatures: Vec<&str> = findings.iter().map(|f| f.signature.as_str()).collect();
        node.status = Status::Failed(signatures.join(", "));
    }
    node
}

fn registry(known: &[Known]) -> Node {
    let of = |known: &Known| {
        let (status, remark) = match known.expectation {
            Expectation::Fired => (Status::Passed, format!("showed {}", times(known.count))),
            Expectation::Silent => (Status::Skipped("it did not show".to_owned()), String::new()),
            Expectation::Absent => {
                (Status::Skipped("this kernel should not have it".to_owned()), String::new())
            }
            Expectation::Unexpected => {
                let why = format!("showed {}, on a kernel it does not name", times(known.count));
                (Status::Failed(why.clone()), why)
            }
        };
        let remarks = if remark.is_empty() { Vec::new() } else { vec![remark] };
        Node { remarks, ..Node::leaf(&known.name, status) }
    };
    let children: Vec<Node> = known.iter().map(of).collect();
    let status = match children.iter().all(|child| child.status.is_good()) {
        true => Status::Passed,
        false => Status::Failed("an entry showed where it should not".to_owned()),
    };
    Node { children, ..Node::leaf("known differences", status) }
}
