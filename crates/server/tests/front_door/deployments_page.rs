//! The page of deployments: the numbers of the API, and what a viewer must not see.

use axum::http::StatusCode;
use serde_json::{Value, json};
use server::Config;

use crate::deployments::{WINDOW, world};
use crate::support::{Reply, World};
use crate::visitor::Visitor;

/// What a browser gets for a page when it signed in with this key.
async fn page_of(world: &World, key: &str, path: &str) -> Reply {
    Visitor::with_key(world, "acme", key).await.any(path).await
}

#[tokio::test]
async fn the_page_shows_the_numbers_of_the_api_with_links_to_absolute_times() {
    let (world, reader) = world().await;
    let page = page_of(
        &world,
        &reader,
        &format!("/t/acme/deployments?{WINDOW}&bucket=week"),
    )
    .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let text = page.text();
    // 16 in 21 days are 0.7619 a day, 5.3 a week; 7 and 3 of 16; 7200 s; 240 s.
    for said in [
        "<strong>5.3 a week</strong>",
        "<strong>43.8 %</strong>",
        "7 of 16: 4 failed, 3 rolled back",
        "<strong>18.8 %</strong>",
        "<strong>2 h</strong>",
        "3 restored, 1 not yet",
        "<strong>4 min</strong>",
        "1 cancelled, 1 running, 1 undecided; 1 refused before",
        "2026-03-02T00:00:00.000000Z",
        "Failed and rolled back deployments divided by finished ones.",
        "/t/acme/events/b3\"",
        "since=2026-03-16T08%3A50%3A00.000000Z&#38;until=2026-03-16T09%3A20%3A00.000000Z",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("style=") && !text.contains("onclick"));
    let one = format!("/t/acme/deployments?{WINDOW}&project=blog&environment=staging");
    let one = page_of(&world, &reader, &one).await;
    assert!(one.text().contains("<strong>50.0 %</strong>"));
    assert!(!one.text().contains("shop / production"));
}

#[tokio::test]
async fn a_query_holds_for_the_whole_page_and_all_its_links() {
    let (world, reader) = world().await;
    let path = format!("/t/acme/deployments?{WINDOW}");
    let of = async |q: &str| {
        let q = crate::support::escaped(q);
        page_of(&world, &reader, &format!("{path}&q={q}")).await
    };
    let one = of("project:blog environment:staging").await;
    let text = one.text();
    assert!(text.contains("<strong>50.0 %</strong>"), "{text}");
    assert!(!text.contains("shop / production"), "{text}");
    assert!(
        text.contains("value=\"project:blog environment:staging\""),
        "{text}"
    );
    let links = text
        .split("href=\"")
        .filter(|link| link.starts_with("/t/acme/deployments?"));
    let without =
        links.filter(|link| !link.split('"').next().unwrap().contains("q=project%3Ablog"));
    // Out of the filter, and nowhere else.
    assert_eq!(without.count(), 1, "{text}");
    let wrong = of("project:(").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text());
    // What is long is not repeated by every row.
    let short = page_of(&world, &reader, &path).await;
    let many = vec!["-project:nothing-of-ours"; 60].join(" ");
    let long = of(&many).await;
    assert_eq!(long.status, StatusCode::OK, "{}", long.text());
    assert!(long.text().contains("shop / production"));
    assert!(
        long.text()
            .contains("projects and lanes have no links of their own")
    );
    assert!(
        long.bytes.len() < short.bytes.len() + 30_000,
        "{}",
        long.bytes.len()
    );
}

#[tokio::test]
async fn long_names_are_cut_in_rows() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let long = |name: &str| format!("{name}{}", "x".repeat(900));
    let events: Vec<Value> = (0..30)
        .map(|at| {
            json!({"timestamp": format!("2026-03-12T10:{at:02}:00Z"), "operation": "deployment.succeeded",
                "actor": {"id": "1", "name": long("actor")},
                "context": {"environment": long("env"), "service": long("service")},
                "resource": {"type": "deployment", "id": format!("d{at}"), "name": long("name"), "project_id": long("project")}})
        })
        .collect();
    world.store(&Value::from(events).to_string()).await;
    let path = "/t/acme/deployments?since=2026-03-12&until=2026-03-13T00:00:00Z";
    let page = page_of(&world, &reader, path).await;
    let text = page.text();
    for name in ["actor", "env", "service", "name", "project"] {
        let cut = format!("{name}{}…", "x".repeat(120 - name.len()));
        assert!(text.contains(&cut), "{name}: {text}");
    }
    assert!(!text.contains(&format!(">{}", long("name"))), "{text}");
}

#[tokio::test]
async fn the_page_says_when_there_is_nothing_and_when_it_does_not_know_everything() {
    let mut config = Config::default();
    config.limits.deployment_events = 20;
    let world = World::with(config).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let path = "/t/acme/deployments?since=2026-03-12&until=2026-03-13T00:00:00Z";
    let empty = page_of(&world, &reader, path).await;
    assert!(
        empty.text().contains("Nothing was deployed"),
        "{}",
        empty.text()
    );
    let events: Vec<Value> = (0..600)
        .map(|minute| {
            let at = format!("2026-03-12T{:02}:{:02}:00Z", minute / 60, minute % 60);
            json!({"timestamp": at, "operation": "deployment.succeeded", "actor": {"id": "1"},
                "resource": {"type": "deployment", "id": format!("d{minute}"), "name": "<b>\"'&"}})
        })
        .collect();
    world.store(&Value::from(events).to_string()).await;
    let cut = page_of(&world, &reader, path).await;
    assert!(cut.text().contains("Not the whole window"));
    assert!(!cut.text().contains("<b>\"'&"), "{}", cut.text());
    assert!(cut.bytes.len() < 150_000, "{}", cut.bytes.len());
    // Of another tenant there is no page, nor of one that isn't there.
    let other = page_of(&world, &reader, "/t/umbrella/deployments").await;
    let none = page_of(&world, &reader, "/t/nobody/deployments").await;
    assert_eq!(
        (other.status, none.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
}

#[tokio::test]
async fn the_page_of_an_analyst_names_nobody() {
    let (world, _) = world().await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let page = page_of(&world, &analyst, &format!("/t/acme/deployments?{WINDOW}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for hidden in ["Ana", "ana@", "deployer", "/actors/"] {
        assert!(!page.text().contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn an_id_that_browsers_take_for_a_way_up_has_no_link_and_a_name_reorders_nothing() {
    let world = World::new().await;
    let event = r#"{"id":"up","operation":"deployment.succeeded","timestamp":"2026-11-21T07:59:00Z","actor":{"type":"user","id":"..","name":"ana\u202egpj"},
      "resource":{"type":"deployment","id":"..","name":"web","project_id":"p\u202eq"},"context":{"environment":"production"},"outcome":{"result":"success"}}"#;
    world.store(event).await;
    let other = event
        .replace("\"..\"", "\"usr_1\"")
        .replace("\"up\"", "\"down\"");
    world.store(&other).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let window = "since=2026-11-20T00:00:00Z&until=2026-11-22T00:00:00Z";
    let page = visitor.text(&format!("/deployments?{window}")).await;
    assert!(page.contains("/t/acme/resources/deployment/usr_1\""));
    assert!(!page.contains("/deployment/..") && !page.contains("/user/.."));
    let search = format!("/search?{window}");
    let paths = [
        "/actors/user/usr_1",
        "/resources/deployment/usr_1",
        "/",
        &search,
    ];
    for path in paths {
        let page = visitor.text(path).await;
        assert!(!page.contains('\u{202e}'), "{path}");
    }
}
