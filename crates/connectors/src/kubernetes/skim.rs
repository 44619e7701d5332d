//! The members of an object and the items of an array as they stand, without reading them.
//!
//! Promises: follows strings and brackets only, bytes that are no UTF-8 included, so that one member that can't be read
//! doesn't hide the others.

use crate::limits::EVENTS_MAX;

/// Most members of an object that is skimmed: an audit event has some twenty.
const MEMBERS_MAX: usize = 200;

/// One member: its name between the quotes, unread, and the text of its value.
pub(super) type Member<'a> = (&'a [u8], &'a [u8]);

/// The members of the object that fills `text`; `None` if it is no whole object.
pub(super) fn members(text: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut found = Vec::new();
    let mut at = space(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    at = space(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return ends(text, at + 1).then_some(found);
    }
    loop {
        let name_from = at;
        at = string(text, at)?;
        let name = text.get(name_from + 1..at - 1)?;
        at = space(text, at);
        if text.get(at) != Some(&b':') || found.len() == MEMBERS_MAX {
            return None;
        }
        let value_from = space(text, at + 1);
        at = value(text, value_from)?;
        found.push((name, text.get(value_from..at)?.trim_ascii_end()));
        match text.get(at)? {
            b',' => at = space(text, at + 1),
            b'}' => return ends(text, at + 1).then_some(found),
            _ => return None,
        }
    }
}

/// The items of the array that fills `text`; `None` if it is no whole array. One more than may be in a delivery is enough.
pub(super) fn items(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    let mut at = space(text, 0);
    if text.get(at) != Some(&b'[') {
        return None;
    }
    at = space(text, at + 1);
    if text.get(at) == Some(&b']') {
        return ends(text, at + 1).then_some(found);
    }
    loop {
        let from = at;
        at = value(text, from)?;
        let item = text.get(from..at)?.trim_ascii_end();
        if item.is_empty() {
            return None;
        }
        found.push(item);
        match text.get(at)? {
            b',' => at = space(text, at + 1),
            b']' => return ends(text, at + 1).then_some(found),
            _ => return None,
        }
        if found.len() > EVENTS_MAX {
            return Some(found);
        }
    }
}

fn space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_ascii_start().len()
}

fn ends(text: &[u8], at: usize) -> bool {
    space(text, at) == text.len()
}

/// Behind the string that begins at `at`.
fn string(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// At the comma or bracket behind the value that begins at `at`.
fn value(text: &[u8], at: usize) -> Option<usize> {
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at = string(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b',' | b'}' | b']' if depth == 0 => return Some(at),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_whatever_stands_in_them() {
        let text = br#" { "a" : {"x":[1,{"y":"}\""}]} ,"b":null, "c\n": "," } "#;
        let found = members(text).unwrap();
        let values: Vec<_> = found.iter().map(|(_, value)| *value).collect();
        let expect: [&[u8]; 3] = [br#"{"x":[1,{"y":"}\""}]}"#, b"null", br#"",""#];
        assert_eq!(values, expect);
        assert_eq!(members(b"{}"), Some(Vec::new()));
    }

    #[test]
    fn items_are_found_whatever_stands_in_them() {
        let text = b" [ {\"a\":[1,\"\xff]\"]} , 2 ,\"x\"] ";
        let expect: [&[u8]; 3] = [b"{\"a\":[1,\"\xff]\"]}", b"2", b"\"x\""];
        assert_eq!(items(text).unwrap(), expect);
        assert_eq!(items(b"[]"), Some(Vec::new()));
        for text in ["", "[", "[1", "[1,", "[1,]", "[,1]", "[1] 2", "{}", "[1}"] {
            assert_eq!(items(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_object_is_none() {
        for text in [
            "",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":\"\\",
            "[]",
            "{} {}",
            "{\"a\":1}x",
            "{,}",
        ] {
            assert_eq!(members(text.as_bytes()), None, "{text}");
        }
    }
}
