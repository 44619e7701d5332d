//! The one place that writes to the terminal; the bars that it hands out ([`crate::progress`]) write to stderr.
//!
//! Promises: stdout is data, stderr is talk; events carry text that strangers chose, so control characters and those
//! that turn the direction of writing come out escaped, in lines and in JSON, wherever the output goes; colour only
//! where a terminal or `CLICOLOR_FORCE` asks for it. Must never: let colour carry meaning that the words lack, or stop
//! a verdict because nobody reads on (a closed pipe is no failure).

use std::io::{self, ErrorKind, IsTerminal as _, Write};

use crate::clock::SystemClock;
use crate::escape::{escaped, escaped_json, push_escaped};
use crate::failure::Excerpt;
use crate::pager::{Paged, Pager};
use crate::progress::{Progress, Unit};
use crate::table::{Cell, Heading, Table, Tone};
use crate::terminal::{self, Size};
use crate::width::{of, width};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Colour {
    /// On terminals, unless `NO_COLOR` is set; everywhere if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// How a verdict is meant; its words say so too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It holds.
    Good,
    /// It holds, but less than asked for.
    Doubtful,
    /// It does not hold.
    Bad,
}

/// Writes data to stdout and talk to stderr.
pub(crate) struct Printer {
    data: Stream,
    talk: Stream,
}

struct Stream {
    sink: Box<dyn Write>,
    /// What stands between us and the sink while a pager may be needed.
    paged: Option<Paged>,
    terminal: bool,
    coloured: bool,
    closed: bool,
    failed: Option<io::Error>,
}

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[1;31m";
const GREEN: &str = "\u{1b}[1;32m";
const YELLOW: &str = "\u{1b}[1;33m";
const RESET: &str = "\u{1b}[0m";

impl Printer {
    /// The printer of this process.
    pub(crate) fn standard(colour: Colour) -> Self {
        let stream = |sink, terminal| Stream {
            sink,
            paged: None,
            terminal,
            coloured: match colour {
                Colour::Auto => terminal,
                Colour::Always => true,
                Colour::Never => false,
            },
            closed: false,
            failed: None,
        };
        let (out, err) = (io::stdout(), io::stderr());
        let (out_terminal, err_terminal) = (out.is_terminal(), err.is_terminal());
        Self {
            data: stream(Box::new(io::BufWriter::new(out)), out_terminal),
            talk: stream(Box::new(err), err_terminal),
        }
    }

    /// Whether a person reads the data as it comes.
    pub(crate) fn is_watched(&self) -> bool {
        self.data.terminal
    }

    /// The size of the terminal that the data go to, if it is one.
    pub(crate) fn screen(&self) -> Option<Size> {
        self.data.terminal.then(|| terminal::size(io::stdout()))
    }

    /// Whether nobody reads on: what is printed now is lost.
    pub(crate) fn is_closed(&self) -> bool {
        self.data.closed
    }

    /// Shows the data that follow through a pager if they are longer than the screen, until something else is said.
    pub(crate) fn page(&mut self, pager: Option<Pager>) {
        self.settle();
        if let (Some(pager), Some(screen)) = (pager, self.screen()) {
            self.data.paged = Some(Paged::new(pager, screen));
        }
    }

    /// Ends the pager, if there is one, and hands everything on.
    pub(crate) fn settle(&mut self) {
        self.data.end_paging();
        self.data.flush();
    }

    /// One line of data.
    pub(crate) fn line(&mut self, text: &str) {
        self.data.line("", &escaped(text));
    }

    /// One line of data that matters most.
    pub(crate) fn heading(&mut self, text: &str) {
        self.data.line(BOLD, &escaped(text));
    }

    /// One line of data that says how a check ended.
    pub(crate) fn verdict(&mut self, mood: Mood, text: &str) {
        let colour = match mood {
            Mood::Good => GREEN,
            Mood::Doubtful => YELLOW,
            Mood::Bad => RED,
        };
        self.data.line(colour, &escaped(text));
    }

    /// A JSON text as it stands, in one line if it has none; what a terminal would obey is `\u`-escaped, which changes
    /// no value.
    pub(crate) fn json(&mut self, text: &str) {
        self.data.line("", &escaped_json(text.trim_end()));
    }

    /// The same in one line, as one of many.
    pub(crate) fn json_line(&mut self, text: &str) {
        // Line feeds of JSON text are white space between its tokens.
        let text = escaped_json(text.trim());
        self.data.line("", &text.replace('\n', " "));
    }

    /// A text of several lines as it stands; escaped only where a terminal would obey it.
    pub(crate) fn document(&mut self, text: &str) {
        if self.data.terminal {
            for line in text.lines() {
                self.data.line("", &escaped(line));
            }
        } else {
            self.data.write(text);
        }
    }

    /// Rows under a heading, in columns; nothing is cut.
    pub(crate) fn table(&mut self, heading: &[&str], rows: &[Vec<String>]) {
        let cells = |row: &Vec<String>| row.iter().map(|text| Cell::new(text)).collect();
        let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
        let headings = heading.iter().map(|text| Heading::new(text)).collect();
        self.rows(headings, &rows, None);
    }

    /// Rows under a heading, in columns that fit the terminal.
    pub(crate) fn fitting_table(&mut self, headings: Vec<Heading>, rows: &[Vec<Cell>]) {
        let columns = self.screen().map(|screen| screen.columns);
        self.rows(headings, rows, columns);
    }

    fn rows(&mut self, headings: Vec<Heading>, rows: &[Vec<Cell>], limit: Option<usize>) {
        let table = Table::measured(headings, rows, limit);
        self.table_heading(&table);
        for row in rows {
            self.table_row(&table, row);
        }
    }

    /// The names of a table's columns, if they have a line of their own.
    pub(crate) fn table_heading(&mut self, table: &Table) {
        if let Some(heading) = table.heading() {
            self.data.line(BOLD, &heading);
        }
    }

    /// One row of a table.
    pub(crate) fn table_row(&mut self, table: &Table, cells: &[Cell]) {
        let coloured = self.data.coloured;
        let colour = |tone| match tone {
            Tone::Warning if coloured => YELLOW,
            Tone::Alarm if coloured => RED,
            _ => "",
        };
        let row = table.row(cells, colour, RESET);
        self.data.line("", &row);
    }

    /// Talk.
    pub(crate) fn note(&mut self, text: &str) {
        self.settle();
        self.talk.line("", &escaped(text));
    }

    /// Talk that should not be missed.
    pub(crate) fn warning(&mut self, text: &str) {
        self.labelled(YELLOW, "warning", text);
    }

    /// Shows how far a long piece of work is, to a person who watches and to nobody else.
    pub(crate) fn progress(&mut self, what: &'static str, unit: Unit) -> Progress {
        if !self.talk.terminal {
            return Progress::hidden();
        }
        self.settle();
        Progress::shown(Box::new(io::stderr()), Box::new(SystemClock), what, unit)
    }

    /// What failed.
    pub(crate) fn error(&mut self, text: &str) {
        self.labelled(RED, "error", text);
    }

    /// What to do about it.
    pub(crate) fn hint(&mut self, text: &str) {
        self.labelled(BOLD, "hint", text);
    }

    /// What was typed, and under it what of it is meant.
    pub(crate) fn excerpt(&mut self, excerpt: &Excerpt) {
        self.settle();
        let (text, marks) = pointed_out(excerpt);
        self.talk.line("", &text);
        self.talk.line(RED, &marks);
    }

    /// Hands everything on. Fails if something could not be written, but not if nobody wanted to read it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.settle();
        self.data.failed.take().map_or(Ok(()), Err)
    }

    /// Hands on what is printed so far, for commands that stay.
    pub(crate) fn flush(&mut self) {
        self.data.flush();
    }

    fn labelled(&mut self, colour: &str, label: &str, text: &str) {
        self.settle();
        let label = if self.talk.coloured {
            format!("{colour}{label}:{RESET} ")
        } else {
            format!("{label}: ")
        };
        let line = format!("{label}{}", escaped(text));
        self.talk.line("", &line);
    }
}

impl Stream {
    fn line(&mut self, colour: &str, escaped: &str) {
        if self.coloured && !colour.is_empty() {
            self.write(&format!("{colour}{escaped}{RESET}\n"));
        } else {
            self.write(&format!("{escaped}\n"));
        }
    }

    fn write(&mut self, text: &str) {
        if !self.closed {
            let written = match &mut self.paged {
                Some(paged) => paged.write(text, &mut *self.sink),
                None => self.sink.write_all(text.as_bytes()),
            };
            self.settle(written);
        }
    }

    fn end_paging(&mut self) {
        if let Some(paged) = self.paged.take() {
            let finished = paged.finish(&mut *self.sink);
            self.settle(finished);
        }
    }

    fn flush(&mut self) {
        if !self.closed {
            let flushed = self.sink.flush();
            self.settle(flushed);
        }
    }

    fn settle(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.closed = true;
            // Whoever read the other end has seen enough.
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }
}

/// Columns of an excerpt; of a longer text the part around the place is shown.
const EXCERPT_COLUMNS: usize = 76;
/// Columns that are shown before the place then.
const BEFORE_COLUMNS: usize = 24;

/// The text and a line with carets under the place.
fn pointed_out(excerpt: &Excerpt) -> (String, String) {
    let mut pieces = Vec::new();
    for character in excerpt.text.chars() {
        let mut piece = String::new();
        push_escaped(character, &mut piece);
        // A mark alone can't be pointed at.
        let columns = width(&piece).max(usize::from(of(character) > 0));
        pieces.push((piece, columns));
    }
    let from = excerpt.column.saturating_sub(1).min(pieces.len());
    let to = from.saturating_add(excerpt.length).min(pieces.len());
    let columns = |pieces: &[(String, usize)]| pieces.iter().map(|(_, columns)| columns).sum();
    let (whole, mut skipped): (usize, usize) = (columns(&pieces), 0);
    while whole > EXCERPT_COLUMNS && columns(&pieces[skipped..from]) > BEFORE_COLUMNS {
        skipped += 1;
    }
    let (mut text, mut marks) = ("  ".to_owned(), "  ".to_owned());
    if skipped > 0 {
        text.push('…');
        marks.push(' ');
    }
    let mut left = EXCERPT_COLUMNS;
    for (at, (piece, columns)) in pieces.iter().enumerate().skip(skipped) {
        let Some(rest) = left.checked_sub(*columns) else {
            text.push('…');
            break;
        };
        left = rest;
        text.push_str(piece);
        let mark = if (from..to).contains(&at) { "^" } else { " " };
        marks.push_str(&mark.repeat(*columns));
    }
    if from == to {
        // Something is missing here.
        let before = columns(&pieces[skipped..from]) + 2 + usize::from(skipped > 0);
        marks.truncate(before);
        marks.push('^');
    }
    (text, marks.trim_end().to_owned())
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointed(text: &str, column: usize, length: usize) -> (String, String) {
        pointed_out(&Excerpt {
            text: text.to_owned(),
            column,
            length,
        })
    }

    #[test]
    fn carets_stand_under_what_is_meant() {
        let (text, marks) = pointed("a operaton:x b", 3, 8);
        assert_eq!(text, "  a operaton:x b");
        assert_eq!(marks, "    ^^^^^^^^");
        // Something is missing at the end.
        assert_eq!(pointed("actor:", 7, 0).1, "        ^");
        assert_eq!(pointed("", 1, 0).1, "  ^");
    }

    #[test]
    fn carets_count_columns_and_escapes() {
        let (text, marks) = pointed("環境:x \u{1b}y", 4, 1);
        assert_eq!(text, "  環境:x \\u{1b}y");
        assert_eq!(marks, "       ^");
        assert_eq!(pointed("\u{1b}y", 2, 1).1, "        ^");
    }

    #[test]
    fn of_a_long_text_the_place_is_shown() {
        let long = format!("{}wrong{}", "a ".repeat(500), " b".repeat(500));
        let (text, marks) = pointed(&long, 1_001, 5);
        assert!(width(&text) < 82 && text.contains("wrong"), "{text}");
        let at = marks.find('^').unwrap();
        let shown: String = text.chars().skip(at).take(5).collect();
        assert_eq!((shown.as_str(), marks.trim()), ("wrong", "^^^^^"));
        // Columns beyond the text are no reason to fail.
        for (column, length) in [(0, 0), (99_999, 3), (usize::MAX, usize::MAX)] {
            let (text, marks) = pointed("x", column, length);
            assert_eq!(text, "  x");
            assert!(marks.len() <= 4, "{marks}");
        }
    }
}
