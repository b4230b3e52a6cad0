//! The differences as tests: the pair of kernels, what can be seen, the difference.

use super::difference::compared;
use super::Changes;
use crate::compare::Observable;
use crate::report::{self, JunitError, Node, Status, Suite};
use crate::words::counted;

/// The differences as KTAP; `names` are those of the kernels.
pub fn ktap(changes: &Changes, names: (&str, &str)) -> String {
    report::ktap(&[tree(changes, names)])
}

/// The differences as JUnit XML; `releases` are what the kernels call themselves.
///
/// # Errors
/// When the writer of XML refuses.
pub fn junit(
    changes: &Changes,
    names: (&str, &str),
    releases: [&str; 2],
    seed: u64,
) -> Result<String, JunitError> {
    let [a, b] = releases.map(str::to_owned);
    let properties = vec![("seed", seed.to_string()), ("release-a", a), ("release-b", b)];
    let suite = Suite { node: tree(changes, names), time: changes.time, properties };
    report::junit("mmdiff compare-kernels", &[suite])
}

fn tree(changes: &Changes, (a, b): (&str, &str)) -> Node {
    let mut pair = Node::leaf(format!("{a} and {b}"), Status::Passed);
    pair.remarks.push(counted(changes.programs, "program"));
    if changes.interrupted {
        pair.remarks.push("interrupted: this is what was found until then".to_owned());
    }
    if changes.programs == 0 && changes.crashes.is_empty() {
        pair.status = Status::Skipped("no program was run".to_owned());
        return pair;
    }
    pair.children = Observable::ALL.map(|observable| seen(observable, changes, (a, b))).into();
    pair.children.push(survival(changes));
    if pair.children.iter().any(|child| !child.status.is_good()) {
        pair.status = Status::Failed("programs see differences".to_owned());
    }
    pair
}

/// What differs in a part of what can be seen, by the first difference of each entry.
fn seen(observable: Observable, changes: &Changes, (a, b): (&str, &str)) -> Node {
    let mut node = Node::leaf(observable.word(), Status::Passed);
    if !observable.is_compared(&compared()) {
        node.status = Status::Skipped("it is not compared between kernels".to_owned());
        return node;
    }
    let entries = changes.entries.iter().filter(|entry| {
        let first = entry.differences.first().map(|difference| difference.field.to_string());
        first.is_some_and(|field| Observable::of_field(&field) == observable)
    });
    for entry in entries {
        let failed = Status::Failed("differs".to_owned());
        let remarks: Vec<String> = entry.render(a, b).lines().map(str::to_owned).collect();
        node.remarks.extend(remarks.clone());
        node.children.push(Node { remarks, ..Node::leaf(&entry.signature, failed) });
    }
    if !node.children.is_empty() {
        let names: Vec<&str> = node.children.iter().map(|child| child.name.as_str()).collect();
        node.status = Status::Failed(names.join(", "));
    }
    node
}

/// Whether both kernels survive all programs.
fn survival(changes: &Changes) -> Node {
    let mut node = Node::leaf("both survive", Status::Passed);
    for crash in &changes.crashes {
        node.remarks.push(format!("{} went down", crash.kernel));
        let lines = crash.program.lines().chain(crash.report.lines());
        node.remarks.extend(lines.map(|line| format!("  {line}")));
    }
    if let Some(first) = changes.crashes.first() {
        node.status = Status::Failed(format!("{} went down", first.kernel));
    }
    node
}
