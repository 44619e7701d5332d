//! Conditions of the query language, written so that any value stands for itself.

/// `field:"value"`.
pub(super) fn term(field: &str, value: &str) -> String {
    format!("{field}:{}", quoted(value))
}

/// `"value"`.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_never_end_its_quotes() {
        assert_eq!(term("a", r#"x" OR b:"y"#), r#"a:"x\" OR b:\"y""#);
        assert_eq!(term("a", "\\"), r#"a:"\\""#);
    }
}
