//! The page of one event: everything as text with its place, what is not there is said to be, and nothing for those who
//! may not see it.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::World;
use crate::visitor::Visitor;

/// The day on which the tests' clock begins.
const DAY: &str = "since=2026-11-21T00:00:00Z&until=2026-11-22T00:00:00Z";

/// The page of an event, for a key with this role.
async fn page_for(world: &World, role: &str, id: &str) -> String {
    let visitor = Visitor::of(world, "acme", &[role]).await;
    visitor.text(&format!("/events/{id}")).await
}

const RICH: &str = r#"{"id":"evt_rich","operation":"environment_variable.updated","timestamp":"2026-11-21T07:59:00Z",
  "actor":{"id":"usr_1","email":"ana@example.com","name":"Ana Souza"},
  "origin":{"ip":"198.51.100.23","user_agent":"dash/1"},
  "resource":{"type":"environment_variable","id":"var_1","name":"DATABASE_URL","project_id":"checkout"},
  "changes":[{"field":"value","before":"hunter2","after":"hunter3"}],
  "context":{"environment":"production"},"reason":"rotation\nsecond line","correlation_id":"corr_1",
  "metadata":{"build":{"number":1.50},"list":["x","y"],"a/b~c%":"odd"}}"#;

#[tokio::test]
async fn every_value_stands_on_the_page_with_its_place_and_the_search_for_it() {
    let world = World::new().await;
    world.store(RICH).await;
    let page = page_for(&world, "auditor", "evt_rich").await;
    for (place, text) in [
        ("/operation", "environment_variable.updated"),
        ("/timestamp", "2026-11-21 07:59:00.000000 UTC"),
        ("/actor/email", "ana@example.com"),
        ("/origin/ip", "198.51.100.23"),
        ("/resource/name", "DATABASE_URL"),
        ("/metadata/build/number", "1.50"),
        ("/metadata/list/1", "y"),
        ("/metadata/a~1b~0c%25", "odd"),
        ("/reason", "rotation\nsecond line"),
        ("/changes/0/field", "value"),
        ("/ingest/source", "api"),
        ("/seq", "1"),
    ] {
        assert!(
            page.contains(&format!("data-at=\"{place}\">{text}</")),
            "{place}: {page}"
        );
    }
    for query in [
        "operation%3Aenvironment_variable.updated",
        "actor.email%3Aana%40example.com",
        "resource.id%3Avar_1",
        "environment%3Aproduction",
        "correlation_id%3Acorr_1",
        "metadata.build.number%3A1.50",
    ] {
        assert!(
            page.contains(&format!("/t/acme/search?q={query}\"")),
            "{query}"
        );
    }
    assert!(page.contains("Different masks: the secret was changed."));
    assert!(page.contains("id=\"masks\"") && !page.contains("hunter"));
    assert!(page.contains("veritrail prove --id evt_rich -o evt_rich.tlog-proof"));
}

#[tokio::test]
async fn a_mask_leads_to_its_own_resource_or_nowhere() {
    let world = World::new().await;
    for (id, resource, link) in [
        ("evt_id", r#""id":"var_1","name":"X""#, true),
        ("evt_name", r#""name":"X""#, false),
    ] {
        let event = format!(
            r#"{{"id":"{id}","operation":"environment_variable.updated","actor":{{}},"resource":{{"type":"environment_variable",{resource}}},"changes":[{{"field":"value","before":"hunter2","after":"hunter3"}}]}}"#
        );
        world.store(&event).await;
        let page = page_for(&world, "auditor", id).await;
        let (_, notice) = page.split_once("id=\"masks\"").unwrap();
        let (notice, _) = notice.split_once("</div>").unwrap();
        let there = "href=\"/t/acme/resources/environment_variable/var_1\"";
        assert_eq!(notice.contains(there), link, "{notice}");
        assert_eq!(notice.contains("href="), link, "{notice}");
    }
}

#[tokio::test]
async fn very_many_changes_are_a_page_of_bounded_length_that_leaves_none_out() {
    let world = World::new().await;
    let changes = (0..2_000).map(|at| format!(r#"{{"field":"f{at}","before":{at},"after":""}}"#));
    let changes = changes.collect::<Vec<_>>().join(",");
    let event = r#"{"id":"evt_wide","operation":"deployment.created","actor":{},"resource":{"type":"deployment"},"changes":["#;
    world.store(&format!("{event}{changes}]}}")).await;
    let page = page_for(&world, "reader", "evt_wide").await;
    assert!(page.contains("These are the first 100 of 2000 changed fields."));
    assert!(
        page.contains("data-at=\"/changes/99/field\"") && !page.contains("data-at=\"/changes/100/")
    );
    assert!(page.contains("data-json-at=\"/changes\"") && page.contains("f1999"));
    assert!(page.len() < 400_000, "{}", page.len());
}

#[tokio::test]
async fn what_is_nested_or_long_is_compared_line_by_line() {
    let world = World::new().await;
    let event = r#"{"id":"evt_lines","operation":"deployment.created","actor":{},"resource":{"type":"deployment"},"changes":[
      {"field":"limits","before":{"a":1.50,"b":[1]},"after":{"a":1.50,"b":[2]}},
      {"field":"notes","before":"one\ntwo\nthree","after":"one\n2\nthree"},{"field":"new","after":"x\ny"},{"field":"short","before":null,"after":""}]}"#;
    world.store(event).await;
    let page = page_for(&world, "reader", "evt_lines").await;
    for (line, text) in [
        ("old", "    1"),
        ("new", "    2"),
        ("same", "  &#34;a&#34;: 1.50,"),
        ("old", "two"),
        ("new", "2"),
        ("same", "three"),
        ("new", "y"),
    ] {
        assert!(
            page.contains(&format!("data-line=\"{line}\">{text}</span>")),
            "{text}: {page}"
        );
    }
    assert!(page.contains("data-lines-at=\"/changes/0\" data-form=\"json\" data-has=\"both\""));
    assert!(page.contains("data-lines-at=\"/changes/2\" data-form=\"text\" data-has=\"after\""));
    assert!(
        page.contains("removed: ") && page.contains("added: "),
        "colour and sign are not alone"
    );
    assert!(
        page.contains("data-at=\"/changes/3/before\">null<")
            && page.contains("data-at=\"/changes/3/after\"></span><span class=\"muted\">empty<")
    );
}

#[tokio::test]
async fn what_happened_around_it_is_listed() {
    let world = World::new().await;
    world.store(RICH).await;
    let other = |id: &str, with: &str| {
        format!(
            r#"{{"id":"{id}","operation":"deployment.created","timestamp":"2026-11-21T07:50:00Z",{with}}}"#
        )
    };
    world
        .store(&format!(
            "[{},{},{},{}]",
            other("evt_actor", r#""actor":{"id":"usr_1"},"resource":{"type":"deployment","id":"d"}"#),
            other("evt_resource", r#""actor":{"id":"usr_2"},"resource":{"type":"environment_variable","id":"var_1"}"#),
            other("evt_corr", r#""actor":{"id":"usr_3"},"resource":{"type":"deployment","id":"e"},"correlation_id":"corr_1""#),
            other("evt_caused", r#""actor":{"id":"usr_4"},"resource":{"type":"deployment","id":"f"},"causation_id":"evt_rich""#),
        ))
        .await;
    let page = page_for(&world, "reader", "evt_rich").await;
    let list = |id: &str| {
        let from = page.split(&format!("<h2 id=\"{id}\">")).nth(1).unwrap();
        from.split("</section>").next().unwrap().to_owned()
    };
    for (id, events, others) in [
        (
            "same-actor",
            &["evt_actor"][..],
            &["evt_resource", "evt_corr", "evt_caused"][..],
        ),
        (
            "same-resource",
            &["evt_resource"],
            &["evt_actor", "evt_corr", "evt_caused"],
        ),
        (
            "together",
            &["evt_corr", "evt_caused"],
            &["evt_actor", "evt_resource"],
        ),
    ] {
        let list = list(id);
        for event in events {
            assert!(
                list.contains(&format!("/t/acme/events/{event}\"")),
                "{id}: {list}"
            );
        }
        for event in others {
            assert!(!list.contains(event), "{id}: {list}");
        }
    }
    assert!(page.contains("takes no proofs: that takes the role auditor, admin or operator"));
    assert!(!page.contains("id=\"proof-verify\""));
    let caused = page_for(&world, "reader", "evt_caused").await;
    assert!(caused.contains("href=\"/t/acme/events/evt_rich\">the event that caused it</a>"));
}

#[tokio::test]
async fn a_cause_is_linked_where_it_is_whatever_its_producer_called_it() {
    let world = World::new().await;
    let event = |id: &str, with: &str| {
        format!(
            r#"{{"id":"{id}","operation":"build.started","timestamp":"2026-11-21T07:50:00Z","actor":{{"id":"{id}"}},
            "resource":{{"type":"build","id":"{id}"}}{with}}}"#
        )
    };
    let caused = |id: &str, by: &str| event(id, &format!(r#","causation_id":"{by}""#));
    world
        .store(&format!(
            "[{},{},{},{},{}]",
            event("build #43/main", ""),
            caused("effect", "build #43/main"),
            caused("effect-2", "build #43/main"),
            caused("alone", "build #44/main"),
            event("build #43/main again", ""),
        ))
        .await;
    let page = page_for(&world, "reader", "effect").await;
    let (before, _) = page
        .split_once("\">the event that caused it</a>")
        .expect("a cause");
    let (_, href) = before.rsplit_once("/t/acme").unwrap();
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let cause = visitor.text(href).await;
    assert!(
        cause.contains("data-at=\"/original_id\">build #43/main</"),
        "{cause}"
    );
    assert!(!cause.contains("no event names it as its cause"), "{cause}");
    for effect in ["effect", "effect-2"] {
        assert!(
            cause.contains(&format!("/t/acme/events/{effect}\"")),
            "{cause}"
        );
    }
    let alone = page_for(&world, "reader", "alone").await;
    assert!(!alone.contains("the event that caused it"), "{alone}");
    assert!(
        alone.contains("No event is found under that id. <a href=\"/t/acme/search?q=causation_id%3A%22build%20%2344%2Fmain%22\">"),
        "{alone}"
    );
    assert!(
        !alone.contains("/events/build"),
        "no link leads nowhere: {alone}"
    );
}

/// Identifiers hold no control characters: those are refused at the door.
const ID: &str = r#"\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e"#;

#[tokio::test]
async fn what_producers_say_is_text_wherever_it_stands() {
    let world = World::new().await;
    let bad = format!("{ID}\\u0000\\r\\n");
    let event = format!(
        r#"{{"id":"evt_xss","operation":"deployment.created",
        "actor":{{"id":"{ID}","email":"{bad}","name":"{bad}","credential_id":"{ID}","on_behalf_of":{{"type":"user","id":"{ID}"}},"{bad}":"{bad}"}},
        "origin":{{"user_agent":"{bad}","device":"{bad}","session_id":"{ID}","{bad}":"{bad}"}},
        "resource":{{"type":"deployment","id":"{ID}","name":"{bad}","project_id":"{ID}","{bad}":"{bad}"}},
        "related":[{{"type":"deployment","id":"{ID}","name":"{bad}","{bad}":"{bad}"}}],
        "outcome":{{"result":"failure","code":"{ID}","message":"{bad}"}},
        "changes":[{{"field":"{bad}","before":"{bad}","after":"{bad}\n{bad}","{bad}":"{bad}"}},{{"field":"j","before":{{"{bad}":"{bad}"}},"after":["{bad}"]}}],
        "context":{{"environment":"{bad}","application":"{bad}","{bad}":"{bad}"}},"producer":{{"id":"{ID}"}},
        "reason":"{bad}","request_id":"{ID}","correlation_id":"{ID}","causation_id":"{ID}","trace_id":"{ID}",
        "approval":{{"by":"{bad}","ticket":"{bad}"}},"metadata":{{"{bad}":"{bad}","n":{{"{bad}":["{bad}"]}}}},"{bad}":"{bad}"}}"#
    );
    world.store(&event).await;
    for role in ["auditor", "analyst"] {
        let page = page_for(&world, role, "evt_xss").await;
        assert!(
            page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"),
            "{page}"
        );
        let ours = page.matches("<script").count();
        assert_eq!(
            ours,
            page.matches("<script type=\"module\" src=\"/assets/")
                .count(),
            "{page}"
        );
        assert!(
            !page.contains("<img src=x") && !page.contains("onerror=alert(1)>"),
            "{page}"
        );
        assert!(!page.contains(" style=\"") && !page.contains("javascript:"));
        // No value ends an attribute: every quote in one is escaped.
        assert!(!page.contains("\"'>"), "{page}");
    }
}

#[tokio::test]
async fn an_analyst_finds_no_person_and_no_address_anywhere_in_the_page() {
    let world = World::new().await;
    world.store(RICH).await;
    let about = r#"{"id":"evt_about","operation":"user.role_changed","actor":{"id":"usr_1","email":"ana@example.com"},"origin":{"ip":"198.51.100.23"},
      "resource":{"type":"user","id":"usr_9","name":"bo@example.com"},"changes":[{"field":"role","before":"bo@example.com","after":"admin"}],
      "reason":"ana@example.com asked from 198.51.100.23","metadata":{"bo@example.com":"198.51.100.23"}}"#;
    let talk = r#"{"id":"evt_talk","operation":"deployment.created","actor":{"id":"usr_1","email":"ana@example.com","name":"Ana Souza"},"origin":{"ip":"198.51.100.23"},
      "resource":{"type":"deployment","id":"d1","name":"ana@example.com"},"related":[{"type":"user","id":"usr_9","name":"Bo"}],
      "changes":[{"field":"owner","before":"bo@example.com","after":"198.51.100.23"}],"reason":"ana@example.com asked from 198.51.100.23","metadata":{"bo@example.com":"198.51.100.23"}}"#;
    world.store(&format!("[{about},{talk}]")).await;
    for id in ["evt_rich", "evt_about", "evt_talk"] {
        let page = page_for(&world, "analyst", id).await;
        for secret in [
            "example.com",
            "198.51.100",
            "Ana Souza",
            "usr_1",
            "usr_9",
            "Bo<",
        ] {
            assert!(!page.contains(secret), "{id}: {secret}: {page}");
        }
        assert!(page.contains("is withheld from this account"), "{page}");
        assert!(page.contains("This account sees no persons"));
    }
    let whole = page_for(&world, "auditor", "evt_talk").await;
    assert!(whole.contains("ana@example.com") && whole.contains("198.51.100.23"));
}

#[tokio::test]
async fn what_is_withheld_leads_nowhere() {
    let world = World::new().await;
    let event = r#"{"id":"evt_host","operation":"deployment.created","timestamp":"2026-11-21T07:59:00Z","actor":{"type":"system","id":"10.4.4.9"},
      "resource":{"type":"server","id":"10.4.4.4","name":"db"},"correlation_id":"c@example.com","causation_id":"d@example.com",
      "changes":[{"field":"token","before":"x","after":"y"}]}"#;
    world.store(event).await;
    let visitor = Visitor::of(&world, "acme", &["analyst"]).await;
    for path in [
        "/events/evt_host",
        "/",
        &format!("/search?{DAY}"),
        "/timeline.md",
    ] {
        let page = visitor.text(path).await;
        assert!(!page.contains("withheld%5D"), "{path}: {page}");
        assert!(!page.contains("href=\"\""), "{path}: {page}");
    }
    let page = visitor.text("/events/evt_host").await;
    assert!(
        page.contains("Which one it was is withheld from this account"),
        "{page}"
    );
    let whole = page_for(&world, "auditor", "evt_host").await;
    assert!(
        whole.contains("/t/acme/resources/server/10.4.4.4\""),
        "{whole}"
    );
}

#[tokio::test]
async fn what_no_query_can_say_is_no_link() {
    let world = World::new().await;
    for (at, sign) in ["..", "%", "*", "~", "🙂"].iter().enumerate() {
        let event = format!(
            r#"{{"id":"s{at}","operation":"deployment.created","actor":{{"id":"42"}},"origin":{{"user_agent":"{sign}","device":"{sign}"}},
            "resource":{{"type":"deployment","id":"d","name":"{sign}"}},"correlation_id":"{sign}"}}"#
        );
        world.store(&event).await;
    }
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    for at in 0..5 {
        let page = visitor.text(&format!("/events/s{at}")).await;
        assert!(!page.contains("This was not answered"), "{page}");
        let links = page.split("href=\"/t/acme/search?q=").skip(1);
        let mut followed = 0;
        for link in links.filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&");
            let reply = visitor.page(&format!("/search?q={link}&{DAY}")).await;
            assert!(!reply.status.is_client_error(), "{link}: {}", reply.text());
            followed += 1;
        }
        assert!(followed > 3, "{page}");
    }
}

#[tokio::test]
async fn unknown_and_foreign_events_answer_the_same_page() {
    let world = World::new().await;
    world.store(RICH).await;
    let foreign = world
        .key_of("umbrella", &["writer", "auditor"], "api")
        .await;
    let stored = world
        .post(&foreign, "/v1/events", crate::support::event("evt_theirs"))
        .await;
    assert_eq!(stored.status, StatusCode::CREATED);
    let visitor = Visitor::of(&world, "acme", &["auditor"]).await;
    let mut pages = Vec::new();
    for id in ["evt_theirs", "evt_none", "%3Cscript%3E", "..%2F..%2Flogs"] {
        let reply = visitor.any(&format!("/t/acme/events/{id}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{id}");
        pages.push(reply.text().replace(id, "ID"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    let reply = visitor.any("/t/umbrella/events/evt_theirs").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_of_several_events_with_an_id_is_chosen() {
    let world = World::new().await;
    for source in ["ci", "web"] {
        let key = world.key_of("acme", &["writer"], source).await;
        world
            .post(&key, "/v1/events", crate::support::event("evt_twice"))
            .await;
    }
    let visitor = Visitor::of(&world, "acme", &["auditor"]).await;
    let reply = visitor.any("/t/acme/events/evt_twice").await;
    assert_eq!(reply.status, StatusCode::CONFLICT);
    assert!(
        reply
            .text()
            .contains("href=\"/t/acme/events/evt_twice?source=web\">web</a>"),
        "{}",
        reply.text()
    );
    let reply = visitor.any("/t/acme/events/evt_twice?source=web").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.text().contains("--source web"));
    assert!(
        reply
            .text()
            .contains("/v1/events/evt_twice/proof?source=web\"")
    );
}

#[tokio::test]
async fn a_read_of_the_page_is_on_record_as_any_other() {
    let world = World::new().await;
    world.store(RICH).await;
    page_for(&world, "auditor", "evt_rich").await;
    let reads = world.reads().await;
    let of_event = reads
        .iter()
        .filter(|(operation, _)| operation == "veritrail.event.read");
    assert_eq!(of_event.count(), 1, "{reads:?}");
}

#[tokio::test]
async fn every_module_of_the_proof_is_served() {
    let world = World::new().await;
    world.store(RICH).await;
    let page = page_for(&world, "auditor", "evt_rich").await;
    let script = page
        .split("src=\"")
        .find(|piece| piece.contains("/event.js\""))
        .unwrap();
    let base = script.split("event.js").next().unwrap().to_owned();
    let (mut seen, mut next) = (Vec::new(), vec![String::from("event.js")]);
    // Modules name each other; there are a dozen.
    while let Some(name) = next.pop() {
        if seen.contains(&name) {
            continue;
        }
        let reply = world
            .page(
                Request::get(format!("{base}{name}"))
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{name}");
        assert!(reply.header("content-type").starts_with("text/javascript"));
        let imports = reply.text().split("from \"./").skip(1);
        next.extend(imports.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
        seen.push(name);
    }
    assert!(seen.len() >= 10, "{seen:?}");
}
