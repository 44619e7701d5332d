//! How large the terminal is.

use std::os::fd::AsFd;

/// What is assumed of a terminal that does not say.
const COLUMNS: usize = 80;
const ROWS: usize = 24;
/// Wider is not read in one line by anybody.
const COLUMNS_MAX: usize = 1_000;

/// Columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// The size of the terminal behind `file`.
pub(crate) fn size(file: impl AsFd) -> Size {
    let told = rustix::termios::tcgetwinsize(file).ok();
    let (columns, rows) = told.map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let or = |told: u16, assumed| {
        if told == 0 {
            assumed
        } else {
            usize::from(told)
        }
    };
    Size {
        columns: or(columns, COLUMNS).min(COLUMNS_MAX),
        rows: or(rows, ROWS),
    }
}
