//! The pages of actors and resources: what is known of each, as text, and for nobody who may not know it.

use axum::http::StatusCode;

use crate::support::World;
use crate::visitor::Visitor;

/// Forty acts by day, one at three at night, another's between them.
async fn acts(world: &World) {
    let act = |id: String, at: &str, actor: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","operation":"setting.updated","timestamp":"{at}","actor":{actor},
            "origin":{{"ip":"198.51.100.23"}},"resource":{{"type":"setting","id":"var_1","name":"LOG_LEVEL","project_id":"checkout"}}{more}}}"#
        )
    };
    let ana = r#"{"type":"user","id":"usr_ana","name":"Ana Souza","email":"ana@example.com","credential_id":"tok_7"}"#;
    let mut events: Vec<String> = (0..40)
        .map(|index| {
            act(
                format!("evt_day_{index}"),
                &format!("2026-11-19T10:{index:02}:00Z"),
                ana,
                "",
            )
        })
        .collect();
    events.push(act(
        "evt_night".into(),
        "2026-11-20T03:12:00Z",
        ana,
        r#","changes":[{"field":"level","before":"info","after":"debug"}]"#,
    ));
    events.push(act(
        "evt_other".into(),
        "2026-11-20T05:00:00Z",
        r#"{"type":"user","id":"usr_ben","name":"Ben"}"#,
        r#","changes":[{"field":"level","before":"debug","after":"warn"}]"#,
    ));
    world.store(&format!("[{}]", events.join(","))).await;
}

#[tokio::test]
async fn an_actor_is_shown_with_places_credentials_and_unusual_hours() {
    let world = World::new().await;
    acts(&world).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let page = visitor.text("/actors/user/usr_ana").await;
    for text in [
        "<h1>Ana Souza</h1>",
        "ana@example.com",
        ">41</a>",
        "2026-11-19 10:00:00",
        "2026-11-20 03:12:00",
        "198.51.100.23",
        "tok_7",
        "At unusual hours",
        "since=2026-11-20T03%3A00%3A00.000000Z&amp;until=2026-11-20T04%3A00%3A00.000000Z",
    ] {
        assert!(
            page.contains(text) || page.contains(&text.replace("&amp;", "&#38;")),
            "{text}: {page}"
        );
    }
    assert!(
        !page.contains("Ben") && !page.contains("evt_other"),
        "another's acts"
    );
    let few = visitor.text("/actors/user/usr_ben").await;
    assert!(few.contains("too few to say which hours are unusual"));
}

#[tokio::test]
async fn a_resource_is_compared_at_two_times() {
    let world = World::new().await;
    acts(&world).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    let path = "/resources/setting/var_1";
    // By default: before the last event, and now.
    let page = visitor.text(path).await;
    assert!(
        page.contains("<h1>LOG_LEVEL</h1>") && page.contains("differs"),
        "{page}"
    );
    assert!(
        page.contains("<code>debug</code>") && page.contains("<code>warn</code>"),
        "{page}"
    );
    assert!(page.contains("Ben, <a href=\"/t/acme/events/evt_other\">2026-11-20 05:00:00</a>"));
    let before = visitor
        .text(&format!(
            "{path}?from=2026-11-20T03:12:00&to=2026-11-20T04:00:00"
        ))
        .await;
    assert!(
        before.contains("<code>debug</code>") && !before.contains("<code>warn</code>"),
        "{before}"
    );
    let wrong = visitor.text(&format!("{path}?from=yesterdayish")).await;
    assert!(wrong.contains("One of the times can’t be read"));
}

#[tokio::test]
async fn nobody_unknown_and_nobody_elses_has_a_page() {
    let world = World::new().await;
    acts(&world).await;
    let visitor = Visitor::of(&world, "umbrella", &["auditor"]).await;
    for path in [
        "/actors/user/usr_ana",
        "/actors/user/nobody",
        "/actors/no%20type/usr_ana",
        "/resources/setting/var_1",
        "/resources/No-Type/var_1",
    ] {
        let reply = visitor.page(path).await;
        assert_eq!(
            reply.status,
            StatusCode::NOT_FOUND,
            "{path}: {}",
            reply.text()
        );
        assert!(!reply.text().contains("Ana") && !reply.text().contains("LOG_LEVEL"));
    }
    let there = visitor.page("/actors/user/usr_ana").await;
    let nowhere = visitor.page("/actors/user/usr_xyz").await;
    assert_eq!(
        there.text().replace("usr_ana", ""),
        nowhere.text().replace("usr_xyz", "")
    );
}

#[tokio::test]
async fn who_sees_no_persons_learns_nothing_of_one() {
    let world = World::new().await;
    acts(&world).await;
    let visitor = Visitor::of(&world, "acme", &["analyst"]).await;
    let known = visitor.page("/actors/user/usr_ana").await;
    let unknown = visitor.page("/actors/user/usr_nobody").await;
    assert_eq!(known.status, StatusCode::FORBIDDEN);
    assert_eq!(
        known.text().replace("usr_ana", ""),
        unknown.text().replace("usr_nobody", "")
    );
    let page = visitor.text("/resources/setting/var_1").await;
    for secret in ["usr_", "Ana", "Ben", "ana@example.com", "198.51"] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    assert_eq!(
        visitor.page("/resources/user/usr_ana").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn names_are_text_on_both_pages() {
    let world = World::new().await;
    let hostile = r#"{"id":"evt_x","operation":"deployment.created","timestamp":"2026-11-20T05:00:00Z",
      "actor":{"type":"user","id":"a/b\"><img src=x>","name":"<script>x()</script>"},
      "resource":{"type":"deployment","id":"<b>d</b>","name":"\"><svg onload=x()>"},
      "changes":[{"field":"<i>f</i>","before":"<u>1</u>","after":{"<s>":"</td><script>"}}]}"#;
    world.store(hostile).await;
    let visitor = Visitor::of(&world, "acme", &["reader"]).await;
    for path in [
        "/actors/user/a%2Fb%22%3E%3Cimg%20src%3Dx%3E",
        "/resources/deployment/%3Cb%3Ed%3C%2Fb%3E",
    ] {
        let page = visitor.text(path).await;
        for markup in [
            "<script>x",
            "<img src=x",
            "<svg onload",
            "<b>d",
            "<i>f",
            "<u>1",
            "<s>",
            "</td><script>",
        ] {
            assert!(!page.contains(markup), "{path}: {markup}: {page}");
        }
        assert!(page.contains("x()"), "it is shown all the same");
    }
}
