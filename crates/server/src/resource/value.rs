//! Values of fields: alone, or as members of a set.

use std::collections::BTreeMap;

use ledger::json::{Value, write_canonical};

/// Most members of a set that are kept.
pub(super) const MEMBERS_MAX: usize = 2_000;
/// Largest member of a set that is kept, in bytes.
const MEMBER_BYTES_MAX: usize = 1_024;
/// Largest value that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 32 * 1_024;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value, which may be an object.
    One(Value<'static>),
    /// Values without an order, by their canonical text.
    Set(Members),
    /// It changed, and no event says to what, or it is too large to be kept.
    Untold,
}

/// The members of a set.
pub(crate) type Members = BTreeMap<String, Value<'static>>;

impl Shape {
    /// The shape of a value as it was told: a list of plain values is a set. The other answer is whether all of it is kept.
    pub(super) fn of(value: &Value<'_>) -> (Self, bool) {
        if let Some(items) = value.as_array()
            && items.iter().all(is_plain)
        {
            let mut members = Members::new();
            let mut whole = true;
            for item in items {
                whole &= put(&mut members, item);
            }
            return (Self::Set(members), whole);
        }
        if value.to_compact().len() > VALUE_BYTES_MAX {
            return (Self::Untold, false);
        }
        (Self::One(value.clone().into_owned()), true)
    }

    /// The members that this stands for, to be changed; whether all of them are known.
    pub(super) fn into_members(self) -> (Members, bool) {
        match self {
            Self::Set(members) => (members, true),
            Self::One(value) => {
                let mut members = Members::new();
                let whole = items(&value).iter().all(|item| put(&mut members, item));
                (members, whole)
            }
            Self::Untold => (Members::new(), false),
        }
    }

    /// The value as it is shown.
    pub(crate) fn to_value(&self) -> Option<Value<'static>> {
        match self {
            Self::One(value) => Some(value.clone()),
            Self::Set(members) => Some(Value::Array(members.values().cloned().collect())),
            Self::Untold => None,
        }
    }

    /// Whether this may be what an event says was there. A set of one is as good as its member.
    pub(super) fn may_be(&self, found: &Value<'_>) -> bool {
        match self {
            Self::Untold => true,
            Self::One(Value::Array(known)) => found.as_array().is_some_and(|found| {
                known.len() == found.len()
                    && known.iter().zip(found).all(|(one, other)| same(one, other))
            }),
            Self::One(Value::Null) => items(found).is_empty(),
            Self::One(known) => matches!(items(found), [found] if same(known, found)),
            Self::Set(known) => {
                let found: BTreeMap<String, &Value<'_>> = items(found)
                    .iter()
                    .map(|item| (canonical(item), item))
                    .collect();
                let masks = known
                    .values()
                    .chain(found.values().copied())
                    .filter_map(|member| member.as_str().and_then(mask_kid));
                found.keys().eq(known.keys()) || differ(masks)
            }
        }
    }
}

/// Puts a member into a set; whether it is in it now.
pub(super) fn put(members: &mut Members, item: &Value<'_>) -> bool {
    let name = canonical(item);
    if members.contains_key(&name) {
        return true;
    }
    if members.len() >= MEMBERS_MAX || name.len() > MEMBER_BYTES_MAX {
        return false;
    }
    members.insert(name, item.clone().into_owned());
    true
}

/// Takes a member out of a set; whether it was in it.
pub(super) fn take(members: &mut Members, item: &Value<'_>) -> bool {
    members.remove(&canonical(item)).is_some()
}

/// Whether any two of these are not the same.
fn differ<'a>(mut texts: impl Iterator<Item = &'a str>) -> bool {
    let first = texts.next();
    texts.any(|text| Some(text) != first)
}

/// The members that a value stands for: those of a list, or itself; none for null.
pub(super) fn items<'v>(value: &'v Value<'v>) -> &'v [Value<'v>] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

/// Whether two values are the same: numbers by what they say, objects whatever the order of their members. Masks of
/// different keys can't be compared and count as the same.
pub(super) fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    let kids = [left, right].map(|value| value.as_str().and_then(mask_kid));
    if let [Some(left), Some(right)] = kids
        && left != right
    {
        return true;
    }
    canonical(left) == canonical(right)
}

fn is_plain(value: &Value<'_>) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn canonical(value: &Value<'_>) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

/// The key id of a text that is a mask.
fn mask_kid(text: &str) -> Option<&str> {
    text.strip_prefix("[masked:hmac-sha256:")?
        .split_once(':')
        .map(|(kid, _)| kid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value<'_> {
        ledger::json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_set_is_bounded_in_members_and_bytes() {
        let mut members = Members::new();
        for n in 0..MEMBERS_MAX {
            assert!(put(&mut members, &value(&n.to_string())));
        }
        assert!(put(&mut members, &value("7")) && !put(&mut members, &value("-1")));
        let long = format!("\"{}\"", "x".repeat(MEMBER_BYTES_MAX));
        assert!(!put(&mut Members::new(), &value(&long)));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(VALUE_BYTES_MAX));
        assert_eq!(Shape::of(&value(&large)), (Shape::Untold, false));
    }

    #[test]
    fn what_was_there_is_compared_by_meaning() {
        for (known, found, expect) in [
            (r#""viewer""#, r#""viewer""#, true),
            (r#""viewer""#, r#""admin""#, false),
            (r#""viewer""#, r#"["viewer"]"#, true),
            ("1.0", "1", true),
            ("1", r#""1""#, false),
            ("null", "null", true),
            ("null", "[]", true),
            ("null", r#""x""#, false),
            (r#""x""#, "null", false),
            (r#"["a","b"]"#, r#"["b","a"]"#, true),
            (r#"["a","b"]"#, r#"["a"]"#, false),
            (r#"["a"]"#, r#"["a","b"]"#, false),
            ("[]", "null", true),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
            (r#"[{"a":1},{"b":2}]"#, r#"[{"a":1},{"b":2}]"#, true),
            (r#"[{"a":1},{"b":2}]"#, r#"[{"b":2},{"a":1}]"#, false),
            (r#"[{"a":1}]"#, r#"[{"a":1}]"#, true),
            (
                r#""[masked:hmac-sha256:k1:AAAA]""#,
                r#""[masked:hmac-sha256:k1:BBBB]""#,
                false,
            ),
            (
                r#""[masked:hmac-sha256:k1:AAAA]""#,
                r#""[masked:hmac-sha256:k2:BBBB]""#,
                true,
            ),
        ] {
            assert_eq!(
                Shape::of(&value(known)).0.may_be(&value(found)),
                expect,
                "{known} {found}"
            );
        }
    }
}
