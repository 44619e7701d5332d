//! Counts and completions.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::World;

/// Twelve deployments an hour apart by three people, two of them failed, and one rollback.
async fn fill(world: &World) {
    let mut events = Vec::new();
    for n in 0..12 {
        let (actor, team) = (n % 3 + 1, if n % 2 == 0 { "core" } else { "Web" });
        let outcome = if n < 2 { "failure" } else { "success" };
        events.push(format!(
            r#"{{"id":"d{n}","timestamp":"2026-03-12T{n:02}:15:00Z","operation":"deployment.created","actor":{{"id":"{actor}"}},
            "resource":{{"type":"deployment","id":"dpl_{n}"}},"outcome":"{outcome}","metadata":{{"team":"{team}"}},"origin":{{"ip":"10.0.0.{actor}"}}}}"#
        ));
    }
    events.push(r#"{"id":"r","timestamp":"2026-03-13T00:00:00Z","operation":"deployment.rolled_back","actor":{"id":"1"},"resource":{"type":"deployment","id":"dpl_0"}}"#.to_owned());
    world.store(&format!("[{}]", events.join(","))).await;
}

async fn counted(world: &World, key: &str, query: &str) -> api::Statistics {
    let reply = world.get(key, &format!("/v1/stats?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    serde_json::from_slice(&reply.bytes).unwrap()
}

fn values(values: &[api::ValueCount]) -> Vec<(&str, u64)> {
    values
        .iter()
        .map(|value| (value.value.as_str(), value.count))
        .collect()
}

#[tokio::test]
async fn totals_buckets_and_values_are_those_of_the_query() {
    let world = World::new().await;
    fill(&world).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let all = counted(
        &world,
        &reader,
        "q=type:deployment.created&by=actor,outcome,metadata.team,ip&interval=6h&top=2",
    )
    .await;
    assert_eq!(all.total, 12);
    assert_eq!(all.earliest.as_deref(), Some("2026-03-12T00:15:00.000000Z"));
    assert_eq!(all.latest.as_deref(), Some("2026-03-12T11:15:00.000000Z"));
    assert_eq!(all.interval_seconds, Some(6 * 3_600));
    let buckets: Vec<(&str, u64)> = all
        .histogram
        .iter()
        .map(|bucket| (bucket.at.as_str(), bucket.count))
        .collect();
    assert_eq!(
        buckets,
        [
            ("2026-03-12T00:00:00.000000Z", 6),
            ("2026-03-12T06:00:00.000000Z", 6)
        ]
    );
    let top: Vec<_> = all
        .top
        .iter()
        .map(|top| (top.field.as_str(), values(&top.values)))
        .collect();
    assert_eq!(
        top,
        [
            ("actor.id", vec![("1", 4), ("2", 4)]),
            ("outcome", vec![("success", 10), ("failure", 2)]),
            ("metadata.team", vec![("core", 6), ("web", 6)]),
            ("ip", vec![("10.0.0.1", 4), ("10.0.0.2", 4)]),
        ]
    );
    assert_eq!(
        (all.searched.size, all.query.as_str()),
        (14, "operation:deployment.created")
    );
    let plain = counted(&world, &reader, "interval=none&since=2026-03-12T11:00:00Z").await;
    assert_eq!(
        (plain.total, plain.interval_seconds, plain.histogram.len()),
        (2, None, 0)
    );
    let few = counted(&world, &reader, "buckets=3").await;
    assert!((1..=3).contains(&few.histogram.len()), "{few:?}");
    assert_eq!(
        few.histogram.iter().map(|bucket| bucket.count).sum::<u64>(),
        13
    );
}

#[tokio::test]
async fn what_can_t_be_counted_is_refused_by_name() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (query, parameter, told) in [
        ("by=operation,text", "by", "those of text are"),
        ("by=id", "by", "those of id are"),
        ("by=request_id", "by", "those of request_id are"),
        ("by=timestamp", "by", "those of timestamp are"),
        ("by=operation,hunter2", "by", "GET /v1/fields"),
        (
            "by=ip,key,flag,source,region,service,channel,env,app",
            "by",
            "at most 8",
        ),
        ("top=0", "top", "from 1 to 1000"),
        ("top=1001", "top", "from 1 to 1000"),
        ("buckets=2001", "buckets", "from 1 to 2000"),
        ("interval=1h&buckets=5", "buckets", "auto"),
        ("interval=fortnight", "interval", "1h"),
        ("interval=0s", "interval", "1h"),
        ("interval=99999999999d", "interval", "1h"),
        ("interval=-1h", "interval", "1h"),
    ] {
        let reply = world.get(&reader, &format!("/v1/stats?{query}")).await;
        let (status, code, named) = reply.parameter();
        assert_eq!(
            (status, code.as_str(), named.as_str()),
            (400, "bad_request", parameter),
            "{query}"
        );
        assert!(reply.text().contains(told), "{query}: {}", reply.text());
        assert!(!reply.text().contains("hunter2"));
    }
    let reply = world.get(&reader, "/v1/stats?q=(a").await;
    assert_eq!(reply.problem().1, "bad_query");
}

#[tokio::test]
async fn the_fields_are_those_of_the_language() {
    let world = World::new().await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let reply = world.get(&analyst, "/v1/fields").await;
    let fields: api::Fields = serde_json::from_slice(&reply.bytes).unwrap();
    assert_eq!(fields.fields.len(), query::field::FIELDS.len());
    let operation = fields
        .fields
        .iter()
        .find(|field| field.name == "operation")
        .unwrap();
    assert!(operation.countable && operation.aliases.contains(&"type".to_owned()));
    assert!(
        fields
            .shorthands
            .iter()
            .any(|shorthand| shorthand.name == "during")
    );
    let text = fields
        .fields
        .iter()
        .find(|field| field.name == "text")
        .unwrap();
    assert!(!text.countable);
}

#[tokio::test]
async fn values_are_completed_with_counts_and_operations_from_the_vocabulary_too() {
    let world = World::new().await;
    fill(&world).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let complete = async |query: &str| {
        let reply = world.get(&reader, &format!("/v1/fields?{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        serde_json::from_slice::<api::Completions>(&reply.bytes).unwrap()
    };
    let operations = complete("field=type&prefix=Deployment.c").await;
    assert_eq!(operations.field, "operation");
    let names = values(&operations.values);
    assert_eq!(names[0], ("deployment.created", 12));
    assert!(
        names[1..]
            .iter()
            .all(|(name, count)| name.starts_with("deployment.c") && *count == 0)
    );
    let all = complete("field=operation&limit=3").await;
    assert_eq!(
        values(&all.values)[..2],
        [("deployment.created", 12), ("deployment.rolled_back", 1)]
    );
    assert_eq!(all.values.len(), 3);
    assert_eq!(
        complete("field=operation&prefix=veritrail.").await.values,
        []
    );
    assert_eq!(
        values(&complete("field=metadata.team&prefix=W").await.values),
        [("web", 6)]
    );
    for (query, parameter) in [
        ("field=text", "field"),
        ("field=hunter2", "field"),
        ("field=operation&limit=101", "limit"),
        ("prefix=x", "prefix"),
        ("log=other", "log"),
        ("limit=5", "limit"),
    ] {
        let reply = world.get(&reader, &format!("/v1/fields?{query}")).await;
        assert_eq!(
            reply.parameter(),
            (400, "bad_request".into(), parameter.into()),
            "{query}"
        );
    }
    let long = world
        .get(
            &reader,
            &format!("/v1/fields?field=ip&prefix={}", "x".repeat(257)),
        )
        .await;
    assert_eq!(long.parameter().2, "prefix");
}

#[tokio::test]
async fn operators_look_after_the_index_and_that_is_recorded() {
    use axum::http::Method;
    use store::LogRef;
    use store::registry::INSTANCE_TENANT;
    let world = World::new().await;
    let (operator, auditor) = (world.operator().await, world.auditor().await);
    let index = world.get(&operator, "/v1/index").await;
    let index: api::Index = serde_json::from_slice(&index.bytes).unwrap();
    assert!(index.indexed > 0 && index.unavailable.is_none());
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let before = world.operations(instance).await.len();
    let begun = world
        .call(Method::POST, &operator, "/v1/index/rebuild", "")
        .await;
    assert_eq!(begun.status, StatusCode::ACCEPTED);
    assert_eq!(
        world.operations(instance).await[before..],
        ["veritrail.index.rebuild_started"]
    );
    for (method, path) in [
        (Method::GET, "/v1/index"),
        (Method::POST, "/v1/index/rebuild"),
    ] {
        let refused = world.call(method, &auditor, path, "").await;
        assert_eq!(
            refused.problem(),
            (403, "forbidden".into(), String::new()),
            "{path}"
        );
    }
    let ready = world.get("", "/readyz").await.json();
    assert_eq!(ready["index"]["indexed"], json!(index.indexed + 1));
}
