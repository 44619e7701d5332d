//! The known state of a resource at a time.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::World;

/// A user's permissions over three weeks; 12 March is in the middle. Sent out of order.
const MARCH: &str = r#"[
 {"id":"p4","timestamp":"2026-03-14T09:00:00Z","operation":"user.role_changed","actor":{"id":"1","name":"Grace"},
  "resource":{"type":"user","id":"42"},"changes":[{"field":"role","before":"owner","after":"viewer"}]},
 {"id":"p1","timestamp":"2026-03-01T09:00:00Z","operation":"user.created","actor":{"id":"1","name":"Grace","email":"grace@example.com"},
  "resource":{"type":"user","id":"42","name":"Linus"},"changes":[{"field":"role","after":"viewer"}]},
 {"id":"p2","timestamp":"2026-03-03T09:00:00Z","operation":"permission.granted","actor":{"id":"1"},
  "resource":{"type":"user","id":"42"},"changes":[{"field":"permissions","after":["read","deploy"]}]},
 {"id":"p3","timestamp":"2026-03-05T09:00:00Z","operation":"user.role_changed","actor":{"type":"service_account","id":"sso"},
  "resource":{"type":"user","id":"42"},"changes":[{"field":"role","before":"viewer","after":"admin"}]},
 {"id":"px","timestamp":"2026-03-06T09:00:00Z","operation":"user.role_changed","actor":{"id":"9"},"outcome":"denied",
  "resource":{"type":"user","id":"42"},"changes":[{"field":"role","before":"admin","after":"root"}]},
 {"id":"p5","timestamp":"2026-03-11T23:59:59.999999Z","operation":"permission.revoked","actor":{"id":"1"},
  "resource":{"type":"user","id":"42"},"changes":[{"field":"permissions","before":"deploy"}]},
 {"id":"p6","timestamp":"2026-03-12T00:00:00Z","operation":"permission.granted","actor":{"id":"1"},
  "resource":{"type":"project","id":"proj_1"},"related":[{"type":"user","id":"42"}],"changes":[{"field":"role","after":"maintainer"}]},
 {"id":"other","timestamp":"2026-03-04T09:00:00Z","operation":"user.role_changed","actor":{"id":"1"},
  "resource":{"type":"user","id":"421"},"changes":[{"field":"role","after":"root"}]}
]"#;

async fn state(world: &World, key: &str, path: &str) -> api::ResourceState {
    let reply = world.get(key, &format!("/v1/resources/{path}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    serde_json::from_slice(&reply.bytes).unwrap()
}

#[tokio::test]
async fn the_permissions_before_12_march_are_those_computed_by_hand() {
    let world = World::new().await;
    world.store(MARCH).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let before = state(&world, &reader, "user/42/state?at=2026-03-12").await;
    assert_eq!(
        serde_json::to_value(&before).unwrap(),
        json!({
            "resource": {"type": "user", "id": "42", "name": "Linus"},
            "at": "2026-03-12T00:00:00.000000Z",
            "exists": true,
            "fields": {
                "permissions": {"value": ["read"], "since": "2026-03-11T23:59:59.999999Z", "event": "p5",
                                "actor": {"type": "user", "id": "1"}},
                "role": {"value": "admin", "since": "2026-03-05T09:00:00.000000Z", "event": "p3",
                         "actor": {"type": "service_account", "id": "sso"}}
            },
            "inconsistencies": [],
            "events": 5
        })
    );
    let first = state(&world, &reader, "user/42/state?at=2026-03-02").await;
    assert_eq!(first.fields.len(), 1);
    let role = &first.fields["role"];
    assert_eq!(
        (&role.value, role.actor.name.as_deref()),
        (&Some(json!("viewer")), Some("Grace"))
    );
    assert_eq!(role.actor.email.as_deref(), Some("grace@example.com"));
}

#[tokio::test]
async fn a_change_that_nobody_recorded_shows() {
    let world = World::new().await;
    world.store(MARCH).await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let now = state(&world, &reader, "user/42/state").await;
    assert_eq!(now.at, "2026-11-21T08:00:00.000000Z");
    assert_eq!(now.fields["role"].value, Some(json!("viewer")));
    assert_eq!(
        now.fields["role@project/proj_1"].value,
        Some(json!(["maintainer"]))
    );
    let found = &now.inconsistencies[..];
    assert_eq!(found.len(), 1);
    assert_eq!(
        (
            found[0].field.as_str(),
            found[0].event.as_str(),
            &found[0].expected,
            &found[0].found
        ),
        ("role", "p4", &json!("admin"), &json!("owner"))
    );
    let nothing = state(&world, &reader, "user/42/state?at=2026-02-28").await;
    assert_eq!(
        (nothing.exists, nothing.events, nothing.fields.len()),
        (None, 0, 0)
    );
}

#[tokio::test]
async fn secrets_stay_masked_and_numbers_digit_for_digit() {
    let world = World::new().await;
    world
        .store(
            r#"[{"id":"v1","operation":"environment_variable.created","actor":{"id":"1"},"resource":{"type":"environment_variable","id":"var/1"},
                "changes":[{"field":"value","after":"hunter2"}]},
               {"id":"s1","operation":"setting.updated","actor":{"id":"1"},"resource":{"type":"setting","id":"quota"},
                "changes":[{"field":"limit","before":1.50,"after":123456789012345678901234567890}]},
               {"id":"v2","operation":"environment_variable.deleted","actor":{"id":"1"},"resource":{"type":"environment_variable","id":"var/1"},
                "changes":[{"field":"value","before":"hunter2"}]}]"#,
        )
        .await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let quota = world
        .get(&reader, "/v1/resources/setting/quota/state")
        .await;
    assert!(
        quota
            .text()
            .contains(r#""value":123456789012345678901234567890,"#),
        "{}",
        quota.text()
    );
    let gone = state(&world, &reader, "environment_variable/var%2F1/state").await;
    assert_eq!(
        (gone.exists, gone.fields.len(), gone.inconsistencies.len()),
        (Some(false), 0, 0)
    );
    assert_eq!(gone.resource.id, "var/1");
}

#[tokio::test]
async fn analysts_see_states_without_persons() {
    let world = World::new().await;
    world
        .store(
            r#"[{"id":"s1","operation":"setting.updated","actor":{"id":"1","name":"Grace"},"resource":{"type":"setting","id":"alerts"},
                "changes":[{"field":"to","after":"grace@example.com"},{"field":"level","after":"high"}]}]"#,
        )
        .await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let reply = world
        .get(&analyst, "/v1/resources/setting/alerts/state")
        .await;
    let shown = reply.json();
    assert_eq!(shown["fields"]["level"]["value"], "high", "{shown}");
    assert_eq!(shown["fields"]["level"]["actor"], json!({"type": "user"}));
    assert!(
        !reply.text().contains("grace@") && !reply.text().contains("Grace"),
        "{shown}"
    );
    for kind in ["user", "team_member", "account"] {
        let refused = world
            .get(&analyst, &format!("/v1/resources/{kind}/42/state"))
            .await;
        assert_eq!(refused.problem().1, "forbidden", "{kind}");
    }
}

#[tokio::test]
async fn what_names_no_resource_is_not_there() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for path in ["User/1/state", "us%20er/1/state", "9/1/state"] {
        let reply = world.get(&reader, &format!("/v1/resources/{path}")).await;
        assert_eq!(reply.problem().1, "not_found", "{path}");
    }
    let long = world
        .get(
            &reader,
            &format!("/v1/resources/user/{}/state", "x".repeat(1_025)),
        )
        .await;
    assert_eq!(long.problem().1, "not_found");
    let bad = world
        .get(&reader, "/v1/resources/user/1/state?at=hunter2")
        .await;
    assert_eq!(bad.parameter(), (400, "bad_request".into(), "at".into()));
    assert!(!bad.text().contains("hunter2"));
}

#[tokio::test]
async fn a_role_that_is_assigned_joins_as_what_is_granted_does() {
    let world = World::new().await;
    let told = |operation: &str, user: &str| {
        let event = |day: u32, role: &str| {
            format!(
                r#"{{"id":"{operation}-{user}-{day}","timestamp":"2026-03-0{day}T09:00:00Z","operation":"{operation}","actor":{{"id":"1"}},
                    "resource":{{"type":"user","id":"{user}"}},"changes":[{{"field":"roles","after":"{role}"}}]}}"#
            )
        };
        [event(1, "a"), event(2, "b")].join(",")
    };
    let names = [
        "permission.granted",
        "role.assigned",
        "user.role_assigned",
        "RoleAssigned",
        "role.assign",
        "user.role.assigned",
        "role.added",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let user = format!("ru{number}");
        world.store(&format!("[{}]", told(name, &user))).await;
        let removed = format!(
            r#"{{"id":"gone-{number}","timestamp":"2026-03-03T09:00:00Z","operation":"role.removed","actor":{{"id":"1"}},
                "resource":{{"type":"user","id":"{user}"}},"changes":[{{"field":"roles","before":"a"}}]}}"#
        );
        world.store(&removed).await;
    }
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (number, name) in names.into_iter().enumerate() {
        let path = format!("user/ru{number}/state");
        let both = state(&world, &reader, &format!("{path}?at=2026-03-03")).await;
        let roles = both.fields["roles"].value.clone();
        assert_eq!(roles, Some(json!(["a", "b"])), "{name}");
        let left = state(&world, &reader, &path).await;
        assert_eq!(left.fields["roles"].value, Some(json!(["b"])), "{name}");
        // A user who loses a role is no role that ends.
        assert_eq!(left.exists, None, "{name}");
    }
}

#[tokio::test]
async fn a_role_is_given_to_whom_its_event_names() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (number, name) in ["role.granted", "role.assigned", "role-assign"]
        .into_iter()
        .enumerate()
    {
        world
            .store(&format!(
                r#"{{"id":"r{number}","timestamp":"2026-03-01T09:00:00Z","operation":"{name}","actor":{{"id":"1"}},
                    "resource":{{"type":"role","id":"X0"}},"related":[{{"type":"user","id":"ru{number}"}}]}}"#
            ))
            .await;
        let path = format!("user/ru{number}/state");
        let known = state(&world, &reader, &path).await;
        assert_eq!(known.fields["role"].value, Some(json!(["X0"])), "{name}");
    }
}

#[tokio::test]
async fn now_leaves_out_what_is_dated_later() {
    let world = World::new().await;
    world
        .store(
            r#"[{"id":"now","operation":"setting.updated","actor":{"id":"1"},"resource":{"type":"setting","id":"s"},
                 "changes":[{"field":"level","after":"of now"}]},
                {"id":"later","timestamp":"2026-11-21T08:00:00.000001Z","operation":"setting.updated","actor":{"id":"1"},
                 "resource":{"type":"setting","id":"s"},"changes":[{"field":"level","after":"of later"}]},
                {"id":"far","timestamp":"2027-01-05T00:00:00Z","operation":"setting.deleted","actor":{"id":"1"},
                 "resource":{"type":"setting","id":"s"}}]"#,
        )
        .await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let of = async |query: &str| {
        let known = state(&world, &reader, &format!("setting/s/state{query}")).await;
        let level = known.fields.get("level");
        let level = level.and_then(|known| known.value.clone());
        (known.at, level, known.events)
    };
    // What was recorded at this very moment is not in the future.
    let now = "2026-11-21T08:00:00.000000Z".to_owned();
    assert_eq!(of("").await, (now, Some(json!("of now")), 1));
    let (_, level, events) = of("?at=2026-12-01").await;
    assert_eq!((level, events), (Some(json!("of later")), 2));
    assert_eq!(of("?at=2028").await.2, 3);
    world.clock.advance_seconds(1);
    assert_eq!(of("").await.1, Some(json!("of later")));
    // A clock that was put back: what was acknowledged stays known.
    world
        .store(
            r#"{"id":"newest","operation":"setting.updated","actor":{"id":"1"},"resource":{"type":"setting","id":"s"},
                "changes":[{"field":"level","after":"newest"}]}"#,
        )
        .await;
    world.clock.advance_seconds(-1);
    let (at, level, _) = of("").await;
    assert_eq!(
        (at.as_str(), level),
        ("2026-11-21T08:00:01.000000Z", Some(json!("newest")))
    );
}
