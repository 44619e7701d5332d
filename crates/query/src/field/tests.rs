use super::*;

#[test]
fn every_name_means_one_thing() {
    let fields = FIELDS.iter().map(|info| (info.name, info.aliases));
    let shorthands = SHORTHANDS
        .iter()
        .map(|shorthand| (shorthand.name, shorthand.aliases));
    let mut names: Vec<&str> = fields
        .chain(shorthands)
        .flat_map(|(name, aliases)| std::iter::once(name).chain(aliases.iter().copied()))
        .collect();
    assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn every_name_and_alias_finds_its_field_in_any_case() {
    for info in FIELDS.iter().filter(|info| !info.name.ends_with('>')) {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            assert_eq!(Field::parse(name).as_ref(), Some(info.field), "{name}");
            let upper = name.to_uppercase();
            assert_eq!(Field::parse(&upper).as_ref(), Some(info.field), "{upper}");
        }
        assert_eq!(info.field.name(), info.name);
        assert_eq!(info.field.info().name, info.name);
    }
}

#[test]
fn the_table_has_every_field() {
    // Fields are numbered from 0 to Text, which is the last.
    assert_eq!(FIELDS.len(), 49);
    for pair in FIELDS.windows(2) {
        assert!(pair[0].field < pair[1].field, "{}", pair[1].name);
    }
    assert_eq!(FIELDS.last().unwrap().field, &Field::Text);
}

#[test]
fn open_names_read_back_whatever_is_in_them() {
    for path in [
        "a",
        "a.b",
        "",
        " ",
        "a b",
        "a\"b",
        "a\\b",
        "\\",
        "\"",
        "a:b",
        "a(b)",
        "k8s.io/name",
        "größe",
        "x.before",
        "before",
        ".before",
        "x.before.after",
        "a*",
        "i\u{307}",
        "-a",
        "\n",
    ] {
        let metadata = Field::Metadata(path.to_owned());
        assert_eq!(Field::parse(&metadata.name()), Some(metadata), "{path}");
        for side in [Side::Either, Side::Before, Side::After] {
            let name = path.to_owned();
            let change = Field::Change { name, side };
            assert_eq!(
                Field::parse(&change.name()),
                Some(change),
                "{path} {side:?}"
            );
        }
    }
}

#[test]
fn names_that_are_none_are_not_found() {
    for name in [
        "",
        "x",
        "metadata",
        "metadata.",
        "metadata.a*",
        "metadata.\"",
        "metadata.\"a",
        "metadata.\"a\"b",
        "changes.",
        "changes..after",
        "metadata.\"a\\b\"",
        "metadata.<path>",
        "actor",
        "since",
        "ärger",
    ] {
        let found = Field::parse(name);
        assert!(
            found.is_none() || name == "metadata.<path>",
            "{name}: {found:?}"
        );
    }
}

#[test]
fn slips_of_the_finger_are_told_from_other_words() {
    for (name, expect) in [
        ("operaton", Some("operation")),
        ("Enviroment", Some("environment")),
        ("actor.mail", Some("actor.email")),
        ("sinse", Some("since")),
        ("x", None),
        ("https", None),
        ("completely", None),
    ] {
        assert_eq!(suggestion(name), expect, "{name}");
    }
}

#[test]
fn distance_counts_single_letters() {
    for (left, right, expect) in [
        ("kitten", "sitting", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("same", "same", 0),
        ("abcdef", "bcdefa", 2),
    ] {
        assert_eq!(
            edits(left.as_bytes(), right.as_bytes()),
            expect,
            "{left} {right}"
        );
    }
}
