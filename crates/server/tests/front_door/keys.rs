//! Signing in: whatever is wrong, the answer is the same; and foreign things look like absent ones.

use axum::http::{Method, StatusCode};
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::support::{World, event, request};

/// The key with another secret and a right checksum.
fn forge(key: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (body, _) = key.rsplit_once('_').unwrap();
    let flipped = if body.ends_with('x') { "y" } else { "x" };
    let body = format!("{}{flipped}", &body[..body.len() - 1]);
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut check = [b'0'; 6];
    for digit in check.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{body}_{}", String::from_utf8(check.to_vec()).unwrap())
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one row a way of being refused")]
async fn every_refused_sign_in_answers_alike() {
    let world = World::new().await;
    let good = world.writer().await;
    let expiring = api::NewKey {
        roles: vec!["writer".into()],
        source: "api".into(),
        owner: "o".into(),
        expires_in_seconds: Some(60),
        ..api::NewKey::default()
    };
    let expiring = world.key("acme", &expiring).await;
    assert_eq!(
        world
            .post(&expiring, "/v1/events", event("e1"))
            .await
            .status,
        StatusCode::CREATED
    );
    world.clock.advance_seconds(60);
    let revoked = world.writer().await;
    let operator = world.operator().await;
    let id = &revoked[4..12];
    let gone = world
        .call(Method::DELETE, &operator, &format!("/v1/keys/{id}"), "")
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    let other_id = forge(&good.replacen(&good[4..12], "00000000", 1));
    let first = world.post("", "/v1/events", event("e")).await;
    assert_eq!(
        first.problem(),
        (401, "unauthenticated".into(), String::new())
    );
    assert_eq!(first.header("www-authenticate"), "Bearer");
    for key in [
        forge(&good),
        expiring,
        revoked,
        other_id,
        good[..40].to_owned(),
        "x".into(),
    ] {
        let reply = world.post(&key, "/v1/events", event("e")).await;
        assert_eq!((reply.status, &reply.bytes), (first.status, &first.bytes));
        assert_eq!(reply.headers, first.headers);
    }
    let basic =
        request(Method::POST, "", "/v1/events").header("authorization", format!("Basic {good}"));
    assert_eq!(
        world.send(basic.body("{}".into()).unwrap()).await.bytes,
        first.bytes
    );
    let twice = request(Method::POST, &good, "/v1/events")
        .header("authorization", format!("Bearer {good}"));
    assert_eq!(
        world.send(twice.body("{}".into()).unwrap()).await.bytes,
        first.bytes
    );
    let text = world.get("", "/metrics").await.text().to_owned();
    for reason in [
        "missing",
        "malformed",
        "unknown",
        "forged",
        "expired",
        "revoked",
    ] {
        assert!(
            text.contains(&format!(
                "veritrail_sign_ins_refused_total{{reason=\"{reason}\"}}"
            )),
            "{reason}: {text}"
        );
    }
    assert_eq!(
        world.post(&good, "/v1/events", event("e2")).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn foreign_and_unknown_things_answer_alike() {
    let world = World::new().await;
    let foreign = world.key_of("umbrella", &["writer"], "api").await;
    world.post(&foreign, "/v1/events", event("theirs")).await;
    let auditor = world.auditor().await;
    let unknown = world.get(&auditor, "/v1/events/never").await;
    assert_eq!(unknown.problem(), (404, "not_found".into(), String::new()));
    let their_log = world.tenant("umbrella").await.record.main;
    let instance = world.tenant(INSTANCE_TENANT).await.record.main;
    for path in [
        "/v1/events/theirs".to_owned(),
        "/v1/events/theirs/proof".into(),
        "/v1/events/never/proof".into(),
        "/v1/events/%00".into(),
        "/v1/events/%ff".into(),
        format!("/v1/events/{}", "x".repeat(5_000)),
        format!("/v1/logs/{their_log}/checkpoint"),
        format!("/v1/logs/{their_log}/vkey"),
        format!("/v1/logs/{their_log}/tile/0/000.p/1"),
        format!("/v1/logs/{instance}/checkpoint"),
        "/v1/logs/00000000000000000000000000000000/checkpoint".into(),
        "/v1/logs/x/checkpoint".into(),
        "/v1/nothing".into(),
        "/v1".into(),
    ] {
        let reply = world.get(&auditor, &path).await;
        assert_eq!(
            (reply.status, &reply.bytes),
            (unknown.status, &unknown.bytes),
            "{path}: {}",
            reply.text()
        );
    }
    let admin = world.key_of("acme", &["admin"], "adm").await;
    let foreign_key = world
        .call(
            Method::DELETE,
            &admin,
            &format!("/v1/keys/{}", &foreign[4..12]),
            "",
        )
        .await;
    let unknown_key = world
        .call(Method::DELETE, &admin, "/v1/keys/00000000", "")
        .await;
    assert_eq!(
        (foreign_key.status, &foreign_key.bytes),
        (unknown_key.status, &unknown_key.bytes)
    );
    let body = |tenant: &str| {
        format!(r#"{{"tenant":"{tenant}","roles":["reader"],"source":"s","owner":"o"}}"#)
    };
    let foreign_tenant = world.post(&admin, "/v1/keys", body("umbrella")).await;
    let unknown_tenant = world.post(&admin, "/v1/keys", body("nobody")).await;
    assert_eq!(foreign_tenant.problem().0, 404);
    assert_eq!(foreign_tenant.bytes, unknown_tenant.bytes);
    // And nothing of it was written there.
    assert_eq!(
        world
            .records(LogRef::access(&*world.tenant("umbrella").await))
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn other_methods_and_paths_are_problems_too() {
    let world = World::new().await;
    let key = world.writer().await;
    let reply = world.call(Method::PUT, &key, "/v1/events", "").await;
    assert_eq!(
        reply.problem(),
        (405, "method_not_allowed".into(), String::new())
    );
    assert!(
        reply.header("allow").contains("POST"),
        "{:?}",
        reply.headers
    );
}
