//! [`Value`] to text: compact with numbers verbatim (parts), or RFC 8785 canonical (entries, mask framing).

use std::cmp::Ordering;
use std::fmt::Write;

use super::Value;

/// Appends the compact text: members in the order they stand, numbers verbatim.
pub fn write_compact(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(text) => out.push_str(text),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            let mut open = '[';
            for item in items {
                out.push(open);
                write_compact(item, out);
                open = ',';
            }
            out.push_str(if open == '[' { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut open = '{';
            for (name, item) in members {
                out.push(open);
                write_string(name, out);
                out.push(':');
                write_compact(item, out);
                open = ',';
            }
            out.push_str(if open == '{' { "{}" } else { "}" });
        }
    }
}

/// Appends the RFC 8785 text. A number outside its domain (an integer beyond 2^53 − 1, a float that overflows) is
/// left verbatim; callers that must not have those refuse them before.
pub fn write_canonical(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Number(text) => match canonical_number(text) {
            Some(number) => out.push_str(&number),
            None => out.push_str(text),
        },
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|left, right| canonical_key_order(&left.0, &right.0));
            out.push('{');
            for (index, (name, item)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write_canonical(item, out);
            }
            out.push('}');
        }
        other => write_compact(other, out),
    }
}

/// RFC 8785 member order: by UTF-16 code units.
pub fn canonical_key_order(left: &str, right: &str) -> Ordering {
    if left.is_ascii() || right.is_ascii() {
        return left.cmp(right);
    }
    left.encode_utf16().cmp(right.encode_utf16())
}

/// Appends a JSON string with the escapes of RFC 8785: only what must be escaped, shortest form.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    // Most strings need no escape: the check without a branch in its loop runs over sixteen bytes at a time.
    let escape =
        |byte: u8| u8::from(byte < 0x20) << 1 | u8::from(byte == b'"') | u8::from(byte == b'\\');
    let found = text.bytes().fold(0, |found, byte| found | escape(byte));
    let mut clean = 0;
    if found < 2 {
        // Stored entries and parts hold nothing worse than quotes: a third faster than byte by byte.
        if found == 1 {
            for at in memchr::memchr2_iter(b'"', b'\\', text.as_bytes()) {
                out.push_str(text.get(clean..at).unwrap_or_default());
                out.push('\\');
                clean = at;
            }
        }
        out.push_str(text.get(clean..).unwrap_or_default());
        out.push('"');
        return;
    }
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(clean..at).unwrap_or_default());
        clean = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            0x0d => out.push_str("\\r"),
            // Writing to a String cannot fail.
            _ => _ = write!(out, "\\u{byte:04x}"),
        }
    }
    out.push_str(text.get(clean..).unwrap_or_default());
    out.push('"');
}

/// A JSON number as ECMAScript prints it (RFC 8785 section 3.2.2.3), or `None` outside its domain: floats that
/// overflow, and integers beyond ±(2^53 − 1), which parsers disagree about.
pub fn canonical_number(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok()?;
    let integer = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if !number.is_finite() || (integer && number.abs() > 9_007_199_254_740_991.0) {
        return None;
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    // Rust prints the shortest digits that read back, as ECMAScript does; only the layout differs.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let digits: String = mantissa
        .chars()
        .filter(|character| *character != '.')
        .collect();
    let count = i32::try_from(digits.len()).ok()?;
    let point = exponent + 1;
    let mut out = String::from(if number < 0.0 { "-" } else { "" });
    if (count..=21).contains(&point) {
        out.push_str(&digits);
        out.extend((count..point).map(|_| '0'));
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at_checked(usize::try_from(point).ok()?)?;
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else if (-5..=0).contains(&point) {
        out.push_str("0.");
        out.extend((point..0).map(|_| '0'));
        out.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at_checked(1)?;
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        _ = write!(
            out,
            "e{}{}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        );
    }
    Some(out)
}
