//! `GET /v1/tenants/{name}`: one tenant and its settings.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::{managed, shown};
use crate::auth::Caller;
use crate::http::extract::Segment;
use crate::http::{HttpError, json};
use crate::server::Server;

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segment(name): Segment,
) -> Result<Response<Body>, HttpError> {
    let tenant = managed(&server, &caller, &name).await?;
    json::answer(StatusCode::OK, &shown(&tenant.record))
}
