//! What `mmdiff profile` prints.

use super::{Origin, Section};
use std::fmt::Write as _;

/// The heading of a section.
fn heading(section: Section) -> &'static str {
    match section {
        Section::Kernel => "kernel",
        Section::Configuration => "configuration",
        Section::Setting => "settings",
        Section::Privilege => "privilege",
        Section::Rule => "rules",
    }
}

/// A table of switch, value and origin, by section.
pub fn text(origins: &[Origin]) -> String {
    let width = |column: fn(&Origin) -> &str| {
        origins.iter().map(|o| column(o).chars().count()).max().unwrap_or(0)
    };
    let (switches, values) = (width(|o| &o.switch), width(|o| &o.value));
    let mut out = String::new();
    let mut section = None;
    for line in origins {
        if section.replace(line.section) != Some(line.section) {
            let separator = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{separator}{}", heading(line.section));
        }
        let Origin { switch, value, origin, .. } = line;
        let _ = writeln!(out, "  {switch:switches$}  {value:values$}  {origin}");
    }
    out
}

/// A JSON array of objects with `section`, `switch`, `value` and `origin`.
pub fn json(origins: &[Origin]) -> String {
    // strings and unit variants always serialize
    serde_json::to_string_pretty(origins).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Origin> {
        let line = |section, switch: &str, value: &str, origin: &str| Origin {
            section,
            switch: switch.to_owned(),
            value: value.to_owned(),
            origin: origin.to_owned(),
        };
        vec![
            line(Section::Kernel, "version", "6.18", "uname: 6.18.44"),
            line(Section::Rule, "mseal", "on", "probe: mseal"),
            line(Section::Rule, "maybe-guard", "off", "version: since 6.19"),
        ]
    }

    #[test]
    fn a_table() {
        assert_eq!(
            text(&lines()),
            "kernel\n  version      6.18  uname: 6.18.44\n\nrules\n  \
             mseal        on    probe: mseal\n  maybe-guard  off   version: since 6.19\n"
        );
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn an_array() {
        let value: serde_json::Value = serde_json::from_str(&json(&lines())).unwrap();
        assert_eq!(value[0]["section"], "kernel");
        assert_eq!(value[2]["switch"], "maybe-guard");
        assert_eq!(value[2]["value"], "off");
        assert_eq!(value[2]["origin"], "version: since 6.19");
    }
}
