//! Reading and writing apt's lists of sources, in both of their forms.

/// One entry: packages below some addresses, in some suites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where the archives are.
    pub(super) uris: Vec<String>,
    /// Their suites.
    pub(super) suites: Vec<String>,
    /// The components asked for.
    pub(super) components: Vec<String>,
    /// The architectures asked for; empty means the machine's own.
    pub(super) architectures: Vec<String>,
    /// What says whom apt trusts, as it was written.
    pub(super) trust: Vec<(String, String)>,
}

/// The fields that are taken over, because they say whom apt trusts.
const TRUST: [&str; 2] = ["Signed-By", "Trusted"];

/// Reads the paragraphs of a `.sources` file; those that are switched off or are
/// for source packages are left out.
pub(super) fn parse_paragraphs(text: &str) -> Vec<Entry> {
    let text: String =
        text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
    paragraphs(&text).filter_map(|fields| paragraph(&fields)).collect()
}

/// The paragraphs of a file in the format of Debian's control files: fields, with
/// the lines that continue them.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = Vec<(&str, String)>> {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let mut fields: Vec<(&str, String)> = Vec::new();
        while lines.next_if(|line| line.trim().is_empty()).is_some() {}
        lines.peek()?;
        while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name, value.trim().to_owned()));
            }
        }
        Some(fields)
    })
}

fn paragraph(fields: &[(&str, String)]) -> Option<Entry> {
    let field = |name: &str| {
        let found = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let words = |name: &str| -> Vec<String> {
        field(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    if field("Enabled").is_some_and(is_no) || !words("Types").iter().any(|word| word == "deb") {
        return None;
    }
    let trust = TRUST.iter().filter_map(|name| Some(((*name).to_owned(), field(name)?.to_owned())));
    Some(Entry {
        uris: words("URIs"),
        suites: words("Suites"),
        components: words("Components"),
        architectures: words("Architectures"),
        trust: trust.collect(),
    })
}

fn is_no(value: &str) -> bool {
    ["no", "false", "without", "off", "disable"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

/// Reads the lines of a `.list` file.
pub(super) fn parse_lines(text: &str) -> Vec<Entry> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Entry> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t', '[']))?.trim();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut entry = Entry::default();
    for option in options.split_whitespace() {
        let Some((name, value)) = option.split_once('=') else { continue };
        if name.eq_ignore_ascii_case("arch") {
            entry.architectures = value.split(',').map(str::to_owned).collect();
        }
        if let Some(known) = TRUST.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            entry.trust.push(((*known).to_owned(), value.replace(',', " ")));
        }
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    entry.uris.push(words.next()?);
    entry.suites.push(words.next()?);
    entry.components.extend(words);
    Some(entry)
}

/// Writes entries as a `.sources` file.
pub(super) fn write(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push_str("Types: deb\n");
        for (name, words) in [
            ("URIs", &entry.uris),
            ("Suites", &entry.suites),
            ("Components", &entry.components),
            ("Architectures", &entry.architectures),
        ] {
            text.push_str(&format!("{name}: {}\n", words.join(" ")));
        }
        for (name, value) in &entry.trust {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn paragraphs_with_comments_and_inline_keys() {
        let text = "\
Types: deb deb-src
# a comment in the middle
URIs: http://mirror.test/debian
suites: trixie
 trixie-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://off.test/debian
Suites: trixie
Components: main
Enabled: no

Types: deb-src
URIs: http://source.test/debian
Suites: trixie
Components: main
";
        let entries = parse_paragraphs(text);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].uris, words("http://mirror.test/debian"));
        assert_eq!(entries[0].suites, words("trixie trixie-updates"));
        assert_eq!(entries[0].components, words("main contrib"));
        assert!(entries[0].trust[0].1.contains("\n .\n abc"));
        let back = parse_paragraphs(&write(&entries));
        assert_eq!(back, entries, "what is written reads as it was");
    }

    #[test]
    fn lines_with_and_without_options() {
        let text = "\
# deb http://no.test/debian trixie main
deb http://mirror.test/debian bookworm main contrib # the mirror
deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg,/b.gpg ] http://c.test/x stable main
deb-src http://mirror.test/debian bookworm main
deb [broken
nonsense
";
        let entries = parse_lines(text);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].components, words("main contrib"));
        assert_eq!(entries[0].trust, []);
        assert_eq!(entries[1].architectures, words("amd64 arm64"));
        assert_eq!(entries[1].suites, words("stable"));
        let keys = "/usr/share/keyrings/a.gpg /b.gpg".to_owned();
        assert_eq!(entries[1].trust, [("Signed-By".to_owned(), keys)]);
    }
}
