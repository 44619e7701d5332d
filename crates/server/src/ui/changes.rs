//! `/t/{tenant}/`: what changed.

use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::page::render;
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::telling::Told;
use super::visit::Visit;

/// Events of a page.
const EVENTS: &str = "100";

/// The page.
#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage {
    shell: Shell,
    events: Vec<Told>,
}

pub(super) async fn show(visit: Visit) -> Response<Body> {
    let page = page(&visit).await;
    visit.finish(page)
}

async fn page(visit: &Visit) -> Result<Response<Body>, Refused> {
    let found: api::Events = visit.ask().get("/v1/events", &[("limit", EVENTS)]).await?;
    let events = found.events.iter().map(|event| Told::new(event, &visit.tenant, visit.now));
    let page = ChangesPage {
        shell: visit.shell("What changed", Section::Changes),
        events: events.collect(),
    };
    Ok(render(StatusCode::OK, &page))
}
