use super::*;

fn items(body: &[u8]) -> Vec<Item> {
    read(&Delivery::file(body)).unwrap().items
}

fn ids(body: &str) -> Vec<String> {
    let reading = read(&Delivery::file(body.as_bytes())).unwrap();
    reading.events().map(|event| event.id.clone()).collect()
}

#[test]
fn what_stands_before_a_broken_envelope_is_kept_and_the_rest_is_not() {
    let found = items(br#"{"event":"a"}{"event":"b"} {"event": {"event":"c"}"#);
    assert_eq!(found.len(), 3);
    assert!(matches!(&found[2], Item::Refused(refusal)
        if refusal.index == 2 && refusal.rule == "hec.invalid_data"));
    let found = items(br#"{"event":"a"}{"time":1}{"event":"c"}"#);
    assert_eq!(found.len(), 2);
    assert!(matches!(&found[1], Item::Refused(refusal)
        if refusal.index == 1 && refusal.rule == "hec.no_event"));
    let found = items(br#"{"event":""}"#);
    assert!(matches!(&found[..], [Item::Refused(refusal)] if refusal.rule == "hec.blank_event"));
}

#[test]
fn an_envelope_with_a_time_is_one_event_however_it_is_batched() {
    let (a, b) = (
        r#"{"time":1773325927.5,"event":"a"}"#,
        r#"{"time":1773325928,"event":"b"}"#,
    );
    let together = ids(&format!("{a}{b}"));
    assert_eq!(
        ids(&format!("{b}\n{a}")),
        [together[1].clone(), together[0].clone()]
    );
    // Said twice in one delivery, it happened twice.
    let twice = ids(&format!("{a}{a}"));
    assert_eq!(twice[0], together[0]);
    assert_ne!(twice[1], twice[0]);
}

#[test]
fn lines_without_a_time_are_of_their_delivery() {
    let first = ids("disk is full\ndisk is full\n");
    assert_eq!(first.len(), 2);
    assert_ne!(first[0], first[1]);
    assert_eq!(first, ids("disk is full\ndisk is full\n"));
    assert_ne!(first[0], ids("disk is full\n")[0]);
}

#[test]
fn raw_lines_in_brackets_stay_whole() {
    let reading = read(&Delivery::file(b"[12:00] a {b}\n[12:01] c")).unwrap();
    assert_eq!(reading.items.len(), 2);
}

#[test]
fn what_came_to_the_raw_endpoint_has_no_envelopes() {
    let headers = [("veritrail-collector", "raw")];
    let body = br#"{"event":"a"}
{"broken"
"#;
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    let reading = read(&delivery).unwrap();
    assert_eq!(reading.events().count(), 2);
}

#[test]
fn bytes_that_are_no_text_cost_their_line_only() {
    let found = items(b"fine\n\xff\xfe\nfine again");
    assert!(matches!(found[0], Item::Event(_)));
    assert!(matches!(&found[1], Item::Refused(refusal) if refusal.rule == "hec.no_utf8"));
    assert!(matches!(found[2], Item::Event(_)));
}

#[test]
fn nothing_and_checks_of_the_connection_are_passed_over_by_name() {
    let rule = |body: &[u8]| match items(body).as_slice() {
        [Item::Passed { rule }] => *rule,
        other => panic!("{other:?}"),
    };
    assert_eq!(rule(b" \n"), "hec.no_data");
    assert_eq!(
        rule(br#"{"event":{"action":"audit_log_streaming.check"}}"#),
        "github.streaming_check"
    );
}

#[test]
fn a_cloudtrail_record_has_the_id_that_it_has_in_a_file() {
    let record = r#"{"eventVersion":"1.08","eventName":"StopLogging","eventID":"e1","eventSource":"cloudtrail.amazonaws.com"}"#;
    let file = format!("{{\"Records\":[{record}]}}");
    let of_file = crate::Vendor::Cloudtrail
        .read(&Delivery::file(file.as_bytes()))
        .unwrap();
    let id = &of_file.events().next().unwrap().id;
    assert_eq!(&ids(&format!("{{\"time\":1,\"event\":{record}}}"))[0], id);
    assert_eq!(&ids(record)[0], id);
    let quoted = serde_json::to_string(record).unwrap();
    assert_eq!(&ids(&format!("{{\"event\":{quoted}}}"))[0], id);
}

#[test]
fn names_of_the_servers_own_are_not_taken_over() {
    let reading =
        items(br#"{"event":{"action":"veritrail.log.created"},"sourcetype":"veritrail.x"}"#);
    let [Item::Event(event)] = reading.as_slice() else {
        panic!("{reading:?}")
    };
    assert_eq!(event.operation, "hec.veritrail_x");
    ledger::event::read(event.to_value()).unwrap();
}

fn made(body: &str) -> Event {
    let found = items(body.as_bytes());
    let [Item::Event(event)] = found.as_slice() else {
        panic!("{found:?}")
    };
    ledger::event::read(event.to_value()).unwrap();
    (**event).clone()
}

#[test]
fn envelopes_in_an_array_are_an_event_each_with_the_ids_that_they_have_alone() {
    let (a, b) = (r#"{"time":1,"event":"a"}"#, r#"{"time":2,"event":"b"}"#);
    let listed = ids(&format!(" [{a}, {b}]\n"));
    assert_eq!(listed.len(), 2);
    assert_eq!(listed, ids(&format!("{a}{b}")));
    assert_eq!(ids(&format!("[{a}]\n[{b}]")), listed);
    let found = items(format!("[{a},{{\"time\":3}},{b}]").as_bytes());
    assert!(
        matches!(&found[..], [Item::Event(_), Item::Refused(refusal)]
        if refusal.index == 1 && refusal.rule == "hec.no_event")
    );
    let found = items(format!("[{a},").as_bytes());
    assert!(matches!(&found[..], [Item::Refused(refusal)] if refusal.rule == "hec.invalid_data"));
    let found = items(format!("[[{a}]]").as_bytes());
    assert_eq!(found.len(), 1);
}

#[test]
fn a_time_that_is_none_costs_the_timestamp_only_and_is_kept_as_it_was_sent() {
    for time in ["\"abc\"", "-5", "1e308", "0", "true", "999999999999999"] {
        let event = made(&format!(r#"{{"time":{time},"event":"a"}}"#));
        assert_eq!(event.timestamp, None, "{time}");
        let value = event.to_value();
        let sent = text(&value, &["metadata", "time_as_sent"]).unwrap();
        assert!(!sent.is_empty(), "{time}");
    }
    assert!(made(r#"{"time":1,"event":"a"}"#).timestamp.is_some());
}

#[test]
fn an_outcome_that_an_event_states_is_the_outcome() {
    let result = |event: &str| {
        let event = made(&format!(r#"{{"time":1,"event":{event}}}"#));
        event.outcome.map(|outcome| outcome.result)
    };
    let failed = r#"{"action":"user.logged_in","user":"alice","outcome":"failure"}"#;
    assert_eq!(result(failed), Some("failure"));
    assert_eq!(
        result(r#"{"action":"user.logged_in","success":false}"#),
        Some("failure")
    );
    assert_eq!(result(r#"{"action":"user.logged_in"}"#), None);
    assert_eq!(result("\"failure\""), None);
    let event = made(r#"{"event":{"action":"user.logged_in","outcome":"perhaps"}}"#);
    assert_eq!(event.outcome, None);
    let value = event.to_value();
    assert_eq!(
        text(&value, &["metadata", "outcome_as_sent"]),
        Some("perhaps")
    );
    let event = made(r#"{"event":"x","fields":{"outcome":"denied"}}"#);
    assert_eq!(event.outcome.unwrap().result, "denied");
}
