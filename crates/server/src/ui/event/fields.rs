//! Every value of an event but its changes, in groups, each with the search for it.
//!
//! Promises: a value stands in exactly one group, whoever chose its name. What would be too many rows is shown as JSON.

use std::borrow::Cow;

use ledger::json::{Value, write_compact};

use super::super::moment::Moment;
use super::super::visit::Visit;
use super::super::withheld::is_withheld;
use super::link;

/// What a mask begins with.
pub(super) const MASK: &str = "[masked:hmac-sha256:";
/// Members of the API's answer that are not the event's own: they are shown elsewhere.
pub(super) const BESIDE: [&str; 5] = ["entry", "person", "details", "withheld", "location"];
/// Rows of one member beyond which it is shown as JSON.
pub(super) const ROWS_MAX: usize = 100;
/// Texts beyond this, or of several lines, get a box of their own.
const LINE_BYTES_MAX: usize = 240;

/// Values that belong together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) leaves: Vec<Leaf>,
    /// What has too many values for rows.
    pub(super) whole: Vec<Whole>,
}

/// One value with its place.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) label: String,
    /// As `data-at` has it; empty for what is not in the log.
    pub(super) pointer: String,
    pub(super) text: String,
    /// The search for it; empty for none.
    pub(super) href: String,
    pub(super) form: Form,
}

/// How a value is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// On a line.
    Line,
    /// In a box.
    Box,
    /// A time.
    Time(Box<Moment>),
    /// With a mask in it.
    Masked,
    /// With something left out for this viewer.
    Withheld,
}

/// A member as JSON.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub(super) label: String,
    pub(super) pointer: String,
    pub(super) text: String,
    pub(super) count: usize,
}

/// Titles, and the members that stand below each; the last takes what no other does.
const GROUPS: [(&str, &[&str]); 10] = [
    (
        "What happened",
        &["operation", "outcome", "timestamp", "reason", "approval"],
    ),
    ("Who", &["actor"]),
    ("From where", &["origin"]),
    ("To what", &["resource"]),
    ("What else it concerns", &["related"]),
    (
        "In what context",
        &[
            "context",
            "request_id",
            "correlation_id",
            "causation_id",
            "trace_id",
        ],
    ),
    ("What the producer added", &["metadata", "extra"]),
    (
        "How it came",
        &[
            "producer",
            "ingest",
            "original_id",
            "operation_as_sent",
            "timestamp_as_sent",
            "masked",
        ],
    ),
    (
        "Where it is recorded",
        &["id", "log", "seq", "recorded_at", "leaf_hash", "parts"],
    ),
    ("What else was said", &[]),
];

/// The groups of an event that have something in them.
pub(super) fn groups(event: &Value<'_>, visit: &Visit) -> Vec<Group> {
    let members = event.as_object().unwrap_or_default();
    let named = GROUPS.iter().flat_map(|(_, names)| names.iter());
    let named: Vec<&str> = named.copied().chain(BESIDE).collect();
    let mut groups = Vec::with_capacity(GROUPS.len());
    for (title, names) in GROUPS {
        let mut group = Group {
            title,
            leaves: Vec::new(),
            whole: Vec::new(),
        };
        for name in names {
            let found = members.iter().filter(|(known, _)| known == name);
            found.for_each(|(_, value)| group.add(name, value, names.len() > 1, visit));
        }
        if names.is_empty() {
            let others = members.iter().filter(|(known, value)| {
                let is_list = known == "changes"
                    && value
                        .as_array()
                        .is_some_and(|items| items.len() <= ROWS_MAX);
                !is_list && !named.contains(&known.as_ref())
            });
            others.for_each(|(name, value)| group.add(name, value, true, visit));
        }
        if !group.leaves.is_empty() || !group.whole.is_empty() {
            groups.push(group);
        }
    }
    groups
}

/// Where the address is, which no log holds.
pub(super) fn location(event: &Value<'_>, visit: &Visit) -> Vec<Leaf> {
    let Some(location) = event.member("location") else {
        return Vec::new();
    };
    let mut leaves = Vec::new();
    walk(
        location,
        &mut vec![Cow::Borrowed("location")],
        &mut |place, text| {
            leaves.push(Leaf {
                pointer: String::new(),
                ..leaf(place, text, false, visit)
            });
        },
    );
    leaves
}

impl Group {
    fn add(&mut self, name: &str, value: &Value<'_>, with_name: bool, visit: &Visit) {
        let mut leaves = Vec::new();
        let mut count = 0;
        walk(value, &mut vec![Cow::Borrowed(name)], &mut |place, text| {
            count += 1;
            // The server writes an empty list where the entry has none.
            let nothing = text == "[]" && matches!(place, ["ingest", "flags"]);
            if count <= ROWS_MAX && !nothing {
                leaves.push(leaf(place, text, with_name, visit));
            }
        });
        if count <= ROWS_MAX {
            self.leaves.append(&mut leaves);
            return;
        }
        let mut text = String::new();
        pretty(value, 0, &mut text);
        self.whole.push(Whole {
            label: name.to_owned(),
            pointer: link::pointer(&[name]),
            text,
            count,
        });
    }
}

/// One value, called by its place without the group's own name.
pub(super) fn leaf(place: &[&str], text: &str, with_name: bool, visit: &Visit) -> Leaf {
    let label = if with_name {
        place
    } else {
        place.get(1..).unwrap_or_default()
    };
    let label = if label.is_empty() { place } else { label };
    let time = matches!(place, ["timestamp" | "recorded_at"]);
    let moment = time.then(|| Moment::read(text, visit.now)).flatten();
    let (form, text) = match moment {
        Some(moment) => {
            let shown = moment.iso.replace('T', " ").replace('Z', " UTC");
            (Form::Time(Box::new(moment)), shown)
        }
        None => (form_of(text), text.to_owned()),
    };
    Leaf {
        label: label.join("."),
        pointer: link::pointer(place),
        href: if time {
            String::new()
        } else {
            link::of(visit, place, &text)
        },
        text,
        form,
    }
}

fn form_of(text: &str) -> Form {
    if text.contains(MASK) {
        Form::Masked
    } else if is_withheld(text) {
        Form::Withheld
    } else if text.len() > LINE_BYTES_MAX || text.contains(['\n', '\r']) {
        Form::Box
    } else {
        Form::Line
    }
}

/// Tells every scalar below `value` with its place, of which `place` is the beginning; what is empty counts as `{}` or
/// `[]`. Recurses as deep as the JSON was read.
pub(super) fn walk<'v>(
    value: &'v Value<'_>,
    place: &mut Vec<Cow<'v, str>>,
    tell: &mut impl FnMut(&[&str], &str),
) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                place.push(Cow::Borrowed(name.as_ref()));
                walk(member, place, tell);
                place.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                place.push(Cow::Owned(index.to_string()));
                walk(item, place, tell);
                place.pop();
            }
        }
        scalar => {
            let place: Vec<&str> = place.iter().map(AsRef::as_ref).collect();
            tell(&place, &shown(scalar));
        }
    }
}

/// A scalar as a page shows it: strings as they are, the rest as JSON writes it.
pub(super) fn shown(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => text.as_ref().to_owned(),
        other => other.to_compact(),
    }
}

/// JSON with a member on each line.
pub(super) fn pretty(value: &Value<'_>, depth: usize, out: &mut String) {
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (index, (name, member)) in members.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                indent(out, depth + 1);
                ledger::json::write_string(name, out);
                out.push_str(": ");
                pretty(member, depth + 1, out);
            }
            indent(out, depth);
            out.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                indent(out, depth + 1);
                pretty(item, depth + 1, out);
            }
            indent(out, depth);
            out.push(']');
        }
        scalar => write_compact(scalar, out),
    }
}
