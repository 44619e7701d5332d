//! The search page through the front door: absolute times, mistakes under the word, facets that find what they count,
//! and nothing for those who may not see it.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::LogRef;

use crate::support::{Reply, World, event};
use crate::visitor::Visitor;

/// What stands for trouble in any text.
const HOSTILE: &str = r#"<img src=x onerror="alert(1)">'"&<script>"#;
/// The whole day on which the tests' clock begins, as the page says it.
const DAY: &str = "since=2026-11-21T00%3A00%3A00Z&until=2026-11-22T00%3A00%3A00Z";

/// Every address of a page that a link of this class leads to, with the count beside it.
fn facet_links(page: &str) -> Vec<(String, String)> {
    let links = page.split("<a class=\"add\" href=\"").skip(1);
    let link = |text: &str| {
        let (href, rest) = text.split_once('"')?;
        let count = rest
            .split_once("<span class=\"count\">")?
            .1
            .split_once('<')?
            .0;
        let own = rest.find("</a>")? > rest.find("class=\"count\"")?;
        own.then(|| (unescaped(href), count.to_owned()))
    };
    links.filter_map(link).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from}: {text}"));
    rest.split_once(to).unwrap().0
}

async fn followed(visitor: &Visitor<'_>, reply: Reply) -> Reply {
    if reply.status != StatusCode::SEE_OTHER {
        return reply;
    }
    visitor.any(reply.header("location")).await
}

async fn send_form(world: &World, cookie: &str, path: &str, body: String) -> Reply {
    let form = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded");
    world.page(form.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn every_search_settles_on_absolute_times() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let reply = visitor.page("/search?q=op%3Adeployment.created").await;
    let settled = reply.header("location").to_owned();
    assert_eq!(
        settled,
        "/t/acme/search?q=op%3Adeployment.created&since=2026-11-14T00%3A00%3A00Z&until=2026-11-21T08%3A00%3A01Z"
    );
    let page = visitor.any(&settled).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains("data-id=\"e1\"") && page.text().contains("<strong>1 event</strong>")
    );
    let lifted = visitor.page("/search?q=x+during%3Alast-thursday").await;
    assert!(
        lifted
            .header("location")
            .ends_with("q=x&since=2026-11-19T00%3A00%3A00Z&until=2026-11-20T00%3A00%3A00Z")
    );
}

#[tokio::test]
async fn the_wrong_word_of_a_query_is_marked_and_the_box_keeps_it() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let reply = visitor.page("/search?q=rol%C3%A9+operaton%3A%3Cb%3E").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let page = reply.text();
    assert_eq!(between(page, "<mark>", "</mark>"), "operaton");
    assert_eq!(
        between(page, "aria-hidden=\"true\">     ", "</span></pre>"),
        "^^^^^^^^"
    );
    assert!(page.contains("did you mean <code>operation</code>?"));
    let input = between(page, "<input id=\"q\"", ">\n");
    assert!(
        input.contains("autofocus") && input.contains("aria-invalid=\"true\""),
        "{input}"
    );
    assert!(!page.contains("<b>"), "{page}");
    // Nothing was searched, so nothing is on record.
    let searched = |(name, _): &(String, Value)| name.contains("search") || name.contains("events");
    assert!(!world.reads().await.iter().any(searched));
    let reply = visitor.page("/search?since=hunter2").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.text().contains("since: expected a time"));
}

#[tokio::test]
async fn a_facet_s_link_finds_exactly_what_its_count_says_whatever_the_value_is() {
    let world = World::new().await;
    let values = [
        "plain",
        "two words",
        "-minus",
        ">5",
        "a..b",
        "\"quoted\"",
        "back\\slash",
        "co:lon",
        "(paren)",
        "star*",
        "OR",
        "NOT",
        "ünï ✓",
        " nbsp",
        "%22&q=x",
        "'; drop",
        "\\",
        "\"",
        "*",
        "a\"b\\c:d",
    ];
    let mut events = Vec::new();
    for (at, value) in values.iter().enumerate() {
        for copy in 0..=at % 3 {
            events.push(json!({
                "id": format!("e{at}-{copy}"), "timestamp": "2026-11-21T07:00:00Z", "operation": "deployment.created",
                "actor": {"type": "user", "id": "1", "name": value},
                "resource": {"type": "deployment", "id": "d", "project_id": value},
                "context": {"environment": value},
            }));
        }
    }
    world.store(&serde_json::to_string(&events).unwrap()).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let mut followed = 0;
    // A page shows the most frequent of each: those that were seen are left out of the next.
    for value in values {
        let asked = query::Filter::leaf(
            query::Field::Environment,
            query::Test::Is(query::words::fold(value).into_owned()),
        );
        let path = format!("/search?q={}&{DAY}", escaped(&asked.to_string()));
        let page = visitor.text(&path).await;
        for (href, count) in facet_links(&page) {
            let found = visitor.any(&href).await;
            assert_eq!(found.status, StatusCode::OK, "{href}: {}", found.text());
            let total = between(found.text(), "<p class=\"total\"><strong>", " event").to_owned();
            assert_eq!(total, count, "{value}: {href}");
            followed += 1;
        }
        let excluded = page
            .split("<a class=\"minus\" href=\"")
            .nth(1)
            .map(|text| text.split_once('"').unwrap().0);
        let none = visitor.any(&unescaped(excluded.unwrap())).await;
        assert!(none.text().contains("<strong>0 events</strong>"), "{value}");
    }
    assert!(followed > values.len() * 3, "{followed}");
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        write!(escaped, "%{byte:02X}").unwrap();
        escaped
    })
}

#[tokio::test]
async fn a_value_in_the_query_is_taken_out_by_the_same_click() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let page = visitor
        .text(&format!(
            "/search?q=op%3Adeployment.created%20-project%3Ax&{DAY}"
        ))
        .await;
    let out = |class: &str| {
        unescaped(between(
            &page,
            &format!("<li class=\"{class}\"><a class=\"add\" href=\""),
            "\"",
        ))
    };
    assert_eq!(out("is"), format!("/t/acme/search?q=-project%3Ax&{DAY}"));
    assert_eq!(
        out("not"),
        format!("/t/acme/search?q=op%3Adeployment.created&{DAY}")
    );
}

#[tokio::test]
async fn a_long_query_is_not_repeated_by_every_count() {
    let world = World::new().await;
    let events = (0..60).map(|at| {
        json!({"id": format!("e{at}"), "operation": "deployment.created", "timestamp": format!("2026-11-20T10:{at:02}:00Z"),
            "actor": {"id": "1", "name": format!("actor {at}")}, "resource": {"type": format!("thing_{at}"), "id": "t", "project_id": format!("p{at}")}})
    });
    world.store(&events.collect::<Value>().to_string()).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let times = "since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z";
    let page = async |count: usize| {
        let q = vec!["-project:nothing-of-anybody-s-that-is-known-here"; count].join("+");
        visitor.text(&format!("/search?q={q}&{times}")).await
    };
    let (short, long) = (page(1).await, page(60).await);
    assert!(!short.contains("The query is long") && !facet_links(&short).is_empty());
    assert!(
        long.contains("The query is long: counts, times and conditions have no links"),
        "{long}"
    );
    assert!(facet_links(&long).is_empty());
    for page in [&short, &long] {
        assert!(page.contains("<strong>60 events</strong>"), "{page}");
        assert!(page.contains("<span class=\"value\">thing_"), "{page}");
    }
    assert!(long.len() < 200_000, "{} {}", long.len(), short.len());
}

#[tokio::test]
async fn nothing_that_was_said_becomes_markup_in_rows_facets_commands_or_live() {
    let world = World::new().await;
    let said = json!([{
        "id": "evil", "timestamp": "2026-11-21T07:00:00Z", "operation": "environment_variable.updated", "reason": HOSTILE,
        "actor": {"type": "user", "id": HOSTILE, "name": HOSTILE, "email": HOSTILE},
        "origin": {"ip": "198.51.100.7", "user_agent": HOSTILE},
        "resource": {"type": "environment_variable", "id": HOSTILE, "name": HOSTILE, "project_id": HOSTILE, "project_name": HOSTILE},
        "context": {"environment": HOSTILE, "service": HOSTILE},
        "outcome": {"result": "failure", "code": HOSTILE, "message": HOSTILE},
        "changes": [{"field": HOSTILE, "before": HOSTILE, "after": HOSTILE}], "metadata": {HOSTILE: HOSTILE},
    }]);
    world.store(&said.to_string()).await;
    let visitor = Visitor::of(&world, "acme", &["admin"]).await;
    let hostile = escaped(&format!("\"{}\"", HOSTILE.replace('"', "\\\"")));
    for path in [
        format!("/search?{DAY}"),
        format!("/search?q={hostile}&{DAY}"),
        format!("/search?q={}", escaped(HOSTILE)),
        format!("/search?since={}", escaped(HOSTILE)),
        format!("/search?cursor={}&{DAY}", escaped(HOSTILE)),
    ] {
        let page = visitor.page(&path).await;
        let page = followed(&visitor, page).await;
        assert!(
            !page.text().contains("<img src=x") && !page.text().contains("<script>"),
            "{path}"
        );
        assert!(!page.text().contains(" onerror=\""), "{path}");
    }
    let live = visitor.open("/search/live?since=2026-11-21").await;
    let row = crate::visitor::begun(live, "event: row").await;
    assert!(
        row.contains("data-id=\"evil\"") && !row.contains("<img") && !row.contains("<script"),
        "{row}"
    );
}

#[tokio::test]
async fn another_tenant_s_search_answers_like_one_that_does_not_exist() {
    let world = World::new().await;
    world.store(&event("e1")).await;
    let visitor = Visitor::of(&world, "umbrella", &["admin"]).await;
    for page in [
        "search",
        "search/live",
        "search/export?format=csv",
        "search/manifest?export=x",
    ] {
        let foreign = visitor.any(&format!("/t/acme/{page}")).await;
        let unknown = visitor.any(&format!("/t/nobody/{page}")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{page}");
        let same = |reply: &Reply, tenant: &str| reply.text().replace(tenant, "T");
        assert_eq!(same(&foreign, "acme"), same(&unknown, "nobody"), "{page}");
    }
    let own = visitor.text(&format!("/search?{DAY}")).await;
    assert!(!own.contains("data-id=\"e1\"") && own.contains("<strong>0 events</strong>"));
}

#[tokio::test]
async fn an_analyst_finds_no_person_and_no_address_anywhere_on_the_page() {
    let world = World::located().await;
    let said = json!([{
        "id": "e1", "timestamp": "2026-11-21T07:00:00Z", "operation": "environment_variable.updated",
        "actor": {"type": "user", "id": "usr_ruth", "name": "Ruth Sample", "email": "ruth@example.org"},
        "origin": {"ip": "198.51.100.7"}, "resource": {"type": "environment_variable", "id": "v", "name": "URL"},
        "reason": "asked by ruth@example.org from 198.51.100.7", "context": {"environment": "production"},
    }]);
    world.store(&said.to_string()).await;
    let analyst = Visitor::of(&world, "acme", &["analyst"]).await;
    let told = [
        "usr_ruth",
        "ruth sample",
        "ruth@",
        "Ruth",
        "198.51.100",
        "Land Berlin",
        "Germany",
    ];
    let live = crate::visitor::begun(
        analyst.open("/search/live?since=2026-11-21").await,
        "event: row",
    )
    .await;
    let pages = [analyst.text(&format!("/search?{DAY}")).await, live];
    for (at, page) in pages.iter().enumerate() {
        for word in told {
            assert!(!page.contains(word), "{at}: {word}: {page}");
        }
    }
    let asked = analyst.text(&format!("/search?q=ruth&{DAY}")).await;
    assert!(asked.contains("<strong>0 events</strong>"));
    assert!(pages[0].contains("environment_variable.updated"));
    assert!(
        !pages[0].contains("/search/export"),
        "an analyst takes no file"
    );
    let file = analyst
        .page(&format!("/search/export?format=csv&{DAY}"))
        .await;
    assert_eq!(file.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_of_another_session_or_an_old_one_says_so_and_leads_on() {
    let world = World::new().await;
    let events: Vec<_> = (0..60)
        .map(|at| json!({"id": format!("e{at}"), "timestamp": format!("2026-11-21T07:00:{at:02}Z"), "operation": "deployment.created",
            "actor": {"id": "1"}, "resource": {"type": "deployment", "id": "d"}}))
        .collect();
    world.store(&serde_json::to_string(&events).unwrap()).await;
    let one = Visitor::of(&world, "acme", &["reader"]).await;
    let first = one.text(&format!("/search?{DAY}")).await;
    let next = unescaped(between(&first, "rel=\"next\" href=\"", "\""));
    let second = one.any(&next).await;
    assert!(second.text().contains("data-id=\"e0\"") && !second.text().contains("data-id=\"e59\""));
    let shared = unescaped(between(&first, "<a class=\"small\" href=\"", "\""));
    let other = Visitor::of(&world, "acme", &["reader"]).await;
    let shared = other.any(&shared).await;
    assert!(shared.text().contains("data-id=\"e10\"") && shared.text().contains("data-id=\"e0\""));
    let refused = other.any(&next).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text().contains("made for another session"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains(&format!(
        "href=\"/t/acme/search?{}\"",
        DAY.replace('&', "&#38;")
    )));
    world.clock.advance_seconds(16 * 60);
    let old = one.any(&next).await;
    assert!(old.text().contains("has expired"), "{}", old.text());
}

#[tokio::test]
async fn an_export_of_the_view_is_the_api_s_own_with_its_manifest() {
    let world = World::new().await;
    world.store(DAY_EVENTS).await;
    let auditor = Visitor::of(&world, "acme", &["auditor"]).await;
    let path = format!("/search?q=env%3Aproduction&{DAY}");
    let page = auditor.text(&path).await;
    let csv = page
        .split("class=\"button\" href=\"")
        .skip(1)
        .find(|text| text.starts_with("/t/acme/search/export") && text.contains("csv"));
    let csv = unescaped(csv.unwrap().split_once('"').unwrap().0);
    let file = auditor.any(&csv).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    assert!(
        file.header("content-disposition")
            .starts_with("attachment; filename=\"veritrail-")
    );
    assert!(
        file.text().contains("p1") && !file.text().contains("s1,"),
        "{}",
        file.text()
    );
    let name = between(file.header("content-disposition"), "\"", "\"");
    let manifest = auditor
        .page(&format!("/search/manifest?export={name}"))
        .await;
    assert_eq!(manifest.status, StatusCode::OK, "{}", manifest.text());
    assert!(
        manifest.text().contains("env:production")
            || manifest.text().contains("environment:production")
    );
    let operations = world
        .operations(LogRef::access(&*world.tenant("acme").await))
        .await;
    assert!(operations.contains(&"veritrail.export.started".to_owned()));
}

const DAY_EVENTS: &str = r#"[{"id":"p1","timestamp":"2026-11-21T07:00:00Z","operation":"deployment.created","actor":{"id":"1"},"resource":{"type":"deployment","id":"d"},"context":{"environment":"production"}},
 {"id":"s1","timestamp":"2026-11-21T07:00:01Z","operation":"deployment.created","actor":{"id":"1"},"resource":{"type":"deployment","id":"d"},"context":{"environment":"staging"}}]"#;

#[tokio::test]
async fn a_view_is_saved_for_everybody_recorded_and_deleted() {
    let world = World::new().await;
    world.store(DAY_EVENTS).await;
    let reader = Visitor::of(&world, "acme", &["reader"]).await;
    let page = reader
        .text(&format!("/search?q=env%3Aproduction&{DAY}"))
        .await;
    let csrf = between(&page, "data-csrf=\"", "\"");
    let form = |name: &str, q: &str, csrf: &str| {
        format!(
            "csrf={csrf}&name={}&q={}&to=%2Ft%2Facme%2Fsearch",
            escaped(name),
            escaped(q)
        )
    };
    let save = |body| send_form(&world, &reader.cookie, "/t/acme/search/views", body);
    assert_eq!(
        save(form("X", "env:production", "wrong")).await.status,
        StatusCode::FORBIDDEN
    );
    let saved = save(form("Prod <b>", "env:production", csrf)).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/t/acme/search")
    );
    for q in [
        "actor:dana",
        "x dana@example.com",
        "ip:10.0.0.0/8",
        "operaton:x",
        "",
        "\"postgres://app:hunter2pw@host/db\"",
    ] {
        assert_eq!(
            save(form("Y", q, csrf)).await.status.as_u16() / 100,
            4,
            "{q}"
        );
    }
    let analyst = Visitor::of(&world, "acme", &["analyst"]).await;
    let seen = analyst.text(&format!("/search?{DAY}")).await;
    assert!(
        seen.contains("Prod &#60;b&#62;</a>") && seen.contains("q=env%3Aproduction&#38;since"),
        "{seen}"
    );
    assert!(!seen.contains("/search/views\""), "an analyst saves none");
    let gone = send_form(
        &world,
        &reader.cookie,
        "/t/acme/search/views/delete",
        form("Prod <b>", "", csrf),
    )
    .await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(
        !analyst
            .text(&format!("/search?{DAY}"))
            .await
            .contains("Prod")
    );
    let operations = world
        .operations(LogRef::access(&*world.tenant("acme").await))
        .await;
    let of_views: Vec<_> = operations
        .iter()
        .filter(|name| name.contains(".view."))
        .collect();
    assert_eq!(
        of_views,
        ["veritrail.view.created", "veritrail.view.deleted"]
    );
}

#[tokio::test]
async fn a_view_may_be_of_one_thing_and_of_all_persons_never_of_one() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    for (at, q) in [
        "resource:deployment/dpl_1",
        "resource.type:deployment resource.id:dpl_1",
        "resource.type:user outcome:denied",
        "resource.type:user has:resource.id",
    ]
    .iter()
    .enumerate()
    {
        let view = json!({"name": format!("v{at}"), "q": q}).to_string();
        let saved = world.post(&reader, "/v1/views", view).await;
        assert_eq!(saved.status, StatusCode::CREATED, "{q}: {}", saved.text());
    }
    for q in [
        "resource:user/bob11",
        "resource:team_member/bob*",
        "-resource.id:(dpl_1 OR User/bob11)",
        "resource.type:user resource.id:bob11",
        "outcome:denied (type:x OR resource.type:(team OR user)) name:bob11",
        "related.type:account related.id:bob11",
    ] {
        let view = json!({"name": "x", "q": q}).to_string();
        let refused = world.post(&reader, "/v1/views", view).await;
        assert_eq!(refused.problem().2, "/q", "{q}");
        assert!(!refused.text().contains("bob11"), "{q}");
    }
}

#[tokio::test]
async fn views_of_the_api_are_named_once_bounded_and_one_tenant_s() {
    let world = World::new().await;
    let reader = world.key_of("acme", &["reader"], "x").await;
    let foreign = world.key_of("umbrella", &["admin"], "x").await;
    let analyst = world.key_of("acme", &["analyst"], "x").await;
    let view = |name: &str| json!({"name": name, "q": "outcome:failure"}).to_string();
    assert_eq!(
        world
            .post(&analyst, "/v1/views", view("a"))
            .await
            .problem()
            .1,
        "forbidden"
    );
    assert_eq!(
        world.post(&reader, "/v1/views", view("b")).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        world.post(&reader, "/v1/views", view("a")).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        world
            .post(&reader, "/v1/views", view("a"))
            .await
            .problem()
            .1,
        "exists"
    );
    assert_eq!(
        world
            .post(&reader, "/v1/views", view(&"x".repeat(65)))
            .await
            .problem()
            .2,
        "/name"
    );
    let names = |reply: Reply| -> Vec<String> {
        let views: api::Views = serde_json::from_slice(&reply.bytes).unwrap();
        views.views.into_iter().map(|view| view.name).collect()
    };
    assert_eq!(names(world.get(&analyst, "/v1/views").await), ["a", "b"]);
    assert!(names(world.get(&foreign, "/v1/views").await).is_empty());
    let delete = |key: String| async {
        let key = key;
        world
            .call(Method::DELETE, &key, "/v1/views/a", Body::empty())
            .await
    };
    assert_eq!(delete(foreign.clone()).await.problem().1, "not_found");
    assert_eq!(delete(reader.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(reader.clone()).await.problem().1, "not_found");
    for at in 0..99 {
        assert_eq!(
            world
                .post(&reader, "/v1/views", view(&format!("v{at}")))
                .await
                .status,
            StatusCode::CREATED
        );
    }
    assert_eq!(
        world
            .post(&reader, "/v1/views", view("one more"))
            .await
            .problem()
            .2,
        "/name"
    );
}

#[tokio::test]
async fn a_stream_that_is_refused_says_why_as_its_end() {
    let world = World::new().await;
    let reader = Visitor::of(&world, "acme", &["reader"]).await;
    let refused = reader.page("/search/live?q=operaton%3Ax").await;
    assert_eq!(refused.header("content-type"), "text/event-stream");
    assert!(
        refused
            .text()
            .starts_with("event: end\ndata: {\"code\":\"bad_query\""),
        "{}",
        refused.text()
    );
}
