//! What some keys may not see: mask tags (writers), persons and addresses (analysts).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ledger::json::{Member, Value};
use query::visibility::{addresses, is_person_type};

/// What stands in place of an address.
pub(super) const WITHHELD: &str = "[address withheld]";

/// What stands in place of a related person's id and name.
const PERSON_WITHHELD: &str = "[person withheld]";

/// What stands before the key id and tag of a mask, and of the mark of a cut text.
const KEYED: &str = ":hmac-sha256:";
/// Longest `<kid>:<tag>` in bytes.
const TAG_BYTES_MAX: usize = 64;

/// The text with the key id and tag of every mask and of every cut text left out.
pub(super) fn elide_tags(text: &str) -> Cow<'_, str> {
    if !text.contains(KEYED) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(KEYED) {
        out.push_str(before);
        out.push_str(KEYED);
        rest = after;
        let end = after.find(']').filter(|end| *end <= TAG_BYTES_MAX);
        if let Some(end) = end.filter(|_| is_tag_ahead(before)) {
            out.push('…');
            rest = after.get(end..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether `[masked` or `[cut:<bytes>` is what the text ends in.
fn is_tag_ahead(before: &str) -> bool {
    let is_cut = || {
        let bytes = before.trim_end_matches(|digit: char| digit.is_ascii_digit());
        bytes.len() < before.len() && bytes.ends_with("[cut:")
    };
    before.ends_with("[masked") || is_cut()
}

/// Replaces whatever a part says of related persons but that they are, and who approved.
pub(in crate::http) fn withhold_related(part: &mut Value<'_>) {
    let Value::Object(members) = part else { return };
    for (name, value) in members.iter_mut() {
        if let ("approval", Value::Object(said)) = (name.as_ref(), value) {
            for (_, by) in said.iter_mut().filter(|(name, _)| name == "by") {
                *by = Value::string(PERSON_WITHHELD);
            }
        }
    }
    let related = members.iter_mut().filter(|(name, _)| name == "related");
    for (_, related) in related {
        let Value::Array(items) = related else {
            continue;
        };
        for item in items {
            let kind = item.member("type").and_then(Value::as_str);
            if !kind.is_some_and(is_person_type) {
                continue;
            }
            let Value::Object(said) = item else { continue };
            for (_, value) in said.iter_mut().filter(|(name, _)| name != "type") {
                *value = Value::string(PERSON_WITHHELD);
            }
        }
    }
}

/// Replaces e-mail and IP addresses in every string, names of members included.
pub(in crate::http) fn withhold_addresses(value: &mut Value<'_>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            withhold_in(text);
        }
        Value::Array(items) => items.iter_mut().for_each(withhold_addresses),
        Value::Object(members) => {
            let mut renamed = false;
            for (name, item) in members.iter_mut() {
                renamed |= withhold_in(name);
                withhold_addresses(item);
            }
            if renamed {
                distinguish(members);
            }
        }
    }
}

/// Numbers names that became the same, so that no member stands twice.
fn distinguish(members: &mut [Member<'_>]) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in members {
        if known.insert(name.to_string()) {
            continue;
        }
        let count = counts.entry(name.to_string()).or_insert(1);
        let mut numbered;
        loop {
            *count += 1;
            numbered = format!("{name} #{count}");
            if known.insert(numbered.clone()) {
                break;
            }
        }
        *name = Cow::Owned(numbered);
    }
}

/// Answers whether there was something to be withheld.
fn withhold_in(text: &mut Cow<'_, str>) -> bool {
    let found = addresses(text);
    if found.is_empty() {
        return false;
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for range in found {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(WITHHELD);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    *text = Cow::Owned(out);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_elided_and_the_rest_stays() {
        for (text, expect) in [
            ("plain", "plain"),
            (
                "a [masked:hmac-sha256:0011aabb:qRhb73V5fNheZGtPzZtwCg] b [masked:hmac-sha256:k:t]",
                "a [masked:hmac-sha256:…] b [masked:hmac-sha256:…]",
            ),
            ("[masked:hmac-sha256:", "[masked:hmac-sha256:"),
        ] {
            assert_eq!(elide_tags(text), expect);
        }
    }

    #[test]
    fn addresses_are_withheld_wherever_they_stand() {
        for text in [
            "dev@example.com",
            "mail to <dev@example.com>, please",
            "mailto:dev@example.com?subject=x",
            "198.51.100.23",
            "198.51.100.23:8080",
            "[2001:db8::1]:443",
            "2001:db8::1",
            "from ip:198.51.100.23.",
            "https://198.51.100.23/path",
            "dev@localhost",
            "user=dev@example.com;x",
            "198.51.100.1-198.51.100.9",
            "ip-198.51.100.4",
            "worker_198.51.100.4:9000",
            "2001:db8::1-2001:db8::2",
            "2001:db8::1%eth0",
            "\"john @ example.com\"@corp.example",
            "as bob%40corp.example.com",
        ] {
            let mut value = Value::string(text);
            withhold_addresses(&mut value);
            let text = value.as_str().unwrap();
            assert!(text.contains(WITHHELD), "{text}");
            assert!(
                !text.contains("example.com") && !text.contains("198.51") && !text.contains("db8"),
                "{text}"
            );
        }
        let mut value = ledger::json::parse(
            br#"{"10.0.0.1":1,"[address withheld] #2":2,"a@b.example":3,"x":4,"::1":5}"#,
        )
        .unwrap();
        withhold_addresses(&mut value);
        let names = value.as_object().unwrap().iter().map(|(name, _)| name);
        let names: Vec<_> = names.collect();
        let numbered = [1, 2, 3, 4].map(|number| format!("{WITHHELD} #{number}"));
        let [_, second, third, fourth] = &numbered;
        assert_eq!(names, [WITHHELD, second, third, "x", fourth]);
        for text in [
            "deploy v1.2.3 at 12:30",
            "Vec::new",
            "DATABASE_URL",
            "1.2.3",
        ] {
            let mut value = Value::string(text);
            withhold_addresses(&mut value);
            assert_eq!(value.as_str(), Some(text));
        }
    }
}
