//! JUnit XML, as the schema that Jenkins validates it with wants it (`junit-10.xsd`).

use super::tree::{Node, Status};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};
use std::time::Duration;

/// The results could not be written as XML.
#[derive(Debug, thiserror::Error)]
pub enum JunitError {
    /// The writer refuses.
    #[error("failed to write JUnit XML")]
    Write(#[from] quick_junit::SerializeError),
    /// What was written cannot be read again.
    #[error("failed to read JUnit XML")]
    Xml(#[from] quick_xml::Error),
}

/// A suite: a test whose parts are the cases.
pub(crate) struct Suite {
    pub(crate) node: Node,
    pub(crate) time: Duration,
    /// What else there is to say, by name.
    pub(crate) properties: Vec<(&'static str, String)>,
}

/// Suites as JUnit XML.
///
/// # Errors
/// When the writer of XML refuses.
pub(crate) fn junit(name: &str, suites: &[Suite]) -> Result<String, JunitError> {
    let mut report = Report::new(name);
    for Suite { node, time, properties } in suites {
        let mut suite = TestSuite::new(&node.name);
        suite.set_time(*time);
        for (name, value) in properties {
            suite.add_property((*name, value.as_str()));
        }
        if node.children.is_empty() {
            suite.add_test_case(case(node, &node.name));
        }
        for child in &node.children {
            suite.add_test_case(case(child, &node.name));
        }
        report.add_test_suite(suite);
    }
    Ok(without_skipped(&report.to_string()?)?)
}

/// The number of skipped tests belongs to suites; the schema has none for all of them.
fn without_skipped(xml: &str) -> Result<String, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut writer = Writer::new(Vec::new());
    loop {
        match reader.read_event()? {
            Event::Eof => break,
            Event::Start(all) if all.name().as_ref() == b"testsuites" => {
                let mut kept = BytesStart::new("testsuites");
                let attributes = all.attributes().collect::<Result<Vec<_>, AttrError>>()?;
                kept.extend_attributes(
                    attributes.into_iter().filter(|a| a.key.as_ref() != b"skipped"),
                );
                writer.write_event(Event::Start(kept))?;
            }
            event => writer.write_event(event)?,
        }
    }
    // it was a string before
    Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned())
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An element of the schema, with its attributes and what may be in it.
    struct Element {
        name: &'static str,
        needs: &'static [&'static str],
        may_have: &'static [&'static str],
        holds: &'static [&'static str],
        text: bool,
    }

    const fn leaf(name: &'static str, needs: &'static [&'static str]) -> Element {
        Element { name, needs, may_have: &[], holds: &[], text: false }
    }

    const fn result(name: &'static str) -> Element {
        Element { text: true, may_have: &["type", "message"], ..leaf(name, &[]) }
    }

    /// `junit-10.xsd`, without what is never written.
    const SCHEMA: [Element; 10] = [
        Element {
            may_have: &["name", "time", "tests", "failures", "errors"],
            holds: &["testsuite"],
            ..leaf("testsuites", &[])
        },
        Element {
            may_have: &["group", "time", "skipped", "timestamp", "hostname", "id", "package"],
            holds: &["testsuite", "properties", "testcase", "system-out", "system-err"],
            ..leaf("testsuite", &["name", "tests", "failures", "errors"])
        },
        Element { holds: &["property"], ..leaf("properties", &[]) },
        leaf("property", &["name", "value"]),
        Element {
            may_have: &["time", "classname", "group"],
            holds: &["skipped", "error", "failure", "system-out", "system-err"],
            ..leaf("testcase", &["name"])
        },
        result("skipped"),
        result("error"),
        result("failure"),
        Element { text: true, ..leaf("system-out", &[]) },
        Element { text: true, ..leaf("system-err", &[]) },
    ];

    fn element(name: &str) -> &'static Element {
        SCHEMA.iter().find(|e| e.name == name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Panics where the text is not as the schema wants it.
    pub(crate) fn validate(xml: &str) {
        let mut reader = Reader::from_str(xml);
        let mut open: Vec<&Element> = Vec::new();
        loop {
            let event = reader.read_event().expect("XML");
            match &event {
                Event::Eof => break,
                Event::End(_) => drop(open.pop()),
                Event::Start(tag) | Event::Empty(tag) => {
                    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                    let parent = open.last().map_or(&["testsuites"][..], |parent| parent.holds);
                    assert!(parent.contains(&name.as_str()), "{name} is not at its place");
                    let element = element(&name);
                    let attributes = tag.attributes().map(|a| a.expect("an attribute").key);
                    let given: Vec<String> = attributes
                        .map(|key| String::from_utf8_lossy(key.as_ref()).into_owned())
                        .collect();
                    for attribute in &given {
                        let known = element.needs.iter().chain(element.may_have);
                        assert!(known.into_iter().any(|k| k == attribute), "{name}/@{attribute}");
                    }
                    for needed in element.needs {
                        assert!(given.iter().any(|a| a == needed), "{name} without {needed}");
                    }
                    if matches!(event, Event::Start(_)) {
                        open.push(element);
                    }
                }
                Event::Text(text) if !text.iter().all(u8::is_ascii_whitespace) => {
                    assert!(open.last().is_some_and(|element| element.text), "{text:?}");
                }
                _ => {}
            }
        }
        assert!(open.is_empty());
    }

    #[test]
    fn all_that_is_written_is_in_the_schema() {
        let leaf = |name: &str, status| {
            let mut node = Node::leaf(name, status);
            node.remarks.push("a < b & \u{1b}[1m".to_owned());
            node
        };
        let mut node = Node::leaf("6.1", Status::Failed("two".to_owned()));
        node.children = vec![
            leaf("brk/grow.mm", Status::Passed),
            leaf("a", Status::Failed("\"differs\"".to_owned())),
            leaf("b", Status::Error("no image".to_owned())),
            leaf("c", Status::Skipped("requires <x>".to_owned())),
        ];
        let properties = vec![("seed", "1".to_owned())];
        let suites = [
            Suite { node, time: Duration::from_millis(12_345_678), properties },
            Suite { node: leaf("7.2", Status::Passed), time: Duration::ZERO, properties: vec![] },
        ];
        let xml = junit("mmdiff", &suites).expect("XML");
        assert!(xml.contains("skipped=\"1\""), "{xml}");
        validate(&xml);
    }

    #[test]
    #[should_panic = "testsuites/@skipped"]
    fn what_the_schema_does_not_have_is_noticed() {
        validate("<testsuites skipped=\"1\"></testsuites>");
    }
}
