//! What an event says to people: one sentence, made from the template of its operation and what is known of the event.
//!
//! A template is text with placeholders in braces, of the closed set [`PLACEHOLDERS`]. A stretch in brackets, such as
//! `[ of {project}]`, is left out if something in it is unknown, or gives way to what follows a bar in it:
//! `[ {resource}| somebody]`. Only `{actor}` may stand outside brackets; where it is unknown, it was "somebody".
//!
//! Promises: pure; one line of bounded length, whatever the values are; values are never read as a template. Must
//! never: claim that something was done which was denied, failed or was cancelled.

/// What a template may name.
pub const PLACEHOLDERS: [&str; 6] = [
    "actor",
    "resource",
    "resource_type",
    "project",
    "environment",
    "outcome",
];

/// What is known of an event. What is empty or blank counts as unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// Who did it: a name, else an id.
    pub actor: Option<&'a str>,
    /// What it was done to: a name, else an id.
    pub resource: Option<&'a str>,
    /// What kind of thing that is, such as `environment_variable`.
    pub resource_type: Option<&'a str>,
    /// The project's name, else its id.
    pub project: Option<&'a str>,
    /// The environment, such as `production`.
    pub environment: Option<&'a str>,
    /// How it ended: one of [`crate::event::OUTCOMES`].
    pub outcome: Option<&'a str>,
}

/// The sentence of a built-in operation.
///
/// An outcome other than success is added, unless the template or the name of the operation tells it.
pub fn render(operation: &super::Operation, values: &Values<'_>) -> String {
    let mut text = fill(operation.sentence, values);
    if !operation.sentence.contains("{outcome}") {
        add_outcome(&mut text, operation.name, values);
    }
    text
}

/// The sentence of a built-in operation with words such as `ACTOR` for what an event would say: for lists of operations.
pub fn sample(operation: &super::Operation) -> String {
    let values = Values {
        actor: Some("ACTOR"),
        resource: Some("RESOURCE"),
        resource_type: Some("TYPE"),
        project: Some("PROJECT"),
        environment: Some("ENVIRONMENT"),
        outcome: None,
    };
    render(operation, &values)
}

/// The sentence of a name that has no template: a tenant's own, or one that nobody knows.
pub fn render_unknown(name: &str, values: &Values<'_>) -> String {
    // The name is cleaned like a value, since it may be anything that was stored.
    let mut text = fill("{actor} did", values);
    text.push(' ');
    push_clean(&mut text, name);
    text.push_str(&fill(
        "[ to the {resource_type}][ {resource}][ in {project}]",
        values,
    ));
    add_outcome(&mut text, name, values);
    text
}

/// Most characters of one value that a sentence shows.
const VALUE_CHARS_MAX: usize = 120;

/// What is put for an actor that is not known, at the beginning and elsewhere.
const NOBODY_KNOWN: (&str, &str) = ("Somebody", "somebody");

/// How an event may end and the last words of names that tell so: "failed (failed)" would tell it twice.
const ENDINGS: [(&str, &[&str]); 3] = [
    ("cancelled", &["cancelled"]),
    ("denied", &["denied", "refused"]),
    ("failure", &["discarded", "exceeded", "failed", "timed_out"]),
];

fn tells_how_it_ended(name: &str, outcome: &str) -> bool {
    let is_last = |word: &str| {
        name.strip_suffix(word)
            .is_some_and(|before| before.ends_with(['.', '_']))
    };
    ENDINGS
        .iter()
        .any(|(ending, words)| *ending == outcome && words.iter().any(|word| is_last(word)))
}

fn add_outcome(text: &mut String, name: &str, values: &Values<'_>) {
    let outcome = values.of("outcome").map_or("success", str::trim);
    if outcome == "success" || tells_how_it_ended(name, outcome) {
        return;
    }
    text.push_str(" (");
    push_clean(
        text,
        if outcome == "failure" {
            "failed"
        } else {
            outcome
        },
    );
    text.push(')');
}

/// The template with its values. A template that cannot be read to its end is shown as it stands.
fn fill(template: &str, values: &Values<'_>) -> String {
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        push_plain(&mut text, before, values);
        let Some((stretch, after)) = after.split_once(']') else {
            text.push_str(after);
            return text;
        };
        let (wanted, otherwise) = stretch.split_once('|').unwrap_or((stretch, ""));
        if placeholders(wanted).all(|name| values.of(name).is_some()) {
            push_plain(&mut text, wanted, values);
        } else {
            push_plain(&mut text, otherwise, values);
        }
        rest = after;
    }
    push_plain(&mut text, rest, values);
    text
}

/// Text without brackets.
fn push_plain(text: &mut String, template: &str, values: &Values<'_>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push_str(after);
            return;
        };
        match values.of(name) {
            Some(value) if name == "resource_type" => push_clean(text, &value.replace('_', " ")),
            Some(value) => push_clean(text, value),
            // A test forbids every other placeholder outside brackets.
            None if text.is_empty() => text.push_str(NOBODY_KNOWN.0),
            None => text.push_str(NOBODY_KNOWN.1),
        }
        rest = after;
    }
    text.push_str(rest);
}

/// The names in braces, in order.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
}

/// A value as sentences show it: on one line, of bounded length, without characters that reorder or hide others.
pub fn clean(value: &str) -> String {
    let mut text = String::new();
    push_clean(&mut text, value);
    text
}

/// A value on one line, of bounded length, without characters that reorder or hide the text around them.
fn push_clean(text: &mut String, value: &str) {
    let mut chars = value.trim().chars();
    for c in chars.by_ref().take(VALUE_CHARS_MAX) {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{2028}' | '\u{2029}' | '\u{feff}' => text.push(' '),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    if chars.next().is_some() {
        text.push('…');
    }
}

impl<'a> Values<'a> {
    fn of(&self, name: &str) -> Option<&'a str> {
        let value = match name {
            "actor" => self.actor,
            "resource" => self.resource,
            "resource_type" => self.resource_type,
            "project" => self.project,
            "environment" => self.environment,
            "outcome" => self.outcome,
            _ => None,
        };
        value.filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests;
