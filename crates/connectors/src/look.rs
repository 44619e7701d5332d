//! Looking into a vendor's JSON: what is not there, or of another kind, is absent and never an error.

use ledger::json::Value;

/// The value under member names, one after the other; array indexes as decimal text.
pub fn at<'v, 'a>(value: &'v Value<'a>, path: &[&str]) -> Option<&'v Value<'a>> {
    let mut value = value;
    for name in path {
        value = match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            other => other.member(name)?,
        };
    }
    (*value != Value::Null).then_some(value)
}

/// A text under a path; empty ones count as absent.
pub fn text<'v>(value: &'v Value<'_>, path: &[&str]) -> Option<&'v str> {
    at(value, path)?.as_str().filter(|text| !text.is_empty())
}

/// A text, number or boolean under a path, as text.
pub fn word(value: &Value<'_>, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) if !text.is_empty() => Some(text.to_string()),
        Value::Number(digits) => Some(digits.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether `true` stands under a path.
pub fn is_true(value: &Value<'_>, path: &[&str]) -> bool {
    matches!(at(value, path), Some(Value::Bool(true)))
}

/// The items of an array under a path; none if there is no array.
pub fn items<'v, 'a>(value: &'v Value<'a>, path: &[&str]) -> &'v [Value<'a>] {
    at(value, path)
        .and_then(Value::as_array)
        .unwrap_or_default()
}
