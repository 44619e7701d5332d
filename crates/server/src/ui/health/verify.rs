//! Having a log checked, from the page of log health.

use api::Verification;
use axum::body::Body;
use axum::http::{Method, Response};

use crate::ui::ask::segment;
use crate::ui::form::Sent;
use crate::ui::page::redirect;
use crate::ui::problem::Refused;
use crate::ui::visit::Visit;

pub(in crate::ui) async fn begin(visit: Visit, sent: Sent) -> Response<Body> {
    let page = go(&visit, &sent).await;
    visit.finish(page)
}

async fn go(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    sent.check(visit)?;
    let log = segment(sent.get("log"));
    let path = format!("/v1/logs/{log}/verify");
    let nothing = serde_json::Map::new();
    let _begun: Verification = visit.ask().send(Method::POST, &path, &nothing).await?;
    Ok(redirect(&visit.path(&format!("/health#log-{log}"))))
}
