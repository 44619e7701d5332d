//! `GET /v1/index`: how the index is doing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::json;
use crate::server::Server;

pub(crate) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageIndex)?;
    json::answer(StatusCode::OK, &shown(&server.index.index_health()))
}
