//! `mmdiff known`

use super::{Format, FormatArgs, Outcome};
use crate::columns::paragraph;
use anyhow::Result;
use mm_reference::profile::{Quirk, Version, QUIRKS};
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
    for &quirk in QUIRKS {
        print!("{}", entry(quirk));
    }
    Ok(Outcome::Agree)
}

/// An entry for people.
fn entry(quirk: Quirk) -> String {
    let until = match fixed(quirk.until()) {
        Some(version) => format!("until {version}"),
        None => "not fixed".to_owned(),
    };
    let program: String = quirk.program().lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "{}  ({}, from {} {until})\n{}\n{}\n{program}\n",
        quirk.name(),
        quirk.function(),
        quirk.from(),
        paragraph(quirk.text(), "  "),
        paragraph(quirk.reason(), "  "),
    )
}

fn fixed(until: Version) -> Option<String> {
    (until.major < 99).then(|| until.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::WIDTH;

    #[test]
    fn an_entry_fits_but_for_its_program() {
        for &quirk in QUIRKS {
            let text = entry(quirk);
            let prose = text.lines().filter(|line| !line.starts_with("      "));
            assert!(prose.clone().all(|line| line.chars().count() <= WIDTH), "{text}");
            assert!(text.ends_with("\n\n") && prose.count() >= 3, "{text}");
        }
    }
}
