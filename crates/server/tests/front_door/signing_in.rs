//! People sign in with an identity provider, and what is tried against that.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::provider::{Browser, Fake, ISSUER, Lie, config};
use crate::support::{World, event};

async fn world() -> (World, Arc<Fake>, Browser) {
    let fake = Fake::new();
    let provider: Arc<Fake> = Arc::clone(&fake);
    let world = World::with_people(config(), provider).await;
    (world, fake, Browser::default())
}

/// What refused sign-ins are counted as, by the record that is made of them.
async fn refusals(world: &World) -> Value {
    world.record_all_totals().await;
    let instance = world.tenant(INSTANCE_TENANT).await;
    let records = world.records(LogRef::main(&instance)).await;
    let mut refused = records
        .into_iter()
        .filter(|(entry, _)| entry["operation"] == "veritrail.signin.refused");
    refused
        .next_back()
        .map_or(Value::Null, |(_, details)| details["metadata"].clone())
}

#[tokio::test]
async fn a_person_signs_in_reads_is_named_in_every_record_and_signs_out() {
    let (world, fake, mut browser) = world().await;
    world.store(&event("e1")).await;
    let page = browser.get(&world, "/sign-in").await;
    assert!(page.text().contains("Sign in with id.example.com"));
    let back = browser.sign_in(&world, &fake).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text());
    assert_eq!(back.header("location"), "/t/acme/");
    assert!(browser.is_signed_in() && browser.cookies.len() == 1);
    let found = browser
        .script(&world, Method::GET, "/v1/events?q=deployment.created", "")
        .await;
    assert_eq!(found.ids(), ["e1"]);
    let csrf = browser.csrf(&world).await;
    let out = browser.post(&world, "/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(out.header("location"), "/sign-in");
    assert!(!browser.is_signed_in());
    world.record_due_totals().await;
    let tenant = world.tenant("acme").await;
    let operations = world.operations(LogRef::access(&tenant)).await;
    for expected in [
        "veritrail.session.started",
        "veritrail.search.performed",
        "veritrail.search.completed",
        "veritrail.session.ended",
    ] {
        assert!(
            operations.iter().any(|told| told == expected),
            "{operations:?}"
        );
    }
    let auditor = world.auditor().await;
    let told = world
        .get(&auditor, "/v1/events?log=access&q=actor:person-1&limit=100")
        .await;
    let told = told.json();
    let told = told["events"].as_array().unwrap();
    assert_eq!(told.len(), operations.len(), "{told:#?}");
    for event in told {
        let actor = &event["actor"];
        assert_eq!(
            (&actor["name"], &actor["email"]),
            (&json!("Ana Example"), &json!("ana@example.com"))
        );
        assert!(actor["credential_id"].as_str().unwrap().starts_with("ses_"));
    }
}

#[tokio::test]
async fn no_lying_token_signs_anybody_in() {
    let now = crate::support::START / 1_000_000;
    for lie in [
        Lie::AlgNone,
        Lie::PublicKeyAsSecret,
        Lie::OtherKey,
        Lie::UnknownKid,
        Lie::CutSignature,
        Lie::ChangedAfterSigning,
        Lie::Critical,
        Lie::NotAToken,
        Lie::TooLong,
    ] {
        let (world, fake, mut browser) = world().await;
        fake.nature().lie = lie;
        let reply = browser.sign_in(&world, &fake).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{lie:?}");
        assert!(!browser.is_signed_in(), "{lie:?}");
        assert_eq!(
            refusals(&world).await,
            json!({"bad_id_token": 1}),
            "{lie:?}"
        );
    }
    for claims in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"nonce": ""}),
        json!({"aud": "somebody else"}),
        json!({"aud": null}),
        json!({"aud": []}),
        json!({"aud": ["veritrail client", "somebody else"]}),
        json!({"azp": "somebody else"}),
        json!({"iss": "https://id.example.com/other"}),
        json!({"iss": null}),
        json!({"iss": [ISSUER]}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"exp": "later"}),
        json!({"iat": now + 120}),
        json!({"iat": now - 3_600, "exp": now + 3_600}),
        json!({"nbf": now + 120}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(256)}),
        json!({"sub": 7}),
    ] {
        let (world, fake, mut browser) = world().await;
        fake.nature().claims = claims.clone();
        let reply = browser.sign_in(&world, &fake).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{claims}");
        assert!(!browser.is_signed_in(), "{claims}");
        assert_eq!(
            refusals(&world).await,
            json!({"bad_id_token": 1}),
            "{claims}"
        );
    }
    // What is right within the leeway is right.
    for claims in [
        json!({"exp": now - 30, "iat": now - 300}),
        json!({"iat": now + 30, "nbf": now + 30}),
        json!({"aud": ["veritrail client", "somebody else"], "azp": "veritrail client"}),
        json!({"exp": 1e12}),
    ] {
        let (world, fake, mut browser) = world().await;
        fake.nature().claims = claims.clone();
        browser.sign_in(&world, &fake).await;
        assert!(browser.is_signed_in(), "{claims}");
    }
}

#[tokio::test]
async fn a_state_counts_once_and_in_its_own_browser() {
    let (world, fake, mut browser) = world().await;
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    let kept = browser.cookies.clone();
    // Somebody else's link: they would be signed in as whoever made it.
    let mut victim = Browser::default();
    let mut other = Browser::default();
    other.leave(&world, "/").await;
    assert_eq!(victim.get(&world, &back).await.status, 401);
    assert!(!victim.is_signed_in());
    // Whoever brought it, it is used up.
    assert_eq!(browser.get(&world, &back).await.status, 401);
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    assert_eq!(other.get(&world, &back).await.status, 401);
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    assert_eq!(browser.get(&world, &back).await.status, 303);
    browser.cookies = kept;
    assert_eq!(browser.get(&world, &back).await.status, 401, "replayed");
    // Too late.
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    world.clock.advance_seconds(600);
    assert_eq!(browser.get(&world, &back).await.status, 401);
    for query in [
        "",
        "?state=x",
        "?code=c",
        "?code=c&state=",
        "?state=a&state=b&code=c",
        "?error=access_denied",
    ] {
        let path = format!("/sign-in/callback{query}");
        assert_eq!(browser.get(&world, &path).await.status, 401, "{query}");
    }
    assert!(!browser.is_signed_in());
    assert_eq!(refusals(&world).await, json!({"forged_state": 11}));
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_worth_nothing() {
    let (world, fake, mut browser) = world().await;
    for forgets_pkce in [false, true] {
        fake.nature().forgets_pkce = forgets_pkce;
        let mut thief = Browser::default();
        let stolen = fake.sign_in(&browser.leave(&world, "/").await);
        let code = stolen.split(['=', '&']).nth(1).unwrap();
        let own = fake.sign_in(&thief.leave(&world, "/").await);
        let (_, state) = own.split_once("&state=").unwrap();
        let path = format!("/sign-in/callback?code={code}&state={state}");
        let reply = thief.get(&world, &path).await;
        // The provider sees the wrong verifier; where it does not look, we see the wrong nonce.
        let expect = if forgets_pkce { 503 } else { 401 };
        assert_eq!(reply.status, expect, "{}", reply.text());
        assert!(!thief.is_signed_in());
    }
    assert_eq!(
        refusals(&world).await,
        json!({"provider_refused": 1, "bad_id_token": 1})
    );
}

#[tokio::test]
async fn another_issuer_is_not_ours_whatever_it_says() {
    for description in [
        json!({"issuer": "https://id.example.com/other"}),
        json!({"issuer": format!("{ISSUER}/")}),
        json!({"token_endpoint": "http://id.example.com/realm/token"}),
        json!({"jwks_uri": "http://127.0.0.1/keys"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"token_endpoint": null}),
    ] {
        let (world, fake, mut browser) = world().await;
        fake.nature().description = description.clone();
        let reply = browser.get(&world, "/sign-in/oidc").await;
        assert_eq!(
            reply.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{description}"
        );
        assert!(!reply.text().contains("127.0.0.1/keys"));
        assert_eq!(refusals(&world).await, json!({"provider_failed": 1}));
    }
    // RFC 9207: an answer that names its issuer.
    let (world, fake, mut browser) = world().await;
    fake.nature().description = json!({"authorization_response_iss_parameter_supported": true});
    for (iss, expect) in [
        ("", 401),
        ("&iss=https://evil.example", 401),
        (&*format!("&iss={ISSUER}"), 303),
    ] {
        let back = fake.sign_in(&browser.leave(&world, "/").await);
        let reply = browser.get(&world, &format!("{back}{iss}")).await;
        assert_eq!(reply.status, expect, "{iss}");
    }
}

#[tokio::test]
async fn the_providers_own_refusal_and_its_absence_are_told_apart_and_repeat_nothing() {
    let (world, fake, mut browser) = world().await;
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    let (_, state) = back.split_once("&state=").unwrap();
    let path = format!(
        "/sign-in/callback?state={state}&error=access_denied&error_description=%3Cscript%3E"
    );
    let reply = browser.get(&world, &path).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(!reply.text().contains("access_denied") && !reply.text().contains("<script>"));
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    fake.nature().down = true;
    let reply = browser.get(&world, &back).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    // An API key lets people in all the same.
    let key = world.auditor().await;
    let reply = browser.post(&world, "/sign-in", &[("key", &key)]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(browser.is_signed_in());
}

#[tokio::test]
async fn whoever_says_no_at_the_provider_can_still_go_where_they_were_going() {
    let (world, fake, mut browser) = world().await;
    let location = browser.leave(&world, "/t/acme/search").await;
    // Some providers don't say which sign-in it was that they refused.
    let denied = "/sign-in/callback?error=access_denied";
    let reply = browser.get(&world, denied).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let again = "/sign-in/oidc?to=%2Ft%2Facme%2Fsearch";
    assert!(reply.text().contains(again), "{}", reply.text());
    // Another browser learns nothing of it, and the sign-in that was begun is still good.
    let mut stranger = Browser::default();
    let reply = stranger.get(&world, denied).await;
    assert!(!reply.text().contains("%2Fsearch"), "{}", reply.text());
    let reply = browser.get(&world, &fake.sign_in(&location)).await;
    assert_eq!(reply.header("location"), "/t/acme/search");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_in_half_a_minute_and_a_new_one_is_found() {
    let (world, fake, mut browser) = world().await;
    browser.sign_in(&world, &fake).await;
    assert_eq!(fake.asked("/keys"), 1);
    world.clock.advance_seconds(30);
    fake.nature().lie = Lie::UnknownKid;
    for _ in 0..5 {
        browser.sign_in(&world, &fake).await;
    }
    assert_eq!(fake.asked("/keys"), 2);
    fake.nature().lie = Lie::None;
    fake.nature().kid = "k2".to_owned();
    let mut late = Browser::default();
    late.sign_in(&world, &fake).await;
    assert!(!late.is_signed_in());
    world.clock.advance_seconds(30);
    late.sign_in(&world, &fake).await;
    assert!(late.is_signed_in());
    assert_eq!(
        (
            fake.asked("/keys"),
            fake.asked("/.well-known/openid-configuration")
        ),
        (3, 1)
    );
}

#[tokio::test]
async fn groups_and_address_are_asked_for_where_the_token_does_not_say_them() {
    let (world, fake, mut browser) = world().await;
    browser.sign_in(&world, &fake).await;
    assert_eq!(fake.asked("/userinfo"), 0);
    fake.nature().claims = json!({"groups": null, "name": null});
    for (userinfo, status) in [
        (json!({"sub": "person-1", "groups": ["ops"]}), 303),
        (json!({"sub": "person-2", "groups": ["ops"]}), 503),
        (json!({"groups": ["ops"]}), 503),
        (json!(["ops"]), 503),
        (json!({"sub": "person-1", "groups": ["others"]}), 403),
    ] {
        fake.nature().userinfo = Some(userinfo.clone());
        let reply = Browser::default().sign_in(&world, &fake).await;
        assert_eq!(reply.status, status, "{userinfo}");
    }
}

#[tokio::test]
async fn a_group_that_was_left_gives_nothing_at_the_next_sign_in() {
    let (world, fake, mut browser) = world().await;
    browser.sign_in(&world, &fake).await;
    assert!(browser.is_signed_in());
    fake.nature().claims = json!({"groups": ["Ops", "ops ", "acme:auditor"]});
    let mut again = Browser::default();
    let reply = again.sign_in(&world, &fake).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.text().contains("You have no access here"));
    assert!(!again.is_signed_in());
    assert_eq!(refusals(&world).await, json!({"no_access": 1}));
}

#[tokio::test]
async fn a_role_counts_in_its_tenant_alone() {
    let (world, fake, mut browser) = world().await;
    fake.nature().claims = json!({"groups": ["operators", "counters"]});
    browser.sign_in(&world, &fake).await;
    let chosen = browser.get(&world, "/").await;
    assert_eq!(chosen.status, StatusCode::OK);
    assert!(chosen.text().contains("/t/_instance/") && chosen.text().contains("/t/acme/"));
    assert!(!chosen.text().contains("umbrella"));
    let page = browser.get(&world, "/t/umbrella/sessions").await;
    let nowhere = browser.get(&world, "/t/nowhere/sessions").await;
    assert_eq!((page.status, page.text()), (nowhere.status, nowhere.text()));
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let ask = async |browser: &mut Browser, tenant: &str, path: &str| {
        let headers = [("veritrail-tenant", tenant)];
        let reply = browser.send(&world, Method::GET, path, &headers, String::new());
        reply.await.status.as_u16()
    };
    assert_eq!(ask(&mut browser, "_instance", "/v1/tenants").await, 200);
    assert_eq!(ask(&mut browser, "acme", "/v1/tenants").await, 403);
    assert_eq!(ask(&mut browser, "acme", "/v1/events").await, 200);
    assert_eq!(ask(&mut browser, "umbrella", "/v1/events").await, 404);
    // Several tenants, and none is named.
    let reply = browser.get(&world, "/v1/events").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_analyst_who_signed_in_sees_no_person() {
    let (world, fake, mut browser) = world().await;
    world
        .store(r#"{"id":"e1","operation":"user.updated","actor":{"id":"42","email":"ben@example.com","name":"Ben"},"resource":{"type":"project","id":"p1"},"origin":{"ip":"198.51.100.7"}}"#)
        .await;
    fake.nature().claims = json!({"groups": ["counters"]});
    browser.sign_in(&world, &fake).await;
    for path in ["/v1/events", "/v1/events/e1", "/v1/fields"] {
        let reply = browser.script(&world, Method::GET, path, "").await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        for told in ["ben@", "Ben", "198.51"] {
            assert!(!reply.text().contains(told), "{path}: {told}");
        }
    }
    let refused = browser
        .script(&world, Method::GET, "/v1/events?log=access", "")
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_is_sent_to_a_foreign_place() {
    let (world, fake, mut browser) = world().await;
    for to in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "evil.example",
        "javascript%3Aalert(1)",
    ] {
        let page = browser.get(&world, &format!("/sign-in?to={to}")).await;
        assert!(
            !page.text().contains("evil") && !page.text().contains("alert"),
            "{to}"
        );
        let back = fake.sign_in(&browser.leave(&world, to).await);
        let reply = browser.get(&world, &back).await;
        assert_eq!(reply.header("location"), "/", "{to}");
        let key = world.auditor().await;
        let mut other = Browser::default();
        let reply = other
            .post(&world, "/sign-in", &[("key", &key), ("to", to)])
            .await;
        assert_eq!(reply.header("location"), "/", "{to}");
    }
}

#[tokio::test]
async fn a_sign_in_comes_from_our_own_page_by_what_browsers_say_of_it() {
    let (world, _, _) = world().await;
    let key = world.auditor().await;
    for (header, said, signed_in) in [
        ("origin", "https://audit.example", true),
        ("sec-fetch-site", "same-origin", true),
        ("origin", "https://evil.example", false),
        ("origin", "https://audit.example:8443", false),
        ("origin", "https://audit.example.evil.example", false),
        ("origin", "null", false),
        ("sec-fetch-site", "same-site", false),
    ] {
        let mut browser = Browser::default();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("host", "audit.example"),
            (header, said),
        ];
        let form = format!("key={key}");
        let reply = browser.send(&world, Method::POST, "/sign-in", &headers, form);
        let reply = reply.await;
        assert_eq!(
            browser.is_signed_in(),
            signed_in,
            "{said}: {}",
            reply.text()
        );
        let status = if signed_in { 303 } else { 403 };
        assert_eq!(reply.status.as_u16(), status, "{said}");
    }
}

#[tokio::test]
async fn nothing_changes_without_a_word_of_our_own_pages() {
    let (world, fake, mut browser) = world().await;
    fake.nature().claims = json!({"groups": ["admins"]});
    browser.sign_in(&world, &fake).await;
    let mut other = Browser::default();
    other.sign_in(&world, &fake).await;
    let (csrf, foreign) = (browser.csrf(&world).await, other.csrf(&world).await);
    assert_ne!(csrf, foreign);
    for said in ["", "x", foreign.as_str()] {
        let reply = browser.post(&world, "/sign-out", &[("csrf", said)]).await;
        assert!(browser.is_signed_in());
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{said}");
        assert!(reply.text().contains("you are still signed in"), "{said}");
        let form = [("csrf", said), ("end", "all")];
        let reply = browser.post(&world, "/t/acme/sessions", &form).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{said}");
        let body = r#"{"roles":["reader"],"source":"x","owner":"x"}"#;
        let headers = [("veritrail-tenant", "acme"), ("veritrail-csrf", said)];
        let reply = browser.send(&world, Method::POST, "/v1/keys", &headers, body.to_owned());
        assert_eq!(reply.await.status, StatusCode::UNAUTHORIZED, "{said}");
    }
    let without = browser.post(&world, "/sign-out", &[]).await;
    assert!(without.status.is_client_error() && browser.is_signed_in());
    let body = r#"{"roles":["reader"],"source":"x","owner":"x"}"#;
    let headers = [
        ("veritrail-tenant", "acme"),
        ("veritrail-csrf", csrf.as_str()),
    ];
    let reply = browser.send(&world, Method::POST, "/v1/keys", &headers, body.to_owned());
    assert_eq!(reply.await.status, StatusCode::CREATED);
    // A cookie beside a key is not looked at.
    let refused = browser.request(
        Method::GET,
        "/v1/events",
        &[("authorization", "Bearer vtk_x")],
    );
    let refused = world.page(refused.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    // Another site's page can't sign a browser in as somebody of its choice.
    let key = world.auditor().await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let mut victim = Browser::default();
    let reply = victim.send(
        &world,
        Method::POST,
        "/sign-in",
        &headers,
        format!("key={key}"),
    );
    let reply = reply.await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(!victim.is_signed_in());
    // Nor is anything said of the key, which may well be good: a proxy that changes the headers looks the same.
    let said = reply.text();
    assert!(
        said.contains("not sent from this server’s own page"),
        "{said}"
    );
    assert!(!said.contains("The key is not valid"), "{said}");
}

#[tokio::test]
async fn a_session_is_new_at_every_sign_in_and_never_one_that_was_planted() {
    let (world, fake, mut browser) = world().await;
    browser
        .cookies
        .insert("veritrail_session".into(), "planted".into());
    browser.sign_in(&world, &fake).await;
    let first = browser.cookies["veritrail_session"].clone();
    assert_ne!(first, "planted");
    browser.sign_in(&world, &fake).await;
    assert_ne!(browser.cookies["veritrail_session"], first);
    let mut before = Browser::default();
    before.cookies.insert("veritrail_session".into(), first);
    let page = before.get(&world, "/t/acme/sessions").await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "the session before is over"
    );
    // Two cookies of the name are none.
    let value = &browser.cookies["veritrail_session"];
    let cookies = format!("veritrail_session={value}; veritrail_session={value}");
    let twice = axum::http::Request::builder()
        .uri("/t/acme/sessions")
        .header("cookie", cookies);
    let page = world.page(twice.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_is_signed_in_elsewhere_is_shown_and_ended_there() {
    let (world, fake, mut here) = world().await;
    let mut there = Browser::default();
    let agent = [("user-agent", "Browser/1 <b>")];
    let back = fake.sign_in(&there.leave(&world, "/").await);
    there
        .send(&world, Method::GET, &back, &agent, String::new())
        .await;
    here.sign_in(&world, &fake).await;
    let mut stranger = Browser::default();
    fake.nature().claims = json!({"sub": "person-2"});
    stranger.sign_in(&world, &fake).await;
    let page = here.get(&world, "/t/acme/sessions").await;
    assert_eq!(page.text().matches("<code>ses_").count(), 2);
    assert!(
        page.text().contains("Browser/1 &#60;b&#62;"),
        "{}",
        page.text()
    );
    let csrf = here.csrf(&world).await;
    let form = [("csrf", csrf.as_str()), ("end", "others")];
    let reply = here.post(&world, "/t/acme/sessions", &form).await;
    assert_eq!(reply.header("location"), "/t/acme/sessions");
    assert_eq!(there.get(&world, "/t/acme/sessions").await.status, 303);
    let form = [("csrf", csrf.as_str()), ("end", "all")];
    let reply = here.post(&world, "/t/acme/sessions", &form).await;
    assert_eq!(reply.header("location"), "/sign-in");
    assert_eq!(here.get(&world, "/t/acme/sessions").await.status, 303);
    assert_eq!(stranger.get(&world, "/t/acme/sessions").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_session_whoever_began_it() {
    let (world, fake, mut browser) = world().await;
    let key = world.auditor().await;
    let mut with_key = Browser::default();
    with_key.post(&world, "/sign-in", &[("key", &key)]).await;
    browser.sign_in(&world, &fake).await;
    for browser in [&mut browser, &mut with_key] {
        let headers = [("veritrail-tenant", "acme")];
        let request = browser.request(Method::GET, "/v1/events/stream", &headers);
        let response = world.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let csrf = browser.csrf(&world).await;
        browser.post(&world, "/sign-out", &[("csrf", &csrf)]).await;
        let told = response.into_body().collect().await.unwrap().to_bytes();
        let told = str::from_utf8(&told).unwrap();
        assert!(told.contains("\"code\":\"session_ended\""), "{told}");
    }
    // Nor does it outlive an idle one: looking on is no use of a session.
    let mut idle = Browser::default();
    idle.sign_in(&world, &fake).await;
    let headers = [("veritrail-tenant", "acme")];
    let request = idle.request(Method::GET, "/v1/events/stream", &headers);
    let response = world.open(request.body(Body::empty()).unwrap()).await;
    world.clock.advance_seconds(30 * 60);
    let told = response.into_body().collect().await.unwrap().to_bytes();
    assert!(str::from_utf8(&told).unwrap().contains("session_ended"));
}

#[tokio::test]
async fn sessions_end_when_idle_and_their_ends_are_recorded() {
    let (world, fake, mut browser) = world().await;
    browser.sign_in(&world, &fake).await;
    world.clock.advance_seconds(30 * 60 - 1);
    assert_eq!(browser.get(&world, "/t/acme/sessions").await.status, 200);
    world.clock.advance_seconds(30 * 60);
    assert_eq!(browser.get(&world, "/t/acme/sessions").await.status, 303);
    world.record_due_totals().await;
    let reads = world.reads().await;
    let (operation, metadata) = reads.last().unwrap();
    assert_eq!(operation, "veritrail.session.ended");
    assert_eq!(
        (&metadata["why"], &metadata["seconds"]),
        (&json!("idle"), &json!(3_599))
    );
    fake.nature().now += 3_599;
    browser.sign_in(&world, &fake).await;
    world.record_all_totals().await;
    let reads = world.reads().await;
    assert_eq!(reads.last().unwrap().1["why"], "server_stopped");
}

#[tokio::test]
async fn nobody_is_let_in_without_a_record() {
    let (world, fake, mut browser) = world().await;
    let back = fake.sign_in(&browser.leave(&world, "/").await);
    world.fail(None, || store::StoreError::DiskFull);
    let reply = browser.get(&world, &back).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!browser.is_signed_in());
}

#[tokio::test]
async fn attempts_are_bounded() {
    let (world, fake, mut browser) = world().await;
    browser.leave(&world, "/").await;
    let mut waits = 0;
    for _ in 0..700 {
        let reply = browser.post(&world, "/sign-in", &[("key", "vtk_x")]).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(reply.header("retry-after"), "1");
            waits += 1;
        }
    }
    assert_eq!(waits, 101);
    assert_eq!(fake.asked("/.well-known/openid-configuration"), 1);
    world.clock.advance_seconds(1);
    browser.leave(&world, "/").await;
}

#[tokio::test]
async fn under_https_a_cookie_is_nobody_elses_to_plant() {
    let fake = Fake::new();
    let mut config = config();
    config.ui.url = Some("https://audit.example.com".to_owned());
    let provider: Arc<Fake> = Arc::clone(&fake);
    let world = World::with_people(config, provider).await;
    let mut browser = Browser::default();
    let location = browser.leave(&world, "/").await;
    assert!(location.contains("redirect_uri=https%3A%2F%2Faudit.example.com%2Fsign-in%2Fcallback"));
    let reply = browser.get(&world, &fake.sign_in(&location)).await;
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-veritrail_session="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    let value = browser.cookies.values().next().unwrap().clone();
    let mut planted = Browser::default();
    planted.cookies.insert("veritrail_session".into(), value);
    assert_eq!(planted.get(&world, "/t/acme/sessions").await.status, 303);
}
