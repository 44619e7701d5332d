//! Fields whose values can be counted and completed, by the names that people use for them.

use query::{Field, Kind};

use super::error::HttpError;

/// Names of the query language that stand for several fields, and the one of them that is counted.
const MEANT: &[(&str, Field)] = &[
    ("actor", Field::ActorId),
    ("user", Field::ActorId),
    ("resource", Field::ResourceId),
];

/// Whether a field's values can be counted. Identifiers hardly ever repeat; texts, numbers and times have none to list.
pub(super) fn is_countable(kind: Kind) -> bool {
    matches!(kind, Kind::Keyword | Kind::Open | Kind::Address)
}

/// The countable field of a name.
pub(super) fn read(parameter: &'static str, name: &str) -> Result<Field, HttpError> {
    let meant = MEANT
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    let field = meant
        .map(|(_, field)| field.clone())
        .or_else(|| Field::parse(name));
    match field {
        Some(field) if is_countable(field.kind()) => Ok(field),
        // The name is the table's own, never what was sent.
        Some(field) => Err(HttpError::bad_parameter(
            parameter,
            format_args!(
                "fields whose values can be counted; those of {} are matched only",
                field.info().name
            ),
        )),
        None => Err(HttpError::bad_parameter(
            parameter,
            "names of fields; GET /v1/fields lists them",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_repeat_are_countable_and_others_are_named() {
        assert_eq!(read("by", "user_id").unwrap(), Field::ActorId);
        assert_eq!(read("by", "Actor").unwrap(), Field::ActorId);
        assert_eq!(
            read("by", "metadata.Team").unwrap(),
            Field::Metadata("team".into())
        );
        for (name, told) in [
            ("text", "text"),
            ("event_id", "id"),
            ("reason", "reason"),
            ("since", "GET /v1/fields"),
            ("hunter2", "GET /v1/fields"),
        ] {
            let refused = read("by", name).unwrap_err().problem().clone();
            assert!(refused.detail.contains(told), "{name}: {}", refused.detail);
            assert!(!refused.detail.contains("hunter2"));
        }
    }
}
