//! Before and after: what changed, field by field.
//!
//! Promises: both sides can be put together again from what is shown, so that the proof in the page compares them as well;
//! a side that was not sent is told apart from one that is empty. What would be too many rows is shown as JSON besides.

mod lines;

use ledger::json::Value;

use self::lines::{Stretch, compare};
use super::super::visit::Visit;
use super::fields::{Leaf, MASK, ROWS_MAX, leaf, pretty, shown, walk};
use super::link;

/// Texts beyond this, or of several lines, are compared by lines.
const SHORT_BYTES_MAX: usize = 120;

/// One changed field.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) name: String,
    /// As `data-at` has the field's name.
    pub(super) name_at: String,
    pub(super) name_href: String,
    pub(super) sides: Sides,
    /// What masks on both sides tell.
    pub(super) note: &'static str,
    /// What else the producer said of this change.
    pub(super) rest: Vec<Leaf>,
}

/// How the sides are shown.
#[derive(Clone, Debug)]
pub(super) enum Sides {
    /// Beside each other.
    Short(Option<Side>, Option<Side>),
    /// Line by line.
    Lines(Lines),
    /// One below the other: too long to be compared.
    Long(Option<Side>, Option<Side>),
}

/// One side.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) pointer: String,
    pub(super) text: String,
    /// Whether the text is JSON of several values.
    pub(super) json: bool,
    pub(super) href: String,
}

/// Both sides as lines.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The item's place; before and after stand below it.
    pub(super) pointer: String,
    /// `json` or `text`.
    pub(super) form: &'static str,
    /// `both`, `before`, `after`: which sides there are.
    pub(super) has: &'static str,
    pub(super) stretches: Vec<Stretch>,
}

/// The first changes of an event. If there are more, they all stand among its fields.
pub(super) fn of(event: &Value<'_>, visit: &Visit) -> Vec<Change> {
    let items = event
        .member("changes")
        .and_then(Value::as_array)
        .unwrap_or_default();
    let changes = items.iter().take(ROWS_MAX).enumerate();
    changes
        .map(|(index, item)| change(item, &index.to_string(), visit))
        .collect()
}

/// How many changed fields there are, if not all are among [`of`].
pub(super) fn too_many(event: &Value<'_>) -> Option<usize> {
    let items = event.member("changes").and_then(Value::as_array)?;
    Some(items.len()).filter(|count| *count > ROWS_MAX)
}

fn change(item: &Value<'_>, index: &str, visit: &Visit) -> Change {
    let (before, after) = (item.member("before"), item.member("after"));
    let field = item.member("field").and_then(Value::as_str);
    let mut rest = Vec::new();
    let mut place = vec!["changes".into(), index.into()];
    match item.as_object() {
        Some(members) if !members.is_empty() => {
            for (name, value) in members {
                let elsewhere = match name.as_ref() {
                    "field" => field.is_some(),
                    name => matches!(name, "before" | "after"),
                };
                if !elsewhere {
                    place.push(name.as_ref().into());
                    walk(value, &mut place, &mut |place, text| {
                        rest.push(rest_of(place, text, visit));
                    });
                    place.pop();
                }
            }
        }
        _ => walk(item, &mut place, &mut |place, text| {
            rest.push(rest_of(place, text, visit));
        }),
    }
    Change {
        name: field.unwrap_or("unnamed").to_owned(),
        name_at: field.map_or_else(String::new, |_| link::pointer(&["changes", index, "field"])),
        name_href: field.map_or_else(String::new, |field| {
            link::of(visit, &["changes", index, "field"], field)
        }),
        note: note(before, after),
        sides: sides(before, after, index, visit),
        rest,
    }
}

fn rest_of(place: &[&str], text: &str, visit: &Visit) -> Leaf {
    let label = place.get(2..).unwrap_or_default().join(".");
    Leaf {
        label,
        ..leaf(place, text, false, visit)
    }
}

fn sides(
    before: Option<&Value<'_>>,
    after: Option<&Value<'_>>,
    index: &str,
    visit: &Visit,
) -> Sides {
    let given = [before, after].into_iter().flatten();
    let json = given.clone().any(is_container);
    let text = |value: &Value<'_>| {
        if json {
            let mut text = String::new();
            pretty(value, 0, &mut text);
            return text;
        }
        shown(value)
    };
    let texts = [before.map(text), after.map(text)];
    let side = |text: &Option<String>, name: &str| {
        let text = text.clone()?;
        let place = ["changes", index, name];
        let href = if json {
            String::new()
        } else {
            link::of(visit, &place, &text)
        };
        Some(Side {
            pointer: link::pointer(&place),
            text,
            json,
            href,
        })
    };
    let [old, new] = &texts;
    let both = (side(old, "before"), side(new, "after"));
    let short = |text: &String| text.len() <= SHORT_BYTES_MAX && !text.contains(['\n', '\r']);
    if texts.iter().flatten().all(short) {
        return Sides::Short(both.0, both.1);
    }
    let Some(stretches) = compare(old.as_deref(), new.as_deref()) else {
        return Sides::Long(both.0, both.1);
    };
    Sides::Lines(Lines {
        pointer: link::pointer(&["changes", index]),
        form: if json { "json" } else { "text" },
        has: match (old, new) {
            (Some(_), Some(_)) => "both",
            (Some(_), None) => "before",
            _ => "after",
        },
        stretches,
    })
}

fn is_container(value: &Value<'_>) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// What masks of both sides tell: they are equal exactly if the secrets are.
fn note(before: Option<&Value<'_>>, after: Option<&Value<'_>>) -> &'static str {
    let is_mask = |value: &&Value<'_>| {
        value
            .as_str()
            .is_some_and(|text| text.starts_with(MASK) && text.ends_with(']'))
    };
    match (before.filter(is_mask), after.filter(is_mask)) {
        (Some(before), Some(after)) if before == after => {
            "The same mask on both sides: the secret did not change."
        }
        (Some(_), Some(_)) => "Different masks: the secret was changed.",
        _ => "",
    }
}
