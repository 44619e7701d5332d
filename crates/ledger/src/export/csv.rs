//! Rows for people: RFC 4180 with readable columns, and cells that no spreadsheet takes for a formula.
//!
//! Promises: every cell that was written reads back, but for the apostrophes of the guard. Must never: be taken for
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
        at_start = ";\t\r\n".contains(character)
            || at_start && !begins && (is_invisible(character) || "\"'".contains(character));
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// What begins a formula, full-width forms among it.
fn is_formula(character: char) -> bool {
    matches!(
        character,
        '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}' | '\u{2212}'
    )
}

/// What a spreadsheet may leave out before it looks for a formula.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
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
