//! docs/reference/config.md, from the table.

use std::fmt::Write;

use super::setting;

/// The text of docs/reference/config.md.
pub fn reference() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Generated from `crates/server/src/config/`; a test compares. The server reads one TOML file (`serve --config \
         FILE`), then the environment, then flags; the later wins. Names with a dot stand in a table: `anchor.file` is \
         `file` under `[anchor]`. What is unknown or out of bounds is refused by name, and the server does not start.\n",
    );
    for setting in setting::all() {
        // Writing to a String cannot fail.
        _ = write!(
            text,
            "\n## `{}`\n\n{}\n\n* default: `{}`\n* expected: {}\n* environment: `{}`\n* flag: `{}`\n",
            setting.name,
            setting.meaning,
            setting.default,
            setting.bounds,
            setting.variable(),
            setting.flag(),
        );
    }
    text
}
