//! What is kept of a vendor's payload beside the fields that were understood.
//!
//! Promises: no more than so many bytes, values and levels; no values of members that are known to hold secrets,
//! whatever their case; no e-mail addresses. What is left out is said in its place.

use ledger::json::Value;

use crate::clean;

/// Most bytes of one payload that are kept; larger ones are left out and their size is said. Two of them and all other
/// fields fit into a part of an event.
const BYTES_MAX: usize = 96 * 1024;

/// What is kept of a value. `secrets` are names of members in lower case.
pub(crate) fn kept(value: &Value<'_>, secrets: &[&str]) -> Value<'static> {
    let mut value = clean::kept(value);
    blank(&mut value, secrets);
    let value = clean::without_emails(&value);
    let bytes = value.to_compact().len();
    if bytes > BYTES_MAX {
        return Value::string(format!("[{bytes} bytes]"));
    }
    value
}

/// [`kept`], if there is anything in it.
pub(crate) fn kept_if_any(value: Option<&Value<'_>>, secrets: &[&str]) -> Option<Value<'static>> {
    let value = value.filter(|value| !is_nothing(value))?;
    Some(kept(value, secrets))
}

/// Whether a value is absent in all but name.
pub(crate) fn is_nothing(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Replaces the values of members with one of the names. Objects under such a name keep the names in them.
fn blank(value: &mut Value<'static>, secrets: &[&str]) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.to_ascii_lowercase();
                if secrets.contains(&name.as_str()) {
                    empty(member);
                } else {
                    blank(member, secrets);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| blank(item, secrets)),
        _ => {}
    }
}

fn empty(value: &mut Value<'static>) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(_, member)| empty(member)),
        Value::Null => {}
        other => *other = Value::string("[left out]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_text(text: &str) -> String {
        let value = crate::delivery::parse(text.as_bytes()).unwrap();
        kept(&value, &["password", "variables"]).to_compact()
    }

    #[test]
    fn secrets_go_whatever_their_case_and_depth_and_names_in_them_stay() {
        assert_eq!(
            kept_text(r#"{"a":[{"PassWord":"x"}],"variables":{"URL":{"b":1},"N":null}}"#),
            r#"{"a":[{"PassWord":"[left out]"}],"variables":{"URL":{"b":"[left out]"},"N":null}}"#
        );
    }

    #[test]
    fn what_is_too_large_is_counted_instead() {
        let many = format!(
            "[{}]",
            vec![format!("\"{}\"", "x".repeat(4_000)); 100].join(",")
        );
        assert_eq!(kept_text(&many), "\"[400301 bytes]\"");
    }

    #[test]
    fn addresses_of_persons_are_hidden() {
        assert_eq!(
            kept_text(r#"{"to":"ana@example.com"}"#),
            r#"{"to":"[e-mail]"}"#
        );
    }
}
