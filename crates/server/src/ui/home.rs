//! `/`: to the first page of whoever is signed in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};

use super::Ui;
use super::page::redirect;
use crate::auth::session_of;

pub(super) async fn show(State(ui): State<Arc<Ui>>, headers: HeaderMap) -> Response<Body> {
    let Some(session) = session_of(&headers, &ui.server) else {
        return redirect("/sign-in");
    };
    match ui.server.store.tenant(session.tenant).await {
        Ok(Some(tenant)) => redirect(&format!("/t/{}/", tenant.record.name)),
        _ => redirect("/sign-in"),
    }
}
