//! Rows in columns that line up.
//!
//! Promises: what stands in a cell is escaped; on a terminal no line is wider than the terminal, and what was cut ends in
//! `…`; elsewhere nothing is cut. Rows that come later than those that were measured keep to the same columns. Must
//! never let colour count as width.

use crate::escape::escaped;
use crate::width::{cut, cut_within, width};

/// Columns between two columns.
const GAP: usize = 2;
/// A column that gives way keeps at least this many.
const LEAST: usize = 8;
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
}

/// Columns with their widths.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    headings: Vec<Heading>,
    widths: Vec<usize>,
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
        if let Some(limit) = limit {
            shrink(&headings, &mut widths, limit);
        }
        Self {
            headings,
            widths,
            limit,
        }
    }

    /// The line with the names of the columns.
    pub(crate) fn heading(&self) -> String {
        let texts = self
            .headings
            .iter()
            .map(|heading| (heading.text.as_str(), ""));
        self.line(texts, "")
    }

    /// One row. `colour` says what to write before a tone, and `reset` what behind.
    pub(crate) fn row(
        &self,
        cells: &[Cell],
        colour: impl Fn(Tone) -> &'static str,
        reset: &'static str,
    ) -> String {
        let texts = cells
            .iter()
            .map(|cell| (cell.text.as_str(), colour(cell.tone)));
        self.line(texts, reset)
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
            let text = match (self.limit, heading.way) {
                (Some(_), Way::Within) => cut_within(text, (*columns).min(left)),
                (Some(_), _) => cut(text, (*columns).min(left)),
                (None, _) => text.to_owned(),
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

/// Takes from the widest until all fit, or none has more than it needs to be of use.
fn shrink(headings: &[Heading], widths: &mut [usize], limit: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    let room = limit.saturating_sub(gaps);
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let widest = widths
            .iter_mut()
            .zip(headings)
            .filter(|(columns, heading)| heading.way != Way::Whole && **columns > LEAST)
            .max_by_key(|(columns, _)| **columns);
        let Some((columns, _)) = widest else { return };
        *columns -= 1;
        excess -= 1;
    }
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
        std::iter::once(table.heading()).chain(rows).collect()
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
        for limit in [20, 40, 80, 200] {
            let rows = [["2026-11-19 14:32:07Z", &long, &wide]];
            for line in table(&rows, Some(limit)) {
                assert!(width(&line) <= limit, "{limit}: {line}");
            }
            let lines = table(&rows, Some(limit));
            assert!(lines[1].starts_with("2026-11-19 14:32:07Z"), "{}", lines[1]);
        }
        // Elsewhere nothing is lost.
        let lines = table(&[["t", &long, "end"], ["t", "short", "end"]], None);
        assert!(lines[1].contains(&long) && lines[1].ends_with("end"));
        assert!(lines[2].len() < 100, "{}", lines[2]);
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
