//! Rows in columns that line up; where a terminal is too narrow for that, rows as blocks of lines.
//!
//! Promises: what stands in a cell is escaped; on a terminal no line is wider than the terminal, and what was cut ends in
//! `…`; elsewhere nothing is cut. Rows that come later than those that were measured keep to the same columns. Must
//! never leave a column out, or let colour count as width.

use crate::escape::escaped;
use crate::width::{cut, cut_within, width};

/// Columns between two columns.
const GAP: usize = 2;
/// A column that gives way keeps at least this many, unless it says otherwise.
const LEAST: usize = 8;
/// How far the lines of a block stand in, but for its first.
const INDENT: usize = 2;
/// Where nothing is cut, cells beyond this are not waited for by the others.
const PADDING_MAX: usize = 64;

/// How a cell is meant; its words say so, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As the rest.
    #[default]
    Plain,
    /// To be noticed.
    Warning,
    /// To be looked at now.
    Alarm,
}

/// What stands in a row's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Escaped.
    text: String,
    tone: Tone,
}

impl Cell {
    /// Any text.
    pub(crate) fn new(text: &str) -> Self {
        Self::toned(text, Tone::Plain)
    }

    /// Any text, with a meaning.
    pub(crate) fn toned(text: &str, tone: Tone) -> Self {
        Self {
            text: escaped(text),
            tone,
        }
    }
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    text: String,
    way: Way,
    /// Columns that it keeps when it gives way.
    least: usize,
}

/// How a column gives way when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Not at all.
    Whole,
    /// At the end.
    End,
    /// Before the last part of a dotted name.
    Within,
}

impl Heading {
    /// Of a column that is cut when there is no room.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: escaped(text),
            way: Way::End,
            least: LEAST,
        }
    }

    /// Of a column of dotted names, whose last part says most.
    pub(crate) fn dotted(text: &str) -> Self {
        Self {
            way: Way::Within,
            ..Self::new(text)
        }
    }

    /// Of a column that is of no use when cut, such as a time.
    pub(crate) fn whole(text: &str) -> Self {
        Self {
            way: Way::Whole,
            ..Self::new(text)
        }
    }

    /// The same, of a column that says too little in fewer columns of the terminal than this.
    #[must_use]
    pub(crate) fn at_least(mut self, columns: usize) -> Self {
        self.least = columns;
        self
    }

    /// A cell's text in so many columns.
    fn fitted(&self, text: &str, columns: usize) -> String {
        match self.way {
            Way::Within => cut_within(text, columns),
            Way::End | Way::Whole => cut(text, columns),
        }
    }
}

/// How rows are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A line for each row.
    Lines,
    /// A line for each cell: there is no room beside each other.
    Blocks,
}

/// Columns with their widths.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    headings: Vec<Heading>,
    widths: Vec<usize>,
    form: Form,
    /// Columns of the terminal.
    limit: Option<usize>,
}

impl Table {
    /// Columns for these rows; `limit` is the width of the terminal, if it is one.
    pub(crate) fn measured(
        headings: Vec<Heading>,
        rows: &[Vec<Cell>],
        limit: Option<usize>,
    ) -> Self {
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
        };
        let widths = (0..headings.len()).map(widest).collect();
        Self::of(headings, widths, limit)
    }

    /// Columns for rows that are to come, of about these widths.
    pub(crate) fn expected(headings: Vec<(Heading, usize)>, limit: Option<usize>) -> Self {
        let (headings, widths) = headings.into_iter().unzip();
        Self::of(headings, widths, limit)
    }

    fn of(headings: Vec<Heading>, widths: Vec<usize>, limit: Option<usize>) -> Self {
        let cap = limit.unwrap_or(PADDING_MAX);
        let widths = headings.iter().zip(widths);
        let mut widths: Vec<usize> = widths
            .map(|(heading, widest)| widest.max(width(&heading.text)).min(cap))
            .collect();
        let fits = limit.is_none_or(|limit| shrink(&headings, &mut widths, limit));
        Self {
            headings,
            widths,
            form: if fits { Form::Lines } else { Form::Blocks },
            limit,
        }
    }

    /// The line with the names of the columns; none where each cell stands beside its name.
    pub(crate) fn heading(&self) -> Option<String> {
        if self.form == Form::Blocks {
            return None;
        }
        let texts = self
            .headings
            .iter()
            .map(|heading| (heading.text.as_str(), ""));
        Some(self.line(texts, ""))
    }

    /// One row, of one line or several. `colour` says what to write before a tone, and `reset` what behind.
    pub(crate) fn row(
        &self,
        cells: &[Cell],
        colour: impl Fn(Tone) -> &'static str,
        reset: &'static str,
    ) -> String {
        let texts = cells
            .iter()
            .map(|cell| (cell.text.as_str(), colour(cell.tone)));
        match self.form {
            Form::Lines => self.line(texts, reset),
            Form::Blocks => self.block(texts, reset),
        }
    }

    /// A line for each cell, its name before it; all but the first stand in.
    fn block<'a>(
        &self,
        cells: impl Iterator<Item = (&'a str, &'static str)>,
        reset: &str,
    ) -> String {
        let limit = self.limit.unwrap_or(usize::MAX);
        let names = self.headings.iter().map(|heading| width(&heading.text));
        let names = names.max().unwrap_or(0).min(limit / 3);
        let room = limit.saturating_sub(INDENT + names + GAP);
        let lines = cells.zip(&self.headings).enumerate();
        let lines = lines.map(|(at, ((text, colour), heading))| {
            let indent = if at == 0 { 0 } else { INDENT };
            let name = cut(&heading.text, names);
            let padding = INDENT + names + GAP - indent - width(&name);
            let text = heading.fitted(text, room);
            let before = format!("{:indent$}{name}{:padding$}", "", "");
            if text.is_empty() || colour.is_empty() {
                format!("{before}{text}").trim_end().to_owned()
            } else {
                format!("{before}{colour}{text}{reset}")
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn line<'a>(
        &self,
        cells: impl ExactSizeIterator<Item = (&'a str, &'static str)>,
        reset: &str,
    ) -> String {
        let mut line = String::with_capacity(128);
        let mut left = self.limit.unwrap_or(usize::MAX);
        let last = cells.len().saturating_sub(1);
        let columns = self.widths.iter().zip(&self.headings);
        for (at, ((text, colour), (columns, heading))) in cells.zip(columns).enumerate() {
            let text = match self.limit {
                Some(_) => heading.fitted(text, (*columns).min(left)),
                None => text.to_owned(),
            };
            let taken = width(&text);
            if colour.is_empty() {
                line.push_str(&text);
            } else {
                line.extend([colour, text.as_str(), reset]);
            }
            left = left.saturating_sub(taken);
            if at < last {
                let padding = (columns.saturating_sub(taken) + GAP).min(left);
                line.extend(std::iter::repeat_n(' ', padding));
                left -= padding;
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Takes from the widest until all fit, or none has more than it needs to be of use. Whether they fit.
fn shrink(headings: &[Heading], widths: &mut [usize], limit: usize) -> bool {
    let gaps = GAP * widths.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(limit);
    while excess > 0 {
        let widest = widths
            .iter_mut()
            .zip(headings)
            .filter(|(columns, heading)| heading.way != Way::Whole && **columns > heading.least)
            .max_by_key(|(columns, _)| **columns);
        let Some((columns, _)) = widest else {
            return false;
        };
        *columns -= 1;
        excess -= 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 3]], limit: Option<usize>) -> Vec<String> {
        let headings = vec![
            Heading::whole("TIME"),
            Heading::new("NAME"),
            Heading::new("END"),
        ];
        let rows: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| row.iter().map(|text| Cell::new(text)).collect())
            .collect();
        let table = Table::measured(headings, &rows, limit);
        let rows = rows.iter().map(|row| table.row(row, |_| "", ""));
        let lines: Vec<String> = table.heading().into_iter().chain(rows).collect();
        lines.join("\n").lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_line_up_by_width_not_by_bytes() {
        let lines = table(&[["t1", "é本", "x"], ["t2", "abcd", "y"]], None);
        assert_eq!(lines, ["TIME  NAME  END", "t1    é本   x", "t2    abcd  y"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_times_stay_whole() {
        let long = "x".repeat(500);
        let wide = "環".repeat(500);
        for limit in (0..45).chain([80, 200]) {
            let rows = [["2026-11-19 14:32:07Z", &long, &wide]];
            let lines = table(&rows, Some(limit));
            for line in &lines {
                assert!(width(line) <= limit, "{limit}: {line}");
            }
            let is_whole = lines.join("\n").contains("2026-11-19 14:32:07Z");
            assert_eq!(is_whole, limit >= 28, "{limit}: {lines:?}");
        }
        // Elsewhere nothing is lost.
        let lines = table(&[["t", &long, "end"], ["t", "short", "end"]], None);
        assert!(lines[1].contains(&long) && lines[1].ends_with("end"));
        assert!(lines[2].len() < 100, "{}", lines[2]);
    }

    #[test]
    fn where_there_is_no_room_a_row_is_a_block_and_nothing_is_left_out() {
        let rows = [["2026-11-19 14:32:07Z", "abcdefghijklmnopqrstuvwxyz", ""]];
        assert_eq!(
            table(&rows, Some(35)),
            [
                "TIME                  NAME      END",
                "2026-11-19 14:32:07Z  abcdefg…"
            ]
        );
        assert_eq!(
            table(&rows, Some(34)),
            [
                "TIME    2026-11-19 14:32:07Z",
                "  NAME  abcdefghijklmnopqrstuvwxyz",
                "  END"
            ]
        );
    }

    #[test]
    fn a_column_is_not_cut_to_less_than_it_needs() {
        let headings = |least| vec![Heading::whole("A"), Heading::new("B").at_least(least)];
        let row = [Cell::new("12345"), Cell::new("abcdefghijklmnop")];
        let shown = |least| {
            let table = Table::measured(headings(least), &[row.to_vec()], Some(17));
            table.row(&row, |_| "", "")
        };
        assert_eq!(shown(10), "12345  abcdefghi…");
        assert_eq!(shown(11), "A    12345\n  B  abcdefghijk…");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_before_it_is_measured() {
        let lines = table(&[["t", "a\u{1b}[31m\nb\u{202e}", "x"]], None);
        assert_eq!(lines[1], "t     a\\u{1b}[31m\\nb\\u{202e}  x");
    }

    #[test]
    fn colours_take_no_room() {
        let headings = vec![Heading::new("A"), Heading::new("B")];
        let row = vec![Cell::toned("failure", Tone::Alarm), Cell::new("b")];
        let table = Table::measured(headings, std::slice::from_ref(&row), Some(12));
        let tones = |tone| if tone == Tone::Plain { "" } else { "<" };
        assert_eq!(table.row(&row, tones, ">"), "<failure>  b");
    }

    #[test]
    fn rows_that_come_later_keep_to_the_columns() {
        let headings = vec![(Heading::new("A"), 4), (Heading::new("B"), 4)];
        let row = [Cell::new("longer"), Cell::new("b")];
        let table = Table::expected(headings.clone(), Some(20));
        assert_eq!(table.row(&row, |_| "", ""), "lon…  b");
        let table = Table::expected(headings, None);
        assert_eq!(table.row(&row, |_| "", ""), "longer  b");
    }
}
