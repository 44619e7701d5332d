//! Hostile and broken deliveries.

use super::tests::reading;
use super::*;
use crate::limits::EVENTS_MAX;
use crate::look;

fn rules(body: &[u8]) -> Vec<&'static str> {
    let name = |item: &Item| match item {
        Item::Event(_) => "event",
        Item::Passed { rule } => rule,
        Item::Refused(refusal) => refusal.rule,
    };
    reading(body).items.iter().map(name).collect()
}

fn unreadable(body: &[u8]) -> Unreadable {
    read(&Delivery::file(body)).unwrap_err()
}

fn list(items: &str) -> String {
    format!(r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{items}]}}"#)
}

fn item(id: &str, more: &str) -> String {
    format!(r#"{{"auditID":"{id}","stage":"ResponseComplete","verb":"delete"{more}}}"#)
}

#[test]
fn what_is_no_event_is_refused_by_name_and_the_rest_is_read() {
    let items = [
        "7",
        "null",
        "\"x\"",
        "[]",
        "{}",
        r#"{"auditID":7,"verb":"get","stage":"ResponseComplete"}"#,
        r#"{"auditID":"a","stage":"ResponseComplete"}"#,
        r#"{"auditID":"a","verb":"get","stage":"SomethingNew"}"#,
        r#"{"auditID":"a","verb":"get","stage":"RequestReceived"}"#,
        r#"{"auditID":"a","verb":"watch","stage":"ResponseStarted"}"#,
    ];
    let found = rules(list(&format!("{},{}", items.join(","), item("b", ""))).as_bytes());
    let expect = [
        "kubernetes.not_an_object",
        "kubernetes.not_an_object",
        "kubernetes.not_an_object",
        "kubernetes.not_an_object",
        "kubernetes.no_audit_id",
        "kubernetes.no_audit_id",
        "kubernetes.no_verb",
        "kubernetes.stage_unknown",
        "kubernetes.stage",
        "kubernetes.stage",
        "event",
    ];
    assert_eq!(found, expect);
}

#[test]
fn a_future_version_is_read_as_far_as_it_fits() {
    let list = |items: &str| {
        format!(r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v2","items":[{items}]}}"#)
    };
    let next = list(&item("a", ""));
    assert_eq!(rules(next.as_bytes()), ["event"]);
    let said = |body: &str| {
        let reading = reading(body.as_bytes());
        let event = reading.events().next().unwrap().to_value();
        look::text(&event, &["metadata", "api_version"]).map(str::to_owned)
    };
    assert_eq!(said(&next).as_deref(), Some("audit.k8s.io/v2"));
    assert_eq!(said(&next.replace("/v2", "/v1")), None);
    assert_eq!(
        rules(list(r#"{"requestID":"a"}"#).as_bytes()),
        ["kubernetes.version"]
    );
    let core = r#"{"kind":"Event","apiVersion":"v1","reason":"Scheduled"}"#;
    assert_eq!(rules(core.as_bytes()), ["kubernetes.not_audit"]);
}

#[test]
fn a_list_that_is_none_is_unreadable() {
    for body in [
        r#"{"kind":"EventList","items":{"a":1}}"#,
        r#"{"kind":"EventList","items":"x"}"#,
        r#"{"kind":"EventList"}"#,
        r#"{"records":{"a":1}}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":"x"}"#,
    ] {
        let error = unreadable(body.as_bytes());
        assert!(matches!(error, Unreadable::Shape { .. }), "{body}: {error}");
    }
    assert!(rules(list("").as_bytes()).is_empty());
}

#[test]
fn members_of_the_wrong_kind_are_absent() {
    let odd = item(
        "a",
        r#","user":7,"impersonatedUser":[],"sourceIPs":{"a":1},"objectRef":"x","responseStatus":[],"annotations":1,"requestObject":7,"requestURI":[],"requestReceivedTimestamp":"soon","userAgent":{}"#,
    );
    let reading = reading(odd.as_bytes());
    let event = reading.events().next().unwrap();
    assert_eq!((event.timestamp, event.actor.kind), (None, "anonymous"));
    assert!(ledger::event::read(event.to_value()).is_ok());
}

/// Whoever sends a request writes its body: none may keep the request out of the record.
#[test]
fn no_body_of_a_request_hides_it() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [&[u8]; 6] = [
        br#"{"spec":{"a":1,"a":2}}"#,
        br#"{"a":"\ud800"}"#,
        b"{\"a\":\"\xff\xfe\"}",
        deep.as_bytes(),
        br#"{"a":01}"#,
        br#""skipped-too-big-size-object""#,
    ];
    for body in bodies {
        let hostile = item("a", ",\"requestObject\":@");
        let (before, after) = hostile.split_once('@').unwrap();
        let hostile = [before.as_bytes(), body, after.as_bytes()].concat();
        let listed = list("@");
        let (before, after) = listed.split_once('@').unwrap();
        let other = item("b", "");
        let listed = [
            before.as_bytes(),
            &hostile,
            b",",
            other.as_bytes(),
            after.as_bytes(),
        ]
        .concat();
        assert_eq!(
            rules(&listed),
            ["event", "event"],
            "{}",
            String::from_utf8_lossy(body)
        );
        let lines = [&hostile[..], b"\n", other.as_bytes(), b"\n"].concat();
        assert_eq!(rules(&lines), ["event", "event"]);
        assert_eq!(rules(&hostile), ["event"]);
        assert_eq!(
            reading(&hostile).events().next().unwrap().operation,
            "api.called"
        );
    }
}

#[test]
fn members_that_stand_twice_outside_of_bodies_are_refused() {
    let twice = item("a", r#","verb":"get""#);
    assert_eq!(rules(list(&twice).as_bytes()), ["kubernetes.unreadable"]);
    assert!(matches!(unreadable(twice.as_bytes()), Unreadable::Json(_)));
    let lists = r#"{"kind":"EventList","items":[],"items":[{"auditID":"a"}]}"#;
    assert!(matches!(unreadable(lists.as_bytes()), Unreadable::Json(_)));
}

#[test]
fn broken_texts_are_unreadable_and_cut_files_lose_their_last_line_only() {
    for body in [
        "",
        "{",
        "nonsense",
        "[1,2",
        "\u{feff}",
        "{\"kind\":\"EventList\",\"items\":[",
    ] {
        assert!(
            matches!(unreadable(body.as_bytes()), Unreadable::Json(_)),
            "{body}"
        );
    }
    for body in ["{}", "7", "null", "\"x\"", r#"{"kind":"EventList"}"#] {
        assert!(
            matches!(unreadable(body.as_bytes()), Unreadable::Shape { .. }),
            "{body}"
        );
    }
    let whole = format!("{}\n{}\n", item("a", ""), item("b", ""));
    for cut in 1..whole.len() {
        let Ok(reading) = read(&Delivery::file(&whole.as_bytes()[..cut])) else {
            continue;
        };
        assert!(reading.events().count() <= 2);
    }
    let cut = format!(
        "amaged\"}}\n{}\n{}\n{{\"audit",
        item("a", ""),
        item("b", "")
    );
    let expect = [
        "kubernetes.unreadable",
        "event",
        "event",
        "kubernetes.unreadable",
    ];
    assert_eq!(rules(cut.as_bytes()), expect);
}

#[test]
fn ten_thousand_items_are_read_and_more_than_may_be_are_refused() {
    let items: Vec<String> = (0..10_000).map(|id| item(&id.to_string(), "")).collect();
    assert_eq!(
        reading(list(&items.join(",")).as_bytes()).events().count(),
        10_000
    );
    let many = list(&vec!["{}"; EVENTS_MAX + 5].join(","));
    let error = crate::Vendor::Kubernetes
        .read(&Delivery::file(many.as_bytes()))
        .unwrap_err();
    assert_eq!(error, Unreadable::TooMany);
}

#[test]
fn a_huge_body_is_cut_to_what_the_door_takes() {
    let fields: Vec<String> = (0..20_000)
        .map(|field| format!(r#""{}{field}":"{}""#, "k".repeat(300), "v".repeat(300)))
        .collect();
    let body = format!(
        r#","objectRef":{{"resource":"widgets","apiGroup":"example.com"}},"requestObject":{{"spec":{{{}}}}}"#,
        fields.join(",")
    );
    let body = item("a", &body).replace("delete", "patch");
    let reading = reading(body.as_bytes());
    let event = reading.events().next().unwrap();
    assert_eq!(event.changes.len(), crate::limits::CHANGES_MAX);
    let text = event.to_value().to_compact();
    assert!(
        text.len() < ledger::limits::PART_BYTES_MAX,
        "{}",
        text.len()
    );
    assert!(text.contains("more_changes"));
}

#[test]
fn garbage_in_envelopes_is_refused_by_name() {
    for (body, expect) in [
        (r#"{"message":{"data":"!!!"}}"#, "kubernetes.not_base64"),
        (r#"{"message":{"data":""}}"#, "kubernetes.not_base64"),
        (r#"{"message":{"data":7}}"#, "kubernetes.not_base64"),
        (
            r#"{"message":{"data":"bm9uc2Vuc2U="}}"#,
            "kubernetes.unreadable",
        ),
        (r#"{"message":{"data":"e30="}}"#, "kubernetes.unknown_form"),
        (r#"{"records":[7]}"#, "kubernetes.not_an_object"),
        (
            r#"{"records":[{"category":"kube-audit"}]}"#,
            "kubernetes.unreadable",
        ),
        (
            r#"{"records":[{"category":"kube-audit","properties":{"log":"{\"auditID\""}}]}"#,
            "kubernetes.unreadable",
        ),
        (
            r#"{"messageType":"DATA_MESSAGE","logStream":"kube-apiserver-audit-1","logEvents":[{"message":"E0312 x"}]}"#,
            "kubernetes.unreadable",
        ),
        (
            r#"{"messageType":"DATA_MESSAGE","logEvents":[7]}"#,
            "kubernetes.other_log",
        ),
        (
            r#"{"logName":"x","protoPayload":{"serviceName":"k8s.io"}}"#,
            "kubernetes.no_audit_id",
        ),
        (
            r#"{"insertId":"x","protoPayload":{"serviceName":"k8s.io","methodName":7}}"#,
            "kubernetes.no_verb",
        ),
        (
            r#"{"logName":"x","textPayload":"y"}"#,
            "kubernetes.other_log",
        ),
    ] {
        assert_eq!(rules(body.as_bytes()), [expect], "{body}");
    }
}

#[test]
fn envelopes_in_envelopes_come_to_an_end() {
    use base64ct::{Base64, Encoding};
    let mut body = item("a", "");
    for _ in 0..6 {
        body = format!(
            r#"{{"message":{{"data":"{}"}}}}"#,
            Base64::encode_string(body.as_bytes())
        );
    }
    assert_eq!(rules(body.as_bytes()), ["kubernetes.unknown_form"]);
    let nested = format!("{}{}{}", "[".repeat(20), item("a", ""), "]".repeat(20));
    assert_eq!(rules(nested.as_bytes()), ["kubernetes.not_an_object"]);
}

#[test]
fn an_entry_of_google_is_read_without_its_bodies_if_need_be() {
    use base64ct::{Base64, Encoding};
    let entry = r#"{"insertId":"x","protoPayload":{"serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.patch","resourceName":"core/v1/namespaces/n/pods/p","request":{"a":1,"a":2}}}"#;
    let body = format!(
        r#"{{"message":{{"data":"{}"}}}}"#,
        Base64::encode_string(entry.as_bytes())
    );
    let reading = reading(body.as_bytes());
    assert_eq!(reading.events().next().unwrap().operation, "pod.updated");
}
