//! The page of who read: what it refuses, and how long it gets.

use axum::http::StatusCode;

use crate::support::World;
use crate::visitor::Visitor;

#[tokio::test]
async fn what_the_access_page_repeats_is_bounded() {
    let world = World::new().await;
    let visitor = Visitor::of(&world, "acme", &["auditor"]).await;
    for _ in 0..60 {
        visitor.text("/deployments").await;
    }
    let long = "a".repeat(5_000);
    let unknown = visitor.any(&format!("/t/acme/access?kind={long}")).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let said = unknown.text();
    assert!(
        said.contains("kind: expected nothing or one of search, event, proof"),
        "{said}"
    );
    assert!(unknown.bytes.len() < 30_000, "{}", unknown.bytes.len());
    for name in ["q", "reader", "since", "until"] {
        let refused = visitor.any(&format!("/t/acme/access?{name}={long}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(
            refused.bytes.len() < 30_000,
            "{name}: {}",
            refused.bytes.len()
        );
    }
    let words =
        |count: usize| vec!["-operation:nothing-of-anybody-s-that-is-known-here"; count].join("+");
    let since = "since=2026-11-14T00:00:00Z";
    let short = visitor
        .any(&format!("/t/acme/access?{since}&q={}", words(1)))
        .await;
    let page = visitor
        .any(&format!("/t/acme/access?{since}&q={}", words(60)))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains("readers have no links of their own"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("Looked at deployments"));
    let more = page.bytes.len().saturating_sub(short.bytes.len());
    assert!(more < 60_000, "{more}");
}
