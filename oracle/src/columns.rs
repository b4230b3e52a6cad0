//! Text that fits a terminal.

use std::fmt;

/// How wide text for people is.
pub(crate) const WIDTH: usize = 100;

/// A paragraph in lines that begin with an indent and fit; a word that does not is left whole.
pub(crate) fn paragraph(text: &str, indent: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// A table, the first row of which is its heading. Where it is wider than [`WIDTH`], it is turned:
/// a row for each column, or if that is too wide as well, a record for each row.
pub(crate) struct Columns {
    pub(crate) rows: Vec<Vec<String>>,
    /// Whether all columns but the first are numbers.
    pub(crate) numbers: bool,
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |text: &str| text.lines().all(|line| line.chars().count() <= WIDTH);
        let plain = self.lines(&self.rows);
        if fits(&plain) {
            return f.write_str(&plain);
        }
        let count = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let column = |at: usize| {
            self.rows.iter().map(|row| row.get(at).cloned().unwrap_or_default()).collect()
        };
        let turned: Vec<Vec<String>> = (0..count).map(column).collect();
        let turned = self.lines(&turned);
        match fits(&turned) {
            true => f.write_str(&turned),
            false => self.records(f),
        }
    }
}

impl Columns {
    /// Columns as wide as their widest cell.
    fn lines(&self, rows: &[Vec<String>]) -> String {
        let count = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| match self.numbers && column > 0 {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        rows.iter().map(line).collect()
    }

    /// Each row by itself, a line for each of its cells.
    fn records(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((heading, rows)) = self.rows.split_first() else { return Ok(()) };
        let width = heading.iter().skip(1).map(|name| name.chars().count()).max().unwrap_or(0);
        for row in rows {
            let Some((name, cells)) = row.split_first() else { continue };
            writeln!(f, "{name}")?;
            for (what, cell) in heading.iter().skip(1).zip(cells) {
                writeln!(f, "    {what:<width$}  {cell}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize, columns: usize, cell: &str) -> String {
        let head = (0..columns).map(|n| format!("head-{n}")).collect();
        let row = |n: usize| {
            let cells = (1..columns).map(|_| cell.to_owned());
            std::iter::once(format!("row-{n}")).chain(cells).collect()
        };
        let rows = std::iter::once(head).chain((0..rows).map(row)).collect();
        Columns { rows, numbers: false }.to_string()
    }

    #[test]
    fn a_table_that_is_too_wide_turns() {
        let beginning = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        assert!(beginning(&table(3, 4, "x")).starts_with("head-0  head-1"));
        assert!(beginning(&table(3, 20, "x")).starts_with("head-0   row-0"));
        let records = table(30, 20, "x");
        assert!(records.starts_with("row-0\n    head-1   x\n    head-2   x\n"), "{records}");
        for text in [table(3, 4, "x"), table(3, 20, "x"), records] {
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        }
    }

    #[test]
    fn paragraphs_fit() {
        let text = paragraph(&"word ".repeat(50), "    ");
        assert!(text.lines().all(|line| line.len() <= WIDTH && line.starts_with("    word")));
        assert_eq!(text.matches("word").count(), 50);
        let whole = "x".repeat(200);
        assert_eq!(paragraph(&whole, "").trim(), whole);
    }
}
