//! `mmdiff profile`

use super::{kernel, Format, FormatArgs, Outcome};
use crate::observe::Capabilities;
use crate::profile::{json, text};
use anyhow::Result;

pub(super) fn profile(args: FormatArgs) -> Result<Outcome> {
    let (_, origins) = kernel()?;
    match args.format {
        Format::Json => println!("{}", json(&origins)),
        Format::Text => {
            print!("{}", text(&origins));
            for blind in &Capabilities::detect().blind {
                println!("not observable here: {blind}");
            }
        }
    }
    Ok(Outcome::Agree)
}
