//! The one place that writes to the terminal; the bars that it hands out ([`crate::progress`]) write to stderr.
//!
//! Promises: stdout is data, stderr is talk; events carry text that strangers chose, so control characters and those
//! that turn the direction of writing come out escaped, in lines and in JSON, wherever the output goes; colour only
//! where a terminal or `CLICOLOR_FORCE` asks for it. Must never: let colour carry meaning that the words lack, or stop
//! a verdict because nobody reads on (a closed pipe is no failure).

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal as _, Write};

use crate::clock::SystemClock;
use crate::progress::{Progress, Unit};

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

    /// Rows under a heading, in columns.
    pub(crate) fn table(&mut self, heading: &[&str], rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| escaped(cell)).collect())
            .collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            heading.get(column).map_or(0, |name| name.len()).max(widest)
        };
        let widths: Vec<usize> = (0..heading.len()).map(width).collect();
        let heading: Vec<String> = heading.iter().map(|name| (*name).to_owned()).collect();
        self.data.line(BOLD, &columns(&heading, &widths));
        for row in &rows {
            self.data.line("", &columns(row, &widths));
        }
    }

    /// Talk.
    pub(crate) fn note(&mut self, text: &str) {
        self.data.flush();
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
        self.data.flush();
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

    /// Hands everything on. Fails if something could not be written, but not if nobody wanted to read it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.data.flush();
        self.data.failed.take().map_or(Ok(()), Err)
    }

    /// Hands on what is printed so far, for commands that stay.
    pub(crate) fn flush(&mut self) {
        self.data.flush();
    }

    fn labelled(&mut self, colour: &str, label: &str, text: &str) {
        self.data.flush();
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
            let written = self.sink.write_all(text.as_bytes());
            self.settle(written);
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

fn columns(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        let padding = width.saturating_sub(cell.chars().count()) + 2;
        line.extend(std::iter::repeat_n(' ', padding));
    }
    line.trim_end().to_owned()
}

/// What a terminal would obey or a reader be misled by: C0, DEL, C1, line separators, and the marks that turn the
/// direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Valid JSON has unsafe characters only inside strings, but for the white space between its tokens.
fn escaped_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) && !matches!(character, '\n' | '\t') {
            // All of them are below U+10000: one escape each. Writing to a string does not fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_strangers_can_not_move_the_cursor_or_forge_a_line() {
        assert_eq!(
            escaped("a\u{1b}[2Jb\r\nverified\u{9b}1m\u{202e}c"),
            "a\\u{1b}[2Jb\\r\\nverified\\u{9b}1m\\u{202e}c"
        );
    }

    #[test]
    fn ordinary_text_in_any_script_stays_as_it_is() {
        assert_eq!(escaped("Zoë — 本番 👩‍🚀 \\n"), "Zoë — 本番 👩‍🚀 \\n");
    }

    #[test]
    fn json_is_escaped_without_changing_a_value() {
        let text = "{\"a\": \"\u{9b}\u{202e}\u{7f}x\"}";
        let safe = escaped_json(text);
        assert!(!safe.chars().any(is_unsafe), "{safe}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&safe), read(text));
    }

    #[test]
    fn columns_line_up_by_characters() {
        let row = ["é".to_owned(), "x".to_owned()];
        assert_eq!(columns(&row, &[2, 1]), "é   x");
    }
}
