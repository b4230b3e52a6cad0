//! Results as tests within tests: what formats for machines are made from.

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) status: Status,
    /// What there is to say, in lines.
    pub(crate) remarks: Vec<String>,
    /// The tests that it consists of.
    pub(crate) children: Vec<Node>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Passed,
    /// The subject of the test is wrong, and how in a few words.
    Failed(String),
    /// The test could not be made, and why.
    Error(String),
    Skipped(String),
}

impl Status {
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Status::Passed | Status::Skipped(_))
    }
}

impl Node {
    /// A test that consists of no others.
    pub(crate) fn leaf(name: impl Into<String>, status: Status) -> Node {
        Node { name: name.into(), status, remarks: Vec::new(), children: Vec::new() }
    }
}
