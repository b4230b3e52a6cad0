//! What the commands print as JSON is what `docs/json.md` and `docs/schema/` say; that of
//! commands that need a guest is held against them in the tests of the library.

mod schema;

use schema::{check, folder, objections, schema};
use serde_json::{json, Value};
use std::fs;
use std::path::Path;
use std::process::Command;

const MAP: &str = "mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
/// What some kernels, this one perhaps among them, answer with EPERM.
const BUG: &str =
    "mmap(0xffffffffffffffff, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";

/// What a command prints, with its status; none where no subject can be run, which is said.
fn printed(args: &[&str]) -> Option<(i32, Value)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mmdiff"));
    let output = command.args(args).args(["--format", "json"]).output().expect("it runs");
    let status = output.status.code().expect("a status");
    let value = serde_json::from_slice(&output.stdout).ok();
    let errors = String::from_utf8_lossy(&output.stderr);
    if status == 2 && errors.contains("failed to start") {
        println!("skipped: no subject can be run here: {errors}");
        return None;
    }
    let value = value.unwrap_or_else(|| panic!("{args:?} prints no JSON: {errors}"));
    Some((status, value))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file");
        self.path(name)
    }
}

/// The names of all schemas.
fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the schemas").map(|entry| entry.expect("one"));
    let name = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<_> = entries.filter_map(|entry| name(&entry.path())).collect();
    names.sort();
    names
}

/// Every object that a schema describes.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                found.push(value);
            }
            members.values().for_each(|member| objects(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

#[test]
fn schemas_name_every_key_and_each_is_described() {
    let text = fs::read_to_string(folder().join("../json.md")).expect("docs/json.md");
    for name in names() {
        objections(&name, &Value::Null); // that it is a schema
        assert!(text.contains(&format!("(schema/{name}.json)")), "docs/json.md: {name}.json");
        let (schema, mut found) = (schema(&name), Vec::new());
        objects(&schema, &mut found);
        for object in found {
            assert_eq!(object["additionalProperties"], false, "{name}: {object:#}");
            let keys = object["properties"].as_object().expect("an object").keys();
            let required = object["required"].as_array().expect("a list");
            let all = keys.clone().all(|key| required.contains(&json!(key)));
            assert!(all && keys.count() == required.len(), "{name}: {object:#}");
        }
    }
}

#[test]
fn what_is_not_described_is_objected_to() {
    let right = json!({ "name": "6.12", "release": "6.12.1", "image": "i", "config": null, "module": null });
    check("kernel-build", &right);
    let mut more = right.clone();
    more["colour"] = json!("red");
    let mut less = right.clone();
    less.as_object_mut().expect("an object").remove("image");
    let mut other = right;
    other["config"] = json!(3);
    for wrong in [more, less, other] {
        assert_eq!(objections("kernel-build", &wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn a_campaign() {
    let folder = Folder::new();
    let out = folder.path("out");
    let args = ["fuzz", "--seed", "1", "--jobs", "1", "--out", &out];
    let Some((_, summary)) = printed(&[&args[..], &["--programs", "50"]].concat()) else { return };
    check("fuzz", &summary);

    let wrong = ["--programs", "400", "--until-found", "--defect", "hints-ignored"];
    let Some((status, summary)) = printed(&[&args[..], &wrong].concat()) else { return };
    check("fuzz", &summary);
    let findings = summary["findings"].as_array().expect("a list");
    assert!(status == 1 && !findings.is_empty(), "{summary:#}");
    for finding in findings {
        let program = Path::new(finding["program"].as_str().expect("a path"));
        let text = fs::read_to_string(program.with_file_name("finding.json")).expect("a finding");
        check("finding", &serde_json::from_str(&text).expect("JSON"));
    }
}

#[test]
fn programs() {
    let folder = Folder::new();
    folder.file("agrees.mm", "munmap(0x10000, 0x1000) = 0\n");
    folder.file("bug.mm", &format!("{MAP}\n{BUG}\n"));
    folder.file(
        "early.mm",
        &format!("{MAP}\nmmap(NULL, 4096, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"),
    );
    folder.file("for-another.mm", "munmap(0x10000, 0x1000) = -EINVAL\n");
    folder.file("none.mm", "munmap(\n");
    folder.file("skipped.mm", "requires: version<6.1\n\nmunmap(0x10000, 0x1000)\n");
    let Some((status, ran)) = printed(&["run", &folder.path(".")]) else { return };
    check("run", &ran);
    let verdicts: Vec<_> = ran.as_array().expect("a list").iter().map(|r| &r["verdict"]).collect();
    assert_eq!(verdicts.len(), 6, "{ran:#}");
    assert_eq!(
        (status, verdicts[0], verdicts[4]),
        (1, &json!("agree"), &json!("failed")),
        "{ran:#}"
    );

    for (name, status) in [("agrees.mm", 0), ("early.mm", 2), ("for-another.mm", 1)] {
        let args = ["predict", "--kernel", "6.12", &folder.path(name)];
        let Some((answered, predicted)) = printed(&args) else { return };
        check("predict", &predicted);
        assert_eq!(answered, status, "{name}");
    }
    for name in ["agrees.mm", "bug.mm"] {
        let Some((status, small)) = printed(&["shrink", &folder.path(name)]) else { return };
        check("shrink", &small);
        assert_eq!(small["program"].is_null(), status == 0, "{small:#}");
    }
    let Some((_, injected)) = printed(&["inject", &folder.path("agrees.mm")]) else { return };
    check("inject", &injected);
}

#[test]
fn what_is_known() {
    for (name, args) in [
        ("profile", &["profile"][..]),
        ("known", &["known"]),
        (
            "distinguish",
            &["distinguish", "--a", "7.0", "--b", "7.1", "--time", "1s", "--jobs", "1"],
        ),
    ] {
        let Some((_, value)) = printed(args) else { return };
        check(name, &value);
    }
}

#[test]
fn defects() {
    // one that is caught at once, some that no kernel shows, and no time for another
    for (only, time) in [("write-keeps-clean", "20s"), ("relocate-", "1s"), ("hints-ignored", "0s")]
    {
        let args = ["defects", "--only", only, "--time-each", time, "--jobs", "1"];
        let Some((_, value)) = printed(&args) else { return };
        check("defects", &value);
        assert!(value["defects"].as_array().is_some_and(|d| !d.is_empty()), "{value:#}");
    }
}
