//! `POST /v1/index/rebuild`: begins to build the index anew from the ledger.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use super::shown;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::json;
use crate::own::OwnEvent;
use crate::server::Server;

/// Answers at once; `GET /v1/index` says how far it is. Nothing can be searched meanwhile.
pub(crate) async fn rebuild(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::ManageIndex)?;
    let operation = "veritrail.index.rebuild_started";
    let event = OwnEvent::new(operation, caller.actor(), "index");
    server.record_of_instance(&event).await?;
    server.index.rebuild_index().await?;
    json::answer(StatusCode::ACCEPTED, &shown(&server.index.index_health()))
}
