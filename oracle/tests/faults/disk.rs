//! Findings that cannot be saved, and the summary for scripts.

use super::tool::*;
use serde_json::Value;

const DEFECT: &str = "munmap-keeps-total-vm";

fn assert_printed(done: &Done, why: &str) {
    assert_eq!(done.status, Some(1), "{done:?}");
    // at once, and again in the summary
    assert!(done.err.contains("; the program is:\n") && done.err.contains(why), "{done:?}");
    assert!(done.out.contains("could not be saved: failed to write"), "{done:?}");
    assert!(done.out.contains(" finding") && done.out.contains("VmSize"), "{done:?}");
    assert!(done.out.contains("munmap("), "{done:?}");
}

#[test]
fn a_full_disk_loses_no_finding() {
    if no_subject_here() {
        return;
    }
    let folder = Folder::new();
    let place = folder.path().display();
    let prepare = format!(
        "mount -t tmpfs -o size=8k none {place} && \
         (head -c 8192 /dev/zero > {place}/full || true) 2> /dev/null"
    );
    let out = folder.join("out");
    let args = ["fuzz", "--programs", "300", "--seed", "1", "--defect", DEFECT, "--out", &out];
    let Some(command) = with_mounts(&prepare, &args) else { return };
    assert_printed(&run(command), "No space left on device");
}

#[test]
fn a_folder_that_cannot_be_made_loses_no_finding() {
    if no_subject_here() {
        return;
    }
    // not even root makes folders there
    let args = ["fuzz", "--programs", "300", "--seed", "1", "--defect", DEFECT];
    let mut command = mmdiff(&args);
    command.args(["--out", "/proc/self/findings"]);
    assert_printed(&run(command), "/proc/self/findings");
}

#[test]
fn a_file_in_the_place_of_the_folder() {
    let folder = Folder::new();
    let out = folder.file("out", "");
    let done = tool(&["fuzz", "--programs", "10", "--out", &out]);
    assert_eq!(done.status, Some(2), "{done:?}");
    assert!(done.err.contains("not a folder") && done.err.contains(&out), "{done:?}");
}

#[test]
fn output_that_cannot_be_written() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return println!("skipped: there is no /dev/full") };
    let status = mmdiff(&["known"]).stdout(full).status().expect("a status");
    assert_eq!(status.code(), Some(2));
}

#[test]
fn unknown_words_on_the_command_line() {
    for args in [
        &["fly"][..],
        &["fuzz", "--time", "soon"],
        &["fuzz", "--programs", "-1"],
        &["fuzz", "--max-ops", "201"],
        &["fuzz", "--defect", "none-of-them"],
        &["fuzz", "--time", "1s", "--programs", "1"],
        &["run"],
    ] {
        let done = tool(args);
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.err.starts_with("error: "), "{done:?}");
    }
}

fn json(more: &[&str]) -> (Done, Value) {
    let folder = Folder::new();
    let out = folder.join("out");
    let mut command = mmdiff(&["fuzz", "--format", "json", "--seed", "1", "--out", &out]);
    command.args(more);
    let done = run(command);
    let value = serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    (done, value)
}

#[test]
fn the_summary_for_scripts() {
    if no_subject_here() {
        return;
    }
    let (done, summary) = json(&["--programs", "50"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(done.err, "", "nothing but the summary is printed");
    assert_eq!(summary["programs"], 50);
    assert!(summary["operations"].as_u64().is_some_and(|n| n >= 50), "{summary:#}");
    assert!(summary["seconds"].as_f64().is_some_and(|s| s > 0.0), "{summary:#}");
    let compared = summary["compared"].as_array().expect("a list");
    assert!(compared.iter().any(|what| what == "maps"), "{summary:#}");
    for entry in summary["not_compared"].as_array().expect("a list") {
        assert!(entry["what"].is_string() && entry["why"].is_string(), "{entry}");
    }
    assert!(summary["cannot_compare"].is_object(), "{summary:#}");
    assert_eq!(summary["findings"], Value::Array(Vec::new()));
    let known = summary["known"].as_object().expect("counts");
    assert!(known.values().all(Value::is_u64), "{summary:#}");
}

#[test]
fn the_summary_of_a_finding() {
    if no_subject_here() {
        return;
    }
    let (done, summary) = json(&["--programs", "300", "--defect", DEFECT]);
    assert_eq!(done.status, Some(1), "{done:?}");
    let findings = summary["findings"].as_array().expect("a list");
    assert!(!findings.is_empty(), "{summary:#}");
    for finding in findings {
        for field in ["signature", "program", "field", "expected", "actual"] {
            assert!(finding[field].is_string(), "{field}: {finding:#}");
        }
        let reliability = &finding["reliability"];
        let [shown, of] = ["shown", "of"].map(|f| reliability[f].as_u64().expect("a number"));
        assert!(0 < shown && shown <= of, "{finding:#}");
    }
}
