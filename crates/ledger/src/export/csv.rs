//! Rows for people: RFC 4180 with readable columns, and cells that no spreadsheet takes for a formula.
//!
//! Promises: every cell that was written reads back, but for the apostrophes of the guard and for control characters, which
//! are told as U+FFFD. Must never: be taken for
//! evidence cell by cell; what binds readable cells is the file's hash in the signed manifest, and nothing else.

use std::borrow::Cow;

use super::Kind;

/// The columns of every row; one more stands behind them: see [`columns`].
const COLUMNS: [&str; 19] = [
    "time",
    "recorded_at",
    "operation",
    "outcome",
    "actor_type",
    "actor_id",
    "actor_name",
    "actor_email",
    "on_behalf_of",
    "resource_type",
    "resource_id",
    "resource_name",
    "project",
    "environment",
    "reason",
    "ip",
    "event_id",
    "seq",
    "leaf_hash",
];
/// Cells that are filled from an event: all before `seq`.
pub const READABLE: usize = 17;

/// Names of the columns: behind the leaf hash the derived chain where there is one, or the row's number.
pub fn columns(kind: Kind, chained: bool) -> Vec<&'static str> {
    let mut columns = COLUMNS.to_vec();
    match kind {
        Kind::Whole if chained => columns.push("chain"),
        Kind::Whole => {}
        Kind::Filtered => columns.push("row"),
    }
    columns
}

/// Appends the names of the columns as the file's first record.
pub fn write_columns(columns: &[&str], out: &mut String) {
    for (index, name) in columns.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(name);
    }
    out.push_str("\r\n");
}

/// Appends one cell, quoted where it must be, guarded wherever a spreadsheet could begin a formula.
pub fn write_cell(text: &str, out: &mut String) {
    let guarded = guarded(text);
    let quoted = guarded
        .bytes()
        .any(|byte| matches!(byte, b'"' | b',' | b';' | b'\r' | b'\n' | b'\t' | b'\''))
        || guarded.starts_with(' ')
        || guarded.ends_with(' ');
    if !quoted {
        out.push_str(&guarded);
        return;
    }
    out.push('"');
    for (index, piece) in guarded.split('"').enumerate() {
        if index > 0 {
            out.push_str("\"\"");
        }
        out.push_str(piece);
    }
    out.push('"');
}

/// The text with an apostrophe before whatever a spreadsheet would take for the beginning of a formula: at the start,
/// and behind a semicolon, tab or line's end, where programs that split otherwise than RFC 4180 begin a cell.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at_start) = (0, true);
    for (at, character) in text.char_indices() {
        // A tab or line's end at the very start is dangerous in itself.
        let begins = at_start && is_formula(character) || at == 0 && "\t\r\n".contains(character);
        if begins {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push('\'');
            copied = at;
        }
        if is_unprintable(character) {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push(char::REPLACEMENT_CHARACTER);
            copied = at + character.len_utf8();
        }
        at_start = ";\t\r\n".contains(character)
            || at_start && !begins && (is_invisible(character) || "\"'".contains(character));
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// What begins a formula, full-width and small forms among it.
fn is_formula(character: char) -> bool {
    matches!(
        character,
        '=' | '+'
            | '-'
            | '@'
            | '\u{ff1d}'
            | '\u{ff0b}'
            | '\u{ff0d}'
            | '\u{ff20}'
            | '\u{2212}'
            | '\u{fe62}'
            | '\u{fe63}'
            | '\u{fe66}'
            | '\u{fe6b}'
    )
}

/// Control characters that no cell needs: programs drop them, or end the cell there.
fn is_unprintable(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}')
}

/// What a spreadsheet may leave out before it looks for a formula: white space, controls, Unicode's general category Cf,
/// and what else is drawn as nothing.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffd}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a record goes on behind a line, because the line ends within quotes; `within` says whether it begins so.
pub fn goes_on(line: &[u8], within: bool) -> bool {
    (memchr::memchr_iter(b'"', line).count() % 2 == 1) != within
}

/// The cells of a record without its line's end; `None` for what RFC 4180 does not allow.
pub fn cells(record: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::with_capacity(COLUMNS.len() + 1);
    let mut rest = record;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (cell, after) = rest.split_at_checked(end)?;
                if cell.contains(['"', '\r', '\n']) {
                    return None;
                }
                (Cow::Borrowed(cell), after)
            }
            Some(quoted) => quoted_cell(quoted)?,
        };
        cells.push(cell);
        if after.is_empty() {
            return Some(cells);
        }
        // Behind a comma stands a cell, be it an empty one.
        rest = after.strip_prefix(',')?;
    }
}

/// A cell behind its opening quote, and what stands behind its closing one.
fn quoted_cell(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (piece, after) = rest.split_once('"')?;
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push_str(piece);
                cell.push('"');
                rest = more;
            }
            None if cell.is_empty() => return Some((Cow::Borrowed(piece), after)),
            None => {
                cell.push_str(piece);
                return Some((Cow::Owned(cell), after));
            }
        }
    }
}
