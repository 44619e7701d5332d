//! What is kept of a thing that no table knows: its scalars, so that nothing is lost over its name.
//!
//! Promises: at most [`SCALARS_MAX`] members, cut as all texts are; nothing that is named like a secret, an address, a
//! person or a text that people write at length.

use ledger::json::Value;

use crate::clean;

/// Most members that are kept.
const SCALARS_MAX: usize = 40;

/// The scalars of an object; `None` if there are none.
pub(crate) fn scalars(object: &Value<'_>) -> Option<Value<'static>> {
    let members = object.as_object()?;
    let kept: Vec<_> = members
        .iter()
        .filter(|(name, value)| {
            let is_scalar = matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
            is_scalar && !is_left_out(name)
        })
        .take(SCALARS_MAX)
        .map(|(name, value)| (name.to_string().into(), value.clone().into_owned()))
        .collect();
    (!kept.is_empty()).then(|| clean::without_emails(&clean::kept(&Value::Object(kept))))
}

fn is_left_out(name: &str) -> bool {
    let is_person = ["user_", "owner_", "author_", "creator_"]
        .iter()
        .any(|person| name.starts_with(person) && !name.ends_with("_id"));
    is_person
        || name.contains("email")
        || name.ends_with("url")
        || name.ends_with("node_id")
        || ledger::secret::is_secret_name(name)
        || matches!(
            name,
            "action"
                | "body"
                | "description"
                | "message"
                | "note"
                | "text"
                | "comment"
                | "username"
                | "login"
        )
}
