//! Percent-encoding of forms and queries, and reading them.

use std::fmt::Write;

/// One value, as it stands in a form or query: everything but letters, digits and `-._~` encoded.
pub(crate) fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Pairs as a form or a query.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&encoded(name));
        out.push('=');
        out.push_str(&encoded(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_can_be_taken_for_the_form() {
        assert_eq!(
            form(&[("a", "b c&d=é"), ("e", "")]),
            "a=b%20c%26d%3D%C3%A9&e="
        );
    }
}
