use super::*;

fn read_one(headers: &[(&str, &str)], body: &[u8]) -> Item {
    let reading = read(&Delivery { headers, body }).unwrap();
    assert_eq!(reading.items.len(), 1);
    reading.items.into_iter().next().unwrap()
}

fn made(kind: &str) -> Event {
    let body = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/s","type":{}}}"#,
        serde_json::to_string(kind).unwrap()
    );
    match read_one(&[], body.as_bytes()) {
        Item::Event(event) => *event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_is_one_in_every_mode() {
    let structured = made("com.example.deployment.created").id;
    let batch = br#"[{"specversion":"1.0","id":"1","source":"/s","type":"other"}]"#;
    let headers = [(
        "Content-Type",
        "application/cloudevents-batch+json; charset=utf-8",
    )];
    let Item::Event(batched) = read_one(&headers, batch) else {
        panic!()
    };
    let headers = [
        ("ce-specversion", "1.0"),
        ("Ce-Id", "1"),
        ("CE-Source", "%2Fs"),
        ("ce-type", "x.y"),
        ("content-type", "application/octet-stream"),
    ];
    let Item::Event(binary) = read_one(&headers, b"\xff\x00") else {
        panic!()
    };
    assert_eq!(batched.id, structured);
    assert_eq!(binary.id, structured);
    ledger::event::read(binary.to_value()).unwrap();
}

#[test]
fn missing_attributes_and_other_versions_are_refused_by_name() {
    for body in [
        r#"{"specversion":"1.0","id":"1","source":"/s"}"#,
        r#"{"specversion":"1.0","id":"","source":"/s","type":"a.b"}"#,
        r#"{"specversion":"1.0","id":7,"source":"/s","type":"a.b"}"#,
        r#"{"specversion":"0.3","id":"1","source":"/s","type":"a.b"}"#,
        r#"{"specversion":"2.0","id":"1","source":"/s","type":"a.b"}"#,
        r#"{"id":"1"}"#,
        "7",
    ] {
        let item = read_one(&[], body.as_bytes());
        assert!(
            matches!(&item, Item::Refused(refusal) if refusal.rule == "cloudevents.attributes"),
            "{body}: {item:?}"
        );
    }
}

#[test]
fn types_become_operations_and_never_the_servers_own() {
    for (kind, expect) in [
        ("com.example.deployment.created", "deployment.created"),
        ("com.example.deployment.created.v2", "deployment.created"),
        ("DeploymentCreated.x", "deployment_created.x"),
        ("com.example.order.shipped", "com.example.order.shipped"),
        ("org.acme.shop.order.shipped.v1", "acme.shop.order.shipped"),
        ("ping", "vendor.ping"),
        ("veritrail.log.created", "cloudevents.event"),
        ("com.veritrail.log.created", "com.veritrail.log.created"),
        ("....", "vendor.event"),
    ] {
        let event = made(kind);
        assert_eq!(event.operation, expect, "{kind}");
        ledger::event::read(event.to_value()).unwrap();
    }
}

#[test]
fn other_formats_and_cut_off_texts_are_refused_whole() {
    let avro = Delivery {
        headers: &[("content-type", "application/cloudevents+avro")],
        body: b"x",
    };
    assert!(matches!(read(&avro), Err(Unreadable::Shape { .. })));
    assert!(matches!(
        read(&Delivery::file(b"{\"specversion\"")),
        Err(Unreadable::Json(_))
    ));
    assert!(matches!(
        read(&Delivery::file(b"\xff")),
        Err(Unreadable::Json(_))
    ));
    assert!(read(&Delivery::file(b"[]")).unwrap().items.is_empty());
}

#[test]
fn hostile_data_is_bounded_and_kept_out_of_the_entry() {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let long = "x".repeat(1_000_000);
    let body = format!(
        r#"{{"specversion":"1.0","id":"{long}","source":"{long}","type":"{long}","subject":"{long}","data":{deep},"password":"hunter2hunter2"}}"#
    );
    let Item::Event(event) = read_one(&[], body.as_bytes()) else {
        panic!()
    };
    let value = event.to_value();
    ledger::event::read(value.clone()).unwrap();
    assert!(value.to_compact().len() < 64 * 1024);
}

#[test]
fn every_operation_of_cdevents_is_well_formed() {
    for (subject, predicate) in [
        ("pipelinerun", "finished"),
        ("build", "finished"),
        ("", "x"),
    ] {
        let kind = format!("dev.cdevents.{subject}.{predicate}.0.2.0");
        let event = made(&kind);
        assert!(vocabulary::resolve(&event.operation).is_ok(), "{kind}");
    }
    assert_eq!(
        made("dev.cdevents.gizmo.turned.0.1.0").operation,
        "cdevents.gizmo.turned"
    );
    assert_eq!(
        made("dev.cdevents.build.finished.0.1.1").operation,
        "build.succeeded"
    );
}

#[test]
fn an_outcome_that_the_data_or_an_attribute_states_is_the_outcome() {
    let of = |rest: &str| {
        let body = format!(
            r#"{{"specversion":"1.0","id":"1","source":"/s","type":"com.example.user.logged_in",{rest}}}"#
        );
        let Item::Event(event) = read_one(&[], body.as_bytes()) else {
            panic!()
        };
        ledger::event::read(event.to_value()).unwrap();
        event
    };
    let result = |rest: &str| of(rest).outcome.map(|outcome| outcome.result);
    assert_eq!(result(r#""data":{"outcome":"failure"}"#), Some("failure"));
    assert_eq!(
        result(r#""data":{"outcome":{"result":"forbidden"}}"#),
        Some("denied")
    );
    assert_eq!(result(r#""outcome":"denied""#), Some("denied"));
    assert_eq!(result(r#""data":{"a":1}"#), None);
    let value = of(r#""time":"abc","data":{"outcome":"perhaps"}"#).to_value();
    assert_eq!(
        text(&value, &["metadata", "outcome_as_sent"]),
        Some("perhaps")
    );
    assert_eq!(text(&value, &["metadata", "time_as_sent"]), Some("abc"));
}
