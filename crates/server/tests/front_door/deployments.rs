//! Deployments and their figures, against numbers that were computed by hand.
//!
//! The window is 2 March 2026, a Monday, to 23 March: three weeks, 21 days.
//!
//! | | target | told | counts |
//! |---|---|---|---|
//! | A | shop production | began 1 March 23:55, succeeded 2 March 00:05 | week 1, succeeded, 600 s |
//! | B | shop production | began 3 March 10:01, failed 10:04 | week 1, failed |
//! | B' | shop production | the same id began 10:10, succeeded 10:14, told twice | week 1, succeeded, 240 s; restored after 600 s |
//! | C | shop production | began 5 March 09:00, succeeded 09:03; rolled back 10 March | week 1, rolled back, 180 s |
//! | D | shop production | caused by that, created 10 March 12:01, succeeded 12:05 | week 2, succeeded, a rollback, 240 s |
//! | E, F | shop production | failed 12 March 10:05 and, another id, 11:02 | week 2, failed, failed |
//! | G | shop production | began 12:00, succeeded 12:05 | week 2, succeeded, 300 s; restored after 7200 s |
//! | H | shop production | created, cancelled 13 March | week 2, cancelled |
//! | I | shop production | created, denied 13 March | week 2, refused: none |
//! | J | shop production | approved 16 March 09:10, began 09:20, succeeded 09:30 | week 3, succeeded, 600 s |
//! | K | shop production | began 22 March 23:55, succeeded 23 March 00:00:00 | week 3, running: its end is the window's |
//! | L | shop production | created 18 March, nothing more | week 3, undecided |
//! | M | shop production | approval requested | none |
//! | P | shop staging | succeeded 4 March 08:00 with v1 | week 1, succeeded |
//! | Q | shop staging | created 4 March 09:00, succeeded 09:02 with v2 | week 1, rolled back (by R), 120 s |
//! | R | shop staging | created 6 March 09:00, succeeded 09:01 with v1 | week 1, succeeded, a rollback, 60 s |
//! | X | blog | sync failed 1 March 20:10 | before the window |
//! | U | blog | sync began 9 March 00:00, succeeded 00:01, deployed 00:01:10 | week 2, succeeded, 60 s; restored X after 618,660 s |
//! | V | blog | sync began 15 March 23:59, failed 16 March 00:00 | week 3, failed, unrestored |
//! | W, W' | blog staging | a service succeeded 20 March 10:00 and 11:00, rolled back 12:00 | week 3, succeeded; rolled back |
//!
//! X to U: 1 March 20:10 to 8 March 20:10 is 7 days, 604,800 s; to 9 March 00:01 another 3 h 51 min, 13,860 s.

use std::fmt::Write;

use axum::http::StatusCode;
use serde_json::{Value, json};
use server::Config;

use crate::support::World;

/// Id, time, operation, resource, project, environment, and what else.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    fn() -> Value,
);

fn nothing() -> Value {
    json!({})
}

fn version(version: &str) -> Value {
    json!({"metadata": {"version": version}})
}

fn sync(run: &str) -> Value {
    json!({"correlation_id": run})
}

#[rustfmt::skip]
const EVENTS: &[Row] = &[
    ("a1", "2026-03-01T23:50:00Z", "deployment.created", "deployment/d1", "shop", "production", || json!({"actor": {"id": "1", "name": "Ana", "email": "ana@example.com"}})),
    ("a2", "2026-03-01T23:55:00Z", "deployment.started", "deployment/d1", "shop", "production", || version("v1")),
    ("a3", "2026-03-02T00:05:00Z", "deployment.succeeded", "deployment/d1", "shop", "production", nothing),
    ("b1", "2026-03-03T10:00:00Z", "deployment.created", "deployment/d2", "shop", "production", || version("v2")),
    ("b2", "2026-03-03T10:01:00Z", "deployment.started", "deployment/d2", "shop", "production", nothing),
    ("b3", "2026-03-03T10:04:00Z", "deployment.failed", "deployment/d2", "shop", "production", || json!({"outcome": {"result": "failure"}})),
    ("b4", "2026-03-03T10:10:00Z", "deployment.started", "deployment/d2", "shop", "production", || version("v2")),
    ("b5", "2026-03-03T10:14:00Z", "deployment.succeeded", "deployment/d2", "shop", "production", nothing),
    ("b6", "2026-03-03T10:14:05Z", "deployment.succeeded", "deployment/d2", "shop", "production", nothing),
    ("c1", "2026-03-05T09:00:00Z", "deployment.started", "deployment/d3", "shop", "production", || version("v3")),
    ("c2", "2026-03-05T09:03:00Z", "deployment.succeeded", "deployment/d3", "shop", "production", nothing),
    ("c3", "2026-03-10T12:00:00Z", "deployment.rolled_back", "deployment/d3", "shop", "production", nothing),
    ("e1", "2026-03-10T12:01:00Z", "deployment.created", "deployment/d4", "shop", "production", || json!({"causation_id": "c3", "metadata": {"version": "v2"}})),
    ("e2", "2026-03-10T12:05:00Z", "deployment.succeeded", "deployment/d4", "shop", "production", nothing),
    ("f1", "2026-03-12T10:00:00Z", "deployment.started", "deployment/d5", "shop", "production", || version("v4")),
    ("f2", "2026-03-12T10:05:00Z", "deployment.failed", "deployment/d5", "shop", "production", nothing),
    ("f3", "2026-03-12T11:00:00Z", "deployment.started", "deployment/d6", "shop", "production", || version("v5")),
    ("f4", "2026-03-12T11:02:00Z", "deployment.failed", "deployment/d6", "shop", "production", nothing),
    ("g1", "2026-03-12T12:00:00Z", "deployment.started", "deployment/d7", "shop", "production", || version("v6")),
    ("g2", "2026-03-12T12:05:00Z", "deployment.succeeded", "deployment/d7", "shop", "production", nothing),
    ("h1", "2026-03-13T09:00:00Z", "deployment.created", "deployment/d8", "shop", "production", nothing),
    ("h2", "2026-03-13T09:01:00Z", "deployment.cancelled", "deployment/d8", "shop", "production", nothing),
    ("i1", "2026-03-13T09:30:00Z", "deployment.created", "deployment/d9", "shop", "production", || json!({"outcome": {"result": "denied"}})),
    ("j1", "2026-03-16T09:00:00Z", "deployment.approval_requested", "deployment/d10", "shop", "production", nothing),
    ("j2", "2026-03-16T09:10:00Z", "deployment.approved", "deployment/d10", "shop", "production", nothing),
    ("j3", "2026-03-16T09:15:00Z", "deployment.created", "deployment/d10", "shop", "production", || version("v8")),
    ("j4", "2026-03-16T09:20:00Z", "deployment.started", "deployment/d10", "shop", "production", nothing),
    ("j5", "2026-03-16T09:30:00Z", "deployment.succeeded", "deployment/d10", "shop", "production", nothing),
    ("k1", "2026-03-22T23:55:00Z", "deployment.started", "deployment/d11", "shop", "production", || version("v9")),
    ("k2", "2026-03-23T00:00:00Z", "deployment.succeeded", "deployment/d11", "shop", "production", nothing),
    ("l1", "2026-03-18T10:00:00Z", "deployment.created", "deployment/d12", "shop", "production", nothing),
    ("m1", "2026-03-19T10:00:00Z", "deployment.approval_requested", "deployment/d13", "shop", "production", nothing),
    ("p1", "2026-03-04T08:00:00Z", "deployment.succeeded", "deployment/s1", "shop", "staging", || version("v1")),
    ("q1", "2026-03-04T09:00:00Z", "deployment.created", "deployment/s2", "shop", "staging", || version("v2")),
    ("q2", "2026-03-04T09:02:00Z", "deployment.succeeded", "deployment/s2", "shop", "staging", nothing),
    ("r1", "2026-03-06T09:00:00Z", "deployment.created", "deployment/s3", "shop", "staging", || version("v1")),
    ("r2", "2026-03-06T09:01:00Z", "deployment.succeeded", "deployment/s3", "shop", "staging", nothing),
    ("x1", "2026-03-01T20:00:00Z", "application.sync_started", "application/argocd%blog", "blog", "", || sync("x")),
    ("x2", "2026-03-01T20:10:00Z", "application.sync_failed", "application/argocd%blog", "blog", "", || sync("x")),
    ("u1", "2026-03-09T00:00:00Z", "application.sync_started", "application/argocd%blog", "blog", "", || sync("u")),
    ("u2", "2026-03-09T00:01:00Z", "application.synced", "application/argocd%blog", "blog", "", || sync("u")),
    ("u3", "2026-03-09T00:01:10Z", "deployment.succeeded", "application/argocd%blog", "blog", "", || sync("u")),
    ("v1", "2026-03-15T23:59:00Z", "application.sync_started", "application/argocd%blog", "blog", "", || sync("v")),
    ("v2", "2026-03-16T00:00:00Z", "application.sync_failed", "application/argocd%blog", "blog", "", || sync("v")),
    ("w1", "2026-03-20T10:00:00Z", "deployment.succeeded", "service/web", "blog", "staging", nothing),
    ("w2", "2026-03-20T11:00:00Z", "deployment.succeeded", "service/web", "blog", "staging", nothing),
    ("w3", "2026-03-20T12:00:00Z", "deployment.rolled_back", "service/web", "blog", "staging", nothing),
];

fn event(row: &Row) -> Value {
    let (id, at, operation, resource, project, environment, more) = *row;
    let (kind, name) = resource.split_once('/').unwrap();
    let mut event = json!({
        "id": id, "timestamp": at, "operation": operation, "actor": {"type": "service_account", "id": "deployer"},
        "resource": {"type": kind, "id": name.replace('%', "/"), "project_id": project},
    });
    if !environment.is_empty() {
        event["context"] = json!({"environment": environment});
    }
    for (name, value) in more().as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// Every event, the last ones first.
fn backwards() -> String {
    let events: Vec<Value> = EVENTS.iter().rev().map(event).collect();
    Value::from(events).to_string()
}

pub(crate) const WINDOW: &str = "since=2026-03-02&until=2026-03-23T00:00:00Z";

pub(crate) async fn world() -> (World, String) {
    let world = World::new().await;
    world.store(&backwards()).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    (world, reader)
}

async fn figures(world: &World, key: &str, query: &str) -> api::DeploymentTrends {
    let reply = world
        .get(key, &format!("/v1/deployments/figures?{query}"))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    serde_json::from_slice(&reply.bytes).unwrap()
}

async fn list(world: &World, key: &str, query: &str) -> api::Deployments {
    let reply = world.get(key, &format!("/v1/deployments?{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    serde_json::from_slice(&reply.bytes).unwrap()
}

/// Finished of succeeded, failed, rolled back; rollbacks; rates and medians.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    of: [u64; 3],
    rollbacks: u64,
    per_day: f64,
    failure: f64,
    rollback: f64,
    durations: (u64, Option<u64>),
    restored: (u64, Option<u64>),
}

fn hold(found: &api::DeploymentFigures, expect: &Expected) {
    let said = Expected {
        of: [found.succeeded, found.failed, found.rolled_back],
        rollbacks: found.rollbacks,
        per_day: found.per_day,
        failure: found.change_failure_rate.unwrap(),
        rollback: found.rollback_rate.unwrap(),
        durations: (found.durations, found.duration_seconds_median),
        restored: (found.restored, found.restore_seconds_median),
    };
    assert_eq!(said, *expect);
    assert_eq!(found.finished, expect.of.iter().sum::<u64>());
}

/// What is in no rate: cancelled, running, undecided, refused, unrestored.
fn beside(found: &api::DeploymentFigures) -> [u64; 5] {
    [
        found.cancelled,
        found.running,
        found.undecided,
        found.refused,
        found.unrestored,
    ]
}

#[tokio::test]
async fn the_figures_of_three_weeks_are_those_computed_by_hand() {
    let (world, reader) = world().await;
    let found = figures(&world, &reader, WINDOW).await;
    assert!(found.window.complete);
    // 9 + 3 + 2 + 2 finished in 21 days: 0.7619 a day. Failed or rolled back: 4 + 3 of 16. Durations in order: 60, 60, 120,
    // 180, 240, 240, 300, 600, 600, the fifth is 240. Restored: 600, 7200, 618,660.
    hold(
        &found.total,
        &Expected {
            of: [9, 4, 3],
            rollbacks: 2,
            per_day: 0.7619,
            failure: 0.4375,
            rollback: 0.1875,
            durations: (9, Some(240)),
            restored: (3, Some(7_200)),
        },
    );
    assert_eq!(beside(&found.total), [1, 1, 1, 1, 1]);
    let name = |group: &api::DeploymentGroup| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{} {}", text(&group.project), text(&group.environment))
    };
    let names: Vec<String> = found.groups.iter().map(name).collect();
    assert_eq!(
        names,
        ["shop production", "shop staging", "blog ", "blog staging"]
    );
    // A, B', D, G, J; B, E, F; C. Durations: 180, 240, 240, 300, 600, 600: (240 + 300) / 2. Restored: (600 + 7200) / 2.
    let production = Expected {
        of: [5, 3, 1],
        rollbacks: 1,
        per_day: 0.4286,
        failure: 0.4444,
        rollback: 0.1111,
        durations: (6, Some(270)),
        restored: (2, Some(3_900)),
    };
    hold(&found.groups[0].figures, &production);
    assert_eq!(beside(&found.groups[0].figures), [1, 1, 1, 1, 0]);
    // P, R; none; Q. Durations: 60, 120.
    let staging = Expected {
        of: [2, 0, 1],
        rollbacks: 1,
        per_day: 0.1429,
        failure: 0.3333,
        rollback: 0.3333,
        durations: (2, Some(90)),
        restored: (0, None),
    };
    hold(&found.groups[1].figures, &staging);
    // U; V. Restored: X.
    let blog = Expected {
        of: [1, 1, 0],
        rollbacks: 0,
        per_day: 0.0952,
        failure: 0.5,
        rollback: 0.0,
        durations: (1, Some(60)),
        restored: (1, Some(618_660)),
    };
    hold(&found.groups[2].figures, &blog);
    assert_eq!(beside(&found.groups[2].figures), [0, 0, 0, 0, 1]);
    // W; none; W'.
    let service = Expected {
        of: [1, 0, 1],
        per_day: 0.0952,
        failure: 0.5,
        rollback: 0.5,
        ..Expected::default()
    };
    hold(&found.groups[3].figures, &service);
}

#[tokio::test]
async fn the_trend_by_week_and_by_day_is_the_one_computed_by_hand() {
    let (world, reader) = world().await;
    let weeks = figures(&world, &reader, &format!("{WINDOW}&bucket=week")).await;
    let begin: Vec<&str> = weeks.trend.iter().map(|week| week.at.as_str()).collect();
    assert_eq!(
        begin,
        [
            "2026-03-02T00:00:00.000000Z",
            "2026-03-09T00:00:00.000000Z",
            "2026-03-16T00:00:00.000000Z"
        ]
    );
    assert!(weeks.trend.iter().all(|week| !week.partial));
    // A, B', P, R; B; C, Q. 7 in 7 days. Durations: 60, 120, 180, 240, 600.
    let first = Expected {
        of: [4, 1, 2],
        rollbacks: 1,
        per_day: 1.0,
        failure: 0.4286,
        rollback: 0.2857,
        durations: (5, Some(180)),
        restored: (1, Some(600)),
    };
    hold(&weeks.trend[0].figures, &first);
    // D, G, U; E, F; none. Durations: 60, 240, 300. Restored: (7200 + 618,660) / 2.
    let second = Expected {
        of: [3, 2, 0],
        rollbacks: 1,
        per_day: 0.7143,
        failure: 0.4,
        rollback: 0.0,
        durations: (3, Some(240)),
        restored: (2, Some(312_930)),
    };
    hold(&weeks.trend[1].figures, &second);
    assert_eq!(beside(&weeks.trend[1].figures), [1, 0, 0, 1, 0]);
    // J, W; V; W'.
    let third = Expected {
        of: [2, 1, 1],
        per_day: 0.5714,
        failure: 0.5,
        rollback: 0.25,
        durations: (1, Some(600)),
        ..Expected::default()
    };
    hold(&weeks.trend[2].figures, &third);
    assert_eq!(beside(&weeks.trend[2].figures), [0, 1, 1, 0, 1]);
    let days = figures(&world, &reader, WINDOW).await;
    assert_eq!(days.bucket, "day");
    let finished =
        |day: &api::DeploymentBucket| format!("{} {}", &day.at[8..10], day.figures.finished);
    let by_day: Vec<String> = days.trend.iter().map(finished).collect();
    assert_eq!(
        by_day,
        [
            "02 1", "03 2", "04 2", "05 1", "06 1", "09 1", "10 1", "12 3", "13 0", "16 2", "18 0",
            "20 2", "22 0"
        ]
    );
    let widest = figures(&world, &reader, "since=2026-02-01&until=2026-03-23").await;
    assert_eq!(widest.bucket, "week");
}

#[tokio::test]
async fn a_window_knows_nothing_of_what_came_after_it() {
    let (world, reader) = world().await;
    let week = |since: &str, until: &str| format!("since={since}&until={until}&bucket=week");
    // C had not been rolled back yet: 5 succeeded.
    let first = figures(&world, &reader, &week("2026-03-02", "2026-03-09T00:00:00Z")).await;
    let said = &first.total;
    assert_eq!([said.succeeded, said.failed, said.rolled_back], [5, 1, 1]);
    // V fails at the very end, which is not in it.
    let second = figures(&world, &reader, &week("2026-03-09", "2026-03-16T00:00:00Z")).await;
    let whole = figures(&world, &reader, &format!("{WINDOW}&bucket=week")).await;
    let mut expected = whole.trend[1].figures.clone();
    expected.running = 1;
    assert_eq!(second.total, expected);
    // A microsecond later it has.
    let later = week("2026-03-09", "2026-03-16T00:00:00.000001Z");
    let later = figures(&world, &reader, &later).await;
    assert_eq!((later.total.failed, later.total.running), (3, 0));
    // And the window's first moment belongs to it.
    let hour = "since=2026-03-16T00:00:00Z&until=2026-03-16T01:00:00Z";
    let hour = figures(&world, &reader, hour).await;
    assert_eq!((hour.total.finished, hour.total.per_day), (1, 24.0));
    assert!(hour.trend[0].partial);
}

#[tokio::test]
async fn order_repetition_and_other_tenants_change_nothing() {
    let (world, reader) = world().await;
    let before = figures(&world, &reader, WINDOW).await;
    // The same once more, in order this time; and the same, failed, of somebody else.
    let events: Vec<Value> = EVENTS.iter().map(event).collect();
    world.store(&Value::from(events).to_string()).await;
    let foreign: Vec<Value> = EVENTS
        .iter()
        .map(|row| {
            let mut event = event(row);
            event["operation"] = json!("deployment.failed");
            event
        })
        .collect();
    let writer = world.key_of("umbrella", &["writer"], "ci").await;
    let sent = world
        .post(&writer, "/v1/events", Value::from(foreign).to_string())
        .await;
    assert_eq!(sent.status, StatusCode::OK);
    let after = figures(&world, &reader, WINDOW).await;
    assert_eq!(after, before);
    // The same events in order are the same deployments.
    let ordered = World::new().await;
    let events: Vec<Value> = EVENTS.iter().map(event).collect();
    ordered.store(&Value::from(events).to_string()).await;
    let key = ordered.key_of("acme", &["reader"], "x").await;
    let other = figures(&ordered, &key, WINDOW).await;
    assert_eq!((other.total, other.groups), (before.total, before.groups));
}

#[tokio::test]
async fn deployments_are_listed_with_how_they_ended_and_their_events() {
    let (world, reader) = world().await;
    let found = list(
        &world,
        &reader,
        &format!("{WINDOW}&project=shop&environment=production"),
    )
    .await;
    let told: Vec<String> = found
        .deployments
        .iter()
        .map(|it| {
            let id = it.resource.id.as_deref().unwrap();
            let seconds = it
                .duration_seconds
                .map_or("-".to_owned(), |it| it.to_string());
            let rollback = it.rollback.as_deref().unwrap_or("-");
            format!(
                "{id} {} {seconds} {rollback} {}",
                it.outcome, it.events_total
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "d11 running - - 1",
            "d12 undecided - - 1",
            "d10 succeeded 600 - 5",
            "d8 cancelled 60 - 2",
            "d7 succeeded 300 - 2",
            "d6 failed 120 - 2",
            "d5 failed 300 - 2",
            "d4 succeeded 240 event 2",
            "d3 rolled_back 180 - 3",
            "d2 succeeded 240 - 3",
            "d2 failed 180 - 3",
            "d1 succeeded 600 - 3",
        ]
    );
    assert_eq!(found.total, 12);
    let first = found.deployments.last().unwrap();
    assert_eq!(
        serde_json::to_value(first).unwrap(),
        json!({
            "resource": {"type": "deployment", "id": "d1"}, "project": "shop", "environment": "production", "version": "v1",
            "outcome": "succeeded", "requested": "2026-03-01T23:50:00.000000Z", "started": "2026-03-01T23:55:00.000000Z",
            "finished": "2026-03-02T00:05:00.000000Z", "duration_seconds": 600,
            "actor": {"type": "user", "id": "1", "name": "Ana", "email": "ana@example.com"},
            "events": [
                {"id": "a1", "operation": "deployment.created", "at": "2026-03-01T23:50:00.000000Z"},
                {"id": "a2", "operation": "deployment.started", "at": "2026-03-01T23:55:00.000000Z"},
                {"id": "a3", "operation": "deployment.succeeded", "at": "2026-03-02T00:05:00.000000Z"}
            ],
            "events_total": 3,
            "changes_before": first.changes_before,
        })
    );
}

#[tokio::test]
async fn deployments_are_chosen_by_where_and_how_they_ended() {
    let (world, reader) = world().await;
    let failed = list(&world, &reader, &format!("{WINDOW}&outcome=failed&limit=2")).await;
    assert_eq!((failed.total, failed.deployments.len()), (4, 2));
    let back = list(
        &world,
        &reader,
        &format!("{WINDOW}&outcome=rolled_back&environment=staging"),
    )
    .await;
    let back = &back.deployments[1];
    assert_eq!(back.resource.id.as_deref(), Some("s2"));
    assert_eq!(
        back.rolled_back.as_deref(),
        Some("2026-03-06T09:01:00.000000Z")
    );
}

#[tokio::test]
async fn changes_of_the_half_hour_before_are_counted_and_found_by_the_query_that_is_told() {
    let (world, reader) = world().await;
    let change = |id: &str, at: &str, operation: &str, environment: &str| {
        json!({"id": id, "timestamp": format!("2026-03-16T{at}Z"), "operation": operation, "actor": {"id": "1"},
            "resource": {"type": "thing", "id": "x", "project_id": "shop"}, "context": {"environment": environment}})
    };
    let mut denied = change("n7", "09:10:00", "secret.updated", "production");
    denied["outcome"] = json!({"result": "denied"});
    let mut whole = change("y4", "09:19:59.999999", "permission.granted", "");
    whole.as_object_mut().unwrap().remove("context");
    let events = json!([
        change(
            "y1",
            "08:50:00",
            "environment_variable.updated",
            "production"
        ),
        change("y2", "09:00:00", "secret.rotated", "production"),
        change("y3", "09:01:00", "secret.deleted", "production"),
        whole,
        change("n1", "08:49:59.999999", "setting.updated", "production"),
        change("n2", "09:20:00", "setting.updated", "production"),
        change("n3", "09:10:00", "setting.updated", "staging"),
        change("n4", "09:10:00", "secret.read", "production"),
        change("n5", "09:10:00", "server.restarted", "production"),
        denied,
    ]);
    world.store(&events.to_string()).await;
    let found = list(
        &world,
        &reader,
        "since=2026-03-16T09:00:00Z&until=2026-03-17&project=shop&changes=true",
    )
    .await;
    let before = found.deployments[0].changes_before.clone().unwrap();
    assert_eq!(
        before.counts,
        Some(api::ChangeCounts {
            configuration: 1,
            secrets: 2,
            permissions: 1
        })
    );
    let query: String = form_urlencoded(&before.query);
    let path = format!(
        "/v1/events?q={query}&since={}&until={}",
        before.since, before.until
    );
    assert_eq!(
        world.get(&reader, &path).await.ids(),
        ["y4", "y3", "y2", "y1"]
    );
    // Not asked for, not counted.
    let plain = list(
        &world,
        &reader,
        "since=2026-03-16T09:00:00Z&until=2026-03-17",
    )
    .await;
    assert!(
        plain.deployments[0]
            .changes_before
            .as_ref()
            .unwrap()
            .counts
            .is_none()
    );
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

#[tokio::test]
async fn analysts_get_the_same_figures_and_no_person() {
    let (world, reader) = world().await;
    world
        .store(
            r#"[{"id":"z1","timestamp":"2026-03-21T10:00:00Z","operation":"deployment.succeeded","actor":{"id":"9","name":"Zoe"},
                "resource":{"type":"deployment","id":"run of zoe@example.com","name":"for zoe@example.com","project_id":"zoe@example.com"}}]"#,
        )
        .await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let (theirs, ours) = (
        figures(&world, &analyst, WINDOW).await,
        figures(&world, &reader, WINDOW).await,
    );
    assert_eq!((&theirs.total, &theirs.trend), (&ours.total, &ours.trend));
    let reply = world
        .get(
            &analyst,
            &format!("/v1/deployments?{WINDOW}&changes=true&limit=100"),
        )
        .await;
    let said = reply.text();
    for hidden in ["zoe@", "Zoe", "Ana", "ana@", "deployer"] {
        assert!(!said.contains(hidden), "{hidden}: {said}");
    }
    assert_eq!(
        reply.json()["deployments"][0]["actor"],
        json!({"type": "service_account"})
    );
    // Nor by guessing.
    let guess = format!("{WINDOW}&project=zoe%40example.com");
    assert_eq!(list(&world, &analyst, &guess).await.total, 0);
    assert_eq!(list(&world, &reader, &guess).await.total, 1);
}

#[tokio::test]
async fn beyond_the_limit_the_answer_says_how_far_it_goes() {
    let mut config = Config::default();
    config.limits.deployment_events = 20;
    let world = World::with(config).await;
    let events: Vec<Value> = (0..600)
        .map(|minute| {
            let at = format!("2026-03-12T{:02}:{:02}:00Z", minute / 60, minute % 60);
            json!({"timestamp": at, "operation": "deployment.succeeded", "actor": {"id": "1"},
                "resource": {"type": "deployment", "id": format!("d{minute}")}})
        })
        .collect();
    world.store(&Value::from(events).to_string()).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let found = list(
        &world,
        &reader,
        "since=2026-03-12&until=2026-03-13T00:00:00Z&limit=1000",
    )
    .await;
    let window = &found.window;
    assert!(!window.complete && window.events_max == 20);
    let known = found.deployments.iter();
    assert!(
        known
            .clone()
            .all(|it| it.finished.as_ref().unwrap() >= &window.covered_since)
    );
    assert_eq!(known.len() as u64, found.total);
    assert!((20..600).contains(&found.total), "{}", found.total);
    // The day was covered from then on only, and so frequency is of that.
    let trends = figures(
        &world,
        &reader,
        "since=2026-03-12&until=2026-03-13T00:00:00Z",
    )
    .await;
    assert_eq!(trends.total.finished, found.total);
    assert!(trends.trend[0].partial && trends.total.per_day > 300.0);
}

#[tokio::test]
async fn questions_are_recorded_before_they_are_answered_and_take_the_role() {
    let (world, reader) = world().await;
    figures(
        &world,
        &reader,
        &format!("{WINDOW}&project=shop&bucket=week"),
    )
    .await;
    list(&world, &reader, &format!("{WINDOW}&outcome=failed")).await;
    let reads = world.reads().await;
    let said: Vec<&Value> = reads.iter().map(|(_, metadata)| metadata).collect();
    assert_eq!(
        said,
        [
            &json!({"kind": "deployments", "since": "2026-03-02", "until": "2026-03-23T00:00:00Z", "project": "shop", "bucket": "week"}),
            &json!({"kind": "deployments", "since": "2026-03-02", "until": "2026-03-23T00:00:00Z", "outcome": "failed"}),
        ]
    );
    let writer = world.writer().await;
    for path in ["/v1/deployments", "/v1/deployments/figures"] {
        assert_eq!(world.get(&writer, path).await.problem().0, 403);
        let access = store::LogRef::access(&*world.tenant("acme").await);
        world.fail(Some(access), || store::StoreError::Busy {
            retry_after_ms: 1_000,
        });
        let unrecorded = world.get(&reader, path).await;
        assert_eq!(unrecorded.problem().1, "access_not_recorded");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_by_its_name() {
    let (world, reader) = world().await;
    for (query, parameter) in [
        ("q=since:1h", "q"),
        ("q=operation:x+OR+during:2026", "q"),
        ("since=2026-03-12&until=2026-03-12T00:00:00Z", "since"),
        ("since=2026-03-13&until=2026-03-12T00:00:00Z", "since"),
        ("since=2024-01-01&until=2026-03-12", "since"),
        ("since=2030-01-01", "since"),
        ("until=soon", "until"),
        ("bucket=hour", "bucket"),
    ] {
        let reply = world
            .get(&reader, &format!("/v1/deployments/figures?{query}"))
            .await;
        let (status, _, named) = reply.parameter();
        assert_eq!((status, named.as_str()), (400, parameter), "{query}");
    }
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001&changes=true", "limit"),
        ("changes=yes", "changes"),
        ("outcome=fine", "outcome"),
    ] {
        let reply = world
            .get(&reader, &format!("/v1/deployments?{query}"))
            .await;
        let (status, _, named) = reply.parameter();
        assert_eq!((status, named.as_str()), (400, parameter), "{query}");
    }
    let long = format!("/v1/deployments?project={}", "x".repeat(2_000));
    assert_eq!(world.get(&reader, &long).await.parameter().2, "project");
}

#[tokio::test]
async fn nothing_deployed_is_an_answer() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let found = figures(&world, &reader, "").await;
    assert_eq!(
        (found.total.finished, found.total.change_failure_rate),
        (0, None)
    );
    assert!(found.window.complete && found.groups.is_empty() && found.trend.is_empty());
    assert_eq!(found.window.since, "2026-10-24T08:00:01.000000Z");
    assert_eq!(found.window.until, "2026-11-21T08:00:01.000000Z");
    assert_eq!(list(&world, &reader, "").await.total, 0);
}

#[tokio::test]
async fn the_guide_has_every_definition_word_for_word() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let guide = include_str!("../../../../docs/guide/deployments.md");
    for definition in list(&world, &reader, "").await.definitions {
        let line = format!("| {} | {} |", definition.name, definition.text);
        assert!(guide.contains(&line), "{line}");
    }
}

/// The events of a file that a connector's tests are held to.
fn events_of(file: &str) -> Vec<Value> {
    let (mut events, mut text) = (Vec::new(), String::new());
    for line in file.lines().filter(|line| !line.starts_with("event (")) {
        text.push_str(line);
        if line == "}" {
            events.push(serde_json::from_str(&text).unwrap());
            text.clear();
        }
    }
    events
}

#[tokio::test]
async fn what_connectors_make_of_deliveries_are_deployments() {
    let files = [
        include_str!("../../../connectors/tests/fixtures/argocd/sync-running.out"),
        include_str!("../../../connectors/tests/fixtures/argocd/sync-succeeded.out"),
        include_str!("../../../connectors/tests/fixtures/argocd/deployed.out"),
        include_str!("../../../connectors/tests/fixtures/argocd/health-degraded.out"),
        include_str!("../../../connectors/tests/fixtures/github/deployment-failed.out"),
        include_str!("../../../connectors/tests/fixtures/github/deployment-rejected.out"),
        include_str!("../../../connectors/tests/fixtures/gitlab/deployment-succeeded.out"),
        include_str!("../../../connectors/tests/fixtures/cloudevents/cdevents.out"),
    ];
    let events: Vec<Value> = files.into_iter().flat_map(events_of).collect();
    let world = World::new().await;
    world.store(&Value::from(events).to_string()).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let found = list(
        &world,
        &reader,
        "since=2026-03-12&until=2026-03-13T00:00:00Z",
    )
    .await;
    let told: Vec<String> = found
        .deployments
        .iter()
        .map(|it| {
            let text = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
            let version: String = text(&it.version).chars().take(8).collect();
            let (project, environment) = (text(&it.project), text(&it.environment));
            let (events, service) = (it.events_total, text(&it.service));
            format!(
                "{project} {environment} {service} {} {version} {events}",
                it.outcome
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "acme/web production - succeeded 3f0c7a4f 1",
            "acme/web production - failed 3f0c7a4f 1",
            "shop - argocd/checkout succeeded 4b825dc6 3",
            "- production checkout succeeded pkg:oci/ 1",
        ]
    );
    assert_eq!(found.deployments[2].duration_seconds, Some(34));
}
