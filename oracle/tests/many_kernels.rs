//! `mmdiff matrix` and `mmdiff compare-kernels` with real guests.
//!
//! They need QEMU and a kernel: `MMDIFF_GUEST_KERNEL` names its image, or one is in the
//! cache (`mmdiff kernel fetch 6.12`). Without one of these the tests say so and pass.

use mm_oracle::kernels::{cached_kernel, Cache};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The path of a kernel's image, or why there is none: nothing is fetched for a test.
fn image() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("MMDIFF_GUEST_KERNEL") {
        return Ok(path.into());
    }
    let cache = Cache::new(None).map_err(|error| error.to_string())?;
    let kernel = cached_kernel(&cache);
    let none = "MMDIFF_GUEST_KERNEL names no kernel, and none is cached".to_owned();
    kernel.map(|kernel| kernel.image).ok_or(none)
}

/// What `mmdiff` comes to, with the image for `%`; none where there cannot be a
/// guest, which is said.
fn mmdiff(args: &[&str]) -> Option<Output> {
    let image = match image() {
        Ok(image) => image.display().to_string(),
        Err(why) => {
            println!("skipped: {why}");
            return None;
        }
    };
    let args = args.iter().map(|arg| if *arg == "%" { image.as_str() } else { arg });
    let output =
        Command::new(env!("CARGO_BIN_EXE_mmdiff")).args(args).output().expect("mmdiff runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(2) && errors.contains("there is no qemu") {
        println!("skipped: {errors}");
        return None;
    }
    assert_ne!(output.status.code(), Some(2), "{errors}");
    Some(output)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_kernel_runs_the_corpus_and_fresh_programs() {
    let out = std::env::temp_dir().join(format!("mmdiff-kernels-{}", std::process::id()));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/brk");
    let (folder, out_arg) = (folder.display().to_string(), out.display().to_string());
    let args = ["--time", "5s", "--seed", "1", "--corpus", &folder, "--out", &out_arg];
    let all = [&["matrix", "--kernels", "%", "--format", "json"], &args[..]].concat();
    let Some(output) = mmdiff(&all) else { return };
    let row = &json(&output)["kernels"][0];
    assert_eq!(row["end"], "complete", "{row:#}");
    assert!(row["programs"].as_u64() > Some(0), "{row:#}");
    assert!(row["observables"].as_array().is_some_and(|o| o.iter().all(|o| o["compared"] == true)));
    let corpus = row["corpus"].as_array().expect("a list");
    let count = |verdict: &str| corpus.iter().filter(|case| case["verdict"] == verdict).count();
    assert_eq!(count("agree") + count("skipped"), corpus.len(), "{:#}", row["corpus"]);
    assert!(count("agree") > 0);
    // findings, if there are any, are where they should be
    for found in row["findings"].as_array().expect("a list") {
        let folder = Path::new(found["folder"].as_str().expect("it is saved"));
        assert!(folder.starts_with(&out) && folder.join("program.mm").is_file());
    }
    let _ = std::fs::remove_dir_all(out); // there may be none
}

#[test]
fn a_kernel_is_like_itself() {
    let args = ["compare-kernels", "%", "%", "--time", "25s", "--format", "json"];
    let Some(output) = mmdiff(&args) else { return };
    let changes = json(&output);
    assert_eq!(output.status.code(), Some(0), "{changes:#}");
    assert!(changes["programs"].as_u64() > Some(0), "{changes:#}");
    assert_eq!(changes["entries"], serde_json::json!([]));
}
