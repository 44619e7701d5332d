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
