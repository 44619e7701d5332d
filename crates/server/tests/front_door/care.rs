//! Pages of those who look after a log: who may see them, that every act is asked once more and comes from our own form, and
//! that whatever stands in the log stands on them as text.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use store::LogRef;
use store::registry::INSTANCE_TENANT;

use crate::support::{Reply, World, escaped, event};
use crate::visitor::Visitor;

const HOSTILE: &str = "<script>alert(1)</script>\" onx='1";

/// A browser that is signed in, and knows what our forms repeat.
struct Browser<'w> {
    world: &'w World,
    visitor: Visitor<'w>,
    csrf: String,
}

impl<'w> Browser<'w> {
    async fn with(world: &'w World, tenant: &str, key: &str) -> Browser<'w> {
        let visitor = Visitor::with_key(world, tenant, key).await;
        let page = visitor.text("/").await;
        Browser {
            csrf: between(&page, "data-csrf=\"", "\"").to_owned(),
            world,
            visitor,
        }
    }

    /// Somebody with a role in `acme`; an operator of the instance.
    async fn of(world: &'w World, role: &str) -> Browser<'w> {
        let tenant = if role == "operator" {
            INSTANCE_TENANT
        } else {
            "acme"
        };
        let key = world.key_of(tenant, &[role], "pages").await;
        Self::with(world, tenant, &key).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.visitor.any(path).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &self.csrf));
        self.post_bare(path, &fields).await
    }

    /// Without what our pages know.
    async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let asked = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::COOKIE, &self.visitor.cookie);
        let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.world.page(asked.body(Body::from(body)).unwrap()).await
    }
}

/// What stands between two texts of a page.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let rest = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {page}"))
        .1;
    rest.split_once(end).unwrap().0
}

#[tokio::test]
async fn each_role_sees_its_pages_and_no_others() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let pages = [
        "health",
        "access",
        "reviews",
        "reviews/new?day=2026-11-20",
        "admin",
        "admin/accounts",
        "admin/accounts/new",
        "admin/sessions",
        "admin/keys",
        "admin/keys/new",
        "admin/sources",
        "admin/sources/new",
        "admin/tenants/acme",
        "admin/tenants",
        "admin/tenants/_new",
    ];
    // y: shown, n: not for this account.
    for (role, row) in [
        ("analyst", "nnnnnnnnnnnnnnn"),
        ("reader", "ynnnnnnnnnnnnnn"),
        ("auditor", "yyyynnnnnnnnnnn"),
        ("admin", "yyyyyyyyyyyyynn"),
        ("operator", "yyyyyyyyyyyyyyy"),
    ] {
        let browser = Browser::of(&world, role).await;
        let tenant = if role == "operator" {
            INSTANCE_TENANT
        } else {
            "acme"
        };
        for (page, expect) in pages.iter().zip(row.chars()) {
            let reply = browser.get(&format!("/t/{tenant}/{page}")).await;
            let expected = if expect == 'y' {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(reply.status, expected, "{role} {page}: {}", reply.text());
            assert_eq!(reply.header("cache-control"), "no-store");
            assert!(
                reply
                    .header("content-security-policy")
                    .contains("default-src 'none'")
            );
            let foreign = browser.get(&format!("/t/umbrella/{page}")).await;
            let unknown = browser.get(&format!("/t/nobody/{page}")).await;
            assert_eq!(
                (foreign.status, &foreign.bytes),
                (StatusCode::NOT_FOUND, &unknown.bytes),
                "{role} {page}"
            );
        }
    }
}

#[tokio::test]
async fn log_health_says_what_is_signed_and_what_wants_a_person() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let tenant = world.tenant("acme").await;
    let browser = Browser::of(&world, "auditor").await;
    let page = browser.get("/t/acme/health").await;
    let page = page.text();
    let root = world
        .store
        .inner
        .head(LogRef::main(&tenant))
        .await
        .unwrap()
        .signed
        .unwrap()
        .root;
    assert!(page.contains(&root.to_hex()), "{page}");
    assert!(page.contains("No place outside takes anchors"));
    assert!(page.contains("The server hashes every entry again"));
    assert!(
        !page.contains("free where the data lies"),
        "the disk is not an auditor's"
    );
    // Without proofs, neither root nor button.
    let reader = Browser::of(&world, "reader").await;
    let page = reader.get("/t/acme/health").await;
    assert!(!page.text().contains(&root.to_hex()) && !page.text().contains("health/verify"));
    let admin = Browser::of(&world, "admin").await;
    assert!(
        admin
            .get("/t/acme/health")
            .await
            .text()
            .contains("free where the data lies")
    );
}

#[tokio::test]
async fn a_log_is_verified_by_a_button_of_our_own_page() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let log = world.tenant("acme").await.record.main.to_string();
    let browser = Browser::of(&world, "auditor").await;
    let path = "/t/acme/health/verify";
    assert_eq!(
        browser.post_bare(path, &[("log", &log)]).await.status,
        StatusCode::FORBIDDEN
    );
    let begun = browser.post(path, &[("log", &log)]).await;
    assert_eq!(
        (begun.status, begun.header("location")),
        (StatusCode::SEE_OTHER, &*format!("/t/acme/health#log-{log}"))
    );
    assert!(
        browser
            .get("/t/acme/health")
            .await
            .text()
            .contains("Reload to see how far it is")
    );
    world.verify_wanted().await;
    let page = browser.get("/t/acme/health").await;
    assert!(
        page.text()
            .contains("All 2 entries are what the signed checkpoint covers"),
        "{}",
        page.text()
    );
    let reader = Browser::of(&world, "reader").await;
    assert_eq!(
        reader.post(path, &[("log", &log)]).await.status,
        StatusCode::FORBIDDEN
    );
    let foreign = world.tenant("umbrella").await.record.main.to_string();
    assert_eq!(
        browser.post(path, &[("log", &foreign)]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn access_history_tells_who_searched_what_and_links_to_the_same() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let reader = world
        .key(
            "acme",
            &api::NewKey {
                roles: vec!["reader".into()],
                source: "r".into(),
                owner: "Ana Souza".into(),
                ..Default::default()
            },
        )
        .await;
    world
        .get(&reader, "/v1/events?q=operation:deployment.*&since=1h")
        .await;
    world.get(&reader, "/v1/events/e1").await;
    world.record_all_totals().await;
    world.clock.advance_seconds(3_600);
    let browser = Browser::of(&world, "auditor").await;
    let page = browser.get("/t/acme/access").await;
    let text = page.text();
    assert!(
        text.contains("Ana Souza") && text.contains("1 event shown"),
        "{text}"
    );
    assert!(text.contains("<code>operation:deployment.* since:1h</code>"));
    assert!(
        text.contains("2026-11-21T07%3A00%3A00"),
        "the link means the time that was meant then: {text}"
    );
    assert!(text.contains("href=\"/t/acme/events/e1\""));
    assert!(
        !text.contains("ended a search"),
        "an end is told with its beginning"
    );
    let counts = between(text, "id=\"readers\"", "</aside>");
    assert!(
        counts.contains("<span>Ana Souza</span><span class=\"muted\">2</span>"),
        "{counts}"
    );
    let none = browser.get("/t/acme/access?reader=nobody").await;
    assert!(none.text().contains("Nobody read anything"));
    let only = browser
        .get("/t/acme/access?kind=event&reader=Ana+Souza")
        .await;
    assert!(only.text().contains("Opened the event") && !only.text().contains("1 event shown"));
    let relative = browser.get("/t/acme/access?since=7d").await;
    assert!(
        relative
            .header("location")
            .contains("since=2026-11-14T09%3A00%3A00"),
        "{}",
        relative.header("location")
    );
    let bad = browser.get("/t/acme/access?q=(").await;
    assert_eq!(bad.status, StatusCode::OK);
    assert!(bad.text().contains("can’t be read") && bad.text().contains("value=\"(\""));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn a_key_is_made_after_a_question_shown_once_and_revoked_by_typing_its_name() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let path = "/t/acme/admin/keys/new";
    let fields = [
        ("owner", "Build <b>farm</b>"),
        ("source", "ci"),
        ("roles", "writer"),
        ("roles", "reader"),
        ("expires", "86400"),
    ];
    let asked = browser.post(path, &fields).await;
    assert!(
        asked.text().contains("Make this key?") && asked.text().contains("writer and reader"),
        "{}",
        asked.text()
    );
    assert!(asked.text().contains("Build &#60;b&#62;farm&#60;/b&#62;"));
    let before = world
        .get(&world.key_of("acme", &["admin"], "a").await, "/v1/keys")
        .await
        .json();
    assert!(
        !before.to_string().contains("farm"),
        "nothing is done by asking"
    );
    let confirmed = [&fields[..], &[("confirmed", "yes")]].concat();
    assert_eq!(
        browser.post_bare(path, &confirmed).await.status,
        StatusCode::FORBIDDEN
    );
    let foreign = [&confirmed[..], &[("csrf", "foreign")]].concat();
    assert_eq!(
        browser.post_bare(path, &foreign).await.status,
        StatusCode::FORBIDDEN
    );
    let made = browser.post(path, &confirmed).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let key = between(made.text(), "aria-labelledby=\"secret-label\">", "</code>").to_owned();
    assert_eq!(made.text().matches(&key).count(), 1);
    assert_eq!(world.get(&key, "/v1/events").await.status, StatusCode::OK);
    let listed = browser.get("/t/acme/admin/keys").await;
    assert!(!listed.text().contains(&key) && listed.text().contains("Build &#60;b&#62;"));
    let id = &key[4..12];
    let revoke = format!("/t/acme/admin/keys/{id}/revoke");
    assert!(
        browser
            .get(&revoke)
            .await
            .text()
            .contains("at once and for good")
    );
    let mistyped = browser
        .post(&revoke, &[("confirmed", "yes"), ("typed", "other")])
        .await;
    assert_eq!(mistyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.get(&key, "/v1/events").await.status, StatusCode::OK);
    let done = browser
        .post(&revoke, &[("confirmed", "yes"), ("typed", id)])
        .await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/t/acme/admin/keys?done=revoked")
    );
    assert_eq!(
        world.get(&key, "/v1/events").await.status,
        StatusCode::UNAUTHORIZED
    );
    let operations = world
        .operations(LogRef::access(&*world.tenant("acme").await))
        .await;
    for operation in ["veritrail.key.created", "veritrail.key.revoked"] {
        assert!(
            operations.iter().any(|known| known == operation),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_stays() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let path = "/t/acme/admin/keys/new";
    for (fields, field, expected) in [
        (
            [("owner", "Typed"), ("source", "x"), ("roles", "")],
            "roles",
            "expected one",
        ),
        (
            [("owner", ""), ("source", "x"), ("roles", "reader")],
            "owner",
            "expected a name",
        ),
        (
            [("owner", "Typed"), ("source", "UPPER"), ("roles", "reader")],
            "source",
            "expected 1 to 64",
        ),
        (
            [("owner", "Typed"), ("source", "x"), ("roles", "operator")],
            "roles",
            "expected one or more",
        ),
    ] {
        let fields = [&fields[..], &[("confirmed", "yes")]].concat();
        let reply = browser.post(path, &fields).await;
        assert_eq!(
            reply.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            reply.text()
        );
        let fault = between(reply.text(), &format!("id=\"{field}-fault\">"), "</p>");
        assert!(fault.contains(expected), "{field}: {fault}");
        assert!(reply.text().contains("Nothing was done."));
        for (name, value) in fields
            .iter()
            .filter(|(name, value)| matches!(*name, "owner" | "source") && !value.is_empty())
        {
            assert!(
                reply
                    .text()
                    .contains(&format!("name=\"{name}\" value=\"{value}\"")),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn sources_are_made_rotated_and_closed_in_steps() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let fields = [("name", "hub"), ("vendor", "github"), ("confirmed", "yes")];
    let made = browser.post("/t/acme/admin/sources/new", &fields).await;
    assert!(
        made.text().contains("vts_") && made.text().contains("/v1/sources/hub?tenant=acme"),
        "{}",
        made.text()
    );
    let again = browser.post("/t/acme/admin/sources/new", &fields).await;
    assert!(between(again.text(), "id=\"name-fault\">", "</p>").contains("no open source"));
    let rotate = "/t/acme/admin/sources/acme/hub/rotate";
    assert!(browser.get(rotate).await.text().contains("another day"));
    let rotated = browser.post(rotate, &[("confirmed", "yes")]).await;
    assert!(rotated.text().contains("vts_") && rotated.text().contains("is taken until"));
    let close = "/t/acme/admin/sources/acme/hub/close";
    assert_eq!(
        browser
            .post_bare(close, &[("confirmed", "yes"), ("typed", "hub")])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let closed = browser
        .post(close, &[("confirmed", "yes"), ("typed", "hub")])
        .await;
    assert_eq!(
        closed.header("location"),
        "/t/acme/admin/sources?done=closed"
    );
    let listed = browser
        .get("/t/acme/admin/sources?closed=yes&done=closed")
        .await;
    assert!(listed.text().contains("closed") && !listed.text().contains("vts_"));
    for path in [
        "/t/acme/admin/sources/umbrella/hub/close",
        "/t/acme/admin/sources/acme/none/close",
        close,
    ] {
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn accounts_are_given_with_an_end_and_ended_by_typing_whose() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let path = "/t/acme/admin/accounts/new";
    let fields = [
        ("email", "Auditor@Example.com"),
        ("roles", "auditor"),
        ("ends_at", "2027-03-31"),
    ];
    let asked = browser.post(path, &fields).await;
    assert!(asked.text().contains("Auditor@Example.com may sign in and act as auditor in the tenant acme, until 2027-03-31."), "{}", asked.text());
    let confirmed = [&fields[..], &[("confirmed", "yes")]].concat();
    assert_eq!(
        browser.post_bare(path, &confirmed).await.status,
        StatusCode::FORBIDDEN
    );
    let given = browser.post(path, &confirmed).await;
    assert_eq!(
        given.header("location"),
        "/t/acme/admin/accounts?done=given",
        "{}",
        given.text()
    );
    let again = browser.post(path, &confirmed).await;
    assert!(
        between(again.text(), "id=\"email-fault\">", "</p>")
            .contains("no account in this tenant yet"),
        "{}",
        again.text()
    );
    for (fields, field) in [
        (
            [
                ("email", ""),
                ("subject", ""),
                ("roles", "reader"),
                ("ends_at", ""),
            ],
            "email",
        ),
        (
            [
                ("email", "a@example.com"),
                ("subject", "b"),
                ("roles", "reader"),
                ("ends_at", ""),
            ],
            "subject",
        ),
        (
            [
                ("email", "nobody"),
                ("subject", ""),
                ("roles", "reader"),
                ("ends_at", ""),
            ],
            "email",
        ),
        (
            [
                ("email", "a@example.com"),
                ("subject", ""),
                ("roles", "reader"),
                ("ends_at", "soon"),
            ],
            "ends_at",
        ),
        (
            [
                ("email", "a@example.com"),
                ("subject", ""),
                ("roles", "operator"),
                ("ends_at", ""),
            ],
            "roles",
        ),
    ] {
        let fields = [&fields[..], &[("confirmed", "yes")]].concat();
        let reply = browser.post(path, &fields).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(
            reply.text().contains(&format!("id=\"{field}-fault\"")),
            "{field}: {}",
            reply.text()
        );
    }
    let listed = browser.get("/t/acme/admin/accounts").await;
    let end = between(listed.text(), "<td class=\"acts\"><a href=\"", "\"").to_owned();
    let ended = browser
        .post(
            &end,
            &[("confirmed", "yes"), ("typed", "auditor@example.com")],
        )
        .await;
    assert_eq!(
        ended.header("location"),
        "/t/acme/admin/accounts?done=ended",
        "{}",
        ended.text()
    );
    assert!(
        browser
            .get("/t/acme/admin/accounts")
            .await
            .text()
            .contains("Nobody has an account")
    );
    let foreign = end.replace("/accounts/acme/", "/accounts/umbrella/");
    assert_eq!(browser.get(&foreign).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_colleagues_browser_is_signed_out_after_a_question() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let colleague = Visitor::of(&world, "acme", &["reader"]).await;
    let stranger = Visitor::of(&world, "umbrella", &["reader"]).await;
    let listed = browser.get("/t/acme/admin/sessions").await;
    assert_eq!(listed.text().matches("<td class=\"acts\">").count(), 2);
    assert!(listed.text().contains("this one"));
    let own = between(
        listed.text(),
        "<td data-label=\"Session\"><code>",
        "</code>",
    );
    let own = format!("/{own}/end");
    let mut ends = listed.text().split("<td class=\"acts\"><a href=\"").skip(1);
    let theirs = ends.find(|end| !end.contains(&own));
    let end = theirs.unwrap().split_once('"').unwrap().0.to_owned();
    let asked = browser.get(&end).await;
    assert!(
        asked
            .text()
            .contains("of Test Owner ends at once: it was for acme.")
    );
    assert!(asked.text().contains("revoke the key to keep them out"));
    let yes = [("confirmed", "yes")];
    assert_eq!(browser.post_bare(&end, &yes).await.status, 403);
    assert_eq!(browser.post(&end, &[]).await.status, 200);
    assert_eq!(colleague.page("/").await.status, 200);
    let ended = browser.post(&end, &yes).await;
    assert_eq!(
        ended.header("location"),
        "/t/acme/admin/sessions?done=ended"
    );
    assert_eq!(colleague.page("/").await.status, 303);
    assert_eq!(stranger.page("/").await.status, 200);
    for path in [end.as_str(), "/t/acme/admin/sessions/ses_none/end"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn operators_make_tenants_and_change_settings_of_any() {
    let world = World::new().await;
    let browser = Browser::of(&world, "operator").await;
    let path = "/t/_instance/admin/tenants/_new";
    let bad = browser
        .post(
            path,
            &[
                ("name", "Not One"),
                ("confirmed", "yes"),
                ("typed", "Not One"),
            ],
        )
        .await;
    assert!(between(bad.text(), "id=\"name-fault\">", "</p>").contains("expected 1 to 63"));
    let taken = browser
        .post(
            path,
            &[("name", "acme"), ("confirmed", "yes"), ("typed", "acme")],
        )
        .await;
    assert!(between(taken.text(), "id=\"name-fault\">", "</p>").contains("no tenant has"));
    let made = browser
        .post(
            path,
            &[
                ("name", "initech"),
                ("confirmed", "yes"),
                ("typed", "initech"),
            ],
        )
        .await;
    assert_eq!(
        made.header("location"),
        "/t/_instance/admin/tenants?done=made"
    );
    assert!(
        browser
            .get("/t/_instance/admin/tenants?name=init")
            .await
            .text()
            .contains("initech")
    );
    let settings = "/t/_instance/admin/tenants/initech";
    let page = browser.get(settings).await;
    let revision = between(page.text(), "name=\"revision\" value=\"", "\"").to_owned();
    let asked = browser
        .post(
            settings,
            &[
                ("known_countries", "Germany, PT"),
                ("strict", "yes"),
                ("revision", &revision),
            ],
        )
        .await;
    assert!(
        asked
            .text()
            .contains("Nothing is unusual from Germany and PT")
            && asked.text().contains("are refused from now on"),
        "{}",
        asked.text()
    );
    let fields = [
        ("known_countries", "Germany, PT"),
        ("strict", "yes"),
        ("revision", &*revision),
        ("confirmed", "yes"),
    ];
    let changed = browser.post(settings, &fields).await;
    assert_eq!(
        changed.header("location"),
        "/t/_instance/admin/tenants/initech?done=changed",
        "{}",
        changed.text()
    );
    assert!(
        browser
            .get(settings)
            .await
            .text()
            .contains(">DE, PT</textarea>")
    );
    // Somebody else was faster.
    let stale = browser
        .post(
            settings,
            &[
                ("known_countries", "FR"),
                ("revision", &revision),
                ("confirmed", "yes"),
            ],
        )
        .await;
    assert!(
        stale
            .text()
            .contains("somebody changed these settings meanwhile"),
        "{}",
        stale.text()
    );
    let wrong = browser
        .post(
            settings,
            &[("known_countries", "Atlantis"), ("confirmed", "yes")],
        )
        .await;
    assert!(
        wrong.text().contains("known_countries-fault")
            && wrong.text().contains(">Atlantis</textarea>"),
        "{}",
        wrong.text()
    );
}

#[tokio::test]
async fn an_admin_reaches_no_other_tenant() {
    let world = World::new().await;
    let browser = Browser::of(&world, "admin").await;
    let foreign = world.key_of("umbrella", &["reader"], "s").await;
    let revoke = format!("/t/acme/admin/keys/{}/revoke", &foreign[4..12]);
    let unknown = browser.get("/t/acme/admin/keys/AAAAAAAA/revoke").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for reply in [
        browser.get(&revoke).await,
        browser
            .post(&revoke, &[("confirmed", "yes"), ("typed", &foreign[4..12])])
            .await,
    ] {
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert!(!reply.text().contains("umbrella"));
    }
    assert_eq!(
        world.get(&foreign, "/v1/events").await.status,
        StatusCode::OK
    );
    assert_eq!(
        browser.get("/t/acme/admin/tenants/umbrella").await.status,
        StatusCode::NOT_FOUND
    );
    let keys = browser.get("/t/acme/admin/keys?of=umbrella").await;
    assert_eq!(keys.status, StatusCode::NOT_FOUND);
}

/// What pages are sent that is not theirs: method, path, media type; the status, and what the page says.
const REFUSED: [(&str, &str, &str, u16, &str); 8] = [
    ("POST", "/t/acme/search", FORM, 405, "see the Allow header"),
    (
        "DELETE",
        "/t/acme/sessions",
        FORM,
        405,
        "see the Allow header",
    ),
    ("POST", "/t/acme/sessions", "text/plain", 415, OURS),
    ("POST", "/t/acme/sessions", FORM, 422, OURS),
    ("POST", "/t/acme/reviews/new", "text/plain", 415, OURS),
    ("POST", "/sign-in", "application/json", 415, OURS),
    ("GET", "/t/acme/events/e?source=a&source=b", FORM, 400, OURS),
    ("GET", "/t/%ff/", FORM, 404, "Nothing here"),
];
const FORM: &str = "application/x-www-form-urlencoded";
const OURS: &str = "one of our pages";

#[tokio::test]
async fn whatever_the_pages_refuse_is_said_on_a_page() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, "acme", &["admin"]).await;
    for (method, path, media_type, status, said) in REFUSED {
        let asked = Request::builder().method(method).uri(path);
        let asked = asked
            .header("cookie", &visitor.cookie)
            .header("accept", "text/html,*/*;q=0.8")
            .header("content-type", media_type);
        let reply = world.page(asked.body(Body::from("x")).unwrap()).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{method} {path}: {}",
            reply.text()
        );
        assert!(
            reply.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(reply.text().contains(said), "{path}: {}", reply.text());
        assert_eq!(!reply.header("allow").is_empty(), status == 405, "{path}");
    }
    let typed = visitor.any("/t/acme").await;
    assert_eq!(
        (typed.status, typed.header("location")),
        (StatusCode::SEE_OTHER, "/t/acme/")
    );
}

#[tokio::test]
async fn a_day_is_marked_on_its_page_and_the_calendar_tells_it() {
    let world = World::new().await;
    let old = r#"{"id":"old","operation":"deployment.created","timestamp":"2026-11-19T12:00:00Z","actor":{"id":"42"},"resource":{"type":"deployment","id":"d"}}"#;
    world.store(old).await;
    let browser = Browser::of(&world, "auditor").await;
    let page = browser.get("/t/acme/reviews").await;
    assert!(
        page.text().contains("○</span> 1 not reviewed")
            && page.text().contains("–</span> 41 without events"),
        "{}",
        page.text()
    );
    let form = browser.get("/t/acme/reviews/new?day=2026-11-19").await;
    assert!(form.text().contains("the 1 event of 2026-11-19"));
    let path = "/t/acme/reviews/new";
    assert_eq!(
        browser
            .post_bare(path, &[("day", "2026-11-19")])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let long = "x".repeat(2_001);
    let refused = browser
        .post(path, &[("day", "2026-11-19"), ("note", &long)])
        .await;
    assert!(refused.text().contains("Nothing was marked.") && refused.text().contains(&long));
    let made = browser
        .post(path, &[("day", "2026-11-19"), ("note", HOSTILE)])
        .await;
    assert_eq!(
        made.header("location"),
        "/t/acme/reviews?done=yes",
        "{}",
        made.text()
    );
    let page = browser.get("/t/acme/reviews").await;
    assert!(
        page.text().contains("✓</span> 1 reviewed") && page.text().contains("Test Owner"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("<script>alert"));
    // What comes later is not covered.
    world.store(&old.replace("\"old\"", "\"later\"")).await;
    let page = browser.get("/t/acme/reviews").await;
    assert!(
        page.text().contains("1 since the review"),
        "{}",
        page.text()
    );
    assert_eq!(
        browser
            .get("/t/acme/reviews/new?day=2126-11-19")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.get("/t/acme/reviews/new?day=soon").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_form_of_a_view_sends_the_times_that_it_shows() {
    let world = World::new().await;
    world.store(&event("one")).await;
    let browser = Browser::of(&world, "auditor").await;
    world.clock.advance_seconds(1);
    let path = "/t/acme/reviews/new";
    let form = browser
        .get(&format!("{path}?q=since:3d%20operation:deployment.*"))
        .await;
    let form = form.text();
    assert!(form.contains("the 1 event of this view"), "{form}");
    let sent = |name: &str| {
        let field = format!("name=\"{name}\" value=\"");
        between(form, &field, "\"").replace("&#62;", ">")
    };
    let (q, until) = (sent("q"), sent("until"));
    assert!(
        q.contains("timestamp:>=2026-11-18T08:00:01") && !q.contains("3d"),
        "{q}"
    );
    assert_eq!(until, "2026-11-21T08:00:01.000000Z");
    assert!(
        form.contains("timestamp:&#60;2026-11-21T08:00:01"),
        "{form}"
    );
    // What happens while somebody reads is not of what was read.
    world.clock.advance_seconds(600);
    world.store(&event("two")).await;
    let made = browser.post(path, &[("q", &q), ("until", &until)]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
    let key = world.auditor().await;
    let marks = world.get(&key, "/v1/reviews").await.json();
    assert_eq!(marks["reviews"][0]["events"], 1, "{marks}");
    let query = marks["reviews"][0]["query"].as_str().unwrap();
    let shown = between(form, "of this view: ", "</p>");
    let shown = shown.replace("&#62;", ">").replace("&#60;", "<");
    assert_eq!(query, shown);
    let turned = browser
        .get(&format!("{path}?since=2026-11-20&until=2026-11-19"))
        .await;
    assert_eq!(turned.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(turned.text().contains("expected a time after since"));
}

#[tokio::test]
async fn what_is_stored_stands_on_every_page_as_text() {
    let world = World::new().await;
    let counted = format!(
        r#"{{"id":"x","operation":"deployment.created","actor":{{"id":"1"}},"resource":{{"type":"deployment"}},"producer":{{"id":{},"seq":3}}}}"#,
        serde_json::Value::from(HOSTILE),
    );
    world.store(&counted).await;
    let new = api::NewKey {
        roles: vec!["auditor".into()],
        source: "r".into(),
        owner: HOSTILE.into(),
        ..Default::default()
    };
    let key = world.key("acme", &new).await;
    world
        .get(
            &key,
            &format!(
                "/v1/events?q={}",
                escaped(&format!("\"{}\"", HOSTILE.replace('"', "")))
            ),
        )
        .await;
    world
        .post(
            &key,
            "/v1/reviews",
            serde_json::json!({"since": "1d", "q": "script", "note": HOSTILE}).to_string(),
        )
        .await;
    let admin = Browser::of(&world, "admin").await;
    for page in [
        "health",
        "access",
        "reviews",
        "admin",
        "admin/keys",
        "admin/sources",
    ] {
        for asked in [
            "",
            &format!(
                "?q={0}&reader={0}&kind={0}&of=acme&done={0}",
                escaped(HOSTILE)
            ),
        ] {
            let reply = admin.get(&format!("/t/acme/{page}{asked}")).await;
            let text = reply.text();
            assert!(
                !text.contains("<script>alert") && !text.contains("\" onx="),
                "{page}: {text}"
            );
        }
    }
    assert!(
        admin
            .get("/t/acme/access")
            .await
            .text()
            .contains("&#60;script&#62;alert(1)")
    );
    assert!(
        admin
            .get("/t/acme/health")
            .await
            .text()
            .contains("&#60;script&#62;alert(1)")
    );
}

#[tokio::test]
async fn an_analyst_finds_no_person_on_any_of_these_pages() {
    let world = World::new().await;
    world.store(r#"{"id":"p","operation":"user.login_succeeded","actor":{"id":"7","email":"ana@example.com"},"origin":{"ip":"198.51.100.7"},"resource":{"type":"user","id":"7","name":"ana@example.com"}}"#).await;
    let browser = Browser::of(&world, "analyst").await;
    for page in [
        "health",
        "access",
        "reviews",
        "admin",
        "admin/keys",
        "reviews/new?q=ana@example.com",
    ] {
        let reply = browser.get(&format!("/t/acme/{page}")).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{page}");
        assert!(
            !reply.text().contains("198.51") && !reply.text().contains("<td>"),
            "{page}"
        );
    }
}
