//! Where addresses are: searched, counted and shown to who sees addresses, and to nobody else.

use serde_json::{Value, json};

use crate::streaming::Reading;
use crate::support::World;

const DAY: &str = r#"[
 {"id":"e1","timestamp":"2026-11-20T10:00:00Z","operation":"user.logged_in","actor":{"id":"42"},"origin":{"ip":"198.51.100.7"},
  "resource":{"type":"session","id":"s1"}},
 {"id":"e2","timestamp":"2026-11-20T11:00:00Z","operation":"deployment.created","actor":{"id":"42"},"origin":{"ip":"2001:DB8::9"},
  "resource":{"type":"deployment","id":"d1"}},
 {"id":"e3","timestamp":"2026-11-20T12:00:00Z","operation":"deployment.created","actor":{"id":"7"},"origin":{"ip":"192.0.2.9"},
  "resource":{"type":"deployment","id":"d2"}},
 {"id":"e4","timestamp":"2026-11-20T13:00:00Z","operation":"deployment.created","actor":{"id":"7"},"origin":{"ip":"10.0.0.1"},
  "resource":{"type":"deployment","id":"d3"},"location":{"country":"XX","city":"Nowhere"}},
 {"id":"e5","timestamp":"2026-11-20T14:00:00Z","operation":"deployment.created","actor":{"id":"7"},
  "resource":{"type":"deployment","id":"d4"},"reason":"from 198.51.100.7"}
]"#;

async fn found(world: &World, key: &str, query: &str) -> Vec<String> {
    world.get(key, &format!("/v1/events?q={query}")).await.ids()
}

#[tokio::test]
async fn events_are_found_and_counted_by_country_region_and_city() {
    let world = World::located().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (query, expect) in [
        ("country:DE", &["e1"][..]),
        ("country:germany", &["e1"]),
        ("country:(DE%20OR%20US)", &["e3", "e1"]),
        ("city:Paris", &["e2"]),
        ("origin.region:land*", &["e1"]),
        ("country:*%20-country:DE", &["e3", "e2"]),
        ("-has:country", &["e5", "e4"]),
        ("country:XX", &[]),
        // Nobody has said yet which countries the tenant knows.
        ("flag:unfamiliar_country", &[]),
    ] {
        assert_eq!(found(&world, &reader, query).await, expect, "{query}");
    }
    let counted = world.get(&reader, "/v1/stats?by=country,city").await.json();
    assert_eq!(counted["total"], 5);
    let counted = counted.to_string();
    assert!(counted.contains(r#"{"count":1,"value":"de"}"#), "{counted}");
    let listed = world
        .get(&reader, "/v1/fields?field=city&prefix=ber")
        .await
        .json();
    assert_eq!(listed["values"], json!([{"value": "berlin", "count": 1}]));
    let refused = world.get(&reader, "/v1/events?q=country:hunter2").await;
    assert_eq!(
        refused.parameter(),
        (400, "bad_query".to_owned(), "q".to_owned())
    );
    assert!(refused.text().contains("ISO code") && !refused.text().contains("hunter2"));
}

#[tokio::test]
async fn a_place_stands_beside_the_event_wherever_it_is_shown_and_in_no_part_of_it() {
    let world = World::located().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let berlin = json!({
        "country": "DE", "country_name": "Germany", "region": "Land Berlin", "city": "Berlin",
        "latitude": 52.5, "longitude": -13.25, "network": "198.51.100.0/24",
        "database": "examples", "built_at": "2026-02-25T06:13:20.000000Z"
    });
    let one = world
        .get(&reader, "/v1/events/e1?include=entry")
        .await
        .json();
    assert_eq!(one["location"], berlin);
    for stored in ["entry", "person", "details"] {
        let text = one[stored].as_str().unwrap_or_default();
        assert!(
            !text.contains("Berlin") && !text.contains("52.5"),
            "{stored}: {text}"
        );
    }
    let page = world.get(&reader, "/v1/events?order=oldest").await.json();
    let places: Vec<&Value> = (0..5).map(|at| &page["events"][at]["location"]).collect();
    assert_eq!(places[0], &berlin);
    assert_eq!(places[1]["country"], "FR");
    assert_eq!(places[1]["network"], "2001:db8::/32");
    // Of a country nothing is said that the database does not know.
    assert_eq!(
        places[2],
        &json!({"country": "US", "country_name": "United States", "network": "192.0.2.0/24",
            "database": "examples", "built_at": "2026-02-25T06:13:20.000000Z"})
    );
    // What a producer calls its location is its own affair.
    assert_eq!(places[3], &Value::Null);
    assert_eq!(page["events"][3]["extra"]["location"]["city"], "Nowhere");
    assert_eq!(places[4], &Value::Null);
    for query in ["since=2026", ""] {
        let mut stream = Reading::begin(&world, &reader, query, None).await;
        if query.is_empty() {
            world.store(&DAY.replace("\"e", "\"f")).await;
        }
        let event = loop {
            let block = stream.block().await.unwrap();
            let data = block
                .get("data")
                .filter(|data| data.contains("user.logged_in"));
            if let Some(data) = data {
                break serde_json::from_str::<Value>(data).unwrap();
            }
        };
        assert_eq!(event["location"], berlin, "{query}");
    }
}

#[tokio::test]
async fn an_analyst_neither_sees_nor_finds_where_anybody_was() {
    let world = World::located().await;
    world.store(DAY).await;
    let analyst = world.key_of("acme", &["analyst"], "bi").await;
    for query in [
        "country:DE",
        "country:*",
        "city:Berlin",
        "city:b*",
        "has:origin.region",
        "flag:unfamiliar_country",
        "ip:198.51.100.7",
    ] {
        assert!(found(&world, &analyst, query).await.is_empty(), "{query}");
    }
    assert_eq!(found(&world, &analyst, "-country:DE").await.len(), 5);
    for path in [
        "/v1/events",
        "/v1/events/e1",
        "/v1/events/e1?include=entry",
        "/v1/stats?by=country,city,origin.region",
        "/v1/fields?field=country",
        "/v1/fields?field=city&prefix=b",
    ] {
        let reply = world.get(&analyst, path).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
        for told in [
            "country_name",
            "latitude",
            "network",
            "Berlin",
            "berlin",
            "\"de\"",
            "198.51.100",
        ] {
            assert!(
                !reply.text().contains(told),
                "{path} tells {told}: {}",
                reply.text()
            );
        }
    }
    let mut stream = Reading::begin(&world, &analyst, "since=2026", None).await;
    let block = stream.block().await.unwrap();
    assert!(
        block["data"].contains("e1") && !block["data"].contains("country_name"),
        "{block:?}"
    );
}

#[tokio::test]
async fn a_tenant_finds_nobody_elses_events_by_their_place() {
    let world = World::located().await;
    world.store(DAY).await;
    let stranger = world.key_of("umbrella", &["reader"], "x").await;
    assert!(found(&world, &stranger, "country:*").await.is_empty());
    let listed = world
        .get(&stranger, "/v1/fields?field=country")
        .await
        .json();
    assert_eq!(listed["values"], json!([]));
    assert_eq!(world.get(&stranger, "/v1/events/e1").await.status, 404);
}

#[tokio::test]
async fn an_operator_sees_which_databases_are_asked_and_how_old_they_are() {
    let world = World::located().await;
    let ready = world.get("", "/readyz").await.json();
    assert_eq!(
        ready["geolocation"],
        json!([{"database": "examples", "built_at": "2026-02-25T06:13:20.000000Z"}])
    );
    let metrics = world.get("", "/metrics").await.text().to_owned();
    let age = "\nveritrail_geoip_build_age_seconds{database=\"examples\"} 23248000\n";
    assert!(metrics.contains(age), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
    let without = World::new().await;
    let ready = without.get("", "/readyz").await.json();
    assert_eq!(ready.get("geolocation"), None);
    assert!(!without.get("", "/metrics").await.text().contains("geoip"));
}

#[tokio::test]
async fn a_tenants_known_countries_make_the_others_unfamiliar_to_it_alone() {
    let world = World::located().await;
    world.store(DAY).await;
    let (reader, admin) = (
        world.key_of("acme", &["reader"], "x").await,
        world.key_of("acme", &["admin"], "a").await,
    );
    let known = |codes: Value| json!({"known_countries": codes}).to_string();
    let set = world
        .post(&admin, "/v1/tenants/_own", known(json!(["DE"])))
        .await;
    assert!(set.status.is_success(), "{}", set.text());
    assert_eq!(
        found(&world, &reader, "flag:unfamiliar_country").await,
        ["e3", "e2"]
    );
    let shown = world.get(&reader, "/v1/events/e1").await.json();
    assert_eq!(shown["location"]["known"], true, "{shown}");
    let shown = world.get(&reader, "/v1/events/e2").await.json();
    assert_eq!(shown["location"]["known"], false, "{shown}");
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    assert!(
        found(&world, &analyst, "flag:unfamiliar_country")
            .await
            .is_empty()
    );
    let shown = world.get(&analyst, "/v1/events/e2").await;
    assert!(!shown.text().contains("location"), "{}", shown.text());
    // Forgotten again, nothing is unfamiliar.
    drop(
        world
            .post(&admin, "/v1/tenants/_own", known(json!([])))
            .await,
    );
    assert!(
        found(&world, &reader, "flag:unfamiliar_country")
            .await
            .is_empty()
    );
}
