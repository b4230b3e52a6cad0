//! Guests: what they do, and what is left when they go down.
//!
//! They need QEMU and a kernel: `MMDIFF_GUEST_KERNEL` names its image, or one is in the
//! cache (`mmdiff kernel fetch 6.12`). Without one of these the tests say so and pass.

mod counts;
mod deaths;
mod inject;
mod kills;
mod requests;
mod settings;

use mm_oracle::guest::{Guest, GuestError, Plan};
use mm_oracle::kernels::{self, Cache, Kernel};
use std::path::PathBuf;

/// The `mmdiff` that is tested: that of this build, if `MMDIFF` does not name another.
fn mmdiff() -> PathBuf {
    std::env::var_os("MMDIFF").map_or_else(|| env!("CARGO_BIN_EXE_mmdiff").into(), PathBuf::from)
}

/// A wrong rule that shows in many programs.
const DEFECT: &str = "hints-ignored";

/// The kernel to boot, or why there is none: nothing is fetched for a test.
fn kernel() -> Result<Kernel, String> {
    if let Some(path) = std::env::var_os("MMDIFF_GUEST_KERNEL").map(PathBuf::from) {
        return Kernel::from_image(&path).map_err(|error| format!("{}: {error}", path.display()));
    }
    let cache = Cache::new(None).map_err(|error| error.to_string())?;
    kernels::cached_kernel(&cache)
        .ok_or_else(|| "MMDIFF_GUEST_KERNEL names no kernel, and none is cached".to_owned())
}

/// What to boot, or why nothing can be.
fn plan() -> Result<Plan, String> {
    Ok(Plan { executable: Some(mmdiff()), ..Plan::new(kernel()?) })
}

/// A guest; none where there cannot be one, which is said.
fn guest() -> Option<Guest> {
    guest_of(plan())
}

/// The same with a plan of one's own.
fn guest_of(plan: Result<Plan, String>) -> Option<Guest> {
    match plan.map(|plan| Guest::boot(&plan)) {
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
