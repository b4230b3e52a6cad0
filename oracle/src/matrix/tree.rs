//! The results as tests within tests: kernel, program, observable.

use super::known::Expectation;
use super::result::{Case, End, Found, Known, Matrix, Row, Sight, Verdict};
use super::table::times;
use crate::compare::Observable;
use crate::report::{self, JunitError, Node, Status, Suite};
use crate::words::counted;

/// The results as KTAP.
pub fn ktap(matrix: &Matrix) -> String {
    report::ktap(&tree(matrix))
}

/// The results as JUnit XML: a suite for each kernel, a case for each program.
///
/// # Errors
/// When the writer of XML refuses.
pub fn junit(matrix: &Matrix) -> Result<String, JunitError> {
    let suite = |(node, row): (Node, &Row)| {
        let seed = ("seed", matrix.seed.to_string());
        let release = row.release.clone().map(|release| ("release", release));
        let properties = std::iter::once(seed).chain(release).collect();
        Suite { node, time: row.time, properties }
    };
    let suites: Vec<Suite> = tree(matrix).into_iter().zip(&matrix.rows).map(suite).collect();
    report::junit("mmdiff matrix", &suites)
}

/// One test for each kernel.
fn tree(matrix: &Matrix) -> Vec<Node> {
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
        Verdict::Otherwise { lines } => {
            node.remarks.push("the file expects the results of another kernel".to_owned());
            node.remarks.extend(lines.lines().map(str::to_owned));
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
    let operations = counted(row.operations, "operation");
    node.remarks.push(format!("{}, {operations}", counted(row.programs, "program")));
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
