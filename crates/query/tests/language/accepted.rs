//! What is accepted, and what it means: every text with its plan written out.

use ledger::time::Micros;
use query::Test;
use query::plan::Bound;

use crate::{later, now};

/// A text and the plan made of it on 2026-03-12 (a Thursday) at 14:32:07.123456.
const ACCEPTED: &[(&str, &str)] = &[
    ("", ""),
    (
        r#"operation:environment_variable.* project:proj_456 -outcome:success ip:10.0.0.0/8 since:24h changes.role:admin "DATABASE_URL""#,
        r#"operation:environment_variable.* project:proj_456 -outcome:success ip:10.0.0.0/8 timestamp:>=2026-03-11T14:32:07.123456Z changes.role:admin "database url""#,
    ),
    ("DATABASE_URL", r#""database url""#),
    ("rotate* leak", "rotate* leak"),
    (r#""rotate after leak""#, r#""rotate after leak""#),
    ("database_u*", "database_u*"),
    ("a OR b c", "a OR b c"),
    ("(a OR b) c", "(a OR b) c"),
    ("a AND b", "a b"),
    ("NOT a", "-a"),
    ("-(a b)", "-(a b)"),
    ("-(a OR -b)", "-(a OR -b)"),
    ("--a", "a"),
    ("-NOT -a", "-a"),
    ("or and not", "or and not"),
    (r#""OR""#, "or"),
    (
        "operation:DeploymentCreated",
        "operation:deployment.created",
    ),
    ("op:deployment.created", "operation:deployment.created"),
    (
        r#"operation:"deployment created""#,
        "operation:deployment.created",
    ),
    (
        "operation:veritrail.key.created",
        "operation:veritrail.key.created",
    ),
    (
        "operation:(deployment.created OR DeploymentCreated)",
        "operation:deployment.created",
    ),
    ("operation:(a.b OR c*)", "operation:a.b OR operation:c*"),
    (
        "operation:(foo.bar OR deployment.created)",
        "operation:(deployment.created OR foo.bar)",
    ),
    ("outcome:(failure OR denied)", "outcome:(denied OR failure)"),
    (
        "-outcome:(success OR cancelled)",
        "-outcome:(cancelled OR success)",
    ),
    ("outcome:(-success)", "-outcome:success"),
    (
        "outcome:(failure -denied)",
        "outcome:failure -outcome:denied",
    ),
    (
        "env:((a OR b) c)",
        "(environment:a OR environment:b) environment:c",
    ),
    ("outcome:FAILURE", "outcome:failure"),
    ("outcome:fai*", "outcome:fai*"),
    ("actor_type:Service_Account", "actor.type:service_account"),
    ("reason:ΛΟΓΟΣ", "reason:λογοσ"),
    ("name:λόγος", "resource.name:λόγοσ"),
    (
        "-actor:(x OR y)",
        "-(actor.id:(x OR y) OR actor.email:(x OR y) OR actor.name:(x OR y))",
    ),
    (
        "actor:dana@example.com",
        "actor.id:dana@example.com OR actor.email:dana@example.com OR actor.name:dana@example.com",
    ),
    ("user:*", "actor.id:* OR actor.email:* OR actor.name:*"),
    ("-resource:db*", "-(resource.id:db* OR resource.name:db*)"),
    ("category:access_control", "category:access_control"),
    ("severity:critical", "severity:critical"),
    ("severity:>=warning", "severity:>=warning"),
    ("severity:>warning", "severity:critical"),
    (
        "category:deployments OR severity:info",
        "category:deployments OR severity:info",
    ),
    ("has:reason", "reason:*"),
    ("has:metadata.build", "metadata.build:*"),
    ("-has:changes.role.before", "-changes.role.before:*"),
    ("has:actor", "actor.id:* OR actor.email:* OR actor.name:*"),
    ("changes:role", "changes:role"),
    ("changes.role:admin", "changes.role:admin"),
    ("changes.Role.After:Admin", "changes.role.after:admin"),
    (
        r#"changes."max connections".before:>100"#,
        r#"changes."max connections".before:>100"#,
    ),
    (r#"changes."x.before":*"#, r#"changes."x.before":*"#),
    ("metadata.a.b:5", "metadata.a.b:5"),
    ("metadata.a.b:>=5", "metadata.a.b:>=5"),
    ("metadata.a.b:5..10", "metadata.a.b:5..10"),
    (r#"metadata.a.b:"5..10""#, r#"metadata.a.b:"5..10""#),
    ("metadata.a.b:a..b", r#"metadata.a.b:"a..b""#),
    ("metadata.a:5..5", "metadata.a:5..5"),
    ("metadata.k8s.io/name:web", "metadata.k8s.io/name:web"),
    (r#"METADATA."A B":x"#, r#"metadata."a b":x"#),
    ("producer.seq:5", "producer.seq:5"),
    ("producer.seq:+5", "producer.seq:5"),
    ("producer.seq:>8412", "producer.seq:>8412"),
    ("seq:10..20", "seq:10..20"),
    ("ip:10.1.2.3", "ip:10.1.2.3"),
    ("ip:10.1.2.3/8", "ip:10.0.0.0/8"),
    ("ip:2001:db8::/32", "ip:2001:db8::/32"),
    ("ip:::ffff:10.0.0.1", "ip:10.0.0.1"),
    ("ip:*", "ip:*"),
    ("ip:(10.0.0.1 OR ::1)", "ip:10.0.0.1 OR ip:::1"),
    ("id:EVT_1", "id:evt_1"),
    ("request_id:*", "request_id:*"),
    ("reason:INC-212", r#"reason:"inc 212""#),
    (r#"reason:"INC-212: rotate""#, r#"reason:"inc 212 rotate""#),
    ("reason:inc*", "reason:inc*"),
    ("user_agent:Terraform*", "user_agent:terraform*"),
    ("environment:prod*", "environment:prod*"),
    (r#"env:"a*b""#, r#"environment:"a*b""#),
    (
        r#"env:"say \"hi\" \\ there""#,
        r#"environment:"say \"hi\" \\ there""#,
    ),
    ("name:DATABASE_URL", "resource.name:database_url"),
    (
        "time:2026-03-12",
        "timestamp:2026-03-12T00:00:00.000000Z..2026-03-12T23:59:59.999999Z",
    ),
    (
        "timestamp:>2026-03-12",
        "timestamp:>=2026-03-13T00:00:00.000000Z",
    ),
    (
        "timestamp:<=2026-03",
        "timestamp:<2026-04-01T00:00:00.000000Z",
    ),
    (
        "recorded:2026-Q1",
        "recorded:2026-01-01T00:00:00.000000Z..2026-03-31T23:59:59.999999Z",
    ),
    (
        "recorded:>=yesterday",
        "recorded:>=2026-03-11T00:00:00.000000Z",
    ),
    (
        "since:7d until:now",
        "timestamp:>=2026-03-05T14:32:07.123456Z timestamp:<2026-03-12T14:32:07.123456Z",
    ),
    (
        "since:2026-03-12T16:32:07+02:00",
        "timestamp:>=2026-03-12T14:32:07.000000Z",
    ),
    (
        "until:2026-03-12T14:32",
        "timestamp:<2026-03-12T14:32:00.000000Z",
    ),
    (
        "during:today",
        "timestamp:2026-03-12T00:00:00.000000Z..2026-03-12T23:59:59.999999Z",
    ),
    (
        "during:2026-03-01..2026-03-03",
        "timestamp:2026-03-01T00:00:00.000000Z..2026-03-03T23:59:59.999999Z",
    ),
    (
        "during:last-week",
        "timestamp:2026-03-02T00:00:00.000000Z..2026-03-08T23:59:59.999999Z",
    ),
    (
        "during:9999",
        "timestamp:9999-01-01T00:00:00.000000Z..9999-12-30T21:59:59.999999Z",
    ),
    (
        "timestamp:24h..now",
        "timestamp:2026-03-11T14:32:07.123456Z..2026-03-12T14:32:07.123456Z",
    ),
    ("198.51.100.23", "198.51.100.23"),
    ("2001:db8::1", r#""2001:db8::1""#),
    ("2001:db8::1*", "text:2001:db8::1*"),
    ("12:30", r#""12 30""#),
    (r#""https://example.com/x""#, r#""https example com x""#),
    ("text:foo:bar*", "foo_bar*"),
    ("部署", r#""部 署""#),
    ("İstanbul", "İstanbul"),
    ("application:a:b", "application:a:b"),
    (r#"source:git"hub""#, "source:git hub"),
    ("env:-x", r#"environment:"-x""#),
    ("env:OR", "environment:or"),
    (r#"a"b"c"#, "a b c"),
    (
        "trace_id:0AF7651916CD43DD8448EB211C80319C",
        "trace_id:0af7651916cd43dd8448eb211c80319c",
    ),
    ("İSTAN*", "İstan*"),
    ("(((((((((((((((( a ))))))))))))))))", "a"),
    ("a b c", "a b c"),
    ("operation:*", "operation:*"),
    (
        "category:(deployments OR databases)",
        "category:deployments OR category:databases",
    ),
    ("category:audit_log", "category:audit_log"),
    ("severity:notice", "severity:notice"),
    ("since:90s", "timestamp:>=2026-03-12T14:30:37.123456Z"),
    ("since:15m", "timestamp:>=2026-03-12T14:17:07.123456Z"),
    ("since:2w", "timestamp:>=2026-02-26T14:32:07.123456Z"),
    ("since:2026", "timestamp:>=2026-01-01T00:00:00.000000Z"),
    ("until:today", "timestamp:<2026-03-12T00:00:00.000000Z"),
    (
        "since:last-thursday",
        "timestamp:>=2026-03-05T00:00:00.000000Z",
    ),
    (
        "until:2026-03-12T14",
        "timestamp:<2026-03-12T14:00:00.000000Z",
    ),
    (
        "timestamp:2026-03-12T14:32:07.123Z",
        "timestamp:2026-03-12T14:32:07.123000Z..2026-03-12T14:32:07.123999Z",
    ),
    (
        "timestamp:<2026-03-12",
        "timestamp:<2026-03-12T00:00:00.000000Z",
    ),
    (
        "timestamp:(2026-01 OR 2026-02)",
        "timestamp:2026-01-01T00:00:00.000000Z..2026-01-31T23:59:59.999999Z OR timestamp:2026-02-01T00:00:00.000000Z..2026-02-28T23:59:59.999999Z",
    ),
    ("device:laptop-*", "device:laptop-*"),
    (
        "source_action:ec2:RunInstances",
        "source_action:ec2:runinstances",
    ),
    ("user_id:42", "actor.id:42"),
    ("email:DANA@Example.com", "actor.email:dana@example.com"),
    (
        r#"actor.name:"Dana Example""#,
        r#"actor.name:"dana example""#,
    ),
    ("changes.role.before:view*", "changes.role.before:view*"),
    ("changes:*", "changes:*"),
    ("context.environment:staging", "environment:staging"),
    ("origin.session_id:s1", "session:s1"),
    ("flags:masked", "flag:masked"),
    ("metadata.build.number:1.50", "metadata.build.number:1.50"),
    (
        "metadata.build.number:<0.5e3",
        "metadata.build.number:<0.5e3",
    ),
    ("metadata.a:a*", "metadata.a:a*"),
    ("related:dep_1", "related.id:dep_1"),
    ("has:(reason OR ticket)", "reason:* OR approval.ticket:*"),
    ("has:related", "related.id:*"),
    ("(a OR b) (c OR d)", "(a OR b) (c OR d)"),
    ("a (b c) d", "a b c d"),
    ("a OR (b OR c)", "a OR b OR c"),
    ("-a -b", "-a -b"),
    ("NOT (a OR b) AND NOT c", "-(a OR b) -c"),
    ("größe:5", r#""größe 5""#),
];

#[test]
fn texts_mean_what_the_table_says() {
    for (text, plan) in ACCEPTED {
        let filter = query::parse(text, now()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.to_string(), *plan, "{text}");
    }
}

#[test]
fn plans_read_back_as_themselves_at_any_later_time() {
    for (text, plan) in ACCEPTED {
        let filter = query::parse(text, now()).unwrap();
        assert_eq!(query::parse(plan, later()), Ok(filter), "{text}");
    }
}

#[test]
fn other_names_of_an_operation_find_it() {
    for name in [
        "DeploymentCreated",
        "deployment-created",
        "deployment_created",
    ] {
        let filter = query::parse(&format!("operation:{name}"), now()).unwrap();
        assert_eq!(filter.to_string(), "operation:deployment.created", "{name}");
    }
}

#[test]
fn every_category_and_severity_of_the_vocabulary_is_understood() {
    for operation in ledger::vocabulary::all() {
        for (name, value) in [
            ("category", operation.category.as_str()),
            ("severity", operation.severity.as_str()),
        ] {
            let filter = query::parse(&format!("{name}:{value}"), now()).unwrap();
            let Some(Test::OneOf(names)) = filter.leaves().map(|leaf| &leaf.test).next() else {
                panic!("{name}:{value} is {filter:?}");
            };
            assert!(names.iter().any(|known| known == operation.name));
        }
    }
}

#[test]
fn what_all_events_must_pass_bounds_their_time() {
    let micros = |text: &str| Micros::parse(text).unwrap().as_micros();
    let (march, april) = (
        micros("2026-03-01T00:00:00Z"),
        micros("2026-04-01T00:00:00Z"),
    );
    for (text, from, to) in [
        ("", None, None),
        ("a OR since:2026-03", None, None),
        ("-since:2026-03", None, None),
        ("recorded:2026-03", None, None),
        ("since:2026-03", Some(march), None),
        ("until:2026-04 a", None, Some(april)),
        ("during:2026-03 a", Some(march), Some(april)),
        (
            "during:2026 since:2026-03 since:2026-02 until:2026-05 until:2026-04",
            Some(march),
            Some(april),
        ),
    ] {
        let filter = query::parse(text, now()).unwrap();
        let expect = (from.map(Bound::included), to.map(Bound::excluded));
        assert_eq!(filter.time_bounds(), expect, "{text}");
    }
}
