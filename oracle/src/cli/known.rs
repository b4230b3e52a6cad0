//! `mmdiff known`

use super::{Format, FormatArgs, Outcome};
use anyhow::Result;
use mm_reference::profile::{Version, QUIRKS};
use serde_json::json;

pub(super) fn known(args: FormatArgs) -> Result<Outcome> {
    if args.format == Format::Json {
        let entries: Vec<_> = QUIRKS
            .iter()
            .map(|q| {
                json!({
                    "name": q.name(),
                    "from": q.from().to_string(),
                    "until": fixed(q.until()),
                    "function": q.function(),
                    "text": q.text(),
                    "reason": q.reason(),
                    "program": q.program(),
                })
            })
            .collect();
        println!("{:#}", json!(entries));
        return Ok(Outcome::Agree);
    }
    for quirk in QUIRKS {
        let until = match fixed(quirk.until()) {
            Some(version) => format!("until {version}"),
            None => "not fixed".to_owned(),
        };
        println!("{}  ({}, from {} {until})", quirk.name(), quirk.function(), quirk.from());
        println!("  {}", quirk.text());
        println!("  {}", quirk.reason());
        for line in quirk.program().lines() {
            println!("      {line}");
        }
        println!();
    }
    Ok(Outcome::Agree)
}

fn fixed(until: Version) -> Option<String> {
    (until.major < 99).then(|| until.to_string())
}
