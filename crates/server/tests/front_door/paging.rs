//! Pages: nothing lost or doubled between them, and no cursor but one's own.

use serde_json::json;

use crate::support::{World, event};

/// So many events, each a minute after the one before, some at the same time.
async fn fill(world: &World, from: usize, to: usize) {
    let events: Vec<String> = (from..to)
        .map(|n| {
            let minute = (n * 7) % 50;
            let at = format!("2026-03-12T10:{minute:02}:00Z");
            event(&format!("e{n}")).replacen('{', &format!("{{\"timestamp\":\"{at}\","), 1)
        })
        .collect();
    world.store(&format!("[{}]", events.join(","))).await;
}

/// The cursor of a page.
fn cursor(reply: &crate::support::Reply) -> Option<String> {
    reply.json()["cursor"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn pages_show_what_was_there_at_the_first_each_event_once() {
    for order in ["newest", "oldest"] {
        let world = World::new().await;
        fill(&world, 0, 100).await;
        let reader = world.key_of("acme", &["reader"], "x").await;
        let whole = world
            .get(&reader, &format!("/v1/events?order={order}&limit=1000"))
            .await
            .ids();
        let mut seen = Vec::new();
        let mut path = format!("/v1/events?order={order}&limit=9");
        for round in 0..100 {
            let reply = world.get(&reader, &path).await;
            seen.extend(reply.ids());
            // Written between the pages, before and behind every place.
            fill(&world, 1_000 + round * 3, 1_003 + round * 3).await;
            let Some(cursor) = cursor(&reply) else { break };
            let link = format!("</v1/events?cursor={cursor}&limit=9>; rel=\"next\"");
            assert_eq!(reply.header("link"), link);
            path = format!("/v1/events?cursor={cursor}&limit=9");
        }
        assert_eq!(seen, whole, "{order}");
        assert_eq!(seen.len(), 100);
    }
}

#[tokio::test]
async fn a_search_of_many_pages_is_one_intent_and_one_total() {
    let world = World::new().await;
    fill(&world, 0, 25).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let first = world.get(&reader, "/v1/events?limit=10").await;
    let second = world
        .get(
            &reader,
            &format!("/v1/events?limit=10&cursor={}", cursor(&first).unwrap()),
        )
        .await;
    world.record_due_totals().await;
    assert_eq!(world.reads().await.len(), 1);
    let third = world
        .get(
            &reader,
            &format!("/v1/events?limit=10&cursor={}", cursor(&second).unwrap()),
        )
        .await;
    assert_eq!((third.ids().len(), cursor(&third)), (5, None));
    world.record_due_totals().await;
    world.record_all_totals().await;
    let reads = world.reads().await;
    assert_eq!(reads.len(), 2, "{reads:?}");
    let total = &reads[1].1;
    assert_eq!((&total["pages"], &total["events"]), (&json!(3), &json!(25)));
}

#[tokio::test]
async fn an_abandoned_search_has_its_total_when_the_cursor_expires() {
    let world = World::new().await;
    fill(&world, 0, 25).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    world.get(&reader, "/v1/events?limit=10").await;
    world.clock.advance_seconds(14 * 60);
    world.record_due_totals().await;
    assert_eq!(world.reads().await.len(), 1);
    world.clock.advance_seconds(2 * 60);
    world.record_due_totals().await;
    let reads = world.reads().await;
    assert_eq!((reads.len(), &reads[1].1["events"]), (2, &json!(10)));
}

#[tokio::test]
async fn totals_that_can_t_be_recorded_are_recorded_later() {
    let world = World::new().await;
    fill(&world, 0, 5).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    world.get(&reader, "/v1/events").await;
    world.fail(None, || store::StoreError::DiskFull);
    world.record_due_totals().await;
    *world.store.fault.lock().unwrap() = None;
    world.record_due_totals().await;
    assert_eq!(world.reads().await.len(), 2);
}

#[tokio::test]
async fn a_relative_time_stays_what_it_was_on_the_first_page() {
    let world = World::new().await;
    let events: Vec<String> = (0..6)
        .map(|n| {
            event(&format!("e{n}")).replacen(
                '{',
                &format!("{{\"timestamp\":\"2026-11-21T07:5{n}:00Z\","),
                1,
            )
        })
        .collect();
    world.store(&format!("[{}]", events.join(","))).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let first = world.get(&reader, "/v1/events?q=since:10m&limit=3").await;
    world.clock.advance_seconds(9 * 60);
    let cursor = cursor(&first).unwrap();
    for query in ["", "&q=since:10m", "&since=10m"] {
        let second = world
            .get(
                &reader,
                &format!("/v1/events?limit=3&cursor={cursor}{query}"),
            )
            .await;
        assert_eq!(second.ids(), ["e2", "e1", "e0"], "{query}");
    }
}

#[tokio::test]
async fn no_cursor_but_one_s_own_and_of_this_search_is_taken() {
    let world = World::new().await;
    fill(&world, 0, 30).await;
    let (one, two) = (world.auditor().await, world.auditor().await);
    let foreign = world.key_of("umbrella", &["auditor"], "x").await;
    let page = world
        .get(&one, "/v1/events?q=type:deployment.created&limit=10")
        .await;
    let mine = cursor(&page).unwrap();
    let refused = async |key: &str, query: String| {
        let reply = world.get(key, &format!("/v1/events?{query}")).await;
        reply.parameter()
    };
    let bad = (400, "bad_cursor".to_owned(), "cursor".to_owned());
    for (key, query) in [
        (&two, format!("cursor={mine}")),
        (&foreign, format!("cursor={mine}")),
        (&one, format!("cursor={mine}&q=type:user.created")),
        (&one, format!("cursor={mine}&since=1h")),
        (&one, format!("cursor={mine}&order=oldest")),
        (&one, format!("cursor={mine}&log=access")),
        (&one, format!("cursor={}", &mine[1..])),
        (&one, format!("cursor={mine}A")),
        (&one, "cursor=".to_owned()),
        (&one, format!("cursor={}", "A".repeat(9_000))),
    ] {
        assert_eq!(refused(key, query.clone()).await, bad, "{query}");
    }
    // Every byte of it counts.
    for at in (0..mine.len()).step_by(7) {
        let other = if &mine[at..=at] == "A" { "B" } else { "A" };
        let forged = format!("{}{other}{}", &mine[..at], &mine[at + 1..]);
        assert_eq!(refused(&one, format!("cursor={forged}")).await, bad, "{at}");
    }
    for query in [
        "",
        "&q=type:deployment.created",
        "&order=newest&log=main",
        "&q=op:DeploymentCreated",
    ] {
        let reply = world
            .get(&one, &format!("/v1/events?limit=10&cursor={mine}{query}"))
            .await;
        assert_eq!(reply.ids().len(), 10, "{query}");
    }
    world.clock.advance_seconds(15 * 60);
    assert_eq!(
        world
            .get(&one, &format!("/v1/events?cursor={mine}"))
            .await
            .ids()
            .len(),
        20
    );
    world.clock.advance_seconds(1);
    let late = refused(&one, format!("cursor={mine}")).await;
    assert_eq!(late, (400, "cursor_expired".into(), "cursor".into()));
    // What is forged is forged, however old.
    assert_eq!(refused(&two, format!("cursor={mine}")).await, bad);
}

#[tokio::test]
async fn a_cursor_of_the_access_log_is_worth_nothing_to_who_may_no_longer_read_it() {
    let world = World::new().await;
    fill(&world, 0, 3).await;
    let auditor = world.auditor().await;
    for _ in 0..5 {
        world.get(&auditor, "/v1/events/e1").await;
    }
    let page = world.get(&auditor, "/v1/events?log=access&limit=2").await;
    let cursor = cursor(&page).unwrap();
    let next = world
        .get(&auditor, &format!("/v1/events?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(next.ids().len(), 2);
    let wrong = world
        .get(&auditor, &format!("/v1/events?log=main&cursor={cursor}"))
        .await;
    assert_eq!(wrong.problem().1, "bad_cursor");
}
