//! What is taken of the provider's words about a person.
//!
//! Promises: an address counts only if the provider says that it was verified; texts and groups are bounded. Must never:
//! take one claim for another, or invent a name.

use serde_json::{Map, Value};

/// Groups that are looked at.
const GROUPS_MAX: usize = 2_000;
/// Longest name of a group.
const GROUP_BYTES_MAX: usize = 512;
/// Longest name and address.
const TEXT_BYTES_MAX: usize = 254;

/// A person, as the provider describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// What the provider calls them for ever.
    pub(crate) subject: String,
    /// What they are called.
    pub(crate) name: String,
    /// Their address, in lower case, if it was verified.
    pub(crate) email: Option<String>,
    /// Groups that they are in.
    pub(crate) groups: Vec<String>,
}

/// Whether the token says enough, so that nobody need be asked.
pub(super) fn is_enough(claims: &Map<String, Value>, groups: &str, wants_groups: bool) -> bool {
    claims.contains_key("email") && (!wants_groups || claim(claims, groups).is_some())
}

/// The person of these claims; `more` is what else the provider said of the same person, and counts where the token is
/// silent.
pub(super) fn of(
    subject: String,
    claims: &Map<String, Value>,
    more: Option<&Map<String, Value>>,
    groups: &str,
) -> Profile {
    let said = [Some(claims), more];
    let mut said = said.into_iter().flatten();
    let text = |claims: &Map<String, Value>, name| {
        let text = claims.get(name)?.as_str()?.trim();
        let fits =
            (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    };
    // Address and verification belong together: both of one document.
    let email = said.clone().find(|claims| claims.contains_key("email"));
    let email = email
        .filter(|claims| is_true(claims.get("email_verified")))
        .and_then(|claims| text(claims, "email"))
        .filter(|email| email.contains('@'))
        .map(|email| email.to_lowercase());
    let name = ["name", "preferred_username"]
        .into_iter()
        .find_map(|name| said.clone().find_map(|claims| text(claims, name)));
    let name = name.or_else(|| email.clone());
    let groups = said.find_map(|claims| claim(claims, groups));
    Profile {
        name: name.unwrap_or_else(|| subject.clone()),
        subject,
        email,
        groups: groups.map(names).unwrap_or_default(),
    }
}

/// A claim by its name; or, if it begins with a slash, by where it is (RFC 6901).
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    let Some(pointer) = name.strip_prefix('/') else {
        return claims.get(name);
    };
    let mut pieces = pointer
        .split('/')
        .map(|piece| piece.replace("~1", "/").replace("~0", "~"));
    let first = claims.get(&pieces.next()?)?;
    pieces.try_fold(first, |value, piece| value.get(piece))
}

/// Some providers say it as a text.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(said)) => *said,
        Some(Value::String(said)) => said == "true",
        _ => false,
    }
}

/// One name, or a list of them.
fn names(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let list = value.as_array().map_or(one, Vec::as_slice);
    let names = list.iter().filter_map(Value::as_str);
    let names = names.filter(|name| name.len() <= GROUP_BYTES_MAX);
    names.take(GROUPS_MAX).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile(claims: &Value, more: Option<&Value>, groups: &str) -> Profile {
        let map = |value: &Value| value.as_object().unwrap().clone();
        of("s".into(), &map(claims), more.map(map).as_ref(), groups)
    }

    #[test]
    fn an_address_counts_only_where_it_is_said_to_be_verified() {
        let verified = json!({"email": "Ana@Example.com", "email_verified": true});
        assert_eq!(
            profile(&verified, None, "groups").email.unwrap(),
            "ana@example.com"
        );
        for said in [json!(false), json!(null), json!(1), json!("yes")] {
            let claims = json!({"email": "ana@example.com", "email_verified": said});
            assert_eq!(profile(&claims, None, "groups").email, None);
        }
        // One document's word does not vouch for another's address.
        let token = json!({"email": "boss@example.com"});
        assert_eq!(profile(&token, Some(&verified), "groups").email, None);
        let silent = json!({"email_verified": true});
        let unverified = json!({"email": "boss@example.com"});
        assert_eq!(profile(&silent, Some(&unverified), "groups").email, None);
    }

    #[test]
    fn groups_are_found_by_name_or_place_and_only_texts_count() {
        let claims = json!({
            "https://a.example/groups": ["x", 1, null, "y"],
            "realm_access": {"roles": ["z"]},
            "role": "one"
        });
        let groups = |name| profile(&claims, None, name).groups;
        assert_eq!(groups("https://a.example/groups"), ["x", "y"]);
        assert_eq!(groups("/realm_access/roles"), ["z"]);
        assert_eq!(groups("role"), ["one"]);
        assert!(groups("groups").is_empty() && groups("/realm_access").is_empty());
    }
}
