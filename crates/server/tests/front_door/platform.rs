//! Platform keys: one key, a tenant named with each request, and no way out of the one that was named.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode};
use server::Config;
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::support::{Reply, World, event, request};

async fn send(world: &World, key: &str, tenant: &str, id: &str) -> Reply {
    let body = event(id);
    world
        .call_for(tenant, Method::POST, key, "/v1/events", body)
        .await
}

async fn read(world: &World, key: &str, tenant: &str, path: &str) -> Reply {
    world
        .call_for(tenant, Method::GET, key, path, Body::empty())
        .await
}

/// A request with these values of the header.
async fn with_headers(world: &World, key: &str, values: &[&[u8]]) -> Reply {
    let mut request = request(Method::POST, key, "/v1/events");
    for value in values {
        let value = HeaderValue::from_bytes(value).unwrap();
        request = request.header("Veritrail-Tenant", value);
    }
    world
        .send(request.body(event("smuggled").into()).unwrap())
        .await
}

fn bad_request() -> (u16, String, String) {
    (400, "bad_request".into(), String::new())
}

#[tokio::test]
async fn a_platform_key_writes_and_reads_in_the_tenant_it_names_and_in_no_other() {
    let world = World::new().await;
    let key = world.platform(&["writer", "auditor"], false).await;
    for tenant in ["acme", "umbrella"] {
        let sent = send(&world, &key, tenant, &format!("of-{tenant}")).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
        let main = world.tenant(tenant).await.record.main.to_string();
        assert_eq!(sent.json()["log"], main.as_str());
    }
    assert_eq!(
        read(&world, &key, "acme", "/v1/events/of-acme")
            .await
            .status,
        StatusCode::OK
    );
    let missing = read(&world, &key, "acme", "/v1/events/missing").await;
    let foreign = read(&world, &key, "acme", "/v1/events/of-umbrella").await;
    assert_eq!(foreign.problem().0, 404);
    assert_eq!(foreign.bytes, missing.bytes);
    let log = world.tenant("umbrella").await.record.main;
    for path in ["checkpoint", "vkey", "tile/entries/000.p/1"] {
        let path = format!("/v1/logs/{log}/{path}");
        assert_eq!(read(&world, &key, "acme", &path).await.bytes, missing.bytes);
        assert_eq!(
            read(&world, &key, "umbrella", &path).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn reads_of_a_platform_are_recorded_in_the_named_tenant_under_its_key() {
    let world = World::new().await;
    let key = world.platform(&["writer", "reader"], false).await;
    send(&world, &key, "acme", "e1").await;
    read(&world, &key, "acme", "/v1/events/e1").await;
    read(&world, &key, "acme", "/v1/events/never").await;
    let records = world
        .records(LogRef::access(&*world.tenant("acme").await))
        .await;
    assert_eq!(records.len(), 2);
    for (entry, _) in &records {
        assert_eq!(entry["operation"], "veritrail.event.read");
    }
    // The actor is the key: its reference is the same as that of the key's reads later.
    assert_eq!(records[0].0["actor"], records[1].0["actor"]);
    let umbrella = LogRef::access(&*world.tenant("umbrella").await);
    assert_eq!(world.records(umbrella).await.len(), 0);
}

#[tokio::test]
async fn without_the_header_a_platform_key_is_told_to_name_a_tenant() {
    let world = World::new().await;
    let key = world.platform(&["writer", "reader"], true).await;
    for reply in [
        world.post(&key, "/v1/events", event("e")).await,
        world.get(&key, "/v1/events/e").await,
        world.get(&key, "/v1/logs").await,
        world.get(&key, "/v1/keys").await,
        world.get(&key, "/v1/tenants").await,
    ] {
        assert_eq!(reply.problem(), bad_request());
        assert!(
            reply.text().contains("Veritrail-Tenant"),
            "{}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn a_header_that_could_be_read_two_ways_is_refused_whoever_sends_it() {
    let world = World::new().await;
    let keys = [
        world.platform(&["writer"], true).await,
        world.writer().await,
    ];
    let long = "a".repeat(64);
    let values: &[&[&[u8]]] = &[
        &[b"acme", b"umbrella"],
        &[b"acme", b"acme"],
        &[b"umbrella", b""],
        &[b""],
        &[b"acme,umbrella"],
        &[b"acme, umbrella"],
        &[b"acme;q=1"],
        &[b" acme"],
        &[b"acme "],
        &[b"\tacme"],
        &[b"ac me"],
        &[b"Acme"],
        &[b"ACME"],
        &[b"%61cme"],
        &[b"acme%00"],
        &[b"\"acme\""],
        &[b"acme/../umbrella"],
        &[b"acme."],
        &[b"-acme"],
        &[b"_instance"],
        &[b"_Instance"],
        &[b"%5finstance"],
        &[b"_acme"],
        &[b"*"],
        &[b"ac\xc3\xa9me"],
        &[b"acme\xff"],
        &[long.as_bytes()],
    ];
    let tenants = || async { world.store.inner.tenants().await.unwrap().len() };
    let before = tenants().await;
    for key in &keys {
        for values in values {
            let reply = with_headers(&world, key, values).await;
            assert_eq!(reply.problem(), bad_request(), "{values:?}");
        }
    }
    assert_eq!(tenants().await, before);
    for name in ["acme", "umbrella", INSTANCE_TENANT] {
        let log = LogRef::main(&*world.tenant(name).await);
        let operations = world.operations(log).await;
        assert!(
            !operations.contains(&"deployment.created".to_owned()),
            "{name}: {operations:?}"
        );
    }
}

#[tokio::test]
async fn a_malformed_header_tells_nothing_to_who_did_not_sign_in() {
    let world = World::new().await;
    let plain = world.post("", "/v1/events", event("e")).await;
    for value in ["acme", "umbrella", "_instance", "never-made"] {
        let reply = with_headers(&world, "", &[value.as_bytes()]).await;
        assert_eq!(
            (reply.status, &reply.bytes),
            (plain.status, &plain.bytes),
            "{value}"
        );
    }
}

#[tokio::test]
async fn a_tenants_key_may_name_its_own_tenant_and_another_is_as_good_as_none() {
    let world = World::new().await;
    let key = world.key_of("acme", &["writer", "auditor"], "api").await;
    assert_eq!(
        send(&world, &key, "acme", "e1").await.status,
        StatusCode::CREATED
    );
    let unknown = send(&world, &key, "never-made", "e2").await;
    assert_eq!(unknown.problem(), (404, "not_found".into(), String::new()));
    let foreign = send(&world, &key, "umbrella", "e2").await;
    assert_eq!(
        (foreign.status, &foreign.bytes, &foreign.headers),
        (unknown.status, &unknown.bytes, &unknown.headers)
    );
    // Not by a read either, and not for an operator.
    let operator = world.operator().await;
    for (key, path) in [(&key, "/v1/events/e1"), (&operator, "/v1/tenants")] {
        let unknown = read(&world, key, "never-made", path).await;
        let foreign = read(&world, key, "umbrella", path).await;
        assert_eq!(unknown.problem().0, 404);
        assert_eq!(foreign.bytes, unknown.bytes);
    }
    let umbrella = world.tenant("umbrella").await;
    assert_eq!(world.records(LogRef::main(&umbrella)).await.len(), 0);
    assert_eq!(world.records(LogRef::access(&umbrella)).await.len(), 0);
}

#[tokio::test]
async fn an_unknown_tenant_is_made_by_the_first_events_of_a_creating_key_and_recorded() {
    let world = World::new().await;
    let key = world.platform(&["writer"], true).await;
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let before = world.operations(instance).await.len();
    let sent = send(&world, &key, "initech", "e1").await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    let made = world.tenant("initech").await;
    assert_eq!(sent.json()["log"], made.record.main.to_string().as_str());
    assert_eq!(sent.json()["seq"], 1);
    let operations = world.operations(instance).await;
    let expect = [
        "veritrail.tenant.created",
        "veritrail.log.created",
        "veritrail.log.created",
    ];
    assert_eq!(operations[before..], expect);
    let records = world.records(instance).await;
    let details = &records[before].1;
    assert_eq!(details["resource"]["name"], "initech", "{details}");
    // The second finds it there.
    assert_eq!(send(&world, &key, "initech", "e2").await.json()["seq"], 2);
    assert_eq!(world.operations(instance).await.len(), before + 3);
}

#[tokio::test]
async fn creations_at_once_end_with_one_tenant_and_every_event() {
    let world = World::new().await;
    let key = world.platform(&["writer"], true).await;
    let ids: Vec<String> = (0..16).map(|number| format!("e{number}")).collect();
    let all = ids.iter().map(|id| send(&world, &key, "initech", id));
    let mut seqs = Vec::new();
    for reply in futures_at_once(all.collect()).await {
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        seqs.push(reply.json()["seq"].as_u64().unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=16).collect::<Vec<_>>());
    let tenants = world.store.inner.tenants().await.unwrap();
    let named = tenants.iter().filter(|it| it.record.name == "initech");
    assert_eq!(named.count(), 1);
}

/// Polls all of them in turn on one thread: each step of one may come between any two of another.
async fn futures_at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|it| Some(Box::pin(it))).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut open = false;
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            let Some(running) = future else { continue };
            match running.as_mut().poll(context) {
                std::task::Poll::Ready(output) => (*done, *future) = (Some(output), None),
                std::task::Poll::Pending => open = true,
            }
        }
        if open {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn only_events_of_a_creating_key_make_a_tenant() {
    let world = World::new().await;
    let creating = world.platform(&["writer", "auditor"], true).await;
    let plain = world.platform(&["writer", "auditor"], false).await;
    let unknown = send(&world, &plain, "initech", "e1").await;
    assert_eq!(unknown.problem(), (404, "not_found".into(), String::new()));
    let dry = "/v1/events?dry_run=true";
    for reply in [
        read(&world, &creating, "initech", "/v1/events/e1").await,
        read(&world, &creating, "initech", "/v1/logs").await,
        world
            .call_for("initech", Method::POST, &creating, dry, event("e1"))
            .await,
        world
            .call_for("initech", Method::POST, &creating, "/v1/keys", "{}")
            .await,
    ] {
        assert_eq!(
            (reply.status, &reply.bytes),
            (unknown.status, &unknown.bytes),
            "{}",
            reply.text()
        );
    }
    // Refused before its body is looked at: nothing is made either.
    let typed = request(Method::POST, &creating, "/v1/events")
        .header("veritrail-tenant", "initech")
        .header("content-type", "text/html");
    let refused = world.send(typed.body(event("e1").into()).unwrap()).await;
    assert_eq!(refused.problem().0, 415);
    assert_eq!(world.store.inner.tenants().await.unwrap().len(), 3);
    assert_eq!(
        send(&world, &creating, "initech", "e1").await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        send(&world, &plain, "initech", "e2").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn platform_keys_make_no_more_tenants_than_they_may() {
    let mut config = Config::default();
    config.limits.tenants = 4;
    let world = World::with(config).await;
    let key = world.platform(&["writer"], true).await;
    assert_eq!(
        send(&world, &key, "one-more", "e").await.status,
        StatusCode::CREATED
    );
    let refused = send(&world, &key, "one-too-many", "e").await;
    assert_eq!(
        refused.problem(),
        (403, "too_many_tenants".into(), String::new())
    );
    assert_eq!(
        send(&world, &key, "one-more", "f").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn platform_roles_are_held_in_every_tenant() {
    let world = World::new().await;
    let writer = world.platform(&["writer"], true).await;
    send(&world, &writer, "acme", "e1").await;
    for (method, path, body) in [
        (Method::GET, "/v1/events/e1", String::new()),
        (Method::GET, "/v1/logs", String::new()),
        (Method::GET, "/v1/keys", String::new()),
        (Method::GET, "/v1/keys?platform=true", String::new()),
        (Method::GET, "/v1/tenants", String::new()),
        (Method::POST, "/v1/tenants", r#"{"name":"x"}"#.into()),
        (Method::POST, "/v1/clock/confirm", String::new()),
    ] {
        let reply = world
            .call_for("acme", method.clone(), &writer, path, body)
            .await;
        assert_eq!(reply.problem().1, "forbidden", "{method} {path}");
    }
    let analyst = world.platform(&["analyst"], false).await;
    let shown = read(&world, &analyst, "acme", "/v1/events/e1").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.json()["actor"]["id"].is_null(), "{}", shown.text());
    assert_eq!(
        send(&world, &analyst, "acme", "e2").await.problem().1,
        "forbidden"
    );
}

#[tokio::test]
async fn operators_alone_make_list_and_revoke_platform_keys() {
    let world = World::new().await;
    let operator = world.operator().await;
    let admin = world.key_of("acme", &["admin"], "adm").await;
    let new = r#"{"platform":true,"create_tenants":true,"roles":["writer"],"source":"app","owner":"Paas"}"#;
    assert_eq!(
        world.post(&admin, "/v1/keys", new).await.problem().1,
        "forbidden"
    );
    let made = world.post(&operator, "/v1/keys", new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made: api::CreatedKey = serde_json::from_slice(&made.bytes).unwrap();
    assert_eq!(
        (made.stored.tenant.as_deref(), made.stored.platform),
        (None, true)
    );
    assert!(made.stored.create_tenants);
    let id = made.stored.id.clone();
    let listed = |reply: Reply| serde_json::from_slice::<api::Keys>(&reply.bytes).unwrap();
    let platforms = listed(world.get(&operator, "/v1/keys?platform=true").await);
    assert_eq!(platforms.keys, std::slice::from_ref(&made.stored));
    let all = listed(world.get(&operator, "/v1/keys").await);
    assert!(all.keys.contains(&made.stored) && all.keys.len() == 3);
    for path in ["/v1/keys?tenant=acme", "/v1/keys?tenant=_instance"] {
        let some = listed(world.get(&operator, path).await);
        assert!(!some.keys.contains(&made.stored), "{path}");
    }
    let own = listed(world.get(&admin, "/v1/keys").await);
    assert!(!own.keys.contains(&made.stored));
    assert_eq!(
        world
            .get(&admin, "/v1/keys?platform=true")
            .await
            .problem()
            .1,
        "forbidden"
    );
    let both = world
        .get(&operator, "/v1/keys?platform=true&tenant=acme")
        .await;
    assert_eq!(both.problem(), bad_request());
    // To an admin it does not exist, though it writes into the same tenant.
    let path = format!("/v1/keys/{id}");
    let foreign = world.call(Method::DELETE, &admin, &path, "").await;
    let unknown = world
        .call(Method::DELETE, &admin, "/v1/keys/00000000", "")
        .await;
    assert_eq!(
        (foreign.status, &foreign.bytes),
        (unknown.status, &unknown.bytes)
    );
    assert_eq!(
        send(&world, &made.key, "acme", "e1").await.status,
        StatusCode::CREATED
    );
    let gone = world.call(Method::DELETE, &operator, &path, "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    assert_eq!(send(&world, &made.key, "acme", "e2").await.problem().0, 401);
    let instance = LogRef::main(&*world.tenant(INSTANCE_TENANT).await);
    let records = world.records(instance).await;
    let about_it = records.iter().filter(|(_, it)| it["resource"]["id"] == id);
    let told: Vec<_> = about_it
        .map(|(entry, it)| {
            assert_eq!(it["metadata"]["platform"], true, "{it}");
            assert_eq!(it["metadata"]["create_tenants"], true, "{it}");
            entry["operation"].as_str().unwrap()
        })
        .collect();
    assert_eq!(told, ["veritrail.key.created", "veritrail.key.revoked"]);
}

#[tokio::test]
async fn fields_that_do_not_go_together_are_named() {
    let world = World::new().await;
    let operator = world.operator().await;
    for (body, pointer) in [
        (r#""platform":true,"roles":["admin"]"#, "/roles"),
        (r#""platform":true,"roles":["operator"]"#, "/roles"),
        (r#""platform":true,"roles":["writer","operator"]"#, "/roles"),
        (r#""platform":true,"roles":[]"#, "/roles"),
        (
            r#""platform":true,"tenant":"acme","roles":["writer"]"#,
            "/tenant",
        ),
        (
            r#""platform":true,"tenant":"_instance","roles":["reader"]"#,
            "/tenant",
        ),
        (
            r#""platform":true,"create_tenants":true,"roles":["reader"]"#,
            "/create_tenants",
        ),
        (
            r#""tenant":"acme","create_tenants":true,"roles":["writer"]"#,
            "/create_tenants",
        ),
    ] {
        let body = format!(r#"{{{body},"source":"s","owner":"o"}}"#);
        let reply = world.post(&operator, "/v1/keys", body.clone()).await;
        assert_eq!(
            reply.problem(),
            (422, "bad_field".into(), pointer.into()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_id_is_of_its_tenant_also_for_a_platform() {
    let world = World::new().await;
    let key = world.platform(&["writer"], false).await;
    for tenant in ["acme", "umbrella"] {
        let sent = send(&world, &key, tenant, "same").await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    }
    assert_eq!(
        send(&world, &key, "acme", "same").await.status,
        StatusCode::OK
    );
    // What one customer does wrong holds up no other.
    let other = event("same").replace("dpl_1", "dpl_2");
    for _ in 0..100 {
        let reply = world
            .call_for("acme", Method::POST, &key, "/v1/events", other.clone())
            .await;
        assert_eq!(reply.problem().0, 409);
    }
    assert_eq!(
        send(&world, &key, "acme", "new").await.problem().1,
        "too_many_conflicts"
    );
    assert_eq!(
        send(&world, &key, "umbrella", "new").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn searches_of_a_platform_stay_in_the_tenant_they_began_in() {
    let world = World::new().await;
    let key = world.platform(&["writer", "reader"], false).await;
    for (tenant, count) in [("acme", 3), ("umbrella", 2)] {
        for number in 0..count {
            send(&world, &key, tenant, &format!("{tenant}-{number}")).await;
        }
    }
    let page = read(&world, &key, "acme", "/v1/events?limit=2").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(!page.text().contains("umbrella"), "{}", page.text());
    let cursor = page.json()["cursor"].as_str().unwrap().to_owned();
    let next = format!("/v1/events?limit=2&cursor={cursor}");
    let foreign = read(&world, &key, "umbrella", &next).await;
    assert_eq!(foreign.problem().1, "bad_cursor");
    let own = read(&world, &key, "acme", &next).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.text());
    let stats = read(&world, &key, "umbrella", "/v1/stats").await;
    assert_eq!(stats.status, StatusCode::OK, "{}", stats.text());
    assert_eq!(stats.json()["total"], 2, "{}", stats.text());
    assert!(!stats.text().contains("acme"), "{}", stats.text());
}
