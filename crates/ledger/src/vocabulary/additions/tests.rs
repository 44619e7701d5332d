//! What additions promise: they collide with nothing, are read as they were written, and never change a meaning.

use super::super::{Mode, NameError, Resolved, all, check, check_with, resolve_with, suggest_with};
use super::*;

fn addition(name: &str, aliases: &[&str]) -> Addition {
    Addition {
        name: name.to_owned(),
        category: Category::Deployments,
        severity: Severity::Notice,
        description: "A parcel was weighed".to_owned(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
    }
}

fn additions(list: &[(&str, &[&str])]) -> Additions {
    let list = list
        .iter()
        .map(|(name, aliases)| addition(name, aliases))
        .collect();
    Additions::new(list).unwrap()
}

fn refused(list: Vec<Addition>) -> (usize, AdditionField, AdditionProblem) {
    let error = Additions::new(list).unwrap_err();
    (error.index, error.field, error.problem)
}

#[test]
fn an_addition_is_canonical_for_its_tenant_and_unknown_to_others() {
    let own = additions(&[
        ("parcel.weighed", &["parcel.weigh", "WeighIn"]),
        ("oven.opened", &[]),
    ]);
    for mode in [Mode::Open, Mode::Strict] {
        let name = "parcel.weighed".to_owned();
        let resolved = check_with("parcel.weighed", mode, &own);
        assert_eq!(resolved, Ok(Resolved::Addition { name }));
    }
    for sent in ["ParcelWeighed", "parcel-weigh", "weigh_in", "weigh.in"] {
        let name = "parcel.weighed".to_owned();
        let resolved = resolve_with(sent, &own).unwrap();
        assert_eq!(resolved, Resolved::AdditionAlias { name }, "{sent}");
        assert_eq!(resolved.name(), "parcel.weighed");
        assert_eq!(resolved.operation(), None);
        let suggested = Some("parcel.weighed".to_owned());
        let strict = check_with(sent, Mode::Strict, &own);
        assert_eq!(strict, Err(NameError::NotCanonical { suggested }), "{sent}");
    }
    assert!(matches!(
        check("parcel.weighed", Mode::Open),
        Ok(Resolved::Unknown { .. })
    ));
    assert!(check("parcel.weighed", Mode::Strict).is_err());
}

#[test]
fn built_in_names_mean_what_they_mean_whatever_was_added() {
    let own = additions(&[("parcel.weighed", &[])]);
    for operation in all().filter(|operation| !operation.is_reserved()) {
        for name in std::iter::once(&operation.name).chain(operation.aliases) {
            assert_eq!(
                resolve_with(name, &own).unwrap().operation(),
                Some(operation)
            );
        }
    }
    for sent in ["veritrail.key.created", "VeriTrail-x", "a", "", "é.b"] {
        assert_eq!(resolve_with(sent, &own), super::super::resolve(sent));
    }
}

#[test]
fn every_built_in_spelling_is_refused_as_an_addition_and_as_its_alias() {
    for operation in all().filter(|operation| !operation.is_reserved()) {
        let problem = AdditionProblem::BuiltIn(operation.name);
        for alias in operation.aliases {
            assert_eq!(
                refused(vec![addition("parcel.weighed", &[alias])]),
                (0, AdditionField::Aliases, problem),
                "{alias}"
            );
        }
        assert_eq!(
            refused(vec![addition(operation.name, &[])]),
            (0, AdditionField::Name, problem)
        );
    }
}

#[test]
fn what_is_not_sound_is_refused_where_it_stands_and_never_repeated() {
    use AdditionField as Field;
    use AdditionProblem as Problem;
    for name in [
        "",
        "parcel",
        "Parcel.weighed",
        "parcel-weighed",
        "parcel..weighed",
        "a.b.c.d.e",
        "2.b",
        "parcel.wéighed",
        "parcel.weighed ",
        "hunter2.$ecret",
        "ParcelWeighed",
    ] {
        let list = vec![addition("oven.opened", &[]), addition(name, &[])];
        assert_eq!(
            refused(list.clone()),
            (1, Field::Name, Problem::NotCanonical),
            "{name}"
        );
        assert!(name.is_empty() || !Additions::new(list).unwrap_err().to_string().contains(name));
    }
    for name in ["veritrail.parcel.weighed", "veri.trail", "veritrail_x.y"] {
        assert_eq!(
            refused(vec![addition(name, &[])]),
            (0, Field::Name, Problem::Reserved)
        );
        let alias = vec![addition("parcel.weighed", &[name])];
        assert_eq!(refused(alias), (0, Field::Aliases, Problem::Reserved));
    }
    for alias in ["", "a..b", "parcel.wéigh", "x\n.y"] {
        let list = vec![addition("parcel.weighed", &[alias])];
        assert_eq!(
            refused(list),
            (0, Field::Aliases, Problem::Malformed),
            "{alias}"
        );
    }
    for list in [
        vec![addition("a.weighed", &[]), addition("a.weighed", &[])],
        vec![
            addition("a.weighed", &["b.weighed"]),
            addition("b.weighed", &[]),
        ],
        vec![addition("a_b.weighed", &[]), addition("a.b_weighed", &[])],
    ] {
        assert_eq!(refused(list), (1, Field::Name, Problem::Taken));
    }
    let twice = vec![addition("a.weighed", &["AWeighed"])];
    assert_eq!(refused(twice), (0, Field::Aliases, Problem::Taken));
    let of_server = Addition {
        category: Category::AuditLog,
        ..addition("parcel.weighed", &[])
    };
    assert_eq!(
        refused(vec![of_server]),
        (0, Field::Category, Problem::ReservedCategory)
    );
    for description in [
        "x".repeat(ADDITION_DESCRIPTION_BYTES_MAX + 1),
        "a\nb".to_owned(),
    ] {
        let list = vec![Addition {
            description,
            ..addition("parcel.weighed", &[])
        }];
        assert_eq!(refused(list), (0, Field::Description, Problem::Description));
    }
}

#[test]
fn the_most_and_longest_additions_fit_and_one_more_does_not() {
    let widest = |index: usize| {
        let name = |word: &str| format!("{word}{index:03}.{}", "x".repeat(100));
        Addition {
            description: "d".repeat(ADDITION_DESCRIPTION_BYTES_MAX),
            aliases: (0..ADDITION_ALIASES_MAX)
                .map(|alias| name(&format!("alias{alias:02}_")))
                .collect(),
            ..addition(&name("parcel"), &[])
        }
    };
    let list: Vec<Addition> = (0..ADDITIONS_MAX).map(widest).collect();
    let own = Additions::new(list.clone()).unwrap();
    let text = own.to_json();
    assert!(text.len() < ADDITIONS_BYTES_MAX, "{}", text.len());
    assert_eq!(Additions::parse(text.as_bytes()), Ok(own));
    let more = list
        .iter()
        .cloned()
        .chain([widest(ADDITIONS_MAX)])
        .collect();
    assert_eq!(
        refused(more),
        (
            ADDITIONS_MAX,
            AdditionField::Whole,
            AdditionProblem::TooMany
        )
    );
    let mut many = list;
    many[7].aliases.push("one_more.weighed".to_owned());
    assert_eq!(
        refused(many),
        (7, AdditionField::Aliases, AdditionProblem::TooManyAliases)
    );
}

#[test]
fn additions_are_read_as_they_were_written() {
    let own = additions(&[
        ("parcel.weighed", &["WeighIn"]),
        ("oven.opened", &[]),
        ("a.b.c.d_done", &["x"]),
    ]);
    let text = own.to_json();
    assert_eq!(Additions::parse(text.as_bytes()).as_ref(), Ok(&own));
    assert_eq!(own.find("oven.opened").unwrap().severity, Severity::Notice);
    assert_eq!(own.find("WeighIn"), None, "an alias is not a name");
    let names: Vec<&str> = own.all().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a.b.c.d_done", "oven.opened", "parcel.weighed"]);
    assert_eq!(Additions::parse(b"[]").as_ref(), Ok(&NO_ADDITIONS));
    assert_eq!(NO_ADDITIONS.to_json(), "[]");
}

#[test]
fn what_was_kept_before_a_name_was_built_in_keeps_its_meaning() {
    let kept = br#"[{"name":"deploy.create","category":"billing","severity":"info","description":"","aliases":["push"]}]"#;
    let own = Additions::parse(kept).unwrap();
    for sent in ["deploy.create", "DeployCreate", "push"] {
        assert_eq!(resolve_with(sent, &own).unwrap().name(), "deploy.create");
    }
    assert_eq!(
        resolve_with("deployment.created", &own).unwrap().name(),
        "deployment.created"
    );
}

#[test]
fn what_is_no_kept_additions_is_refused_without_panic() {
    let good = additions(&[("parcel.weighed", &["WeighIn"])]).to_json();
    for length in 0..good.len() {
        assert!(
            Additions::parse(&good.as_bytes()[..length]).is_err(),
            "{length}"
        );
    }
    for text in [
        "{}",
        "null",
        "[1]",
        "[[]]",
        "[{}]",
        "[null]",
        "\u{0}",
        r#"[{"name":"a.b","category":"none","severity":"info","description":"","aliases":[]}]"#,
        r#"[{"name":"a.b","category":"audit_log","severity":"info","description":"","aliases":[]}]"#,
        r#"[{"name":"a.b","category":"billing","severity":"dire","description":"","aliases":[]}]"#,
        r#"[{"name":"a.b","category":"billing","severity":"info","description":7,"aliases":[]}]"#,
        r#"[{"name":"a.b","category":"billing","severity":"info","description":"","aliases":[7]}]"#,
        r#"[{"name":"a.b","category":"billing","severity":"info","description":"","aliases":{}}]"#,
        r#"[{"name":"veritrail.b","category":"billing","severity":"info","description":"","aliases":[]}]"#,
    ] {
        assert!(Additions::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Additions::parse(&[0xff, 0xfe]).is_err());
    let huge = format!("[{}]", "1,".repeat(ADDITIONS_BYTES_MAX));
    assert!(Additions::parse(huge.as_bytes()).is_err());
}

#[test]
fn a_slip_of_the_finger_is_answered_with_the_nearest_of_both() {
    let own = additions(&[
        ("parcel.weighed", &["parcel.weigh"]),
        ("deploymant.queried", &[]),
    ]);
    for (sent, expected) in [
        ("parcel.weihed", Some("parcel.weighed")),
        ("deploymnt.created", Some("deployment.created")),
        ("weather.observed", None),
        ("veritrial.key.created", None),
    ] {
        assert_eq!(suggest_with(sent, &own).as_deref(), expected, "{sent}");
    }
}
