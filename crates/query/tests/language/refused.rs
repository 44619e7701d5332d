//! What is refused, where, and what the refusal says was expected there.

use query::limits::{DEPTH_MAX, LEAVES_MAX, QUERY_BYTES_MAX};

use crate::now;

/// A text, the column and length of what is wrong in it, and what the expectation begins with.
const REFUSED: &[(&str, usize, usize, &str)] = &[
    (
        r#"has:"changes.x y""#,
        5,
        13,
        "a field that events may have",
    ),
    (
        "metadata.a.b:-5..-1e3",
        14,
        8,
        "a range whose first number is the smaller",
    ),
    ("***", 1, 1, "`*`"),
    (r#""--""#, 1, 4, "a word: letters or digits"),
    ("a*b", 2, 1, "`*`"),
    ("*a", 1, 1, "`*`"),
    (r#""a"*"#, 4, 1, "`*`"),
    ("env:a*b", 6, 1, "`*`"),
    ("https://example.com", 1, 5, "a field"),
    ("foo:bar", 1, 3, "a field"),
    ("operaton:x", 1, 8, "a field"),
    ("metadata:x", 1, 8, "a field"),
    ("changes:", 9, 0, "a value right behind the colon"),
    ("env: production", 5, 0, "a value right behind the colon"),
    ("env:", 5, 0, "a value right behind the colon"),
    ("env:)", 5, 0, "a value right behind the colon"),
    ("(a", 3, 0, "`)`"),
    ("a)", 2, 1, "a condition or the end of the query"),
    ("()", 2, 1, "a condition"),
    ("a OR", 5, 0, "a condition"),
    ("OR a", 1, 2, "a condition"),
    ("a AND OR b", 7, 2, "a condition"),
    ("a OR OR b", 6, 2, "a condition"),
    ("-", 1, 1, "a condition right behind the `-`"),
    ("- a", 1, 1, "a condition right behind the `-`"),
    ("a -", 3, 1, "a condition right behind the `-`"),
    ("NOT", 4, 0, "a condition"),
    (r#""abc"#, 1, 1, "a closing quote for this one"),
    (r#"env:"abc"#, 5, 1, "a closing quote for this one"),
    (r#""a\n""#, 3, 1, r#"`\"` or `\\`"#),
    (r#"env:"a\"#, 5, 1, "a closing quote for this one"),
    ("id:evt*", 4, 4, "a whole identifier without `*`"),
    (
        "request_id:(a OR b*)",
        18,
        2,
        "a whole identifier without `*`",
    ),
    ("env:>5", 5, 2, "a value"),
    ("env:(a OR >b)", 11, 2, "a value"),
    (r#"env:"""#, 5, 2, "a value"),
    ("ip:10.0.0.*", 4, 8, "an address"),
    ("ip:foo", 4, 3, "an address"),
    ("ip:10.0.0.0/33", 4, 11, "an address"),
    ("producer.seq:abc", 14, 3, "a number, a comparison"),
    (
        "producer.seq:10..5",
        14,
        5,
        "a range whose first number is the smaller",
    ),
    ("producer.seq:5*", 14, 2, "a number, a comparison"),
    ("metadata.a:>x", 12, 2, "a number behind the comparison"),
    (
        "metadata.a:10..5",
        12,
        5,
        "a range whose first number is the smaller",
    ),
    ("metadata.:x", 1, 9, "a field"),
    ("metadata.a*:x", 11, 1, "`*`"),
    (r#"metadata."x"#, 10, 1, "a closing quote for this one"),
    (r#"metadata."x""#, 13, 0, "a colon behind the name"),
    (r#"metadata."x" :5"#, 13, 0, "a colon behind the name"),
    (
        "category:foo",
        10,
        3,
        "one of authentication, source_code, deployments, configurati",
    ),
    (
        "category:*",
        10,
        1,
        "one of authentication, source_code, deployments, configurati",
    ),
    (
        "severity:bad",
        10,
        3,
        "one of info, notice, warning, critical",
    ),
    (
        "severity:>critical",
        10,
        9,
        "a comparison that some severity passes",
    ),
    (
        "severity:*",
        10,
        1,
        "one of info, notice, warning, critical",
    ),
    (
        "outcome:bad",
        9,
        3,
        "one of cancelled, denied, failure, success",
    ),
    (
        r#"-outcome:(success OR "Canceled")"#,
        22,
        10,
        "one of cancelled, denied, failure, success",
    ),
    (
        "actor.type:robot",
        12,
        5,
        "one of agent, anonymous, api_key, service_account, system, user",
    ),
    ("has:since", 5, 5, "a field that events may have"),
    ("has:nothing", 5, 7, "a field that events may have"),
    ("has:timestamp", 5, 9, "a field that not every event has"),
    ("has:text", 5, 4, "a field that not every event has"),
    ("text:*", 6, 1, "a word: letters or digits"),
    (r#"text:"...""#, 6, 5, "a word: letters or digits"),
    ("timestamp:*", 11, 1, "a time"),
    ("timestamp:24h", 11, 3, "a period"),
    (
        "since:1969-12-31",
        7,
        10,
        "a time between 1970 and 9999, at most 100 years ago",
    ),
    ("since:200y", 7, 4, "a time"),
    ("since:101w1", 7, 5, "a time"),
    (
        "since:99999d",
        7,
        6,
        "a time between 1970 and 9999, at most 100 years ago",
    ),
    (
        "since:2026-02-30",
        7,
        10,
        "a day and time that the calendar has",
    ),
    (
        "since:2026-13",
        7,
        7,
        "a day and time that the calendar has",
    ),
    (
        "since:2026-Q5",
        7,
        7,
        "a day and time that the calendar has",
    ),
    (
        "during:2026-W54",
        8,
        8,
        "a day and time that the calendar has",
    ),
    ("during:24h", 8, 3, "a period"),
    (
        "during:2026-03-03..2026-03-02",
        8,
        22,
        "a range whose first time is the earlier",
    ),
    (
        "during:2026-03-03..2026-03-01",
        8,
        22,
        "a range whose first time is the earlier",
    ),
    ("since:10000-01-01", 7, 11, "a time"),
    (
        "since:2026-03-12T25",
        7,
        13,
        "a day and time that the calendar has",
    ),
    (
        "since:2026-03-12T14:32:61Z",
        7,
        20,
        "a day and time that the calendar has",
    ),
    ("since:tomorrow", 7, 8, "a time"),
    ("operation:deployment", 11, 10, "an operation"),
    (
        "operation:Veri-Trail.x",
        11,
        12,
        "the name of an operation of the server as it stands,",
    ),
    (r#"operation:"foo bar!""#, 11, 10, "an operation"),
    (
        "changes.role.after:",
        20,
        0,
        "a value right behind the colon",
    ),
    ("actor:", 7, 0, "a value right behind the colon"),
    (r#"operation:"a*""#, 11, 4, "an operation"),
    (
        "since:9999-12-31",
        7,
        10,
        "a time between 1970 and 9999, at most 100 years ago",
    ),
    ("since:24y", 7, 3, "a time"),
    ("since:-5d", 7, 3, "a time"),
    (r#"since:"24 h""#, 7, 6, "a time"),
    ("since:", 7, 0, "a value right behind the colon"),
    (
        "until:9999999999999999999h",
        7,
        20,
        "a time between 1970 and 9999, at most 100 years ago",
    ),
    ("timestamp:>foo", 11, 4, "a time"),
    (
        "timestamp:1969..1971",
        11,
        10,
        "a time between 1970 and 9999, at most 100 years ago",
    ),
    ("recorded:2026-3-1", 10, 8, "a time"),
    (
        "recorded:2026-03-12T14:60",
        10,
        16,
        "a day and time that the calendar has",
    ),
    ("recorded:2026-03-12T14:32:07+2", 10, 21, "a time"),
    ("recorded:2026-03-12T14:32:07.Z", 10, 21, "a time"),
    (
        "recorded:2026-W00",
        10,
        8,
        "a day and time that the calendar has",
    ),
    ("recorded:2026-03-12*", 10, 11, "a time"),
    ("ip:10.0.0.0/8..11.0.0.0/8", 4, 22, "an address"),
    ("ip:>10.0.0.1", 4, 9, "an address"),
    ("seq:>=", 5, 2, "a number behind the comparison"),
    ("seq:1..", 5, 3, "a number, a comparison"),
    ("seq:five", 5, 4, "a number, a comparison"),
    ("request_id:req-*", 12, 5, "a whole identifier without `*`"),
    ("ß a)", 4, 1, "a condition or the end of the query"),
    ("env:(a OR)", 10, 1, "a value"),
    ("env:(a b", 9, 0, "`)`"),
    ("env:()", 6, 1, "a value"),
    ("env:(OR)", 6, 2, "a value"),
    ("env:(-)", 6, 1, "a condition right behind the `-`"),
    ("env:((a)", 9, 0, "`)`"),
    (
        "category:(deployments OR x)",
        26,
        1,
        "one of authentication, source_code, deployments, configurati",
    ),
    ("has:category", 5, 8, "a field that events may have"),
    ("has:*", 5, 1, "a field that events may have"),
    ("has:metadata.*", 5, 10, "a field that events may have"),
    ("actor:>5", 7, 2, "a value"),
    ("vec::new", 1, 3, "a field"),
    ("context.foo:x", 1, 11, "a field"),
    (r#"changes."a\x":1"#, 11, 1, r#"`\"` or `\\`"#),
];

#[test]
fn refusals_point_at_what_is_wrong() {
    for (text, column, length, expected) in REFUSED {
        let error = query::parse(text, now()).expect_err(text);
        assert_eq!(
            (error.column, error.length),
            (*column, *length),
            "{text}: {error}"
        );
        assert!(error.expected.starts_with(expected), "{text}: {error}");
        assert_eq!(
            error.to_string(),
            format!("column {column}: expected {}", error.expected)
        );
    }
}

#[test]
fn refusals_never_repeat_what_was_sent() {
    let secret = "hunter2xyzzy";
    for shape in [
        "@:x",
        "@:*",
        "\"@",
        "(@",
        "@)",
        "@*@",
        "env:@*x",
        "env:>@",
        "ip:@",
        "seq:@",
        "seq:>@",
        "metadata.a:>@",
        "since:@",
        "during:@",
        "timestamp:@..now",
        "recorded:<@",
        "category:@",
        "severity:@",
        "outcome:@",
        "actor.type:(user OR @)",
        "has:@",
        "operation:@",
        "operation:veri-trail.@",
        "metadata.\"@",
        "changes.@*:x",
        "id:@*",
        "- @",
        "OR @",
        "https://@",
        "operation:(@.b OR @)",
        "metadata.\"@\" x",
        "\"\\@\"",
    ] {
        let text = shape.replace('@', secret);
        let error = query::parse(&text, now()).expect_err(&text);
        let said = format!("{error} {:?} {error:?}", error.hint);
        assert!(!said.contains(secret), "{shape}: {said}");
    }
}

#[test]
fn hints_say_what_to_do() {
    for (text, hint) in [
        ("operaton:x", "did you mean `operation`?"),
        ("Enviroment:x", "did you mean `environment`?"),
        ("https://example.com", "quotes"),
        ("std::fs", "quotes"),
        ("metadata:x", "metadata.<path>"),
        ("request_id:a*", "matched whole"),
        ("env: production", "no space"),
        ("during:24h", "since:24h"),
        ("operation:deployment", "deployment.*"),
        ("(a", "close the parenthesis"),
    ] {
        let error = query::parse(text, now()).expect_err(text);
        let said = error.hint.unwrap_or_default();
        assert!(said.contains(hint), "{text}: {said}");
    }
}

#[test]
fn limits_hold_exactly() {
    let fits = |text: &str| query::parse(text, now()).is_ok();
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}a{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("(", ")"), ("-", ""), ("NOT ", "")] {
        assert!(fits(&nested(open, close, DEPTH_MAX)), "{open}");
        assert!(!fits(&nested(open, close, DEPTH_MAX + 1)), "{open}");
    }
    assert!(fits(&format!("env:{}", nested("(", ")", DEPTH_MAX))));
    assert!(!fits(&format!("env:{}", nested("(", ")", DEPTH_MAX + 1))));
    // A name that stands for several fields is a parenthesis by itself, and as many conditions as it has fields.
    assert!(fits(
        &nested("(", ")", DEPTH_MAX - 1).replace('a', "actor:a")
    ));
    assert!(!fits(&nested("(", ")", DEPTH_MAX).replace('a', "actor:a")));
    for (condition, counts) in [
        ("a ", 1),
        ("has:reason ", 1),
        ("actor:a ", 3),
        ("has:resource ", 2),
        ("severity:info ", 1),
    ] {
        assert!(fits(&condition.repeat(LEAVES_MAX / counts)), "{condition}");
        assert!(
            !fits(&condition.repeat(LEAVES_MAX / counts + 1)),
            "{condition}"
        );
    }
    let group = |values: usize| format!("env:({})", vec!["a"; values].join(" OR "));
    assert!(fits(&group(LEAVES_MAX)));
    assert!(!fits(&group(LEAVES_MAX + 1)));
    assert!(fits(&"a".repeat(QUERY_BYTES_MAX)));
    let error = query::parse(&"ä".repeat(QUERY_BYTES_MAX / 2 + 1), now()).expect_err("too long");
    assert_eq!((error.column, error.length), (QUERY_BYTES_MAX / 2 + 1, 1));
    assert!(fits(&format!("env:{}*", "a".repeat(128))));
    assert!(!fits(&format!("env:{}*", "a".repeat(129))));
    assert!(fits(&format!("{}*", "a".repeat(40))));
    assert!(!fits(&format!("{}*", "a".repeat(41))));
}
