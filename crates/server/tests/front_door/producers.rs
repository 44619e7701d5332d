//! Producers that count: what is missing here.

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn gaps_late_and_doubled_events_are_told() {
    let world = World::new().await;
    let sent: Vec<String> = [1, 2, 5, 4, 9, 9]
        .into_iter()
        .enumerate()
        .map(|(n, seq)| {
            format!(
                r#"{{"id":"e{n}","operation":"deployment.created","actor":{{"id":"1"}},"resource":{{"type":"deployment","id":"d"}},"producer":{{"id":"api-3","seq":{seq}}}}}"#
            )
        })
        .collect();
    world.store(&format!("[{}]", sent.join(","))).await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let reply = world.get(&analyst, "/v1/producers").await;
    let producers: api::Producers = serde_json::from_slice(&reply.bytes).unwrap();
    let [producer] = &producers.producers[..] else {
        panic!("{producers:?}")
    };
    assert_eq!(
        serde_json::to_value(producer).unwrap(),
        json!({
            "id": "api-3", "ref": producer.reference, "events": 6, "highest": 9, "missing": 4,
            "gaps": [{"from": 3, "to": 3}, {"from": 6, "to": 8}], "late": 1, "doubled": 2,
            "last_recorded_at": "2026-11-21T08:00:00.000000Z"
        })
    );
    assert_eq!(
        world
            .get(&analyst, "/v1/producers?log=access")
            .await
            .problem()
            .1,
        "bad_request"
    );
}

#[tokio::test]
async fn a_producer_that_events_withhold_is_counted_without_its_name() {
    let world = World::new().await;
    let event = |id: &str, kind: &str, producer: &str, seq: u64| {
        format!(
            r#"{{"id":"{id}","operation":"thing.happened","actor":{{"id":"1"}},"resource":{{"type":"{kind}","id":"d"}},"producer":{{"id":"{producer}","seq":{seq}}}}}"#
        )
    };
    let sent = [
        event("e1", "deployment", "10.6.6.6", 1),
        event("e2", "user", "danas-laptop", 2),
        event("e3", "user", "api-3", 1),
        event("e4", "deployment", "api-3", 2),
    ];
    world.store(&format!("[{}]", sent.join(","))).await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let shown = world.get(&analyst, "/v1/producers").await;
    for hidden in ["10.6.6.6", "danas-laptop"] {
        assert!(!shown.text().contains(hidden), "{}", shown.text());
        let query = format!("/v1/events?q=producer:{hidden}");
        assert!(world.get(&analyst, &query).await.ids().is_empty());
    }
    let of = |reply: &[u8]| {
        let known: api::Producers = serde_json::from_slice(reply).unwrap();
        let told = known.producers.into_iter();
        let mut told: Vec<_> = told
            .map(|known| (known.reference, known.id, known.events, known.missing))
            .collect();
        told.sort();
        told
    };
    let reader = world.key_of("acme", &["reader"], "x").await;
    let mut expect = of(&world.get(&reader, "/v1/producers").await.bytes);
    assert_eq!(expect.len(), 3);
    for (_, id, _, _) in &mut expect {
        id.take_if(|id| id != "api-3");
    }
    // Counts and pseudonyms stand in entries: nothing seems lost that was only withheld.
    assert_eq!(of(&shown.bytes), expect);
}
