//! JUnit XML: a suite for each kernel, a case for each program.

use super::result::Matrix;
use super::tree::{tree, Node, Status};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The results could not be written as XML.
#[derive(Debug, thiserror::Error)]
#[error("failed to write JUnit XML")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The results as JUnit XML.
///
/// # Errors
/// When the writer of XML refuses.
pub fn junit(matrix: &Matrix) -> Result<String, JunitError> {
    let mut report = Report::new("mmdiff matrix");
    for (node, row) in tree(matrix).iter().zip(&matrix.rows) {
        let mut suite = TestSuite::new(&node.name);
        suite.set_time(row.time);
        suite.add_property(("seed", matrix.seed.to_string().as_str()));
        if let Some(release) = &row.release {
            suite.add_property(("release", release.as_str()));
        }
        if node.children.is_empty() {
            suite.add_test_case(case(node, &node.name));
        }
        for child in &node.children {
            suite.add_test_case(case(child, &node.name));
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn case(node: &Node, kernel: &str) -> TestCase {
    let mut status = match &node.status {
        Status::Passed => TestCaseStatus::success(),
        Status::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Error(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Skipped(_) => TestCaseStatus::skipped(),
    };
    if let Status::Failed(why) | Status::Error(why) | Status::Skipped(why) = &node.status {
        status.set_message(why.as_str());
    }
    let remarks = node.remarks.join("\n");
    if !node.status.is_good() && !remarks.is_empty() {
        status.set_description(remarks.as_str());
    }
    let mut case = TestCase::new(&node.name, status);
    // programs of the corpus by their folder
    let area = node.name.rsplit_once('/').map(|(area, _)| area.replace('/', "."));
    case.set_classname(match area {
        Some(area) => format!("{kernel}.{area}"),
        None => kernel.to_owned(),
    });
    if node.status.is_good() && !remarks.is_empty() {
        case.set_system_out(remarks.as_str());
    }
    case
}
