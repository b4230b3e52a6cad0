//! Builds the subject: a freestanding program that the library embeds.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    for input in ["subject", "src/protocol.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    compile("subject", &[]);
    // with the loop that the bench compares with
    compile("subject-bare", &["--cfg", "bare"]);
}

fn compile(name: &str, more: &[&str]) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(name);
    let script = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .join("subject/link.ld");
    // rustc directly: flags for the rest of the build (sanitizers, coverage)
    // must not reach the subject
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let mut command = Command::new(rustc);
    command
        .args(["--edition", "2021", "--crate-name", "subject", "--crate-type", "bin"])
        .args(["--target", &env::var("TARGET").expect("cargo sets TARGET")])
        .args(["-C", "panic=abort", "-C", "opt-level=2", "-C", "codegen-units=1"])
        .args(["-C", "relocation-model=static", "-C", "strip=symbols", "-D", "warnings"])
        .args(["-C", "overflow-checks=off", "-C", "debug-assertions=off"])
        .args(["-C", "link-arg=-nostdlib", "-C", "link-arg=-nostartfiles"])
        .args(["-C", "link-arg=-static", "-C", "link-arg=-no-pie"])
        .args(["-C", "link-arg=-Wl,--build-id=none", "-C", "link-arg=-Wl,-z,max-page-size=4096"])
        .args(["--check-cfg", "cfg(bare)"])
        .args(more)
        .arg("-C")
        .arg(format!("link-arg=-Wl,-T,{}", script.display()))
        .arg("subject/main.rs")
        .arg("-o")
        .arg(&out);
    let status = command.status().expect("failed to start rustc");
    assert!(status.success(), "failed to build {name}: {status}");
}
