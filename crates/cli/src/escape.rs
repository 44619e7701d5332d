//! Text that strangers chose, made safe to show: what a terminal would obey or a reader be misled by comes out escaped.
//!
//! Promises: text without such characters stays as it is; JSON keeps every value. Must never: let through a control
//! character or a mark that turns the direction of writing.

use std::fmt::Write as _;

/// A line of text.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        push_escaped(character, &mut safe);
    }
    safe
}

/// One character of a line of text.
pub(crate) fn push_escaped(character: char, safe: &mut String) {
    if is_unsafe(character) {
        safe.extend(character.escape_default());
    } else {
        safe.push(character);
    }
}

/// Valid JSON has unsafe characters only inside strings, but for the white space between its tokens.
pub(crate) fn escaped_json(text: &str) -> String {
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

/// C0, DEL, C1, line separators, and the marks that turn the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
}
