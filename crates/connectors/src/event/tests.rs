use super::*;

/// Prepares a value as the server does.
fn prepared(value: Value<'_>) -> Result<(), String> {
    ledger::event::read(value)
        .map(drop)
        .map_err(|rejection| rejection.to_string())
}

#[test]
fn whatever_a_vendor_says_the_door_takes_it() {
    let wild = format!("\u{0}\u{7f}\n{}\u{202e}é", "x".repeat(100_000));
    let mut event = Event::new(
        crate::id::of("test", &[b"1"]),
        "Some Event!! of / mine",
        Thing::new("A Type Ünknown", wild.clone()).named(wild.clone()),
        wild.clone(),
    );
    event.actor = Actor {
        kind: "service_account",
        id: Some(wild.clone()),
        name: Some(wild.clone()),
        email: Some(wild.clone()),
        credential_id: Some(wild.clone()),
        on_behalf_of: Some(Thing::new("", wild.clone())),
    };
    event.origin.ip = Some("AWS Internal".into());
    event.origin.user_agent = Some(wild.clone());
    event.project_id = Some(wild.clone());
    event.related = vec![Thing::new("0", wild.clone()); 1_000];
    event.outcome = Some(Outcome {
        result: "denied",
        code: Some(wild.clone()),
        message: Some(wild.clone()),
    });
    event.reason = Some(wild.clone());
    event.context.region = Some(wild.clone());
    event.changes = vec![
        Change {
            field: wild.clone(),
            before: None,
            after: Some(Value::Null)
        };
        1_000
    ];
    event.request_id = Some(wild.clone());
    event.correlation_id = Some("\u{1}".into());
    event.note("more", Some(wild));
    assert_eq!(prepared(event.to_value()), Ok(()));
    let metadata = event.to_value();
    let host = crate::look::text(&metadata, &["metadata", "source_host"]);
    assert_eq!(host, Some("AWS Internal"));
}

#[test]
fn long_ids_are_cut_and_still_told_apart() {
    let long = |end: &str| clean::identifier(&format!("{}{end}", "x".repeat(2_000))).unwrap();
    assert_ne!(long("a"), long("b"));
    assert_eq!(long("a"), long("a"));
    assert!(long("a").len() <= crate::limits::ID_BYTES_MAX);
}
