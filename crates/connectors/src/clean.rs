//! Making texts of vendors fit: lengths, spellings, and what must not be copied.

use std::borrow::Cow;

use ledger::json::Value;
use ledger::time::Micros;

use crate::limits::{
    FIELD_BYTES_MAX, ID_BYTES_MAX, KEPT_DEPTH_MAX, KEPT_VALUES_MAX, LIST_ITEMS_MAX,
};

/// A text of at most [`FIELD_BYTES_MAX`] bytes; what is cut is said.
pub fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= FIELD_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let mark = format!("… [{} bytes]", text.len());
    let kept = text.floor_char_boundary(FIELD_BYTES_MAX - mark.len());
    Cow::Owned(format!("{}{mark}", text.get(..kept).unwrap_or_default()))
}

/// An identifier without control characters. One that is too long is cut and ends in a digest of the whole, so that it
/// still names one thing only. `None` when nothing is left.
pub fn identifier(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let plain = plain.trim();
    if plain.is_empty() {
        return None;
    }
    if plain.len() <= ID_BYTES_MAX {
        return Some(plain.to_owned());
    }
    let digest = crate::id::of("", &[text.as_bytes()]);
    let kept = plain.floor_char_boundary(ID_BYTES_MAX - digest.len() - '…'.len_utf8());
    Some(format!("{}…{digest}", plain.get(..kept)?))
}

/// A resource type: `[a-z][a-z0-9_]{0,63}`. `SecretList`, `secret-list` and `secret list` become `secret_list`.
pub fn kind(text: &str) -> String {
    let name = snake(text, 64);
    if name.is_empty() {
        "resource".to_owned()
    } else {
        name
    }
}

/// An operation's name: two to four dotted parts. What has no dot gets `vendor.` before it.
pub fn operation(text: &str) -> String {
    let well_formed = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let parts = text.split('.').count();
    if text.len() <= ledger::limits::OPERATION_BYTES_MAX
        && (2..=4).contains(&parts)
        && text.split('.').all(well_formed)
    {
        return text.to_owned();
    }
    let mut parts: Vec<String> = text
        .split('.')
        .map(|part| snake(part, 30))
        .filter(|part| !part.is_empty())
        .take(4)
        .collect();
    if parts.len() < 2 {
        parts.insert(0, "vendor".to_owned());
    }
    if parts.len() < 2 {
        parts.push("event".to_owned());
    }
    parts.join(".")
}

/// `CamelCase`, dashes and blanks as snake case of at most `most` bytes, beginning with a letter.
pub fn snake(text: &str, most: usize) -> String {
    let mut name = String::with_capacity(most.min(text.len() + 8));
    let (mut last, mut letters) = (' ', text.chars().peekable());
    while let Some(letter) = letters.next() {
        let next_is_lower = letters.peek().is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && (last.is_ascii_lowercase()
                || last.is_ascii_digit()
                || (last.is_ascii_uppercase() && next_is_lower));
        last = letter;
        let plain = letter.is_ascii_alphanumeric();
        if (begins || !plain) && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if plain && !(name.is_empty() && letter.is_ascii_digit()) {
            name.push(letter.to_ascii_lowercase());
        }
        if name.len() >= most {
            break;
        }
    }
    name.truncate(most);
    name.trim_end_matches('_').to_owned()
}

/// What is kept of a vendor's value: nested no deeper than [`KEPT_DEPTH_MAX`], lists of at most [`LIST_ITEMS_MAX`] items,
/// at most [`KEPT_VALUES_MAX`] values. What is left out is counted in its place.
pub fn kept(value: &Value<'_>) -> Value<'static> {
    let mut left = KEPT_VALUES_MAX;
    keep(value, KEPT_DEPTH_MAX, &mut left)
}

fn keep(value: &Value<'_>, depth: usize, left: &mut usize) -> Value<'static> {
    *left = left.saturating_sub(1);
    match value {
        Value::Array(items) if depth == 0 => Value::string(format!("[{} items]", items.len())),
        Value::Object(members) if depth == 0 => {
            Value::string(format!("[{} members]", members.len()))
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items {
                if *left == 0 || kept.len() == LIST_ITEMS_MAX {
                    let more = items.len() - kept.len();
                    kept.push(Value::string(format!("[{more} more]")));
                    break;
                }
                kept.push(keep(item, depth - 1, left));
            }
            Value::Array(kept)
        }
        Value::Object(members) => {
            let mut kept = Vec::new();
            for (name, member) in members {
                if *left == 0 {
                    break;
                }
                kept.push((name.to_string().into(), keep(member, depth - 1, left)));
            }
            Value::Object(kept)
        }
        Value::String(text) => Value::string(cut(text).into_owned()),
        other => other.clone().into_owned(),
    }
}

/// Leaves out members of the given names at any depth, and says how many bytes stood there: for values that must not be
/// kept whatever they are, such as the data of a Kubernetes Secret. Member names inside stay.
pub fn without_values(value: &Value<'_>, names: &[&str]) -> Value<'static> {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| {
                    let value = if names.contains(&name.as_ref()) {
                        emptied(member)
                    } else {
                        without_values(member, names)
                    };
                    (name.to_string().into(), value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| without_values(item, names))
                .collect(),
        ),
        other => other.clone().into_owned(),
    }
}

fn emptied(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.to_string().into(), emptied(member)))
                .collect(),
        ),
        Value::Null => Value::Null,
        _ => Value::string("[left out]"),
    }
}

/// Whether a text holds an e-mail address.
pub fn has_email(text: &str) -> bool {
    text.split(|character: char| character.is_whitespace() || "<>()[],;\"'".contains(character))
        .any(|word| {
            word.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !host.starts_with('.')
            })
        })
}

/// The same value with e-mail addresses in its texts replaced, for metadata that everybody who reads details may see.
pub fn without_emails(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::String(text) if has_email(text) => Value::string(hide_emails(text)),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (hide_emails(name).into(), without_emails(member)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_emails).collect()),
        other => other.clone().into_owned(),
    }
}

/// A text with e-mail addresses replaced.
pub fn hide_emails(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let ends = |character: char| character.is_whitespace() || "<>()[],;\"'".contains(character);
    while !rest.is_empty() {
        let end = rest.find(ends).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(if has_email(word) { "[e-mail]" } else { word });
        let gap = after.chars().next().map_or(0, char::len_utf8);
        let (gap, next) = after.split_at(gap);
        out.push_str(gap);
        rest = next;
    }
    out
}

/// A percent-encoded text as it was before; `None` if that is no UTF-8. A percent sign without two digits stays.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|pair| pair.iter().all(u8::is_ascii_hexdigit))
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| *byte == b'%');
        out.push(code.unwrap_or(*byte));
        rest = after.get(if code.is_some() { 2 } else { 0 }..)?;
    }
    String::from_utf8(out).ok()
}

/// A time as vendors write it: RFC 3339, or seconds or milliseconds since 1970 as a number or its text.
pub fn time(value: &Value<'_>) -> Option<Micros> {
    match value {
        Value::String(text) => Micros::parse(text.trim())
            .ok()
            .or_else(|| epoch(text.trim())),
        Value::Number(digits) => epoch(digits),
        _ => None,
    }
}

/// Beyond this, a number counts milliseconds: as seconds it would be the year 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

fn epoch(text: &str) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok().filter(|number| *number > 0)?;
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: i64 = six.parse().ok()?;
    let micros = if whole > SECONDS_MAX {
        whole.checked_mul(1_000)?
    } else {
        whole.checked_mul(1_000_000)?.checked_add(fraction)?
    };
    // Beyond the year 9999 it would be moved there.
    Some(Micros::from_micros(micros)).filter(|time| time.as_micros() == micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_door_wants_them() {
        for (sent, expect) in [
            ("ConfigMap", "config_map"),
            ("IAMUser", "iam_user"),
            ("check-run", "check_run"),
            ("2fa token", "fa_token"),
            ("", "resource"),
            ("Ünïcode", "n_code"),
        ] {
            assert_eq!(kind(sent), expect, "{sent}");
        }
        for (sent, expect) in [
            ("deployment.created", "deployment.created"),
            ("push", "vendor.push"),
            ("", "vendor.event"),
            ("aws.ec2.RunInstances", "aws.ec2.run_instances"),
            ("a.b.c.d.e", "a.b.c.d"),
        ] {
            assert_eq!(operation(sent), expect, "{sent}");
            assert!(ledger::vocabulary::resolve(expect).is_ok());
        }
    }

    #[test]
    fn addresses_of_persons_are_hidden_in_texts() {
        let text = "Co-authored-by: Ana <ana@example.com>, user@host";
        assert_eq!(
            hide_emails(text),
            "Co-authored-by: Ana <[e-mail]>, user@host"
        );
    }

    #[test]
    fn percent_codes_are_read_and_broken_ones_stay() {
        assert_eq!(percent_decoded("a%20b%C3%A9").as_deref(), Some("a b\u{e9}"));
        assert_eq!(
            percent_decoded("100%, %4, %zz%").as_deref(),
            Some("100%, %4, %zz%")
        );
        assert_eq!(percent_decoded("%ff"), None);
    }

    #[test]
    fn times_of_vendors_are_read_and_nonsense_is_not() {
        let read = |text: &str| time(&Value::string(text)).map(|time| time.to_string());
        let day = Some("2026-03-12T14:32:07.000000Z".to_owned());
        assert_eq!(read("2026-03-12T15:32:07+01:00"), day);
        assert_eq!(read("1773325927"), day);
        assert_eq!(read("1773325927000"), day);
        for text in [
            "",
            "-1",
            "soon",
            "99999999999999999999",
            "999999999999999",
            "2026-13-40T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let deep = (0..60).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(kept(&deep).to_compact().len() < 100);
        let wide = Value::Array(vec![Value::Array(vec![Value::Null; 1_000]); 1_000]);
        assert!(kept(&wide).to_compact().len() < 100_000);
    }
}
