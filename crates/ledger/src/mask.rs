//! Masking at the door: no secret leaves this module in the clear.
//!
//! Promises: every string at any depth is looked at, member names too, JSON inside strings as well; what was masked is
//! listed by pointer; masking masked text changes nothing. Must never: report a value, or stop at a depth unseen (text
//! nested deeper than [`MASK_DEPTH_MAX`] is masked whole when it could hide something).

use std::borrow::Cow;

use crate::event::Event;
use crate::json::{self, Value, push_token};
use crate::keyring::TenantKeys;
use crate::limits::MASK_DEPTH_MAX;
use crate::secret;

/// What the rules need to know about the event.
#[derive(Debug)]
pub struct Rules<'a> {
    /// The tenant's keys.
    pub keys: &'a TenantKeys,
    /// Pointers (array indexes as `*`) that the tenant wants in the clear.
    pub exceptions: &'a [String],
    resource_type: String,
    resource_id: String,
    sensitive: bool,
}

/// Masks an event in place; answers the pointers of what was masked, sorted, without repeats.
pub fn mask(event: &mut Event<'_>, keys: &TenantKeys, exceptions: &[String]) -> Vec<String> {
    let operation = event.operation.split(['.', ':']).next().unwrap_or_default();
    let rules = Rules {
        keys,
        exceptions,
        resource_type: event.resource.kind.clone().into_owned(),
        resource_id: event.resource.id.as_deref().unwrap_or_default().to_owned(),
        sensitive: is_sensitive_type(&event.resource.kind) || is_sensitive_type(operation),
    };
    let mut masked = Vec::new();
    let root = Path {
        parent: None,
        token: Token::Root,
    };
    for (name, value) in event.person.iter_mut().chain(event.details.iter_mut()) {
        let path = Path {
            parent: Some(&root),
            token: Token::Name(name),
        };
        rules.walk(value, &path, &Place::default(), &mut masked);
    }
    masked.sort();
    masked.dedup();
    masked
}

/// Resource types whose changes hold secrets by nature.
pub fn is_sensitive_type(kind: &str) -> bool {
    const WORDS: [&str; 4] = ["env", "envvar", "var", "variable"];
    // `apikey` and `sshkey` are keys, too; a monkey may be masked.
    const ENDINGS: [&str; 6] = [
        "secret",
        "token",
        "credential",
        "key",
        "password",
        "passphrase",
    ];
    kind.split('_').any(|word| {
        let word = word.strip_suffix('s').unwrap_or(word);
        WORDS.contains(&word) || ENDINGS.iter().any(|ending| word.ends_with(ending))
    })
}

/// A place in the event, linked to the place around it; printed only when something is masked.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    token: Token<'p>,
}

#[derive(Clone, Copy)]
enum Token<'p> {
    Root,
    Name(&'p str),
    Index(usize),
}

impl Path<'_> {
    /// The RFC 6901 pointer; with `starred`, array indexes are `*`.
    fn print(&self, starred: bool) -> String {
        let mut out = self
            .parent
            .map(|parent| parent.print(starred))
            .unwrap_or_default();
        match self.token {
            Token::Root => {}
            Token::Name(name) => push_token(&mut out, name),
            Token::Index(_) if starred => out.push_str("/*"),
            Token::Index(index) => push_token(&mut out, &index.to_string()),
        }
        out
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.token, Token::Name(found) if found == name)
    }

    /// Whether this is an item of the event's `changes`.
    fn is_change(&self) -> bool {
        matches!(self.token, Token::Index(_))
            && self.parent.is_some_and(|array| {
                array.is_name("changes")
                    && array
                        .parent
                        .is_some_and(|root| matches!(root.token, Token::Root))
            })
    }
}

/// What the places above say about a value.
#[derive(Clone, Copy, Default)]
struct Place<'p> {
    /// The `field` of the change that this value belongs to.
    change: Option<&'p str>,
    /// The nearest member name, for rules that ask for it.
    name: Option<&'p str>,
    /// How many texts inside texts have been opened.
    opened: usize,
}

impl Rules<'_> {
    fn walk(
        &self,
        value: &mut Value<'_>,
        path: &Path<'_>,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) {
        if !self.exceptions.is_empty() && self.exceptions.contains(&path.print(true)) {
            return;
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                if let Some(clean) = self.text(text, path, place, masked) {
                    *text = Cow::Owned(clean);
                }
            }
            Value::Array(items) => {
                // `["--password", "…"]`, and pairs as in `[["Authorization", "…"]]`.
                let is_pair = items.len() == 2 && matches!(path.token, Token::Index(_));
                let mut is_named = false;
                for (index, item) in items.iter_mut().enumerate() {
                    let path = Path {
                        parent: Some(path),
                        token: Token::Index(index),
                    };
                    let names_next = item.as_str().is_some_and(|text| {
                        (is_pair || text.starts_with('-')) && secret::is_secret_name(text)
                    });
                    if is_named && matches!(item, Value::String(_)) {
                        self.whole(item, &path, place, masked);
                    } else {
                        self.walk(item, &path, place, masked);
                    }
                    is_named = names_next && !is_named;
                }
            }
            Value::Object(_) => self.object(value, path, place, masked),
        }
    }

    fn object(
        &self,
        value: &mut Value<'_>,
        path: &Path<'_>,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) {
        let is_change = path.is_change();
        let members = value.as_object().unwrap_or_default();
        // `{"name": "DB_PASSWORD", "value": "…"}` and the items of `changes` name their field in a value.
        let asks = is_change
            || members
                .iter()
                .any(|(name, _)| is_value_name(name) || is_content_name(name));
        let labelled_secret = asks && members.iter().any(labels_secret);
        let field = value.member("field").and_then(Value::as_str);
        let field = field.filter(|_| is_change).map(str::to_owned);
        let Value::Object(members) = value else {
            return;
        };
        for (name, item) in members.iter_mut() {
            // Of a change on a sensitive resource, everything but the field's own name is masked.
            let names_itself = if is_change && self.sensitive {
                name == "field"
            } else {
                is_label(name)
            };
            let carries =
                is_change || is_value_name(name) || (labelled_secret && is_content_name(name));
            let whole = !names_itself
                && (secret_member(name, item) || ((self.sensitive || labelled_secret) && carries));
            let change = field.as_deref().or(place.change);
            // The name first: pointers must not show what it hides.
            if !is_schema_name(name) && name.len() >= 8 && secret::is_secret_shaped(name) {
                let path = Path {
                    parent: Some(path),
                    token: Token::Name("*"),
                };
                if let Some(clean) = self.text(name, &path, place, masked) {
                    *name = Cow::Owned(clean);
                }
            }
            {
                let path = Path {
                    parent: Some(path),
                    token: Token::Name(name),
                };
                let inner = Place {
                    change,
                    name: Some(name),
                    ..*place
                };
                if whole {
                    self.whole(item, &path, &inner, masked);
                } else {
                    self.walk(item, &path, &inner, masked);
                }
            }
        }
        // Two masked names may have become one; keep both apart.
        distinguish(members);
    }

    /// Masks a value whatever its shape; what says nothing (null, an empty text, a boolean) stays.
    fn whole(
        &self,
        value: &mut Value<'_>,
        path: &Path<'_>,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) {
        if !self.exceptions.is_empty() && self.exceptions.contains(&path.print(true)) {
            return;
        }
        let text = match &*value {
            Value::Null => return,
            Value::Bool(_) if place.change.is_none() => return,
            Value::String(text) if text.is_empty() || is_mask(text) => return,
            Value::String(text) => text.clone().into_owned(),
            other => {
                let mut text = String::new();
                json::write_canonical(other, &mut text);
                text
            }
        };
        *value = Value::String(Cow::Owned(self.tagged(&text, path, place)));
        masked.push(path.print(false));
    }

    fn tagged(&self, text: &str, path: &Path<'_>, place: &Place<'_>) -> String {
        let field = place
            .change
            .map_or_else(|| path.print(true), |field| format!("changes/{field}"));
        self.keys
            .masked(&self.resource_type, &self.resource_id, &field, text)
    }

    /// The masked form of a text, or `None` when nothing in it is secret.
    fn text(
        &self,
        text: &str,
        path: &Path<'_>,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Option<String> {
        if text.len() < 5 || is_mask(text) {
            return None;
        }
        let artifact = !self.sensitive && place.name.is_some_and(secret::is_artifact_name);
        if !artifact && secret::is_bare_hash(text) {
            masked.push(path.print(false));
            return Some(self.tagged(text, path, place));
        }
        match self.embedded(text, path, place, masked) {
            Embedded::NotJson => {}
            Embedded::Clean => return None,
            Embedded::Masked(clean) => return Some(clean),
        }
        let spans = secret::spans(text);
        if spans.is_empty() {
            return None;
        }
        masked.push(path.print(false));
        let mut out = String::with_capacity(text.len() + 64);
        let mut end = 0;
        for span in spans {
            out.push_str(text.get(end..span.start).unwrap_or_default());
            out.push_str(&self.tagged(text.get(span.clone()).unwrap_or_default(), path, place));
            end = span.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        Some(out)
    }

    /// Opens JSON inside a string.
    fn embedded(
        &self,
        text: &str,
        path: &Path<'_>,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Embedded {
        let trimmed = text.trim_start();
        if !trimmed.starts_with(['{', '[', '"']) || trimmed.len() < 8 {
            return Embedded::NotJson;
        }
        let Ok(mut inner) = json::parse(text.as_bytes()) else {
            return Embedded::NotJson;
        };
        if place.opened >= MASK_DEPTH_MAX {
            masked.push(path.print(false));
            return Embedded::Masked(self.tagged(text, path, place));
        }
        let before = masked.len();
        let deeper = Place {
            opened: place.opened + 1,
            ..*place
        };
        self.walk(&mut inner, path, &deeper, masked);
        if masked.len() > before {
            Embedded::Masked(inner.to_compact())
        } else {
            Embedded::Clean
        }
    }
}

/// What a string turned out to be when it was read as JSON.
enum Embedded {
    /// Not JSON: look at it as text.
    NotJson,
    /// JSON without anything secret.
    Clean,
    /// JSON, masked.
    Masked(String),
}

/// Whether a member's name alone says that its value is secret.
fn secret_member(name: &str, value: &Value<'_>) -> bool {
    !is_schema_name(name)
        && !matches!(value, Value::Null | Value::Bool(_))
        && secret::is_secret_name(name)
        && !is_count(value)
}

/// The names of an event's own members, which most names are: none of them says that its value is secret.
fn is_schema_name(name: &str) -> bool {
    matches!(
        name,
        "id" | "type"
            | "name"
            | "email"
            | "ip"
            | "user_agent"
            | "device"
            | "session_id"
            | "credential_id"
            | "on_behalf_of"
            | "project_id"
            | "application"
            | "service"
            | "environment"
            | "region"
            | "channel"
            | "source_action"
            | "code"
            | "message"
            | "field"
            | "before"
            | "after"
            | "seq"
    )
}

/// Members that name the thing whose value stands beside them.
fn is_label(name: &str) -> bool {
    const LABELS: [&str; 8] = [
        "field",
        "name",
        "key",
        "header",
        "id",
        "variable",
        "parameter",
        "label",
    ];
    LABELS.iter().any(|label| name.eq_ignore_ascii_case(label))
}

/// Whether this member names something secret: `"name": "DB_PASSWORD"`.
fn labels_secret((name, value): &json::Member<'_>) -> bool {
    is_label(name) && value.as_str().is_some_and(secret::is_secret_name)
}

/// Members that carry the value of a secret named beside them, and anything else otherwise.
fn is_content_name(name: &str) -> bool {
    const NAMES: [&str; 4] = ["content", "data", "string", "text"];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Small counts (`{"tokens": 512}`) are no secrets, PINs and passcodes of four digits and more are.
fn is_count(value: &Value<'_>) -> bool {
    matches!(value, Value::Number(text) if text.len() < 4)
}

/// Members that carry the value of the thing named beside them.
fn is_value_name(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "after",
        "before",
        "current",
        "currentvalue",
        "defaultvalue",
        "from",
        "new",
        "newvalue",
        "old",
        "oldvalue",
        "plaintext",
        "previous",
        "previousvalue",
        "rawvalue",
        "stringvalue",
        "to",
        "value",
        "valuefrom",
        "values",
    ];
    // Compared letter by letter, without `-` and `_`: most names differ in the first.
    let letters = || {
        let plain = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_'));
        plain.map(|byte| byte.to_ascii_lowercase())
    };
    let Some(first) = letters().next() else {
        return false;
    };
    NAMES
        .iter()
        .any(|known| known.as_bytes().first() == Some(&first) && letters().eq(known.bytes()))
}

/// Whether the text is a mask as a whole, in form: what only begins like one hides nothing.
fn is_mask(text: &str) -> bool {
    let inner = text
        .strip_prefix("[masked:hmac-sha256:")
        .and_then(|rest| rest.strip_suffix(']'));
    let Some((kid, tag)) = inner.and_then(|inner| inner.split_once(':')) else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=16).contains(&kid.len())
        && kid.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && tag.len() == 22
        && tag.bytes().all(is_plain)
}

/// Appends `#n` to member names that stand twice.
fn distinguish(members: &mut [(Cow<'_, str>, Value<'_>)]) {
    for index in 1..members.len() {
        let (before, rest) = members.split_at_mut(index);
        let Some((name, _)) = rest.first_mut() else {
            return;
        };
        if is_mask(name) && before.iter().any(|(known, _)| known == name) {
            *name = Cow::Owned(format!("{name}#{index}"));
        }
    }
}

#[cfg(test)]
mod tests;
