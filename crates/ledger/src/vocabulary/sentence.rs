//! What an event says to people: one sentence, made from the template of its operation and what is known of the event.
//!
//! A template is text with placeholders in braces, of the closed set [`PLACEHOLDERS`]. A stretch in brackets, such as
//! `[ of {project}]`, is left out if something in it is unknown, or gives way to what follows a bar in it:
//! `[ {resource}| somebody]`. Only `{actor}` may stand outside brackets; where it is unknown, it was "somebody".
//!
//! Promises: pure; one line of bounded length, whatever the values are; values are never read as a template, and each is a
//! [`Part`] of its own. Must never: claim that something was done which was denied, failed or was cancelled.

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

/// A stretch of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What is read.
    pub text: String,
    /// The placeholder whose value this is; nothing for words of ours.
    pub of: Option<&'static str>,
}

/// The sentence of a built-in operation.
///
/// An outcome other than success is added, unless the template or the name of the operation tells it.
pub fn render(operation: &super::Operation, values: &Values<'_>) -> String {
    joined(&parts(operation, values))
}

/// The same in parts, for whoever shows values in another way than the words around them.
pub fn parts(operation: &super::Operation, values: &Values<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    fill(&mut parts, operation.sentence, values);
    if !operation.sentence.contains("{outcome}") {
        add_outcome(&mut parts, operation.name, values);
    }
    parts
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
    joined(&parts_unknown(name, values))
}

/// The same in parts.
pub fn parts_unknown(name: &str, values: &Values<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    fill(&mut parts, "{actor} did ", values);
    // The name is cleaned like a value, since it may be anything that was stored.
    push_words(&mut parts, &clean(name));
    let rest = "[ to the {resource_type}][ {resource}][ in {project}]";
    fill(&mut parts, rest, values);
    add_outcome(&mut parts, name, values);
    parts
}

fn joined(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
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

fn add_outcome(parts: &mut Vec<Part>, name: &str, values: &Values<'_>) {
    let outcome = values.of("outcome").map_or("success", str::trim);
    if outcome == "success" || tells_how_it_ended(name, outcome) {
        return;
    }
    let word = if outcome == "failure" {
        "failed"
    } else {
        outcome
    };
    parts.push(Part {
        text: format!(" ({})", clean(word)),
        of: Some("outcome"),
    });
}

/// Adds the template with its values. A template that cannot be read to its end is shown as it stands.
fn fill(parts: &mut Vec<Part>, template: &str, values: &Values<'_>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        push_plain(parts, before, values);
        let Some((stretch, after)) = after.split_once(']') else {
            push_words(parts, after);
            return;
        };
        let (wanted, otherwise) = stretch.split_once('|').unwrap_or((stretch, ""));
        if placeholders(wanted).all(|name| values.of(name).is_some()) {
            push_plain(parts, wanted, values);
        } else {
            push_plain(parts, otherwise, values);
        }
        rest = after;
    }
    push_plain(parts, rest, values);
}

/// Adds a template without brackets.
fn push_plain(parts: &mut Vec<Part>, template: &str, values: &Values<'_>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        push_words(parts, before);
        let Some((name, after)) = after.split_once('}') else {
            push_words(parts, after);
            return;
        };
        let known = PLACEHOLDERS.into_iter().find(|known| *known == name);
        match known.and_then(|known| Some((known, values.of(known)?))) {
            Some((known, value)) => {
                let text = if known == "resource_type" {
                    clean(&value.replace('_', " "))
                } else {
                    clean(value)
                };
                let of = Some(known);
                parts.push(Part { text, of });
            }
            // A test forbids every other placeholder outside brackets.
            None if parts.is_empty() => push_words(parts, NOBODY_KNOWN.0),
            None => push_words(parts, NOBODY_KNOWN.1),
        }
        rest = after;
    }
    push_words(parts, rest);
}

/// Adds words of ours to those that stand last.
fn push_words(parts: &mut Vec<Part>, words: &str) {
    match parts.last_mut().filter(|last| last.of.is_none()) {
        _ if words.is_empty() => {}
        Some(last) => last.text.push_str(words),
        None => parts.push(Part {
            text: words.to_owned(),
            of: None,
        }),
    }
}

/// The names in braces, in order.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name))
}

/// A value as sentences show it: on one line, of bounded length, without characters that reorder or hide the text around
/// them.
pub fn clean(value: &str) -> String {
    let mut text = String::new();
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
    text
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
