//! What is printed as JSON, held against `docs/schema/`; shared by the tests of the
//! library and of the executable.

use jsonschema::Registry;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// Where schemas find each other by their file names.
const BASE: &str = "json-schema:///";

/// The folder with the schemas.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schema")
}

/// The schema of this name.
pub fn schema(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Where a value is not as the schema says; nothing if it is.
pub fn objections(name: &str, value: &Value) -> Vec<String> {
    let common = Registry::new()
        .add(format!("{BASE}common.json"), schema("common"))
        .and_then(|registry| registry.prepare())
        .expect("what the schemas share");
    let validator = jsonschema::options()
        .with_base_uri(format!("{BASE}{name}.json"))
        .with_registry(&common)
        .build(&schema(name))
        .unwrap_or_else(|why| panic!("{name}.json is no schema: {why}"));
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Fails if a value is not as the schema of this name says.
pub fn check(name: &str, value: &Value) {
    let objections = objections(name, value);
    assert!(objections.is_empty(), "{name}: {}\n{value:#}", objections.join("\n"));
}
