//! The judge: one event, and which queries find it.

use std::borrow::Cow;

use ledger::time::Micros;
use query::evaluate::matches;
use query::{Access, Document, Fact, Field, Side, Viewer};

use crate::now;

fn fact(field: Field, text: &str, access: Access) -> Fact<'_> {
    Fact {
        field,
        text: Cow::Borrowed(text),
        access,
    }
}

/// A variable was changed by a person, an hour before it was recorded.
fn event() -> Document<'static> {
    let change = |side| Field::Change {
        name: "role".to_owned(),
        side,
    };
    let open = |field, text| fact(field, text, Access::Open);
    let restricted = |field, text| fact(field, text, Access::Restricted);
    Document {
        seq: 41,
        time: Micros::parse("2026-03-12T13:00:00Z").unwrap(),
        recorded_at: Micros::parse("2026-03-12T14:00:00Z").unwrap(),
        facts: vec![
            open(Field::Id, "evt_01J8Z3ABCDEF"),
            open(Field::Operation, "environment_variable.updated"),
            open(Field::ResourceName, "DATABASE_URL"),
            open(Field::Environment, "Production"),
            open(Field::Outcome, "failure"),
            open(
                Field::Reason,
                "INC-212: rotate after leak, see req-4f9a0c7d51e2b863",
            ),
            restricted(Field::ActorEmail, "Dana@Example.com"),
            restricted(Field::Ip, "10.1.2.3"),
            restricted(Field::Ip, "::ffff:192.0.2.7"),
            restricted(Field::UserAgent, "Terraform/1.9.2 (linux)"),
            open(Field::Changed, "Role"),
            open(change(Side::Before), "viewer"),
            open(change(Side::After), "Admin"),
            open(Field::Metadata("build.number".to_owned()), "0042.50"),
            open(Field::Metadata("commit".to_owned()), "4f9a0c7d51e2b863aa"),
            open(Field::Metadata("note".to_owned()), "12 monkeys"),
            open(Field::ProducerSeq, "8412"),
            open(Field::Text, "größe"),
        ],
    }
}

const FOUND: &[&str] = &[
    "",
    "operation:environment_variable.*",
    "operation:EnvironmentVariableUpdated",
    "op:environment_variable.updated",
    "category:configuration",
    "-category:databases",
    "name:database_url",
    "name:DATABASE*",
    "env:production",
    "env:PROD*",
    "outcome:(failure OR denied)",
    "-outcome:success",
    "-outcome:(success OR cancelled)",
    "id:EVT_01j8z3abcdef",
    "reason:rotate",
    "reason:\"rotate after\"",
    "reason:rot*",
    "reason:\"inc-212\"",
    "reason:after_le*",
    "reason:4f9a0c7d51e2b863",
    "email:dana@example.com",
    "email:dana*",
    "actor:dana@example.com",
    "user:*",
    "ip:10.0.0.0/8",
    "ip:10.1.2.3",
    "ip:::ffff:10.0.0.0/104",
    "ip:192.0.2.0/24",
    "ip:*",
    "user_agent:terraform",
    "user_agent:\"terraform 1.9\" OR user_agent:linux",
    "changes:role",
    "changes.role:admin",
    "changes.role:viewer",
    "changes.role.before:viewer",
    "changes.role.after:ADMIN",
    "changes.role.after:adm*",
    "metadata.build.number:>42",
    "metadata.build.number:<=42.5",
    "metadata.build.number:42..43",
    "metadata.build.number:42.5..42.50",
    "metadata.build.number:0042.50",
    "metadata.commit:4f9a0c7d51e2b863aa",
    "metadata.note:12*",
    "has:metadata.note",
    "-has:metadata.nothing",
    "producer.seq:8412",
    "producer.seq:8412.0",
    "producer.seq:8000..9000",
    "seq:41",
    "seq:<42",
    "has:seq",
    "since:2h",
    "until:now",
    "timestamp:2026-03-12T13",
    "recorded:2026-03-12T14",
    "recorded:>=2026-03-12T14",
    "during:today",
    "DATABASE_URL",
    "\"database url\"",
    "database",
    "datab*",
    "rotate leak",
    "GRÖSSE OR Größe",
    "größ*",
    "10.1.2.3 OR viewer",
    "terraform (admin OR nobody) -nobody",
    "evt_01J8Z3ABCDEF",
];

const NOT_FOUND: &[&str] = &[
    "operation:environment_variable.created",
    "category:databases",
    "name:database",
    "name:url*",
    "env:prod",
    "-env:production",
    "outcome:success",
    "id:evt_01j8z3",
    "reason:\"rotate leak\"",
    "reason:rotat",
    "reason:4f9a0c7d51e2*",
    "reason:database",
    "email:example.com",
    "actor:dana",
    "-user:*",
    "ip:11.0.0.0/8",
    "ip:::/0",
    "changes:rol",
    "changes.role.before:admin",
    "changes.role.after:viewer",
    "changes.other:admin",
    "metadata.build.number:>42.5",
    "metadata.build.number:43..44",
    "metadata.build.number:42.5",
    "metadata.note:>0",
    "metadata.commit:4f9a*",
    "metadata.build:0042.50",
    "has:metadata.build",
    "-has:reason",
    "producer.seq:8413",
    "seq:42",
    "since:90m",
    "until:2026-03-12T13",
    "recorded:<2026-03-12T14",
    "during:yesterday",
    "\"url database\"",
    "\"viewer admin\"",
    "8412",
    "ataba*",
    "rotate nothing",
    "4f9a0c7d51e2*",
    "-database",
];

#[test]
fn an_event_is_found_by_what_it_says_and_by_nothing_else() {
    let document = event();
    for (texts, expect) in [(FOUND, true), (NOT_FOUND, false)] {
        for text in texts {
            let filter =
                query::parse(text, now()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(matches(&filter, &document, Viewer::Whole), expect, "{text}");
        }
    }
}

#[test]
fn who_sees_no_persons_finds_none_by_any_way() {
    let document = event();
    for text in [
        "email:dana*",
        "actor:*",
        "ip:0.0.0.0/0",
        "user_agent:terraform",
        "dana",
        "\"dana example com\"",
        "10.1.2.3",
        "terraf*",
        "has:ip",
        "has:actor.email",
    ] {
        let filter = query::parse(text, now()).unwrap();
        assert!(matches(&filter, &document, Viewer::Whole), "{text}");
        assert!(
            !matches(&filter, &document, Viewer::WithoutPersons),
            "{text}"
        );
    }
}

#[test]
fn words_behind_the_limit_are_not_found_and_values_are() {
    let many = "word ".repeat(query::limits::WORDS_MAX / 2);
    let document = Document {
        facts: vec![
            fact(Field::Reason, &many, Access::Restricted),
            fact(Field::Text, &many, Access::Open),
            fact(Field::Service, "behind", Access::Open),
        ],
        ..event()
    };
    let found = |text: &str| {
        let filter = query::parse(text, now()).unwrap();
        matches(&filter, &document, Viewer::WithoutPersons)
    };
    assert!(found("word"));
    assert!(!found("behind"));
    assert!(found("service:behind"));
}
