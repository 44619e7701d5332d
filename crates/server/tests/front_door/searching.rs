//! Searching: what is found, by whom, how it is refused, and what it leaves behind.

use axum::http::StatusCode;
use serde_json::{Value, json};
use store::registry::INSTANCE_TENANT;
use store::{LogRef, StoreError};

use crate::support::{World, event};

/// A leak, a rotation, a role and a failed login; times out of order.
const DAY: &str = r#"[
 {"id":"e1","timestamp":"2026-03-12T10:00:00Z","operation":"environment_variable.updated","actor":{"id":"42","email":"dev@example.com"},
  "resource":{"type":"environment_variable","id":"var_1","name":"DATABASE_URL","project_id":"proj_456"},
  "changes":[{"field":"value","before":"old-secret","after":"new-secret"}],"reason":"INC-212 rotate after leak"},
 {"id":"e2","timestamp":"2026-03-12T12:00:00Z","operation":"deployment.created","actor":{"id":"7"},"resource":{"type":"deployment","id":"dpl_9","project_id":"proj_456"}},
 {"id":"e3","timestamp":"2026-03-12T11:00:00Z","operation":"user.role_changed","actor":{"id":"42","email":"dev@example.com"},
  "resource":{"type":"user","id":"7","name":"Ada Lovelace"},"changes":[{"field":"role","before":"viewer","after":"admin"}]},
 {"id":"e4","timestamp":"2026-11-21T07:30:00Z","operation":"user.login_failed","actor":{"id":"9"},"resource":{"type":"user","id":"9"},"outcome":"failure"}
]"#;

async fn ids(world: &World, key: &str, query: &str) -> Vec<String> {
    world.get(key, &format!("/v1/events?{query}")).await.ids()
}

#[tokio::test]
async fn the_classic_questions_are_answered_newest_first() {
    let world = World::new().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (query, expect) in [
        ("", vec!["e4", "e2", "e3", "e1"]),
        ("order=oldest", vec!["e1", "e3", "e2", "e4"]),
        ("since=1h", vec!["e4"]),
        ("q=since:1h", vec!["e4"]),
        ("q=actor:dev@example.com", vec!["e3", "e1"]),
        (
            "q=operation:environment_variable.*%20project:proj_456",
            vec!["e1"],
        ),
        (
            "q=-outcome:failure&until=2026-03-12T12:00:00Z",
            vec!["e3", "e1"],
        ),
        (
            "since=2026-03-12T11:00:00Z&until=2026-03-13",
            vec!["e2", "e3"],
        ),
        ("q=leak&limit=1000", vec!["e1"]),
        ("q=changes.role:admin&since=", vec!["e3"]),
    ] {
        assert_eq!(ids(&world, &reader, query).await, expect, "{query}");
    }
}

#[tokio::test]
async fn an_event_is_shown_as_by_its_id_and_the_plan_in_full() {
    let world = World::new().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let page = world
        .get(
            &reader,
            "/v1/events?q=user_id:42%20type:user.role_changed&since=2026",
        )
        .await;
    let one = world.get(&reader, "/v1/events/e3").await;
    assert!(page.text().contains(one.text()), "{}", page.text());
    let page: api::Events = serde_json::from_slice(&page.bytes).unwrap();
    assert_eq!(
        page.query,
        "actor.id:42 operation:user.role_changed timestamp:>=2026-01-01T00:00:00.000000Z"
    );
    let tenant = world.tenant("acme").await;
    assert_eq!(page.searched.log, tenant.record.main.to_string());
    assert_eq!(
        (page.searched.kind.as_str(), page.searched.size),
        ("main", 5)
    );
    assert_eq!(page.cursor, None);
}

#[tokio::test]
async fn what_can_t_be_asked_is_refused_by_the_parameter_s_name() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("order=random", "order"),
        ("log=other", "log"),
        ("since=hunter2", "since"),
        ("until=2026-02-30", "until"),
        ("since=2026%20OR%20actor:1", "since"),
        ("cursor=hunter2", "cursor"),
    ] {
        let reply = world.get(&reader, &format!("/v1/events?{query}")).await;
        let (status, code, named) = reply.parameter();
        assert_eq!((status, named.as_str()), (400, parameter), "{query}");
        assert!(matches!(code.as_str(), "bad_request" | "bad_cursor"));
        assert!(!reply.text().contains("hunter2"), "{}", reply.text());
    }
    for query in ["page=2", "q=a&q=b", "offset=10"] {
        let reply = world.get(&reader, &format!("/v1/events?{query}")).await;
        assert_eq!(reply.problem().1, "bad_request");
        assert!(
            reply
                .text()
                .contains("q, since, until, limit, cursor, order and log")
        );
    }
    assert!(world.reads().await.is_empty());
}

#[tokio::test]
async fn a_query_that_can_t_be_read_says_where_and_what_to_do() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let reply = world
        .get(&reader, "/v1/events?q=role%C3%A9%20operaton:hunter2")
        .await;
    let problem: api::Problem = serde_json::from_slice(&reply.bytes).unwrap();
    assert_eq!((problem.status, problem.code.as_str()), (400, "bad_query"));
    assert_eq!((problem.column, problem.length), (Some(7), Some(8)));
    assert!(
        problem.detail.starts_with("column 7: expected "),
        "{problem:?}"
    );
    assert!(problem.hint.unwrap().contains("operation"));
    assert!(!reply.text().contains("hunter2"));
}

#[tokio::test]
async fn while_the_index_is_away_searches_alone_are_refused() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let operator = world.operator().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    world.store.memory.make_index_unavailable(true);
    for path in [
        "/v1/events",
        "/v1/stats",
        "/v1/fields?field=operation",
        "/v1/producers",
        "/v1/resources/user/7/state",
    ] {
        let reply = world.get(&reader, path).await;
        assert_eq!(
            (
                reply.problem().0,
                reply.problem().1.as_str(),
                reply.header("retry-after")
            ),
            (503, "index_unavailable", "1"),
            "{path}"
        );
    }
    assert_eq!(
        world.get(&reader, "/v1/events/e1").await.status,
        StatusCode::OK
    );
    let ready = world.get("", "/readyz").await.json();
    assert_eq!(ready["ready"], true);
    assert!(ready["index"]["unavailable"].is_string(), "{ready}");
    let metrics = world.get("", "/metrics").await;
    assert!(metrics.text().contains("\nveritrail_index_unavailable 1\n"));
    assert!(world.get(&operator, "/v1/index").await.json()["unavailable"].is_string());
}

#[tokio::test]
async fn no_question_reaches_another_tenant() {
    let world = World::new().await;
    world.store(DAY).await;
    let outsider = world.key_of("umbrella", &["auditor"], "x").await;
    for (path, member) in [
        ("/v1/events?log=access", "events"),
        ("/v1/events?q=actor:42", "events"),
        ("/v1/fields?field=actor.id", "values"),
        ("/v1/fields?field=resource.name", "values"),
        ("/v1/producers", "producers"),
    ] {
        let reply = world.get(&outsider, path).await.json();
        assert_eq!(reply[member], json!([]), "{path}: {reply}");
    }
    let stats = world
        .get(&outsider, "/v1/stats?by=operation,actor")
        .await
        .json();
    assert_eq!(
        (&stats["total"], &stats["top"][1]["values"]),
        (&json!(0), &json!([]))
    );
    let state = world
        .get(&outsider, "/v1/resources/user/7/state")
        .await
        .json();
    assert_eq!(
        (&state["events"], &state["exists"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn an_analyst_finds_counts_and_completes_no_person() {
    let world = World::new().await;
    world.store(DAY).await;
    let analyst = world.key_of("acme", &["analyst"], "bi").await;
    for query in [
        "q=actor:42",
        "q=dev@example.com",
        "q=Ada",
        "q=resource.id:7",
        "q=changes.role:admin",
        "q=has:actor.id",
    ] {
        assert_eq!(
            ids(&world, &analyst, query).await,
            Vec::<String>::new(),
            "{query}"
        );
    }
    let all = world.get(&analyst, "/v1/events").await;
    assert_eq!(all.ids(), ["e4", "e2", "e3", "e1"]);
    for hidden in ["dev@example.com", "Ada", "\"42\"", "viewer"] {
        assert!(!all.text().contains(hidden), "{hidden}");
    }
    assert!(all.text().contains("DATABASE_URL"));
    let stats = world
        .get(
            &analyst,
            "/v1/stats?by=actor.id,email,resource.name,changes.role",
        )
        .await;
    let stats: api::Statistics = serde_json::from_slice(&stats.bytes).unwrap();
    let counted: Vec<usize> = stats.top.iter().map(|top| top.values.len()).collect();
    assert_eq!(counted, [0, 0, 1, 0], "{stats:?}");
    for field in ["actor.id", "email", "changes.role"] {
        let reply = world
            .get(&analyst, &format!("/v1/fields?field={field}"))
            .await
            .json();
        assert_eq!(reply["values"], json!([]), "{field}");
    }
    let person = world.get(&analyst, "/v1/resources/user/7/state").await;
    assert_eq!(person.problem().1, "forbidden");
}

#[tokio::test]
async fn a_search_leaves_one_intent_and_one_total() {
    let world = World::new().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    world
        .get(&reader, &format!("/v1/events?q=leak%20-{secret}&since=30w"))
        .await;
    world.record_due_totals().await;
    let reads = world.reads().await;
    let names: Vec<&str> = reads.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["veritrail.search.performed", "veritrail.search.completed"]
    );
    let (asked, total) = (&reads[0].1, &reads[1].1);
    assert_eq!(
        (&asked["kind"], &asked["since"]),
        (&json!("search"), &json!("30w"))
    );
    assert_eq!(asked["search"], total["search"]);
    assert_eq!((&total["pages"], &total["events"]), (&json!(1), &json!(0)));
    let q = asked["q"].as_str().unwrap();
    assert!(
        q.starts_with("leak -") && q.contains("[masked:") && !q.contains(secret),
        "{q}"
    );
    // Who was found stands in no entry, nor what was asked.
    let tenant = world.tenant("acme").await;
    for (entry, _) in world.records(LogRef::access(&tenant)).await {
        assert!(!entry.to_string().contains("leak"), "{entry}");
    }
}

#[tokio::test]
async fn what_is_answered_whole_leaves_one_record() {
    let world = World::new().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for path in [
        "/v1/stats?by=actor&q=leak",
        "/v1/fields?field=actor&prefix=4",
        "/v1/producers",
        "/v1/resources/user/7/state?at=2026-03-12",
        "/v1/fields",
    ] {
        assert_eq!(
            world.get(&reader, path).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    world.record_all_totals().await;
    let told: Vec<Value> = world
        .reads()
        .await
        .into_iter()
        .map(|(_, told)| told)
        .collect();
    assert_eq!(
        told,
        [
            json!({"kind":"statistics","q":"leak","by":"actor.id"}),
            json!({"kind":"values","field":"actor.id","prefix":"4"}),
            json!({"kind":"producers"}),
            json!({"kind":"state","resource_type":"user","resource_id":"7","at":"2026-03-12"}),
        ]
    );
}

#[tokio::test]
async fn without_a_durable_record_nothing_is_found() {
    let world = World::new().await;
    world.store(DAY).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let tenant = world.tenant("acme").await;
    world.fail(Some(LogRef::access(&tenant)), || StoreError::DiskFull);
    for path in [
        "/v1/events",
        "/v1/stats",
        "/v1/fields?field=operation",
        "/v1/producers",
        "/v1/resources/user/7/state",
        "/v1/events/stream",
    ] {
        let reply = world.get(&reader, path).await;
        assert_eq!(reply.problem().1, "access_not_recorded", "{path}");
        assert!(!reply.text().contains("e1"), "{}", reply.text());
    }
    *world.store.fault.lock().unwrap() = None;
    // What was never recorded has no totals either.
    world.record_all_totals().await;
    assert!(world.reads().await.is_empty());
}

#[tokio::test]
async fn the_access_log_is_searched_by_auditors_and_that_is_recorded_elsewhere() {
    let world = World::new().await;
    world.store(DAY).await;
    let (reader, auditor) = (
        world.key_of("acme", &["reader"], "x").await,
        world.auditor().await,
    );
    world.get(&reader, "/v1/events?q=leak").await;
    for path in [
        "/v1/events?log=access",
        "/v1/stats?log=access",
        "/v1/fields?field=operation&log=access",
        "/v1/events/stream?log=access",
    ] {
        assert_eq!(
            world.get(&reader, path).await.problem().1,
            "forbidden",
            "{path}"
        );
    }
    let before = world.reads().await.len();
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let recorded = world.operations(instance).await.len();
    let found = world
        .get(&auditor, "/v1/events?log=access&q=metadata.q:leak")
        .await;
    assert_eq!(found.ids().len(), 1);
    assert_eq!(found.json()["searched"]["kind"], "access");
    assert_eq!(world.reads().await.len(), before);
    assert_eq!(
        world.operations(instance).await[recorded..],
        ["veritrail.search.performed"]
    );
}

#[tokio::test]
async fn an_act_can_not_be_hidden_from_its_own_resource_behind_many_changes() {
    let world = World::new().await;
    let changes: Vec<String> = (0..1_500)
        .map(|index| format!(r#"{{"field":"f{index}","before":"b{index}","after":"a{index}"}}"#))
        .collect();
    world
        .store(&format!(
            r#"{{"id":"evt_many","operation":"project.updated","actor":{{"id":"7"}},
            "resource":{{"type":"project","id":"r-x","name":"Rex"}},"context":{{"environment":"production"}},
            "request_id":"req_many","reason":"because","changes":[{}]}}"#,
            changes.join(",")
        ))
        .await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for query in [
        "resource.id:r-x",
        "resource.name:Rex",
        "project:r-x",
        "environment:production",
        "request_id:req_many",
        "reason:because",
        "changes.f1:a1",
    ] {
        let path = format!("/v1/events?q={}", query.replace(':', "%3A"));
        let found = world.get(&reader, &path).await;
        assert!(
            found.text().contains("evt_many"),
            "{query}: {}",
            found.text()
        );
    }
}
