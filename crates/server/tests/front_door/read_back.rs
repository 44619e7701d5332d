//! Whatever is acknowledged is found and reads back, however deep or wide it is: nobody hides an act by its form.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;
use crate::visitor::Visitor;

/// An event with a hole in each place where a producer may put something of its own.
const PLACES: [&str; 14] = [
    r#""metadata":DEEP"#,
    r#""metadata":{"a":DEEP}"#,
    r#""unknown":DEEP"#,
    r#""unknown":{"a":[DEEP]}"#,
    r#""context":{"unknown":DEEP}"#,
    r#""origin":{"unknown":DEEP}"#,
    r#""producer":{"id":"p","unknown":DEEP}"#,
    r#""related":[{"type":"service","id":"s","unknown":DEEP}]"#,
    r#""related":[DEEP]"#,
    r#""changes":[{"field":"f","before":DEEP,"after":1}]"#,
    r#""changes":[{"field":"f","unknown":DEEP}]"#,
    r#""outcome":{"result":"success","unknown":DEEP}"#,
    r#""approval":{"by":"x","unknown":DEEP}"#,
    r#""reason":DEEP"#,
];

/// Nested so deep.
fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

/// Sends it; if it is stored, asks for it in every way.
async fn is_read_back(world: &World, visitor: &Visitor<'_>, id: &str, rest: &str) -> bool {
    let event = format!(
        r#"{{"id":"{id}","operation":"secret.deleted","actor":{{"id":"m"}},"resource":{{"type":"secret","id":"r-{id}"}},{rest}}}"#
    );
    let sent = world.post(&world.writer().await, "/v1/events", event).await;
    if sent.status != StatusCode::CREATED {
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{rest}");
        return false;
    }
    let auditor = world.auditor().await;
    let path = format!("/v1/events/{id}?include=entry");
    let read = world.get(&auditor, &path).await;
    assert_eq!(read.status, StatusCode::OK, "{rest}: {}", read.text());
    for query in [format!("id:{id}"), format!("resource.id:r-{id}")] {
        let found = world.get(&auditor, &format!("/v1/events?q={query}")).await;
        assert_eq!(found.ids(), [id], "{query}: {rest}");
        let counted = world.get(&auditor, &format!("/v1/stats?q={query}")).await;
        assert_eq!(counted.json()["total"], 1, "{query}: {rest}");
    }
    let state = format!("/v1/resources/secret/r-{id}/state");
    let state = world.get(&auditor, &state).await;
    assert_eq!(state.status, StatusCode::OK, "{rest}: {}", state.text());
    visitor.text(&format!("/events/{id}")).await;
    true
}

#[tokio::test]
async fn whatever_depth_is_acknowledged_reads_back() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, "acme", &["auditor"]).await;
    let (mut stored, mut refused) = (0, 0);
    for (place, rest) in PLACES.iter().enumerate() {
        for (form, (open, close)) in [("[", "]"), (r#"{"a":"#, "}")].into_iter().enumerate() {
            for depth in 26..=32 {
                let id = format!("deep-{place}-{form}-{depth}");
                let rest = rest.replace("DEEP", &nested(open, close, depth));
                if is_read_back(&world, &visitor, &id, &rest).await {
                    stored += 1;
                } else {
                    refused += 1;
                }
            }
        }
    }
    assert!(
        stored > 60 && refused > 20,
        "{stored} stored, {refused} refused"
    );
}

#[tokio::test]
async fn whatever_number_of_values_is_acknowledged_reads_back() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, "acme", &["auditor"]).await;
    // Each mask adds the place where it stands to what is stored.
    let secrets = (0..1_000).map(|at| format!(r#""password{at}":"hunter2x{at}""#));
    let secrets: Vec<_> = secrets.collect();
    let zeros = vec!["0"; 18_900].join(",");
    let rest = format!(r#""metadata":{{"l":[{zeros}],{}}}"#, secrets.join(","));
    assert!(is_read_back(&world, &visitor, "wide", &rest).await);
}

#[tokio::test]
async fn names_that_are_withheld_stay_different_members() {
    let world = World::new().await;
    let event = r#"{"id":"dup","operation":"firewall.updated","actor":{},"resource":{"type":"firewall","id":"fw"},
      "metadata":{"hits":{"10.0.0.1":3,"10.0.0.2":4,"dev@example.com":5}}}"#;
    world.store(event).await;
    let analyst = world.key_of("acme", &["analyst"], "analyst").await;
    let answer = world.get(&analyst, "/v1/events/dup").await;
    let hits: Value = answer.json()["metadata"]["hits"].clone();
    let mark = "[address withheld]";
    let (second, third) = (format!("{mark} #2"), format!("{mark} #3"));
    assert_eq!(hits, json!({mark: 3, second: 4, third: 5}));
    for page in ["/events/dup", "/", "/resources/firewall/fw"] {
        let visitor = Visitor::of(&world, "acme", &["analyst"]).await;
        let text = visitor.text(page).await;
        assert!(!text.contains("10.0.0") && !text.contains("dev@"), "{page}");
    }
}
