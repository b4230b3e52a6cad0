//! Guests: what they do, and what is left when they go down.
//!
//! They need QEMU and a kernel: `MMDIFF_GUEST_KERNEL` names its image. Without one of
//! these the tests say so and pass.

mod deaths;
mod kills;
mod requests;

use mm_oracle::guest::{Guest, GuestError, Kernel, Plan};
use std::path::{Path, PathBuf};

/// The `mmdiff` of this build.
const MMDIFF: &str = env!("CARGO_BIN_EXE_mmdiff");

/// The kernel to boot, or why there is none.
fn image() -> Result<PathBuf, String> {
    match std::env::var_os("MMDIFF_GUEST_KERNEL") {
        Some(path) => Ok(path.into()),
        None => Err("MMDIFF_GUEST_KERNEL names no kernel".to_owned()),
    }
}

/// What to boot, or why nothing can be.
fn plan() -> Result<Plan, String> {
    let image = image()?;
    let kernel = Kernel::from_image(&image).map_err(|e| format!("{}: {e}", image.display()))?;
    Ok(Plan { executable: Some(Path::new(MMDIFF).to_owned()), ..Plan::new(kernel) })
}

/// A guest; none where there cannot be one, which is said.
fn guest() -> Option<Guest> {
    match plan().map(|plan| Guest::boot(&plan)) {
        Ok(Ok(guest)) => Some(guest),
        Ok(Err(error @ (GuestError::NoQemu { .. } | GuestError::Dynamic { .. }))) => {
            println!("skipped: {error}");
            None
        }
        Ok(Err(error)) => panic!("{error}"),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}
